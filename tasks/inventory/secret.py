"""Which values are secrets, and what is shown instead: one rule for messages, plans, logs and files."""

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

NAME = re.compile(
    r"pass(w(or)?d|phrase)?(?![a-z])|pwd$|(?<![a-z])pw$|webhook|secret|token$|credential|(private|api|access|encryption|account)[_.-]?key"
    r"|(?<![a-z])auth$|authorization$|docker_config$",
    re.I,
)
"""What in a name makes its value a secret."""

PROPERTY = re.compile(r"(-J)?-D")
"""What begins a property of a JVM's; its name comes behind."""

FILE = re.compile(r"[_.-](file|path|dir)$", re.I)
MAYBE_FILE = re.compile(r"(credentials?|jwt_secret_key|executor_secret_key|docker_config)$", re.I)
"""What Mesos takes as a file's path or URL; of some also the text itself."""

URL = re.compile(r"(?<=://)(?:[^/\s:@]{0,200}:[^\s]{1,500}|[^/\s:@]{16,500})@(?!sha256:)")
"""A URL's user and password, which may have any character in it; or a token that stands for both."""

SPOT = re.compile(r"""(?<![\w.-])([\w.-]+)[\\"']*\s*[:=]\s*|(?<!\S)(--?[\w.-]+)\s+(?=\S)""")
"""A name with its value behind it: in JSON, in a JVM's options, in a URL's query, as a header, as a flag."""

NAMED = re.compile(r"""[\\"'](?:key|name)[\\"']*\s*:\s*[\\"']+([^\s\\"']+)""")
"""A name that JSON gives as a value, as {"name": "TOKEN", "value": ...} does."""

QUOTED = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(\\+["']).*?(?<!\\)\1)(?=[\s,;}\])]|$)""", re.S
)
"""A value in quotes, behind which something else begins."""

EMPTY = re.compile(r"(None|null)(?=[\s,;}\])]|$)")
"""What Python and JSON have where there is no secret."""

PRIVATE = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")

HIDDEN = "(secret, not shown)"


@lru_cache(maxsize=4096)  # thousands of hosts have the same variables
def is_secret(name: str, value: str) -> bool:
    """Tell whether the value of a variable, a flag or a setting is a secret, or holds one anywhere.

    `name` is "" for a value without a name. Whatever `redacted` would change holds a secret, also if
    the shell's quotes stand in the way.
    """
    return _named(name, value) or any(redacted(text) != text for text in (value, _unquoted(value)))


def _named(name: str, value: str) -> bool:
    name = name.removeprefix(match[0]) if (match := PROPERTY.match(name)) else name
    is_path = FILE.search(name) or MAYBE_FILE.search(name) and value.startswith(("/", "file://"))
    return bool(NAME.search(name) and not is_path)


def _unquoted(text: str) -> str:
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        return text


def redacted(text: str) -> str:
    """Give a text of somebody else, as a line of a log, without the secrets in it.

    Where a secret ends is known of one in quotes and of a URL's; of any other, nothing behind it is shown.
    """
    end = _begin_of_unnamed(text)
    shown, at = "", 0
    text, rest = without_logins(text[:end]), HIDDEN if end < len(text) else ""
    for spot in SPOT.finditer(text):
        if spot.start() < at or not _begins_secret(spot, text):
            continue
        shown += text[at : spot.end()] + HIDDEN
        quoted = QUOTED.match(text, spot.end())
        if not quoted:
            return shown
        at = quoted.end()
    return shown + text[at:] + rest


def without_logins(text: str) -> str:
    """Give a text without the users and passwords of its URLs."""
    return URL.sub(f"{HIDDEN}@", text)


def _begin_of_unnamed(text: str) -> int:
    """Return where a secret may begin that has no name before it: a key, or JSON that names it elsewhere."""
    private = PRIVATE.search(text)
    begin = private.start() if private else len(text)
    if any(NAME.search(name) for name in NAMED.findall(text)):
        return min(begin, max(0, text.find("{")))
    return begin


def _begins_secret(spot: re.Match[str], text: str) -> bool:
    value = text[spot.end() : spot.end() + 40].lstrip("\\\"'")
    is_one = _named(spot[1] or spot[2], value)
    return is_one and not value.startswith(HIDDEN) and not EMPTY.match(value)


def shown(name: str, value: str) -> str:
    """Give a variable's value as it may be printed."""
    return HIDDEN if is_secret(name, value) else value


def quoted(key: str, value: str) -> str:
    """Give the value of a setting of hosts.ini, quoted; one that holds a secret anywhere is not shown."""
    return HIDDEN if is_secret(key, value) else repr(value)


def piece(word: str, text: str) -> str:
    """Give a word of a setting, quoted; if the setting holds a secret, the word may be a piece of it."""
    return HIDDEN if is_secret("", text) else repr(word)


def shown_words(words: Sequence[str]) -> list[str]:
    """Give command-line words as they may be printed: HIDDEN stands for a word that is or holds a secret."""
    return [
        HIDDEN if is_secret("", word) or _wants_secret(before, word) else word
        for before, word in pairwise(["", *words])
    ]


def _wants_secret(before: str, word: str) -> bool:
    """Tell whether a word makes the one behind it a secret: a flag or a header with no value of its own."""
    if before.endswith((":", "=")):
        return is_secret("", before)
    return before.startswith("-") and "=" not in before and _named(before, word)
