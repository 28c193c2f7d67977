"""Authentication and ACLs: what was recorded of real ones, and how stand-ins are locked as those were.

PYTEST_DONT_REWRITE: tests import it by name, and it asserts nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answers import RECORDED, Answer

LOCKED = RECORDED / "mesos-1.5.0-auth"
SECRETS = {name: f"{name}-s3cret" for name in ("marathon", "agent", "op", "other")}
"""The principals of the recorded cluster, with secrets of our own."""

ASKERS = {
    "open": ("nobody",),
    "authn": ("nobody", "op", "op with a wrong secret"),
    "acl": ("op", "other", "marathon"),
}
"""Who asked for what is in each table, in the order of its cells."""

_ROW = re.compile(
    r"(?P<who>\w+)\s+(?P<method>GET|POST)\s+(?P<path>\S+)(?: (?P<call>[A-Z_]+))?\s+(?P<cells>\d.*)"
)
_CELL = re.compile(
    r"(?P<status>\d+)(?: Basic realm=\"(?P<realm>[^\"]+)\")?(?: (?P<location>//\S+))? \[(?P<size>\d+)\]"
)


@dataclass(frozen=True)
class Cell:
    """What one asker was answered."""

    status: int
    realm: str | None
    location: str | None
    empty: bool


@dataclass(frozen=True)
class Row:
    """A line of a table: what was asked for, and the answers by askers."""

    stage: str
    who: str
    method: str
    path: str
    call: str | None
    cells: dict[str, Cell]

    @property
    def bare(self) -> str:
        """Return the path without its query."""
        return self.path.partition("?")[0]

    def __str__(self) -> str:
        return " ".join(each for each in (self.who, self.method, self.path, self.call) if each)


def rows(stage: str) -> list[Row]:
    """Return a recorded table; an answer that did not come in time is left out."""
    return [_row(stage, line) for line in (LOCKED / f"table-{stage}.txt").read_text().splitlines()]


def _row(stage: str, line: str) -> Row:
    match = _ROW.fullmatch(line.strip())
    if not match:
        raise ValueError(line)
    told = zip(ASKERS[stage], match["cells"].split(" | "), strict=True)
    cells = {asker: _cell(cell) for asker, cell in told if not cell.startswith("ERR")}
    return Row(stage, match["who"], match["method"], match["path"], match["call"], cells)


def _cell(text: str) -> Cell:
    match = _CELL.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    return Cell(int(match["status"]), match["realm"], match["location"], match["size"] == "0")


def recorded(name: str) -> Answer:
    """Return a recorded answer as a whole."""
    head, _, body = (LOCKED / f"{name}.txt").read_text().partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.partition(": ")[::2] for line in lines)
    parsed = json.loads(body) if headers.get("Content-Length", "0") != "0" and body else None
    return Answer(int(first.split()[1]), headers, parsed, body)


def faulty_starts() -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """Yield arguments that a real master was started with, what it said last, and whether it went on."""
    for part in (LOCKED / "bad-configurations.txt").read_text().split("-- ")[1:]:
        given, *said, ended = part.strip().splitlines()
        yield tuple(given.split(" ")), said[-1], "rc 124" in ended


def shows(principal: str, secret: str | None = None) -> dict[str, str]:
    """Return the header that shows a secret: the principal's, or another."""
    coded = f"{principal}:{SECRETS[principal] if secret is None else secret}"
    return {"Authorization": "Basic " + base64.b64encode(coded.encode()).decode()}


def headers_of(asker: str) -> dict[str, str]:
    """Return what one of the askers shows."""
    if asker == "nobody":
        return {}
    return shows("op", "wrong") if asker.endswith("wrong secret") else shows(asker)


@dataclass(frozen=True)
class Files:
    """The files that a locked cluster is started with."""

    directory: Path

    def credentials(self, *principals: str) -> str:
        """Write a master's credentials, or those of an agent's visitors: these principals, or all."""
        known = [{"principal": name, "secret": SECRETS[name]} for name in principals or SECRETS]
        return self._write(f"credentials-{'-'.join(principals)}.json", {"credentials": known})

    def credential(self, principal: str = "agent", secret: str | None = None) -> str:
        """Write an agent's credential."""
        known = {"principal": principal, "secret": SECRETS[principal] if secret is None else secret}
        return self._write(f"credential-{principal}.json", known)

    def acls(self) -> str:
        """Name the ACLs of the recorded cluster."""
        return f"file://{LOCKED / 'acls.json'}"

    def _write(self, name: str, content: Any) -> str:
        path = self.directory / name
        path.unlink(missing_ok=True)
        path.write_text(json.dumps(content))
        path.chmod(0o400)
        return str(path)

    def master(self, *stages: str) -> dict[str, str]:
        """Return a master's variables after these stages: `agents`, `frameworks`, `http`, `acl`, or none."""
        more = {
            "agents": {"AUTHENTICATE_AGENTS": "true"},
            "frameworks": {
                "AUTHENTICATE_FRAMEWORKS": "true",
                "AUTHENTICATE_HTTP_FRAMEWORKS": "true",
                "HTTP_FRAMEWORK_AUTHENTICATORS": "basic",
            },
            "http": {"AUTHENTICATE_HTTP_READONLY": "true", "AUTHENTICATE_HTTP_READWRITE": "true"},
            "acl": {"ACLS": self.acls()},
        }
        given = {"CREDENTIALS": self.credentials()}
        for stage in stages:
            given |= more[stage]
        return given

    def agent(self, *stages: str) -> dict[str, str]:
        """Return an agent's variables: its credential, and `http` or `acl` as for a master."""
        given = {"CREDENTIAL": self.credential(), "CONTAINERIZERS": "mesos"}
        if "http" in stages:
            given["HTTP_CREDENTIALS"] = self.credentials("op", "other")
            given |= {"AUTHENTICATE_HTTP_READONLY": "true", "AUTHENTICATE_HTTP_READWRITE": "true"}
        return {**given, "ACLS": self.acls()} if "acl" in stages else given
