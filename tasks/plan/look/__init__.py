"""What is asked of a host, and what it answers."""
