"""What a task found, as a document for machines: `--json` prints it.

The names of the fields are promised (docs/watch.md) and a test holds every one of them. Shell
text never stands in a document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ..membership import Stranger
from ..outlook import Outlook, Turn
from ..preflight import CHECKS, Finding, Report
from ..step import Blocker, HostPlan, Step, Trouble
from .status import Component, HostStatus, Status

Document = dict[str, Any]


def error(exit_code: int, kind: str, messages: Iterable[str]) -> Document:
    """Say why a task failed; stands beside what it found out until then."""
    return {"error": {"exit_code": exit_code, "kind": kind, "messages": list(messages)}}


def plan(plans: Mapping[str, HostPlan], outlook: Outlook) -> Document:
    """Say what a deploy would do: by host what is missing and what stands in the way, the order, the sums.

    `changed` counts the steps that would change something; the others only check.
    """
    steps = [step for each in plans.values() for step in each.steps]
    return {
        "hosts": {name: _host_plan(each) for name, each in plans.items()},
        "order": [_turn(turn) for turn in outlook.turns],
        "refused": [
            {"host": member.node, "service": member.service, "reason": why}
            for member, why in outlook.refused.items()
        ],
        "summary": {
            "hosts": len(plans),
            "steps": len(steps),
            "changed": sum(step.changes for step in steps),
            "restarts": sum(step.risk != "none" for step in steps),
            "blockers": sum(len(each.blockers) for each in plans.values()),
        },
    }


def removed(plans: Mapping[str, HostPlan]) -> Document:
    """Say what a deploy would do on hosts that leave the cluster; nothing is left where there is no step."""
    return {name: {"steps": [_step(step) for step in plan.steps]} for name, plan in plans.items()}


def _turn(turn: Turn) -> Document:
    standing = turn.meanwhile
    return {
        "phase": turn.phase,
        "hosts": list(turn.hosts),
        "what": turn.what,
        "service": turn.service or None,
        "members": standing.total if standing else None,
        "must_serve": standing.majority if standing else None,
        "serve_meanwhile": len(standing.serving) if standing else None,
        "moves_leader": turn.leads,
        "besides": turn.besides or None,
        "expected": asdict(turn.expected) if turn.expected else None,
    }


def preflight(report: Report) -> Document:
    """Say what a preflight found: by host what is wrong, then the sums."""
    return {
        "hosts": {
            name: {"findings": [_finding(one) for one in report.findings if one.host == name]}
            for name in report.hosts
        },
        "summary": {
            "hosts": len(report.hosts),
            "checks": len(CHECKS),
            "errors": len(report.having("error")),
            "warnings": len(report.having("warning")),
        },
    }


def _finding(finding: Finding) -> Document:
    return {
        "check": finding.check,
        "severity": finding.severity,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
    }


def _host_plan(plan: HostPlan) -> Document:
    return {
        "steps": [_step(step) for step in plan.steps],
        "blockers": [_blocker(blocker) for blocker in plan.blockers],
        "troubles": [_trouble(trouble) for trouble in plan.troubles],
    }


def _blocker(blocker: Blocker) -> Document:
    return {
        "id": blocker.id,
        "title": blocker.title,
        "seen": blocker.seen,
        "remedy": blocker.remedy,
        "check": blocker.check,
    }


def _step(step: Step) -> Document:
    return {
        "id": step.id,
        "title": step.title,
        "reason": step.reason,
        "risk": step.risk,
        "effect": step.effect,
        "phase": step.phase,
        "changes": step.changes,
    }


def status(status: Status) -> Document:
    """Say how the cluster stands: as a whole, by service, by host and component; null is unknown."""
    master = status.master
    return {
        "looked_at": status.looked_at,
        "state": status.state,
        "cluster": {
            "agents_active": master.agents if master else None,
            "frameworks_active": master.frameworks if master else None,
            "tasks_running": master.tasks if master else None,
        },
        "strangers": strangers(status.strangers),
        "services": {
            service.role: {
                "well": service.verdict.passed,
                "says": service.verdict.says,
                "members": service.members,
                "serving": service.serving,
                "leader": service.leader or None,
            }
            for service in status.services
        },
        "hosts": {host.name: _host_status(host) for host in status.hosts},
    }


def strangers(found: Iterable[Stranger]) -> list[Document]:
    """Say who takes part in a service and has no place in hosts.ini."""
    return [
        {"service": one.service, "host": one.host, "seen": one.seen, "remedy": one.remedy} for one in found
    ]


def _host_status(host: HostStatus) -> Document:
    return {
        "reachable": not host.trouble,
        "trouble": host.trouble or None,
        "at_work": asdict(host.at_work) if host.at_work else None,
        "drift": list(host.drift),
        "components": {one.service: _component(one) for one in host.components},
    }


def _component(one: Component) -> Document:
    return {
        "container": one.container,
        "state": one.state,
        "since": one.since or None,
        "version": one.version or None,
        "role": one.role or None,
        "drift": list(one.drift),
        "troubles": [_trouble(trouble) for trouble in one.troubles],
    }


def _trouble(one: Trouble) -> Document:
    return {
        "container": one.container,
        "sort": one.sort.value,
        "seen": one.seen,
        "remedy": one.remedy,
        "mended": one.mended,
    }
