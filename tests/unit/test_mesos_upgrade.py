"""Another version of Mesos: masters before agents, and the other way round to an older one."""

import json
from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import given
from samples import any_json, as_wanted

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Standing
from tasks.plan.mesos_agent import upgrade
from tasks.plan.outlook import foresee
from tasks.plan.runbook import MESOS_AGENT, MESOS_MASTER
from tasks.plan.step import HostPlan

CHAPTERS = (MESOS_MASTER, MESOS_AGENT)
A, B, C, D = (f"10.0.0.{last}" for last in (1, 2, 3, 9))
MASTERS = frozenset({A, B, C})


@cache
def mesos(version: str, more: str = "") -> Cluster:
    hosts = "".join(f"{name} number={id}\n" for id, name in enumerate((A, B, C), start=1))
    images = (
        f"mesos_master_image=mesosphere/mesos-master:{version}\n"
        f"mesos_agent_image=mesosphere/mesos-slave:{version}\n"
    )
    return parse(
        f"[zookeeper]\n{A} myid=1\n[mesos_master]\n{hosts}[mesos_agent]\n{A}\n{D}\n[all:vars]\n{images}{more}"
    )


def plans(old: str, new: str, more: str = "") -> Mapping[str, HostPlan]:
    seen = {node.name: as_wanted(mesos(old), node) for node in mesos(old).nodes}
    return runbook.plans(CHAPTERS, mesos(new, more), mesos(new, more).nodes, seen)


def order(old: str, new: str, more: str = "") -> list[tuple[str, ...]]:
    standings = {"mesos_master": Standing(3, 2, MASTERS, A), "mesos_agent": Standing(2, 0, frozenset({A, D}))}
    turns = foresee(CHAPTERS, plans(old, new, more), standings, ()).turns
    return [(turn.service, *turn.hosts) for turn in turns if turn.phase == "replace"]


FIRST = [("mesos_master", B), ("mesos_master", C), ("mesos_master", A)]
THEN = [("mesos_agent", A), ("mesos_agent", D)]


def test_masters_go_first_to_a_newer_version_and_agents_to_an_older_one() -> None:
    assert order("1.5.0", "1.6.1") == FIRST + THEN
    assert order("1.6.1", "1.5.0") == THEN + FIRST
    assert order("1.5.0", "1.5.3") == FIRST + THEN


def test_a_version_that_nobody_knows_may_be_a_newer_one() -> None:
    assert order("1.5.0", "stable") == FIRST + THEN


@pytest.mark.parametrize("version", ["1.5.0", "stable"])
def test_other_settings_roll_host_by_host_as_ever(version: str) -> None:
    assert ("mesos_agent", A) in order(version, version, "log_size=7m")[:3]


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("1.5.0", "1.6.1", ["Mesos 1.5.0 -> 1.6.1: masters first, then agents."]),
        ("1.6.1", "1.5.0", ["Mesos 1.6.1 -> 1.5.0: agents first, then masters."]),
        ("1.5.0", "1.5.0", []),
    ],
)
def test_a_plan_tells_the_versions_and_the_order(old: str, new: str, told: list[str]) -> None:
    seen = {node.name: as_wanted(mesos(old), node) for node in mesos(old).nodes}
    assert list(upgrade.told(mesos(new), seen, plans(old, new))) == told


def test_what_masters_say_is_read_and_nothing_of_what_they_do_not() -> None:
    registry = {"minimum_capabilities": [{"capability": "QUOTA_V2"}]}
    said = {
        upgrade.REGISTRY: f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(registry)}",
        f"{upgrade.VERSION}{A}": 'HTTP/1.1 200 OK\r\n\r\n{"version":"1.5.0"}',
        f"{upgrade.VERSION}{B}": "",
    }
    assert upgrade.demands(said) == ("QUOTA_V2",)
    assert upgrade.versions_of(said) == {A: "1.5.0"}
    assert upgrade.demands({upgrade.REGISTRY: "HTTP/1.1 200 OK\r\n\r\n{}"}) == ()


@given(any_json("version", "minimum_capabilities", "capability"))
def test_any_answer_is_read(said: object) -> None:
    text = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(said)}"
    told = {upgrade.REGISTRY: text, f"{upgrade.VERSION}{A}": text}
    assert all(isinstance(each, str) for each in upgrade.demands(told))
    assert all(isinstance(each, str) for each in upgrade.versions_of(told).values())
