"""What is wanted held against what was seen: the steps that are missing."""
