"""The effectful half: connect, look, act, ask, and tell. Decisions are made in tasks.plan."""
