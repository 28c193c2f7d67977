"""Whole runs that reboot hosts which a test makes up: each is rebooted once, wherever a run is cut."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from drain_world import HERE, Wanted, World, asked, said, says
from fake_hosts import FakeHosts, ensemble_led_by
from samples import TRIO, as_wanted

from tasks.engine import rebooting
from tasks.engine.draining import DrainLimits
from tasks.engine.hearing import INQUIRY, Bounds
from tasks.engine.hosts import Inquiry
from tasks.engine.rebooting import RebootLimits
from tasks.engine.remote import Outcome, Staying
from tasks.engine.run import Run
from tasks.errors import Blocked, GateNotReached, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.report.last_words import last_words
from tasks.plan.step import Action, Step

ENSEMBLE = parse(TRIO)
WHOLE = parse(f"{TRIO}[mesos_master]\n10.70.0.11\n[marathon]\n10.70.0.11\n[mesos_agent]\n10.70.0.20\n")
FIRST, SECOND, THIRD = TRIO_NAMES = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
LIMITS = RebootLimits(pause=0, drain=DrainLimits(pause=0, lacking=0, changing=0))
LED = ensemble_led_by(FIRST)
RECOVERED = {"registrar/log/recovered": 1.0, "registrar/registry_size_bytes": 1.0}


class Machines:
    """What outlives a run: boots and notes of hosts; how many tries to reach one are in vain afterwards."""

    def __init__(self) -> None:
        self.boots: dict[str, int] = {}
        self.notes: dict[str, str] = {}
        self.away: dict[str, int] = {}
        self.broken: frozenset[str] = frozenset()
        self.absence = 2

    def told(self, name: str, boundary: str) -> str:
        """What a host answers to whoever asks for its boot, or nothing while it is away."""
        if self.away.get(name, 0):
            self.away[name] -= 1
            raise Unreachable("no route to host", host=name)
        boot, note = f"id {self.boots.get(name, 0)}", self.notes.get(name, "")
        return f"\n{boundary} boot\n{boot}\n\n{boundary} note\n{note}\n{boundary} end\n"

    def do(self, name: str, step: Step) -> None:
        """Carry out a step."""
        if step.action is Action.REBOOT and name not in self.broken:
            self.boots[name] = self.boots.get(name, 0) + 1
            self.away[name] = self.absence
        elif step.action is Action.NOTE and (found := re.search(r"^\{.*\}$", step.shell, re.MULTILINE)):
            self.notes[name] = found[0]
        elif step.action is Action.REMOVE:
            self.notes.pop(name, None)


class RebootHosts(FakeHosts):
    """Hosts that are machines; after `cut` commands Ctrl-C is typed, before or `after` the next one."""

    def __init__(
        self,
        machines: Machines,
        cluster: Cluster = ENSEMBLE,
        answers: Callable[[Question], str] = LED,
        cut: int = -1,
        after: bool = False,
        world: World | None = None,
        looks: Mapping[str, Observed] | None = None,
    ) -> None:
        looks = looks or {node.name: as_wanted(cluster, node) for node in cluster.nodes}
        super().__init__(cluster, *[looks] * 40, says=answers, in_vain=True)
        self.machines, self._left, self._after, self._world = machines, cut, after, world

    def inquire(self, node: Node, inquiry: Inquiry[object], staying: Staying | None = None) -> object:  # type: ignore[override]
        return inquiry.answer(node, self.machines.told(node.name, inquiry.end.removesuffix(" end")))

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        found = re.search("[0-9a-f]{32}", text)  # what is measured has none, and hears nobody
        return Outcome(0, self.machines.told(node.name, found[0]) if found else "")

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        is_last, self._left = self._left == 0, self._left - 1
        if is_last and not self._after:
            raise KeyboardInterrupt
        told = super().act(steps)
        for name, step in ((name, step) for name, own in steps.items() for step in own):
            self.machines.do(name, step)
            if self._world and step.action in (Action.RESERVE, Action.UNRESERVE, Action.SCALE, Action.KILL):
                self._world.do(asked(step))
            while self._world and (waiting := self._world.happenings()):
                self._world.happen(*waiting[0])
        if is_last:
            raise KeyboardInterrupt
        return told


def rebooted(of: RebootHosts, names: Collection[str] = TRIO_NAMES, within: int = 600) -> tuple[str, ...]:
    """Reboot these hosts; what was said at the end."""
    nodes = [node for node in of.nodes if node.name in names]
    limits = RebootLimits(within, pause=LIMITS.pause, drain=LIMITS.drain)
    return rebooting.reboot(Run(of), nodes, limits).says


def finished(machines: Machines) -> None:
    """Run it again until no host is on its way up when it begins."""
    for _ in range(3):
        with suppress(Unreachable):
            rebooted(RebootHosts(machines))
            return
    raise AssertionError("a host stays away")


def test_every_host_is_rebooted_once_the_leader_last_and_nothing_is_left_of_it() -> None:
    machines = Machines()
    of = RebootHosts(machines)
    assert rebooted(of) == ("10.70.0.11, .12, .10 were rebooted, and all services are well",)
    assert [line for line in of.done if line.endswith(" reboot")] == [
        "0.11 reboot",
        "0.12 reboot",
        "0.10 reboot",
    ]
    assert machines.boots == dict.fromkeys(TRIO_NAMES, 1) and machines.notes == {}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("cut", range(10))
def test_a_run_that_was_cut_anywhere_goes_on_and_reboots_none_twice(cut: int, after: bool) -> None:
    machines = Machines()
    with suppress(KeyboardInterrupt):
        rebooted(RebootHosts(machines, cut=cut, after=after))
    if machines.notes or not machines.boots:  # else it was cut behind its last command
        finished(machines)
    assert machines.boots == dict.fromkeys(TRIO_NAMES, 1) and machines.notes == {}


def test_a_run_that_is_cut_again_and_again_ends_all_the_same() -> None:
    machines, runs = Machines(), 0
    while runs == 0 or machines.notes:
        runs += 1
        with suppress(KeyboardInterrupt, Unreachable):
            rebooted(RebootHosts(machines, cut=2, after=True))
        assert runs < 20
    assert machines.boots == dict.fromkeys(TRIO_NAMES, 1) and runs > 2


def test_what_a_killed_run_had_stopped_in_its_turn_is_started_and_refuses_nobodys_turn() -> None:
    cluster = parse(f"{TRIO}[mesos_master]\n10.70.0.[10:12]\n")
    machines, halted = Machines(), False

    def answers(question: Question) -> str:
        if question.port == 2181:
            return LED(question)
        serves = question.address != SECOND or not halted or any("start" in line for line in of.done)
        return said({**RECOVERED, "master/elected": float(question.address == FIRST)}) if serves else ""

    of = RebootHosts(machines, cluster, answers, cut=1)
    with pytest.raises(KeyboardInterrupt):
        rebooted(of, [SECOND, THIRD])
    assert [*machines.notes] == [SECOND] and not machines.boots
    halted, looks = True, {node.name: as_wanted(cluster, node) for node in cluster.nodes}
    master = replace(looks[SECOND].containers["mesos-master-02"], status="exited")
    containers = {**looks[SECOND].containers, "mesos-master-02": master}
    looks[SECOND] = replace(looks[SECOND], containers=containers)
    of = RebootHosts(machines, cluster, answers, looks=looks)
    rebooting.preview(Run(of), of.nodes[1:], LIMITS)
    rebooted(of, [SECOND, THIRD])
    assert of.done[0] == "0.11 start mesos-master-02"
    assert machines.boots == {SECOND: 1, THIRD: 1} and machines.notes == {}


def test_what_an_earlier_run_has_done_is_said() -> None:
    machines = Machines()
    with pytest.raises(KeyboardInterrupt):
        rebooted(RebootHosts(machines, cut=3))  # in the second turn, behind its note
    told = rebooting.preview(Run(RebootHosts(machines)), RebootHosts(machines).nodes, LIMITS).says
    assert told[:2] == (
        "Goes on with a run that was cut short: 10.70.0.11 was rebooted by it",
        "10.70.0.12, .10 are drained, rebooted and used again, one after the other",
    )
    assert rebooted(RebootHosts(machines)) == (
        "10.70.0.12, .10 were rebooted, and all services are well",
        "10.70.0.11 was rebooted by the run that this one went on with; the next run begins anew",
    )


def test_a_run_over_other_hosts_is_a_new_one() -> None:
    machines = Machines()
    with pytest.raises(KeyboardInterrupt):
        rebooted(RebootHosts(machines, cut=3))
    rebooted(RebootHosts(machines), [SECOND])
    assert machines.boots == {SECOND: 2}


def test_the_first_host_that_does_not_come_back_ends_the_run_with_what_to_do() -> None:
    machines = Machines()
    machines.broken, machines.absence = frozenset({THIRD}), 0
    of = RebootHosts(machines)
    with pytest.raises(GateNotReached) as ended:
        rebooted(of, within=0)
    assert str(ended.value) == (
        "10.70.0.12  reboot: not back within 0 s: it still runs, and has not rebooted. Look at its console; "
        "once it is up, run this again. --within SECONDS waits longer."
    )
    assert machines.boots == {SECOND: 1}
    told = last_words(of.journal.progress)
    assert "ZooKeeper, when last asked: 2 of 3 members serve, 10.70.0.10 leads; one more failure" in told[0]
    assert told[-1] == (
        "Not rebooted yet: 10.70.0.10. The same command goes on with 10.70.0.12, which may be drained, or "
        "away; `fab host.resume 10.70.0.12` only gives back what its drain has taken."
    )


def test_a_host_that_stays_away_is_told_as_the_connection_has_it() -> None:
    machines = Machines()
    machines.absence = 99
    of = RebootHosts(machines)
    with pytest.raises(GateNotReached) as ended:
        rebooted(of, within=0)
    assert "10.70.0.11  reboot: not back within 0 s: no route to host." in str(ended.value)


def test_hosts_of_which_a_service_needs_one_are_refused_before_any_is_touched() -> None:
    machines = Machines()
    of = RebootHosts(machines, answers=lambda q: "" if q.address == THIRD else LED(q))
    for act in (rebooting.reboot, rebooting.preview):
        with pytest.raises(Blocked) as refused:
            act(Run(of), of.nodes, LIMITS)
        assert "ZooKeeper: 2 of 3 members serve and 2 must: without 10.70.0.1" in str(refused.value)
    assert of.done == []


def test_a_preview_says_the_order_and_changes_nothing() -> None:
    of = RebootHosts(Machines())
    assert rebooting.preview(Run(of), of.nodes, LIMITS).says[0] == (
        "10.70.0.11, .12, .10 are drained, rebooted and used again, one after the other"
    )
    assert of.done == []


def services(world: World) -> Callable[[Question], str]:
    """Answer as the services of the whole cluster do."""
    others = says(world, SECOND)
    return lambda question: LED(question) if question.port == 2181 else others(question)


def test_an_agent_has_no_tasks_when_it_goes_and_takes_them_again_afterwards() -> None:
    world = World({HERE: 4, "S1": 9}, {"/web": Wanted(2)})
    world.begin()
    machines = Machines()
    of = RebootHosts(machines, WHOLE, services(world), world=world)
    assert rebooted(of, ["10.70.0.20"]) == ("10.70.0.20 was rebooted, and all services are well",)
    kill, reboot = (next(i for i, line in enumerate(of.done) if word in line) for word in ("kill", " reboot"))
    assert kill < reboot and not any(task.agent == HERE for task in world.apps["/web"].tasks)
    assert world.reserved == [] and world.apps["/web"].running == 2


def test_what_its_journal_has_is_a_record_of_every_reboot() -> None:
    of = RebootHosts(Machines())
    rebooted(of)
    planned = [(name, step.title) for name, step in of.journal.planned]
    assert planned == [(SECOND, "reboot"), (THIRD, "reboot"), (FIRST, "reboot")]
    assert of.journal.progress.planned == 3
