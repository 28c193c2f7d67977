"""What a run has done so far, noted by many threads as it happens."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock

from ..inventory.cluster import Cluster
from ..plan.gate import Standing
from ..plan.membership import Plans
from ..plan.names import SERVICES
from ..plan.report.last_words import Progress
from ..plan.step import Step


class Journal:
    """How far a run has come (tasks.plan.report.last_words)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.progress = Progress()

    def plan(self, cluster: Cluster, plans: Plans) -> None:
        """Note what is to be done from here on."""
        members = {role: tuple(node.name for node in cluster.having(role)) for role in SERVICES}
        with self._lock:
            self.progress = replace(self.progress, members=members, plans=plans)

    def expect(self, text: str) -> None:
        """Note what goes on with a run that is cut short, where no plan tells that."""
        with self._lock:
            self.progress = replace(self.progress, rest=text)

    def begin(self, node: str, step: Step) -> None:
        """Note that a host has begun a step."""
        with self._lock:
            self.progress = self.progress.begin(node, step)

    def end(self, node: str) -> None:
        """Note that a host has carried out its step."""
        with self._lock:
            self.progress = self.progress.end(node)

    def hear(self, standings: Mapping[str, Standing]) -> None:
        """Note how services stand."""
        with self._lock:
            self.progress = self.progress.hear(standings)
