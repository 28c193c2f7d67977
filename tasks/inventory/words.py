"""Settings that hold several words, split as a shell does it; but JSON among them keeps its quotes."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NoReturn

from .kinds import Wrong
from .secret import is_secret, piece

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BEFORE_JSON = re.compile(r"(?<!\w)([A-Za-z_][A-Za-z0-9_]*)=(?=[{\[])")

ESCAPED_JSON = re.compile(r"""[{\[][^"']{0,99}\\\"""")
"""JSON whose quotes have backslashes, as within double quotes; Ansible takes these off."""

ESCAPED = re.compile(r"""\\["\\]|.""", re.DOTALL)
"""What stands for one character of such JSON."""

SHELL_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+""", re.DOTALL)

NEAR = 20
"""Characters shown of the place where JSON is broken."""

TakesJson = Callable[[str], bool]
"""Tells of which variables the value must be a JSON object, or the path of a file with one."""


def arguments(text: str) -> tuple[str, ...]:
    """Read command-line arguments, quoted where one has spaces."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Wrong(f"cannot be split into words ({error})", "close the quote") from None


def assignments(text: str, takes_json: TakesJson) -> tuple[tuple[str, str], ...]:
    """Read environment variables: NAME=value words, quoted where a value has spaces; in order of name.

    Their order in hosts.ini means nothing, so it must not change a container's digest.
    """
    pairs: list[tuple[str, str]] = []
    for word in _words(text, takes_json) if BEFORE_JSON.search(text) else arguments(text):
        name, separator, value = word.partition("=")
        if not separator or not NAME.fullmatch(name):
            quotes = ", in quotes where a value has spaces" if pairs and word.startswith("-") else ""
            raise Wrong(f"holds {piece(word, text)}", f"write NAME=value words{quotes}")
        if not value:
            raise Wrong(f"gives {name} an empty value", "remove it: an empty value is a value to Mesos")
        is_json = takes_json(name) and not value.startswith(("/", "file://"))
        if is_json and not isinstance(parsed(value, name), dict):
            raise Wrong(
                f"gives {name} JSON that is not an object", 'write {"key": ...}, or file:// and a path'
            )
        pairs.append((name, value))
    if len({name for name, _ in pairs}) < len(pairs):
        raise Wrong("gives a variable twice", "give each once")
    return tuple(sorted(pairs))


def _words(text: str, takes_json: TakesJson) -> Iterator[str]:
    position = len(text) - len(text.lstrip())
    while position < len(text):
        word, end = _word(text, position, takes_json)
        yield word
        position = end + len(text[end:]) - len(text[end:].lstrip())


def _word(text: str, start: int, takes_json: TakesJson) -> tuple[str, int]:
    """Give the word that begins at `start`, and where it ends."""
    bare = BEFORE_JSON.match(text, start)
    if bare:
        escaped = ESCAPED_JSON.match(text, bare.end())
        value = _unescaped(text[bare.end() :]) if escaped else text
        begin = 0 if escaped else bare.end()
        end = _end_of_json(value, begin)
        if end is not None and not value[end : end + 1].strip():
            until = bare.end() + _length(text, bare.end(), end) if escaped else end
            return bare[0] + value[begin:end], until
        if takes_json(bare[1]):
            parsed(value[begin:], bare[1])  # raises: it was no JSON, or something follows it
    return _shell_word(text, start)


def _unescaped(text: str) -> str:
    return text.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")


def _length(text: str, start: int, characters: int) -> int:
    return sum(len(piece[0]) for piece in islice(ESCAPED.finditer(text, start), characters))


def _end_of_json(text: str, start: int) -> int | None:
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _shell_word(text: str, start: int) -> tuple[str, int]:
    match = SHELL_WORD.match(text, start)
    end = match.end() if match else start
    if text[end : end + 1].strip():
        end = len(text)  # a quote is open, and nobody can tell where the word ends: `arguments` says so
    return "".join(arguments(text[start:end])), end


def parsed(text: str, name: str = "") -> Any:
    """Read JSON. Raises Wrong with the place where it is broken; `name` is the variable, if it is one's."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        where = _where(error, text, name)
    example = f'\'{name}={{"key": "value"}}\'' if name else '\'[{"name": "cpus", ...}]\''
    raise Wrong(
        f"gives {name} broken JSON: {where}" if name else f"is broken JSON: {where}",
        "correct it there" if '"' in text else f"put the whole setting into single quotes, as in {example}",
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _where(error: Exception, text: str, name: str) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error) if isinstance(error, ValueError) else "it is nested too deeply"
    near = text[error.pos : error.pos + NEAR]
    shown = f", near {near!r}" if near and not is_secret(name, text) else ""
    return f"{error.msg} at character {error.pos + 1}{shown}"
