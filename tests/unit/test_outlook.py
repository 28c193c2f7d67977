"""The order that a plan foretells: that of a run, if all goes well."""

import re
from collections.abc import Collection
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.availability.turns import Expected, Kind
from tasks.plan.gate import Standing
from tasks.plan.names import SERVICES, Id
from tasks.plan.outlook import Outlook, Turn, foresee, lines
from tasks.plan.roll import Member
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, HostPlan, Step

A, B, C, D = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"
ALL = frozenset({A, B, C})
ZK, MASTER, MARATHON, AGENT = "zookeeper", "mesos_master", "marathon", "mesos_agent"
IDS = {ZK: Id.ZOOKEEPER_RUN, MASTER: Id.MASTER_RUN, MARATHON: Id.MARATHON_RUN, AGENT: Id.AGENT_RUN}
WELL = {
    ZK: Standing(3, 2, ALL, A),
    MASTER: Standing(3, 2, ALL, B),
    MARATHON: Standing(3, 1, ALL, C),
    AGENT: Standing(1, 0, frozenset({D})),
}
STAGE = Step(Id.ZOOKEEPER_CFG, Action.WRITE_BESIDE, "zoo.cfg", "syncLimit 2 -> 5", "true\n")


def replacing(service: str, host: str) -> Step:
    role = "the leader" if WELL[service].leader == host else "a follower"
    effect = f"restarts {SERVICES[service]}, {role}"
    return Step(IDS[service], Action.REPLACE, "replace", "", "true\n", "replace", "restart", effect)


def starting(service: str) -> Step:
    return Step(IDS[service], Action.RUN, "run", "no such container", "true\n", "start")


def plans(**steps: list[Step]) -> dict[str, HostPlan]:
    hosts = {"a": A, "b": B, "c": C, "d": D}
    return {hosts[name]: HostPlan(hosts[name], (), tuple(each)) for name, each in steps.items()}


def outlook(
    wanted: dict[str, HostPlan],
    standings: dict[str, Standing] = WELL,
    marathons: Collection[str] = (),
) -> Outlook:
    return foresee(CHAPTERS, wanted, standings, marathons)


def besides(wanted: dict[str, HostPlan], marathons: Collection[str] = ALL, **now: Standing) -> list[str]:
    """What becomes of others in each turn."""
    return [turn.besides for turn in outlook(wanted, {**WELL, **now}, marathons).turns]


def test_a_plan_without_steps_has_no_order() -> None:
    assert outlook(plans(a=[], b=[])) == Outlook()
    assert lines(Outlook()) == []


def test_a_change_of_all_services_ends_with_the_leaders_and_marathons_come_behind_zookeeper() -> None:
    wanted = {
        name: HostPlan(name, (), (STAGE, *(replacing(service, name) for service in (ZK, MASTER, MARATHON))))
        for name in (A, B, C)
    }
    told = [re.sub("  +", "  ", line.strip()) for line in lines(outlook(wanted))]
    masters, another = "Mesos masters: 2 of 3 serve meanwhile, 2 must", "; then another one leads"
    zookeeper, marathon = (
        "ZooKeeper: 2 of 3 serve meanwhile, 2 must",
        "Marathon: 2 of 3 serve meanwhile, 1 must",
    )
    assert told == [
        "1. 10.0.0.1, .2, .3  prepares in 3 steps",
        f"2. 10.0.0.1  restarts Mesos masters, a follower  {masters}",
        f"3. 10.0.0.2, .3  restarts ZooKeeper, a follower, one after the other  {zookeeper}",
        f"4. 10.0.0.3  restarts Mesos masters, a follower  {masters}",
        f"5. 10.0.0.1  restarts ZooKeeper, the leader  {zookeeper}{another}",
        f"6. 10.0.0.1, .2  restarts Marathon, a follower, one after the other  {marathon}",
        f"7. 10.0.0.2  restarts Mesos masters, the leader  {masters}{another}  leadership is handed over",
        f"8. 10.0.0.3  restarts Marathon, the leader  {marathon}{another}",
    ]


