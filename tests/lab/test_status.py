"""`fab status` and `fab plan --check` on a cluster that is well, differs, is ill, or cannot be seen."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fabric.main import program
from operators import INVENTORY, ROOT, SOON, TRIO, Run, edit, environment, inside, start

from lab import faults
from lab.waiting import until

A, BAD, _ = TRIO
AGENT = "10.70.0.20"
FAB = [sys.executable, "-m", "fabric"]
ZOO_CFG = "/opt/zookeeper/conf/zoo.cfg"


pytestmark = pytest.mark.usefixtures("cluster")


def document(*words: str) -> tuple[int, dict[str, Any]]:
    """Run fab and read its standard output, which must be one JSON document and nothing else."""
    done = subprocess.run(
        [*FAB, *words], cwd=ROOT, env=environment(INVENTORY), capture_output=True, text=True
    )
    return done.returncode, json.loads(done.stdout)


def test_a_cluster_that_is_as_wanted_is_ok_by_every_word(fab: Run) -> None:
    code, found = document("status", "--json")
    assert (code, found["state"]) == (0, "ok")
    assert found["cluster"]["agents_active"] == 1
    assert found["cluster"]["frameworks_active"] == 1
    for service in ("zookeeper", "mesos_master", "marathon"):
        leaders = [
            name
            for name, host in found["hosts"].items()
            if host["components"].get(service, {}).get("role") == "leader"
        ]
        assert [found["services"][service]["leader"]] == leaders
        assert found["services"][service]["serving"] == 3
    assert {one["version"] for host in found["hosts"].values() for one in host["components"].values()} == {
        "3.8.0",
        "1.5.0",
        "1.5.8",
    }
    assert fab("plan", "--check").code == 0
    code, plan = document("plan", "--json")
    assert (code, plan["summary"]["steps"]) == (0, 0)
    assert set(plan["hosts"]) == set(found["hosts"])


def test_a_status_is_one_command_for_each_host(
    commands: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    program.run(["fab", "status"], exit=False)
    assert ": ok\n" in capsys.readouterr().out
    assert commands == Counter({node: 1 for node in (*TRIO, AGENT)})


@pytest.fixture
def edited(cluster: None) -> Iterator[None]:
    """A zoo.cfg that somebody has edited by hand."""
    edit(BAD, ZOO_CFG, "s/syncLimit=2/syncLimit=9/")
    yield
    edit(BAD, ZOO_CFG, "s/syncLimit=9/syncLimit=2/")


def test_a_file_edited_by_hand_is_drift_for_status_and_for_cron(edited: None, fab: Run) -> None:
    seen = fab("status")
    assert seen.code == 8, seen.said
    assert f"\n{BAD}  zookeeper: zoo.cfg: edited by hand: syncLimit 9 -> 2\n" in seen.said
    differs = (
        f"one thing differs from {INVENTORY.relative_to(ROOT)}: {BAD}  zookeeper: zoo.cfg: edited by hand"
    )
    assert f"Every service is well, but {differs}" in seen.said
    assert "No service is down because of it now" in seen.said
    checked = fab("plan", "--check")
    assert (checked.code, "2.2 zoo.cfg: edited by hand: syncLimit 9 -> 2" in checked.said) == (8, True)
    assert fab("plan").code == 0
    code, found = document("plan", "--check", "--json")
    assert (code, found["error"]["kind"], found["summary"]["restarts"]) == (8, "drift", 1)


@pytest.fixture
def without_a_marathon(cluster: None, fab: Run) -> Iterator[None]:
    """One of three Marathons stopped by hand, and all of them well again afterwards."""
    inside(BAD, "docker stop -t 2 marathon-2")
    yield
    assert fab("deploy-marathon").code == 0


def test_a_stopped_container_is_a_degraded_cluster(without_a_marathon: None, fab: Run) -> None:
    code, found = document("status", "--json")
    assert (code, found["state"], found["error"]["exit_code"]) == (7, "degraded", 7)
    assert found["hosts"][BAD]["components"]["marathon"]["state"] == "exited"
    assert found["services"]["marathon"]["well"] is False
    assert f"marathon-2 on {BAD} is exited" in found["error"]["messages"][0]


def test_a_watch_outlives_a_host_and_keeps_its_other_connections(tmp_path: Path) -> None:
    printed = tmp_path / "watch"
    with printed.open("w") as file:
        watch = start(["status", "--watch"], INVENTORY, stdout=file, stderr=file)
        try:
            shown(printed, "ok")
            connections = sessions(A)
            with faults.stopped(BAD):
                shown(printed, "unreachable")
                code, found = document("status", "--json")
                assert (code, found["error"]["kind"]) == (3, "unreachable")
                assert not found["hosts"][BAD]["reachable"]
                assert found["hosts"][A]["components"]["zookeeper"]["state"] == "running"
            shown(printed, "ok")
            assert connections <= sessions(A)
        finally:
            watch.send_signal(signal.SIGINT)
            assert watch.wait(SOON) == 0, printed.read_text()


def shown(printed: Path, state: str) -> None:
    """Wait until the last block that a watch has printed is of this state."""

    def trouble() -> str | None:
        titles = [line for line in printed.read_text().splitlines() if " UTC: " in line]
        return None if titles and titles[-1].endswith(state) else printed.read_text()[-1500:]

    until(f"a look that shows {state}", SOON, trouble)


def sessions(node: str) -> set[str]:
    """The far ends of the SSH connections that a lab host has now."""
    lines = inside(node, "ss -Htn state established sport = :22").splitlines()
    return {line.split()[-1] for line in lines}
