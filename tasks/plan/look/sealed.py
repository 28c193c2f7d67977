"""Files of secrets: a host tells a salted digest of each, never what stands there."""

import hashlib
from collections.abc import Mapping, Sequence

from ..desired import File, Item, Unsealed, of
from ..shell import quote

Sealed = Mapping[str, File | None]
"""Where secrets may stand, and which file that is to be; None if none is to be there."""

OTHER = "(other secrets)\n"
"""Stands for the text of a file with other secrets than its own."""


def asked(items: Sequence[Item]) -> Sealed:
    """Say which of the desired items have to be looked at so."""
    gone = (path for item in of(Unsealed, items) for path in item.paths)
    kept = {path: file for file in of(File, items) if file.sealed for path in file.generations}
    return {**dict.fromkeys(gone), **kept}


def functions(salt: str) -> str:
    """Give the shell function that looks at one of them; `salt` is new for each look."""
    return f"""\
sealed() {{ # sealed PATH: what stands there, and a digest of its text, which is not told itself
  if [ -L "$1" ]; then echo 'symbolic link'
  elif [ -f "$1" ]; then echo 'regular file'; {{ printf %s {salt}; cat "$1"; }} | sha256sum
  elif [ -e "$1" ]; then stat -Lc %F "$1"; fi
}}
"""


def asking(ask: Sealed) -> list[str]:
    """Give the shell that looks at them all, in parts of a look."""
    return [f"part {quote('path ' + path)}; sealed {quote(path)}" for path in ask]


def read(parts: Mapping[str, str], ask: Sealed, salt: str) -> dict[str, str]:
    """Give what stands at each place and, for its text, the file's own words if it holds its secrets."""
    told = {path: parts.get(f"path {path}", "").partition("\n") for path in ask}
    return {path: f"{kind}\n{_words(digest, ask[path], salt)}" for path, (kind, _, digest) in told.items()}


def _words(told: str, file: File | None, salt: str) -> str:
    if file is None or file.sealed is None:
        return OTHER
    end = "\n" * file.text.endswith("\n")
    digest = hashlib.sha256(f"{salt}{file.sealed.text}{end}".encode()).hexdigest()
    return file.text if told.split()[:1] == [digest] else OTHER
