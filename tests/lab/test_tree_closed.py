"""The masters' tree in ZooKeeper is closed to strangers under a running app, and opened again."""

import re
from pathlib import Path
from typing import Any

import pytest
from kazoo.exceptions import NoAuthError
from operators import INVENTORY, Inventory, Run, pid_of_the_app, running_task, zookeeper

from tasks.engine import keys
from tasks.inventory.credentials import read

SLOWER = "another master leads only when the session"
OPEN = [(31, "world", "anyone")]


def rights(path: str) -> list[tuple[int, str, str]]:
    with zookeeper() as client:
        acls, _ = client.get_acls(path)
    return [(one.perms, one.id.scheme, one.id.id.partition(":")[0]) for one in acls]


def test_the_masters_tree_is_closed_to_strangers_and_opened_before_masters_lose_its_password(
    docker_app: dict[str, Any], fab: Run, suite: Run, inventory: Inventory, tmp_path: Path
) -> None:
    keys.make(str(tmp_path / "s.yml"))
    known = read((tmp_path / "s.yml").read_text())
    secret, operator = known.of["zookeeper"].secret.text, ("operator", known.of["operator"].secret.text)
    task, pid = docker_app["id"], pid_of_the_app()

    def typed(*words: str, security: str = "strict", code: int = 0) -> str:
        extra = f"security={security}\nsecrets_file=s.yml\ngate_timeout=60\nlost_tasks_budget=0"
        done = fab(*words, inventory=inventory(extra))
        assert done.code == code, done.said
        assert running_task(operator)["id"] == task and pid_of_the_app() == pid
        assert secret not in done.said
        return done.said

    assert rights("/mesos") == rights("/mesos/log_replicas") == OPEN
    assert "close /mesos in ZooKeeper" in typed("plan")
    assert "close /mesos in ZooKeeper  changed" in typed("deploy-cluster")
    for path in ("/mesos", "/mesos/log_replicas"):
        assert rights(path) == [(31, "digest", "zookeeper"), (1, "world", "anyone")]
    with zookeeper() as stranger:
        (first, *_) = sorted(each for each in stranger.get_children("/mesos") if "info" in each)
        with pytest.raises(NoAuthError):
            stranger.create("/mesos/json.info_0000000000", b"", ephemeral=True)
        with pytest.raises(NoAuthError):
            stranger.delete(f"/mesos/{first}")
    assert "Nothing to do" in typed("deploy-cluster")
    assert SLOWER not in typed("mesos-master.hand-over")
    passed = suite(inventory=inventory("security=strict\nsecrets_file=s.yml"))
    assert passed.code == 0, passed.said

    opening = typed("deploy-cluster", security="open")
    # Masters are replaced twice: at first they only demand nothing any more, and keep the password.
    _, loses, *_ = (found.start() for found in re.finditer("replace mesos-master-01  changed", opening))
    assert opening.index("open /mesos in ZooKeeper  changed") < loses
    assert rights("/mesos") == rights("/mesos/log_replicas") == OPEN
    assert "Nothing to do" in fab("deploy-cluster", inventory=INVENTORY).said
