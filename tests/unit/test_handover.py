"""A new version of Marathon: who stops and starts in which order, wherever an earlier run was cut off."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marathon_world import NAMES, NEW, OLD, A, B, C, World, info, marathons, plans, steps, three

from tasks.inventory.cluster import Cluster
from tasks.plan.gate import Standing, Verdict
from tasks.plan.marathon import handover
from tasks.plan.outlook import foresee, lines
from tasks.plan.runbook import MARATHON
from tasks.plan.step import HostPlan


def test_all_old_ones_but_the_leader_stop_one_new_one_starts_the_leader_stops_the_rest_follows() -> None:
    found = plans(three(), marathons(NEW))
    assert [(name, step.turn, step.title, step.risk) for name, step in steps(found)] == [
        (C, 1, "stop marathon-3", "restart"),
        (A, 2, "replace marathon-1", "restart"),
        (B, 3, "stop marathon-2", "data"),
        (B, 4, "replace marathon-2", "none"),
        (C, 4, "replace marathon-3", "none"),
    ]
    (last,) = [step for _, step in steps(found) if step.turn == 3]
    assert str(last) == (
        "4.1 stop marathon-2: 1.5.8 -> 1.5.9 is handed over: a new one leads from here on  "
        "(stops marathon-2; its state is migrated then, which cannot be undone)"
    )
    assert last.shell == "docker update --restart=no marathon-2\ndocker stop -t 30 marathon-2\n"
    assert all(plan.in_phase("settle") for plan in found.values())


def test_a_plan_foretells_the_turns_and_who_serves_meanwhile() -> None:
    standing = Standing(3, 1, frozenset(NAMES), B)
    outlook = foresee([MARATHON], plans(three(), marathons(NEW)), {"marathon": standing}, NAMES)
    assert [" ".join(line.split()) for line in lines(outlook) if "prepares" not in line] == [
        f"1. {C} stops marathon-3 Marathon: 2 of 3 serve meanwhile, 1 must",
        f"2. {A} restarts marathon-1, a standby Marathon: 1 of 3 serve meanwhile, 1 must",
        f"3. {B} stops marathon-2; {handover.MIGRATES} Marathon: 1 of 3 serve meanwhile, 1 must; "
        "then another one leads",
        f"4. {B} starts marathon-2 Marathon: 1 of 3 serve meanwhile, 1 must",
        f"5. {C} starts marathon-3 Marathon: 2 of 3 serve meanwhile, 1 must",
    ]


def test_of_two_one_is_replaced_and_then_the_leader() -> None:
    world = World({A: OLD, B: OLD}, {A, B}, A)
    assert [(name, step.turn) for name, step in steps(plans(world, marathons(NEW, 2)))] == [
        (B, 2),
        (A, 3),
        (A, 4),
    ]


def test_one_alone_is_replaced_and_the_plan_says_that_it_migrates() -> None:
    world = World({A: OLD}, {A}, A)
    ((_, step),) = steps(plans(world, marathons(NEW, 1)))
    assert (step.title, step.risk) == ("replace marathon-1", "data")
    assert step.effect == f"restarts marathon-1, the leader; {handover.MIGRATES}"


@pytest.mark.parametrize(
    "image", ["10.70.0.2:5000/mesosphere/marathon:v1.5.8", "mesosphere/marathon:1.5.8-debug"]
)
def test_another_image_of_the_same_version_and_other_settings_roll(image: str) -> None:
    for cluster in (marathons(image), marathons(OLD, more="marathon_heap=1g")):
        found = [step for _, step in steps(plans(three(), cluster))]
        assert {(step.phase, step.turn) for step in found} == {("replace", 0)}


def test_an_image_whose_version_nobody_knows_is_handed_over() -> None:
    found = steps(plans(three(), marathons("mesosphere/marathon:stable")))
    assert [step.turn for _, step in found] == [1, 2, 3, 4, 4]
    assert "1.5.8 -> a version that its tag does not tell is handed over" in found[0][1].reason


def test_a_first_deploy_is_no_hand_over() -> None:
    world = World(dict.fromkeys(NAMES, ""), set(), None)
    assert {step.phase for _, step in steps(plans(world, marathons(NEW)))} == {"start"}


@settings(max_examples=60)
@given(
    count=st.integers(1, 3),
    leader=st.integers(0, 2),
    down=st.sets(st.integers(0, 2)),
    cuts=st.lists(st.integers(0, 4), max_size=4),
)
def test_a_hand_over_cut_off_anywhere_and_run_again_ends_with_all_in_the_new_version(
    count: int, leader: int, down: set[int], cuts: list[int]
) -> None:
    names = NAMES[:count]
    up = {name for i, name in enumerate(names) if i not in down}
    world = World(dict.fromkeys(names, OLD), up, None)
    world.leader = names[leader % count] if names[leader % count] in up else min(up, default=None)
    cluster = marathons(NEW, count)
    for cut in [*cuts, None]:
        for name, step in steps(plans(world, cluster))[:cut]:
            before = world.leader
            world.act(name, step)
            assert before in (None, world.leader) or step.turn in (2, 3), "the leader changed before its turn"
    assert world.running == set(names)
    assert set(world.images.values()) == {NEW}
    assert not steps(plans(world, cluster))


# What is refused


def refusals(
    world: World, cluster: Cluster, version: str | None = None, without: str = "", migrating: bool = False
) -> set[str]:
    seen = {
        name: replace(one, migrating=migrating)
        for name, one in world.seen(version).items()
        if name != without
    }
    plans = {name: HostPlan(name, ()) for name in seen}
    return {f"{name}: {blocker}" for name, blocker in handover.membership(cluster, seen, plans).objections}


def test_a_downgrade_is_refused_also_a_patch_with_the_reason() -> None:
    world = three()
    world.images = dict.fromkeys(NAMES, NEW)
    told = refusals(world, marathons(OLD))
    assert len(told) == 3
    assert (
        f"{A}: 4.1 Marathon: its state is of 1.5.9, hosts.ini wants 1.5.8: it cannot be migrated back, and "
        "1.5.8 would exit at every election. Stop all Marathons, restore a backup that 1.5.8 "
        "or an older one made, remove their containers, and deploy then." in told
    )


def test_the_leaders_word_on_the_version_of_the_state_counts_more_than_a_tag() -> None:
    assert len(refusals(three(), marathons(NEW), version="1.6.0")) == 3
    world = three()
    world.images[A] = NEW  # a first new one that never led, and is taken back
    assert refusals(world, marathons(OLD)) == set()


def test_a_downgrade_is_refused_although_nobody_answers() -> None:
    stopped = World(dict.fromkeys(NAMES, NEW), set(), None)
    assert len(refusals(stopped, marathons(OLD))) == 3
    assert refusals(World(dict.fromkeys(NAMES, ""), set(), None), marathons(OLD)) == set()


def test_a_state_older_than_1_4_is_not_migrated_by_1_5() -> None:
    old = three()
    old.images = dict.fromkeys(NAMES, "mesosphere/marathon:v1.3.14")
    assert {text.partition(": ")[2] for text in refusals(old, marathons(NEW))} == {
        "4.1 Marathon: its state is of 1.3.14, hosts.ini wants 1.5.9, which migrates no state older "
        "than 1.4.0. Deploy a 1.4 first."
    }
    assert refusals(old, marathons("mesosphere/marathon:v1.4.3")) == set()


def test_a_hand_over_among_some_of_the_hosts_is_refused() -> None:
    told = refusals(three(), marathons(NEW), without=C)
    assert len(told) == 2
    assert all(f"this run does not work on {C}. Name all their hosts" in text for text in told)
    assert refusals(three(), marathons(OLD, more="marathon_heap=1g"), without=C) == set()


def test_a_hand_over_is_refused_while_marathons_leave_that_would_lead_in_the_old_version() -> None:
    def fewer(cluster: Cluster) -> Cluster:
        *stay, gone = cluster.nodes
        return replace(cluster, nodes=tuple(stay), removed=(gone,))

    told = refusals(three(), fewer(marathons(NEW)), without=C)
    assert len(told) == 2
    assert all(f"{C} leaves only afterwards: an old one there would lead instead" in text for text in told)
    assert refusals(three(), fewer(marathons(OLD, more="marathon_heap=1g")), without=C) == set()


MIGRATION = (
    f"{A}: 4.1 Marathon: an earlier migration of its state was cut short (/marathon/state/"
    "migration-in-progress stands in ZooKeeper): every leader of another version would end at once. See "
    "whether all apps are there, and restore a backup if not; then, on a host of ZooKeeper, docker exec "
    "zookeeper zkCli.sh -server 10.70.1.1:2181 delete /marathon/state/migration-in-progress."
)


def test_a_migration_that_was_cut_short_is_refused_before_the_version_changes_and_only_then() -> None:
    assert refusals(three(), marathons(NEW), migrating=True) == {MIGRATION}
    assert refusals(World(dict.fromkeys(NAMES, OLD), set(), None), marathons(NEW), migrating=True)
    assert not refusals(three(), marathons(NEW))
    assert not refusals(three(), marathons(OLD, more="marathon_heap=1g"), migrating=True)


def test_a_migration_of_the_new_leader_itself_refuses_nothing() -> None:
    under_way = World({A: NEW, B: OLD, C: OLD}, {A}, A)
    assert not handover.changing(marathons(NEW), under_way.seen())
    assert not refusals(under_way, marathons(NEW), migrating=True)


def test_another_version_is_told_with_what_it_means() -> None:
    world = three()
    assert list(handover.told(marathons(NEW), world.seen(), plans(world, marathons(NEW)))) == [
        "Marathon 1.5.8 -> 1.5.9: its first new leader migrates the state, so there is no way back but a "
        "backup from before: `fab backup` makes one."
    ]
    assert not list(handover.told(marathons(OLD), world.seen(), plans(world, marathons(OLD))))


# Whether it went well


def judge(leader: str, version: str, needed: frozenset[str]) -> Verdict:
    answers = {name: {"info": info(leader, version)} for name in NAMES}
    return handover.verdict(marathons(NEW), answers, needed)


def test_a_new_one_must_lead_and_say_that_it_is_of_the_new_version() -> None:
    assert judge(A, "1.5.9", frozenset({A})).passed
    assert judge(A, "1.5.8", frozenset({A})) == Verdict(False, f"{A} leads in version 1.5.8")
    assert judge(B, "1.5.9", frozenset({A})) == Verdict(
        False, f"3 of 3 Marathons answer, {B} leads, which should have handed over"
    )
    assert not judge("10.9.9.9", "1.5.9", frozenset({A})).passed
    assert not handover.verdict(marathons(NEW), {}, frozenset({A})).passed


def test_a_tag_without_a_version_is_believed() -> None:
    answers = {name: {"info": info(A, "1.5.7")} for name in NAMES}
    assert handover.verdict(marathons("m:stable"), answers, frozenset({A})).passed
