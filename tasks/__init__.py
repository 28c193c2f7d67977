"""What an operator can run: a module per chapter of the runbook."""
