"""Steps become one script for /bin/sh, for a host to run or for a person to read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..inventory.secret import HIDDEN, is_secret, shown_words
from .desired import Container
from .look.observed import LOCK
from .shell import FUNCTIONS, OWN_ENGINE, private, quote
from .step import Step

MARK = "\x1e"
"""Begins a line that tells how far the script is; no program prints it by accident."""

EVENT = re.compile(f"{MARK}(begin|end|alive|lost) ([0-9]{{1,9}})")

BUSY = 75
"""Exit code of a script that could not get the host for itself."""

UNFENCED = "fence() { :; }\n"
"""Lets every step begin."""


@dataclass(frozen=True)
class Progress:
    """A script's sign of life: it has begun or ended step `index` (from 0), or is just `alive`.

    It has `lost` the host where that step may not begin, as another run has it by now.
    """

    event: str
    index: int


ALIVE = Progress("alive", 0)


def course(steps: Sequence[Step]) -> Iterator[Progress]:
    """Give what a script that carries out `steps` tells, in order, if nothing fails."""
    return (Progress(event, index) for index in range(len(steps)) for event in ("begin", "end"))


def lost(due: Progress) -> Progress:
    """Give what is told instead of the begin of a step that may not begin."""
    return Progress("lost" if due.event == "begin" else "", due.index)


def runnable(steps: Sequence[Step], fence: str = UNFENCED) -> str:
    """Give the script that carries out `steps` and tells when each begins and ends.

    It stops at the first command that fails, and where `fence`, a shell function, lets no step begin. The
    shell reads a function, and the braces around its call, whole before it runs them, so a script that is
    cut off on its way does nothing at all.
    """
    blocks = [f"fence {i}\nsay begin {i}\n{_commented(step)}say end {i}\n" for i, step in enumerate(steps)]
    body = "\n".join(blocks)
    # The heartbeat tells a long pull from a dead host. Its sleep must not hold our output open.
    heartbeat = "( while sleep 5 >/dev/null 2>&1 </dev/null; do say alive 0; done ) & beat=$!"
    # Events begin on a line of their own, whatever a program left unfinished.
    return (
        "set -eu\n"
        "export LC_ALL=C\n"
        f"{OWN_ENGINE}"
        f"{FUNCTIONS}"
        "exec 2>&1\n"
        f'say() {{ printf \'\\n\\036%s %s\\n\' "$1" "$2"; }}\n'
        f"{fence}"
        "mesofab() {\n"
        f"{heartbeat}\n"
        "trap 'kill $beat' EXIT\n"
        f"{private(LOCK)}"
        f"exec 9>{LOCK}\n"
        f"flock -w 60 9 || exit {BUSY}\n"
        f"{body}"
        "}\n"
        "{ mesofab </dev/null; }\n"
    )


def progress(line: str) -> Progress | None:
    """Read one line of a script's output; None if it is a program's own words."""
    match = EVENT.fullmatch(line)
    return Progress(match[1], int(match[2])) if match else None


def readable(steps: Iterable[Step], containers: Iterable[Container] = ()) -> str:
    """Give the same shell for a person: what steps use, then each below a comment with its id and title.

    Secrets of the `containers` are not shown; docker or the shell refuses what stands there instead.
    """
    text = "\n".join([FUNCTIONS, *map(_commented, steps)])
    for container in containers:
        for key, value in container.environment:
            if is_secret(key, value):
                text = text.replace(f"\n{key}={value}\n", f"\n{key} {HIDDEN}\n")
        words = [word if word == HIDDEN else quote(word) for word in shown_words(container.arguments)]
        text = text.replace(" ".join(map(quote, container.arguments)) or "\0", " ".join(words))
    return text


def _commented(step: Step) -> str:
    return f"# {step.id}  {step.title}\n{step.shell}"
