"""What follows from the agents that the leading master lists."""

import json
from collections.abc import Mapping

import pytest
import recorded_mesos as recorded
from hypothesis import given
from samples import any_json

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import http
from tasks.plan.gate import Standing, Verdict
from tasks.plan.mesos_agent.service import Agent, Agents, agent

HOSTS = "10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
ONE = frozenset({"10.70.0.20"})
TWO = frozenset({"10.70.0.20", "10.70.0.21"})


def cluster_of(*agents: str) -> Cluster:
    lines = "".join(f"{line}\n" for line in agents)
    return parse(f"[zookeeper]\n{HOSTS}[mesos_master:children]\nzookeeper\n[mesos_agent]\n{lines}")


def slaves(**active: bool) -> str:
    """The answer of a leading master that lists agents `a20=True` (10.70.0.20, active) ..."""
    listed = [
        {"pid": f"slave(1)@10.70.0.{name[1:]}:5051", "active": is_active}
        for name, is_active in active.items()
    ]
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'slaves': listed, 'frameworks': []})}"


def judge(cluster: Cluster, needed: frozenset[str], *answers: str) -> Verdict:
    """The verdict when the masters answer so; all agents ask the same masters."""
    said: Mapping[str, str] = {f"slaves-10.70.0.{10 + i}": answer for i, answer in enumerate(answers)}
    return Agents().verdict(cluster, {name: said for name in needed}, needed)


def test_every_master_is_asked_because_only_the_leader_has_a_list() -> None:
    cluster = cluster_of("10.70.0.20")
    asked = Agents().questions(cluster, cluster.nodes[-1])
    assert [(each.address, each.port) for each in asked.values()] == [
        ("10.70.0.10", 5050),
        ("10.70.0.11", 5050),
        ("10.70.0.12", 5050),
    ]
    assert {each.word for each in asked.values()} == {http.get("/state-summary")}


def test_an_agent_that_the_real_leader_lists_as_active_passes() -> None:
    follower = recorded.FOLLOWER_SUMMARY
    verdict = judge(cluster_of("10.70.0.20"), ONE, follower, follower, recorded.LEADER_SUMMARY)
    assert verdict == Verdict(True, "1 of 1 agents is active")


def test_an_agent_of_which_a_drain_has_reserved_something_is_told() -> None:
    listed = [
        {"pid": f"slave(1)@10.70.0.{n}:5051", "active": True, "reserved_resources": {role: {"cpus": 1.0}}}
        for n, role in ((20, "mesofab-drain"), (21, "web"))
    ]
    leader = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'slaves': listed, 'frameworks': []})}"
    told = "2 of 2 agents are active; 10.70.0.20 takes no new tasks until `fab host.resume HOST`"
    assert judge(cluster_of("10.70.0.20", "10.70.0.21"), TWO, leader) == Verdict(True, told)


def test_an_agent_is_what_the_real_leader_says_of_it() -> None:
    said = {"slaves-10.70.0.10": recorded.FOLLOWER_SUMMARY, "slaves-10.70.0.12": recorded.LEADER_SUMMARY}
    nodes = cluster_of("10.70.0.20", "10.70.0.21").having("mesos_agent")
    assert [Agents().role(node, said) for node in nodes] == ["active", ""]
    assert [Agents().version(node, said) for node in nodes] == ["1.5.0", ""]


def test_an_agents_tasks_and_resources_are_what_the_real_leader_lists() -> None:
    one, other = cluster_of("10.70.0.20", "10.70.0.21").having("mesos_agent")
    said = {"slaves-10.70.0.12": recorded.LEADER_SUMMARY}
    resources = {
        "cpus": "2.0",
        "disk": "252899.0",
        "gpus": "0.0",
        "mem": "23081.0",
        "ports": "[31000-32000]",
    }
    assert agent(one, said) == Agent("1.5.0", 1, resources)
    assert agent(other, said) is agent(one, {}) is None


def test_reserved_resources_are_named_with_their_role() -> None:
    entry = {"pid": "slave(1)@10.70.0.20:5051", "reserved_resources": {"web": {"cpus": 1.0, "ports": "none"}}}
    text = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'slaves': [entry]})}"
    assert agent(cluster_of("10.70.0.20").nodes[-1], {"x": text}) == Agent("", 0, {"cpus(web)": "1.0"})


def test_an_agent_is_known_by_its_address_whatever_hosts_ini_calls_it() -> None:
    cluster = cluster_of("web1 host_ip=10.70.0.20")
    assert judge(cluster, frozenset({"web1"}), recorded.LEADER_SUMMARY).passed


def test_an_agent_on_another_port_is_another_agent() -> None:
    cluster = cluster_of("10.70.0.20 mesos_agent_port=5052")
    assert not judge(cluster, ONE, recorded.LEADER_SUMMARY).passed


@pytest.mark.parametrize(
    "answer", [slaves(a20=True), slaves(a20=True, a21=False)], ids=["missing", "inactive"]
)
def test_an_agent_that_is_missing_or_inactive_is_named(answer: str) -> None:
    verdict = judge(cluster_of("10.70.0.20", "10.70.0.21"), TWO, answer)
    assert verdict == Verdict(
        False, "1 of 2 agents is active; 10.70.0.21 is not active on the leading master"
    )


def test_an_agent_that_is_not_needed_may_be_missing_but_is_not_counted() -> None:
    verdict = judge(cluster_of("10.70.0.20", "10.70.0.21"), ONE, slaves(a20=True, a21=False))
    assert verdict == Verdict(True, "1 of 2 agents is active")


def test_an_agent_that_hosts_ini_does_not_have_is_not_counted() -> None:
    verdict = judge(cluster_of("10.70.0.20"), ONE, slaves(a20=True, a99=True))
    assert verdict == Verdict(True, "1 of 1 agents is active")


def test_an_agent_must_be_active_on_both_of_two_masters_that_think_they_lead() -> None:
    cluster = cluster_of("10.70.0.20")
    for answers in ((slaves(a20=True), slaves(a20=False)), (slaves(), slaves(a20=True))):
        assert not judge(cluster, ONE, *answers).passed
    assert judge(cluster, ONE, slaves(a20=True), slaves(a20=True, a21=True)).passed


NO_LIST = {
    "silence": "",
    "a follower": recorded.FOLLOWER_SUMMARY,
    "no leader": "HTTP/1.1 503 Service Unavailable\r\n\r\nNo leader elected",
    "cut off": recorded.LEADER_SUMMARY[:300],
    "another thing": "HTTP/1.1 200 OK\r\n\r\n[]",
    "no slaves": 'HTTP/1.1 200 OK\r\n\r\n{"slaves": null}',
}


@pytest.mark.parametrize("answer", NO_LIST.values(), ids=NO_LIST.keys())
def test_no_list_is_no_leading_master(answer: str) -> None:
    assert judge(cluster_of("10.70.0.20"), ONE, answer) == Verdict(
        False, "no leading master answers the agents' hosts"
    )


def test_no_agent_needs_another() -> None:
    cluster = cluster_of("10.70.0.20", "10.70.0.21")
    assert Agents().standing(cluster, {}) == Standing(2, 0, frozenset())
    assert Agents().standing(cluster, {}).stands


@given(any_json("slaves", "pid", "active").map(lambda some: {"slaves": some}))
def test_any_json_is_judged_and_an_agent_is_never_made_up(body: object) -> None:
    cluster, text = cluster_of("10.70.0.20"), f"HTTP/1.1 200 OK\n\n{json.dumps(body)}"
    assert not judge(cluster, ONE, text).passed
    assert agent(cluster.nodes[-1], {"x": text}) is None
