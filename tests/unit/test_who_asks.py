"""Every request of ours tells who asks: by words that become a password where a script goes to its host."""

import subprocess
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from samples import SHELLS, run

from tasks.engine.asking import Rounds
from tasks.inventory.cluster import Cluster
from tasks.inventory.credentials import OPERATOR, WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import http, runbook
from tasks.plan.availability import services
from tasks.plan.gate import Question
from tasks.plan.look.observed import script as look
from tasks.plan.runbook import CHAPTERS

KNOWN = Credentials({who: Credential(who, Secret(f"the-secret-of-{who}")) for who in WHO})
HEADER = f"\r\nAuthorization: Basic {KNOWN.operator.text}\r\n"
ROOMS = Path(http.__file__).parent


def cluster(kept: Credentials | None = KNOWN) -> Cluster:
    host = "10.0.0.1"
    text = f"[zookeeper]\n{host} myid=1\n[mesos_master]\n{host}\n[marathon]\n{host}\n[mesos_agent]\n{host}\n"
    return replace(parse(text), kept=kept)


def test_the_password_is_the_operators() -> None:
    assert b64decode(KNOWN.operator.text) == b"operator:the-secret-of-operator"


SENT: dict[str, Callable[[], str]] = {
    "a look": lambda: look(runbook.ask(CHAPTERS, cluster(), cluster().nodes[0]), "m", waits=False),
    "a gate": lambda: Rounds([Question("127.0.0.1", 1, http.get("/slaves"))], 1, lambda heard: True).script(),
    "the watch": lambda: services.script(services.services(cluster())),
    "the tasks": lambda: services.script([services.listing(cluster())]),
    "a request": lambda: http.put("/v2/apps", "{}") + http.form("/reserve", slaveId="x"),
}


@pytest.mark.parametrize("made", SENT.values(), ids=SENT.keys())
def test_whatever_is_sent_tells_who_asks_and_whatever_is_shown_does_not(made: Callable[[], str]) -> None:
    shown, sent = made(), cluster().sent(made())
    requests = shown.count("HTTP/1.0") + shown.count("".join(f"\\0{byte:03o}" for byte in b"HTTP/1.0"))
    assert requests and shown.count(OPERATOR) == requests and "Basic" not in shown
    told = f"Authorization: Basic {KNOWN.operator.text}\r\n"
    assert sent.count(told) == requests and OPERATOR not in sent
    assert cluster(None).sent(shown) == shown.replace(OPERATOR, "")


def test_no_room_makes_a_request_of_its_own() -> None:
    made = [file.name for file in ROOMS.rglob("*.py") if "HTTP/1.0\\r" in file.read_text()]
    assert made == ["http.py"]


class Member(BaseHTTPRequestHandler):
    """Answers with the header by which it was asked, and the command lines that it sees meanwhile."""

    def do_GET(self) -> None:
        shown = subprocess.run(["ps", "axwwo", "args"], capture_output=True, text=True, check=True).stdout
        body = f"{self.headers['Authorization']} {KNOWN.operator.text in shown}".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def member() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Member) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_member_is_told_by_no_command_line(shell: list[str], member: int, tmp_path: Path) -> None:
    asked = Rounds([Question("127.0.0.1", member, http.get("/state"))], 0.15, lambda heard: True).script()
    said = run(cluster().sent(asked), tmp_path, shell=shell).stdout.decode()
    assert f"Basic {KNOWN.operator.text} False" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_watched_member_is_told_by_no_command_line(shell: list[str], member: int, tmp_path: Path) -> None:
    (marathon,) = [each for each in services.services(cluster()) if each.name == "Marathon"]
    watched = replace(marathon, members=(f"127.0.0.1/{member}",), good=b"HTTP/1.0 200")
    said = run(cluster().sent(services.script([watched], rounds=1)), tmp_path, shell=shell).stdout.decode()
    told = b64decode(said.split()[3])
    assert told.endswith(f"Basic {KNOWN.operator.text} False".encode())
