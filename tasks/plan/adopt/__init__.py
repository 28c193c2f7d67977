"""What somebody made by hand, held against the runbook: which settings keep it as it is, what changes."""
