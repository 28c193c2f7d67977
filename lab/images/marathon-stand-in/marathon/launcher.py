"""What the image's shell launcher makes of environment and arguments before Marathon sees them."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping, Sequence

_ALONE = ("-d", "-v", "-h", "-no-version-check")
_WITH_VALUE = ("-mem", "-main", "-java-home", "-jvm-debug")


def arguments(environment: Mapping[str, str], given: Sequence[str]) -> list[str]:
    """Return Marathon's arguments: those of the environment first, then the container's own."""
    return [*from_environment(environment), *without_java(given)]


def from_environment(environment: Mapping[str, str]) -> list[str]:
    """Turn MARATHON_* into --flags with the quirks of `env | grep | awk` in unquoted backticks.

    It works on lines, `=` becomes a space, values fall apart at spaces, and the shell expands patterns.
    """
    lines = "\n".join(f"{name}={value}" for name, value in environment.items()).split("\n")
    ours = [line for line in lines if line.startswith("MARATHON_") and not line.startswith("MARATHON_APP")]
    return [word for line in ours for word in _flag(line)]


def _flag(line: str) -> Iterator[str]:
    name, *rest = line.replace("MARATHON_", "").replace("=", " ").split() or [""]
    yield f"--{name.lower()}"
    for word in rest:
        matches = sorted(glob.glob(word)) if re.search(r"[*?\[]", word) else []
        yield from matches or [word]


def without_java(given: Sequence[str]) -> list[str]:
    """Drop what the launcher keeps for itself and for Java, such as -J-Xmx512m."""
    left = list(given)
    kept: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--":
            return kept + left
        if word in _WITH_VALUE:
            del left[:1]
        elif word not in _ALONE and not re.match(r"-[JD]", word):
            kept.append(word)
    return kept
