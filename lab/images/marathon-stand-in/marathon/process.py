"""The life and death of the process: Marathon ends often, and on purpose."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from standin.process import finish

FATAL = 137
_log = logging.getLogger("marathon.process")
_farewells: list[Callable[[], None]] = []
_once = threading.Lock()


def log_to_stdout() -> None:
    """Log as Marathon does: one line on standard output, [date] LEVEL message (logger:thread)."""
    form = "[%(asctime)s] %(levelname)s %(message)s (%(name)s:%(threadName)s)"
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format=form)
    logging.getLogger("kazoo").setLevel(logging.ERROR)


def before_exit(farewell: Callable[[], None]) -> None:
    """Do this before the process ends, whatever ends it; at most two seconds are given to it."""
    _farewells.append(farewell)


def die(reason: str, code: int = FATAL) -> NoReturn:
    """End the process as a whole, from any thread."""
    with _once:  # Never given back: the first reason is the reason.
        _log.error(reason)
        for farewell in _farewells:
            thread = threading.Thread(target=farewell, daemon=True)
            thread.start()
            thread.join(timeout=2)
        finish(code)


def end_on_signals() -> None:
    """SIGTERM abdicates and ends with 143."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, die, "Received SIGTERM, abdicating", 143)
