"""What becomes of a master when nobody leads any more: who ends, and who hangs; needs no docker."""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from kazoo.exceptions import ConnectionLoss
from kazoo.protocol.states import KazooState

# Nothing may be left in a directory whose files decide whether images are built again.
sys.dont_write_bytecode = True
IMAGES = Path(__file__).resolve().parents[2] / "lab/images"
sys.path[:0] = [str(IMAGES / "mesos-stand-in"), str(IMAGES / "stand-in")]

from mesos_standin import flags
from mesos_standin.master import __main__ as master
from mesos_standin.master.registrar import Registrar
from mesos_standin.master.state import State
from standin import web, zk

OWN, OTHER = (
    {"id": name, "pid": f"master@127.0.0.{number}:5050", "hostname": f"127.0.0.{number}", "port": 5050}
    for number, name in enumerate(("own", "other"), 1)
)


class Ended(BaseException):
    """In place of the end of a process: how it ended."""


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests from ending with what they try."""

    def end(how: object) -> NoReturn:
        raise Ended(how)

    monkeypatch.setattr(os, "abort", lambda: end("SIGABRT"))
    monkeypatch.setattr(os, "_exit", end)


@pytest.fixture(params=[1, 7], ids=["process 1", "below docker-init"])
def pid(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run as this process of a container."""
    monkeypatch.setattr(os, "getpid", lambda: request.param)
    return int(request.param)


@pytest.fixture
def state() -> State:
    """A master that keeps its registry in memory."""
    given = {"MESOS_REGISTRY": "in_memory", "MESOS_ZK": "zk://127.0.0.1:1/mesos"}
    loaded = flags.load("mesos-master", master._TABLE, [], given)
    return State(loaded, OWN, Registrar(loaded, None))


def hear(state: State, *leaders: dict[str, Any] | None) -> None:
    """Let a master hear who leads, one after the other."""

    async def all() -> None:
        for leader in leaders:
            await master._detected(state, leader)

    asyncio.run(all())


def test_a_following_master_hangs_as_process_1_and_ends_otherwise(pid: int, state: State) -> None:
    """SIGABRT of its own does not end process 1."""
    if pid == 1:
        hear(state, OTHER, None)
        assert state.hangs
    else:
        with pytest.raises(Ended, match="SIGABRT"):
            hear(state, OTHER, None)


def test_the_leading_master_ends_whichever_process_it_is(pid: int, state: State) -> None:
    state.leader = OWN
    with pytest.raises(Ended, match="^1$"):
        hear(state, None)
    assert not state.hangs


def test_a_master_that_never_knew_a_leader_waits_for_one(pid: int, state: State) -> None:
    hear(state, None, OTHER)
    assert not state.hangs and state.leader == OTHER


def test_a_master_that_hangs_accepts_and_answers_nothing(state: State) -> None:
    """The second one, on the same loop, is asked later and answers; the first has said nothing by then."""

    async def ask(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        return reader, writer

    async def talk() -> None:
        hung = web.serve(lambda request: master._answer(state, request), "127.0.0.1", free[0])
        other = State(state.flags, OTHER, state.registrar)
        well = web.serve(lambda request: master._answer(other, request), "127.0.0.1", free[1])
        state.hangs = True
        (silent, one), (answers, two) = await ask(free[0]), await ask(free[1])
        said = asyncio.create_task(silent.read(1))
        assert (await answers.readline()).startswith(b"HTTP/1.1 200")
        assert not said.done()
        for end in (one, two):
            end.close()
        hung.stop()
        well.stop()

    free = [_free_port(), _free_port()]
    asyncio.run(asyncio.wait_for(talk(), 60))


class Ensemble:
    """A client of a ZooKeeper that is made up: nodes, and a session that a test can end."""

    def __init__(self, **_: object) -> None:
        self.nodes: dict[str, bytes] = {}
        self.made = 0
        self.losses = 0
        self.listeners: list[Callable[[str], None]] = []

    def add_listener(self, listener: Callable[[str], None]) -> None:
        """Tell it of the session."""
        self.listeners.append(listener)

    def create(self, path: str, data: bytes, **_: object) -> str:
        """Make the next node."""
        self.made += 1
        self.nodes[f"{path}{self.made}"] = data
        return f"{path}{self.made}"

    def exists(self, path: str) -> bool:
        """Look, or lose the connection for once."""
        if self.losses:
            self.losses -= 1
            raise ConnectionLoss
        return path in self.nodes

    def stop(self) -> None:
        """End the session."""
        self.say(KazooState.LOST)

    def start_async(self) -> None:
        """Begin another one."""
        self.say(KazooState.CONNECTED)

    def say(self, *states: str) -> None:
        """Have the session pass through these."""
        for each in states:
            if each == KazooState.LOST:
                self.nodes.clear()
            for listener in self.listeners:
                listener(each)


@pytest.mark.parametrize("losses", [0, 2])
def test_a_master_that_hangs_is_a_candidate_again_after_its_session(losses: int) -> None:
    ensemble = Ensemble()

    async def live() -> None:
        group = zk.Group(zk.Url("127.0.0.1:1", "/mesos"), 10, lambda **_: ensemble)
        ensemble.say(KazooState.CONNECTED)
        await group.join("/mesos/json.info_", b"{}")
        staying = asyncio.create_task(group.stay("/mesos/json.info_", b"{}"))
        ensemble.say(KazooState.SUSPENDED, KazooState.CONNECTED)  # the same session: nothing was lost
        ensemble.losses = losses
        ensemble.say(KazooState.SUSPENDED, KazooState.LOST, KazooState.CONNECTED)
        while "/mesos/json.info_2" not in ensemble.nodes:
            await asyncio.sleep(0)
        assert not staying.done()
        staying.cancel()

    asyncio.run(asyncio.wait_for(live(), 60))
    assert list(ensemble.nodes) == ["/mesos/json.info_2"]


def test_a_session_that_does_not_come_back_in_its_time_is_given_up_for_another_one() -> None:
    ensemble = Ensemble()

    async def live() -> None:
        group = zk.Group(zk.Url("127.0.0.1:1", "/mesos"), 0.01, lambda **_: ensemble)
        ensemble.say(KazooState.CONNECTED)
        await group.join("/mesos/json.info_", b"{}")
        staying = asyncio.create_task(group.stay("/mesos/json.info_", b"{}"))
        ensemble.say(KazooState.SUSPENDED)  # and nothing more: its ZooKeeper refuses it for ever
        while "/mesos/json.info_2" not in ensemble.nodes:
            await asyncio.sleep(0)
        staying.cancel()

    asyncio.run(asyncio.wait_for(live(), 60))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
