"""What a run has done so far, noted by many threads as it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from ..inventory.cluster import Cluster
from ..plan.gate import Standing, Verdict
from ..plan.membership import Plans
from ..plan.names import SERVICES
from ..plan.report.last_words import Progress
from ..plan.step import Step

if TYPE_CHECKING:
    from ..plan.availability.cost import Cost
    from ..plan.availability.turns import Taken


class Journal:
    """How far a run has come (tasks.plan.report.last_words), and what its record tells besides.

    `planned` is what was ever to be done, in that order; `turns` are those that were taken. `closed` says
    which ports between hosts a preflight has found closed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.progress = Progress()
        self.planned: dict[tuple[str, Step], None] = {}
        self.turns: list[Taken] = []
        self.cost: Cost | None = None
        self.closed: list[str] = []

    def plan(self, cluster: Cluster, plans: Plans) -> None:
        """Note what is to be done from here on."""
        members = {role: tuple(node.name for node in cluster.having(role)) for role in SERVICES}
        with self._lock:
            self.progress = replace(self.progress, members=members)
        self._intend(plans)

    def retire(self, plans: Plans) -> None:
        """Note what is to be done so that there is no service any more."""
        self._intend(plans)

    def _intend(self, plans: Plans) -> None:
        with self._lock:
            self.progress = replace(self.progress, plans=plans)
            self.planned |= {(name, step): None for name, plan in plans.items() for step in plan.steps}

    def expect(self, text: str) -> None:
        """Note what goes on with a run that is cut short, where no plan tells that."""
        with self._lock:
            self.progress = replace(self.progress, rest=text)

    def begin(self, node: str, step: Step) -> None:
        """Note that a host has begun a step."""
        with self._lock:
            self.progress = self.progress.begin(node, step)

    def end(self, node: str, idle: bool = False) -> None:
        """Note that a host has carried out its step, which was `idle` if there was nothing to do."""
        with self._lock:
            self.progress = self.progress.end(node, idle)

    @contextmanager
    def turn(self, turn: Taken, elapsed: Callable[[], float]) -> Iterator[None]:
        """Note that a turn, which has begun, ends with the block, by this clock."""
        try:
            yield
        finally:
            self.turns.append(replace(turn, end=elapsed()))

    def judge(self, service: str, verdict: Verdict) -> None:
        """Note what a gate has seen of a service."""
        with self._lock:
            self.progress = self.progress.judge(service, verdict)

    def hear(self, standings: Mapping[str, Standing]) -> None:
        """Note how services stand."""
        with self._lock:
            self.progress = self.progress.hear(standings)
