"""What a host is sent for a backup, run for real: it asks leaders, and runs a scratch ZooKeeper."""

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SHELLS, any_json, environment, first_node, run, stand_in

from tasks.inventory.parse import parse
from tasks.plan import http
from tasks.plan.gate import Question
from tasks.plan.zookeeper.backup import beside, scratch

CLUSTER, NODE = first_node("zookeeper_heap=300m")
BOUNDARY = "5f0c" * 8
TEXT = "[zookeeper]\n10.0.0.1 myid=1\n[mesos_master]\n10.0.0.1\n[marathon]\n10.0.0.1\n10.0.0.2 number=2\n"


@contextmanager
def answering(text: bytes) -> Iterator[int]:
    """Something that answers every connection the same, on a port that scratch ZooKeepers may have."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(100)
            self.request.sendall(text)

    for port in range(21810, 22000):
        with suppress(OSError), socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield port
            finally:
                server.shutdown()
            return
    raise AssertionError("no free port")


# Asking


def test_the_leaders_are_asked_and_nobody_else() -> None:
    cluster = parse(TEXT)
    asked = beside.questions(cluster, {"marathon": "10.0.0.2", "mesos_master": "10.0.0.1"})
    assert {name: (each.address, each.port) for name, each in asked.items()} == {
        "info": ("10.0.0.2", 8080),
        "apps": ("10.0.0.2", 8080),
        "registry": ("10.0.0.1", 5050),
    }
    assert beside.questions(cluster, {"marathon": None}) == {}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_what_leaders_answer_is_kept_and_what_they_refuse_is_said(shell: list[str], tmp_path: Path) -> None:
    body = json.dumps({"apps": [{"id": "/a", "cmd": "echo 'ä' \\ $(x)\n"}]}).encode()
    with (
        answering(b"HTTP/1.0 200 OK\r\n\r\n" + body) as good,
        answering(b"HTTP/1.0 401 Unauthorized\r\n\r\n") as closed,
    ):
        asked = {
            "apps": Question("127.0.0.1", good, "GET"),
            "info": Question("127.0.0.1", closed, "GET"),
            "registry": Question("127.0.0.1", 1, "GET"),
        }
        said = run(beside.script(asked, BOUNDARY), tmp_path, shell=shell).stdout.decode()
    files, left_out = beside.answers(beside.read(said, BOUNDARY, asked))
    assert {name: json.loads(data) for name, data in files.items()} == {"apps.json": json.loads(body)}
    assert left_out == [
        "Not in the backup: what Marathon says of itself. The leader answered 401.",
        "Not in the backup: the masters' registry. The leader did not answer within 25 s.",
    ]


@given(st.text() | any_json("apps").map(lambda said: f"HTTP/1.0 200 OK\r\n\r\n{json.dumps(said)}"))
def test_whatever_a_leader_answers_is_a_file_or_a_sentence(said: str) -> None:
    answers = {"apps": http.read(said), "info": http.read(said), "registry": http.Answer()}
    files, left_out = beside.answers(answers)
    assert len(files) + len(left_out) == 3
    assert all(json.loads(data) is not None for data in files.values())
    beside.marathon(files)


@pytest.mark.parametrize(
    "info, version", [(b'{"version": "1.5.8"}', "1.5.8"), (b"[]", ""), (b'{"version": 3}', "")]
)
def test_the_version_of_marathon_is_the_leaders_own_word(info: bytes, version: str) -> None:
    assert beside.marathon({"info.json": info}) == version and beside.marathon({}) == ""


# A scratch ZooKeeper


class Host:
    """A host with a docker that only notes what it is told, and a port on which a ZooKeeper answers."""

    def __init__(self, where: Path, port: int, shell: list[str], image: bool = True) -> None:
        self.place, self._shell, self._bin = where / "scratch", shell, where / "bin"
        self._log = where / "docker"
        missing = "" if image else 'case "$*" in inspect*) exit 1;; esac\n'
        kept = f'case "$*" in run*) cat {self.place}/zoo.cfg >>{self._log};; esac'
        stand_in(self._bin, "docker", f'echo "$*" >>{self._log}\n{missing}{kept}')
        stand_in(self._bin, "ss", f'case "$*" in *:{port}) ;; *) echo LISTEN;; esac')

    def start(self) -> subprocess.Popen[str]:
        """Start the script as a connection does, which then stays open."""
        process = subprocess.Popen(
            self._shell,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(self._bin),
            text=True,
        )
        assert process.stdin
        process.stdin.write(scratch.script(CLUSTER, NODE, str(self.place)))
        process.stdin.flush()
        return process

    def told(self) -> list[str]:
        """What docker was told since this was last asked, but for the question whether the image is there."""
        lines = self._log.read_text().splitlines()
        self._log.write_text("")
        return [line for line in lines if not line.startswith("inspect")]


def until_it_serves(process: subprocess.Popen[str]) -> int | None:
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if scratch.SERVES.fullmatch(line.rstrip()):
            break
    return scratch.port(said)


REMOVED = f"rm -f -v {scratch.NAME}"


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


@pytest.fixture
def port() -> Iterator[int]:
    with answering(b"Zookeeper version: 3.4.12\nMode: standalone\n") as port:
        yield port


def test_it_serves_on_the_loopback_and_is_gone_with_the_connection(
    port: int, shell: list[str], tmp_path: Path
) -> None:
    host = Host(tmp_path, port, shell)
    process = host.start()
    assert until_it_serves(process) == port
    told = host.told()
    assert told[0] == REMOVED
    assert told[1] == (
        f"run -d --name {scratch.NAME} --net host -e SERVER_JVMFLAGS=-Xmx300m "
        f"-v {host.place}/zoo.cfg:/conf/zoo.cfg zookeeper:3.4.12"
    )
    assert {"clientPortAddress=127.0.0.1", f"clientPort={port}", "dataDir=/data"} <= {*told[2:]}
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) == 0
    assert host.told() == [REMOVED] and not host.place.exists()


def test_it_is_gone_too_when_nobody_hears_any_more_what_it_says(port: int, tmp_path: Path) -> None:
    host = Host(tmp_path, port, SHELLS[0])
    process = host.start()
    assert process.stdin and process.stdout
    process.stdout.close()
    process.stdin.close()
    assert process.wait(60) == 0
    assert host.told()[-1] == REMOVED and not host.place.exists()


def test_what_survived_all_the_same_is_removed_by_the_next_one(port: int, tmp_path: Path) -> None:
    host = Host(tmp_path, port, SHELLS[0])
    killed = host.start()
    assert until_it_serves(killed) == port
    killed.kill()
    killed.communicate()
    assert host.place.exists()
    host.told()
    again = host.start()
    assert until_it_serves(again) == port
    assert host.told()[0] == REMOVED
    again.communicate()
    assert not host.place.exists()


def test_two_at_a_time_do_not_take_each_others(port: int, tmp_path: Path) -> None:
    host = Host(tmp_path, port, SHELLS[0])
    first = host.start()
    assert until_it_serves(first) == port
    host.told()
    second = host.start()
    said, _ = second.communicate()
    assert scratch.trouble(said)[0].startswith("somebody else tries a backup here just now")
    assert host.told() == [] and host.place.exists()
    first.communicate()


def test_a_host_without_the_image_says_how_to_come_by_it(port: int, tmp_path: Path) -> None:
    host = Host(tmp_path, port, SHELLS[0], image=False)
    said, _ = host.start().communicate()
    assert scratch.trouble(said)[0].startswith("its image is not here. Pull it with `fab zookeeper.pull`")
    assert host.told() == [REMOVED]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a directory to another user")
def test_a_place_that_others_can_change_is_refused(port: int, tmp_path: Path) -> None:
    host = Host(tmp_path, port, SHELLS[0])
    tmp_path.chmod(0o777)
    said, _ = host.start().communicate()
    assert scratch.trouble(said)[0].startswith("others than root can change")


def test_the_image_is_the_one_of_hosts_ini() -> None:
    node = replace(NODE, settings=replace(NODE.settings, zookeeper_image="own/zookeeper:3.8.0"))
    assert "docker inspect --type image own/zookeeper:3.8.0 " in scratch.script(CLUSTER, node)
