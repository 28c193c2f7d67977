"""`fab plan` on a cluster that runs: its order, what it refuses, and plans that are saved and kept to."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operators import INVENTORY, ROOT, TRIO, Inventory, Run, edit, environment, inside

AGENT = "10.70.0.20"
ZOO_CFG = "/opt/zookeeper/conf/zoo.cfg"
GC_DELAY = 'mesos_agent_environment="MESOS_GC_DELAY=2days"'


pytestmark = pytest.mark.usefixtures("cluster")


def document(inventory: Path, *words: str) -> dict[str, Any]:
    """The one JSON document that fab prints."""
    done = subprocess.run(
        [sys.executable, "-m", "fabric", *words, "--json"],
        cwd=ROOT,
        env=environment(inventory),
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def starts() -> dict[str, str]:
    ask = "docker ps -q | xargs docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' | sort"
    return {node: inside(node, ask) for node in (*TRIO, AGENT)}


def test_a_plan_tells_the_order_and_what_every_quorum_keeps(inventory: Inventory, fab: Run) -> None:
    changed = inventory(
        'zookeeper_sync_limit=7\nmarathon_environment="TZ=UTC"\nmesos_master_environment="MESOS_QUIET=true"'
    )
    found = document(changed, "plan")
    restarts = [turn for turn in found["order"] if turn["phase"] == "replace"]
    assert len(restarts) == 9
    assert {turn["service"] for turn in restarts if turn["moves_leader"]} == {
        "zookeeper",
        "mesos_master",
        "marathon",
    }
    for service in ("zookeeper", "mesos_master", "marathon"):
        moves = [turn["moves_leader"] for turn in restarts if turn["service"] == service]
        assert moves == [False, False, True]
    assert all(turn["serve_meanwhile"] == 2 >= turn["must_serve"] for turn in restarts)
    assert found["refused"] == []
    said = fab("plan", inventory=changed).said
    assert "  1. 10.70.0.10, .11, .12  prepares in 3 steps\n" in said
    assert said.count("Mesos masters: 2 of 3 serve meanwhile, 2 must") == 3


@pytest.fixture
def without_a_follower(cluster: None, fab: Run) -> Iterator[str]:
    """A ZooKeeper that does not lead stopped by hand, and started again."""
    leader = document(INVENTORY, "status")["services"]["zookeeper"]["leader"]
    down = next(node for node in TRIO if node != leader)
    inside(down, "docker stop -t 2 zookeeper")
    yield down
    assert fab("deploy-zookeeper").code == 0


def test_a_restart_that_would_cost_a_quorum_is_told_beforehand(
    without_a_follower: str, fab: Run, inventory: Inventory
) -> None:
    changed = inventory("zookeeper_sync_limit=7")
    others = ",".join(node for node in TRIO if node != without_a_follower)
    plan = fab("-H", others, "plan", inventory=changed)
    assert plan.code == 6, plan.said
    # Where there is cgroup v2 alone, a warning stands before everything.
    assert "\nA deploy would do only a part of this plan now:\n" in f"\n{plan.said}"
    assert "(would be left out)" not in plan.said.partition("A deploy would do only")[0]
    assert plan.said.count("2 of 3 members serve and 2 must: restarting") == 2
    assert plan.said.count("(would be left out)") == 4  # two restarts, and what would tidy up behind them
    assert "2 of 3 serve meanwhile" not in plan.said
    whole = fab("plan", inventory=changed)
    assert "starts ZooKeeper\n  3. " in whole.said
    assert (whole.code, "would stop the service" in whole.said) == (0, False)


def test_a_saved_plan_is_carried_out_just_so_or_refused(
    fab: Run, inventory: Inventory, tmp_path: Path
) -> None:
    changed, file = inventory(GC_DELAY), tmp_path / "plan.json"
    saved = fab("plan", "--check", f"--out={file}", inventory=changed)
    assert (saved.code, file.stat().st_mode & 0o777) == (8, 0o600)
    turn = (
        f"{AGENT}  restarts mesos-slave, active; no task runs there  Mesos agents: 0 of 1 serve meanwhile\n"
    )
    assert turn in saved.said
    before = starts()

    edit(TRIO[1], ZOO_CFG, "s/syncLimit=2/syncLimit=9/")
    refused = fab("deploy-cluster", f"--plan={file}", inventory=changed)
    edit(TRIO[1], ZOO_CFG, "s/syncLimit=9/syncLimit=2/")
    assert refused.code == 6
    assert f"{TRIO[1]}  now: 2.2 zoo.cfg: edited by hand: syncLimit 9 -> 2\n" in refused.said
    fewer = fab("-H", AGENT, "deploy-cluster", f"--plan={file}", inventory=changed)
    assert fewer.code == 6
    assert "10.70.0.10, .11, .12  it is in the plan, but not among the hosts of this run\n" in fewer.said
    assert starts() == before

    done = fab("deploy-cluster", f"--plan={file}", inventory=changed)
    assert done.code == 0, done.said
    assert [node for node, started in starts().items() if started != before[node]] == [AGENT]
    again = fab("deploy-cluster", f"--plan={file}", inventory=changed)
    assert again.code == 6
    assert f"{AGENT}  no longer: 5.2 replace mesos-slave: MESOS_GC_DELAY=2days added\n" in again.said
    assert fab("deploy-cluster").code == 0


def test_another_order_and_other_comments_in_hosts_ini_are_no_change(fab: Run, inventory: Inventory) -> None:
    sections = INVENTORY.read_text().split("\n[")
    assert sections[-1].startswith("all:vars]")
    shuffled = []
    for section in sections[1:]:
        title, *lines = section.splitlines()
        random.shuffle(lines)
        shuffled.append("\n# a comment\n".join((f"[{title}", *lines)))
    random.shuffle(shuffled)
    planned = fab("plan", "--check", inventory=inventory(text="\n".join(shuffled)))
    assert planned.code == 0, planned.said
    assert "Nothing to do" in planned.said
