"""Marathon shows its principal from now on, and no master dies of it, wherever a run is cut short."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from operators import INVENTORY, TRIO, Inventory, Run, inside, pid_of_the_app, running_task, start

from tasks.engine import keys
from tasks.inventory.credentials import read

SECRET = "/etc/mesofab-secure/marathon/secret"
ARGUMENTS = "docker inspect -f '{{.Args}}' $(docker ps -qf name=^/marathon-)"
DIED = "docker inspect -f '{{.RestartCount}}' $(docker ps -qf name=^/mesos-master-)"
CHANGE = "Another master is to lead"


def principal() -> str | None:
    """Say by which principal the leading master knows Marathon."""
    said = requests.get(f"http://{TRIO[0]}:5050/frameworks", timeout=15).json()["frameworks"]
    (found,) = (one.get("principal") for one in said if one["active"])
    return None if found is None else str(found)


def deaths() -> list[str]:
    return [inside(each, DIED) for each in TRIO]


def cut(inventory: Path, strikes: Callable[[str], bool]) -> str:
    """Kill a deploy at the first line for which that is said; give what it has said until then."""
    run = start(["deploy-cluster"], inventory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.stdout is not None
    said = []
    for line in run.stdout:
        said.append(line)
        if strikes(line):
            run.kill()
            break
    run.stdout.close()
    assert run.wait(60) < 0, "".join(said)
    return "".join(said)


def test_marathon_is_known_by_its_principal_and_no_master_dies_of_that(
    docker_app: dict[str, Any], fab: Run, suite: Run, inventory: Inventory, tmp_path: Path
) -> None:
    keys.make(str(tmp_path / "s.yml"))
    secret = read((tmp_path / "s.yml").read_text()).of["marathon"].secret.text
    task, pid, before = docker_app["id"], pid_of_the_app(), deaths()

    def with_(security: str) -> Path:
        extra = f"security={security}\nsecrets_file=s.yml\ngate_timeout=60\nlost_tasks_budget=0"
        return inventory(extra)

    def typed(*words: str, security: str = "permissive", code: int = 0) -> str:
        done = fab(*words, inventory=with_(security))
        assert done.code == code, done.said
        assert running_task()["id"] == task and pid_of_the_app() == pid
        assert deaths() == before, done.said
        assert secret not in done.said
        return done.said

    early = typed("deploy-marathon", code=6)
    assert "The masters on 10.70.0.10, .11, .12 do not run with credentials (/flags)" in early
    typed("deploy-mesos-master")
    assert "the leading master has to change twice for that" in typed("deploy-marathon", code=6)
    foretold = typed("plan")
    assert "restarts the master that leads, so that Marathon shows its principal to another one" in foretold
    assert "restarts the master that leads then, so that the next one knows that principal" in foretold

    # Standbys show theirs, another one leads.
    cut(with_("permissive"), lambda line: line.startswith(CHANGE))
    assert principal() is None and deaths() == before
    assert "Marathon is not handed over now: the leading master knows" in typed("marathon.hand-over", code=6)
    assert f"{TRIO[0]} is not drained now" in typed("host.drain", TRIO[0], code=6)

    # All show theirs, and the master that leads does not know it.
    changes: list[str] = []
    cut(
        with_("permissive"),
        lambda line: bool(changes) and "4.1 replace marathon-" in line or _noted(changes, line),
    )
    assert all("--mesos_authentication" in inside(each, ARGUMENTS) for each in TRIO)
    assert principal() is None and deaths() == before
    assert "knows Marathon without its principal" in typed("plan")
    assert "knows Marathon without its principal" in typed("status", code=8)
    judged = suite("-k", "exactly_one_active_framework", inventory=with_("permissive"))
    assert judged.code == 1 and "knows Marathon without a principal" in judged.said, judged.said

    last = typed("deploy-cluster")
    assert last.count(CHANGE) == 1 and principal() == "marathon"
    assert "Nothing to do" in typed("deploy-cluster")
    for _ in range(2):
        typed("marathon.hand-over")
    assert principal() == "marathon"
    rights = f"stat -c '%a %u %s' {SECRET}"
    assert {inside(each, rights) for each in TRIO} == {f"400 0 {len(secret)}"}
    assert secret not in inside(
        TRIO[0], "docker inspect $(docker ps -aq); ps axww; docker logs marathon-1 2>&1"
    )
    passed = suite(inventory=with_("permissive"))
    assert passed.code == 0, passed.said

    back = typed("deploy-cluster", security="open")
    turns = [line for line in back.splitlines() if " replace " in line and "changed" in line]
    assert [_service(line) for line in turns[:7]] == ["marathon"] * 3 + ["mesos-slave"] + ["mesos-master"] * 3
    assert not inside(TRIO[0], f"test ! -e {SECRET}") and principal() is None
    assert "Nothing to do" in fab("deploy-cluster", inventory=INVENTORY).said


def _noted(changes: list[str], line: str) -> bool:
    """Keep in mind that another master is to lead; that strikes nobody."""
    if line.startswith(CHANGE):
        changes.append(line)
    return False


def _service(line: str) -> str:
    name = line.partition(" replace ")[2].split()[0]
    return name if name == "mesos-slave" else name.rpartition("-")[0]
