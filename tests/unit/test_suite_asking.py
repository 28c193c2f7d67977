"""How the suite asks members over HTTP: themselves, whatever the environment says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from verify.asking import request

VERIFY = Path(__file__).resolve().parents[2] / "verify"


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


def test_everything_in_the_suite_asks_in_this_way() -> None:
    ways = ("requests.request(", "requests.get(", "requests.post(", "requests.put(", "requests.delete(")
    others = [file.name for file in VERIFY.glob("*.py") if any(way in file.read_text() for way in ways)]
    assert others == []
