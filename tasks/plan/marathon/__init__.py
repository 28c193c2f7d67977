"""Marathon: what its hosts should have, its service as a whole, the hand-over to a new version."""
