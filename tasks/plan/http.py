"""What is said over plain TCP: HTTP to send, HTTP and JSON that came back from somebody else."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple


def get(path: str) -> str:
    """Give the request for `path`. HTTP/1.0, so that the answer ends with the connection."""
    return f"GET {path} HTTP/1.0\r\nHost: mesofab\r\nAccept: application/json\r\nConnection: close\r\n\r\n"


def post(path: str, json: str) -> str:
    """Give the request that sends JSON to `path`."""
    headers = "Host: mesofab\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
    length = len(json.encode())
    return f"POST {path} HTTP/1.0\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{json}"


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
