"""Measurements against the tools that would be used instead: same hosts, same work, same gates."""
