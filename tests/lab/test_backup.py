"""A backup made under load is tried out, all of ZooKeeper is lost, and the cluster goes on as it was."""

import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import killed
import pytest
import requests
from operators import (
    INVENTORY,
    MARATHON,
    SOON,
    TRIO,
    Run,
    inside,
    pid_of_the_app,
    running_task,
    start,
    zookeeper,
)

from verify.apps import eventually

SCRATCH = "docker ps -aq --filter name=mesofab-scratch"
"""Asks a host whether a scratch ZooKeeper is there."""


class Load:
    """Makes apps of no instances, one after the other: each is written to Marathon's state."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._make)

    def _make(self) -> None:
        while not self._over.is_set():
            name = f"/load-{len(self.made)}"
            app = {"id": name, "cmd": "true", "cpus": 0.01, "mem": 16, "instances": 0}
            requests.post(f"{MARATHON}/v2/apps", json=app, timeout=30).raise_for_status()
            self.made.append(name)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def remove(self) -> None:
        """Remove what it has made."""
        for app in self.made:
            requests.delete(f"{MARATHON}/v2/apps/{app}?force=true", timeout=30)


@contextmanager
def load() -> Iterator[Load]:
    """Have Marathon written to all the time, and its apps removed at the end of the block."""
    one = Load()
    try:
        yield one
    finally:
        one.remove()


def framework() -> str:
    """Give the id under which the leading Marathon is registered."""

    def asked() -> str | None:
        said = requests.get(f"{MARATHON}/v2/info", timeout=15)
        return said.json().get("frameworkId") if said.ok else None

    return eventually("a registered Marathon", asked, SOON)


def apps() -> set[str]:
    """Give the ids of all apps."""
    return {app["id"] for app in requests.get(f"{MARATHON}/v2/apps", timeout=15).json()["apps"]}


def lose_zookeeper() -> None:
    """Remove all that every ZooKeeper knows."""
    for node in TRIO:
        inside(node, "docker stop -t 1 zookeeper")
    for node in TRIO:
        inside(node, "rm -rf /opt/zookeeper/data/version-2")


def killed_while_it_writes(file: Path) -> None:
    """Restore a backup, and kill that as soon as some of it is there."""
    with zookeeper() as client, start(["restore", str(file)], INVENTORY, stdout=subprocess.DEVNULL) as run:
        while not client.exists("/marathon") and run.poll() is None:
            pass
        run.kill()
    killed.nothing_is_left_at_work()


def left_over() -> str:
    """Name the scratch ZooKeepers of all hosts."""
    return "".join(inside(node, SCRATCH) for node in TRIO)


@pytest.fixture
def backup(docker_app: dict[str, Any], fab: Run, tmp_path: Path) -> Iterator[tuple[Path, Load]]:
    """A backup made beside a cluster that is written to, and what was written."""
    with load() as before:
        with before:
            eventually("apps", lambda: len(before.made) > 5 or None, SOON)
            made = fab("backup", "--out", str(tmp_path))
        assert made.code == 0, made.said
        (file,) = tmp_path.glob("backup-*.tar.gz")
        yield file, before
    done = fab("deploy-cluster")
    assert done.code == 0, done.said


def test_what_was_backed_up_under_load_is_there_again_when_all_of_zookeeper_was_lost(
    backup: tuple[Path, Load], fab: Run, suite: Run
) -> None:
    file, before = backup
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    known = framework(), running_task()["id"], pid_of_the_app()

    refused = fab("restore", str(file))
    assert refused.code == 6 and "`fab marathon.stop`" in refused.said, refused.said

    stopped = fab("marathon.stop")
    assert stopped.code == 0, stopped.said
    lose_zookeeper()
    served = fab("deploy-zookeeper")
    assert served.code == 0, served.said
    empty = fab("backup", "--out", str(file.parent))
    assert empty.code == 6 and "/marathon/state" in empty.said, empty.said
    killed_while_it_writes(file)
    restored, kills = killed.throughout(["restore", str(file)], INVENTORY, 1)
    assert restored.code == 0 and kills, restored.said
    again = fab("restore", str(file))
    assert again.code == 0 and "were there before" in again.said, again.said
    deployed = fab("deploy-cluster")
    assert deployed.code == 0, deployed.said

    assert (framework(), running_task()["id"], pid_of_the_app()) == known
    assert {*before.made[:5], "/survivor"} <= apps()
    judged = suite("-m", "not journey")
    assert judged.code == 0, judged.said


def test_a_backup_is_tried_out_beside_the_cluster_and_nothing_stays(
    backup: tuple[Path, Load], fab: Run
) -> None:
    file, _ = backup
    checked = fab("backup.check", str(file))
    assert checked.code == 0 and "read back the same" in checked.said, checked.said
    assert not left_over()

    run = start(["backup.check", str(file)], INVENTORY, stdout=subprocess.DEVNULL)
    eventually("a scratch ZooKeeper", lambda: left_over() or None, SOON)
    run.kill()
    run.wait()
    eventually("its end", lambda: not left_over() or None, SOON)


def test_a_damaged_backup_is_not_restored(backup: tuple[Path, Load], fab: Run) -> None:
    file, _ = backup
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    for task in ("backup.check", "restore"):
        refused = fab(task, str(file))
        assert refused.code == 2 and "cannot be used: " in refused.said, refused.said
