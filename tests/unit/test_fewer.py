"""Members leave the ensemble or the masters: who is stopped when, and that nothing is lost on the way."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations
from json import dumps

import pytest
from fake_ensemble import FakeEnsemble
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted
from test_members import bare, host, listing, serving
from test_members import membership_of as told

from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.errors import Blocked
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed
from tasks.plan.membership import Membership
from tasks.plan.mesos_master.desired import data as log
from tasks.plan.mesos_master.replicas import membership as replicas_membership
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Action, HostPlan, Step
from tasks.plan.zookeeper.desired import data
from tasks.plan.zookeeper.fewer import order


def ensemble(*ids: int, leave: Collection[int] = ()) -> Cluster:
    lines = "".join(f"10.0.0.{id} myid={id}\n" for id in ids)
    gone = "".join(f"10.0.0.{id}\n" for id in leave)
    return parse(f"[zookeeper]\n{lines}" + (f"[removed]\n{gone}" if gone else ""))


# The walk, as data


@dataclass
class Walk:
    """An ensemble on its way from one list to another, of which any state may be the last one of a run."""

    old: frozenset[int]
    new: frozenset[int]
    leader: int
    up: set[int]
    ended: set[int] = field(default_factory=set)
    renewed: set[int] = field(default_factory=set)

    def list_of(self, id: int) -> frozenset[int]:
        return self.new if id in self.renewed else self.old

    def end(self, id: int) -> None:
        self.ended.add(id)
        self.down(id)

    def down(self, id: int) -> None:
        self.up.discard(id)
        if id == self.leader:
            self.leader = min(self.up & self.new)
        self.check()

    def renew(self, id: int) -> None:
        self.down(id)
        self.renewed.add(id)
        self.up.add(id)
        self.check()

    def check(self) -> None:
        """The leader has a majority of its own list, and no two majorities of who may ever come are apart."""
        own = self.list_of(self.leader)
        assert len(own & self.up) > len(own) // 2, f"no quorum: {self}"
        may_come = (self.old | self.new) - self.ended
        for one, other in combinations({self.list_of(id) for id in may_come}, 2):
            needs = len(one) // 2 + 1 + len(other) // 2 + 1
            assert needs > len((one | other) & may_come), f"two majorities: {self}"


@settings(deadline=None)
@given(st.data())
def test_from_any_list_to_any_two_members_fewer_no_quorum_is_lost_and_no_two_majorities_are_apart(
    data: st.DataObject,
) -> None:
    old = data.draw(st.sampled_from([3, 5, 7, 9]).flatmap(lambda n: st.permutations(range(1, n + 1))))
    leaves = old[:1] if len(old) == 3 else old[:2]
    ids = frozenset(old)
    if len(old) == 3:
        ids |= {4}  # somebody who has taken back a growth that was cut
    stay = sorted(ids - {*leaves})
    walk = Walk(ids, frozenset(stay), data.draw(st.sampled_from(stay)), set(ids))
    up = [str(id) for id in leaves if data.draw(st.booleans())]
    for id in (id for id in leaves if str(id) not in up):
        walk.end(id)
        if len(ids) == 4:
            return  # of four, one that is down already leaves no margin: the roll refuses that
    first, last = order([str(id) for id in leaves], up, str(walk.leader))
    for name in sorted(first):
        walk.end(int(name))
    if not last and len(old) == 5:
        return  # so it is with five of which two are down
    leader = walk.leader
    for id in (id for id in stay if id != leader):
        walk.renew(id)
    if last:
        walk.end(int(last))
    walk.renew(leader)
    assert walk.renewed == walk.new == walk.up


# What is planned, and refused


def test_five_become_three_in_one_stage_that_says_who_leaves() -> None:
    three = ensemble(1, 2, 3, 4, 5, leave=(4, 5))
    old = serving(three, listing(1, 2, 3))
    five = {name: host(three, n, listing(1, 2, 3, 4, 5), "follower") for n, name in enumerate(old, 1)}
    (stage,) = told(three, five).stages
    assert stage.cluster is three and [node.myid for node in stage.leaves] == [4, 5]
    assert stage.says == (
        "ZooKeeper shrinks to 3: 10.0.0.4 (id 4), 10.0.0.5 (id 5) are stopped for good, the others restart "
        "one by one"
    )
    half = {**five, "10.0.0.2": host(three, 2, listing(1, 2, 3), "follower")}
    assert told(three, half).stages[0].leaves == stage.leaves
    assert told(three, serving(three, listing(1, 2, 3))) == Membership()


REFUSED: dict[str, tuple[Cluster, Sequence[int], str]] = {
    "more than two": (ensemble(*range(1, 8), leave=(4, 5, 6, 7)), range(1, 8), "all but 2 of them out of"),
    "two of three": (ensemble(1, 2, 3, leave=(2, 3)), (1, 2, 3), "1 would be left, no majority of 3"),
    "what to do instead": (ensemble(1, 2, 3, leave=(2, 3)), (1, 2, 3), "`fab backup` and `fab retire` with"),
    "under another id": (
        ensemble(1, 2, 3, 4, leave=(3,)),
        (1, 2, 3),
        "one that leaves, give it the same myid",
    ),
    "others join": (ensemble(1, 2, 3, 4, leave=(3,)), (1, 2, 3), "would join it at once"),
    "one that is not in removed": (ensemble(1, 2, 3), (1, 2, 3, 4, 5), "its ensemble has the ids 1, 2, 3, 4"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_lose_data_or_a_quorum_stays_refused_with_its_reason(case: str) -> None:
    cluster, running, why = REFUSED[case]
    known = [node.myid for node in cluster.ensemble if node.myid in running]
    seen = bare(cluster, *(node.myid for node in cluster.ensemble))
    seen |= {f"10.0.0.{id}": host(cluster, id, listing(*running), "follower") for id in known}
    found = told(cluster, seen)
    assert not found.stages and why in " ".join(str(blocker) for _, blocker in found.objections)


@pytest.mark.parametrize(
    ("size", "gone", "short"),
    [
        (5, (4,), ""),
        (
            5,
            (4, 5),
            "while one of the others restarts, 2 of 5 would serve, 3 must. Give a new machine the address",
        ),
        (7, (6, 7), ""),
    ],
)
def test_who_is_gone_for_good_is_left_out_if_there_are_enough_without_it(
    size: int, gone: Sequence[int], short: str
) -> None:
    fewer = ensemble(*range(1, size + 1), leave=(size - 1, size))
    fewer = replace(fewer, gone=frozenset(f"10.0.0.{id}" for id in gone))
    old = listing(*range(1, size + 1))
    seen = {f"10.0.0.{n}": host(fewer, n, old, "follower") for n in range(1, size - 1)}
    found = told(fewer, seen)
    assert bool(found.stages) is not bool(short)
    assert short in " ".join(str(blocker) for _, blocker in found.objections)


def test_nobody_leaves_if_one_that_stays_is_left_out() -> None:
    three = ensemble(1, 2, 3, 4, 5, leave=(4, 5))
    five = {f"10.0.0.{n}": host(three, n, listing(1, 2, 3, 4, 5), "follower") for n in (1, 2, 3)}
    assert "Run without -H" in str(told(three, five, ["10.0.0.1"]).objections[0][1])


FIVE, THREE = ensemble(1, 2, 3, 4, 5), ensemble(1, 2, 3, 4, 5, leave=(4, 5))


@dataclass
class State:
    """Which members are up, which have the new list, who leads; `cut` steps are done before Ctrl-C."""

    leader: str
    cut: int = -1
    up: set[str] = field(default_factory=lambda: {f"10.0.0.{n}" for n in range(1, 6)})
    renewed: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    gone: frozenset[str] = frozenset()


class Members(FakeEnsemble[State]):
    """Five ZooKeepers of which two leave; each look and each answer is that of now."""

    def __init__(self, state: State) -> None:
        super().__init__(replace(THREE, gone=state.gone), state)

    def _seen(self, node: Node) -> Observed:
        if node in THREE.removed or not node.roles:
            return Observed(engine=True)
        own = next(each for each in THREE.nodes if each.name == node.name)
        seen = as_wanted(THREE if node.name in self.state.renewed else FIVE, own)
        return replace(seen, answers=self.answers_of(node.address), holdings={data(own): ("log.1",)})

    def leader(self) -> str:
        return self.state.leader

    def do(self, name: str, step: Step) -> None:
        state = self.state
        if step.action is Action.STOP:
            state.done.append(f"end {name[-1]}")
            self._down(name)
        elif step.action in (Action.REPLACE, Action.START):
            state.done.append(f"{step.action.name.lower()} {name[-1]}")
            self._down(name)
            state.up.add(name)
            state.renewed |= {name} if step.action is Action.REPLACE else set()

    def _down(self, name: str) -> None:
        state = self.state
        state.up.discard(name)
        if name == state.leader:
            state.leader = min(state.up)
        goes_by = {f"10.0.0.{n}" for n in ((1, 2, 3) if state.leader in state.renewed else range(1, 6))}
        assert len(state.up & goes_by) > len(goes_by) // 2, f"no quorum after {state.done}"


# The masters


def masters(*ids: int, leave: Collection[int] = ()) -> Cluster:
    hosts = "".join(f"10.0.0.{n} number={n}\n" for n in ids)
    gone = "".join(f"10.0.0.{n}\n" for n in leave)
    removed = f"[removed]\n{gone}" if gone else ""
    return parse(f"[zookeeper]\n10.0.1.1 myid=1\n[mesos_master]\n{hosts}{removed}")


def of_masters(cluster: Cluster, quorum: int, replicas: int, leader: int = 1, idle: int = 0) -> Membership:
    """What is said of masters that run with a quorum, where the leader sees so many replicas."""
    seen = {}
    for node in cluster.having("mesos_master"):
        if node.number > replicas and leader:
            seen[node.name] = Observed()
            continue
        leads = node.number == leader
        told = {"master/elected": float(leads), "registrar/log/ensemble_size": float(replicas)}
        said = f"HTTP/1.0 200 OK\r\n\r\n{dumps(told)}"
        answers = {} if node.number == idle else {"mesos_master metrics": said}
        environment = {"MESOS_QUORUM": str(quorum), "MESOS_REGISTRY": "replicated_log"}
        container = SeenContainer(status="running", environment=environment)
        seen[node.name] = Observed(
            containers={f"mesos-master-{node.number:02}": container},
            holdings={log(node): ("CURRENT",)},
            answers=answers,
        )
    return replicas_membership(cluster, seen, {name: HostPlan(name, ()) for name in seen})


def test_five_masters_become_three_when_two_have_left_for_good() -> None:
    three = masters(1, 2, 3, 4, 5, leave=(4, 5))
    for leader in (1, 0):  # one that leaves may lead, then no other says how many replicas there are
        (stage,) = of_masters(three, 3, 5, leader).stages
        assert [node.name for node in stage.leaves] == ["10.0.0.4", "10.0.0.5"] and stage.cluster is three
        assert stage.says == ("Of the masters 10.0.0.4, .5 are stopped for good, the others get quorum 2")
    assert of_masters(three, 3, 3).stages[0].leaves == stage.leaves  # they must not come back meanwhile
    assert of_masters(three, 2, 3) == Membership()


def test_a_master_that_is_gone_for_good_is_left_out_and_others_must_not_join_while_the_number_changes() -> (
    None
):
    dead = replace(masters(1, 2, 3, 4, leave=(3,)), gone=frozenset({"10.0.0.3"}))
    (stage,) = of_masters(dead, 2, 2).stages  # the log has forgotten it
    assert stage.says.startswith(
        "Of the masters 10.0.0.3 is gone for good, the others get quorum 2, then 10.0"
    )
    assert [node.name for node in stage.leaves] == ["10.0.0.3"]
    mixed = of_masters(masters(*range(1, 9), leave=(5,)), 3, 5)
    assert "10.0.0.5 leaves while 10.0.0.6, .7, .8 join" in str(mixed.objections[0][1])


def test_a_new_master_starts_when_the_one_it_replaces_has_left() -> None:
    (stage,) = of_masters(masters(1, 2, 3, 4, leave=(3,)), 2, 3).stages
    assert (
        stage.says
        == "Of the masters 10.0.0.3 is stopped for good, the others get quorum 2, then 10.0.0.4 may start"
    )


@pytest.mark.parametrize(
    "cluster, quorum, replicas, idle, why",
    [
        (masters(1, 2, 3, leave=(2, 3)), 2, 3, 0, "of three masters no one alone is a quorum"),
        (
            masters(*range(1, 8), leave=(4, 5, 6, 7)),
            4,
            7,
            0,
            "by two at a time, to 5 first",
        ),
        (masters(1, 2, 3, 4, 5, leave=(4, 5)), 3, 5, 2, "10.0.0.2 does not answer: all that stay must"),
        (masters(1, 2, 3, 4, 5, leave=(2, 3)), 2, 3, 0, "the 1 with a log that stay are not a quorum of 2"),
    ],
)
def test_masters_that_cannot_leave_are_named_with_the_reason(
    cluster: Cluster, quorum: int, replicas: int, idle: int, why: str
) -> None:
    told = of_masters(cluster, quorum, replicas, idle=idle)
    assert not told.stages and why in " ".join(str(blocker) for _, blocker in told.objections)


# Whole runs


def shrunk(state: State) -> list[str]:
    deploy(Run(Members(state), [ZOOKEEPER]))
    return state.done


def test_one_leaves_first_the_other_before_the_leader_restarts_and_no_quorum_is_lost() -> None:
    assert shrunk(State("10.0.0.1")) == ["end 4", "replace 2", "replace 3", "end 5", "replace 1"]
    assert shrunk(State("10.0.0.3")) == ["end 4", "replace 1", "replace 2", "end 5", "replace 3"]


def test_a_leader_that_leaves_is_stopped_for_a_moment_so_that_one_that_stays_leads() -> None:
    for leader, first in (("5", "4"), ("4", "5")):
        done = shrunk(State(f"10.0.0.{leader}"))
        rest = ["replace 2", "replace 3", f"end {leader}", "replace 1"]
        assert done == [f"end {first}", f"end {leader}", f"start {leader}", *rest]


@pytest.mark.parametrize("leader", ["10.0.0.1", "10.0.0.4"])
@pytest.mark.parametrize("cut", range(16))
def test_a_run_that_was_cut_anywhere_is_finished_by_the_next(leader: str, cut: int) -> None:
    state = State(leader, cut)
    with suppress(KeyboardInterrupt):
        shrunk(state)
    state.cut = -1
    shrunk(state)
    assert state.up == state.renewed == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}


def test_one_that_is_gone_for_good_is_left_out_and_the_other_one_serves_until_the_last() -> None:
    state = State("10.0.0.1", gone=frozenset({"10.0.0.5"}))
    state.up -= state.gone
    assert shrunk(state) == ["replace 2", "replace 3", "end 4", "replace 1"]


def test_who_was_down_when_a_run_was_cut_comes_back_before_anybody_else_is_touched() -> None:
    state = State("10.0.0.1")
    state.up -= {"10.0.0.2", "10.0.0.4"}
    assert shrunk(state) == ["end 4", "replace 2", "replace 3", "end 5", "replace 1"]


def test_nobody_is_stopped_for_good_while_one_that_stays_is_down() -> None:
    state = State("10.0.0.1")
    state.up.discard("10.0.0.2")
    with pytest.raises(Blocked, match="10.0.0.2 does not serve, and all that stay must"):
        shrunk(state)
    assert state.done == []
