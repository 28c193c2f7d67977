"""After an outage of all: ZooKeeper and the masters start in the order that loses nothing."""

from __future__ import annotations

from fabric import task
from invoke.context import Context

from .launch import RECORD

RECOVER = {"preview": "Only say what every member has, and who would start when.", **RECORD}


@task(auto_shortflags=False, help=RECOVER)
def recover(c: Context, preview: bool = False, record: bool = True) -> None:
    """Start ZooKeeper and the masters after an outage of all, those that have data first."""
    from .engine.chosen import is_repetition
    from .engine.command import expectant, keeping, open_hosts, operators_errors, tell

    if is_repetition(c):
        return
    with operators_errors(), open_hosts(c, "host", expectant()) as hosts:
        from .engine import recover as recovery
        from .engine.run import Run

        run = Run(hosts)
        if not preview:
            keep = keeping("recover") if record else None
            return tell(hosts, lambda: recovery.recover(run), keep)
        with hosts.console.live():
            found = recovery.preview(run)
        for line in found.lines():
            hosts.console.say(line)
        found.refuse()
