"""A cluster that somebody runs by hand becomes one of hosts.ini's."""

from __future__ import annotations

from fabric import task
from invoke.context import Context

WRITE = {"write": "Write these settings into the inventory; what it was is kept beside it."}


@task(auto_shortflags=False, help=WRITE)
def adopt(c: Context, write: bool = False) -> None:
    """Say which members run by hand, and which settings keep them as they are."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors(), open_hosts(c, "host", Console()) as hosts:
        from .engine import adopt as adoption

        with hosts.console.live():
            found = adoption.look(hosts)
        for line in adoption.lines(hosts.cluster, found):
            hosts.console.say(line)
        adoption.refuse(found)
        wrote = adoption.write(hosts.cluster, found.adoption.edits) if write else ""
        if found.adoption.takeovers:
            hosts.console.say(adoption.next_step(hosts.cluster, found, wrote))
