"""What is raised of an inventory that cannot be used. `tasks.errors` builds all others on the same base."""


class OperatorError(Exception):
    """Something an operator must know and can mend; `str()` is the whole message."""

    exit_code = 1
    kind = "error"


class BadInput(OperatorError):
    """hosts.ini, a task, -H or an option cannot be used; no host was dialled."""

    exit_code = 2
    kind = "bad_input"
