"""mesos-master, as the lab stands in for it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from pathlib import Path

from standin import web, zk
from standin.web import Answer, Request

from .. import VERSION, daemon, flags
from ..credentials import BadCredentials
from ..doors import Door
from ..flags import Flags
from ..resources import Json
from . import access, allocator, operator
from .registrar import Registrar
from .replica import Replica
from .state import State, new_uuid

_TABLE = Path(__file__).with_name("flags.txt")
_ASSERTION = "Assertion 'isSome()' failed: a known leader has become unknown"


def main() -> None:
    """Start a master."""
    loaded = flags.load("mesos-master", _TABLE, sys.argv[1:], os.environ)
    url, door = _check(loaded), _door(loaded)
    daemon.run(_serve(loaded, url, door))


async def _serve(loaded: Flags, url: zk.Url | None, door: Door) -> None:
    bound, ip, port, own = daemon.address(loaded)
    info = _master_info(ip, port, daemon.hostname(loaded, ip))
    daemon.start("mesos-master", loaded, info["pid"])
    access.tell(loaded)
    durable = loaded.text("registry") == "replicated_log"
    replica = Replica(loaded, f"{ip}:{port}") if durable else None
    state = State(loaded, info, Registrar(loaded, replica), door)
    daemon.serve(lambda request: _answer(state, request), bound, own)
    if url:
        await _contend(state, url)
    else:
        if replica:
            replica.alone()
        await _detected(state, info)
        await asyncio.Event().wait()


async def _answer(state: State, request: Request) -> Answer:
    """Answer; of a master that hangs nobody hears anything, though its port accepts."""
    if state.hangs:
        await asyncio.Event().wait()
    return await operator.handle(state, request)


async def _contend(state: State, url: zk.Url) -> None:
    """Join the group and follow who leads it, for ever."""
    group = zk.Group(url, state.flags.seconds("zk_session_timeout"))
    await group.connect()
    if replica := state.registrar.replica:
        joining = daemon.spawn(replica.join(group))
        await asyncio.wait({joining}, timeout=0.2)
    candidate, data = f"{url.path}/json.info_", web.compact(dict(sorted(state.info.items())))
    try:
        await group.join(candidate, data)
    except zk.NotAllowed as error:
        daemon.refuse(f"Failed to contend: {error}")
    async for leader in group.leaders():
        await _detected(state, leader)
        if state.hangs:
            await group.stay(candidate, data)


async def _detected(state: State, leader: Json | None) -> None:
    led, known = state.leads, state.leader
    state.leader = leader
    daemon.log.info("The leading master is %s", leader["pid"] if leader else "unknown")
    if led and not state.leads:
        daemon.log.error("Lost leadership... committing suicide!")
        daemon.finish(1)
    if known and not leader:
        _fall(state)
    if state.leads and not led:
        state.elected = time.time()
        daemon.spawn(_lead(state))


def _fall(state: State) -> None:
    """Fail as followers do in this version alone (MESOS-8550): by an assertion, and so by SIGABRT.

    The kernel ends no process 1 by a signal of its own. There the real one hangs for ever, and is a candidate
    all the while; so does this one, and is.
    """
    if os.getpid() != 1:
        daemon.abort(_ASSERTION)
    daemon.log.critical("%s; SIGABRT does not end process 1", _ASSERTION)
    state.hangs = True


async def _lead(state: State) -> None:
    daemon.log.info("Elected as the leading master!")
    await state.registrar.recover(state.info)
    state.absent = {info["id"]["value"]: info for info in state.registrar.agents}
    daemon.log.info("Recovered %d agents from the registry", len(state.absent))
    while True:
        allocator.allocate(state)
        await asyncio.sleep(state.flags.seconds("allocation_interval"))


def _check(loaded: Flags) -> zk.Url | None:
    registry, quorum = loaded.text("registry"), loaded.text("quorum")
    if registry not in ("replicated_log", "in_memory"):
        daemon.refuse(f"'{registry}' is not a supported option for registry persistence")
    if registry == "replicated_log" and not loaded.text("work_dir"):
        daemon.refuse("--work_dir needed for replicated log based registry")
    text = loaded.content("zk")
    if registry == "replicated_log" and text and not quorum:
        daemon.refuse("Need to specify --quorum for replicated log based registry when using ZooKeeper")
    if loaded.seconds("agent_reregister_timeout") < 600:
        daemon.refuse("Invalid value for --agent_reregister_timeout: Expecting at least 10mins")
    if not 1 <= loaded.seconds("agent_ping_timeout") <= 900 or loaded.number("max_agent_ping_timeouts") < 1:
        daemon.refuse("Invalid value for --agent_ping_timeout or --max_agent_ping_timeouts")
    try:
        return zk.Url.parse(text) if text is not None else None
    except zk.BadUrl as error:
        daemon.refuse(f"Failed to create a master contender: {error}")


def _door(loaded: Flags) -> Door:
    try:
        return access.door(loaded)
    except BadCredentials as error:
        daemon.refuse(str(error))


def _master_info(ip: str, port: int, hostname: str) -> Json:
    return {
        "id": new_uuid(),
        "ip": int.from_bytes(socket.inet_aton(ip), "little"),
        "port": port,
        "pid": f"master@{ip}:{port}",
        "hostname": hostname,
        "version": VERSION,
        "address": {"hostname": hostname, "ip": ip, "port": port},
        "capabilities": [{"type": "AGENT_UPDATE"}],
    }


if __name__ == "__main__":
    main()
