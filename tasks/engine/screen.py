"""The screen of `fab status`: a row per container, what differs, a line per service, the cluster."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Group

from ..plan.report.differing import differences
from ..plan.report.status import Component, Service, Status
from ..plan.words import counted, grouped, share
from .terminal import Piece, table, text

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

TITLES = ("host", "container", "state", "since (UTC)", "version", "role", "drift")


def screen(status: Status) -> Group:
    """Lay out a status; it fits 80 columns if hosts are named by their addresses."""
    return Group(
        _title(status),
        _table(status),
        *(text(line, "error") for line in grouped(_troubles(status))),
        *(text(line, "warning") for line in grouped(_others(status))),
        *(text(line, "drift") for line in differences(status)),
        *(text(f"{one.seen}.", "warning") for one in status.strangers),
        *(_service(service) for service in status.services),
        *(text(f"{line}.") for line in (*_doors(status), *_cluster(status))),
    )


def _title(status: Status) -> Text:
    time = status.looked_at.replace("T", " ").removesuffix("Z")
    return text(f"{status.source} at {time} UTC: ").append_text(text(status.state, status.state))


def _table(status: Status) -> Table:
    rows = (
        ((host.name, ""), *_cells(one, status.looked_at)) for host in status.hosts for one in host.components
    )
    return table(TITLES, rows)


def _cells(one: Component, now: str) -> tuple[Piece, ...]:
    """Give the cells of a row; of its start only the date if that is a day ago or longer."""
    return (
        (one.container, ""),
        (one.state, "ok" if one.is_well else "error"),
        (one.since[11:19] if _is_of_late(one.since, now) else one.since[:10], ""),
        (one.version, ""),
        (one.role, ""),
        _drift(one),
    )


def _is_of_late(since: str, now: str) -> bool:
    """Tell whether something began within a day, so that its time alone says when; no two clocks agree."""
    try:
        began, looked = (datetime.fromisoformat(each.removesuffix("Z")) for each in (since, now))
        return abs(looked - began) < timedelta(days=1)
    except (ValueError, TypeError):  # what docker says is text that may lie, also with a zone
        return False


def _drift(one: Component) -> Piece:
    if one.state in ("unreachable", "unknown"):
        return "", ""
    return ("differs", "drift") if one.drift else ("ok", "ok")


def _others(status: Status) -> list[tuple[str, str]]:
    """Say who else is at work, by host."""
    return [(host.name, f"{host.at_work}.") for host in status.hosts if host.at_work]


def _troubles(status: Status) -> list[tuple[str, str]]:
    """Say why members are not well, by host."""
    return [
        (host.name, f"{one.container} is not well: {trouble.text}")
        for host in status.hosts
        for one in host.components
        for trouble in one.troubles
    ]


def _service(service: Service) -> Text:
    if service.verdict.passed:
        return text(f"{service.verdict.says}.", "ok")
    return text(f"{service.title}: {service.verdict.says}.", "error")


def _doors(status: Status) -> list[str]:
    """Say how many hosts have the firewall; nothing where none has."""
    guarded = sum(host.guarded for host in status.hosts)
    on = share(guarded, len(status.hosts), "hosts", "keeps strangers out", "keep strangers out")
    return [on] if guarded else []


def _cluster(status: Status) -> list[str]:
    """Sum the cluster up: both quorums, who leads, and what the leading master counts."""
    said = []
    if zookeeper := status.service("zookeeper"):
        said.append(f"{zookeeper.serving}/{zookeeper.members} ZooKeepers")
    if masters := status.service("mesos_master"):
        said.append(f"{masters.serving}/{masters.members} masters{_leader(status, masters)}")
    if found := status.master:
        counts = (found.agents, "agent"), (found.frameworks, "framework"), (found.tasks, "task")
        said += [counted(*count) for count in counts]
    return [", ".join(said)] if said else []


def _leader(status: Status, masters: Service) -> str:
    """Say who leads; nothing where nobody answers, and where more than one says that it leads."""
    roles = [one.role for host in status.hosts for one in host.components if one.service == masters.role]
    if masters.leader:
        return f", {masters.leader} leads"
    if not masters.serving or "leader" in roles:
        return ""
    strange = any(one.service == masters.role for one in status.strangers)
    return f", one leads that {status.source} does not name" if strange else ", none of which leads"
