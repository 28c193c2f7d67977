"""What runs where and whether it is well: asked once, or again and again."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from rich.console import Group

from ..errors import Degraded, Drift, OperatorError, Unreachable
from ..plan import runbook
from ..plan.gate import Answers
from ..plan.look.observed import Observed
from ..plan.report import status
from ..plan.report.status import Service, Status
from ..plan.runbook import CHAPTERS, MESOS_MASTER, Chapter
from ..plan.words import names
from . import gates
from .hosts import Hosts
from .screen import screen

PAUSE = 2
"""Seconds between two looks of a watch."""


def look_around(hosts: Hosts) -> Status:
    """Look at every host once and judge each service by what its members said."""
    looked_at = datetime.now(UTC).strftime("%FT%TZ")
    seen, lost = hosts.look(CHAPTERS)
    looked = [node for node in hosts.nodes if node.name in seen]
    plans = runbook.plans(CHAPTERS, hosts.cluster, looked, seen)
    found = [
        status.unreachable(CHAPTERS, hosts.cluster, node, str(lost[node.name]))
        if node.name in lost
        else status.host(CHAPTERS, hosts.cluster, node, seen[node.name], plans[node.name])
        for node in hosts.nodes
    ]
    asked = [chapter for chapter in CHAPTERS if chapter.members and hosts.members(chapter)]
    with ThreadPoolExecutor() as pool:  # a host that is lost costs every question its time
        heard = dict(zip(asked, pool.map(lambda chapter: _ask(hosts, chapter, seen), asked), strict=True))
    masters = heard[MESOS_MASTER][1] if MESOS_MASTER in heard else {}
    return Status(
        source=hosts.cluster.source,
        looked_at=looked_at,
        hosts=tuple(found),
        services=tuple(service for service, _ in heard.values()),
        master=status.leading_master(masters),
    )


def _ask(
    hosts: Hosts, chapter: Chapter, seen: Mapping[str, Observed]
) -> tuple[Service, Mapping[str, Answers]]:
    """Judge a service by what its members say; a host that is lost meanwhile is part of the answer."""
    needed = hosts.members(chapter)
    if not needed & seen.keys():
        return status.unheard(chapter, hosts.cluster, "no host of it can be reached"), {}
    try:
        said = gates.answers(hosts.among(seen), chapter, seen)
    except OperatorError as error:
        return status.unheard(chapter, hosts.cluster, str(error)), {}
    return status.service(chapter, hosts.cluster, said, needed), said


def watch(hosts: Hosts) -> Status:
    """Look again and again until Ctrl-C and give the last status; the connections stay open meanwhile.

    On a terminal the screen is drawn again in place, elsewhere it is printed for every look.
    """
    console, last = hosts.console, None

    def shown() -> Group:
        return Group(*([screen(last)] if last else []), console.now())

    try:
        with console.live(shown):
            while True:
                last = look_around(hosts)
                if not console.terminal.is_terminal:
                    console.show(screen(last))
                time.sleep(PAUSE)
    except KeyboardInterrupt:
        if last is None:
            raise
    return last


def raise_unless_ok(seen: Status) -> None:
    """Raise what the status amounts to: Unreachable, Degraded, Drift, or nothing if all is as wanted."""
    match seen.state:
        case "unreachable":
            raise Unreachable("\n".join(host.trouble for host in seen.hosts if host.trouble))
        case "degraded":
            down = f": {', '.join(seen.down)}" if seen.down else ""
            raise Degraded(f"The cluster is degraded{down}. `fab plan` shows what a deploy would mend.")
        case "drift":
            others = names(host.name for host in seen.hosts if host.drifts)
            raise Drift(
                f"All is well, but not as {seen.source} wants it on {others}. "
                "`fab plan` shows what a deploy would change."
            )
