"""mesos-agent, also called mesos-slave, as the lab stands in for it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from standin import client, zk

from .. import credentials, daemon, doors, flags, resources
from ..credentials import BadCredentials, Credential
from ..docker import Docker, DockerError
from ..doors import Door
from ..flags import Flags
from ..resources import Json
from . import runs, views
from .meta import Incompatible, Meta
from .state import State

_TABLE = Path(__file__).with_name("flags.txt")
_SILENCE = 75.0
_ASKED = {
    "authenticate_http_readonly": (
        "mesos-agent-readonly",
        [*doors.READONLY, "containers", "monitor/statistics"],
    ),
    "authenticate_http_readwrite": ("mesos-agent-readwrite", doors.READWRITE),
}
_NO_CONTAINERIZER = "Failed to create a containerizer"


def main() -> None:
    """Start an agent."""
    loaded = flags.load("mesos-slave", _TABLE, sys.argv[1:], os.environ)
    _check(loaded)
    door, credential = _secrets(loaded)
    daemon.run(_serve(loaded, door, credential))


async def _serve(loaded: Flags, door: Door, credential: Credential | None) -> None:
    bound, ip, port, own = daemon.address(loaded)
    daemon.start("mesos-slave", loaded, f"slave(1)@{ip}:{port}")
    daemon.warn_of(loaded, "credential", "http_credentials")
    state = _state(loaded, ip, port)
    state.door, state.credential = door, credential
    daemon.serve(lambda request: views.handle(state, request), bound, own)
    await _check_containerizers(state)
    await _recover(state)
    leave = asyncio.get_running_loop().create_task
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: leave(_unregister(state)))
    daemon.spawn(runs.resend(state))
    await _follow(state)


def _state(loaded: Flags, ip: str, port: int) -> State:
    work_dir = Path(loaded.values["work_dir"])
    work_dir.mkdir(parents=True, exist_ok=True)
    try:
        there = resources.detect(resources.parse(loaded.content("resources") or ""), work_dir)
        attributes = resources.attributes(loaded.content("attributes") or "")
    except ValueError as error:
        daemon.abort(f"Failed to determine agent resources or attributes: {error}")
    info: Json = {
        "checkpoint": True,
        "hostname": daemon.hostname(loaded, ip),
        "port": port,
        "resources": resources.dump(there),
    }
    if attributes:
        info["attributes"] = attributes
    return State(loaded, info, ip, Meta(work_dir), there, Docker(loaded.values["docker_socket"]))


async def _recover(state: State) -> None:
    try:
        agent_id = state.meta.recover(state.info, state.flags.values["reconfiguration_policy"])
    except Incompatible as error:
        daemon.refuse(f"Failed to perform recovery: {error}")
    if agent_id:
        state.info["id"] = {"value": agent_id}
        await runs.recover(state)
    state.recovered = True


async def _follow(state: State) -> None:
    """Be registered with whoever leads, for ever."""
    registering: asyncio.Task[None] | None = None
    timeout = state.flags.seconds("zk_session_timeout")
    async for leader in zk.leaders(state.flags.content("master") or "", timeout):
        daemon.log.info(
            "New master detected at %s" if leader else "Lost leading master %s", (leader or {}).get("pid")
        )
        if registering:
            registering.cancel()
        state.leader = leader
        if leader:
            state.leader_name = await asyncio.to_thread(daemon.name_of, leader["address"]["ip"])
            registering = daemon.spawn(_register(state))


async def _register(state: State) -> None:
    """Register, again whenever the connection ends, and do what the master says."""
    backoff = state.flags.seconds("registration_backoff_factor")
    while True:
        await asyncio.sleep(random.uniform(0, backoff))
        if state.leaving:  # the master has let go of an agent that will not come back
            return
        try:
            await _listen(state)
        except (TimeoutError, OSError, StopAsyncIteration) as error:
            daemon.log.warning("Not registered with %s: %r", state.master, error)


async def _listen(state: State) -> None:
    there = [run for run in state.runs.values() if run.checkpoints or run.stream]
    message = {
        "type": "REGISTER",
        "info": state.info,
        "pid": state.pid,
        "tasks": [run.task.dump() for run in there],
        "reserved": state.meta.reserved,
        "frameworks": list({run.task.framework_id: run.framework for run in there}.values()),
    }
    silence, shown = _SILENCE, credentials.header(state.credential)
    if not shown:
        daemon.log.info("No credentials provided. Attempting to register without authentication")
    async with client.ask(state.master or "", "POST", runs.MASTERS, message, shown) as reply:
        if reply.status == 401:
            daemon.refuse(f"Master {state.master_pid} refused authentication")
        if shown and reply.status == 200:
            daemon.log.info("Successfully authenticated with master %s", state.master_pid)
        heard = reply.events()
        while True:
            event = await asyncio.wait_for(anext(heard), silence)
            silence = event.get("ping_timeout", silence)
            await _take(state, event)


async def _take(state: State, event: Json) -> None:
    if event["type"] == "REGISTERED":
        state.info["id"] = {"value": event["agent_id"]}
        state.meta.admitted(state.info)
        daemon.log.info("Registered with master %s; given agent ID %s", state.master, state.id)
        runs.resend_all(state)
    elif event["type"] == "CHECKPOINT":
        state.meta.reserve(event["reserved"])
    elif event["type"] == "PING":
        daemon.spawn(runs.tell_master(state, {"type": "PONG"}))
    elif event["type"] == "LAUNCH":
        runs.start(state, event)
    elif event["type"] == "KILL":
        runs.kill(state, event)
    elif event["type"] == "ACKNOWLEDGE":
        runs.acknowledge(state, event)
    elif event["type"] == "UPDATE_FRAMEWORK":
        runs.update_framework(state, event["framework"])
    elif event["type"] == "SHUTDOWN_FRAMEWORK":
        runs.shut_down(state, event["framework_id"])
    elif event["type"] == "SHUTDOWN":
        why = event["message"]
        daemon.log.info("Agent asked to shut down by %s because '%s'", state.master_pid, why)
        await _leave(state)


async def _unregister(state: State) -> None:
    daemon.log.info("Received SIGUSR1; unregistering and shutting down")
    state.leaving = True
    await runs.tell_master(state, {"type": "UNREGISTER"})
    state.meta.forget()
    await _leave(state)


async def _leave(state: State) -> None:
    there = list(state.runs.values())
    runs.shut_down(state)
    for _ in range(int(state.flags.seconds("executor_shutdown_grace_period") * 10)):
        if not any(run.stream for run in there):
            break
        await asyncio.sleep(0.1)
    daemon.finish(0)


async def _check_containerizers(state: State) -> None:
    """Refuse what the docker containerizer cannot do without."""
    if "docker" not in (state.flags.text("containerizers") or "").split(","):
        return
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    failed = (
        "Failed to create a containerizer: Could not create DockerContainerizer: Failed to create docker: "
    )
    if not any(_has_cpu(kind, options.split(",")) for _, _, kind, options, *_ in mounts):
        why = "Failed to find a mounted cgroups hierarchy for the 'cpu' subsystem"
        daemon.refuse(f"{failed}{why}; you probably need to mount cgroups manually")
    try:
        await state.docker.call("GET", "/version", timeout=30)
    except DockerError as error:
        daemon.refuse(f"{failed}Failed to get docker version: {error}")


def _has_cpu(kind: str, options: list[str]) -> bool:
    """Tell whether a mount is a hierarchy with the cpu controller; v2 will do here, unlike for Mesos 1.5."""
    return kind == "cgroup2" or (kind == "cgroup" and "cpu" in options)


def _secrets(loaded: Flags) -> tuple[Door, Credential | None]:
    try:
        path = loaded.text("credential")
        own = credentials.single(path) if path is not None else None
        return doors.load(loaded, "http_credentials", _ASKED), own
    except BadCredentials as error:
        daemon.refuse(str(error))


def _check(loaded: Flags) -> None:
    if loaded.text("master") is None:
        daemon.refuse("Missing required option `--master` or `--master_detector`")
    names = (loaded.text("containerizers") or "").split(",")
    if unknown := [name for name in names if name not in ("docker", "mesos", "composing")]:
        daemon.refuse(f"{_NO_CONTAINERIZER}: Unknown or unsupported containerizer: {unknown[0]}")
    if len(set(names)) != len(names):
        daemon.refuse(f"{_NO_CONTAINERIZER}: Duplicate containerizer")
    if loaded.text("reconfiguration_policy") not in ("equal", "additive"):
        daemon.refuse(
            f"Unknown option for 'reconfiguration_policy' flag {loaded.text('reconfiguration_policy')}"
        )
    if loaded.text("recover") != "reconnect":
        daemon.refuse(f"Unknown option for 'recover' flag {loaded.text('recover')}")
    if loaded.seconds("executor_reregistration_timeout") > 15:
        daemon.refuse("Expected `--executor_reregistration_timeout` to be not more than 15secs")
    if (
        loaded.true("systemd_enable_support")
        and not Path(loaded.values["systemd_runtime_directory"]).is_dir()
    ):
        where = loaded.values["systemd_runtime_directory"]
        daemon.refuse(f"Failed to initialize systemd: Failed to locate systemd runtime directory: {where}")
    try:
        text = loaded.content("master") or ""
        zk.Url.parse(text) if text.startswith("zk://") else None
    except zk.BadUrl as error:
        daemon.refuse(f"Failed to create a master detector: {error}")


if __name__ == "__main__":
    main()
