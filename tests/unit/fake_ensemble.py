"""Hosts with the ZooKeepers of an ensemble that change with every step: each answer is that of now."""

from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from fake_hosts import FakeHosts

from tasks.inventory.cluster import Cluster
from tasks.plan.gate import Question
from tasks.plan.step import Step


class State(Protocol):
    """Which members are up, and how many steps are done before Ctrl-C; none of it below 0."""

    cut: int
    up: set[str]


Of = TypeVar("Of", bound=State)


class FakeEnsemble(FakeHosts, Generic[Of]):
    """Hosts of an ensemble in such a state; who derives from it says who leads and what a step does."""

    def __init__(self, cluster: Cluster, state: Of) -> None:
        super().__init__(cluster, says=self._answer, in_vain=True)
        self.state = state

    def _answer(self, question: Question) -> str:
        return self.says_of(question.address, question.word)

    def answers_of(self, address: str) -> dict[str, str]:
        """Give what a look hears of the member at an address."""
        return {f"zookeeper {word}": self.says_of(address, word) for word in ("srvr", "mntr")}

    def says_of(self, address: str, word: str) -> str:
        """Give what the member at an address says to a four-letter word; nothing if it is not up."""
        up = self.state.up
        if address not in up:
            return ""
        leads = address == self.leader()
        if word == "mntr":
            return f"zk_server_state\tleader\nzk_synced_followers\t{len(up) - 1}\n" if leads else ""
        return f"Mode: {'leader' if leads else 'follower'}\n"

    def leader(self) -> str:
        """Give the address of the member that leads."""
        raise NotImplementedError

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        for name, step in ((name, step) for name, own in steps.items() for step in own):
            if self.state.cut == 0:
                raise KeyboardInterrupt
            self.state.cut -= 1
            super().act({name: [step]})
            self.do(name, step)
        return dict.fromkeys(steps, "")

    def do(self, name: str, step: Step) -> None:
        """Have a step take effect."""
        raise NotImplementedError
