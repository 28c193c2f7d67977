"""What stands between `fab host.drain` or `host.resume` and its run: the host, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import BadInput
from .chosen import is_repetition
from .command import Keep, open_hosts, operators_errors, tell
from .console import Console

if TYPE_CHECKING:
    from ..inventory.cluster import Node
    from .deploy import Result
    from .run import Run

LONGEST = 86400
"""Seconds that a drain may be told to wait: a day."""


def drain(context: Context, host: str, preview: bool, timeout: str | None, keep: Keep | None) -> None:
    """Drain a host, or with `preview` only say what that would do. Raises BadInput."""

    def act(run: Run, node: Node) -> Result:
        from . import draining

        return draining.preview(run, node) if preview else draining.drain(run, node, seconds)

    with operators_errors():
        seconds = _seconds(timeout)
    _service(context, host, act, keep)


def resume(context: Context, host: str, keep: Keep | None) -> None:
    """Give back what a drain of the host has taken."""

    def act(run: Run, node: Node) -> Result:
        from . import draining

        return draining.resume(run, node)

    _service(context, host, act, keep)


def _service(context: Context, host: str, act: Callable[[Run, Node], Result], keep: Keep | None) -> None:
    if is_repetition(context):
        return
    with operators_errors(), open_hosts(context, "host", Console(), serviced=host) as hosts:
        from .run import Run

        tell(hosts, lambda: act(Run(hosts), hosts.nodes[0]), keep)


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= LONGEST):
        raise BadInput(f"--drain-timeout {text}: give whole seconds, at most {LONGEST}")
    return int(text)
