"""ZooKeeper's tree, asked through an SSH connection: what a run hears where nobody answers there."""

import time

import pytest
from fabric import Connection
from sshd import Sshd

from tasks.engine.tree import opened
from tasks.errors import NoTree
from tasks.inventory.parse import parse

FROZEN = 50
"""Seconds after which a frozen sshd would answer, and less than paramiko would wait."""


MEMBER = parse("[zookeeper]\n10.0.0.1 myid=1\n").nodes[0]


def test_without_members_there_is_no_tree(connection: Connection) -> None:
    with pytest.raises(NoTree, match="hosts.ini has no ZooKeeper"), opened(connection, []):
        raise AssertionError("it was opened")


@pytest.mark.parametrize("freezes_at", ["", "forward"], ids=["it refuses", "it never answers"])
def test_a_host_that_forwards_nothing_is_given_up_soon(
    freezes_at: str, sshd: Sshd, connection: Connection
) -> None:
    sshd.freezes_at, began = freezes_at, time.monotonic()
    with pytest.raises(NoTree, match="10.0.0.1: "), opened(connection, [MEMBER]):
        raise AssertionError("it was opened")
    assert time.monotonic() - began < FROZEN
    sshd.thawed.set()
