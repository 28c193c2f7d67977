"""What takes a cluster from its hosts again."""
