"""What is raised of an inventory that cannot be used. `tasks.errors` builds all others on the same base."""


class OperatorError(Exception):
    """Something an operator must know and can fix; `str()` is the whole message.

    `seen` is what is wrong and `remedy` what to do, if that is known apart; else `seen` is the whole text.
    `where` tells at which task of ours on the `host` it was seen: `connect`, `sudo`, `look` ...
    """

    exit_code = 1
    kind = "error"
    brief = ""
    """What to print at the end of the run if the whole message stands further up already."""

    def __init_subclass__(cls, exit_code: int | None = None, kind: str = "") -> None:
        """Take what a class is declared with; without, it is as the one that it is made of."""
        cls.exit_code, cls.kind = exit_code or cls.exit_code, kind or cls.kind

    def __init__(self, seen: str, remedy: str = "", host: str = "", where: str = "") -> None:
        self.seen, self.remedy, self.host, self.where = seen, remedy, host, where

    @property
    def text(self) -> str:
        """What there is to say of the host, without its name."""
        at = f"{self.where}: " if self.where else ""
        return at + (f"{self.seen}. {self.remedy}" if self.remedy else self.seen)

    def __str__(self) -> str:
        return f"{self.host}  {self.text}" if self.host else self.text


class BadInput(OperatorError, exit_code=2, kind="bad_input"):
    """hosts.ini, a task, -H or an option cannot be used; no host was dialled."""
