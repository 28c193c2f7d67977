"""Look at every host before a deploy, one command each, and say what would stop or trouble it."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..errors import Blocked, OperatorError, Unreachable
from ..inventory.cluster import Node
from ..plan import runbook
from ..plan.desired import Container, of
from ..plan.look import observed
from ..plan.look.observed import Observed
from ..plan.look.sections import last_line
from ..plan.mesos_agent import upgrade
from ..plan.preflight import CHECKS, Finding, Look, Report, docker, facts, flows, judge
from ..plan.preflight.checks import Severity
from ..plan.words import capitalized, counted, grouped
from . import fanout, migration
from .hosts import Inquiry
from .lease import Leases
from .run import Run
from .strangers import asked


def survey(run: Run) -> Report:
    """Look at all hosts at once; one that cannot be looked at is a finding, too."""
    return judged(run, *look(run))


def added(run: Run, seen: Mapping[str, Observed], leases: Leases) -> Report:
    """Ask hosts that were `seen` just now, all at once, for what a preflight asks beside."""
    return judged(run, *_ask(run, lambda node: leases.inquire(node, inquiry(run, node, seen[node.name]))))


def look(run: Run) -> tuple[dict[str, Look], dict[str, OperatorError]]:
    """Look at all hosts at once; tells of those that cannot be looked at why not."""
    return _ask(run, lambda node: run.hosts.inquire(node, inquiry(run, node)))


def _ask(run: Run, ask: Callable[[Node], Look]) -> tuple[dict[str, Look], dict[str, OperatorError]]:
    with run.console.spent.part("looking"):
        return fanout.attempt(run.hosts.nodes, ask, run.cluster.settings.parallel)


def judged(run: Run, looks: Mapping[str, Look], errors: Mapping[str, OperatorError]) -> Report:
    """Judge what was seen, and ask who takes part unnamed if that makes somebody suspect."""
    lost = {name: unreached(name, error) for name, error in errors.items()}
    seen = asked(run.hosts, run.chapters, {name: look.seen for name, look in looks.items()})
    seen = migration.asked(run.hosts, seen)
    looks = {name: replace(look, seen=seen[name]) for name, look in looks.items()}
    return judge(run.chapters, run.cluster, looks, lost)


def unreached(host: str, error: OperatorError) -> Finding:
    """Tell as a finding why a host could not be looked at."""
    check = "sudo" if error.where == "sudo" else "connection"
    seen = error.seen if error.where in ("", "connect", "sudo") else f"{error.where}: {error.seen}"
    return Finding(host, check, seen.rstrip("."), error.remedy or "make `ssh` to it work")


def inquiry(run: Run, node: Node, known: Observed | None = None) -> Inquiry[Look]:
    """Give what a preflight asks a node: all that a look does, unless that is `known`, and more."""
    ask, boundary = runbook.ask(run.chapters, run.cluster, node), secrets.token_hex(16)
    run.hosts.connect(node)
    times = [time.time()]

    def hear(text: str) -> None:
        if text.startswith(boundary):
            times.append(time.time())

    def read(text: str) -> Look:
        seen = known or run.hosts.but_ours(node, observed.read(text, boundary, ask))
        own = facts.read(text, boundary, ask)
        # The clock is the first part, so it has been read when the second one begins.
        return Look(seen, own, sent=times[0], arrived=times[2])

    items = runbook.wanted(run.chapters, run.cluster, node)
    roles = [one.role for one in of(Container, items)]
    needed, masters = flows.needed(run.cluster, node, roles), upgrade.questions(run.cluster, node, roles)
    rest = facts.lines(ask, node, docker.clients(items), needed, masters)
    script = (
        facts.script(known, ask, boundary, rest)
        if known
        else observed.script(ask, boundary, first=facts.FIRST, last=rest)
    )
    return Inquiry("preflight", script, last_line(boundary), read, hear)


def lines(report: Report) -> list[tuple[Severity, str]]:
    """Say every finding with its severity, errors first, and what is true of many hosts once."""
    severities: tuple[Severity, ...] = ("error", "warning")
    return [
        (severity, line)
        for severity in severities
        for line in grouped(
            (finding.about or finding.host, finding.text) for finding in report.having(severity)
        )
    ]


def summary(report: Report) -> str:
    """Say in one line how many hosts and checks there were, and what came of it."""
    errors, warnings = (len(report.having(severity)) for severity in ("error", "warning"))
    asked = f"{counted(len(report.hosts), 'host')}, {counted(len(CHECKS), 'check')}"
    return f"{asked}: {counted(errors, 'error')}, {counted(warnings, 'warning')}."


def raise_if_wrong(report: Report) -> None:
    """Raise Unreachable if a host could not be looked at, else Blocked if there are errors."""
    if report.lost:
        raise Unreachable(f"{', '.join(report.lost)} could not be looked at.")
    if report.having("error"):
        raise Blocked("A deploy would be refused. Fix these errors first.")


def clear(run: Run, report: Report) -> None:
    """Let a deploy begin: print the warnings, refuse it for errors but those of the checks it overrules.

    Its journal notes closed ports, for a gate that fails. Raises Unreachable or Blocked.
    """
    report = report.without(run.overruled)
    closed = (one for one in report.findings if one.check == "flow")
    run.hosts.journal.closed = grouped(
        (one.host, f"{one.evidence}. {capitalized(one.remedy)}.") for one in closed
    )
    told = lines(report)
    if report.having("error"):
        kind = Unreachable if report.lost else Blocked
        raise kind("\n".join([*(line for _, line in told), "Nothing was changed."]))
    for severity, line in told:
        run.console.say(line, severity)
