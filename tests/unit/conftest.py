"""A sshd on the loopback that lets everybody in, its node, and the connection to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fabric import Connection
from sshd import Sshd, connect, node_at

from tasks.inventory.cluster import Node


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A sshd; files that want another one have a fixture of that name themselves."""
    server = Sshd(tmp_path)
    yield server
    server.close()


@pytest.fixture
def node(sshd: Sshd) -> Node:
    """The node that SSH reaches there."""
    return node_at(sshd.port)


@pytest.fixture
def connection(sshd: Sshd, node: Node) -> Iterator[Connection]:
    """An open connection to it."""
    connection = connect(node, sshd.config())
    yield connection
    connection.close()
