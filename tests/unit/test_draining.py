"""Whole runs of a drain and of a resume, over hosts and services that a test makes up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from drain_world import HERE, Wanted, World, asked, says
from drain_world import said as told_over_http
from fake_hosts import FakeHosts, ensemble_led_by
from samples import TRIO, as_wanted

from tasks.engine import draining, recording, succession
from tasks.engine.command import tell
from tasks.engine.draining import DrainLimits
from tasks.engine.performing import Result
from tasks.engine.run import Run
from tasks.errors import Blocked, GateNotReached
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.mesos_agent import requests
from tasks.plan.mesos_agent.moving import Kill
from tasks.plan.report.record import read
from tasks.plan.runbook import MARATHON
from tasks.plan.step import Action, Step

CLUSTER = parse(
    f"{TRIO}[mesos_master]\n10.70.0.[10:12]\n[marathon]\n10.70.0.[10:12]\n[mesos_agent]\n10.70.0.20\n"
)
FIRST, SECOND, THIRD, AGENT = CLUSTER.nodes
AT_ONCE = DrainLimits(pause=0, lacking=0, changing=0)


class DrainHosts(FakeHosts):
    """Hosts with a world, to which requests come as the shell of a step has them.

    Ctrl-C is typed after `cut` commands, before the next one or `behind` it.
    """

    def __init__(
        self, world: World, answers: Callable[[Question], str], cut: int = -1, behind: bool = False
    ) -> None:
        looks = {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes}
        super().__init__(CLUSTER, looks, looks, says=answers, in_vain=True)
        self.world, self._left, self._behind = world, cut, behind

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        is_cut, self._left = self._left == 0, self._left - 1
        if is_cut and not self._behind:
            raise KeyboardInterrupt
        told = super().act(steps)
        for step in (step for own in steps.values() for step in own):
            if step.action in (Action.RESERVE, Action.UNRESERVE, Action.SCALE, Action.KILL):
                self.world.do(asked(step))
            while waiting := self.world.happenings():
                self.world.happen(*waiting[0])
        if is_cut:
            raise KeyboardInterrupt
        return told


def a_world(room: int = 9) -> World:
    """An app of three with two tasks on the agent, and one of one; so much room elsewhere."""
    world = World({HERE: 4, "S1": room}, {"/web": Wanted(3), "/jobs/cron": Wanted(1)})
    world.begin()
    return world


def hosts(
    world: World,
    *,
    leader: str = "10.70.0.11",
    cut: int = -1,
    behind: bool = False,
    others: tuple[str, ...] = (),
) -> DrainHosts:
    """Everything is well, and who is on one host leads."""
    return DrainHosts(world, says(world, leader, others), cut, behind)


def drained(of: DrainHosts, timeout: int | None = None) -> tuple[str, ...]:
    """Drain the agent; what was said at the end."""
    return draining.drain(Run(of), AGENT, timeout, AT_ONCE).says


def test_a_drain_tells_what_it_did_and_leaves_a_record_as_any_change_does(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    of = hosts(a_world())
    steps = "10.70.0.11  4.2 scale /web to 6  changed"
    tell(
        of,
        lambda: draining.drain(Run(of), AGENT, None, AT_ONCE),
        lambda hosts, failure: recording.keep(hosts, "host.drain", failure, tmp_path),
    )
    told = capsys.readouterr().out
    assert steps in told and f"\n{len(of.done)} steps carried out, " in told
    (file,) = tmp_path.glob("*-host.drain.json")
    assert read(file.read_text()).changes == len(of.done)
    assert "scale /web to 6" in file.with_suffix(".html").read_text()


def test_a_preview_of_a_drain_leaves_no_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of = hosts(a_world())
    tell(
        of,
        lambda: draining.preview(Run(of), AGENT),
        lambda hosts, failure: recording.keep(hosts, "host.drain", failure, tmp_path),
    )
    assert not [*tmp_path.iterdir()] and "0 steps carried out, " in capsys.readouterr().out


def test_a_drained_agent_has_no_tasks_and_its_apps_what_they_had(capsys: pytest.CaptureFixture[str]) -> None:
    world = a_world()
    of = hosts(world)
    assert drained(of) == ("10.70.0.20 is drained. Once the work there is done: fab host.resume 10.70.0.20",)
    assert of.done[:3] == [
        "0.11 reserve what is free on 10.70.0.20, with a note of /web, /jobs/cron",
        "0.11 scale /web to 6",
        "0.11 scale /jobs/cron to 2",
    ]
    assert {name: (app.instances, app.running) for name, app in world.apps.items()} == {
        "/web": (3, 3),
        "/jobs/cron": (1, 1),
    }
    assert not world.free() and not any(part.note for part in world.reserved)
    assert not any(task.agent == HERE for app in world.apps.values() for task in app.tasks)
    assert draining.resume(Run(hosts(world)), AGENT, AT_ONCE).says == ("10.70.0.20 takes tasks again",)
    assert world.reserved == []


Act = Callable[[DrainHosts], object]
"""A drain, or a resume, over these hosts."""


def given_back(of: DrainHosts) -> object:
    """Resume the host."""
    return draining.resume(Run(of), AGENT, AT_ONCE)


@pytest.mark.parametrize("behind", [False, True], ids=["before it", "behind it"])
@pytest.mark.parametrize("then", [drained, given_back])
@pytest.mark.parametrize("first", [drained, given_back])
def test_a_run_that_was_cut_at_any_command_is_finished_by_the_next_or_given_back(
    first: Act, then: Act, behind: bool
) -> None:
    cut, is_cut = 0, True
    while is_cut:
        world = a_world()
        if first is given_back:
            drained(hosts(world))
        is_cut = False
        try:
            first(hosts(world, cut=cut, behind=behind))
        except KeyboardInterrupt:
            is_cut = True
        then(hosts(world))
        assert [(app.instances, app.running) for app in world.apps.values()] == [(3, 3), (1, 1)], cut
        assert bool(world.reserved) is (then is drained), cut
        cut += 1
    assert cut > (5 if first is drained else 1)


def test_without_room_elsewhere_everything_is_given_back() -> None:
    world = a_world(room=1)
    with pytest.raises(Blocked) as refused:
        drained(hosts(world))
    assert "10.70.0.20  /web: 4 of 6 instances are up, and the offers that Marathon gets lack" in str(
        refused.value
    )
    assert "Everything was given back" in str(refused.value) and world.reserved == []
    assert [(app.instances, app.running) for app in world.apps.values()] == [(3, 3), (1, 1)]


def test_with_a_timeout_what_finds_no_room_is_left_and_said() -> None:
    world = a_world(room=1)
    assert drained(hosts(world), timeout=0)[:-1] == (
        "10.70.0.20  3 tasks of /web could not be moved: that ends with the host",
        "10.70.0.20  1 task of /jobs/cron could not be moved: that ends with the host",
    )
    assert [(app.instances, app.running) for app in world.apps.values()] == [(3, 3), (1, 1)]
    assert not world.free() and not any(part.note for part in world.reserved)


def test_tasks_of_another_framework_are_named_and_nothing_is_changed() -> None:
    of = hosts(a_world(), others=("spark-7",))
    with pytest.raises(Blocked) as refused:
        drained(of)
    assert str(refused.value).splitlines() == [
        "10.70.0.20  1 task there belongs to another framework or to a pod (spark-7).",
        "Nothing was changed. Move or end that by hand, or have it left there, to end with the host: "
        "--drain-timeout SECONDS.",
    ]
    assert of.done == []
    left = drained(hosts(a_world(), others=("spark-7",)), timeout=5)
    assert left[0].endswith("another framework or to a pod (spark-7): that ends with the host")


def test_who_comes_before_the_agent_is_closed_has_everything_given_back() -> None:
    world, of = a_world(), None

    def answer(question: Question) -> str:
        others = ("spark-7",) if of and of.done else ()
        return says(world, "10.70.0.11", others)(question)

    of = DrainHosts(world, answer)
    with pytest.raises(Blocked) as refused:
        drained(of)
    assert "(spark-7).\nEverything was given back" in str(refused.value) and world.reserved == []


def test_a_preview_changes_nothing() -> None:
    of = hosts(a_world())
    assert draining.preview(Run(of), AGENT).says == (
        "10.70.0.20  moves 4 tasks to other agents: 1 of /jobs/cron, 3 of /web",
        "10.70.0.20  reserves what is free there for the role mesofab-drain, so that nothing new comes",
    )
    assert of.done == []


def test_while_a_zookeeper_or_a_master_leaves_no_host_is_drained() -> None:
    five = TRIO.replace("[zookeeper]\n", "[zookeeper]\n10.70.0.13 myid=4\n10.70.0.14 myid=5\n")
    cluster = parse(f"{five}[mesos_agent]\n10.70.0.20\n[removed]\n10.70.0.13\n10.70.0.14\n")
    of = FakeHosts(cluster, says=lambda question: "", in_vain=True)
    agent = cluster.having("mesos_agent")[0]
    with pytest.raises(Blocked, match=r"^10\.70\.0\.13, \.14  in \[removed\]: .* Nothing was changed"):
        draining.preview(Run(of), agent)


def test_a_host_that_a_quorum_needs_is_not_drained() -> None:
    of = FakeHosts(CLUSTER, says=lambda question: "", in_vain=True)
    with pytest.raises(Blocked) as refused:
        draining.preview(Run(of), FIRST)
    assert "10.70.0.10  ZooKeeper: 0 of 3 members serve and 2 must: without 10.70.0.10 it would stop." in str(
        refused.value
    )


def test_a_host_without_an_agent_has_nothing_to_give_back() -> None:
    of = hosts(a_world())
    said = draining.resume(Run(of), FIRST, AT_ONCE).says
    assert said == ("10.70.0.10 has no agent, so there is nothing to give back",)


def test_a_request_names_the_tasks_and_wants_as_many_fewer() -> None:
    move = Kill("/web", ("web.1", "web.2"))
    (step,) = requests.steps([move], HERE, AGENT.name, SECOND, THIRD)[THIRD.name]
    assert asked(step) == Kill("", ("web.1", "web.2"))
    assert step.title == "kill 2 tasks of /web, which wants as many fewer"


def test_what_is_refused_again_and_again_ends_in_a_sentence() -> None:
    world = a_world()
    drained(hosts(world))

    class Refused(World):
        """One whose master gives nothing back."""

        def do(self, move: object) -> None:
            """Do nothing."""

    refusing = Refused(world.rooms, world.apps, reserved=world.reserved)
    limits = DrainLimits(pause=0, lacking=0, changing=0)
    with pytest.raises(GateNotReached) as ended:
        draining.resume(Run(hosts(refusing)), AGENT, limits)
    assert "10.70.0.20  5.3 Mesos agents: what was asked for is refused." in str(ended.value)


def test_a_member_that_does_not_lead_stays_as_it_is() -> None:
    of = hosts(a_world(), leader=FIRST.name)
    looks = {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes}
    assert succession.step_down(Run(of, [MARATHON]), SECOND, looks) == () and of.done == []


WELL = {"registrar/log/recovered": 1.0, "registrar/registry_size_bytes": 1.0}


def with_a_halted_master() -> FakeHosts:
    """Hosts of which the first one's master does not run, and answers once something was done."""
    others = says(a_world(), SECOND.name)

    def answer(question: Question) -> str:
        if question.port == 2181:
            return ensemble_led_by(THIRD.name)(question)
        if question.port == 5050 and "/metrics" in question.word:
            halted = question.address == FIRST.address and not of.done
            leads = float(question.address == SECOND.address)
            return "" if halted else told_over_http({**WELL, "master/elected": leads})
        return others(question)

    looks = {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes}
    first = looks[FIRST.name]
    halted = replace(first.containers["mesos-master-01"], status="exited")
    looks[FIRST.name] = replace(first, containers={**first.containers, "mesos-master-01": halted})
    of = FakeHosts(CLUSTER, looks, looks, says=answer, in_vain=True)
    return of


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda run: draining.drain(run, FIRST, None, AT_ONCE), "10.70.0.10 is drained"),
        (lambda run: draining.resume(run, FIRST, AT_ONCE), "has no agent, so its master runs again"),
    ],
    ids=["drain", "resume"],
)
def test_a_master_that_a_killed_run_had_stopped_to_have_another_one_lead_is_started(
    act: Callable[[Run], Result], told: str
) -> None:
    of = with_a_halted_master()
    assert told in act(Run(of)).says[-1]
    assert of.done == ["0.10 start mesos-master-01"]
