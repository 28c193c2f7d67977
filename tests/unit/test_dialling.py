"""The connections of a run: dialled before anybody asks for them, few at a time, closed at the end."""

from collections.abc import Callable
from threading import Barrier, Lock

import pytest

from tasks.engine.connections import Connections
from tasks.errors import BadInput, Unreachable
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse

NODES = parse("[zookeeper]\n10.0.0.1 myid=1\n[mesos_master]\n10.0.0.1\n[mesos_agent]\n10.0.0.[1:4]\n").nodes


class Line:
    """A connection that only knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Access:
    """Leads to hosts that are not there; `meanwhile` happens at every dialling, which may raise."""

    def __init__(self, meanwhile: Callable[[Node], object] = lambda node: None, bad: str = "") -> None:
        self.dialled: list[str] = []
        self.lines: list[Line] = []
        self.closed = False
        self._meanwhile, self._bad, self._lock = meanwhile, bad, Lock()

    def route(self, node: Node) -> None:
        if node.name == self._bad:
            raise BadInput(f"ssh_config: {node.name} cannot be read")

    def connect(self, node: Node) -> Line:
        with self._lock:
            self.dialled.append(node.name)
        self._meanwhile(node)
        self.lines.append(Line())
        return self.lines[-1]

    def close(self) -> None:
        self.closed = True


def connections(access: Access, parallel: int = 4) -> Connections:
    return Connections(access, NODES, parallel)  # type: ignore[arg-type]


def test_hosts_are_dialled_at_once_and_before_anybody_asks() -> None:
    together = Barrier(len(NODES) + 1)
    access = Access(lambda node: together.wait(60))
    with connections(access) as made:
        together.wait(60)
        assert sorted(access.dialled) == [node.name for node in NODES]
        assert {made.to(node) for node in NODES} == set(access.lines)
    assert len(access.dialled) == len(NODES)


def test_no_more_are_dialled_beforehand_than_may_be_at_a_time() -> None:
    access = Access()
    with connections(access, parallel=2) as made:
        made.refuse_bad_routes()
    assert set(access.dialled) <= {node.name for node in NODES[:2]}


def test_one_that_cannot_be_routed_keeps_all_from_being_dialled() -> None:
    access = Access(bad=NODES[3].name)
    with (
        pytest.raises(BadInput, match=f"ssh_config: {NODES[3].name} cannot be read"),
        connections(access) as made,
    ):
        made.refuse_bad_routes()
    assert (access.dialled, access.closed) == ([], True)


def test_a_host_that_was_lost_is_dialled_again_the_next_time() -> None:
    down = {NODES[0].name}

    def refuse(node: Node) -> None:
        if node.name in down:
            raise Unreachable(f"{node.name}  connect: refused")

    access = Access(refuse)
    with connections(access) as made:
        with pytest.raises(Unreachable, match="refused"):
            made.to(NODES[0])
        down.clear()
        assert made.to(NODES[0]) in access.lines


def test_a_dropped_connection_is_closed_and_made_again() -> None:
    access = Access()
    with connections(access) as made:
        first = made.to(NODES[0])
        made.drop(NODES[0].name)
        made.drop("nobody")
        assert (first in [line for line in access.lines if line.closed], made.to(NODES[0]) is first) == (
            True,
            False,
        )


def test_at_the_end_all_are_closed_those_too_that_nobody_used() -> None:
    access = Access()
    with connections(access) as made:
        made.refuse_bad_routes()
        used = made.to(NODES[0])
    assert used in access.lines
    assert all(line.closed for line in access.lines)
    assert access.closed
