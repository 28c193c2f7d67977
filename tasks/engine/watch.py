"""Look again and again until Ctrl-C, and show what every look has come to."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Group

from ..errors import OperatorError
from ..plan.report.status import Status
from .hosts import Hosts
from .screen import screen
from .status import look_around
from .terminal import text

PAUSE = 2
"""Seconds between two looks."""


@dataclass(frozen=True)
class NewestLook:
    """What the newest look has come to: the last status that there is, and why there is no newer one."""

    status: Status | None = None
    failure: OperatorError | None = None


def watch(
    hosts: Hosts, show: Callable[[NewestLook], None] = lambda look: None, pause: float = PAUSE
) -> Status:
    """Look until Ctrl-C and give the last status; the connections stay open meanwhile.

    On a terminal the screen is drawn again in place, elsewhere it is printed for every look; `show` is
    told of each, too. Raises why the last look failed, if it did.
    """
    console, look = hosts.console, NewestLook()
    try:
        with console.live(lambda: Group(_screen(look), console.now()), stays=True):
            while True:
                look = _after(look, hosts)
                show(look)
                if not console.terminal.moves:
                    console.show(_screen(look))
                    console.raise_if_lost()
                time.sleep(pause)
    except KeyboardInterrupt:
        if look.failure:
            raise look.failure from None
        if look.status is None:
            raise
        return look.status


def _after(last: NewestLook, hosts: Hosts) -> NewestLook:
    try:
        return NewestLook(look_around(hosts))
    except OperatorError as error:
        return NewestLook(last.status, error)


def _screen(look: NewestLook) -> Group:
    failed = [text(f"The last look failed; the next one follows. {look.failure}", "error")]
    return Group(*([screen(look.status)] if look.status else []), *(failed if look.failure else []))
