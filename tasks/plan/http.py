"""What is said over plain TCP: HTTP to send, HTTP and JSON that came back from somebody else.

Every request says who asks, by words that are replaced where a script is sent (`Hosts.execute`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from string import ascii_letters, digits
from typing import NamedTuple

from ..inventory.credentials import OPERATOR

UNRESERVED = frozenset(ascii_letters + digits + "-._~")
"""What stands for itself in a form (RFC 3986); all else is escaped byte by byte."""

OURS = f"Host: mesofab\r\n{OPERATOR}Accept: application/json\r\nConnection: close\r\n"
"""The headers of every request."""


def get(path: str) -> str:
    """Give the request for `path`. HTTP/1.0, so that the answer ends with the connection."""
    return f"GET {path} HTTP/1.0\r\n{OURS}\r\n"


def stranger(path: str) -> str:
    """Give the request for `path` of somebody who does not say who he is."""
    return get(path).replace(OPERATOR, "")


def post(path: str, json: str) -> str:
    """Give the request that sends JSON to `path`."""
    return _sending("POST", path, "application/json", json)


def put(path: str, json: str) -> str:
    """Give the request that puts JSON in the place of what is at `path`."""
    return _sending("PUT", path, "application/json", json)


def form(path: str, **fields: str) -> str:
    """Give the request that sends a form to `path`."""
    body = "&".join(f"{name}={_escaped(value)}" for name, value in fields.items())
    return _sending("POST", path, "application/x-www-form-urlencoded", body)


def _sending(method: str, path: str, kind: str, body: str) -> str:
    headers = f"{OURS}Content-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
    return f"{method} {path} HTTP/1.0\r\n{headers}\r\n{body}"


def _escaped(text: str) -> str:
    return "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


class Answer(NamedTuple):
    """One answer: status 0 if nothing answered; `json` is None unless the body is JSON."""

    status: int = 0
    json: object = None


def read(text: str) -> Answer:
    """Read an answer, whatever came back; never raises."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    status = re.match(r"HTTP/[0-9.]+ ([0-9]{3})\b", head, re.ASCII)
    return Answer(int(status[1]), parsed(body)) if status else Answer()


def parsed(text: str) -> object:
    """Read JSON; None for what is none. Half a surrogate pair, which nobody can print, becomes `?`."""
    try:
        found: object = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return found


def table(value: object) -> Mapping[str, object]:
    """Give an object of JSON; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """Give a list of JSON; an empty one for anything else."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """Give a text of JSON; "" for anything else."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """Give a number that counts something, which Mesos may write as 3.0; 0 for anything else."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**31 else 0
