"""The answers that the contract is about: those recorded of a real Mesos, and those of whoever runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"

# How to ask for what was recorded: the file's name without leader-, follower- or agent-.
MASTER_PATHS = {
    "flags": "/flags",
    "frameworks": "/frameworks",
    "health": "/health",
    "maintenance-schedule": "/maintenance/schedule",
    "maintenance-status": "/maintenance/status",
    "metrics-snapshot": "/metrics/snapshot",
    "quota": "/quota",
    "redirect": "/redirect",
    "registrar1-registry": "/registrar(1)/registry",
    "roles": "/roles",
    "slaves": "/slaves",
    "state": "/state",
    "state-summary": "/state-summary",
    "tasks": "/tasks",
    "version": "/version",
    "weights": "/weights",
}
AGENT_PATHS = {
    "containers": "/containers",
    "flags": "/flags",
    "health": "/health",
    "metrics-snapshot": "/metrics/snapshot",
    "monitor-statistics": "/monitor/statistics",
    "state": "/state",
    "version": "/version",
}
CALLS = ("GET_AGENTS", "GET_FRAMEWORKS", "GET_HEALTH", "GET_MASTER", "GET_METRICS")


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers, the body where it is JSON, and the body as text."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str = ""

    @property
    def kind(self) -> str | None:
        """Return the content type."""
        return self.headers.get("Content-Type")


Answers = Callable[[str, str], Answer]


def recorded(who: str, name: str) -> Answer:
    """Return what the real one answered."""
    head = (RECORDED / f"{who}-{name}.headers").read_text().split("\n")
    body = RECORDED / f"{who}-{name}.json"
    headers = dict(line.strip().partition(": ")[::2] for line in head[1:] if ":" in line)
    return Answer(int(head[0].split()[1]), headers, json.loads(body.read_text()) if body.exists() else None)


def ask(address: str, who: str, name: str) -> Answer:
    """Ask a running one for the same."""
    if name.startswith("v1-"):
        return request(address, "POST", "/api/v1", {"type": name.removeprefix("v1-")})
    return request(address, "GET", (AGENT_PATHS if who == "agent" else MASTER_PATHS)[name])


def request(
    address: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """Ask once, following nothing."""
    connection = HTTPConnection(address, timeout=60)
    try:
        content = None if body is None else json.dumps(body)
        given = {"Content-Type": "application/json"} if content else {}
        connection.request(method, path, content, {**given, **(headers or {})})
        answer = connection.getresponse()
        text, given = answer.read().decode(), dict(answer.getheaders())
        parsed = json.loads(text) if text and given.get("Content-Type") == "application/json" else None
        return Answer(answer.status, given, parsed, text)
    finally:
        connection.close()
