"""From the command line to a candidate, and from a candidate to the leader."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys

from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError
from standin import web
from standin.process import run, spawn
from standin.web import Answer, Request

from . import VERSION, launcher, options, pace, process, zookeeper
from .api_apps import Apps
from .api_system import BUILDREF, System
from .api_tasks import Tasks
from .election import Election
from .events import Events
from .health import Health
from .mesos import Master
from .migration import migrate
from .options import BadOptions, Options
from .pace import Pace
from .proxy import Proxy
from .scheduler import Scheduler
from .store import Store
from .web import Routes, guard
from .world import World
from .zookeeper import Place

_log = logging.getLogger("marathon.main")


def main() -> None:
    """Run one Marathon until something ends it."""
    os.environ.update(launcher.hook(os.environ, sys.argv[1:]))
    arguments = launcher.arguments(os.environ, sys.argv[1:])
    chosen = _parse(arguments)
    process.log_to_stdout()
    _log.info("Starting Marathon %s/%s with %s", VERSION, BUILDREF, " ".join(arguments))
    named = {**chosen, "hostname": chosen["hostname"] or socket.gethostname()}
    run(_serve(named, pace.pace(os.environ)), process.die)


def _parse(arguments: list[str]) -> Options:
    if arguments[:1] == ["--help"]:
        print("\n".join(f"  --{name}" for name in sorted(options.KINDS)))
        raise SystemExit(0)
    try:
        return options.parse(arguments)
    except BadOptions as wrong:
        print(f"[scallop] Error: {wrong}", flush=True)
        raise SystemExit(1) from None


async def _serve(chosen: Options, slowly: Pace) -> None:
    """Connect, open HTTP, stand for election, lead."""
    process.end_on_signals()
    await asyncio.to_thread(slowly.work, pace.BEFORE_ZOOKEEPER)
    place = Place(chosen)
    storage, election = await _connected(place, f"{chosen['hostname']}:{chosen['http_port']}", slowly)
    await asyncio.to_thread(slowly.work, pace.BEFORE_ELECTION)
    if chosen["ha"]:
        await asyncio.to_thread(election.stand)
    await asyncio.to_thread(slowly.work, pace.BEFORE_HTTP)
    routes = Routes()
    proxy = Proxy(election, chosen, routes)
    _open(chosen, proxy)
    if chosen["ha"]:
        await asyncio.to_thread(election.win)
    _log.info("Leader elected")
    _lead(chosen, Store(storage, place.path), election.address, routes, slowly)
    proxy.leading = True


async def _connected(place: Place, address: str, slowly: Pace) -> tuple[KazooClient, Election]:
    """Open both sessions, or end the process; from then on losing that of the state ends it, too."""
    storage, election = place.client(), Election(place, address, slowly.hang)
    try:
        await asyncio.to_thread(place.connect, storage)
        await asyncio.to_thread(election.connect)
    except KazooTimeoutError:
        process.die("timed out while waiting for zookeeper connection")
    process.before_exit(election.resign)
    zookeeper.vital(storage)
    return storage, election


def _open(chosen: Options, proxy: Proxy) -> None:
    """Open HTTP, until the process ends: that comes first then."""
    credentials = chosen["http_credentials"] or os.environ.get("MESOSPHERE_HTTP_CREDENTIALS")
    refuse = guard(credentials, chosen["http_realm"])

    async def answer(request: Request) -> Answer:
        return refuse(request) or await proxy(request)

    try:
        server = web.serve(answer, chosen["http_address"] or "0.0.0.0", chosen["http_port"])
    except OSError as error:
        process.die(f"Failed to start all services: {error}")
    process.before_exit(server.hang_up)
    _log.info("All services up and running.")


def _lead(chosen: Options, store: Store, address: str, routes: Routes, slowly: Pace) -> None:
    """Read the state, begin to answer, begin to schedule."""
    events = Events()
    migrate(store, VERSION)
    world = World(store, events)
    master = Master(chosen, lambda why: process.die(f"Disconnected from the Mesos master: {why}"))
    scheduler = Scheduler(world, master, events, chosen, address)
    System(chosen, address, world, slowly.abdication).add_to(routes)
    events.add_to(routes)
    Tasks(world, scheduler.kill).add_to(routes)
    Apps(world, chosen).add_to(routes)
    for work in (scheduler.listen, scheduler.converge, scheduler.reconcile):
        spawn(work())
    spawn(Health(world, scheduler).check_for_ever())
