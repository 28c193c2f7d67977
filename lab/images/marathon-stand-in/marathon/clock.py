"""Timestamps and ids in Marathon's forms."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

EPOCH = datetime.fromtimestamp(0, UTC)
_last = EPOCH


def stamp(moment: datetime) -> str:
    """Write a moment as yyyy-MM-ddTHH:mm:ss.SSSZ."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def now() -> str:
    """Return the present time; no two are the same, since versions are told apart by it."""
    global _last
    _last = max(datetime.now(UTC), _last + timedelta(milliseconds=1))
    return stamp(_last)


def age(text: str) -> float:
    """Return how many seconds ago it was."""
    return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()


def new_id() -> str:
    """Return a new id, time-based as Marathon's are."""
    return str(uuid.uuid1())
