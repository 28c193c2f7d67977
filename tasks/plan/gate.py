"""A gate: a question that a service must answer with yes before a run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..inventory.cluster import Cluster, Node

Answers = Mapping[str, str]
"""What one member's service said, by the name of the question."""


class Question(NamedTuple):
    """What to send where; with `behind`, only if what the same service answered before has that in it."""

    address: str
    port: int
    word: str
    behind: str = ""


Questionnaire = Mapping[str, Question]
"""What to ask a service, by the name of the question."""


@dataclass(frozen=True)
class Verdict:
    """Whether a gate is passed, and in one sentence what was seen."""

    passed: bool
    says: str


@dataclass(frozen=True)
class Standing:
    """How a service stands: how many members there are and must serve, who does serve, and who leads.

    `majority` is 0 for a service whose members do not need each other.
    """

    total: int
    majority: int
    serving: frozenset[str]
    leader: str | None = None

    @property
    def stands(self) -> bool:
        """Tell whether enough members serve."""
        return len(self.serving) >= self.majority

    def spares(self, name: str) -> bool:
        """Tell whether the service goes on without `name`; the only member there is may always go."""
        return self.total == 1 or len(self.serving - {name}) >= self.majority


class Members(Protocol):
    """What a run must know of the members of a service: what to ask them, and what their answers mean."""

    def questions(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Say what to ask the member on `node`."""

    def vital(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Give the question that whatever does not hang answers at once; it may be one of the others."""

    def role(self, node: Node, answers: Answers) -> str:
        """Say what the member on `node` is now (`leader`, `follower`, ...), "" if it does not take part."""

    def version(self, node: Node, answers: Answers) -> str:
        """Say which version the member on `node` is by its own word, "" if it does not say."""

    def verdict(self, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
        """Judge the whole service; the members named in `needed` must be well."""

    def standing(self, cluster: Cluster, answers: Mapping[str, Answers]) -> Standing:
        """Say who serves and who leads, for the choice of whom to replace."""
