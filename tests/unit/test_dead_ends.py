"""A gate does not wait for a member that ends again and again in the same way."""

from dataclasses import replace
from typing import Any

import pytest
from fake_hosts import FakeHosts
from samples import as_wanted, with_container

from tasks.engine.dead_ends import FIRST, PAUSE, DeadEnds
from tasks.errors import Unreachable
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.look.docker import End
from tasks.plan.look.mounts import Held
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Sort

CLUSTER = parse("[zookeeper]\n10.0.0.1 myid=1\n")
(NODE,) = CLUSTER.nodes
NOW = 1_796_040_067
ENDED = {"status": "restarting", "end": End("2026-11-30T12:01:07Z", 1)}
BEFORE, JUST_NOW = "2026-11-30T09:00:00Z", "2026-11-30T12:01:05Z"


def seen(restarts: int, made: str, **changes: Any) -> Observed:
    host = replace(as_wanted(CLUSTER, NODE), now=NOW, ends={"e" * 64: (1, 1, 1)})
    return with_container(host, **{**ENDED, "restarts": restarts, "made": made, **changes})


def looks(*hosts: Observed) -> list[Sort | None]:
    """What a gate finds, look by look."""
    now = [0.0]
    each = FakeHosts(CLUSTER, *({NODE.name: host} for host in hosts))
    ends = DeadEnds(each, ZOOKEEPER, {NODE.name}, lambda: now[0])
    found: list[Sort | None] = []
    now[0] += FIRST
    for _ in hosts:
        told = ends.found()
        found.append(told[1].sort if told else None)
        assert ends.found() is None  # it has just looked
        now[0] += PAUSE
    return found


def test_what_this_run_has_made_is_given_up_after_its_third_end() -> None:
    assert looks(*(seen(count, JUST_NOW) for count in (1, 2, 3))) == [None, None, Sort.ENDS]


def test_what_ended_often_before_may_have_been_mended_and_gets_three_more() -> None:
    assert looks(*(seen(count, BEFORE) for count in (50, 51, 52, 53))) == [None, None, None, Sort.ENDS]


def test_what_runs_is_waited_for() -> None:
    assert looks(seen(0, JUST_NOW, status="running", end=None)) == [None]


@pytest.mark.parametrize("sort", [Sort.HANGS, Sort.PORT])
def test_what_hangs_or_lacks_its_port_is_not_waited_for(sort: Sort) -> None:
    host = seen(1, JUST_NOW, status="running" if sort is Sort.HANGS else "restarting")
    host = replace(host, hanging=frozenset({"zookeeper srvr"}), listeners={2181: "nc (pid 7)"}, answers={})
    taken = {"zookeeper": ("java.net.BindException: Address already in use",)}
    assert looks(replace(host, logs=taken if sort is Sort.PORT else {})) == [sort]


@pytest.mark.parametrize("held", [Held(free=3), Held(read_only=True)])
def test_a_full_or_read_only_directory_is_only_waited_for_where_the_member_serves(held: Held) -> None:
    host = replace(as_wanted(CLUSTER, NODE), now=NOW, held={("zookeeper", "/opt/zookeeper/data"): held})
    sort = Sort.READ_ONLY if held.read_only else Sort.FULL
    assert looks(host) == [None]
    assert looks(replace(host, answers={})) == [sort]


def test_a_host_that_cannot_be_looked_at_is_no_dead_end() -> None:
    class Lost(FakeHosts):
        def _seen(self, node: Node) -> Observed:
            raise Unreachable("gone", host=node.name)

    ends = DeadEnds(Lost(CLUSTER), ZOOKEEPER, {NODE.name}, iter((0.0, FIRST + 1.0, FIRST + 1.0)).__next__)
    assert ends.found() is None
