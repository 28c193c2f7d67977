"""From the command line to a candidate, and from a candidate to the leader."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys

from standin import web
from standin.process import run, spawn
from standin.web import Answer, Request

from . import VERSION, launcher, options, process
from .api_apps import Apps
from .api_system import BUILDREF, System
from .api_tasks import Tasks
from .election import Election
from .events import Events
from .health import Health
from .mesos import Master
from .migration import migrate
from .options import BadOptions, Options
from .proxy import Proxy
from .scheduler import Scheduler
from .store import Store
from .web import Routes, guard
from .world import World

_log = logging.getLogger("marathon.main")


def main() -> None:
    """Run one Marathon until something ends it."""
    print("No start hook file found ($HOOK_MARATHON_START). Proceeding with the start script.")
    arguments = launcher.arguments(os.environ, sys.argv[1:])
    chosen = _parse(arguments)
    process.log_to_stdout()
    _log.info("Starting Marathon %s/%s with %s", VERSION, BUILDREF, " ".join(arguments))
    run(_serve({**chosen, "hostname": chosen["hostname"] or socket.gethostname()}), process.die)


def _parse(arguments: list[str]) -> Options:
    if arguments[:1] == ["--help"]:
        print("\n".join(f"  --{name}" for name in sorted(options.KINDS)))
        raise SystemExit(0)
    try:
        return options.parse(arguments)
    except BadOptions as wrong:
        print(f"[scallop] Error: {wrong}", flush=True)
        raise SystemExit(1) from None


async def _serve(chosen: Options) -> None:
    """Connect, open HTTP, stand for election, lead."""
    process.end_on_signals()
    election = Election(chosen, f"{chosen['hostname']}:{chosen['http_port']}")
    await asyncio.to_thread(election.connect)
    routes = Routes()
    proxy, refuse = Proxy(election, chosen, routes), guard(chosen["http_credentials"], chosen["http_realm"])

    async def answer(request: Request) -> Answer:
        return refuse(request) or await proxy(request)

    try:
        web.serve(answer, chosen["http_address"] or "0.0.0.0", chosen["http_port"])
    except OSError as error:
        process.die(f"Failed to start all services: {error}")
    _log.info("All services up and running.")
    if chosen["ha"]:
        await asyncio.to_thread(election.win)
    _log.info("Leader elected")
    _lead(chosen, election, routes)
    proxy.leading = True


def _lead(chosen: Options, election: Election, routes: Routes) -> None:
    """Read the state, begin to answer, begin to schedule."""
    events, store = Events(), Store(election.client, election.path)
    migrate(store, VERSION)
    world = World(store, events)
    master = Master(chosen, lambda why: process.die(f"Disconnected from the Mesos master: {why}"))
    scheduler = Scheduler(world, master, events, chosen, election.address)
    System(chosen, election.address, world).add_to(routes)
    events.add_to(routes)
    Tasks(world, scheduler.kill).add_to(routes)
    Apps(world, chosen).add_to(routes)
    for work in (scheduler.listen, scheduler.converge, scheduler.reconcile):
        spawn(work())
    spawn(Health(world, scheduler).check_for_ever())
