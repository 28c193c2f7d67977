"""The report of an acceptance: one HTML file for whoever was not there. Loaded only with --report."""
