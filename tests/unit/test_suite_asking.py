"""How the suite asks members over HTTP: themselves, whatever the environment says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from verify.asking import OPERATOR, as_operator, request
from verify.evidence import Witness, kept


class Member(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def member() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Member) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_a_member_is_asked_itself_and_no_proxy_of_the_environment(
    member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert request("GET", member, timeout=60).status_code == 204


@pytest.fixture
def known() -> Iterator[str]:
    credentials = Credentials({who: Credential(who, Secret(f"the-secret-of-{who}")) for who in WHO})
    OPERATOR.is_of(credentials)
    yield f"Basic {credentials.operator.text}"
    OPERATOR.is_of(None)


def test_members_are_told_who_asks_and_nobody_else_is(member: str, known: str) -> None:
    assert as_operator("GET", member, timeout=60).request.headers["Authorization"] == known
    assert "Authorization" not in request("GET", member, timeout=60).request.headers
    OPERATOR.is_of(None)
    assert "Authorization" not in as_operator("GET", member, timeout=60).request.headers


def test_no_report_or_failure_shows_who_asks(member: str, known: str) -> None:
    log = Witness()
    with kept(log, "check"):
        as_operator("GET", member, timeout=60)
    shown = f"{OPERATOR!r} {vars(OPERATOR)} {log}"
    assert "secret-of" not in shown and known.partition(" ")[2] not in shown
