"""Running members replaced on real hosts: in which order, what if one fails, what if a host is down."""

import re
from collections.abc import Iterator

import pytest
from operators import INVENTORY, TRIO, Inventory, Run, inside

from lab import faults

AGENT = "10.70.0.20"
EVERYBODY = (*TRIO, AGENT)


@pytest.fixture
def cluster(cluster: None, fab: Run) -> Iterator[None]:
    """Have the whole cluster as the lab's hosts.ini wants it when the test is over, too."""
    yield
    after = fab("deploy-cluster")
    assert after.code == 0, after.said


def running(*nodes: str) -> dict[tuple[str, str], str]:
    """Give the id of each container, by host and name; on all hosts if none is named."""
    ask = "docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.Id}}'"
    return {
        (node, line.split()[0].strip("/")): line.split()[1]
        for node in nodes or EVERYBODY
        for line in inside(node, ask).splitlines()
    }


def leaders(status: str) -> set[tuple[str, str]]:
    """Read from `fab status` which container on which host leads."""
    found = set()
    host = ""
    for line in status.splitlines():
        if match := re.match(r"(\d+\.\d+\.\d+\.\d+)", line):
            host = match[1]
        if "leader" in line and (name := re.search(r"(zookeeper|mesos-master-\d+|marathon-\d+)", line)):
            found.add((host, name[1]))
    return found


def replaced(said: str) -> list[tuple[str, str]]:
    """Read from a run's output which containers were replaced, in this order."""
    return re.findall(r"^(\S+)  \d\.\d replace (\S+)  changed", said, re.MULTILINE)


def test_a_change_of_three_services_replaces_each_member_once_and_every_leader_last(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    led, before = leaders(fab("status").said), running()
    changed = inventory(
        "zookeeper_sync_limit=6\n"
        'mesos_master_environment="MESOS_MAX_COMPLETED_FRAMEWORKS=40"\n'
        'marathon_arguments="--decline_offer_duration 60000"'
    )
    done = fab("deploy-cluster", inventory=changed)
    assert done.code == 0, done.said
    order, after = replaced(done.said), running()
    assert {key for key in after if after[key] != before.get(key)} == set(order)
    assert len(order) == 9 and AGENT not in dict(order)
    assert len(led) == 3, led
    for host, name in led:
        own = [each for each in order if each[1].rstrip("0123456789") == name.rstrip("0123456789")]
        if name == "zookeeper":  # each restart of one may move the leader of the others
            assert own[-1] == (host, name), order
    # The next test asserts that hosts go one after another: what a ZooKeeper's restart has ended goes first.


def test_a_change_of_masters_and_marathons_goes_host_by_host(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    led = {each for each in leaders(fab("status").said) if each[1] != "zookeeper"}
    changed = inventory(
        'mesos_master_environment="MESOS_MAX_COMPLETED_FRAMEWORKS=40"\n'
        'marathon_arguments="--decline_offer_duration 60000"'
    )
    done = fab("deploy-cluster", inventory=changed)
    assert done.code == 0, done.said
    order = replaced(done.said)
    assert len(order) == 6 and len(led) == 2, order
    turns = [host for i, (host, _) in enumerate(order) if i == 0 or order[i - 1][0] != host]
    assert len(turns) <= len(set(turns)) + len({host for host, _ in led}), order
    (chief,) = (each for each in led if each[1].startswith("mesos-master"))
    assert [each for each in order if each[1].startswith("mesos-master")][-1] == chief, order


def test_another_image_of_one_master_replaces_that_one_alone(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    tag = "lab/mesos-master-stand-in:1.5.0"
    pushed = f"10.70.0.2:5000/{tag}"
    inside(TRIO[1], f"docker tag {pushed} {pushed}-1; docker push -q {pushed}-1; docker rmi {pushed}-1")
    before, hosts = running(), f"[mesos_master]\n{TRIO[0]}\n{TRIO[1]}"
    text = INVENTORY.read_text().replace(hosts, f"{hosts} mesos_master_image={tag}-1")
    done = fab("deploy-cluster", inventory=inventory(text=text))
    assert done.code == 0, done.said
    after = running()
    assert replaced(done.said) == [(TRIO[1], "mesos-master-02")]
    assert {key for key in after if after[key] != before.get(key)} == {(TRIO[1], "mesos-master-02")}


def test_a_member_that_does_not_come_back_is_put_back_and_no_other_is_touched(
    cluster: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    before = running()
    text = INVENTORY.read_text().replace("zookeeper_heap=128m", "zookeeper_heap=1k")
    broken = inventory("gate_timeout=45", text=text)
    failed = fab("deploy-cluster", inventory=broken)
    assert failed.code == 10, failed.said
    told = r"^(10\.70\.0\.1\d)  2\.6 zookeeper: it ends again and again .*: Java cannot start with this heap"
    match = re.search(told, failed.said, re.MULTILINE)
    assert match, failed.said
    host = match[1]
    assert f"{host}  2.5 zookeeper: the previous container is back and serves." in failed.said
    assert "`docker logs zookeeper.failed` there shows why its successor failed." in failed.said
    assert "ZooKeeper, when last asked: 3 of 3 members serve, " in failed.said, failed.said
    assert "does what is still missing: replace ZooKeeper on " in failed.said
    assert "Too small maximum heap" in inside(host, "docker logs zookeeper.failed 2>&1")
    after = running()
    assert after.pop((host, "zookeeper.failed"))
    assert after == before
    policies = inside(
        host, "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' zookeeper zookeeper.failed"
    )
    assert policies.split() == ["always", "no"]
    assert fab("deploy-cluster").code == 0
    assert set(running()) == set(before)
    assert inside(host, "ls /opt/zookeeper/conf") == "zoo.cfg"
    passed = suite()
    assert passed.code == 0, passed.said


def test_with_a_host_down_the_others_are_planned_and_changed_only_when_they_are_named(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    agent = 'mesos_agent_environment="MESOS_GC_DELAY=2days"'
    changed = inventory(f"zookeeper_sync_limit=6\ngate_timeout=12\n{agent}")
    down, *others = TRIO
    with faults.stopped(down):
        before = running(*others, AGENT)
        plan = fab("plan", inventory=changed)
        assert plan.code == 3, plan.said
        assert f"{others[0]}  2.2 zoo.cfg: syncLimit 2 -> 6" in plan.said
        named = ",".join((*others, AGENT))
        assert f"To go on without {down}, name the others: -H {named}" in plan.said
        refused = fab("deploy-cluster", inventory=changed)
        assert (refused.code, running(*others, AGENT)) == (3, before), refused.said
        done = fab("-H", named, "deploy-cluster", inventory=changed)
        assert done.code == 6, done.said
        assert "ZooKeeper: 2 of 3 members serve and 2 must" in done.said
        after = running(*others, AGENT)
        assert {key for key in after if after[key] != before.get(key)} == {(AGENT, "mesos-slave")}
