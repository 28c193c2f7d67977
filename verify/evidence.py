"""What the suite asks and is answered, kept for the report; without one, nothing is kept."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import pytest

from tasks.inventory.printable import printable
from tasks.inventory.secret import redacted

SHORT = 400
"""Characters of an answer that is kept whole; of a longer one its size is kept."""

MOST = 40
"""Questions of one check that are kept: those of a wait are as many as it takes."""


@dataclass(frozen=True)
class Exchange:
    """One question, to whom, and the answer; of one that was asked several `times`, the last answer."""

    where: str
    asked: str
    answer: str
    times: int = 1


@dataclass(frozen=True)
class Stretch:
    """A part of a journey, in seconds of this machine's clock."""

    what: str
    began: float
    ended: float
    well: bool = True


@dataclass
class Log:
    """What was asked for one check or one journey, and the parts of its way."""

    exchanges: list[Exchange] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    left_out: int = 0

    def add(self, one: Exchange) -> None:
        """Keep an exchange, together with the one before if the question is the same."""
        last = self.exchanges[-1] if self.exchanges else None
        if last and (last.where, last.asked) == (one.where, one.asked):
            self.exchanges[-1] = replace(one, times=last.times + 1)
        elif len(self.exchanges) < MOST:
            self.exchanges.append(one)
        else:
            self.left_out += 1


class Witness(dict[str, Log]):
    """The log of every check and journey, by its name."""


WITNESS = pytest.StashKey[Witness]()
"""There only if a report is to be written."""

NOTED = pytest.StashKey[dict[str, None]]()
"""What fails no check and is worth telling."""

MEASURED = pytest.StashKey[list[tuple[str, float]]]()
"""What was waited for, and its seconds."""

_KEPT: ContextVar[Log | None] = ContextVar("kept", default=None)
"""What the check or journey at work keeps: every thread has its own."""


@contextmanager
def kept(witness: Witness | None, name: str) -> Iterator[None]:
    """Keep what is asked meanwhile under this name, if there is a witness."""
    token = _KEPT.set(None if witness is None else witness.setdefault(name, Log()))
    try:
        yield
    finally:
        _KEPT.reset(token)


def asked(where: str, question: str, answer: str) -> None:
    """Keep a question and its answer, without secrets; a long answer only by its size."""
    if (log := _KEPT.get()) is not None:
        log.add(Exchange(where, _clean(question)[: 2 * SHORT], _short(answer.strip())))


def _short(answer: str) -> str:
    if len(answer) <= SHORT:
        return _clean(answer)
    return f"{len(answer.splitlines())} lines, {len(answer)} characters"


def _clean(text: str) -> str:
    return printable(redacted(text), keep="\n")


@contextmanager
def stretch(what: str) -> Iterator[None]:
    """Keep how long a part of a journey takes, and whether it went well."""
    log, began, well = _KEPT.get(), time.time(), False
    try:
        yield
        well = True
    finally:
        if log is not None:
            log.stretches.append(Stretch(what, began, time.time(), well))
