"""How the number of masters may change: by the sequences that are safe for the replicated log."""

import re
from collections.abc import Sequence
from json import dumps

import pytest

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed
from tasks.plan.membership import Membership
from tasks.plan.mesos_master.desired import data, quorum
from tasks.plan.mesos_master.replicas import membership
from tasks.plan.step import HostPlan


def masters(number: int, variables: str = "") -> Cluster:
    hosts = "".join(f"10.0.0.{n} number={n}\n" for n in range(1, number + 1))
    return parse(f"[zookeeper]\n10.0.1.1 myid=1\n[mesos_master]\n{hosts}[all:vars]\n{variables}\n")


def host(
    cluster: Cluster,
    number: int,
    quorum: int,
    runs: bool = True,
    leads: int = 0,
    registry: str = "replicated_log",
) -> Observed:
    """A host with a master of this quorum; `leads` is how many replicas it sees as leader."""
    node = cluster.having("mesos_master")[number - 1]
    metrics = dumps({"master/elected": 1.0, "registrar/log/ensemble_size": float(leads)})
    environment = {"MESOS_QUORUM": str(quorum), "MESOS_REGISTRY": registry}
    told = SeenContainer(status="running" if runs else "exited", environment=environment)
    return Observed(
        containers={f"mesos-master-{number:02}": told},
        holdings={data(node): ("CURRENT", "LOCK")},
        answers={"mesos_master metrics": f"HTTP/1.0 200 OK\r\n\r\n{metrics}"} if leads else {},
    )


def seen(cluster: Cluster, *quorums: int, leads: int = 0, runs: bool = True) -> dict[str, Observed]:
    """These masters, the first leading, and bare hosts for the rest of the cluster's."""
    found = {node.name: Observed() for node in cluster.having("mesos_master")}
    for n, each in enumerate(quorums, start=1):
        found[f"10.0.0.{n}"] = host(cluster, n, each, runs, leads if n == 1 else 0)
    return found


def told(cluster: Cluster, found: dict[str, Observed], only: Sequence[str] = ()) -> Membership:
    return membership(cluster, found, {name: HostPlan(name, ()) for name in (only or found)})


def refusal(cluster: Cluster, found: dict[str, Observed]) -> str:
    said = told(cluster, found)
    assert not said.stages
    return " ".join({str(blocker) for _, blocker in said.objections})


def test_three_masters_learn_the_quorum_of_five_before_two_more_start() -> None:
    five = masters(5)
    (stage,) = told(five, seen(five, 2, 2, 2, leads=3)).stages
    assert [node.name for node in stage.cluster.having("mesos_master")] == [
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
    ]
    assert quorum(stage.cluster) == quorum(five) == 3
    assert stage.says == "Masters that run get quorum 3, then 10.0.0.4, .5 may start"


def test_growing_goes_on_where_it_was_cut() -> None:
    five = masters(5)
    for quorums in ((3, 2, 2), (3, 3, 2)):
        said = told(five, seen(five, *quorums, leads=3))
        assert len(said.stages) == 1 and not said.objections
    assert told(five, seen(five, 3, 3, 3, leads=3)) == Membership()
    assert told(five, seen(five, 3, 3, 3, 3, leads=4)) == Membership()


def test_a_first_deploy_is_no_change_of_number_also_if_it_was_cut() -> None:
    three = masters(3)
    assert told(three, seen(three)) == Membership()
    assert told(three, seen(three, 2)) == Membership()


def test_one_master_run_by_hand_with_another_quorum_is_no_change_of_number() -> None:
    three = masters(3)
    assert told(three, seen(three, 2, 1, 2, leads=3)) == Membership()
    kept = {"10.0.0.3": Observed(holdings={data(three.nodes[3]): ("CURRENT",)})}  # its container was removed
    assert told(three, seen(three, 2, 1, leads=2) | kept) == Membership()


