"""What can be seen of a cluster, now and later; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task
from invoke.context import Context

from .cluster import JSON

if TYPE_CHECKING:
    from .engine.hosts import Hosts
    from .plan.report.document import Document
    from .plan.report.status import Status


WATCH = "Look again every 2 s, until Ctrl-C."
WEB = "Watch, and show it in the browser, too, at a URL of this machine that is printed."


@task(auto_shortflags=False, help={"json": JSON, "watch": WATCH, "web": WEB})
def status(c: Context, json: bool = False, watch: bool = False, web: bool = False) -> None:
    """Show what runs where, and whether it is well."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console
    from .errors import BadInput

    if is_repetition(c):
        return
    with operators_errors(json) as found:
        if json and (watch or web):
            with_it = "--watch" if watch else "--web"
            raise BadInput(f"--json is one document and {with_it} has no end: give one of them")
        with open_hosts(c, "host", Console(json)) as hosts:
            _status(hosts, found, watch, web)


def _status(hosts: Hosts, found: Document, watch: bool, web: bool) -> None:
    from .engine import status as reports
    from .engine.screen import screen
    from .inventory.doors import exposure
    from .plan.report import document

    if watch or web:
        seen = _watched(hosts, web)
    else:
        with hosts.console.live():
            seen = reports.look_around(hosts)
        hosts.console.show(screen(seen))
    if hosts.cluster.settings.security != "open":
        hosts.console.say(exposure(hosts.cluster))
    found.update(document.status(seen))
    reports.raise_unless_ok(seen)


def _watched(hosts: Hosts, web: bool) -> Status:
    from .engine.watch import watch

    if not web:
        return watch(hosts)
    from .engine.web.live import served

    with served(hosts.console, hosts.cluster) as show:
        return watch(hosts, show)


@task(auto_shortflags=False, help={"out": "The archive's name; by default one with the time."})
def diagnose(c: Context, out: str | None = None) -> None:
    """Collect logs, looks and findings into an archive."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors():
        from .engine import diagnose as diagnoses

        file = out or diagnoses.by_time()
        diagnoses.refuse(file)
        with open_hosts(c, "host", Console()) as hosts:
            from .engine.run import Run

            with hosts.console.live():
                found = diagnoses.diagnose(Run(hosts))
            size = diagnoses.write(file, found)
            for line in (*found.findings, "", diagnoses.farewell(file, size)):
                hosts.console.say(line)


@task(auto_shortflags=False, help={"pages": "Write the pages of those runs anew."})
def runs(c: Context, pages: bool = False) -> None:
    """List the last runs that changed something, newest last, and their pages."""
    from . import inventory
    from .engine import recording
    from .engine.chosen import is_repetition
    from .engine.command import operators_errors
    from .engine.output import put_out

    if is_repetition(c):
        return
    with operators_errors():
        put_out("\n".join(recording.last(inventory.runs(), pages)))
