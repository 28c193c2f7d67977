"""What a host says to one command: heard line by line, within bounds of time and size."""

import codecs
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from paramiko import Channel

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """How many seconds a command may take and how many bytes it may say; one in parts, for each of them.

    `renewed` is asked after every line whether a part begins there. `longer` says how to allow more time.
    """

    seconds: float = 300
    size: int = 32_000_000
    renewed: Callable[[], bool] = lambda: False
    longer: str = ""


INQUIRY = Bounds()
"""Several times what any command takes that only asks."""


class OutOfBounds(Exception):
    """A command takes too long or says too much: what was seen, and how to allow more, if one can."""

    def __init__(self, seen: str, remedy: str = "") -> None:
        super().__init__(seen)
        self.seen, self.remedy = seen, remedy


class Lines:
    """Cuts into lines what comes in pieces; each piece is gone through once, however long its line is."""

    def __init__(self) -> None:
        self._open: list[str] = []

    def take(self, piece: str) -> list[str]:
        """Give the lines that end in this piece."""
        first, *others = piece.split("\n")
        self._open.append(first)
        if not others:
            return []
        ended = [self.rest(), *others[:-1]]
        self._open = others[-1:]
        return ended

    def rest(self) -> str:
        """Give the line that has not ended."""
        return "".join(self._open)


class Hearing:
    """One command's channel, which may be silent for so many seconds at a time."""

    def __init__(self, channel: Channel, silence: float, bounds: Bounds) -> None:
        self.channel, self._silence, self._bounds = channel, silence, bounds
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._begin()

    def say(self, text: str) -> None:
        """Send a text. Raises TimeoutError or OutOfBounds if the host does not take it."""
        data = text.encode()
        while data:
            data = data[self._timely(partial(self.channel.send, data)) :]

    def piece(self) -> str | None:
        """Give what comes next, None at the end. Raises TimeoutError or OutOfBounds."""
        data = self._timely(lambda: self.channel.recv(65536))
        self._size += len(data)
        if self._size > self._bounds.size:
            raise OutOfBounds(f"it has said more than {self._bounds.size / 1e6:g} MB and goes on")
        return self._decoder.decode(data) if data else None

    def until(self, on_line: Callable[[str], bool]) -> tuple[str, bool]:
        """Give what was said, or what the last part has said; and whether `on_line` needs no more."""
        lines = Lines()
        while (piece := self.piece()) is not None:
            self._text.append(piece)
            for line in lines.take(piece):
                if on_line(line):
                    return "".join(self._text), True
                if self._bounds.renewed():
                    self._begin()
        if rest := lines.rest():
            on_line(rest)
        return "".join(self._text), False

    def _begin(self) -> None:
        self._end, self._size = time.monotonic() + self._bounds.seconds, 0
        self._text: list[str] = []

    def _timely(self, do: Callable[[], T]) -> T:
        """Do what waits for the host for as long as it may."""
        left = self._end - time.monotonic()
        self.channel.settimeout(max(0.0, min(self._silence, left)))
        try:
            if left > 0:
                return do()
        except TimeoutError:
            if left > self._silence:
                raise
        raise OutOfBounds(f"it has not come to an end in {self._bounds.seconds} s", self._bounds.longer)
