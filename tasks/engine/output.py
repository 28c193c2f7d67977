"""Output that cannot be written any more: its reader has gone, or its disk is full."""

import os
import sys
from contextlib import suppress
from typing import IO

from ..errors import OutputLost


def lost(error: OSError, how_it_went: str = "") -> OutputLost:
    """Give what to raise; a reader who has read enough, as `head` does, is told only how the run went."""
    if isinstance(error, BrokenPipeError) and not how_it_went:
        return OutputLost("")
    return OutputLost(f"The output cannot be written: {error.strerror or error}. {how_it_went}".rstrip())


def silence(stream: IO[str]) -> None:
    """Have nothing more written there, so that neither we nor Python at its end complain again."""
    with suppress(OSError):  # of a stream that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def put_out(text: str) -> None:
    """Print a text. Raises OutputLost."""
    try:
        print(text, flush=True)
    except OSError as error:
        silence(sys.stdout)
        raise lost(error) from None
