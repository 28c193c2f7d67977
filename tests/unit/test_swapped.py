"""Members are replaced by others on new hosts: who is stopped and started when, and what is refused."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations

import pytest
from fake_ensemble import FakeEnsemble
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted
from test_members import bare, host, listing
from test_members import membership_of as told

from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.errors import Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.look.observed import Observed
from tasks.plan.membership import Membership
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Action, Step
from tasks.plan.zookeeper.desired import data

RECENT = "Zookeeper version: 3.8.0-x, built on\n"


def cluster(size: int, *swapped: int, gone: Collection[int] = ()) -> Cluster:
    """An ensemble of so many members, of which some ids are on a new host, 10.0.0.1ID."""
    lines = "".join(f"10.0.0.{id} myid={id}\n" for id in range(1, size + 1))
    new = "".join(f"10.0.0.1{id} myid={id}\n" for id in swapped)
    removed = "".join(f"10.0.0.{id}\n" for id in swapped)
    found = parse(f"[zookeeper]\n{lines}{new}[removed]\n{removed}")
    return replace(found, gone=frozenset(f"10.0.0.{id}" for id in gone))


def old(size: int) -> Cluster:
    return parse("[zookeeper]\n" + "".join(f"10.0.0.{id} myid={id}\n" for id in range(1, size + 1)))


# What is planned, and refused


def looks(after: Cluster, size: int, leader: int, version: str = "") -> dict[str, Observed]:
    """Those that stay serve by the old list; new hosts have nothing."""
    seen = {}
    for node in after.ensemble:
        stays = node.name == f"10.0.0.{node.myid}"
        mode = "leader" if node.myid == leader else "follower"
        own = host(after, node.myid, listing(*range(1, size + 1)) if stays else {}, mode if stays else "")
        srvr = version + own.answers["zookeeper srvr"]
        seen[node.name] = (
            replace(own, answers={**own.answers, "zookeeper srvr": srvr}) if stays else bare_host(own)
        )
    return seen


def bare_host(seen: Observed) -> Observed:
    return replace(seen, holdings={}, paths={}, containers={})


def why(found: Membership) -> str:
    return " ".join(str(blocker) for _, blocker in found.objections)


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ((), "10.0.0.3 is stopped for good, 10.0.0.13 starts empty, then the others restart one by one"),
        ((3,), "10.0.0.3 is gone for good, 10.0.0.13 starts empty, then the others restart one by one"),
    ],
)
def test_one_stage_replaces_a_member_living_or_gone(gone: Sequence[int], says: str) -> None:
    after = cluster(3, 3, gone=gone)
    for leader in (1, 3):  # who leaves may lead: nobody is asked there
        (stage,) = told(after, looks(after, 3, leader)).stages
        assert stage.says == f"ZooKeeper gets id 3 on 10.0.0.13: {says}"
        assert [node.name for node in stage.leaves] == ["10.0.0.3"]
        assert [node.name for node in stage.instead] == ["10.0.0.13"] and stage.cluster is after


def test_two_of_five_are_replaced_in_one_stage() -> None:
    after = cluster(5, 4, 5, gone=(4, 5))
    (stage,) = told(after, looks(after, 5, 1)).stages
    assert stage.says == (
        "ZooKeeper gets id 4, 5 on 10.0.0.14, .15: 10.0.0.4, .5 are gone for good, 10.0.0.14, .15 start "
        "empty, then the others restart one by one"
    )


def test_what_could_not_keep_its_quorum_or_would_not_be_heard_is_refused_with_the_reason() -> None:
    two = cluster(3, 2, 3, gone=(2, 3))
    assert "of 3 members 1 would serve meanwhile, 2 must. Replace fewer at once" in why(
        told(two, looks(two, 3, 1))
    )
    low = cluster(3, 1, gone=(1,))
    refused = why(told(low, looks(low, 3, 2)))
    assert "10.0.0.2, .3 have higher ids" in refused
    assert "Give a new machine the address of 10.0.0.1" in refused
    assert told(low, looks(low, 3, 2, RECENT)).stages, "since 3.5 those of a higher id dial back"
    one = cluster(3, 3)
    seen = looks(one, 3, 1)
    idle = {**seen, "10.0.0.2": replace(seen["10.0.0.2"], answers={})}
    assert "10.0.0.2 does not serve: all that stay must" in why(told(one, idle))
    assert "this run leaves out 10.0.0.2" in why(told(one, seen, ["10.0.0.1", "10.0.0.13"]))
    more = parse(
        "[zookeeper]\n"
        + "".join(f"10.0.0.{n} myid={n}\n" for n in range(1, 6))
        + "10.0.0.13 myid=3\n[removed]\n10.0.0.3\n"
    )
    assert "10.0.0.4, .5 would join at once" in why(told(more, looks(cluster(3, 3), 3, 1) | bare(more, 4, 5)))


def test_who_is_not_in_removed_is_never_replaced() -> None:
    after = replace(cluster(3, 3), removed=())
    assert "both could vote as 3" in why(told(after, looks(after, 3, 1)))


# Whole runs


@dataclass
class State:
    """Which members are up and have the new list, who leads; `cut` steps are done before Ctrl-C."""

    after: Cluster
    leader: str
    cut: int = -1
    up: set[str] = field(default_factory=set)
    renewed: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.after.ensemble)


def state(size: int, *swapped: int, leader: int = 1, gone: Collection[int] = ()) -> State:
    up = {f"10.0.0.{id}" for id in range(1, size + 1) if id not in gone}
    return State(cluster(size, *swapped, gone=gone), f"10.0.0.{leader}", up=up)


class Members(FakeEnsemble[State]):
    """An ensemble of which some are replaced; each look and each answer is that of now."""

    def __init__(self, state: State) -> None:
        super().__init__(state.after, state)
        self._old = old(state.size)  # here: in several threads at once Python 3.11 cannot always parse

    def connect(self, node: Node) -> None:
        if node.name in self.state.after.gone or node.name == "lost":
            raise Unreachable("it is gone", host=node.name)

    def _seen(self, node: Node) -> Observed:
        state = self.state
        own = state.after.called(node.name)
        if own is None or not node.roles:
            assert node.name not in state.after.gone
            return Observed(engine=True)
        new = own.name != f"10.0.0.{own.myid}"
        if new and own.name not in state.renewed:
            return Observed(
                engine=True, addresses=frozenset({own.address}), images=as_wanted(state.after, own).images
            )
        before = own if new or own.name in state.renewed else self._old.called(own.name)
        assert before
        seen = as_wanted(state.after if own.name in state.renewed else self._old, before)
        return replace(seen, answers=self.answers_of(own.address), holdings={data(own): ("log.1",)})

    def leader(self) -> str:
        return self.state.leader

    def says_of(self, address: str, word: str) -> str:
        said = super().says_of(address, word)
        return f"{RECENT}{said}" if said and word == "srvr" else said

    def do(self, name: str, step: Step) -> None:
        state = self.state
        short = name.rpartition(".")[2]
        if step.action is Action.STOP:
            assert name not in state.after.gone
            state.done.append(f"end {short}")
            self._down(name)
        elif step.action is Action.RUN:
            others = {each.name for each in state.after.ensemble if each.name in state.up}
            assert len(others) >= state.size - len(state.after.removed), (
                "started while one that stays is down"
            )
            state.done.append(f"run {short}")
            self._up(name)
        elif step.action in (Action.REPLACE, Action.START):
            state.done.append(f"replace {short}")
            self._down(name)
            self._up(name)

    def _up(self, name: str) -> None:
        self.state.up.add(name)
        self.state.renewed.add(name)
        ids = [int(each.rpartition(".")[2]) % 10 for each in self.state.up]
        assert len(ids) == len({*ids}), f"an id is there twice after {self.state.done}"

    def _down(self, name: str) -> None:
        state = self.state
        state.up.discard(name)
        if name == state.leader:
            state.leader = min(state.up)
        assert len(state.up) > state.size // 2, f"no quorum after {state.done}"


def swapped(state: State) -> list[str]:
    deploy(Run(Members(state), [ZOOKEEPER]))
    return state.done


def test_the_old_one_ends_before_the_new_one_starts_and_the_leader_restarts_last() -> None:
    assert swapped(state(3, 3)) == ["end 3", "run 13", "replace 2", "replace 1"]
    assert swapped(state(3, 3, leader=3)) == ["end 3", "run 13", "replace 2", "replace 1"]
    assert swapped(state(3, 1, leader=2)) == ["end 1", "run 11", "replace 3", "replace 2"]
    assert swapped(state(3, 3, gone=[3])) == ["run 13", "replace 2", "replace 1"]


def test_two_of_five_are_replaced_one_after_the_other() -> None:
    assert swapped(state(5, 4, 5)) == [
        "end 4",
        "run 14",
        "end 5",
        "run 15",
        "replace 2",
        "replace 3",
        "replace 1",
    ]
    assert swapped(state(5, 4, 5, gone=[4, 5])) == ["run 14", "run 15", "replace 2", "replace 3", "replace 1"]


@pytest.mark.parametrize("gone", [(), (3,)])
@pytest.mark.parametrize("leader", [1, 2])
@pytest.mark.parametrize("cut", range(20))
def test_a_run_that_was_cut_anywhere_is_finished_by_the_next(
    gone: Sequence[int], leader: int, cut: int
) -> None:
    now = state(3, 3, leader=leader, gone=gone)
    now.cut = cut
    with suppress(KeyboardInterrupt):
        swapped(now)
    now.cut = -1
    swapped(now)
    assert now.up == now.renewed == {"10.0.0.1", "10.0.0.2", "10.0.0.13"}


def test_one_that_cannot_be_reached_and_is_not_given_up_is_named_before_anything_is_changed() -> None:
    class Lost(Members):
        def connect(self, node: Node) -> None:
            raise Unreachable("it is gone", host=node.name)

    now = state(3, 3)
    now.up.discard("10.0.0.3")
    with pytest.raises(Unreachable, match="If it is gone for good: --gone 10.0.0.3") as refused:
        deploy(Run(Lost(now), [ZOOKEEPER]))
    assert "Nothing was changed." in str(refused.value) and now.done == []


# The walk, as data


@settings(deadline=None)
@given(st.data())
def test_whoever_is_replaced_no_two_majorities_are_ever_apart(data: st.DataObject) -> None:
    """Lists have the same ids; so two majorities are apart only if an id is there twice, or too few are."""
    size = data.draw(st.sampled_from([3, 5, 7]))
    ids = [*range(1, size + 1)]
    those = sorted(data.draw(st.sets(st.sampled_from(ids), min_size=1, max_size=size // 2)))
    gone = data.draw(st.sets(st.sampled_from(those)))
    leader = data.draw(st.sampled_from([id for id in ids if id not in gone]))
    now = state(size, *those, leader=leader, gone=gone)
    swapped(now)  # which asserts a quorum, and each id once, after every step
    assert now.up == {node.name for node in now.after.ensemble}
    for one, other in combinations(now.done[: now.done.index(f"run 1{those[-1]}")], 2):
        assert not (one.startswith("replace") or other.startswith("replace")), (
            "restarted before all were there"
        )
