"""ZooKeeper: what its hosts should have, its service as a whole, changes of its members."""
