"""What one script that acts on a host has told of its steps."""

from collections import deque
from collections.abc import Sequence

from ..errors import Blocked, OperatorError, StepFailed, Unreachable
from ..inventory.cluster import Node
from ..plan import script
from ..plan.compare import remedy
from ..plan.look import lease
from ..plan.report import closing
from ..plan.step import IDLE, Step
from .console import Console
from .journal import Journal
from .remote import SAFE, Outcome

LAPSED = "the host had no sign of life from it for a minute, as when a laptop sleeps"

LINES, LENGTH = 1000, 1000
"""How many of a step's lines are kept, and how much of each: enough for whatever a program ends with."""


class Transcript:
    """Follows one script's output: which step is on, what it said; `begins` if its last line began one."""

    def __init__(self, node: Node, steps: Sequence[Step], console: Console, journal: Journal) -> None:
        self.node, self.steps, self.console, self.journal = node, steps, console, journal
        self.begun: Step | None = None
        self.lost: Step | None = None
        self.begins = False
        self.words = deque[str](maxlen=LINES)
        self._due = deque(script.course(steps))

    def line(self, line: str) -> bool:
        """Take one line of output; never asks to stop. Progress that is not due is a program's own words."""
        event = script.progress(line)
        self.begins = False
        if event == script.ALIVE:
            self.console.alive(self.node.name)
        elif event and self._due and event == script.lost(self._due[0]):
            self.lost = self.steps[event.index]
            self.words.clear()
        elif event is None or not self._due or event != self._due[0]:
            self.words.append(line[:LENGTH])
        else:
            self._go_on(self._due.popleft())
        return False

    def _go_on(self, event: script.Progress) -> None:
        step = self.steps[event.index]
        if event.event == "begin":
            self.begun, self.begins = step, True
            self.words.clear()
            self.journal.begin(self.node.name, step)
            self.console.begin(self.node.name, self.at, step.id, step.reason)
        else:
            idle = IDLE in self.words
            self.journal.end(self.node.name, idle)
            self.console.end(self.node.name, "ok" if idle else _outcome(step))

    @property
    def is_done(self) -> bool:
        """Tell whether every step has ended."""
        return not self._due

    @property
    def at(self) -> str:
        """The step that is on, by id and title; "" before the first one."""
        return f"{self.begun.id} {self.begun.title}" if self.begun else ""

    def failure(self, outcome: Outcome) -> OperatorError:
        """Tell which step failed, how, and what to do."""
        if self.lost:
            return _lost(self.node, self.lost, lease.read("\n".join(self.words)))
        if self.begun is None:
            said = f"exit {outcome.code}: {' '.join([*self.words][-3:])}"
            return StepFailed(said, host=self.node.name, where="sh")
        self.console.end(self.node.name, "failed")
        seen, mend = remedy.explain(outcome.code, self.words)
        return StepFailed(seen, mend, self.node.name, self.at)

    def interrupted(self, error: Unreachable) -> Unreachable:
        """Tell in which step the connection was lost."""
        if self.begun is None:
            return error
        self.console.end(self.node.name, "failed")
        return Unreachable(error.seen, f"{error.remedy} It was at {self.at}.", self.node.name)


def _lost(node: Node, step: Step, whose: lease.Lease | None) -> OperatorError:
    """Tell that a step did not begin, as another run holds the host by now, or nobody."""
    seen, at = f"it was not begun, since the lease of this run has ended: {LAPSED}", f"{step.id} {step.title}"
    if whose:
        return Blocked(f"{seen}. {whose}", "Wait for that run to end, then run again.", node.name, at)
    return Unreachable(seen, SAFE, node.name, at)


def _outcome(step: Step) -> closing.Outcome:
    """Call what a step has done as the closing table does."""
    return "prepared" if step.prepares else "changed" if step.changes else "ok"
