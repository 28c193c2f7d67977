"""The pure half: what every host should have, and the steps that are missing.

Nothing in here can touch a network, a clock or a disk (a test holds it to that).
"""
