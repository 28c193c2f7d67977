"""Which values are secrets, and what is shown instead of them: one rule for messages, plans and files."""

import re
import shlex
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest

NAME = re.compile(
    r"pass(w(or)?d|phrase)?(?![a-z])|pwd$|(?<![a-z])pw$|webhook|secret|token$|credential|(private|api|access|encryption|account)[_.-]?key"
    r"|(?<![a-z])auth$|authorization$|docker_config$",
    re.I,
)
"""What in a name makes its value a secret."""

FILE = re.compile(r"[_.-](file|path|dir)$", re.I)
MAYBE_FILE = re.compile(r"(credentials?|jwt_secret_key|executor_secret_key|docker_config)$", re.I)
"""What Mesos takes as a file's path or URL; of some also the text itself."""

URL = re.compile(r"://[^/\s:@]{0,200}:[^\s@]{1,500}@(?!sha256:)")
"""A URL with a user and a password in it."""

KEY = re.compile(r"""(?<![\w.-])([\w.-]+)[\\"']*\s*[:=](?=\s*[\\"']*([^\s\\"',}]{0,9}))""")
"""A name inside of a value, with its own value: in JSON, in a JVM's options, in a URL's query."""

NAMED = re.compile(r"""[\\"'](?:key|name)[\\"']*\s*:\s*[\\"']+([^\s\\"']+)""")
"""A name that JSON gives as a value, as {"name": "TOKEN", "value": ...} does."""

HIDDEN = "(secret, not shown)"


@lru_cache(maxsize=4096)  # thousands of hosts have the same variables
def is_secret(name: str, value: str) -> bool:
    """Tell whether a variable's value is a secret: by its name, as a URL, or by a name inside of it."""
    return _named(name, value) or bool(URL.search(value)) or _holds(value)


def _named(name: str, value: str) -> bool:
    is_path = FILE.search(name) or MAYBE_FILE.search(name) and value.startswith(("/", "file://"))
    return bool(NAME.search(name) and not is_path)


def _holds(value: str) -> bool:
    """Tell whether a text names a secret inside: `-Dx.password=`, `"auth": "..."`, `{"name": "TOKEN"}`."""
    return any(_named(key, inner) for key, inner in KEY.findall(value)) or any(
        NAME.search(name) for name in NAMED.findall(value)
    )


def shown(name: str, value: str) -> str:
    """Give a variable's value as it may be printed."""
    return HIDDEN if is_secret(name, value) else value


def quoted(key: str, value: str) -> str:
    """Give the value of a setting of hosts.ini, quoted; one that holds a secret anywhere is not shown."""
    return HIDDEN if holds_secret(key, value) else repr(value)


def piece(word: str, text: str) -> str:
    """Give a word of a setting, quoted; if the setting holds a secret, the word may be a piece of it."""
    return HIDDEN if holds_secret("", text) else repr(word)


def holds_secret(key: str, value: str) -> bool:
    """Tell whether a setting of hosts.ini is a secret, or holds variables or arguments of which one is."""
    return is_secret(key, value) or any(_named(name, text) for name, text in pairs(value))


def shown_words(words: Sequence[str]) -> list[str]:
    """Give command-line words as they may be printed: HIDDEN stands for a secret flag's value."""
    return [
        HIDDEN if _gives_secret(before, word) else word
        for before, word in zip(["", *words], words, strict=False)
    ]


def _gives_secret(before: str, word: str) -> bool:
    flag, inline, value = word.partition("=")
    if flag.startswith("--"):
        return bool(inline) and is_secret(flag, value)
    return is_secret(before if before.startswith("--") and "=" not in before else "", word)


def pairs(text: str) -> Iterable[tuple[str, str]]:
    """Give what in `text` has a name: NAME=value, setting=NAME=value and `--flag value`. Never raises."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if word.startswith("--") and "=" not in word:
            yield word, following
        name, separator, value = word.partition("=")
        while separator:
            yield name, value
            name, separator, value = value.partition("=")
