"""The server of the live picture: whom it answers, what it serves, and readers that are slow or leave."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.web.board import Board
from tasks.engine.web.server import SAFETY, Server, serving

PAGE = "<p>the page</p>"
FILES = {"": ("text/html", lambda: PAGE), "live.css": ("text/css", lambda: "p {}")}
LONG = "x" * 8_000_000
"""More than the kernel keeps for a reader."""

SOON = 30
"""Seconds after which something that should happen has not."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with one page."""
    with serving(FILES, Board("first")) as server:
        yield server


@contextmanager
def asking(
    server: Server, path: str, method: str = "GET", hosts: tuple[str, ...] = ("localhost",)
) -> Iterator[HTTPResponse]:
    """Give the answer to a request, of which more may come."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=SOON)) as connection:
        connection.putrequest(method, path, skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        with connection.getresponse() as response:  # which else keeps the connection
            yield response


def answer(
    server: Server, path: str, method: str = "GET", hosts: tuple[str, ...] = ("localhost",)
) -> tuple[int, str]:
    """Give status and text of an answer."""
    with asking(server, path, method, hosts) as response:
        return response.status, response.read().decode()


def next_event(response: HTTPResponse) -> str:
    """Give the text of the next event; `end` of the last one."""
    kind, _, value = response.readline().decode().partition(": ")
    if kind == "event":
        response.readline()
    response.readline()
    return value.strip() if kind == "event" else str(json.loads(value))


# Whom it answers


def test_it_listens_on_the_loopback_alone(server: Server) -> None:
    assert server.socket.getsockname() == ("127.0.0.1", server.port)
    assert server.url.startswith("http://127.0.0.1:")


def test_whoever_knows_the_url_is_shown_the_page_which_may_load_nothing_from_elsewhere(
    server: Server,
) -> None:
    with asking(server, f"/{server.token}/") as response:
        assert (response.status, response.read().decode()) == (200, PAGE)
        assert response.getheader("Content-Type") == "text/html; charset=utf-8"
        assert {name: response.getheader(name) for name in SAFETY} == SAFETY
    assert "default-src 'none'" in SAFETY["Content-Security-Policy"]
    assert "unsafe" not in SAFETY["Content-Security-Policy"]
    assert answer(server, f"/{server.token}/live.css") == (200, "p {}")


def test_every_server_has_a_token_of_its_own_that_nobody_guesses(server: Server) -> None:
    with serving(FILES, Board("")) as other:
        assert other.token != server.token and len(other.token) >= 43


@pytest.mark.parametrize("path", ["/", "/events", "//", "*", "http://localhost/", "/%s", "/T/", "/x%sx/"])
def test_whoever_lacks_the_token_is_refused_in_a_sentence_and_told_nothing(server: Server, path: str) -> None:
    wrong = path.replace("%s", server.token[:-1]).replace("T", server.token.swapcase())
    code, said = answer(server, wrong)
    assert code == 403
    assert said.endswith("Open the whole URL that `fab status --watch --web` has printed.\n")
    assert server.token not in said and PAGE not in said


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60))
def test_no_other_path_leads_to_the_page(server: Server, path: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(SOON)
        client.sendall(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1", "replace"))
        with client.makefile("rb") as said:
            assert PAGE.encode() not in said.read()


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("evil.example",),
        ("127.0.0.1.evil.example:80",),
        ("localhost:1@evil.example",),
        ("localhost",) * 2,
    ],
)
def test_a_page_whose_name_was_made_to_point_here_is_refused(server: Server, hosts: tuple[str, ...]) -> None:
    code, said = answer(server, f"/{server.token}/", hosts=hosts)
    assert (code, PAGE in said) == (403, False)
    assert said.startswith("This is not the host that was asked for.")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
def test_the_port_may_be_that_of_a_tunnel(server: Server, host: str) -> None:
    assert answer(server, f"/{server.token}/", hosts=(host,)) == (200, PAGE)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_there_is_nothing_to_do_but_to_look(server: Server, method: str) -> None:
    with asking(server, f"/{server.token}/", method) as response:
        assert response.status == 405


def test_another_page_is_none(server: Server) -> None:
    for name in ("other", "../", "events/", "live.css/"):
        assert answer(server, f"/{server.token}/{name}")[0] == 404
    assert answer(server, f"/{server.token}")[0] == 404


@pytest.mark.parametrize(
    "said", [b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G" * 70_000]
)
def test_what_is_no_request_harms_nobody(server: Server, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client, suppress(ConnectionError):
        client.settimeout(SOON)
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        assert PAGE.encode() not in client.recv(65536)
    assert answer(server, f"/{server.token}/")[0] == 200


# What is told to whoever stays


def test_each_of_several_readers_hears_what_is_new_and_one_that_leaves_ends_nothing() -> None:
    board = Board("first")
    with serving(FILES, board) as server:
        path = f"/{server.token}/events"
        with asking(server, path) as stays:
            with asking(server, path) as leaves:
                assert stays.getheader("Content-Type") == "text/event-stream; charset=utf-8"
                assert [next_event(each) for each in (stays, leaves)] == ["first"] * 2
                board.put("second\n\ndata: <b>")
                assert [next_event(each) for each in (stays, leaves)] == ["second\n\ndata: <b>"] * 2
            for text in ("third", "fourth"):
                board.put(text)
                assert next_event(stays) == text
        with asking(server, path) as late:
            assert next_event(late) == "fourth"


def test_whoever_is_there_at_the_end_is_told_so() -> None:
    with ExitStack() as left:
        with serving(FILES, Board("first")) as server:
            response = left.enter_context(asking(server, f"/{server.token}/events"))
            assert next_event(response) == "first"
        assert (next_event(response), response.read()) == ("end", b"")


def test_who_is_slow_holds_nobody_up_and_is_cut_off() -> None:
    board = Board(LONG)
    with serving(FILES, board, patience=0.5, most=2) as server:
        path = f"/{server.token}/events"
        with asking(server, path) as slow, asking(server, path) as quick:
            assert next_event(quick) == LONG
            for number in range(3):
                board.put(f"{number}{LONG}")
                assert next_event(quick) == f"{number}{LONG}"
            until(lambda: is_answered(server, board))  # so there is a place again
            assert until_it_ends(slow) < 4 * len(LONG)


def until_it_ends(response: HTTPResponse) -> int:
    """Begin to read when it is too late, and count what comes."""
    with suppress(ConnectionError):
        return len(response.read())
    return 0


def test_a_request_that_does_not_come_to_its_end_is_cut_off() -> None:
    with (
        serving(FILES, Board(""), patience=0.2) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
    ):
        client.settimeout(SOON)
        client.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert client.recv(65536) == b""


def test_more_readers_than_there_are_places_are_turned_away_until_one_leaves() -> None:
    board = Board("first")
    with serving(FILES, board, most=2) as server:
        path = f"/{server.token}/events"
        with asking(server, path) as one:
            next_event(one)
            with asking(server, path) as other:
                next_event(other)
                with pytest.raises((RemoteDisconnected, ConnectionError)):
                    answer(server, f"/{server.token}/")
            board.put("second")
            assert next_event(one) == "second"
            until(lambda: is_answered(server, board))


def is_answered(server: Server, board: Board) -> bool:
    """Tell whether there is a place; that somebody has left shows when something is written."""
    board.put("more")
    with suppress(RemoteDisconnected, ConnectionError):
        return answer(server, f"/{server.token}/") == (200, PAGE)
    return False


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something to become so."""
    end = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)
