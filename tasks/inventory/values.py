"""Values as Ansible reads them, as the text that a setting is read from."""

import ast
import json
import re
import warnings

SEVERAL = re.compile(r"""\s*(?:'(?:[^'\\]|\\.)+'|"(?:[^"\\]|\\.)+")\s*['"]""")
"""A text in quotes with another one behind it."""


def literal(text: str) -> str:
    """Return the text that an INI value stands for: Ansible takes what is a literal of Python as such.

    So quotes go, what follows a literal as a comment goes, and `[...]` becomes a list; the rest stays.
    Only `'A=1' 'B=2'` stays two words here: Ansible makes `A=1B=2` of it, which nobody means.
    """
    if text.isidentifier() and text != "None":
        return text  # by far the most are
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return text if isinstance(value, str) and SEVERAL.match(text) else as_text(value)


def as_text(value: object) -> str:
    """Return a value of Ansible's as text, what has parts as JSON; nothing is told by an empty text."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple | set | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return "..." if value is ... else str(value)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, set) else as_text(value)
