"""A gate that fails in a run whose preflight has found a closed port says that again."""

from dataclasses import replace

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from samples import as_wanted

from tasks.engine import gates
from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.errors import GateNotReached
from tasks.inventory.parse import parse
from tasks.plan.gate import Question, Standing
from tasks.plan.preflight import Look
from tasks.plan.preflight.facts import Facts
from tasks.plan.roll import Member
from tasks.plan.runbook import MESOS_AGENT, ZOOKEEPER

TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
CLUSTER, CHANGED = parse(TRIO), parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
LEADS = {"zookeeper srvr": "Mode: leader\n", "zookeeper mntr": "zk_synced_followers\t2\n"}
SEEN = {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes}
SEEN["10.0.0.1"] = replace(SEEN["10.0.0.1"], answers=LEADS)
TOLD = (
    "The preflight of this run has found what may keep it so:\n"
    "10.0.0.3  it cannot reach 10.0.0.1:3888 (timed out): a firewall drops it. Open these ports in the "
)


def hosts(*silent: str) -> FakeHosts:
    """Hosts some of whose members do not answer, and a port that is closed to the third."""
    well = ensemble_led_by("10.0.0.1")
    looks = {name: Look(seen, Facts(clock=0), 0, 0) for name, seen in SEEN.items()}
    flows = Facts(clock=0, flows={("10.0.0.1", 3888): "timed out"})
    looks["10.0.0.3"] = replace(looks["10.0.0.3"], facts=flows)

    def says(question: Question) -> str:
        return "" if question.address in silent else well(question)

    return FakeHosts(CHANGED, SEEN, says=says, preflight=looks, in_vain=True)


def test_a_deploy_whose_member_does_not_come_back_repeats_it() -> None:
    with pytest.raises(GateNotReached) as error:
        deploy(Run(hosts("10.0.0.3"), [ZOOKEEPER]), check=True)
    assert TOLD in str(error.value)


def test_a_service_that_waits_for_one_that_was_not_deployed_names_the_task_for_that() -> None:
    text = f"{TRIO}[mesos_master]\n10.0.0.1\n10.0.0.2\n10.0.0.3\n[mesos_agent]\n10.0.0.4\n"
    nobody = FakeHosts(parse(text), {}, says=lambda question: "", in_vain=True)
    with pytest.raises(GateNotReached, match="on ZooKeeper, of which 0 of 3 .* `fab deploy-zookeeper` r"):
        gates.reach(nobody, MESOS_AGENT, frozenset({"10.0.0.4"}))
    served = FakeHosts(parse(text), {}, says=ensemble_led_by("10.0.0.1"), in_vain=True)
    with pytest.raises(GateNotReached, match="masters, of which 0 of 3 .* `fab deploy-mesos-master` r"):
        gates.reach(served, MESOS_AGENT, frozenset({"10.0.0.4"}))


def shaken(hosts: FakeHosts) -> str:
    """What a roll says that waits for a member it has nothing to do with."""
    before = {"zookeeper": Standing(3, 2, frozenset(SEEN), "10.0.0.1")}
    with pytest.raises(GateNotReached) as error:
        gates.next_turn(hosts, before, [Member("zookeeper", "10.0.0.2")], "", False, ())
    return str(error.value)


def test_a_roll_that_waits_in_vain_for_another_member_repeats_it_and_asks_for_nothing_else() -> None:
    there = hosts("10.0.0.3")
    assert shaken(there).endswith("Bring it back, then run again.")
    there.journal.closed = [TOLD.splitlines()[1]]
    assert shaken(there).endswith(f"and it did not recover. {TOLD}")
