"""A backup of what a cluster cannot make again: taken from ZooKeeper, kept in an archive, restored."""
