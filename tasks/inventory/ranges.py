"""Ranges of hosts as Ansible reads them: `web[01:20]`, `10.70.[0:7].[1:250]`, `node-[a:f:2]:2222`."""

import re
import string

from .kinds import Wrong

PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])+):([0-9]+)")
"""A name, with ranges or without, and a port behind it."""

NUMBERS = re.compile(r"([0-9]{0,9}):([0-9]{1,9})(?::([0-9]{1,9}))?")
LETTERS = re.compile(r"([a-zA-Z]):([a-zA-Z])(?::([0-9]{1,9}))?")
MOST = 10_000
"""Hosts that one line may name: more of them are a slip of the pen."""


def split_port(pattern: str) -> tuple[str, str]:
    """Return what stands before a port, and the port, "" if there is none."""
    match = PORT.fullmatch(pattern)
    return (match[1], match[2]) if match else (pattern, "")


def expand(pattern: str) -> list[str]:
    """Return the names of all hosts that `pattern` names. Raises Wrong."""
    head, *parts = re.split(r"\[([^\[\]]*)\]", pattern)
    names = [head]
    for text, tail in zip(parts[::2], parts[1::2], strict=True):
        items = _items(text)
        if len(names) * len(items) > MOST:
            raise Wrong(f"{pattern!r} names more than {MOST} hosts", "correct the range")
        names = [f"{name}{item}{tail}" for name in names for item in items]
    if "[" in names[0] or "]" in names[0]:
        raise Wrong(f"{pattern!r} has a bracket too many", "write a range as in web[01:20]")
    return names


def _items(text: str) -> list[str]:
    numbers, letters = NUMBERS.fullmatch(text), LETTERS.fullmatch(text)
    match = numbers or letters
    if "::" in text or text.count(":") > 2:
        raise Wrong(f"'[{text}]' looks like an IPv6 address", "give the host's IPv4 address")
    if not match:
        raise Wrong(f"[{text}] is not a range", "write [1:20], [01:20], [1:20:2] or [a:f]")
    step = int(match[3] or 1)
    if step == 0:
        raise Wrong(f"[{text}] has a step of 0", "leave the step out, or write another one")
    found = _numbers(text, match[1] or "0", match[2], step) if numbers else _letters(match[1], match[2], step)
    if not found:
        raise Wrong(f"[{text}] names no host", "write the smaller end first")
    return found


def _numbers(text: str, begin: str, end: str, step: int) -> list[str]:
    width = len(begin) if begin[0] == "0" and len(begin) > 1 else 0
    if width and width != len(end):
        raise Wrong(
            f"[{text}] has ends of different lengths", f"write both with {max(width, len(end))} digits"
        )
    numbers = range(int(begin), int(end) + 1, step)
    if len(numbers) > MOST:
        raise Wrong(f"[{text}] names more than {MOST} hosts", "correct the range")
    return [str(number).zfill(width) for number in numbers]


def _letters(begin: str, end: str, step: int) -> list[str]:
    letters = string.ascii_letters
    return list(letters[letters.index(begin) : letters.index(end) + 1 : step])
