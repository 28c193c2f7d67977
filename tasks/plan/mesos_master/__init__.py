"""Mesos masters: what their hosts should have, their service as a whole, changes of their number."""
