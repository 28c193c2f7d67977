"""Mesos agents: what their hosts should have, their service as a whole, what an agent's change costs."""
