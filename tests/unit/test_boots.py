"""How often Marathons boot while ZooKeeper's members and they themselves are made anew."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations_with_replacement, product
from json import dumps
from typing import TypeVar, cast

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from samples import TRIO

from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.rolling import roll
from tasks.engine.tree import Tree
from tasks.errors import RolledBack, StepFailed
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.election import Candidacy
from tasks.plan.marathon import ties
from tasks.plan.marathon.ties import Ties
from tasks.plan.names import Id
from tasks.plan.runbook import MARATHON, ZOOKEEPER
from tasks.plan.schedule import replaced
from tasks.plan.step import Action, HostPlan, Step

T = TypeVar("T")
CLUSTER = parse(f"{TRIO}[marathon]\n10.70.0.[10:12]\n")
NAMES = [node.name for node in CLUSTER.nodes]
A, B, C = NAMES
SESSIONS = [*combinations_with_replacement(NAMES, 2)]
"""Where a Marathon's two sessions may be."""


class FakeTree(Tree):
    """The Marathons' election."""

    def __init__(self, line: Sequence[str]) -> None:
        self._line = line

    def candidacies(self, path: str) -> list[Candidacy]:
        return [
            Candidacy(f"{path}/_c_0a-latch-{number:010}", f"{name}:8080", 1, number)
            for number, name in enumerate(self._line)
        ]

    def remove(self, candidacy: Candidacy) -> bool:
        return True


class World(FakeHosts):
    """Three hosts with a ZooKeeper and a Marathon each, of which all are made anew.

    `sessions` tell where those of a Marathon are that runs; where they land at a boot is chance, and so is
    whether docker starts what has ended again before anybody else does. The step `broken` fails. `needed` are
    boots without which nobody would answer: to free the leader of a member, or as it or nobody runs.
    """

    def __init__(
        self, sessions: Sequence[tuple[str, str]], chief: str, chance: random.Random, broken: str = ""
    ) -> None:
        super().__init__(CLUSTER, says=self._answer)
        self._broken = broken
        self.sessions = dict(zip(NAMES, sessions, strict=True))
        self.line, self.chief, self.chance = list(NAMES), chief, chance
        self.booting: set[str] = set()
        self.boots: Counter[str] = Counter()
        self.needed: Counter[str] = Counter()

    def _answer(self, question: Question) -> str:
        if question.port == 2181:
            return ensemble_led_by(self.chief)(question)
        known = {"leader": f"{self.line[0]}:8080", "frameworkId": "f"} if self.line else {}
        return "HTTP/1.1 200 OK\r\n\r\n" + dumps(known) if question.address in self.sessions else ""

    def ask(self, vantage: Node, questions: Sequence[Question], patience: float, enough: object) -> None:
        self.booting.clear()
        super().ask(vantage, questions, patience, enough)  # type: ignore[arg-type]

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        members = frozenset(self.sessions.get(node.name, ()))
        since = "2026-11-30T19:42:33.1Z" if members else ""
        return cast(T, Ties(members if node.name not in self.booting else frozenset(), since))

    @contextmanager
    def tree(self, vantage: Node, but: Node | None = None) -> Iterator[Tree]:
        yield FakeTree(self.line)

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        super().act(steps)
        if self.done[-1:] == [self._broken]:
            raise StepFailed("it is broken")
        return {name: "".join(self._do(name, step) for step in own) for name, own in steps.items()}

    def _do(self, name: str, step: Step) -> str:
        if step.id is Id.ZOOKEEPER_RUN:
            self._restart_zookeeper(name)
        elif step.action is Action.STOP:
            if ties.ENDED in step.shell:
                return "" if name in self.sessions else ties.ENDED
            self._end(name)
        elif step.action is not Action.START or name not in self.sessions:
            self.needed[name] += step.action is Action.RESTART or len(self.line) < 2 or self._all_are_tied()
            self._boot(name)
        return ""

    def _all_are_tied(self) -> bool:
        """Tell whether nobody could lead while some member of ZooKeeper is restarted."""
        return any(all(member in self.sessions[name] for name in self.line) for member in NAMES)

    def _restart_zookeeper(self, member: str) -> None:
        if member == self.chief:  # which one boots meanwhile does so for that, not to keep another one
            self.needed.subtract(name for name in self.booting if self.needed[name])
        for name, at in list(self.sessions.items()):
            if name not in self.booting and (member in at or member == self.chief):
                self._end(name)
                if self.chance.random() < 0.5:
                    self._boot(name)
        self.chief = next(name for name in NAMES if name != member) if member == self.chief else self.chief

    def _boot(self, name: str) -> None:
        self._end(name)
        self.line.append(name)
        self.sessions[name] = self.chance.choice(SESSIONS)
        self.booting.add(name)
        self.boots[name] += 1

    def _end(self, name: str) -> None:
        self.sessions.pop(name, None)
        self.line = [each for each in self.line if each != name]


def plan(name: str) -> HostPlan:
    ids = (Id.ZOOKEEPER_RUN, Id.MARATHON_RUN)
    return HostPlan(
        name, (), tuple(Step(id, Action.REPLACE, id.service, "", "", "replace", "restart") for id in ids)
    )


PLANS = {name: plan(name) for name in NAMES}


def rolled(sessions: Sequence[tuple[str, str]], chief: str, chance: random.Random) -> World:
    world = World(sessions, chief, chance)
    chapters = [ZOOKEEPER, MARATHON]
    roll(world, chapters, replaced(chapters, PLANS), PLANS, {})
    return world


@pytest.mark.parametrize("chief", NAMES)
def test_wherever_six_sessions_lie_a_marathon_boots_a_third_time_only_to_keep_one_that_answers(
    chief: str,
) -> None:
    for number, sessions in enumerate(product(SESSIONS, repeat=3)):
        world = rolled(sessions, chief, random.Random(number))
        assert max((world.boots - world.needed).values()) <= 2, (sessions, world.done)
        assert {*world.sessions} == {*NAMES}, world.done


def test_marathons_whose_sessions_are_with_zookeepers_leader_boot_once_or_twice() -> None:
    world = rolled([(C, C)] * 3, C, random.Random(1))
    assert sorted(world.boots.values()) == [1, 1, 2]


def test_marathons_that_are_held_when_a_roll_fails_run_again() -> None:
    world = World([(A, A)] * 3, C, random.Random(1), broken="0.10 zookeeper")
    with pytest.raises(RolledBack):
        roll(world, [ZOOKEEPER, MARATHON], replaced([ZOOKEEPER, MARATHON], PLANS), PLANS, {})
    assert {*world.sessions} == {*NAMES}, world.done
