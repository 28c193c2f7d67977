"""The hosts of one run: each connected once, looked at, and acted upon."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from paramiko import Channel

from ..errors import OperatorError, StepFailed, Unreachable
from ..inventory.cluster import Cluster, Node
from ..plan import runbook
from ..plan.desired import Container
from ..plan.gate import Question
from ..plan.look import lease
from ..plan.look.observed import Observed, read
from ..plan.look.observed import script as observation
from ..plan.look.sections import Unreadable, last_line
from ..plan.runbook import Chapter
from ..plan.step import Step
from . import fanout
from .asking import Heard, Rounds
from .connections import Connections
from .console import Console
from .hearing import INQUIRY, Bounds
from .journal import Journal
from .remote import Outcome, Remote, Staying

if TYPE_CHECKING:
    from .tree import Tree

LONGER = "If a step only needs more time, as a pull over a slow line may, set step_timeout in hosts.ini."

T = TypeVar("T")


@dataclass(frozen=True)
class Inquiry(Generic[T]):
    """A script that only asks one host, as a person calls it, and how its answer is read.

    `end` is the last line of the answer; `hears` is given every line as it comes.
    """

    what: str
    script: str
    end: str
    read: Callable[[str], T]
    hears: Callable[[str], object] = field(default=lambda line: None)

    @classmethod
    def of(cls, what: str, script: Callable[[str], str], read: Callable[[str, str], T]) -> "Inquiry[T]":
        """Make one whose script and reader are given the mark of its sections, which nobody can foresee.

        `script` takes the mark, `read` the answer and the mark.
        """
        mark = secrets.token_hex(16)
        return cls(what, script(mark), last_line(mark), lambda text: read(text, mark))

    def over(self, line: str) -> bool:
        """Hear a line, and tell whether it was the last one."""
        self.hears(line)
        return line == self.end

    def answer(self, node: Node, text: str) -> T:
        """Read what the host has answered. Raises Unreachable if that is unreadable."""
        try:
            return self.read(text)
        except Unreadable as error:
            raise Unreachable(str(error), host=node.name, where=self.what) from error


class Hosts:
    """The nodes a run works on, with the connections to them."""

    def __init__(
        self, cluster: Cluster, nodes: Sequence[Node], connections: Connections, console: Console
    ) -> None:
        self.cluster, self.nodes, self.console = cluster, tuple(nodes), console
        self.journal, self.run_id = Journal(), secrets.token_hex(16)
        self._connections = connections
        self._gone: set[str] = set()
        self._leased: set[str] = set()
        self._waits = True

    def has_all(self, chapter: Chapter) -> bool:
        """Tell whether a chapter's whole service is among the hosts of this run."""
        return all(node in self.nodes for node in chapter.nodes(self.cluster))

    def members(self, chapter: Chapter) -> frozenset[str]:
        """Give the names of those of these hosts that a chapter concerns."""
        return frozenset(node.name for node in self.nodes if chapter.concerns(node))

    def fellows(self, chapters: Sequence[Chapter]) -> "Hosts":
        """Give the other members of these hosts' services: on them it depends who may join.

        One that was lost once is not dialled again.
        """
        own = {node.name for node in self.nodes}
        joint = [each for each in chapters if each.membership and any(map(each.concerns, self.nodes))]
        names = {node.name for chapter in joint for node in chapter.nodes(self.cluster)} - own
        others = copy(self)
        others.nodes = tuple(node for node in self.cluster.nodes if node.name in names - self._gone)
        return others

    def look_at_fellows(self, chapters: Sequence[Chapter]) -> dict[str, Observed]:
        """Look at the fellows that can be reached, without waiting for who is at work there."""
        fellows = self.fellows(chapters)
        fellows._waits = False
        seen, lost = fellows.look(chapters)
        self._gone.update(lost)
        return seen

    def at(self, cluster: Cluster, chapter: Chapter) -> "Hosts":
        """Give the hosts that a chapter concerns in another stage of this cluster, with their connections."""
        roles = {node.name: node.roles for node in chapter.nodes(cluster)}
        there = copy(self)
        there.cluster = cluster
        there.nodes = tuple(replace(n, roles=roles[n.name]) for n in self.nodes if n.name in roles)
        return there

    def under(self, cluster: Cluster) -> "Hosts":
        """Give these hosts, with their connections, as another form of their cluster has them."""
        names, there = {node.name for node in self.nodes}, copy(self)
        there.cluster, there.nodes = cluster, tuple(node for node in cluster.nodes if node.name in names)
        return there

    def along(self, more: Sequence[Node]) -> "Hosts":
        """Give these hosts and more, which are none of their cluster's nodes, with their connections."""
        there = copy(self)
        there.cluster = replace(self.cluster, nodes=(*self.cluster.nodes, *more))
        there.nodes = (*self.nodes, *more)
        return there

    def only(self, others: Sequence[Node]) -> "Hosts":
        """Give only hosts that are none of the cluster's nodes, without a role; their leases count apart."""
        there = self.along([replace(node, roles=()) for node in others])
        there.nodes, there._leased = there.nodes[len(self.nodes) :], set()
        return there

    def container(self, chapter: Chapter, node: Node) -> Container:
        """Give the one container that a node has of a chapter's service."""
        (one,) = runbook.containers([chapter], self.cluster, node)
        return one

    def among(self, names: Collection[str]) -> "Hosts":
        """Give only these of the hosts, with the connections that there are."""
        fewer = copy(self)
        fewer.nodes = tuple(node for node in self.nodes if node.name in names)
        return fewer

    def each(self, nodes: Sequence[Node], do: Callable[[Node], T]) -> dict[str, T]:
        """Do something on many nodes at once, as many as the inventory's `parallel` allows."""
        return fanout.each(nodes, do, self.cluster.settings.parallel)

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        """Run a script on a node over its one connection."""
        return self._remote(node, bounds).execute(self.cluster.sent(text), on_line)

    def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        """Start a script that stays until its channel is closed; give that and what it says first."""
        return self._remote(node).hold(self.cluster.sent(text), on_line)

    def _remote(self, node: Node, bounds: Bounds = INQUIRY) -> Remote:
        return Remote(node, self._connections.to(node), bounds=bounds)

    def connect(self, node: Node) -> None:
        """Wait for the connection to a node. Raises Unreachable or BadInput."""
        self._connections.to(node)

    def connect_anew(self, node: Node) -> None:
        """Log in to a node once more, beside the connection that there is. Raises Unreachable or BadInput."""
        self._connections.prove(node)

    def first(self, nodes: Sequence[Node]) -> Node:
        """Give the first of these nodes that can be reached. Raises what is told of the last one."""
        *others, last = nodes
        for node in others:
            with suppress(OperatorError):
                self.connect(node)
                return node
        self.connect(last)
        return last

    def look(self, chapters: Sequence[Chapter]) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
        """Look at all nodes at once, one command each; nothing is changed.

        Tells of those that cannot be looked at why not; the next look dials them again.
        """
        parallel = self.cluster.settings.parallel
        with self.console.spent.part("looking"):
            seen, lost = fanout.attempt(
                self.nodes, lambda node: self.inquire(node, self.looking(chapters, node)), parallel
            )
        for name in lost:
            self._connections.drop(name)
        return seen, lost

    def looking(self, chapters: Sequence[Chapter], node: Node) -> Inquiry[Observed]:
        """Give what a look asks a node."""
        ask = runbook.ask(chapters, self.cluster, node)
        return Inquiry.of(
            "look",
            lambda mark: observation(ask, mark, waits=self._waits),
            lambda text, mark: self.but_ours(node, read(text, mark, ask)),
        )

    def leased(self, node: Node) -> None:
        """Note that this run holds the lease on a node: no look takes it for somebody else's from now on."""
        self._leased.add(node.name)

    def lose(self, node: Node) -> None:
        """Forget the connection to a node, and that its lease was held: the next use dials again."""
        self._connections.drop(node.name)
        self._leased.discard(node.name)

    def let_go(self) -> None:
        """Note that this run holds no lease any more."""
        self._leased.clear()

    def but_ours(self, node: Node, seen: Observed) -> Observed:
        """Leave out of what was seen on a node that this very run is at work there."""
        return replace(seen, at_work=None) if node.name in self._leased else seen

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        """Ask a node, by what is `staying` there if that is given, and wait for the answer.

        Raises Unreachable.
        """
        with self.console.looking(node.name, inquiry.what):
            if staying:
                text = self._remote(node).ask(staying, self.cluster.sent(inquiry.script), inquiry.over)
            else:
                text = self.execute(node, inquiry.script, inquiry.over).text
        return inquiry.answer(node, text)

    def ask(
        self, vantage: Node, questions: Sequence[Question], patience: float, enough: Callable[[Heard], bool]
    ) -> None:
        """Have one node ask services in rounds, until it is `enough` or `patience` (seconds) is over."""
        rounds = Rounds(questions, patience, enough)

        def line(text: str) -> bool:
            self.console.alive(vantage.name)
            return rounds.over(text)

        with self.console.spent.part("asking services"):
            self.execute(vantage, rounds.script(), line, Bounds(renewed=rounds.is_new))

    @contextmanager
    def tree(self, vantage: Node, but: Node | None = None) -> Iterator["Tree"]:
        """Open a session with ZooKeeper as a node reaches it, through any member `but` one. Raises NoTree."""
        from . import tree

        members = [node for node in self.cluster.ensemble if node != but]
        with tree.opened(self._connections.to(vantage), members, self.cluster.owner) as opened:
            yield opened

    @contextmanager
    def tree_at(self, vantage: Node, address: str, port: int) -> Iterator["Tree"]:
        """Open a session with a ZooKeeper as a node reaches it, which may be none of hosts.ini's."""
        from . import tree

        with tree.opened_at(self._connections.to(vantage), address, port) as opened:
            yield opened

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        """Carry out each node's steps, all nodes at once; give what the last one of each has said.

        Raises StepFailed, Unreachable, or Blocked where another run has a host by now.
        """
        busy = [node for node in self.nodes if steps.get(node.name)]
        with self.console.spent.part("steps"):
            return self.each(busy, lambda node: self._act(node, steps[node.name]))

    def _act(self, node: Node, steps: Sequence[Step]) -> str:
        from ..plan import script
        from .transcript import Transcript

        transcript = Transcript(node, steps, self.console, self.journal)
        seconds = self.cluster.settings.step_timeout
        bounds = Bounds(seconds, renewed=lambda: transcript.begins, longer=LONGER)
        try:
            text = script.runnable(steps, lease.fence(self.run_id))
            outcome = self.execute(node, text, transcript.line, bounds)
        except Unreachable as error:
            raise transcript.interrupted(error) from error
        if outcome.code == script.BUSY and not transcript.begun:
            raise StepFailed("another run is changing this host", "Wait for it to end.", node.name)
        if outcome.code != 0 or not transcript.is_done:
            raise transcript.failure(outcome)
        return "\n".join(transcript.words)
