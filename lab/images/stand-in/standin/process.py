"""Tasks that run beside each other in a process, and a process that ends at once when it has to."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

_log = logging.getLogger("standin")
_running: set[asyncio.Task[None]] = set()
_fatal: Callable[[str], NoReturn]


def run(main: Coroutine[Any, Any, None], fatal: Callable[[str], NoReturn]) -> None:
    """Run until something ends the process; an exception anywhere ends it too, by way of `fatal`."""
    global _fatal
    _fatal = fatal

    async def forever() -> None:
        spawn(main)
        await asyncio.Event().wait()

    asyncio.run(forever())


def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run beside the rest; held here, since asyncio itself would forget it."""
    task = asyncio.get_running_loop().create_task(work)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def flush() -> None:
    """Have written what was logged and printed."""
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.stdout.flush()


def finish(code: int) -> NoReturn:
    """End now, without closing anything: ZooKeeper sessions stay until they expire."""
    flush()
    os._exit(code)


def _ended(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()):
        _log.error("The stand-in itself failed", exc_info=error)
        _fatal(repr(error))
