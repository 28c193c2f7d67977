"""Put questions to services from one host, in rounds, until the answers are enough."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from ..plan.gate import Question
from ..plan.look.sections import ASK, LIMIT, Unreadable, asking, last_line, part_function, split
from ..plan.shell import at_once

PAUSE = 0.15
"""Seconds between two rounds of questions, on the host's side."""

Heard = Mapping[Question, str]
"""What was answered in one round; nothing where nobody answered."""


class Rounds:
    """A script that asks in rounds, and how its lines are read; `enough` is given each round's answers."""

    def __init__(
        self, questions: Sequence[Question], patience: float, enough: Callable[[Heard], bool]
    ) -> None:
        self._questions, self._patience, self._enough = questions, patience, enough
        self._boundary = secrets.token_hex(16)
        self._deadline = time.monotonic() + patience
        self._lines: list[str] = []

    def script(self) -> str:
        """Give the script. It ends by itself, even if nobody listens any more."""
        asks = asking({str(index): question for index, question in enumerate(self._questions)})
        return (
            "export LC_ALL=C\n"
            f"{part_function(self._boundary)}{LIMIT}{ASK}"
            f"{{\nrounds={int(self._patience / PAUSE)}\n"
            "while [ $rounds -gt 0 ]; do\n"
            f"{at_once(asks)}\npart end\nrounds=$((rounds - 1)); sleep {PAUSE}\n"
            "done\n} </dev/null\n"
        )

    def over(self, line: str) -> bool:
        """Take one line, and tell whether no more are needed: it is enough, or the time is over."""
        self._lines.append(line)
        if line != last_line(self._boundary):
            return False
        heard = self._heard("\n" + "\n".join(self._lines))
        self._lines.clear()
        return self._enough(heard) or time.monotonic() > self._deadline

    def is_new(self) -> bool:
        """Tell whether a round begins."""
        return not self._lines

    def _heard(self, text: str) -> Heard:
        try:
            sections = split(text, self._boundary)
        except Unreadable:
            sections = {}
        return {question: sections.get(str(index), "") for index, question in enumerate(self._questions)}
