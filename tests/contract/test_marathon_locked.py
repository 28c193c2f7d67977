"""Marathon's stand-in that authenticates with masters, as libmesos's driver does for the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster import Cluster, Member
from locked import SECRETS, Files, shows
from marathon_nodes import Marathon, until

HOST = "127.0.0.31"


@pytest.fixture
def start(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Marathon]]:
    """Start Marathons; end what still runs."""
    made: list[Marathon] = []

    def begin(master: Member, secret: str = SECRETS["marathon"]) -> Marathon:
        kept = tmp_path / "secret"
        kept.write_text(secret)
        who = ("--mesos_authentication", "--mesos_authentication_principal=marathon")
        shown = (*who, f"--mesos_authentication_secret_file={kept}")
        zk = cluster.zk.replace("/mesos", "/marathon")
        options = (f"--master={master.address}", "--zk_session_timeout=5000", *shown)
        made.append(Marathon(tmp_path, HOST, cluster.port + 2, zk, *options))
        return made[-1]

    yield begin
    for one in made:
        one.stop()


def test_it_is_registered_by_its_principal(
    cluster: Cluster, files: Files, start: Callable[..., Marathon]
) -> None:
    cluster.headers = shows("op")
    master = cluster.lone_master(**files.master("agents", "frameworks", "http", "acl"))
    cluster.agent(MASTER=master.address, **files.agent())
    marathon = start(master)
    app = {"id": "/locked", "cmd": "sleep 600", "cpus": 0.1, "mem": 32}
    until(lambda: marathon.ask("POST", "/v2/apps", json=app).status_code in (201, 409), "it takes an app")
    until(lambda: marathon.get("/v2/apps/locked")["app"]["tasksRunning"] == 1, "the task")
    (framework,) = master.get("/frameworks")["frameworks"]
    assert (framework["name"], framework["principal"]) == ("marathon", "marathon")
    assert "Successfully authenticated principal 'marathon' at scheduler-" in master.log.read_text()


def test_a_line_end_in_the_file_is_part_of_the_secret(
    cluster: Cluster, files: Files, start: Callable[..., Marathon]
) -> None:
    marathon = start(cluster.lone_master(**files.master()), SECRETS["marathon"] + "\n")
    _assert_refused(marathon)


def test_a_master_without_secrets_ends_it(cluster: Cluster, start: Callable[..., Marathon]) -> None:
    _assert_refused(start(cluster.lone_master()))


def _assert_refused(marathon: Marathon) -> None:
    assert marathon.exit_code() == 137
    assert "Error from Mesos: Master refused authentication" in marathon.log.read_text()
