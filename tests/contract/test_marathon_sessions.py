# ruff: noqa: E402
"""The stand-in for Marathon has two sessions with ZooKeeper, and begins and ends as a real one does."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from kazoo.exceptions import NoNodeError
from marathon_cluster import LONG_SESSION, Marathons, is_up
from marathon_master import FakeMaster
from marathon_nodes import ENTRY_POINT, Marathon, ZooKeeper, until
from relay import Relay

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(ENTRY_POINT.parent.parent))
from marathon import pace

pytest_plugins = ["marathon_cluster"]
SLOWLY = {"STAND_IN_BOOT": "0.1"}
"""A boot that takes next to nothing, and ends that are as slow as real ones."""


@dataclass
class Ways:
    """Marathons that each have a way of its own to ZooKeeper."""

    marathons: Marathons
    keeper: ZooKeeper
    client: Any
    relays: dict[str, Relay] = field(default_factory=dict)

    def add(self, **environment: str) -> Marathon:
        """Start one more, and wait until it answers."""
        relay = Relay(self.keeper.address())
        self.marathons.zk = f"zk://127.0.0.1:{relay.port}{self.marathons.path}"
        node = self.marathons.add(session=LONG_SESSION, **environment)
        self.relays[node.address] = relay
        until(lambda: is_up(node), f"{node.address} answers")
        return node

    def latches(self) -> dict[str, tuple[str, int]]:
        """Return the latch and the election's session of each, by its address."""
        parent, found = f"{self.marathons.path}/leader-curator", {}
        for name in self.client.get_children(parent):
            with suppress(NoNodeError):  # it has gone meanwhile
                data, stat = self.client.get(f"{parent}/{name}")
                found[data.decode()] = (name, stat.ephemeralOwner)
        return found

    def election(self, node: Marathon) -> int:
        """Return the session that has a node's latch."""
        return self.latches()[node.address][1]

    def storage(self, node: Marathon) -> int:
        """Return a node's other session."""
        (other,) = self.relays[node.address].sessions - {self.election(node)}
        return other

    def cut(self, node: Marathon, session: int) -> None:
        """Break one session's connection."""
        self.relays[node.address].cut(session)

    def cut_off(self, leader: Marathon) -> None:
        """Let a leader in no more: the election first, else it might take its latch back in time."""
        self.cut(leader, self.election(leader))
        self.relays[leader.address].close()


@pytest.fixture
def ways(marathons: Marathons, keeper: ZooKeeper) -> Iterator[Ways]:
    """None so far."""
    made = Ways(marathons, keeper, keeper.client())
    yield made
    for relay in made.relays.values():
        relay.close()
    made.client.stop()


# --- two sessions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("leads", [True, False], ids=["a leader", "a standby"])
def test_who_loses_the_storages_session_takes_its_latch_back_and_ends(ways: Ways, leads: bool) -> None:
    first, second = ways.add(), ways.add()
    lost = first if leads else second
    ways.cut(lost, ways.storage(lost))
    assert lost.exit_code() == 137
    assert lost.address not in ways.latches()
    until((second if leads else first).leads, "the other one leads")


def test_a_standby_outlives_the_loss_of_the_elections_session(ways: Ways) -> None:
    leader, standby = ways.add(), ways.add()
    before = ways.latches()[standby.address]
    ways.cut(standby, before[1])
    until(lambda: before[1] in ways.relays[standby.address].sessions, "it is connected again")
    assert ways.latches()[standby.address] == before
    leader.process.send_signal(signal.SIGTERM)
    until(standby.leads, "it leads with the same latch")
    assert ways.latches()[standby.address] == before


def test_a_leader_that_loses_the_elections_session_ends_and_leaves_its_latch(ways: Ways) -> None:
    leader, standby = ways.add(), ways.add()
    ways.cut(leader, ways.election(leader))
    assert leader.exit_code() == 137
    assert leader.address in ways.latches()
    until(standby.leads, "the session expires")


def test_a_latch_that_somebody_removed_while_its_process_lives_is_made_again(ways: Ways) -> None:
    ways.add()
    standby = ways.add()
    name, session = ways.latches()[standby.address]
    ways.client.delete(f"{ways.marathons.path}/leader-curator/{name}")
    until(lambda: standby.address in ways.latches(), "another latch")
    assert ways.latches()[standby.address][1] == session


# --- slow ends --------------------------------------------------------------------------------------------


