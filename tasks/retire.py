"""The end of a cluster: its hosts are as before its first deploy."""

from __future__ import annotations

from fabric import task
from invoke.context import Context

from .launch import RECORD

RETIRE = {
    "yes": "The cluster's name, instead of being asked for it.",
    "keep_data": "Leave ZooKeeper's data, the masters' log and the agents' work_dir.",
    "dry": "Only show what would be done.",
    **RECORD,
}


@task(auto_shortflags=False, help=RETIRE)
def retire(
    c: Context, yes: str | None = None, keep_data: bool = False, dry: bool = False, record: bool = True
) -> None:
    """Take the cluster from its hosts again, with its data."""
    from .engine.chosen import is_repetition
    from .engine.command import expectant, keeping, open_hosts, operators_errors, tell

    if is_repetition(c):
        return
    with operators_errors(), open_hosts(c, "host", expectant()) as hosts:
        from .engine import retire as retirement
        from .engine.run import Run

        name = hosts.cluster.settings.cluster_name
        if yes is not None:
            retirement.agree(name, yes)
        run = Run(hosts)
        with hosts.console.live():
            shown = retirement.preview(run, keep_data)
        for line in retirement.lines(run, shown):
            hosts.console.say(line)
        if dry:
            return
        if not any(shown.steps.values()):
            retirement.sweep(run)
            return
        if yes is None:
            retirement.agree(name, yes)
        keep = keeping("retire") if record else None
        tell(hosts, lambda: retirement.retire(run, shown, keep_data), keep)
