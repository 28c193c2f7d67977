"""Leaders handed over on real hosts: another one leads, and nothing of the old one stands in its way."""

import json
import re
import subprocess
from itertools import takewhile

import pytest
import requests
from operators import MARATHON, SOON, TRIO, Inventory, Run, inside, start, zookeeper

from verify.apps import eventually

SLOWER = "only when the session of this one ends"
"""What a run says where it could not do more than wait."""


def candidates() -> dict[str, str]:
    """Give the id of every master that stands for election, and its address."""
    with zookeeper() as client:
        names = [name for name in client.get_children("/mesos") if name.startswith("json.info_")]
        found = [json.loads(client.get(f"/mesos/{name}")[0]) for name in names]
    return {one["id"]: one["hostname"] for one in found}


def leading_master() -> tuple[str, str]:
    """Give the id of the leading master and its address, once one leads."""

    def asked() -> tuple[str, str] | None:
        for node in TRIO:
            said = requests.post(f"http://{node}:5050/api/v1", json={"type": "GET_MASTER"}, timeout=5)
            if said.url.startswith(f"http://{node}") and said.status_code == 200:
                info = said.json()["get_master"]["master_info"]
                return info["id"], info["hostname"]
        return None

    return eventually("a leading master", asked, SOON)


def leading_marathon() -> str:
    """Give the address of the leading Marathon, once one leads."""

    def asked() -> str | None:
        said = requests.get(f"{MARATHON}/v2/leader", timeout=15)
        return str(said.json()["leader"]).partition(":")[0] if said.status_code == 200 else None

    return eventually("a leading Marathon", asked, SOON)


def test_another_master_leads_and_the_candidacy_of_the_old_one_is_gone(cluster: None, fab: Run) -> None:
    id, before = leading_master()
    done = fab("mesos-master.hand-over")
    assert done.code == 0 and SLOWER not in done.said, done.said
    assert id not in candidates() and leading_master()[1] != before
    assert re.search(rf"^{before}  3.2 stop mesos-master-0\d  changed", done.said, re.M), done.said
    again = fab("-H", before, "mesos-master.hand-over")
    assert again.code == 0 and "so there is nothing to hand over" in again.said, again.said
    assert "Nothing to do" in fab("deploy-cluster").said


def test_a_roll_of_masters_hands_the_leader_over(cluster: None, fab: Run, inventory: Inventory) -> None:
    id, before = leading_master()
    done = fab(
        "deploy-cluster", inventory=inventory('mesos_master_environment="MESOS_MAX_COMPLETED_FRAMEWORKS=41"')
    )
    assert done.code == 0 and SLOWER not in done.said, done.said
    assert id not in candidates() and leading_master()[1] != before
    assert "the leader changed once" in next(
        line for line in done.said.splitlines() if line.startswith("Mesos ")
    )
    assert fab("deploy-cluster").code == 0


def test_a_run_that_is_killed_when_the_leader_has_stopped_leaves_what_the_next_one_mends(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    _, before = leading_master()
    run = start(["mesos-master.hand-over"], inventory(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.stdout is not None
    said = list(takewhile(lambda line: "3.2 stop mesos-master" not in line, run.stdout))
    run.kill()
    run.wait()
    assert said
    eventually("the hosts free again", lambda: fab("deploy-cluster").code == 0 or None, SOON)
    assert inside(
        before, "docker inspect -f '{{.State.Running}}' $(docker ps -aqf name=mesos-master)"
    ).split() == ["true"]
    assert fab("status").code == 0


@pytest.mark.parametrize("place", [0, 1])
def test_the_marathon_that_an_operator_names_leads(cluster: None, fab: Run, place: int) -> None:
    to = [node for node in TRIO if node != leading_marathon()][place]
    done = fab("marathon.hand-over", "--to", to)
    assert done.code == 0 and leading_marathon() == to, done.said


def test_a_roll_of_zookeeper_keeps_marathon_led_and_ends_what_hangs(
    cluster: None, fab: Run, inventory: Inventory
) -> None:
    done = fab("deploy-zookeeper", inventory=inventory("zookeeper_sync_limit=9"))
    assert done.code == 0, done.said
    last = [line for line in done.said.splitlines() if "2.5 replace zookeeper  changed" in line][-1].split()[
        0
    ]
    # The last member to go led: all Marathons are seen to, one of them before.
    seen_to = re.findall(
        r"^\S+  4\.1 (start|restart) marathon-\d", done.said.partition(f"{last}  2.5 replace")[0], re.M
    )
    assert seen_to, done.said
    assert leading_marathon() in TRIO
    assert fab("deploy-cluster").code == 0  # it waits until the leader has met a master again
