"""The lab where there is cgroup v2 alone, as on a fresh machine of today: in the world beside, or here."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import second
from operators import AGENT, INVENTORY, ROOT, Run, inside

from lab import engine, fitness, waiting

PROGRAM = ROOT / "tests/lab/beside"


@pytest.fixture
def on_v2(bare: None) -> None:
    """Have bare hosts where there is cgroup v2 alone."""
    if not fitness.has_cgroup_v2_alone(engine.get().info()):
        assert not second.OUTSIDE, "the world beside has cgroup v1"
        pytest.skip("this machine has cgroup v1; `make test` runs this in the world beside")


def test_a_whole_cluster_is_deployed_and_passes_the_suite(on_v2: None, fab: Run, suite: Run) -> None:
    assert inside(AGENT, "grep -c ' - cgroup ' /proc/self/mountinfo || true") == "0"
    deployed = fab("deploy-cluster")
    assert deployed.code == 0, deployed.said
    assert "hosts.ini  warning  preflight_ignore overrules cgroups." in deployed.said
    assert f"{AGENT}  warning  cgroups: there is no cgroup v1 hierarchy with cpu" in deployed.said
    passed = suite()
    assert passed.code == 0, passed.said
    assert "warning  preflight_ignore overrules cgroups." in fab("plan").said


def test_mesos_itself_is_refused_there_with_the_remedy(
    on_v2: None, fab: Run, inventory: Callable[..., Path]
) -> None:
    text = INVENTORY.read_text().replace("preflight_ignore=cgroups\n", "")
    refused = fab("deploy-cluster", inventory=inventory(text=text))
    assert refused.code == 6
    assert re.search(
        rf"^{AGENT}  error  cgroups: .* add cgroups to preflight_ignore .*unified_cgroup_hierarchy=0",
        refused.said,
        re.MULTILINE,
    )
    assert "Nothing was changed." in refused.said


@pytest.fixture
def world(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another world beside, in which somebody leaves a cgroup, says which and waits."""
    script = (
        "import os, time; os.makedirs('/sys/fs/cgroup/docker/left');"
        "print(os.environ['GROUP'], os.environ.get('XDG_RUNTIME_DIR'), flush=True); time.sleep(60)"
    )
    surroundings = {**os.environ, "BESIDE": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/0"}
    with subprocess.Popen(
        [PROGRAM, "-c", script], env=surroundings, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_a_world_that_is_killed_leaves_no_cgroup_behind_and_knows_no_login(
    world: subprocess.Popen[str],
) -> None:
    assert world.stdout
    group, login = world.stdout.readline().split()
    assert login == "None"
    assert _left(group)
    world.kill()
    world.wait()
    waiting.until(f"{group} to go", 30, lambda: "it is there" if _left(group) else None)


def _left(group: str) -> list[Path]:
    return [place for top in ("", "unified/") if (place := Path("/sys/fs/cgroup", top + group)).exists()]
