"""An agent's host that cannot reach the leading master: what status and plan say while others can."""

from collections.abc import Mapping
from dataclasses import replace

import recorded_mesos as recorded
from fake_hosts import FakeHosts
from samples import as_wanted

from tasks.engine import gates
from tasks.engine.status import look_around
from tasks.inventory.parse import parse
from tasks.plan.gate import Verdict
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import MESOS_AGENT

A, B, C, AGENT, OTHER = "10.70.0.10", "10.70.0.11", "10.70.0.12", "10.70.0.20", "10.70.0.21"
CLUSTER = parse(
    f"[zookeeper]\n{A} myid=1\n{B} myid=2\n{C} myid=3\n[mesos_master:children]\nzookeeper\n"
    f"[mesos_agent]\n{AGENT}\n{OTHER}\n"
)
TOLD = "cannot reach the leading master 10.70.0.10:5050, although it answers on its own host; `fab preflight`"


def looked(heard: Mapping[str, str], leads: bool = True) -> dict[str, Observed]:
    """Two agents' hosts that heard so much from the first master, which leads by its own word."""
    says = {
        A: recorded.LEADER_METRICS if leads else recorded.FOLLOWER_METRICS,
        B: recorded.FOLLOWER_METRICS,
        C: "",
    }
    answers = {
        **{name: {"mesos_master metrics": said} for name, said in says.items()},
        **{
            name: {
                f"mesos_agent slaves-{A}": said,
                f"mesos_agent slaves-{B}": recorded.FOLLOWER_SUMMARY,
            }
            for name, said in heard.items()
        },
    }
    return {
        node.name: replace(as_wanted(CLUSTER, node), answers=answers.get(node.name, {}))
        for node in CLUSTER.nodes
    }


def verdict(seen: Mapping[str, Observed]) -> Verdict:
    found = look_around(FakeHosts(CLUSTER, seen)).service("mesos_agent")
    assert found
    return found.verdict


def test_agents_that_all_are_cut_off_are_named_and_no_leader_is_denied() -> None:
    says = verdict(looked({AGENT: "", OTHER: ""})).says
    assert says.startswith(f"{AGENT}, .21 {TOLD}")
    assert "no leading master" not in says


def test_one_that_is_cut_off_is_named_though_others_hear_that_it_is_active() -> None:
    found = verdict(looked({AGENT: "", OTHER: recorded.LEADER_SUMMARY}))
    assert not found.passed
    assert f"is not active on the leading master; {AGENT} {TOLD}" in found.says  # the other one is not listed


def test_where_no_master_leads_that_is_what_is_told() -> None:
    found = verdict(looked({AGENT: "", OTHER: ""}, leads=False))
    assert found == Verdict(False, "no leading master answers the agents' hosts")


def test_a_host_that_did_not_ask_is_not_called_cut_off() -> None:
    """As one that another run is changing: nothing there is looked at."""
    assert "cannot reach" not in verdict(looked({OTHER: recorded.LEADER_SUMMARY})).says


def test_a_plan_says_the_same() -> None:
    seen = looked({AGENT: "", OTHER: ""})
    hosts = FakeHosts(CLUSTER, seen)
    found = gates.judge_by(hosts, MESOS_AGENT, seen, hosts.members(MESOS_AGENT))
    assert found.says.startswith(f"{AGENT}, .21 {TOLD}")
