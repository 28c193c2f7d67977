"""A server for whoever has its URL: on the loopback, read-only, and only for browsers that were sent here.

Other users of this machine reach the port, but do not know the token. A page of the internet that has its own
name point to 127.0.0.1 is told by the Host header. What is served can load nothing from anywhere else.
"""

from __future__ import annotations

import json
import re
import secrets
import socketserver
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from threading import BoundedSemaphore, Thread
from typing import Any, cast

from ...errors import BadInput
from .board import Board

PATIENCE = 10.0
"""Seconds for each part of a request to come, and of an answer to be taken."""

MOST = 64
"""Connections at a time; more are closed at once."""

OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
"""The Host headers of browsers that were sent here. The port may be another one: that of a tunnel."""

WHOLE = "Open the whole URL that `fab status --watch --web` has printed."

SAFETY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Files = Mapping[str, tuple[str, Callable[[], str]]]
"""What there is to read, by its name: its type, and what makes it. The page itself has no name."""


class Server(socketserver.ThreadingTCPServer):
    """Serves files and the events of a board below a token; every connection has a thread of its own."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, files: Files, board: Board, patience: float, most: int) -> None:
        self.files, self.board, self.patience = files, board, patience
        self.token = secrets.token_urlsafe(32)
        self._places = BoundedSemaphore(most)
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        """Where it listens on the loopback: a port that was free."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection if there is a place for it."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of readers that leave; everything else is a bug and shows."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one request, and judges before anything else whether it may be answered."""

    server_version, sys_version = "mesofab", ""

    def setup(self) -> None:
        """Have every read and write end some time."""
        super().setup()
        self._site = cast(Server, self.server)
        self.connection.settimeout(self._site.patience)

    def parse_request(self) -> bool:
        """Read what is asked for; tell whether it may be answered, and else answer that."""
        if not super().parse_request():
            return False
        code, refusal = self._refusal()
        if refusal:
            self._answer(code, "text/plain", f"{refusal}\n")
        return not refusal

    def _refusal(self) -> tuple[int, str]:
        hosts = self.headers.get_all("Host", [])
        if self.command != "GET":
            return 405, "Here is only something to look at: GET is the only method."
        if len(hosts) != 1 or not OURS.fullmatch(hosts[0]):
            return 403, f"This is not the host that was asked for. {WHOLE}"
        token = self.path.split("/")[1] if "/" in self.path else ""
        if not secrets.compare_digest(token.encode(), self._site.token.encode()):
            return 403, f"The token in the URL is missing or wrong. {WHOLE}"
        return 200, ""

    def do_GET(self) -> None:
        """Answer with a file, or with events without an end."""
        name = self.path.removeprefix(f"/{self._site.token}/")
        if name == "events":
            self._events()
        elif name in self._site.files:
            kind, text = self._site.files[name]
            self._answer(200, kind, text())
        else:
            self._answer(404, "text/plain", f"There is no such page. {WHOLE}\n")

    def _answer(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        with closing(self._site.board.follow()) as texts:
            for text in texts:
                self.wfile.write(f"data: {json.dumps(text)}\n\n".encode())
            self.wfile.write(b"event: end\ndata: end\n\n")

    def end_headers(self) -> None:
        """End the headers with those that every answer has."""
        for name, value in SAFETY.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal shows the cluster."""


@contextmanager
def serving(files: Files, board: Board, patience: float = PATIENCE, most: int = MOST) -> Iterator[Server]:
    """Serve while the block runs. Raises BadInput if no port can be had."""
    try:
        server = Server(files, board, patience, most)
    except OSError as error:
        raise BadInput(f"--web needs a port on 127.0.0.1, and gets none: {error.strerror or error}") from None
    Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    try:
        yield server
    finally:
        board.close()
        server.shutdown()
        server.server_close()
