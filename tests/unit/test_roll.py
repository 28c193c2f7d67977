"""Who is replaced next when several services roll together."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.gate import Standing
from tasks.plan.roll import Member, Turn, next_turn

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
ALL = frozenset({A, B, C})
ZK, MARATHON = "zookeeper", "marathon"
WELL = {ZK: Standing(3, 2, ALL, A), MARATHON: Standing(3, 1, ALL, B)}
EVERYBODY = [Member(service, node) for node in (A, B, C) for service in (ZK, MARATHON)]


def zookeeper(*serving: str, leader: str | None = A, total: int = 3) -> dict[str, Standing]:
    return {ZK: Standing(total, total // 2 + 1, frozenset(serving), leader)}


def members(*nodes: str) -> list[Member]:
    return [Member(ZK, node) for node in nodes]


def test_a_follower_goes_before_the_leader() -> None:
    assert next_turn(WELL, WELL, members(A, B, C)).members == (Member(ZK, B),)
    assert next_turn(WELL, WELL, members(A)).members == (Member(ZK, A),)


def test_leaders_go_last_and_marathons_when_no_zookeeper_will_end_them_any_more() -> None:
    waiting, here, order = list(EVERYBODY), "", []
    while waiting:
        (member,) = next_turn(WELL, WELL, waiting, here).members
        waiting.remove(member)
        order.append(member)
        here = member.node
    zookeepers = [Member(ZK, B), Member(ZK, C), Member(ZK, A)]
    assert order == [*zookeepers, Member(MARATHON, A), Member(MARATHON, C), Member(MARATHON, B)]


def test_a_member_that_does_not_serve_goes_first_even_while_another_service_recovers() -> None:
    now = {**zookeeper(A, B), MARATHON: Standing(3, 1, frozenset({A}), A)}
    assert next_turn(now, WELL, members(A, B, C)).members == (Member(ZK, C),)


def test_nobody_goes_while_a_service_has_fewer_members_than_before() -> None:
    now = {**WELL, MARATHON: Standing(3, 1, frozenset({A, B}), A)}
    assert next_turn(now, WELL, members(B)) == Turn(shaken="Marathon: 2 of 3 members serve, 3 did before")


def test_marathons_that_the_run_itself_has_stopped_hold_nobody_up() -> None:
    now = {**WELL, MARATHON: replace(WELL[MARATHON], serving=frozenset({A, B}))}
    assert next_turn(now, WELL, members(B), held={C}).members == (Member(ZK, B),)
    assert next_turn(now, WELL, members(B), held={A}).shaken


def test_a_service_that_was_down_before_holds_nobody_up() -> None:
    before = {**WELL, MARATHON: Standing(3, 1, frozenset())}
    assert next_turn(before, before, members(B)).members == (Member(ZK, B),)


def test_the_last_majority_is_never_broken() -> None:
    now = zookeeper(A, B)
    why = "2 of 3 members serve and 2 must: restarting 10.0.0.2 now would stop the service"
    assert next_turn(now, now, members(B)) == Turn(refused={Member(ZK, B): why})


def test_what_costs_no_quorum_goes_on_while_another_service_has_no_member_to_spare() -> None:
    now = {**zookeeper(A, B), MARATHON: Standing(3, 1, ALL, B)}
    assert next_turn(now, now, [Member(ZK, A), Member(MARATHON, A)]).members == (Member(MARATHON, A),)


def test_without_a_majority_all_are_replaced_together() -> None:
    now = zookeeper(C, leader=None)
    assert next_turn(now, WELL, members(A, B)).members == tuple(members(A, B))


def behind(nodes: frozenset[str] = ALL) -> list[Member]:
    return [Member("mesos_agent", node, "mesos_master") for node in sorted(nodes)]


def test_who_comes_behind_a_service_waits_for_all_of_it_also_if_it_does_not_serve() -> None:
    now = {"mesos_master": Standing(3, 2, ALL, A), "mesos_agent": Standing(3, 0, frozenset({A, B}))}
    waiting = [*behind(), *(Member("mesos_master", node) for node in (A, B, C))]
    order = []
    while waiting:
        (member,) = next_turn(now, now, waiting).members
        waiting.remove(member)
        order.append(member.service)
    assert order == ["mesos_master"] * 3 + ["mesos_agent"] * 3


def test_who_comes_behind_a_service_that_cannot_be_replaced_is_left_as_well() -> None:
    now = {"mesos_master": Standing(3, 2, frozenset({A, B}), A), "mesos_agent": Standing(3, 0, ALL)}
    turn = next_turn(now, now, [*behind(frozenset({C})), Member("mesos_master", B)])
    assert not turn.members
    assert turn.refused[Member("mesos_agent", C)] == (
        "with another version it comes behind all of Mesos masters"
    )


def test_an_only_member_may_go() -> None:
    now = zookeeper(A, total=1)
    assert next_turn(now, now, members(A)).members == tuple(members(A))


@st.composite
def services(draw: st.DrawFn) -> dict[str, Standing]:
    """Draw how one to three services of one to five members stand, with at most one leader each."""
    found = {}
    for title in draw(st.lists(st.sampled_from("XYZ"), min_size=1, unique=True)):
        nodes = [f"10.0.0.{i}" for i in range(draw(st.integers(1, 5)))]
        serving = frozenset(draw(st.lists(st.sampled_from(nodes), unique=True)))
        leader = draw(st.none() | st.sampled_from(nodes))
        majority = draw(st.sampled_from([0, 1, len(nodes) // 2 + 1]))
        found[title] = Standing(len(nodes), majority, serving, leader if leader in serving else None)
    return found


@given(now=services(), data=st.data())
def test_no_turn_costs_a_quorum_and_no_leader_goes_before_its_followers(
    now: dict[str, Standing], data: st.DataObject
) -> None:
    there = [Member(title, f"10.0.0.{i}") for title, one in now.items() for i in range(one.total)]
    pending = data.draw(st.lists(st.sampled_from(there), min_size=1, unique=True))
    turn = next_turn(now, now, pending)
    assert set(turn.members) <= set(pending)
    assert bool(turn.members) != bool(turn.refused)
    for member in turn.members:
        standing = now[member.service]
        after = replace(standing, serving=standing.serving - {member.node})
        assert after.stands or not standing.stands or standing.total == 1
        if standing.leader == member.node:
            assert not any(
                one.service == member.service and one != member and standing.spares(one.node)
                for one in pending
            )
    if len(turn.members) > 1:
        assert not now[turn.members[0].service].stands
