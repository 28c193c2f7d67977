"""Hosts are rebooted one after the other: each is drained, awaited, and used again once all is well."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..errors import GateNotReached, Unreachable
from ..inventory.cluster import Node
from ..plan import roll
from ..plan.look import boot
from ..plan.look.boot import Boot, Note, Order
from ..plan.look.observed import Observed
from ..plan.names import Id
from ..plan.roll import Standings
from ..plan.step import Action, HostPlan, Step
from ..plan.words import names, verb
from . import availability, draining, gates, lease, succession
from .hosts import Inquiry
from .lease import Leases, NotLocked, Taken
from .performing import Result
from .run import Run

WITHIN = 600
"""Seconds in which a host must be back, if nobody says otherwise: large machines test their memory first."""

WHY = "all hosts of this run are rebooted, one after the other"
REBOOT = Step(Id.SET_IP, Action.REBOOT, "reboot", WHY, boot.REBOOT, risk="restart")
FORGET = Step(Id.SET_IP, Action.REMOVE, "drop the note of its turn", WHY, boot.FORGETTING, "settle")


@dataclass(frozen=True)
class RebootLimits:
    """Seconds: between two tries to reach a host, within which it must be back, and those of drains.

    `timeout` is how long tasks are moved before they are left, None if that is no choice.
    """

    within: int = WITHIN
    timeout: int | None = None
    pause: float = 1
    drain: draining.DrainLimits = draining.DrainLimits()


@dataclass(frozen=True)
class HostsFound:
    """What a run has found on its hosts, which stand in the order of a new run; and its course."""

    nodes: Mapping[str, Node]
    boots: Mapping[str, Boot]
    course: Order


def preview(run: Run, nodes: Sequence[Node], limits: RebootLimits) -> Result:
    """Say what a reboot of these hosts would do now; raise Blocked as it would. Nothing is changed."""
    found = _found(run, nodes, lambda node, asked: run.hosts.inquire(node, asked))
    return Result(
        {}, (*_order(found.course), *(() if found.course.awaited else _foretold(run, found, limits)))
    )


def reboot(run: Run, nodes: Sequence[Node], limits: RebootLimits) -> Result:
    """Reboot these hosts, or go on where a run over the same ones was cut short.

    Raises Blocked if a service would stop without one of them, or tasks cannot be moved; GateNotReached at
    the first that is not back and well in time; else what a drain raises.
    """
    with lease.held(run) as leases:
        seen = leases.secure()
        found = _found(run, nodes, leases.inquire)
        for line in _order(found.course):
            run.console.say(f"{line}.")
        turns = _Turns(run, leases, seen, found, limits)
        turns.finish()
        _foretold(run, found, limits)
        run.hosts.journal.plan(
            run.cluster, {name: HostPlan(name, (), (REBOOT,)) for name in found.course.due}
        )
        over = [each for name in found.course.due for each in turns.take(found.nodes[name])]
        turns.forget()
    return Result({}, tuple(_told(found.course)), tuple(over))


def _found(run: Run, nodes: Sequence[Node], inquire: Callable[[Node, Inquiry[Boot]], Boot]) -> HostsFound:
    boots = run.hosts.each(nodes, lambda node: inquire(node, _inquiry()))
    known = {node.name: node for node in nodes}
    ordered = roll.leaders_last(gates.standings_now(run.hosts, gates.services(run.hosts)), [*known])
    return HostsFound({name: known[name] for name in ordered}, boots, boot.course(ordered, boots))


def _inquiry() -> Inquiry[Boot]:
    return Inquiry.of("look", boot.asking, boot.read)


def _order(course: Order) -> list[str]:
    lines = []
    if course.done:
        was = verb(course.done, "was", "were")
        lines.append(f"Goes on with a run that was cut short: {was} rebooted by it")
    if course.awaited:
        lines.append(f"{course.awaited} was rebooted; it is awaited and used again")
    if course.due:
        one_by_one = ", one after the other" if len(course.due) > 1 else ""
        lines.append(f"{verb(course.due, 'is', 'are')} drained, rebooted and used again{one_by_one}")
    return lines


def _foretold(run: Run, found: HostsFound, limits: RebootLimits) -> list[str]:
    """Say what each drain would do now. Raises Blocked as it would, so before any host is touched.

    A host at which a run was cut short has all its members again when the others' turns come.
    """
    due = [found.nodes[name] for name in found.course.due]
    begun = due[0].name if due and found.boots[due[0].name].note else ""
    return [line for node in due for line in draining.preview(run, node, limits.timeout, begun).says]


def _told(course: Order) -> list[str]:
    new = (*([course.awaited] if course.awaited else []), *course.due)
    lines = [f"{verb(new, 'was', 'were')} rebooted, and all services are well"]
    if course.done:
        earlier = f"{verb(course.done, 'was', 'were')} rebooted by the run that this one went on with"
        lines.append(f"{earlier}; the next run begins anew")
    return lines


class _Turns:
    """The turns of a run; in each of them one host is rebooted."""

    def __init__(
        self, run: Run, leases: Leases, seen: Mapping[str, Observed], found: HostsFound, limits: RebootLimits
    ) -> None:
        self._run, self._hosts, self._leases, self._limits = run, run.hosts, leases, limits
        self._seen, self._found = dict(seen), found
        self._noted = [name for name in found.nodes if found.boots[name].note]

    def finish(self) -> None:
        """Await the host at which a run was cut short, if it was rebooted before that."""
        if not (name := self._found.course.awaited):
            return
        node, note = self._found.nodes[name], self._found.boots[name].note
        assert note is not None  # which says that it was rebooted
        self._expect(node)
        self._leases.lose(node)  # which is taken anew once the host is up, as in any turn
        members = [each.service for each in gates.services(self._hosts) if each.concerns(node)]
        self._see_back(node, note.boot, members, {})

    def take(self, node: Node) -> tuple[str, ...]:
        """Reboot a host; say what was over its budget."""
        if self._found.boots[node.name].note:
            succession.bring_back(self._hosts, node, self._seen[node.name])
        before = gates.standings_now(self._hosts, gates.services(self._hosts))
        self._expect(node)
        self._note(node)
        try:
            done = draining.empty(self._run, node, self._seen, self._limits.timeout, self._limits.drain)
        finally:
            self._expect(node)
        for line in done.says:
            self._run.console.say(f"{line}.")
        others = self._hosts.among({each.name for each in self._hosts.nodes} - {node.name})
        with availability.measured(others, {}, more=bool(others.nodes)) as over:
            self._hosts.act({node.name: [REBOOT]})
            self._leases.lose(node)
            served = [service for service, standing in before.items() if node.name in standing.serving]
            self._see_back(node, self._found.boots[node.name].id, served, before)
        return (*done.over_budget, *over)

    def forget(self) -> None:
        """Drop all notes, the newest one last: a run that is cut here must not take the next one for new."""
        for name in self._noted:
            self._hosts.act({name: [FORGET]})
        self._noted.clear()

    def _left(self, node: Node) -> tuple[str, ...]:
        due = self._found.course.due
        return due[due.index(node.name) + 1 :] if node.name in due else due

    def _expect(self, node: Node) -> None:
        left = self._left(node)
        others = f"Not rebooted yet: {names(left)}. " if left else ""
        self._hosts.journal.expect(
            f"{others}The same command goes on with {node.name}, which may be drained, or away; "
            f"`fab host.resume {node.name}` only gives back what its drain has taken."
        )

    def _note(self, node: Node) -> None:
        """Note whose turn it is, then drop the notes of the turns before."""
        note = Note(self._found.boots[node.name].id, tuple(self._found.nodes), self._left(node))
        step = Step(Id.SET_IP, Action.NOTE, "note whose turn it is", WHY, boot.noting(note))
        self._hosts.act({node.name: [step]})
        self._noted = [name for name in self._noted if name != node.name]
        self.forget()
        self._noted = [node.name]

    def _see_back(self, node: Node, before: str, members: Collection[str], standings: Standings) -> None:
        """Wait until a host is back from its boot `before`, and all services are well; then use it again."""
        deadline = time.monotonic() + self._limits.within
        self._run.console.begin(node.name, f"{Id.SET_IP} wait until it is back", Id.SET_IP)
        try:
            self._await(node, lambda: self._not_rebooted(node, before), deadline)
        except GateNotReached:
            self._run.console.end(node.name, "failed")
            raise
        self._run.console.end(node.name, "ok")
        self._await(node, lambda: self._not_ready(node), deadline)
        for chapter in (each for each in gates.services(self._hosts) if each.service in members):
            gates.reach_member(self._hosts, chapter, node)
        gates.recover(self._hosts, standings)
        draining.give_back(self._run, node, self._limits.drain)

    def _await(self, node: Node, trouble: Callable[[], str], deadline: float) -> None:
        while told := trouble():
            self._run.console.alive(node.name, told)
            if time.monotonic() > deadline:
                seen = f"not back within {self._limits.within} s: {told}"
                remedy = "Look at its console; once it is up, run this again. --within SECONDS waits longer."
                raise GateNotReached(seen, remedy, node.name, "reboot")
            time.sleep(self._limits.pause)

    def _not_rebooted(self, node: Node, before: str) -> str:
        asked = _inquiry()
        try:  # without a word on the console: that tells of the wait
            now = asked.answer(node, self._hosts.execute(node, asked.script, asked.over).text)
        except Unreachable as error:
            self._hosts.lose(node)
            return error.seen
        return "it still runs, and has not rebooted" if now.id == before else ""

    def _not_ready(self, node: Node) -> str:
        """Take the lease, which has ended with the old boot; say what keeps the host from being used."""
        try:
            seen = self._leases.renew(node)
        except (Taken, NotLocked, Unreachable) as error:
            told = error.seen
        else:
            told = self._lacks(node, seen)
        if told:
            self._leases.lose(node)
        return told

    def _lacks(self, node: Node, seen: Observed) -> str:
        """Say what of a host is not as it was before; if nothing, keep what was seen."""
        if not seen.engine:
            return f"docker does not answer ({seen.engine_error})"
        ran = [name for name, each in self._seen[node.name].containers.items() if each.runs]
        if gone := [name for name in ran if not seen.container(name).runs]:
            return f"{verb(gone, 'does', 'do')} not run"
        self._seen[node.name] = seen
        return ""
