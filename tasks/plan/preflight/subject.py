"""One host while a preflight judges it: what is wanted of it, what it said, and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change
from ..desired import Container, Image, Item, of
from ..look.observed import Observed
from .checks import Finding
from .facts import Facts


@dataclass(frozen=True)
class Look:
    """What one host said; `sent` and `arrived` are our clock around the moment it read its own."""

    seen: Observed
    facts: Facts
    sent: float
    arrived: float

    @property
    def ahead(self) -> float:
        """Seconds that the host's clock is ahead of ours (behind, if negative), at the very least.

        It was read at some moment between `sent` and `arrived`, and tells whole seconds only.
        """
        if self.facts.clock is None:
            return 0
        least, most = self.facts.clock - self.arrived, self.facts.clock + 1 - self.sent
        return least if least > 0 else min(most, 0)


@dataclass(frozen=True)
class Subject:
    """One host while it is judged."""

    cluster: Cluster
    node: Node
    items: Sequence[Item]
    look: Look

    @property
    def seen(self) -> Observed:
        """What every look asks."""
        return self.look.seen

    @property
    def facts(self) -> Facts:
        """What a preflight asks beside that."""
        return self.look.facts

    @property
    def containers(self) -> list[Container]:
        """The containers that are wanted."""
        return of(Container, self.items)

    @property
    def to_pull(self) -> list[str]:
        """The images that are wanted and not on the host; none if there is no engine to tell."""
        wanted = dict.fromkeys(image.reference for image in of(Image, self.items))
        return [image for image in wanted if self.seen.engine and image not in self.seen.images]

    @property
    def wants_engine(self) -> bool:
        """Whether anything is wanted of an engine."""
        return any(isinstance(item, Container | Image) for item in self.items)

    def playing(self, role: str) -> Container | None:
        """Give the wanted container of a role."""
        return next((one for one in self.containers if one.role == role), None)

    def finding(self, check: str, evidence: str, remedy: str, *changes: Change) -> Finding:
        """Make a finding of this host; `changes` are those of hosts.ini that may resolve it."""
        return Finding(self.node.name, check, evidence, remedy, changes=changes)
