"""Members that a gate waits for in vain: who ends again and again, hangs or lacks its port is looked for."""

import time
from collections.abc import Callable, Collection, Mapping

from ..inventory.cluster import Node
from ..plan import runbook
from ..plan.compare.condition import OFTEN
from ..plan.gate import Answers
from ..plan.look.observed import Observed
from ..plan.runbook import Chapter
from ..plan.step import Sort, Trouble
from . import fanout
from .hosts import Hosts

FIRST, PAUSE = 3, 5
"""Seconds after which a gate looks for dead ends, and between two such looks: most gates end before."""

MARGIN = 10
"""Seconds before a gate within which what it waits for was made: a step takes time, and clocks differ."""

HOPELESS = (Sort.ENDS, Sort.PORT, Sort.HANGS)
"""What no waiting helps against."""

WHERE_IT_DOES_NOT_SERVE = (Sort.READ_ONLY, Sort.FULL)
"""What no waiting helps against either, but a member may serve all the same for a while."""


class DeadEnds:
    """Looks now and then at the members that a gate waits for."""

    def __init__(
        self,
        hosts: Hosts,
        chapter: Chapter,
        names: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts, self._chapter, self._clock = hosts, chapter, clock
        self._nodes = [node for node in hosts.nodes if node.name in names]
        self._begun = clock()
        self._next = self._begun + FIRST
        self._counts: dict[str, int] = {}

    def found(self) -> tuple[str, Trouble] | None:
        """Give a host and the trouble because of which its member will not serve, if it is time to look."""
        if self._clock() < self._next:
            return None
        seen, _ = fanout.attempt(self._nodes, self._look, self._hosts.cluster.settings.parallel)
        self._next = self._clock() + PAUSE
        return self._hopeless(seen)

    def _look(self, node: Node) -> Observed:
        # Without a word on the console: that tells of the gate.
        inquiry = self._hosts.looking([self._chapter], node)
        return inquiry.answer(node, self._hosts.execute(node, inquiry.script, inquiry.over).text)

    def _hopeless(self, seen: Mapping[str, Observed]) -> tuple[str, Trouble] | None:
        serving = self._serving(seen)
        for node in (node for node in self._nodes if node.name in seen):
            host = seen[node.name]
            sorts = HOPELESS if node.name in serving else (*HOPELESS, *WHERE_IT_DOES_NOT_SERVE)
            plan = runbook.missing([self._chapter], self._hosts.cluster, node, host)
            for trouble in plan.troubles:
                if trouble.sort in sorts and not self._may_recover(node, trouble, host):
                    return node.name, trouble
        return None

    def _serving(self, seen: Mapping[str, Observed]) -> Collection[str]:
        assert self._chapter.members is not None  # nobody waits for the chapter of every host
        said: dict[str, Answers] = {node.name: {} for node in self._chapter.nodes(self._hosts.cluster)}
        said |= {name: host.said(self._chapter.role) for name, host in seen.items()}
        return self._chapter.members.standing(self._hosts.cluster, said).serving

    def _may_recover(self, node: Node, trouble: Trouble, host: Observed) -> bool:
        """Tell whether it has not ended often since this gate began; what is older may have been mended."""
        container = host.container(trouble.container)
        if trouble.sort is not Sort.ENDS:
            return False
        is_new = host.now is not None and container.age(host.now) < self._clock() - self._begun + MARGIN
        first = self._counts.setdefault(node.name, 0 if is_new else container.restarts)
        return container.restarts - first < OFTEN
