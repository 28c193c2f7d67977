"""HTTP as words over plain TCP: what to send, and what came back."""

import json
import re
from dataclasses import dataclass
from typing import Any


def get(path: str) -> str:
    """Give the request for `path`. HTTP/1.0, so that the answer ends with the connection."""
    return f"GET {path} HTTP/1.0\r\nHost: mesofab\r\nAccept: application/json\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer: status 0 if nothing answered; `json` is None unless the body is JSON."""

    status: int = 0
    json: Any = None


def read(text: str) -> Answer:
    """Read an answer, whatever came back; never raises."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    status = re.match(r"HTTP/[0-9.]+ ([0-9]{3})\b", head, re.ASCII)
    if status is None:
        return Answer()
    try:
        return Answer(int(status[1]), json.loads(body))
    except (ValueError, RecursionError):
        return Answer(int(status[1]))
