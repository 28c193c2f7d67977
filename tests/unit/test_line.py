"""The TCP connection under SSH: what it asks of the kernel, on the loopback."""

import socket
import sys

import pytest

from tasks.engine.line import PromptSocket


def talk(one: socket.socket, other: socket.socket) -> None:
    """Send to and fro, after which Linux lets acknowledgements wait for something to go with."""
    for _ in range(8):
        one.send(b"a question")
        other.recv(100)
        other.send(b"its answer")
        one.recv(100)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program ask for that")
def test_no_acknowledgement_waits_after_what_was_sent() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as plain,
        server.accept()[0] as other,
        PromptSocket(plain) as line,
    ):
        talk(line, other)
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
