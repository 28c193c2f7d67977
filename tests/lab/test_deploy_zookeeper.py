"""Chapters 1 and 2 on real hosts: from nothing, again, changed, and cut short."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fabric.main import program
from kazoo.client import KazooClient
from operators import INVENTORY, SOON, TRIO, Inventory, Run, inside, zookeeper

from lab import faults
from verify.apps import eventually
from verify.four_letter_words import ask

IMAGE = "10.70.0.2:5000/lab/zookeeper:3.8.0"

STATE = (
    "docker ps -a --format '{{.Names}} {{.Image}} {{.Label \"mesofab.digest\"}} {{.State}}';"
    "find /opt/zookeeper -maxdepth 2 | sort; cat /opt/zookeeper/conf/zoo.cfg /opt/zookeeper/data/myid;"
    "grep HOST_IP /etc/profile"
)
"""Everything a deploy makes on a host, but for what ZooKeeper itself writes."""


def state() -> dict[str, str]:
    return {node: inside(node, STATE) for node in TRIO}


def starts() -> dict[str, str]:
    """Give each member's container id and the time it was started."""
    return {node: inside(node, "docker inspect -f '{{.Id}} {{.State.StartedAt}}' zookeeper") for node in TRIO}


def started_at(node: str) -> str:
    return inside(node, "docker inspect -f '{{.State.StartedAt}}' zookeeper")


def leader() -> str:
    return eventually("a ZooKeeper that leads", lambda: next(filter(leads, TRIO), None), SOON)


def leads(node: str) -> bool:
    return "Mode: leader" in ask(node, 2181, "srvr")


@pytest.fixture
def kept() -> Any:
    """Write a znode now; give the function that reads it back."""
    path, value = f"/kept-{uuid.uuid4()}", uuid.uuid4().hex.encode()

    class Kept:
        def write(self) -> None:
            with_client(lambda c: c.create(path, value))

        def is_there(self) -> bool:
            return bool(with_client(lambda c: c.retry(c.get, path)[0] == value))

    def with_client(do: Callable[[KazooClient], Any]) -> Any:
        with zookeeper() as client:
            return do(client)

    return Kept()


def test_one_host_after_another_ends_in_the_same_ensemble(bare: None, fab: Run) -> None:
    first = fab("-H", TRIO[0], "deploy-zookeeper")
    assert first.code == 0, first.said
    assert f"{TRIO[0]} runs and waits: 2 of 3 members must run" in first.said
    for node in TRIO[1:]:
        last = fab("-H", node, "deploy-zookeeper")
        assert last.code == 0, last.said
    assert "3 of 3 ZooKeepers serve" in fab("zookeeper.ask").said


def test_the_steps_of_the_chapter_can_be_run_one_by_one(bare: None, fab: Run) -> None:
    for node in TRIO:
        inside(node, f"docker rmi -f {IMAGE}")
    steps = {"mkdirs": 3, "configure": 6, "pull": 3, "run": 3}
    for task, count in steps.items():
        done = fab(f"zookeeper.{task}")
        assert done.code == 0, done.said
        assert f"{count} steps carried out on 3 hosts" in done.said
    again = fab(*(f"zookeeper.{task}" for task in steps), "zookeeper.ask")
    assert again.said.count("Nothing to do on 3 hosts") == 5
    assert "3 of 3 ZooKeepers serve" in again.said


def test_a_step_whose_ground_is_missing_is_refused_and_says_what_to_run_first(bare: None, fab: Run) -> None:
    before = state_of_bare_hosts()
    refused = fab("zookeeper.run")
    assert refused.code == 6
    told = "10.70.0.10, .11, .12  2.5 run zookeeper: 2.1 has not been carried out."
    assert f"{told} Run `fab zookeeper.mkdirs` first." in refused.said
    assert state_of_bare_hosts() == before


def state_of_bare_hosts() -> dict[str, str]:
    return {node: inside(node, "ls -A /opt; docker ps -aq; md5sum /etc/profile") for node in TRIO}


def test_a_plan_changes_nothing_and_says_why(bare: None, fab: Run) -> None:
    before = state_of_bare_hosts()
    plan = fab("plan")
    assert plan.code == 0, plan.said
    assert "10.70.0.11  2.2 zoo.cfg: missing" in plan.said
    assert state_of_bare_hosts() == before


