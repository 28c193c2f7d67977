"""Which hosts a run judges: all of them, or those that --hosts names. Of the others it only tells."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tasks.inventory.cluster import Cluster, Node

from .findings import Finding, found_on, refuse

Said = TypeVar("Said")


@dataclass(frozen=True)
class Chosen:
    """The hosts that a run judges; `note` is told of what is wrong with the others, which fails no check."""

    cluster: Cluster
    nodes: Collection[Node]
    note: Callable[[str], None]

    def having(self, role: str) -> tuple[Node, ...]:
        """Return the hosts of a role that are judged."""
        return tuple(node for node in self.cluster.having(role) if node in self.nodes)

    def others(self, role: str) -> tuple[Node, ...]:
        """Return the hosts of a role that --hosts leaves out."""
        return tuple(node for node in self.cluster.having(role) if node not in self.nodes)

    def each(self, role: str, check: Callable[[Node], Iterable[Finding]]) -> None:
        """Refuse what a check finds on the judged hosts of a role, and tell what it finds on the others."""
        self.tell(found_on(self.others(role), check))
        refuse(found_on(self.having(role), check))

    def refuse(self, found: Iterable[tuple[str, Finding]]) -> None:
        """Refuse the findings, each with its address, of which the address is a judged host's; tell the rest.

        If all hosts are judged, so is an address that is none of theirs.
        """
        found = list(found)
        self.tell(one for address, one in found if not self._judges(address))
        refuse(one for address, one in found if self._judges(address))

    def tell(self, found: Iterable[Finding]) -> None:
        """Tell of findings that fail no check, because --hosts leaves their hosts out."""
        for one in found:
            self.note(f"not judged, as --hosts leaves it out: {one}")

    def with_those_that_serve(
        self, role: str, said: Mapping[Node, Said], serves: Callable[[Said], bool]
    ) -> dict[Node, Said]:
        """Return what the members say that are judged together: the chosen, and all others that serve.

        One that is left out and down is no concern of theirs, unless no majority is left: then the service
        is broken, and every member is judged.
        """
        total = len(self.cluster.having(role))
        if sum(map(serves, said.values())) <= total // 2:
            return dict(said)
        return {node: answer for node, answer in said.items() if node in self.nodes or serves(answer)}

    def _judges(self, address: str) -> bool:
        here = self.cluster.called(address)
        return here in self.nodes or (here is None and len(self.nodes) == len(self.cluster.nodes))
