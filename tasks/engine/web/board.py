"""The newest text, for any number of readers."""

from collections.abc import Generator
from threading import Condition


class Board:
    """What is put on it replaces what was there: nobody waits for a reader, who may miss what is old."""

    def __init__(self, text: str) -> None:
        self._changed = Condition()
        self._text, self._number = text, 0
        self._readers, self._over = 0, False

    @property
    def text(self) -> str:
        """What is on it now."""
        with self._changed:
            return self._text

    def put(self, text: str) -> None:
        """Replace what is on it."""
        with self._changed:
            self._text, self._number = text, self._number + 1
            self._changed.notify_all()

    def follow(self) -> Generator[str, None, None]:
        """Yield what is on it, and whatever is put there later, until it is closed."""
        number = -1
        with self._changed:
            self._readers += 1
        try:
            while (newer := self._newer(number)) is not None:
                number, text = newer
                yield text
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    def _newer(self, number: int) -> tuple[int, str] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._number != number)
            return None if self._over else (self._number, self._text)

    def close(self, patience: float = 1.0) -> None:
        """Have nobody follow it any more, and give them so many seconds to say good-bye."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._readers, patience)
