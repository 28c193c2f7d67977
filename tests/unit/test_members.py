"""Who may become a member of the ZooKeeper ensemble, and on which way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed, Path
from tasks.plan.membership import Membership
from tasks.plan.names import Id
from tasks.plan.step import Action, HostPlan, Step
from tasks.plan.zookeeper.advice import Members
from tasks.plan.zookeeper.desired import data
from tasks.plan.zookeeper.members import membership, overlap, rounds

WRITTEN = ("acceptedEpoch", "log.100000001", "snapshot.0")
FRESH = ("acceptedEpoch", "snapshot.0", "snapshot.100000000")


def ensemble(*ids: int, **moved: str) -> Cluster:
    """The cluster of the members 10.0.0.ID."""
    addresses = {id: moved.get(f"at{id}", f"10.0.0.{id}") for id in ids}
    return parse("[zookeeper]\n" + "".join(f"{a} myid={id}\n" for id, a in addresses.items()))


def listing(*ids: int) -> Members:
    return {id: f"10.0.0.{id}" for id in ids}


def host(
    cluster: Cluster,
    id: int,
    members: Members,
    mode: str = "",
    holds: Sequence[str] = WRITTEN,
    synced: int = 0,
) -> Observed:
    """A host whose zoo.cfg has these members."""
    node = next(node for node in cluster.ensemble if node.myid == id)
    text = "".join(f"server.{i}={address}:2888:3888\n" for i, address in members.items())
    srvr = f"Mode: {mode}\n" if mode else ""
    return Observed(
        paths={"/opt/zookeeper/conf/zoo.cfg": Path("regular file", text)} if text else {},
        answers={
            "zookeeper srvr": srvr,
            "zookeeper mntr": f"zk_synced_followers\t{synced}\n" if synced else "",
        },
        holdings={data(node): tuple(holds)},
        containers={"zookeeper": SeenContainer(status="running")} if mode else {},
    )


def serving(cluster: Cluster, members: Members) -> dict[str, Observed]:
    """An ensemble that serves, the first of these members leading."""
    return {
        address: host(
            cluster, id, members, "follower" if n else "leader", synced=0 if n else len(members) - 1
        )
        for n, (id, address) in enumerate(members.items())
    }


def bare(cluster: Cluster, *ids: int) -> dict[str, Observed]:
    return {f"10.0.0.{id}": host(cluster, id, {}, holds=()) for id in ids}


def membership_of(cluster: Cluster, seen: Mapping[str, Observed], only: Sequence[str] = ()) -> Membership:
    """What is said when every host that is seen (or is among `only`) has its member replaced."""
    step = Step(Id.ZOOKEEPER_RUN, Action.RUN, "run zookeeper", "", "", phase="start")
    plans = {name: HostPlan(name, (Id.ZOOKEEPER_RUN,), (step,)) for name in (only or seen)}
    return membership(cluster, seen, plans)


def objections(cluster: Cluster, seen: Mapping[str, Observed], only: Sequence[str] = ()) -> dict[str, str]:
    return {name: str(blocker) for name, blocker in membership_of(cluster, seen, only).objections}


def ids(told: Membership) -> list[list[int]]:
    return [[node.myid for node in stage.cluster.ensemble] for stage in told.stages]


IDS = st.sets(st.integers(1, 20), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None)
@given(IDS, IDS)
def test_growing_adds_one_member_a_round_and_no_two_lists_in_a_row_can_be_apart(
    running: set[int], more: set[int]
) -> None:
    wanted = running | more
    way = [frozenset(running), *rounds(running, wanted)]
    assert way[-1] == wanted
    for before, after in zip(way, way[1:], strict=False):
        assert before < after and len(after) == len(before) + 1
        assert overlap(before, after)


@settings(max_examples=60, deadline=None)
@given(IDS, IDS)
def test_lists_overlap_if_and_only_if_no_two_majorities_are_disjoint(one: set[int], other: set[int]) -> None:
    # The smallest majorities that avoid each other best: those outside of both lists' common part first.
    mine, theirs = sorted(one, key=lambda i: i in other), sorted(other, key=lambda i: i in one)
    majority = set(mine[: len(one) // 2 + 1])
    left = [i for i in theirs if i not in majority]
    assert overlap(one, other) == (len(left) < len(other) // 2 + 1)


def test_three_become_five_by_way_of_four() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    told = membership_of(five, serving(five, listing(1, 2, 3)) | bare(five, 4, 5))
    assert told.objections == ()
    assert ids(told) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert told.stages[0].says == ("ZooKeeper grows to 4: 10.0.0.4 (id 4) starts, then the others restart")


def test_growing_goes_on_where_it_was_cut() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    old, new = serving(five, listing(1, 2, 3)), serving(five, listing(1, 2, 3, 4))
    seen = {**old, "10.0.0.1": new["10.0.0.1"], "10.0.0.4": new["10.0.0.4"], **bare(five, 5)}
    assert ids(membership_of(five, seen)) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]]
    assert ids(membership_of(five, new | bare(five, 5))) == [[1, 2, 3, 4, 5]]
    half = {**serving(five, listing(1, 2, 3, 4, 5)), "10.0.0.2": new["10.0.0.2"]}
    assert membership_of(five, half) == Membership()


def test_a_new_member_that_was_only_started_counts_for_nothing_yet() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    waits = host(five, 4, listing(1, 2, 3, 4), holds=FRESH)
    seen = serving(five, listing(1, 2, 3)) | {"10.0.0.4": waits} | bare(five, 5)
    assert ids(membership_of(five, seen)) == [[1, 2, 3, 4], [1, 2, 3, 4, 5]]


def test_a_stopped_ensemble_gets_well_before_it_grows() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    stopped = {f"10.0.0.{id}": host(five, id, listing(1, 2, 3)) for id in (1, 2, 3)}
    told = membership_of(five, stopped | bare(five, 4, 5))
    assert told.objections == ()
    assert ids(told) == [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]]


def test_a_first_deploy_is_no_growth_whatever_ran_in_vain_before() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    assert membership_of(five, bare(five, 1, 2, 3, 4, 5)) == Membership()
    vain = host(five, 1, {1: "10.0.0.1", 2: "10.9.9.9", 7: "10.9.9.8"}, holds=FRESH)
    assert membership_of(five, bare(five, 2, 3, 4, 5) | {"10.0.0.1": vain}) == Membership()


REFUSED: dict[str, tuple[tuple[int, ...], dict[int, tuple[Members, str]], str]] = {
    "members are removed": (
        (1, 2, 3),
        {id: (listing(1, 2, 3, 4, 5), "follower") for id in (1, 2, 3)},
        "its ensemble has the ids 1, 2, 3, 4, 5, hosts.ini 1, 2, 3",
    ),
    "members are removed from a stopped ensemble": (
        (1, 2, 3),
        {id: (listing(1, 2, 3, 4, 5), "") for id in (1, 2, 3)},
        "or, if what it holds may be lost, empty /opt/zookeeper/data/version-2 on 10.0.0.1, .2, .3.",
    ),
    "an id has moved": (
        (1, 2, 3),
        {id: ({**listing(1, 2), 3: "10.0.0.9"}, "follower") for id in (1, 2)},
        "its ensemble has id 3 on 10.0.0.9, hosts.ini on 10.0.0.3",
    ),
    "another cluster's host": (
        (1, 2, 3),
        {3: ({1: "10.1.1.1", 2: "10.1.1.2", 3: "10.0.0.3"}, "follower")},
        "its ensemble has id 1 on 10.1.1.1, hosts.ini on 10.0.0.1",
    ),
    "lists that can be apart": (
        (1, 2, 3, 4, 5),
        {1: (listing(1, 2, 3), "follower"), 5: (listing(1, 2, 3, 4, 5), "")},
        "it goes by the ids 1, 2, 3, 4, 5, 10.0.0.1 by 1, 2, 3",
    ),
    "a standalone": ((1, 2, 3), {1: ({}, "standalone")}, "it is a standalone ZooKeeper, hosts.ini has 3"),
    "a stopped standalone": (
        (1, 2, 3),
        {1: (listing(1), "")},
        "it is a standalone ZooKeeper, hosts.ini has 3",
    ),
    "a lower id": (
        (1, 2, 3),
        {2: (listing(2, 3), "follower"), 3: (listing(2, 3), "leader")},
        "the new member's id 1 is below 3",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_safe_growth_is_refused(case: str) -> None:
    wanted, found, said = REFUSED[case]
    cluster = ensemble(*wanted)
    seen = bare(cluster, *wanted)
    seen |= {f"10.0.0.{id}": host(cluster, id, *told) for id, told in found.items()}
    told = objections(cluster, seen)
    assert said in " ".join(told.values())
    assert membership_of(cluster, seen).stages == ()


def test_a_member_that_lost_its_list_beside_a_majority_that_serves_is_mended() -> None:
    three = ensemble(1, 2, 3)
    seen = serving(three, listing(1, 2, 3))
    assert not objections(three, seen | {"10.0.0.3": host(three, 3, {}, "standalone")})
    assert not objections(three, seen | {"10.0.0.3": host(three, 3, {})})


def test_growing_needs_all_members_hosts_in_the_run() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    seen = serving(five, listing(1, 2, 3)) | bare(five, 4, 5)
    told = objections(five, seen, only=["10.0.0.4"])
    assert list(told) == ["10.0.0.4"]
    assert "this run leaves out 10.0.0.1, .2, .3, .5. Run without -H." in told["10.0.0.4"]


def test_a_wiped_member_starts_only_while_all_others_serve_in_sync() -> None:
    three = ensemble(1, 2, 3)
    well = serving(three, listing(1, 2, 3)) | bare(three, 3)
    leader = "10.0.0.1"
    synced = replace(
        well[leader], answers={**well[leader].answers, "zookeeper mntr": "zk_synced_followers\t1\n"}
    )
    assert not objections(three, well | {leader: synced}, only=["10.0.0.3"])
    lags = replace(
        well[leader], answers={**well[leader].answers, "zookeeper mntr": "zk_synced_followers\t0\n"}
    )
    told = objections(three, well | {leader: lags}, only=["10.0.0.3"])
    assert "2.5 zookeeper: it has no data in /opt/zookeeper/data/version-2" in told["10.0.0.3"]
    stopped = {**well, "10.0.0.2": host(three, 2, listing(1, 2, 3))}
    assert "10.0.0.2 does not answer" in objections(three, stopped, only=["10.0.0.3"])["10.0.0.3"]
    unseen = {name: each for name, each in well.items() if name != "10.0.0.2"}
    assert objections(three, unseen, only=["10.0.0.3"])


def test_a_member_with_data_starts_whatever_the_others_do() -> None:
    three = ensemble(1, 2, 3)
    seen = {f"10.0.0.{id}": host(three, id, listing(1, 2, 3)) for id in (1, 2, 3)}
    assert not objections(three, seen)


def test_where_too_few_have_data_the_newest_of_it_is_to_be_copied() -> None:
    """Those that have some could wait for ever, and those without must not win."""
    five = ensemble(1, 2, 3, 4, 5)
    seen = bare(five, 3, 4, 5)
    seen["10.0.0.1"] = host(five, 1, listing(1, 2, 3, 4, 5), holds=("snapshot.5000000a1", "currentEpoch"))
    seen["10.0.0.2"] = host(five, 2, listing(1, 2, 3, 4, 5), holds=("log.5000000b0", "log.400000001"))
    told = objections(five, seen)["10.0.0.3"]
    assert "10.0.0.1, .2 have data, and 3 members must: stop ZooKeeper everywhere and copy" in told
    assert "/opt/zookeeper/data/version-2 of 10.0.0.2, which has the newest file" in told
    assert "each with -H" in objections(five, seen | {"10.0.0.3": seen["10.0.0.1"]})["10.0.0.4"]


def test_two_wiped_members_of_five_start_one_at_a_time() -> None:
    five = ensemble(1, 2, 3, 4, 5)
    seen = serving(five, listing(1, 2, 3, 4, 5))
    leads = seen["10.0.0.1"]
    synced = replace(leads, answers={**leads.answers, "zookeeper mntr": "zk_synced_followers\t2\n"})
    seen |= bare(five, 4, 5) | {"10.0.0.1": synced}
    told = objections(five, seen, only=["10.0.0.4", "10.0.0.5"])
    assert list(told) == ["10.0.0.4", "10.0.0.5"]
    assert "(also 10.0.0.5)" in told["10.0.0.4"]
    assert not objections(five, seen, only=["10.0.0.4"])


def test_a_member_that_has_found_others_is_put_back_where_most_serve_by_the_list_of_hosts_ini() -> None:
    """The hosts.ini of that other ensemble, which is half of this one's, would be of no use to the rest."""
    cluster = ensemble(1, 2, 3)
    seen = serving(cluster, listing(1, 2, 3))
    seen["10.0.0.3"] = host(cluster, 3, {3: "10.0.0.3", 9: "10.0.0.3"}, "leader", synced=1)
    (told,) = objections(cluster, seen).values()
    assert "docker stop zookeeper there and empty /opt/zookeeper/data/version-2" in told
    assert "use the hosts.ini" not in told
    stopped = {**seen, "10.0.0.3": host(cluster, 3, {3: "10.0.0.3", 9: "10.0.0.3"}, holds=())}
    assert objections(cluster, stopped, ["10.0.0.3"]) == {}