def test_a_second_deploy_changes_nothing_and_is_one_command_per_host(
    ensemble: None, commands: Counter[str], connections: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = starts()
    program.run(["fab", "deploy-zookeeper"], exit=False)
    assert "Nothing to do on 3 hosts" in capsys.readouterr().out
    assert commands == connections == Counter({node: 1 for node in TRIO})
    assert starts() == before


def test_a_changed_setting_is_rolled_out_leader_last_and_no_data_are_lost(
    ensemble: None, fab: Run, inventory: Inventory, kept: Any
) -> None:
    kept.write()
    old_leader, before = leader(), starts()
    changed = inventory("zookeeper_sync_limit=7")
    plan = fab("plan", inventory=changed)
    assert "2.2 zoo.cfg: syncLimit 2 -> 7  (restarts zookeeper, the leader)" in plan.said
    assert plan.said.count("(restarts zookeeper, a follower)") == 4
    done = fab("deploy-zookeeper", inventory=changed)
    assert done.code == 0, done.said
    after = starts()
    assert not set(before.values()) & set(after.values())
    assert max(TRIO, key=started_at) == old_leader
    assert kept.is_there()
    assert "syncLimit=7" in inside(TRIO[0], "cat /opt/zookeeper/conf/zoo.cfg")
    assert ".prev" not in str(state())
    assert ".next" not in str(state())


def test_data_survive_a_restart_of_all_three_hosts(ensemble: None, fab: Run, kept: Any) -> None:
    kept.write()
    for node in TRIO:
        faults.stop(node)
    for node in TRIO:
        faults.start(node)
    asked = fab("zookeeper.ask")
    assert asked.code == 0, asked.said
    assert kept.is_there()


def test_a_container_removed_by_hand_is_put_back_alone(ensemble: None, fab: Run) -> None:
    before = starts()
    inside(TRIO[1], "docker rm -f zookeeper")
    done = fab("deploy-zookeeper")
    assert done.code == 0, done.said
    after = starts()
    assert {node for node in TRIO if after[node] != before[node]} == {TRIO[1]}


def test_a_member_without_data_waits_until_all_others_serve_and_no_write_is_lost(
    ensemble: None, fab: Run, kept: Any
) -> None:
    kept.write()
    wiped, down = (node for node in TRIO if node != leader())
    inside(wiped, "docker rm -f zookeeper; rm -r /opt/zookeeper/data")
    inside(down, "docker stop zookeeper")
    refused = fab("deploy-zookeeper")
    assert refused.code == 6, refused.said
    assert (
        f"{wiped}  error  wiped: zookeeper: it has no data in /opt/zookeeper/data/version-2" in refused.said
    )
    assert inside(down, "docker inspect -f '{{.State.Running}}' zookeeper") == "false"
    first = fab("-H", down, "deploy-zookeeper")
    assert first.code == 0, first.said
    done = fab("deploy-zookeeper")
    assert done.code == 0, done.said
    assert "3 of 3 ZooKeepers serve" in done.said
    assert kept.is_there()


def test_data_removed_under_a_running_member_are_noticed_and_fetched_from_the_others(
    ensemble: None, fab: Run, kept: Any
) -> None:
    kept.write()
    node, before = TRIO[1], starts()
    inside(node, "rm -r /opt/zookeeper/data; mkdir /opt/zookeeper/data")
    assert f"{node}  2.5 replace zookeeper: it does not see /opt/zookeeper/data" in fab("plan").said
    done = fab("deploy-zookeeper")
    assert done.code == 0, done.said
    after = starts()
    assert [each for each in TRIO if after[each] != before[each]] == [node]
    assert "snapshot" in inside(node, "ls /opt/zookeeper/data/version-2")
    assert kept.is_there()


def test_a_restart_policy_changed_by_hand_is_mended_without_a_restart(ensemble: None, fab: Run) -> None:
    before = starts()
    inside(TRIO[2], "docker update --restart=no zookeeper")
    assert "restart policy of zookeeper: no -> always" in fab("plan").said
    assert fab("deploy-zookeeper").code == 0
    assert starts() == before


def test_a_directory_that_docker_made_where_zoo_cfg_was_mounted_is_mended(ensemble: None, fab: Run) -> None:
    node = TRIO[0]
    inside(node, "docker stop zookeeper; rm /opt/zookeeper/conf/zoo.cfg; docker start zookeeper || true")
    inside(node, "[ -d /opt/zookeeper/conf/zoo.cfg ]")
    done = fab("deploy-zookeeper")
    assert done.code == 0, done.said
    inside(node, "[ -f /opt/zookeeper/conf/zoo.cfg ]")


def test_the_last_majority_is_not_broken_by_a_change(ensemble: None, fab: Run, inventory: Inventory) -> None:
    down = next(node for node in TRIO if node != leader())
    others = [node for node in TRIO if node != down]
    inside(down, "docker stop zookeeper")
    before = starts()
    changed = inventory("zookeeper_tick_time=2500\ngate_timeout=20")  # so long it waits for the others
    refused = fab("-H", ",".join(others), "deploy-zookeeper", inventory=changed)
    assert refused.code == 6, refused.said
    assert "2 of 3 members serve and 2 must" in refused.said
    assert starts() == before
    assert fab("deploy-zookeeper").code == 0


def test_a_single_zookeeper_anywhere_is_deployed_too(bare: None, fab: Run, inventory: Inventory) -> None:
    text = INVENTORY.read_text().split("[all:vars]")[1]
    alone = inventory(text=f"[zookeeper]\n10.70.0.20 myid=9\n[all:vars]{text}")
    done = fab("deploy-zookeeper", inventory=alone)
    assert done.code == 0, done.said
    assert "10.70.0.20 serves, the only member in hosts.ini" in done.said
