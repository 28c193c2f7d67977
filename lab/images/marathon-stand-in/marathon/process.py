"""The life and death of the process: Marathon ends often, and on purpose."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from standin.process import finish, flush

FATAL = 137
_log = logging.getLogger("marathon.process")
_farewells: list[Callable[[], float | None]] = []
_reasons: list[str] = []
_ending = threading.Event()


def log_to_stdout() -> None:
    """Log as Marathon does: one line on standard output, [date] LEVEL message (logger:thread)."""
    form = "[%(asctime)s] %(levelname)s %(message)s (%(name)s:%(threadName)s)"
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format=form)
    logging.getLogger("kazoo").setLevel(logging.ERROR)


def before_exit(farewell: Callable[[], float | None]) -> None:
    """Do this before the process ends, whatever ends it; what was named last comes first.

    It may return how many seconds the process hangs after that.
    """
    _farewells.insert(0, farewell)


def die(reason: str, code: int = FATAL, linger: float = 0) -> NoReturn:
    """End the process as a whole: at once, or after a while in which nothing of it works any more.

    To be called in the main thread. What lingers is another program: it has no connections, and keeps no
    session with ZooKeeper alive.
    """
    _ending.set()
    _log.error(reason)
    seconds = max([linger, *(farewell() or 0 for farewell in _farewells)])
    if seconds:
        flush()
        os.execv("/bin/sh", ["sh", "-c", f"sleep {seconds:g}; exit {code}"])
    finish(code)


def die_soon(reason: str) -> None:
    """End the process from any other thread, even where the main one waits for somebody."""
    _reasons.append(reason)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)


def end_on_signals() -> None:
    """SIGTERM abdicates and ends with 143; nothing hurries a process that is ending already."""
    handlers = {
        signal.SIGTERM: lambda: die("Received SIGTERM, abdicating", 143),
        signal.SIGINT: lambda: die("Received SIGINT, abdicating", 130),
        signal.SIGUSR1: lambda: die(_reasons[0]),
    }
    for number, end in handlers.items():
        signal.signal(number, lambda *_, end=end: None if _ending.is_set() else end())
