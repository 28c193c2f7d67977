"""What the image's shell launcher makes of environment and arguments before Marathon sees them."""

from __future__ import annotations

import glob
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_ALONE = ("-d", "-v", "-h", "-no-version-check")
_WITH_VALUE = ("-mem", "-main", "-java-home", "-jvm-debug")
_NO_HOOK = "No start hook file found ($HOOK_MARATHON_START). Proceeding with the start script."


def hook(environment: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """Run the start hook, and give the variables that its file NAME.env exports.

    The file is looked for in the directory of the process, whichever one the hook itself is in.
    """
    program = environment.get("HOOK_MARATHON_START", "")
    if given[:1] == ["--help"]:
        return {}
    if not os.access(program, os.X_OK):
        print(_NO_HOOK)
        return {}
    subprocess.run([program], check=False)
    file = f"{os.path.splitext(program)[0]}.env".rpartition("/")[2]
    if not Path(file).is_file():
        return {}
    reading = ["bash", "-c", 'source "$0" && env -0', f"./{file}"]
    told = subprocess.run(reading, stdout=subprocess.PIPE, text=True, check=False).stdout
    pairs = (line.partition("=") for line in told.split("\0") if line)
    return {name: value for name, _, value in pairs}


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
