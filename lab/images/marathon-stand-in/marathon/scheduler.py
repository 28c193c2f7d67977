"""The leader's work: take the master's events, and bring tasks to what the apps want."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from . import clock, deployments, process, taskinfo
from .apps import Definition
from .deployments import Task
from .events import Events
from .mesos import Event, Master
from .offers import Misfit, Offer, Pool, attributes
from .options import Options
from .updates import Updates
from .world import Launch, World

_log = logging.getLogger("marathon.scheduler")
_TICK = 0.5
_KILL_AGAIN = 10.0
_REMOVED = "Framework has been removed"


class Scheduler:
    """Takes the master's events, and puts right what is not as the apps want it."""

    def __init__(self, world: World, master: Master, events: Events, options: Options, address: str) -> None:
        self._world, self._master, self._options, self._address = world, master, options, address
        self._updates = Updates(world, master, events)
        self._revived = 0.0

    async def listen(self) -> None:
        """Take the master's events, until it is lost."""
        _log.info("As new leader running the driver")
        async for event in self._master.events(self._framework()):
            self._take(event)

    def _framework(self) -> dict[str, Any]:
        options, known = self._options, self._world.framework_id
        features = (options["enable_features"] or "").split(",")
        more = {"task_killing": "TASK_KILLING_STATE", "gpu_resources": "GPU_RESOURCES"}
        capabilities = ["PARTITION_AWARE", *(more[each] for each in features if each in more)]
        optional = {
            "id": {"value": known} if known else None,
            "role": options["mesos_role"],
            "principal": options["mesos_authentication_principal"],
        }
        return {
            "name": options["framework_name"],
            "user": options["mesos_user"],
            "checkpoint": options["checkpoint"],
            "failover_timeout": float(options["failover_timeout"]),
            "hostname": options["hostname"],
            "webui_url": options["webui_url"] or f"http://{self._address}",
            "capabilities": [{"type": name} for name in capabilities],
        } | {name: value for name, value in optional.items() if value}

    def _take(self, event: Event) -> None:
        kind = event["type"]
        if kind == "SUBSCRIBED":
            self._subscribed(event["subscribed"])
        elif kind == "OFFERS":
            for offer in event["offers"]["offers"]:
                self._consider(offer)
        elif kind == "UPDATE":
            self._updates.take(event["update"]["status"])
        elif kind == "ERROR":
            self._refused(event["error"]["message"])

    def _subscribed(self, told: Event) -> None:
        master, framework_id = told["master_info"], told["framework_id"]["value"]
        word = "Re-registered" if self._world.framework_id else "Registered"
        _log.info("%s as %s to master '%s'", word, framework_id, master["id"])
        self._world.register(framework_id, f"http://{master['hostname']}:{master['port']}/")
        self._world.changed.set()

    def _refused(self, message: str) -> None:
        if message == _REMOVED:
            self._world.register(None, None)
        process.die(f"Error from Mesos: {message}. Committing suicide!")

    def _consider(self, offer: Offer) -> None:
        """Launch what waits and fits; decline the offer if nothing does."""
        pool = Pool(offer)
        launched: list[dict[str, Any]] = []
        waiting = [self._world.apps[key] for key, launch in self._world.launches.items() if _due(launch)]
        for app in waiting:
            launch = self._world.launches[app["id"]]
            while launch.count and len(launched) < self._options["max_instances_per_offer"]:
                info = self._try(app, launch, pool)
                if info is None:
                    break
                launched.append(info)
        if launched:
            operation = {"type": "LAUNCH", "launch": {"task_infos": launched}}
            self._master.call("ACCEPT", offer_ids=[offer["id"]], operations=[operation], filters={})
        else:
            seconds = self._options["decline_offer_duration"] / 1000
            self._master.call("DECLINE", offer_ids=[offer["id"]], filters={"refuse_seconds": seconds})

    def _try(self, app: Definition, launch: Launch, pool: Pool) -> dict[str, Any] | None:
        launch.processed += 1
        try:
            fit = pool.take(app, self._world.active(app["id"]), self._options)
        except Misfit as misfit:
            launch.reasons[str(misfit)] += 1
            launch.seen["lastUnusedOfferAt"] = clock.now()
            launch.last = Counter([str(misfit)])
            return None
        launch.last = Counter()
        launch.seen["lastUsedOfferAt"] = clock.now()
        launch.count -= 1
        task = _new_task(app, pool.offer, taskinfo.effective_ports(app, fit.ports))
        # Before the master hears of it: a task that nobody remembers would run for ever.
        self._world.keep(task)
        return taskinfo.build(app, task, pool.offer, fit, self._options)

    async def converge(self) -> None:
        """Put right what is not as it should be, whenever something has changed."""
        while True:
            self._converge()
            self._world.changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._world.changed.wait(), _TICK)

    def _converge(self) -> None:
        world = self._world
        for task in [task for task in world.tasks.values() if task.app not in world.apps]:
            self.kill(task)
        for app in world.apps.values():
            need = deployments.need(app, world.active(app["id"]), world.ready)
            self._queue(app["id"], need.launch)
            for task in need.kill:
                self.kill(task)
        for task in list(world.tasks.values()):
            self._look_after(task)
        world.advance()
        self._revive()

    def _queue(self, app_id: str, count: int) -> None:
        launch = self._world.launches.setdefault(app_id, Launch())
        launch.since = (launch.since or clock.now()) if count else ""
        launch.count = count

    def _look_after(self, task: Task) -> None:
        """Kill again what did not die, and what never started; forget what stayed unreachable."""
        strategy = self._world.apps.get(task.app, {}).get("unreachableStrategy", {})
        patience = self._options["task_launch_confirm_timeout"] / 1000
        if task.unreachable and strategy != "disabled":
            if clock.age(task.unreachable) >= strategy.get("expungeAfterSeconds", 0):
                self._world.forget(task)
        elif task.killed and clock.age(task.killed) > _KILL_AGAIN:
            self.kill(task, again=True)
        elif task.state == "TASK_STAGING" and clock.age(task.staged) > patience:
            self.kill(task)

    def kill(self, task: Task, again: bool = False) -> None:
        """Kill a task, unless that is on its way."""
        if self._master.connected and (again or not task.killed):
            task.killed = clock.now()
            self._world.keep(task)
            self._master.call("KILL", task_id={"value": task.id}, agent_id={"value": task.agent})

    def _revive(self) -> None:
        """Ask for offers while something waits: what was declined is filtered for minutes."""
        waiting = any(_due(launch) for launch in self._world.launches.values())
        pause = self._options["min_revive_offers_interval"] / 1000
        if waiting and self._master.connected and time.monotonic() - self._revived >= pause:
            self._revived = time.monotonic()
            self._master.call("REVIVE")

    async def reconcile(self) -> None:
        """Ask what became of our tasks: not at once, since agents may still be on their way to the master."""
        while not self._master.connected:
            await asyncio.sleep(_TICK)
        pause = self._options["reconciliation_initial_delay"]
        while True:
            await asyncio.sleep(pause / 1000)
            pause = self._options["reconciliation_interval"]
            tasks = [
                {"task_id": {"value": task.id}, "agent_id": {"value": task.agent}}
                for task in self._world.tasks.values()
            ]
            if tasks:
                self._master.call("RECONCILE", tasks=tasks)
            # Without a list it is about all that the master knows: also what we have forgotten.
            self._master.call("RECONCILE", tasks=[])


def _due(launch: Launch) -> bool:
    return launch.count > 0 and launch.left == 0


def _new_task(app: Definition, offer: Offer, ports: list[int]) -> Task:
    name, unique = app["id"].strip("/").replace("/", "_"), clock.new_id()
    return Task(
        id=f"{name}.{unique}",
        instance=f"{name}.marathon-{unique}",
        app=app["id"],
        version=app["version"],
        config=app["versionInfo"]["lastConfigChangeAt"],
        agent=offer["agent_id"]["value"],
        host=offer["hostname"],
        ports=ports,
        staged=clock.now(),
        attributes=attributes(offer),
    )