def test_turns_that_are_alike_share_a_line() -> None:
    wanted = plans(a=[replacing(ZK, A)], b=[replacing(ZK, B)], c=[replacing(ZK, C)])
    assert [line[:60].rstrip() for line in lines(outlook(wanted))] == [
        "  1. 10.0.0.2, .3  restarts ZooKeeper, a follower, one after",
        "  2. 10.0.0.1      restarts ZooKeeper, the leader",
    ]


def test_what_starts_together_comes_behind_the_restarts_of_what_it_leans_on() -> None:
    wanted = plans(a=[replacing(ZK, A), starting(MARATHON)], b=[starting(MARATHON), replacing(MASTER, B)])
    assert [(turn.phase, turn.hosts, turn.service) for turn in outlook(wanted).turns] == [
        ("replace", (A,), ZK),
        ("replace", (B,), MASTER),
        ("start", (A, B), MARATHON),
    ]


def test_a_first_deploy_is_a_line_for_each_service() -> None:
    every = [starting(service) for service in (ZK, MASTER, MARATHON)]
    wanted = plans(a=[STAGE, *every], b=every, c=every, d=[starting(AGENT)])
    assert lines(outlook(wanted, {})) == [
        "  1. 10.0.0.1          prepares in 1 step",
        "  2. 10.0.0.1, .2, .3  starts ZooKeeper",
        "  3. 10.0.0.1, .2, .3  starts Mesos masters",
        "  4. 10.0.0.1, .2, .3  starts Marathon at the same time",
        "  5. 10.0.0.9          starts Mesos agents at the same time",
    ]


def test_what_is_only_paused_is_not_said_to_be_started() -> None:
    paused = Step(IDS[ZK], Action.UNPAUSE, "unpause zookeeper", "it is paused", "true\n", "start")
    assert lines(outlook(plans(a=[paused]))) == ["  1. 10.0.0.1  unpauses ZooKeeper"]
    assert lines(outlook(plans(a=[paused], b=[starting(ZK)]))) == ["  1. 10.0.0.1, .2  starts ZooKeeper"]


def test_members_that_are_about_to_start_are_counted_when_others_are_replaced() -> None:
    now = {ZK: Standing(3, 2, frozenset({A, B}), A)}
    wanted = plans(a=[replacing(ZK, A)], c=[starting(ZK)])
    assert outlook(wanted, now).refused == {}
    without = outlook(plans(a=[replacing(ZK, A)]), now)
    assert without.turns == ()
    assert list(without.refused) == [Member(ZK, A)]


def test_a_member_that_does_not_serve_comes_first_and_makes_room_for_the_others() -> None:
    now = {ZK: Standing(3, 2, frozenset({A, C}), A)}
    found = outlook(plans(a=[replacing(ZK, A)], b=[replacing(ZK, B)], c=[replacing(ZK, C)]), now)
    assert [turn.hosts for turn in found.turns] == [(B,), (C,), (A,)]
    assert found.refused == {}


def test_a_service_without_a_majority_is_replaced_at_once_and_an_only_member_in_any_case() -> None:
    down = {ZK: Standing(3, 2, frozenset({C}))}
    found = outlook(plans(a=[replacing(ZK, A)], c=[replacing(ZK, C)]), down)
    assert [(turn.hosts, turn.quorum) for turn in found.turns] == [
        ((A, C), "ZooKeeper: 0 of 3 serve meanwhile, 2 must")
    ]
    alone = outlook(plans(a=[replacing(ZK, A)]), {ZK: Standing(1, 1, frozenset({A}), A)})
    assert alone.turns[0].quorum == "ZooKeeper: 0 of 1 serve meanwhile, 1 must"
    agent = outlook(plans(d=[replacing(AGENT, D)]))
    assert agent.turns[0].quorum == "Mesos agents: 0 of 1 serve meanwhile"


