"""Faulty starts with authentication: who ends, who starts all the same, and what is said."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from answers import request
from cluster import Cluster, until
from locked import LOCKED, Files, faulty_starts
from test_standin_flags import PYTHON


@pytest.mark.parametrize(("arguments", "said", "starts"), [*faulty_starts()], ids=lambda one: str(one)[:50])
def test_a_master_starts_or_ends_as_the_real_one(
    lone: Cluster, files: Files, arguments: tuple[str, ...], said: str, starts: bool
) -> None:
    """Where it ends, it says what the real one said; where it starts, it warns as the real one did."""
    here = [_here(files, argument) for argument in arguments]
    line = _here(files, said.partition("] ")[2] or said)
    command = [sys.executable, "-m", "mesos_standin.master", *here]
    variables = {"MESOS_IP": "127.0.0.1", "MESOS_PORT": str(lone.port), "MESOS_REGISTRY": "in_memory"}
    if starts:
        master = lone.master(1, tuple(here), ZK="-", QUORUM="-", ZK_SESSION_TIMEOUT="-", REGISTRY="in_memory")
        until("health", lambda: request(master.address, "GET", "/health").status == 200)
        assert "too open" in line or line in master.log.read_text()
        return
    ended = subprocess.run(command, env={**PYTHON, **variables}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, line in ended.stderr) == (1, True), ended.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AUTHENTICATE_HTTP_READONLY": "true"}, "HTTP authenticator for realm 'mesos-agent-readonly'"),
        ({"AUTHENTICATE_HTTP_READWRITE": "true"}, "HTTP authenticator for realm 'mesos-agent-readwrite'"),
        (
            {"AUTHENTICATE_HTTP_READONLY": "true", "HTTP_AUTHENTICATORS": "other"},
            "Failed to create HTTP authenticator module 'other'",
        ),
        ({"CREDENTIAL": "{credentials}"}, "Invalid credential format"),
        ({"CREDENTIAL": "/nowhere"}, "Failed to read credential file '/nowhere'"),
        ({"HTTP_CREDENTIALS": "{broken}"}, "Invalid credential format at line 1"),
    ],
)
def test_an_agent_refuses_to_start(files: Files, environment: dict[str, str], said: str) -> None:
    (files.directory / "broken").write_text("{broken")
    names = {"credentials": files.credentials(), "broken": files.directory / "broken"}
    given = {f"MESOS_{name}": value.format(**names) for name, value in environment.items()}
    fixed = {
        "MESOS_MASTER": "127.0.0.1:1",
        "MESOS_WORK_DIR": str(files.directory),
        "MESOS_SYSTEMD_ENABLE_SUPPORT": "0",
    }
    command = [sys.executable, "-m", "mesos_standin.agent"]
    ended = subprocess.run(
        command, env={**PYTHON, **fixed, **given}, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, said in ended.stderr) == (1, True), ended.stderr


def test_a_file_that_others_may_read_is_warned_of(lone: Cluster, files: Files) -> None:
    path = files.credentials()
    Path(path).chmod(0o444)
    master = lone.lone_master(CREDENTIALS=path)
    assert f"Permissions on credentials file '{path}' are too open" in master.log.read_text()


def _here(files: Files, text: str) -> str:
    """Put our own files in place of the recorded ones."""
    directory = files.directory / "etc"
    directory.mkdir(exist_ok=True)
    for name, made in (
        ("credentials.json", files.credentials),
        ("credential.json", files.credential),
    ):
        target = directory / name
        with suppress(FileExistsError):
            target.symlink_to(made())
    with suppress(FileExistsError):
        (directory / "acls.json").symlink_to(LOCKED / "acls.json")
    return text.replace("/etc/mesos-secure", str(directory))
