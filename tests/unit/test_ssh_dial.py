"""The line to a host: which addresses are tried, and how it ends. All on the loopback."""

import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.engine.ssh import dial
from tasks.engine.ssh.settings import Settings

Address = tuple[str, int]


@pytest.fixture
def server() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def closed() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        return host, port


class Names:
    """Every name stands for these addresses; `families` are those that were asked for."""

    def __init__(self, *addresses: Address) -> None:
        self.addresses, self.families = addresses, list[int]()

    def __call__(self, host: str, port: int, family: int, kind: int) -> list[tuple[object, ...]]:
        self.families.append(family)
        return [(socket.AF_INET, kind, 0, "", address) for address in self.addresses]


SETTINGS = Settings("web1", "web1", "ann", 22)


def test_an_address_that_refuses_is_passed_over_for_the_next(server: socket.socket) -> None:
    names = Names(closed(), server.getsockname())
    with server, dial.over_tcp(SETTINGS, 5, names) as line:
        assert line.getpeername() == server.getsockname()
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_if_none_answers_the_last_one_s_error_is_raised() -> None:
    with pytest.raises(ConnectionRefusedError):
        dial.over_tcp(SETTINGS, 5, Names(closed(), closed()))


def test_a_name_without_an_address_of_the_family_is_an_error() -> None:
    names = Names()
    with pytest.raises(OSError, match="no address"):
        dial.over_tcp(replace(SETTINGS, family="inet6"), 5, names)
    assert names.families == [socket.AF_INET6]


def test_the_address_to_come_from_is_taken(server: socket.socket) -> None:
    own, names = replace(SETTINGS, source="127.0.0.1"), Names(server.getsockname())
    with server, dial.over_tcp(own, 5, names) as line:
        assert line.getsockname()[0] == "127.0.0.1"


def test_it_is_tried_as_often_as_ssh_config_says() -> None:
    names = Names(closed())
    with pytest.raises(ConnectionRefusedError):
        dial.over_tcp(replace(SETTINGS, attempts=3), 5, names, pause=0)
    assert len(names.families) == 3


def test_a_program_gets_what_is_sent_and_its_words_come_back() -> None:
    with dial.Program("cat") as line:
        line.settimeout(10)
        line.sendall(b"hello\n")
        assert line.recv(100) == b"hello\n"


def test_a_program_that_has_ended_is_noticed_at_once() -> None:
    with dial.Program("true") as line:
        line.settimeout(10)
        assert line.recv(100) == b""
        assert line.last_words() == ""


def test_a_program_ends_with_its_line(tmp_path: Path) -> None:
    line = dial.Program(
        f"{sys.executable} -c 'import sys, time; sys.stderr.write(\"up\\n\"); time.sleep(60)'"
    )
    line.close()
    assert line._process.returncode is not None


def test_many_lines_may_be_opened_at_once(server: socket.socket) -> None:
    names = Names(server.getsockname())
    lines: list[socket.socket] = []

    def open_one() -> None:
        lines.append(dial.over_tcp(SETTINGS, 5, names))

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({line.getsockname() for line in lines}) == 8
    for line in (*lines, server):
        line.close()
