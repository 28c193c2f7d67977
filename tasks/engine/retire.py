"""Take a cluster from its hosts: shown first, then done under a lease, in turns over all hosts."""

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from ..errors import BadInput, Blocked
from ..inventory.cluster import Node
from ..plan import runbook
from ..plan.availability.apps import by_app
from ..plan.look import observed
from ..plan.look.lease import LEASE
from ..plan.look.observed import LOCK, Observed
from ..plan.look.sections import split
from ..plan.membership import Plans
from ..plan.mesos_agent import ending
from ..plan.mesos_agent.desired import CONTAINER as AGENT
from ..plan.report import planned
from ..plan.retire import leavings
from ..plan.retire.leavings import Leavings
from ..plan.retire.places import places
from ..plan.retire.plan import Retiring, between, plan, stays
from ..plan.runbook import CHAPTERS
from ..plan.step import Blocker, HostPlan
from ..plan.words import counted, grouped, names
from . import fanout, gates, lease
from .hosts import Inquiry
from .performing import Result
from .preview import Preview
from .refusals import refuse_if_blocked
from .run import Run

Seen = Mapping[str, tuple[Observed, Leavings]]

SWEEP = f"flock -w 10 {LEASE} rm -f {LEASE} {LOCK}\n"
"""Removes what a run itself leaves on a host, as soon as it has let go of it."""


@dataclass(frozen=True)
class Retirement:
    """What is to be done on each host, what stays there and why; `elsewhere` is what other hosts object."""

    plans: Plans
    stays: Mapping[str, tuple[str, ...]]
    elsewhere: Plans

    def refuse(self) -> None:
        """Raise Blocked if a person is needed first."""
        refuse_if_blocked({**self.plans, **self.elsewhere})

    @property
    def steps(self) -> dict[str, set[str]]:
        """What is to be done, as people know it."""
        return {name: {step.title for step in each.steps} for name, each in self.plans.items()}


def inquiry(run: Run, node: Node) -> Inquiry[tuple[Observed, Leavings]]:
    """Give what a retirement asks a node: all that a look does, and more."""
    ask = runbook.ask(CHAPTERS, run.cluster, node)

    def script(mark: str) -> str:
        return observed.script(ask, mark, last=leavings.asking(places(node), ask.images))

    def read(text: str, mark: str) -> tuple[Observed, Leavings]:
        seen = run.hosts.but_ours(node, observed.read(text, mark, ask))
        return seen, leavings.read(split(text, mark))

    return Inquiry.of("look", script, read)


def preview(run: Run, keep_data: bool) -> Retirement:
    """Look at all hosts and say what is to be done. Raises Unreachable or Blocked."""
    with run.console.spent.part("looking"):
        seen, lost = fanout.attempt(
            run.hosts.nodes,
            lambda node: run.hosts.inquire(node, inquiry(run, node)),
            run.cluster.settings.parallel,
        )
    found = _made(run, seen, run.hosts.look_at_fellows(CHAPTERS) if seen else {}, keep_data)
    Preview({}, found.plans, lost).refuse_if_incomplete()
    found.refuse()
    return found


def _made(run: Run, seen: Seen, others: Mapping[str, Observed], keep_data: bool) -> Retirement:
    nodes = [node for node in run.hosts.nodes if node.name in seen]
    hosts = {node.name: Retiring(run.cluster, node, *seen[node.name], keep_data) for node in nodes}
    agents = [node for node in nodes if seen[node.name][0].container(AGENT).is_up]
    told = run.hosts.each(agents, lambda node: _loses(run, node, seen[node.name][0]))
    hosts |= {name: replace(hosts[name], loses=said) for name, said in told.items()}
    plans = {name: plan(host, objections(host)) for name, host in hosts.items()}
    elsewhere = {name: HostPlan(name, (), (), (one,)) for name, one in between(hosts, others)}
    return Retirement(plans, {name: tuple(stays(host)) for name, host in hosts.items()}, elsewhere)


def objections(host: Retiring) -> tuple[Blocker, ...]:
    """Give what stands in the way on a host."""
    return runbook.missing(CHAPTERS, host.cluster, host.node, host.seen).blockers


def _loses(run: Run, node: Node, seen: Observed) -> str:
    """Say which tasks end with the agent on a node."""
    tasks = ending.read(gates.ask_member(run.hosts, node, ending.question(node)), node, seen)
    if tasks is None:
        return "ends its tasks; it did not say which"
    which = f": {by_app(task.id for task in tasks)}" if tasks else ""
    return f"ends its {counted(len(tasks), 'task')}{which}"


def lines(run: Run, found: Retirement) -> Iterator[str]:
    """Say what is to be done, what stays and why, and what that comes to."""
    yield from planned.steps(found.plans, {})
    yield from grouped((name, f"stays: {one}.") for name, those in found.stays.items() for one in those)
    steps = sum(len(each.steps) for each in found.plans.values())
    what = counted(steps, "step") if steps else "Nothing to do"
    others = [node.name for node in run.cluster.nodes if node.name not in found.plans]
    unnamed = f" Not retired, because -H does not name them: {names(others)}." if others else ""
    if run.cluster.removed:
        leave = names(node.name for node in run.cluster.removed)
        unnamed += (
            f" Not retired, because they are in [removed]: {leave}; take them out of that group for it."
        )
    yield f"{what} on {counted(len(found.plans), 'host')}.{unnamed}"


def agree(name: str, yes: str | None, typed: TextIO | None = sys.stdin) -> None:
    """Go on if the cluster's name is given or typed. Raises BadInput."""
    said = _asked(name, typed) if yes is None else yes
    if said != name:
        raise BadInput(f"the cluster is called {name!r}, not {said!r}: nothing was changed")


def _asked(name: str, typed: TextIO | None) -> str:
    if typed is None or not typed.isatty():
        raise BadInput(f"nobody is there to be asked for the cluster's name; --yes {name} gives it")
    print(f"This cannot be undone. Type the cluster's name, {name}, to go on: ", end="", flush=True)
    return typed.readline().strip()


def retire(run: Run, shown: Retirement, keep_data: bool) -> Result:
    """Do what was shown. Raises Blocked if there is more to do by now, before anything is changed."""
    with lease.held(run) as leases:
        held = leases.secure()
        seen = run.hosts.each(run.hosts.nodes, lambda node: leases.inquire(node, inquiry(run, node)))
        others = {name: one for name, one in held.items() if name not in seen}
        found = _made(run, seen, others, keep_data)
        found.refuse()
        _refuse_more(shown, found)
        run.hosts.journal.retire(found.plans)
        for turn in sorted({step.turn for each in found.plans.values() for step in each.steps}):
            run.hosts.act({n: [s for s in each.steps if s.turn == turn] for n, each in found.plans.items()})
    sweep(run, others)
    hosts = counted(len(found.plans), "host")
    return Result(found.plans, (f"Nothing of {run.cluster.settings.cluster_name} runs on {hosts} any more",))


def _refuse_more(shown: Retirement, found: Retirement) -> None:
    more = [
        (name, f"{title}: this was not shown before.")
        for name, titles in found.steps.items()
        for title in sorted(titles - shown.steps.get(name, set()))
    ]
    if more:
        raise Blocked("\n".join([*grouped(more), "Nothing was changed. Run again."]))


def sweep(run: Run, others: Collection[str] = ()) -> None:
    """Remove what runs leave on the hosts, and on others that this one has held, too.

    Whoever is at work there by now keeps it.
    """
    held = [node for node in run.cluster.nodes if node.name in others]
    run.hosts.each([*run.hosts.nodes, *held], lambda node: run.hosts.execute(node, SWEEP))
