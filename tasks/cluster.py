"""The whole cluster: the runbook as shell, what a deploy would do, and every chapter in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task
from invoke.context import Context

from .launch import DEPLOY, DRAIN, EVERY, GONE, carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from .engine.console import Console
    from .engine.hosts import Hosts
    from .engine.preview import Preview
    from .engine.run import Run
    from .plan.outlook import Outlook
    from .plan.report.document import Document

JSON = "Print one JSON document; what people read goes to standard error."


@task
def version(c: Context) -> None:
    """Print which mesofab this is."""
    from .version import VERSION

    print(f"mesofab {VERSION}")


@task
def runbook(c: Context) -> None:
    """Print the exact shell for every host; dials nobody."""
    from . import inventory
    from .engine.chosen import choose, is_repetition, named_hosts
    from .engine.command import operators_errors
    from .engine.output import put_out
    from .plan import script
    from .plan.runbook import CHAPTERS, containers, from_nothing

    if is_repetition(c):
        return
    with operators_errors():
        cluster = inventory.load()
        for node in choose(cluster, "host", named_hosts(c)):
            steps = from_nothing(CHAPTERS, cluster, node).steps
            shell = script.readable(steps, containers(CHAPTERS, cluster, node))
            put_out(f"#### {node.name}: {', '.join(node.roles)}\n\n{shell}")


PLAN = {
    "json": JSON,
    "check": "Exit with 8 if there is something to do.",
    "out": "Save the plan to this file, for `fab deploy-cluster --plan`.",
    **DRAIN,
    **GONE,
}


@task(auto_shortflags=False, help=PLAN)
def plan(
    c: Context,
    json: bool = False,
    check: bool = False,
    out: str | None = None,
    drain: bool = False,
    gone: str | None = None,
) -> None:
    """Print what a deploy would do now, and why."""
    from . import inventory
    from .engine.chosen import is_repetition
    from .engine.command import but_gone, open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors(json) as found:
        if out is not None:
            from .engine import saving

            saving.refuse_other_file(out)
        with open_hosts(c, "host", Console(json)) as hosts:
            show_plan(but_gone(hosts, gone), found, check, out, drain, inventory.runs())


def show_plan(
    hosts: Hosts, found: Document, check: bool, out: str | None, drain: bool = False, runs: Path | None = None
) -> None:
    """Plan, tell and save it; raises what is the worst of it. `runs` holds the records of earlier ones."""
    from .engine import preview as previews
    from .engine import refusals, saving
    from .engine.command import warn_of_overruling
    from .engine.run import Run
    from .errors import Drift
    from .plan.report import document, planned

    run, console = Run.of(hosts, drain=drain), hosts.console
    warn_of_overruling(hosts.cluster, hosts.console)
    with console.live():
        preview = previews.foretold(run, previews.plan_and_strangers(run))
        outlook, refusal = refusals.outcome(run, preview)
    if runs is not None and outlook.kinds:
        from .engine import recording

        outlook = outlook.expecting(recording.expected(runs))
    found.update(document.plan(preview.plans, outlook), strangers=document.strangers(preview.strangers))
    found.update(costs=list(preview.costs))
    if out is not None:
        saving.save(out, run, preview, outlook)
    steps = [step for each in preview.plans.values() for step in each.steps]
    partly = isinstance(refusal, previews.Partly)
    if refusal and steps:
        console.say("\n".join(planned.refused(str(refusal), partly)))
    _say_plan(console, preview, outlook, told=bool(refusal) and not steps, partly=partly)
    _say_others(console, preview, str(refusal))
    if refusal:
        refusal.brief = refusal.brief if steps else ""
        raise refusal
    console.say(planned.summary(hosts.cluster, preview.plans, previews.doubtful(run, preview)))
    leaving = _say_removed(run, found) if hosts.cluster.removed else False
    if check and (steps or leaving):
        raise Drift(f"The cluster does not match {hosts.cluster.source}.")


def _say_plan(console: Console, preview: Preview, outlook: Outlook, told: bool, partly: bool) -> None:
    """Say what is wrong, unless it was told already, and what a deploy would do, if only `partly`."""
    from .plan.outlook import HEADING, lines
    from .plan.report import planned
    from .plan.words import grouped

    if not told:
        plans = preview.plans.items()
        troubles = ((name, str(trouble)) for name, each in plans for trouble in each.troubles)
        for line in grouped(troubles):
            console.say(line, "error")
    for line in planned.steps(preview.plans, outlook.refused if partly else {}):
        console.say(line)
    if outlook.turns:
        console.say()
        console.say(HEADING)
        for line in lines(outlook):
            console.say(line)
        console.say()
    for line in preview.costs:
        console.say(line, "warning")


def _say_others(console: Console, preview: Preview, told: str) -> None:
    """Say who else is at work, unless that was told, and who takes part that hosts.ini does not name."""
    from .plan.words import grouped

    at_work = ((name, f"{seen.at_work}.") for name, seen in preview.seen.items() if seen.at_work)
    for line in (*(each for each in grouped(at_work) if each not in told), *map(str, preview.strangers)):
        console.say(line, "warning")


def _say_removed(run: Run, found: Document) -> bool:
    """Say what a deploy does on hosts that leave, and put it into the document; tell if there is anything.

    Raises Unreachable for hosts that it would not reach.
    """
    from .engine import removing
    from .plan.report import document

    if not removing.concerns(run):
        return False
    leaving = removing.survey(run)
    found.update(removed=document.removed(leaving.plans))
    found["summary"]["removed"] = sum(len(each.steps) for each in leaving.plans.values())
    run.console.say("Then, on the hosts in [removed]:")
    for line in removing.lines(run, leaving):
        run.console.say(line)
    leaving.refuse_lost()
    return bool(leaving.busy)


@task(auto_shortflags=False, help={"json": JSON})
def preflight(c: Context, json: bool = False) -> None:
    """Look for what would stop or disturb a deploy; changes nothing."""
    from .engine.chosen import is_repetition
    from .engine.command import open_hosts, operators_errors
    from .engine.console import Console

    if is_repetition(c):
        return
    with operators_errors(json) as found, open_hosts(c, "host", Console(json)) as hosts:
        _preflight(hosts, found)


def _preflight(hosts: Hosts, found: Document) -> None:
    from .engine import preflight as survey
    from .engine.command import warn_of_overruling
    from .engine.run import Run
    from .inventory.doors import exposure
    from .plan.report import document

    warn_of_overruling(hosts.cluster, hosts.console)
    with hosts.console.live():
        report = survey.survey(Run(hosts))
    found.update(document.preflight(report))
    for severity, line in survey.lines(report):
        hosts.console.say(line, severity)
    hosts.console.say(survey.summary(report))
    hosts.console.say(exposure(hosts.cluster))
    survey.raise_if_wrong(report)


KEEP = {"plan": "Do what this saved plan says, or nothing if the hosts have changed since."}


@task(name="deploy-cluster", auto_shortflags=False, help={**DEPLOY, **KEEP, **DRAIN, **GONE})
def deploy(
    c: Context,
    preflight: bool = True,
    plan: str | None = None,
    drain: bool = False,
    gone: str | None = None,
    record: bool = True,
) -> None:
    """Carry out every chapter on every host."""
    carry_out(
        c,
        "deploy-cluster",
        EVERY,
        where="host",
        preflight=preflight,
        plan=plan,
        drain=drain,
        gone=gone,
        record=record,
    )
