"""Backups of what a cluster cannot make again: made, tried out, restored."""

from __future__ import annotations

from fabric import task
from invoke.context import Context

from .launch import RECORD

OUT = {"out": "The directory to write it to (the current one by default)."}


@task(default=True, auto_shortflags=False, help=OUT)
def make(c: Context, out: str = ".") -> None:
    """Back up ZooKeeper's tree and what describes the cluster; changes nothing."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors():
        from .engine import archive

        archive.refuse_unwritable(out)
        with open_hosts(c, "host", Console()) as hosts:
            from .engine import backup
            from .plan.zookeeper.backup import told

            with hosts.console.live():
                made = backup.make(hosts, out)
            for line in told.warnings(made.backup):
                hosts.console.say(line, "warning")
            for line in told.made(str(made.file), made.size, made.backup, made.others):
                hosts.console.say(line)


FILE = {"file": "The backup, as `fab backup` has written it."}


@task(auto_shortflags=False, help=FILE)
def check(c: Context, file: str) -> None:
    """Check a backup, and restore it into a scratch ZooKeeper on one host; the cluster is not touched."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors():
        from .engine import archive
        from .plan.zookeeper.backup import told

        backup = archive.read(file)
        with open_hosts(c, "zookeeper", Console()) as hosts:
            from .engine import restore

            hosts.console.say(told.origin(file, backup))
            for line in told.warnings(backup):
                hosts.console.say(line, "warning")
            with hosts.console.live():
                says = restore.check(hosts, backup)
            hosts.console.say(says)


@task(auto_shortflags=False, help={**FILE, **RECORD})
def restore(c: Context, file: str, record: bool = True) -> None:
    """Restore a backup while no Marathon runs; the next deploy starts Marathon with it."""
    from .engine.chosen import is_repetition
    from .engine.command import keeping, open_hosts, operators_errors, recorded
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors():
        from .engine import archive

        backup = archive.read(file)
        with open_hosts(c, "host", Console()) as hosts:
            from .engine import restore
            from .engine.run import Run
            from .plan.zookeeper.backup import told

            hosts.console.say(told.origin(file, backup))
            keep = keeping("restore") if record else None
            with recorded(hosts, keep), hosts.console.live():
                says = restore.restore(Run.of(hosts), backup)
            hosts.console.say(says)
            hosts.console.say(told.NEXT)