@given(
    st.sets(st.tuples(st.sampled_from((ZK, MASTER, MARATHON)), st.sampled_from((A, B, C)))),
    st.sets(st.sampled_from((A, B, C))),
)
def test_every_member_is_foretold_once_or_refused_and_no_quorum_is_lost(
    replaced: set[tuple[str, str]], serving: set[str]
) -> None:
    now = {**WELL, ZK: replace(WELL[ZK], serving=frozenset(serving))}
    wanted = {
        name: HostPlan(name, (), tuple(replacing(s, name) for s in IDS if (s, name) in replaced))
        for name in (A, B, C)
    }
    found = outlook(wanted, now)
    told = [Member(turn.service, host) for turn in found.turns for host in turn.hosts]
    assert sorted([*told, *found.refused], key=str) == sorted((Member(*each) for each in replaced), key=str)
    for turn in found.turns:
        assert turn.meanwhile is not None
        assert turn.meanwhile.stands or not now[turn.service].stands


def test_what_a_turn_does_is_said_of_all_its_hosts() -> None:
    differing = Turn("replace", (A, B), "restarts ZooKeeper", ZK, Standing(3, 2, frozenset()))
    assert lines(Outlook((differing,)))[0].startswith("  1. 10.0.0.1, .2  restarts ZooKeeper  ZooKeeper: 0")


def test_a_turn_of_zookeeper_tells_which_marathons_restart_with_it() -> None:
    wanted = plans(a=[replacing(ZK, A)], b=[replacing(ZK, B)])
    some, every = "Marathons with a session there restart with it", "every Marathon restarts with it"
    assert besides(wanted) == [some, every]
    assert [line.rpartition("  ")[2] for line in lines(outlook(wanted, marathons=ALL))] == [some, every]
    assert besides(wanted, marathons=()) == ["", ""]
    assert besides(plans(a=[replacing(ZK, A)]), zookeeper=Standing(1, 1, frozenset({A}), A)) == [every]


def test_a_turn_tells_what_turns_of_its_kind_have_cost() -> None:
    wanted = plans(a=[STAGE, replacing(ZK, A)], b=[replacing(ZK, B)])
    known = {Kind("replace", ZK, True): Expected(3, {"ZooKeeper": 1.24, "Mesos": 0.0, "Marathon": 4.1})}
    *others, leaders = lines(outlook(wanted).expecting(known))
    assert leaders.endswith("  longest gaps in the last 3 runs: ZooKeeper 1.2 s, Marathon 4.1 s")
    assert not any("gap" in line for line in others) and len(others) == 2
    assert lines(outlook(wanted).expecting({})) == lines(outlook(wanted))


def test_nothing_is_expected_of_a_turn_whose_members_do_not_serve() -> None:
    down = {**WELL, ZK: Standing(3, 2, frozenset({B, C}), B)}
    wanted = plans(a=[STAGE, replacing(ZK, A)])
    assert outlook(wanted).kinds == {Kind("replace", ZK, True)}
    assert outlook(wanted, down).kinds == frozenset()


def test_what_does_not_run_yet_or_no_longer_takes_nothing_with_it() -> None:
    first = plans(a=[replacing(ZK, A), starting(MARATHON)])
    assert besides(first, marathons=(A,)) == ["", ""]
    assert besides(plans(a=[replacing(ZK, A)]), zookeeper=Standing(3, 2, frozenset({B, C}), B)) == [""]
    down = Standing(3, 2, frozenset({A}))
    assert besides(plans(a=[replacing(ZK, A)], b=[replacing(ZK, B)]), zookeeper=down) == [""]


def test_the_turn_of_the_leading_master_tells_of_its_hand_over_and_of_marathons_leader() -> None:
    wanted = plans(a=[replacing(MASTER, A)], b=[replacing(MASTER, B)])
    assert besides(wanted) == ["", "leadership is handed over; Marathon's leader changes with it"]
    assert besides(wanted, marathons=()) == ["", "leadership is handed over"]
    alone = Standing(1, 1, frozenset({A}), A)
    assert besides(plans(a=[replacing(MASTER, A)]), mesos_master=alone) == [
        "Marathon's leader changes with it"
    ]
