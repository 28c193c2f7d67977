"""What stands between `host.drain`, `host.resume` or `reboot` and its run: hosts, how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import BadInput
from .chosen import choose, is_repetition, named_hosts
from .command import Keep, expectant, open_hosts, operators_errors, tell

if TYPE_CHECKING:
    from .performing import Result
    from .run import Run

LONGEST = 86400
"""Seconds that a drain or a reboot may be told to wait: a day."""


def drain(context: Context, host: str, preview: bool, timeout: str | None, keep: Keep | None) -> None:
    """Drain a host, or with `preview` only say what that would do. Raises BadInput."""

    def act(run: Run) -> Result:
        from . import draining

        return (draining.preview if preview else draining.drain)(run, run.hosts.nodes[0], seconds)

    with operators_errors():
        seconds = _seconds("drain-timeout", timeout)
    _service(context, host, act, keep)


def resume(context: Context, host: str, keep: Keep | None) -> None:
    """Give back what a drain of the host has taken."""

    def act(run: Run) -> Result:
        from . import draining

        return draining.resume(run, run.hosts.nodes[0])

    _service(context, host, act, keep)


def reboot(
    context: Context, preview: bool, timeout: str | None, within: str | None, keep: Keep | None
) -> None:
    """Reboot the hosts of -H, or all, or with `preview` only say what that would do. Raises BadInput."""

    def act(run: Run) -> Result:
        from . import rebooting

        chosen = {node.name for node in choose(run.cluster, "host", named_hosts(context))}
        nodes = [node for node in run.hosts.nodes if node.name in chosen]
        limits = rebooting.RebootLimits(rebooting.WITHIN if wait is None else wait, seconds)
        return (rebooting.preview if preview else rebooting.reboot)(run, nodes, limits)

    with operators_errors():
        seconds, wait = _seconds("drain-timeout", timeout), _seconds("within", within)
    _service(context, "", act, keep)


def _service(context: Context, serviced: str, act: Callable[[Run], Result], keep: Keep | None) -> None:
    if is_repetition(context):
        return
    with operators_errors(), open_hosts(context, "host", expectant(), serviced) as hosts:
        from .run import Run

        tell(hosts, lambda: act(Run(hosts)), keep)


def _seconds(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= LONGEST):
        raise BadInput(f"--{option} {text}: give whole seconds, at most {LONGEST}")
    return int(text)
