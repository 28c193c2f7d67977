"""What stands between `fab host.drain` or `host.resume` and its run: the host, the report, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import BadInput, OverBudget
from ..plan.words import counted
from .chosen import is_repetition
from .command import closing_table, open_hosts, operators_errors
from .console import Console

if TYPE_CHECKING:
    from ..inventory.cluster import Node
    from .draining import Done
    from .run import Run

LONGEST = 86400
"""Seconds that a drain may be told to wait: a day."""


def drain(context: Context, host: str, preview: bool, timeout: str | None) -> None:
    """Drain a host, or with `preview` only say what that would do. Raises BadInput."""

    def act(run: Run, node: Node) -> Done:
        from . import draining

        return draining.preview(run, node) if preview else draining.drain(run, node, seconds)

    with operators_errors():
        seconds = _seconds(timeout)
    _service(context, host, act)


def resume(context: Context, host: str) -> None:
    """Give back what a drain of the host has taken."""

    def act(run: Run, node: Node) -> Done:
        from . import draining

        return draining.resume(run, node)

    _service(context, host, act)


def _service(context: Context, host: str, act: Callable[[Run, Node], Done]) -> None:
    if is_repetition(context):
        return
    console = Console()
    with operators_errors(), open_hosts(context, "host", console, serviced=host) as hosts:
        from .run import Run

        with closing_table(console, hosts.journal):
            with console.live():
                done = act(Run(hosts), hosts.nodes[0])
            _report(console, done)
        if done.over_budget:
            raise OverBudget("\n".join(f"{each}." for each in done.over_budget))


def _report(console: Console, done: Done) -> None:
    if console.rows:
        console.say()
        console.table(console.rows)
        console.say()
    for line in done.says:
        console.say(f"{line}.")
    for line in console.measured:
        console.say(line)
    console.say(f"{counted(len(console.rows), 'step')} carried out, {console.elapsed:.1f} s.")


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= LONGEST):
        raise BadInput(f"--drain-timeout {text}: give whole seconds, at most {LONGEST}")
    return int(text)
