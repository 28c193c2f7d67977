"""What the lab says when it cannot go on."""


class LabError(Exception):
    """One sentence for an operator: what is missing or wrong, and what to do about it."""