def test_surplus_masters_must_be_gone_before_the_others_learn_the_smaller_quorum() -> None:
    three = masters(3)
    refused = refusal(three, seen(three, 3, 3, 3, leads=5))
    assert "the masters run with quorum 3, 3 of them need 2; the leader sees 5 replicas of the log" in refused
    assert "Have hosts.ini name its host in [mesos_master] as before, and in [removed] beside" in refused
    assert "no leading master says" in refusal(three, seen(three, 3, 3, 3))
    assert told(three, seen(three, 3, 3, 3, leads=3)) == Membership()
    assert told(three, seen(three, 2, 3, 3, leads=3)) == Membership()


def test_a_master_may_not_take_the_place_of_one_that_still_runs() -> None:
    three = masters(3)
    assert (
        "masters: hosts.ini has 3 masters, of which 10.0.0.3 is new, and the leader still sees 3 replicas of "
        "the log: one is of a master that hosts.ini does not have any more. Have hosts.ini name its host in"
    ) in refusal(three, seen(three, 2, 2, leads=3))
    assert told(three, seen(three, 2, 2, leads=2)) == Membership()


@pytest.mark.parametrize(
    ("number", "quorums", "said"),
    [
        (3, (1,), "a single master cannot grow while it runs"),
        (7, (2, 2, 2), "the 3 with a log in hosts.ini are not a quorum of 4"),
        (5, (2, 2), "the 2 with a log in hosts.ini are not a quorum of 3"),
        (3, (4, 4, 4), "the 3 with a log in hosts.ini are not a quorum of 4"),
        (1, (2,), "of three masters no one alone is a quorum"),
    ],
)
def test_a_leap_is_refused(number: int, quorums: tuple[int, ...], said: str) -> None:
    cluster = masters(number)
    assert said in refusal(cluster, seen(cluster, *quorums, leads=len(quorums)))


def test_the_next_number_is_named() -> None:
    seven, three = masters(7), masters(3)
    assert "by two at a time, to 5 first" in refusal(seven, seen(seven, 2, 2, 2, leads=3))
    assert "by two at a time, to 5 first" in refusal(three, seen(three, 4, 4, 4, leads=3))


def test_a_number_that_is_wanted_already_is_never_the_next_one() -> None:
    five = masters(5)
    assert "by two at a time, to 3 first, and keep those that run" in refusal(five, seen(five, 2, 2, leads=2))


def test_who_takes_out_too_many_is_not_told_to_remove_them() -> None:
    one = masters(1)
    told = refusal(one, seen(one, 3, leads=5))
    assert "docker rm" not in told
    assert "to 3 first, and keep or put back those that run" in told


@pytest.mark.parametrize("wanted", [3, 5, 7, 9])
@pytest.mark.parametrize("number", [3, 5, 7, 9])
def test_going_by_the_numbers_that_are_named_leads_to_the_wanted_one(number: int, wanted: int) -> None:
    """Whoever does as is told, and removes the surplus, comes nearer with every step."""
    now = number
    while now != wanted:
        cluster = masters(wanted)
        found = seen(cluster, *[quorum(masters(now))] * min(now, wanted), leads=now)
        said = " ".join(str(blocker) for _, blocker in told(cluster, found).objections)
        named = re.search("to ([0-9]+) first", said)
        following = int(named[1]) if named else wanted
        assert abs(wanted - following) < abs(wanted - now), said
        now = following


def test_three_masters_that_are_to_be_one_are_not_told_to_be_three_first() -> None:
    one = masters(1)
    told = refusal(one, seen(one, 2, leads=3))
    assert "eep three masters; or stop them all and remove the replicated_log of each, then deploy" in told
    assert "first" not in told


def test_a_change_of_number_needs_all_masters_in_the_run() -> None:
    five = masters(5)
    said = told(five, seen(five, 2, 2, 2, leads=3), only=["10.0.0.4"])
    assert "this run leaves out 10.0.0.1, .2, .3, .5" in str(said.objections[0][1])


def test_without_a_log_there_is_no_quorum_to_protect() -> None:
    five = masters(5, "mesos_registry=in_memory")
    assert told(five, seen(five, 2, 2, 2, leads=5)) == Membership()
    found = seen(masters(5))
    for n in (1, 2, 3):
        found[f"10.0.0.{n}"] = host(masters(5), n, 2, registry="in_memory")
    assert told(masters(5), found) == Membership()
