"""What one run is to do: on which hosts, which chapters, and of them which steps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..inventory.cluster import Cluster
from ..plan.mesos_agent.desired import INCOMPATIBLE
from ..plan.runbook import ASKING, CHAPTERS, NAMED, Chapter
from .console import Console
from .hosts import Hosts


@dataclass(frozen=True)
class Run:
    """What an operator has asked for.

    Of the chapters' steps only the `chosen` runbook ids, or all; `overruled` are the checks whose
    objections do not count.
    """

    hosts: Hosts
    chapters: Sequence[Chapter] = CHAPTERS
    chosen: frozenset[str] | None = None
    overruled: Collection[str] = ()

    @classmethod
    def of(
        cls, hosts: Hosts, names: Sequence[str] = (), ids: Sequence[str] = (), drain: bool = False
    ) -> "Run":
        """Make a run of what a task says: chapters by name, `--drain`."""
        chapters = [NAMED[name] for name in names] or CHAPTERS
        return cls(hosts, chapters, frozenset(ids) or None, (INCOMPATIBLE,) if drain else ())

    @property
    def cluster(self) -> Cluster:
        """The cluster that the hosts belong to."""
        return self.hosts.cluster

    @property
    def console(self) -> Console:
        """Where the run tells what it does."""
        return self.hosts.console

    @property
    def may_change(self) -> bool:
        """Tell whether it has any step that does more than ask."""
        return self.chosen is None or not self.chosen <= ASKING

    def at(self, cluster: Cluster, chapter: Chapter) -> "Run":
        """Give the run of one chapter alone, in another stage of this cluster."""
        return Run(self.hosts.at(cluster, chapter), [chapter])

    def whole(self) -> "Run":
        """Give this run with only those services all of whose hosts are in it."""
        hosts = self.hosts
        whole = [
            each for each in self.chapters if each.members and hosts.members(each) and hosts.has_all(each)
        ]
        return replace(self, chapters=whole)
