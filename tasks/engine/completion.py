"""What Tab offers behind fab where a host is meant: those of the inventory. All else Invoke completes."""

import re
import shlex
from collections.abc import Collection
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.context import ParserContext

from .. import inventory

HOSTS = {"hosts", "host", "to"}
"""The arguments that take hosts, of fab itself (-H) and of tasks."""

HARMLESS = re.compile(r"[\w.:-]+", re.ASCII)
"""Names that mean nothing to a shell: bash expands what it is offered."""


def complete(fab: Any) -> None:
    """Offer hosts if one is meant, and end; if one may be complete, what comes next is offered, too.

    The shells' scripts do not tell whether there is a blank at the end, and take of all that is offered
    what begins as the word that is typed.
    """
    try:
        words = [word for word in shlex.split(fab.core.remainder)[1:] if word != "="]  # as bash cuts it off
    except ValueError:  # in quotes that are open; the shell completes files
        raise Exit from None
    meant = _meant(fab, words)
    if meant is None:
        return
    names = inventory.hosts()
    for offer in offers(meant, names):
        print(offer)
    if not set(meant.rpartition("=")[2].split(",")) <= set(names):
        raise Exit


def offers(typed: str, names: Collection[str]) -> list[str]:
    """Complete the last of the hosts that are typed, with commas between them, maybe behind `--option=`."""
    before, begun = re.fullmatch(r"((?:.*[=,])?)([^=,]*)", typed, re.DOTALL).groups()  # type: ignore[union-attr]
    there = typed.rpartition("=")[2].split(",")
    return [
        f"{before}{name}"
        for name in names
        if name.startswith(begun) and name not in there and HARMLESS.fullmatch(name)
    ]


def _meant(fab: Any, words: list[str]) -> str | None:
    """Give what is typed of hosts as the value of an argument, maybe "", or None if that is no host's."""
    context, own = _context(fab, words)
    *before, last = own or [""]
    if _takes_hosts(context, last):
        return ""
    if _takes_hosts(context, last.partition("=")[0]) or (before and _takes_hosts(context, before[-1])):
        return last
    positional = bool(context.positional_args) and {context.positional_args[0].name} <= HOSTS
    return last if positional and not before and not last.startswith("-") else None


def _context(fab: Any, words: list[str]) -> tuple[ParserContext, list[str]]:
    """Give what the last words belong to, a task or fab itself, and those words."""
    tasks = fab.parser.contexts
    place = max((place for place, word in enumerate(words) if word in tasks), default=None)
    return (fab.initial_context, words) if place is None else (tasks[words[place]], words[place + 1 :])


def _takes_hosts(context: ParserContext, flag: str) -> bool:
    return flag in context.flags and bool(HOSTS & {*context.flags[flag].names})
