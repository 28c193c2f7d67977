"""Hosts that look and answer as a test says; what a run would do to them is only noted."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

from fabric import Connection
from paramiko import Channel

from tasks.engine.connections import Connections
from tasks.engine.console import Console
from tasks.engine.hearing import INQUIRY, Bounds
from tasks.engine.hosts import Hosts, Inquiry
from tasks.engine.remote import Outcome, Staying
from tasks.engine.tree import Tree
from tasks.errors import NoTree, OperatorError, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.preflight import Look
from tasks.plan.runbook import Chapter
from tasks.plan.step import Step

T = TypeVar("T")


def ensemble_led_by(address: str) -> Callable[[Question], str]:
    """Answer as three ZooKeepers do while all is well and the one at `address` leads."""

    def says(question: Question) -> str:
        leads = question.address == address
        if question.word == "mntr":
            return "zk_server_state\tleader\nzk_synced_followers\t2\n" if leads else ""
        return f"Mode: {'leader' if leads else 'follower'}\n"

    return says


class Nobody(Connections):
    """Connections to nobody, of which none is ever made."""

    def __init__(self) -> None:
        pass

    def to(self, node: Node) -> Connection:
        raise AssertionError(f"{node.name} was dialled")

    def drop(self, name: str) -> None:
        """Forget nothing, as there is none."""


class Silent(Channel):
    """A channel on which nothing is said."""

    def __init__(self) -> None:
        super().__init__(0)

    def close(self) -> None:
        self.closed = True

    def shutdown_write(self) -> None:
        self.status_event.set()


class FakeHosts(Hosts):
    """All hosts of a cluster. Every command that looks at one takes the next of the `looks`.

    Who is missing in one is lost. Services may be asked `in_vain`: nobody waits for them.

    `says` answers what services are asked; `locked` is what a host says to whoever takes its lease,
    `preflight` what a preflight sees; `cut` is the step (`0.10 replace zookeeper`) in which Ctrl-C is typed.
    `tree` is what stands in ZooKeeper, which else nobody can ask.
    """

    def __init__(
        self,
        cluster: Cluster,
        *looks: Mapping[str, Observed],
        says: Callable[[Question], str] = lambda question: "",
        locked: str = "held\n",
        preflight: Mapping[str, Look] | None = None,
        cut: str = "",
        console: Console | None = None,
        in_vain: bool = False,
        tree: Tree | None = None,
    ) -> None:
        super().__init__(cluster, cluster.nodes, Nobody(), console or Console())
        self._looks = {
            node.name: iter([each[node.name] for each in looks if node.name in each])
            for node in cluster.nodes
        }
        self._lost = {node.name for each in looks for node in cluster.nodes if node.name not in each}
        self._says, self._locked, self._preflight = says, locked, preflight
        self.done: list[str] = []
        self._cut, self._in_vain, self._tree = cut, in_vain, tree

    def among(self, names: Collection[str]) -> "FakeHosts":
        return cast(FakeHosts, super().among(names))

    def look(self, chapters: Sequence[Chapter]) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
        lost: dict[str, OperatorError] = {
            n: Unreachable("it is gone", host=n)
            for n in self._lost
            if n in {node.name for node in self.nodes}
        }
        return {
            node.name: self.but_ours(node, self._seen(node)) for node in self.nodes if node.name not in lost
        }, lost

    def looking(self, chapters: Sequence[Chapter], node: Node) -> Inquiry[Observed]:
        return Inquiry("look", "", "", lambda _: self.but_ours(node, self._seen(node)))

    def _seen(self, node: Node) -> Observed:
        return next(self._looks[node.name])

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        return Outcome(0, "")

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if inquiry.what != "preflight":
            raise Unreachable("it does not tell", host=node.name)
        assert self._preflight
        return cast(T, self._preflight[node.name])

    @contextmanager
    def tree(self, vantage: Node, but: Node | None = None) -> Iterator[Tree]:
        if self._tree is None:
            raise NoTree("nobody is dialled")
        yield self._tree

    @contextmanager
    def tree_at(self, vantage: Node, address: str, port: int) -> Iterator[Tree]:
        with self.tree(vantage) as tree:
            yield tree

    def connect(self, node: Node) -> None:
        if node.name in self._lost:
            raise Unreachable("it is gone", host=node.name)

    def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        if node.name in self._lost:
            raise Unreachable("it is gone", host=node.name)
        return Silent(), self._locked

    def ask(
        self,
        vantage: Node,
        questions: Sequence[Question],
        patience: float,
        enough: Callable[[Mapping[Question, str]], bool],
    ) -> None:
        is_enough = enough({question: self._says(question) for question in questions})
        assert is_enough or self._in_vain, "asked in vain"

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        for name, step in ((name, step) for name, own in steps.items() for step in own):
            self.journal.begin(name, step)
            self.console.begin(name, f"{step.id} {step.title}", step.id, step.reason)
            self.done.append(f"{name[-4:]} {step.title}")
            if self.done[-1] == self._cut:
                raise KeyboardInterrupt
            self.journal.end(name)
            self.console.end(name, "changed")
        return dict.fromkeys(steps, "")
