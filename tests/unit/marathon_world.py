"""Marathons as docker and their leader tell of them, for tests of a hand-over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from samples import IMAGE, inspect

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import MARATHON
from tasks.plan.step import Action, HostPlan, Step

OLD, NEW = "mesosphere/marathon:v1.5.8", "mesosphere/marathon:v1.5.9"
A, B, C = "10.70.0.10", "10.70.0.11", "10.70.0.12"
NAMES = (A, B, C)


@cache
def marathons(image: str, count: int = 3, more: str = "") -> Cluster:
    hosts = "".join(f"{name} number={i}\n" for i, name in enumerate(NAMES[:count], start=1))
    return parse(
        f"[zookeeper]\n10.70.1.1 myid=1\n[marathon]\n{hosts}[all:vars]\nmarathon_image={image}\n{more}"
    )


def info(leader: str, version: str) -> str:
    body = {
        "version": version,
        "leader": f"{leader}:8080",
        "frameworkId": "f-0",
        "marathon_config": {"mesos_leader_ui_url": "http://10.70.0.12:5050/"},
    }
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(body)}"


@dataclass
class World:
    """Marathons as they are: the image of each host's container, who runs, who leads."""

    images: dict[str, str]
    running: set[str]
    leader: str | None

    def seen(self, version: str | None = None) -> dict[str, Observed]:
        said = ""
        if self.leader and self.leader in self.running:
            said = info(self.leader, version or self.images[self.leader].rpartition(":v")[2])
        return {name: self._host(name, said) for name in NAMES if name in self.images}

    def _host(self, name: str, said: str) -> Observed:
        containers = {}
        if image := self.images[name]:
            cluster = marathons(image)
            (one,) = runbook.containers([MARATHON], cluster, cluster.having("marathon")[NAMES.index(name)])
            status = "running" if name in self.running else "exited"
            containers[one.name] = replace(inspect(one), arguments=one.arguments, status=status)
        answers = {"marathon info": said} if name in self.running else {}
        return Observed(
            addresses=frozenset({name}),
            engine=True,
            containers=containers,
            images={OLD: IMAGE, NEW: IMAGE},
            answers=answers,
        )

    def act(self, name: str, step: Step) -> None:
        """Do what a step does, and what Marathon does then."""
        if step.action is Action.STOP:
            self.running.discard(name)
        else:
            self.running.add(name)
        if step.action in (Action.RUN, Action.REPLACE, Action.PUT_BACK):
            self.images[name] = OLD if step.action is Action.PUT_BACK else NEW
        self.elect()

    def elect(self) -> None:
        """Whoever leads goes on; else the worst that may come next: an old one."""
        if self.leader not in self.running:
            self.leader = next(iter(sorted(self.running, key=lambda name: self.images[name])), None)
        if self.leader and self.images[self.leader] == NEW:
            assert {self.images[name] for name in self.running} == {NEW}, "an old one could lead again"


def plans(world: World, cluster: Cluster) -> Mapping[str, HostPlan]:
    return runbook.plans([MARATHON], cluster, cluster.having("marathon"), world.seen())


def steps(plans: Mapping[str, HostPlan]) -> list[tuple[str, Step]]:
    """The steps that start or stop something, in the order they are carried out in."""
    order = ("start", "replace", "hand over")
    found = [(name, step) for name, plan in plans.items() for step in plan.steps if step.phase in order]
    return sorted(found, key=lambda one: (order.index(one[1].phase), one[1].turn))


def three(leader: str = B) -> World:
    return World(dict.fromkeys(NAMES, OLD), set(NAMES), leader)
