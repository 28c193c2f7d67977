"""The acceptance gate: asks the running cluster, knowing nothing of how it was made."""