def test_without_zookeeper_its_port_is_closed_and_the_process_hangs(ways: Ways) -> None:
    node = ways.add(**SLOWLY)
    begun = time.monotonic()
    ways.cut_off(node)
    until(lambda: _refused(node), "its port is closed")
    assert node.process.poll() is None
    assert node.exit_code() == 137
    assert time.monotonic() - begun >= pace.REAL_HANG


def test_one_that_hangs_can_be_killed_and_its_latch_removed(ways: Ways) -> None:
    leader, standby = ways.add(**SLOWLY), ways.add()
    latch = ways.latches()[leader.address][0]
    ways.cut_off(leader)
    until(lambda: _refused(leader), "its port is closed")
    leader.process.kill()
    assert leader.exit_code() == -signal.SIGKILL
    ways.client.delete(f"{ways.marathons.path}/leader-curator/{latch}")
    until(standby.leads, "the standby leads")


def test_an_abdicated_one_ends_after_the_next_one_leads(ways: Ways) -> None:
    leader, standby = ways.add(**SLOWLY), ways.add()
    begun = time.monotonic()
    assert leader.ask("DELETE", "/v2/leader").status_code == 200
    until(lambda: leader.address not in ways.latches(), "its latch is gone")
    assert leader.exit_code() == 137
    assert time.monotonic() - begun >= pace.REAL_ABDICATION
    assert standby.leads()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)])
def test_how_signals_end_it(ways: Ways, number: int, code: int) -> None:
    node = ways.add(**SLOWLY)
    node.process.send_signal(number)
    assert node.exit_code() == code
    assert (node.address in ways.latches()) is (number == signal.SIGKILL)


def _refused(node: Marathon) -> bool:
    try:
        node.ask("GET", "/ping")
    except requests.ConnectionError:
        return True
    return False


# --- the loss of the leading master -----------------------------------------------------------------------


def test_a_leader_goes_on_until_another_master_leads(marathons: Marathons, keeper: ZooKeeper) -> None:
    client, masters = keeper.client(), [FakeMaster(), FakeMaster()]
    place = f"{marathons.path}/mesos"
    nodes = [client.create(f"{place}/json.info_", _info(masters[0]), sequence=True, makepath=True)]
    marathons._master = f"{marathons.zk.removesuffix(marathons.path)}{place}"
    try:
        leader = marathons.up(2).leader()
        until(lambda: leader.get("/v2/info")["frameworkId"], "registration")
        masters[0].close()
        until(lambda: "No master at" in leader.log.read_text(), "it has noticed")
        assert leader.leads()
        assert leader.get("/v2/info")["leader"] == leader.address
        nodes.append(client.create(f"{place}/json.info_", _info(masters[1]), sequence=True))
        client.delete(nodes[0])
        assert leader.exit_code() == 137
        assert "the leading master has changed" in leader.log.read_text()
        until(lambda: masters[1].said("SUBSCRIBE"), "the next Marathon is with the next master")
    finally:
        client.stop()
        masters[1].close()


def _info(master: FakeMaster) -> bytes:
    ip, _, port = master.address.partition(":")
    return json.dumps({"pid": f"master@{master.address}", "address": {"ip": ip, "port": int(port)}}).encode()


# --- boots ------------------------------------------------------------------------------------------------


def test_a_boot_is_work() -> None:
    begun, worked = time.monotonic(), time.process_time()
    pace.Pace(boot=0.4).work(0.5)
    lasted = time.monotonic() - begun
    assert lasted >= 0.2
    # On a machine that is too busy for so much work it is cut short.
    assert time.process_time() - worked >= 0.2 * 5 / 3 or lasted >= 0.2 * 2.5


def test_without_a_boot_nothing_lasts() -> None:
    assert pace.pace({}) == pace.pace({"STAND_IN_BOOT": ""}) == pace.Pace(0, 0, 0)
    assert pace.pace({"STAND_IN_BOOT": "6"}) == pace.Pace(6, pace.REAL_HANG, pace.REAL_ABDICATION)
    assert sum((pace.BEFORE_ZOOKEEPER, pace.BEFORE_ELECTION, pace.BEFORE_HTTP)) == pytest.approx(1)


def test_one_that_boots_waits_for_a_zookeeper_that_comes_later(ways: Ways) -> None:
    """It is not there until that: neither in ZooKeeper nor over HTTP."""
    relay = Relay(ways.keeper.address())
    relay.close()
    ways.marathons.zk = f"zk://127.0.0.1:{relay.port}{ways.marathons.path}"
    node = ways.marathons.add(session=LONG_SESSION, **SLOWLY)
    until(lambda: _refused(node), "nobody answers")
    ways.relays[node.address] = Relay(ways.keeper.address(), relay.port)
    until(lambda: is_up(node), "it answers")
