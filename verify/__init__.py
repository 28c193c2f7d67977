"""The acceptance suite: asks the running cluster, knowing nothing of how it was made."""
