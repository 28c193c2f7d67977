"""What status says while hosts.ini has other ports than the containers: the services run on, asked there."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import sound_hosts
from fake_hosts import FakeHosts
from samples import as_wanted

from tasks.engine.preview import plan_and_strangers
from tasks.engine.run import Run
from tasks.engine.status import look_around, raise_unless_ok
from tasks.errors import Drift
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.compare.listening import as_it_runs
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.report.status import Status
from tasks.plan.runbook import CHAPTERS

TEXT = (
    "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
    "[mesos_master:children]\nzookeeper\n[marathon:children]\nzookeeper\n[mesos_agent]\n10.70.0.20\n[all:vars]\n"
)
RUNS = parse(TEXT)
PORTS = {
    "zookeeper_client_port": 2181,
    "mesos_master_port": 5050,
    "marathon_port": 8080,
    "mesos_agent_port": 5051,
}


def says(question: Question) -> str:
    """What the services answer on the ports that their containers have, and nowhere else."""
    if question.port not in PORTS.values():
        return ""
    return sound_hosts.says(RUNS, question.address, question.port, question.word)


def looked(wanted: Cluster) -> dict[str, Observed]:
    """The hosts as the cluster of before has them, asked as the wanted one says."""
    found = {}
    for node in wanted.nodes:
        own = RUNS.called(node.name)
        assert own
        words = runbook.ask(CHAPTERS, wanted, node).words
        found[node.name] = replace(as_wanted(RUNS, own), answers={name: says(q) for name, q in words.items()})
    return found


def running(seen: Mapping[str, Observed]) -> Cluster:
    return as_it_runs(RUNS, seen, lambda node: runbook.containers(CHAPTERS, RUNS, node))


def status(wanted: Cluster, seen: Mapping[str, Observed]) -> Status:
    return look_around(FakeHosts(wanted, seen, says=says))


@pytest.mark.parametrize("setting", PORTS)
def test_services_that_run_on_other_ports_than_hosts_ini_has_are_well_and_differ(setting: str) -> None:
    wanted = parse(f"{TEXT}{setting}={PORTS[setting] + 1000}\n")
    found = status(wanted, looked(wanted))
    assert [each.verdict.says for each in found.services if not each.verdict.passed] == []
    assert (found.state, found.strangers) == ("drift", ())
    assert all(one.role for host in found.hosts for one in host.components)
    differs = [each for host in found.hosts for one in host.components for each in one.drift]
    assert any("it runs on the ports" in each and "hosts.ini wants" in each for each in differs)
    with pytest.raises(Drift, match=r"A deploy would be refused: `fab plan` tells why\."):
        raise_unless_ok(found)


def test_where_the_ports_are_as_wanted_nobody_is_asked_again() -> None:
    assert running(looked(RUNS)) is RUNS
    assert status(RUNS, looked(RUNS)).state == "ok"


@pytest.mark.parametrize("label", ["", "8080,8081", "eight", "8080\n", "123456", "²"])
def test_a_label_that_tells_no_ports_changes_nothing(label: str) -> None:
    seen = looked(RUNS)
    ours = seen["10.70.0.10"].containers["marathon-1"]
    other = replace(ours, labels={**ours.labels, "mesofab.ports": label})
    seen["10.70.0.10"] = replace(
        seen["10.70.0.10"], containers={**seen["10.70.0.10"].containers, "marathon-1": other}
    )
    assert running(seen) is RUNS


def test_the_way_back_is_advised_where_hosts_ini_has_moved_the_ports_of_all() -> None:
    wanted = parse(f"{TEXT}marathon_port=8081\n")
    plans = runbook.plans(CHAPTERS, wanted, wanted.nodes, looked(wanted))
    (blocker,) = plans["10.70.0.10"].blockers
    assert "marathon_port=8080" in blocker.remedy and "docker stop marathon-1" in blocker.remedy


def test_an_agent_that_runs_on_its_old_port_is_no_stranger_whom_a_plan_would_have_killed() -> None:
    wanted = parse(f"{TEXT}mesos_agent_port=5052\n")
    seen = looked(wanted)
    assert plan_and_strangers(Run(FakeHosts(wanted, seen, says=says))).strangers == ()
    assert runbook.strangers(CHAPTERS, wanted, seen) == []
