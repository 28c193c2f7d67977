"""Which app a task is of, by its id, and many tasks told by their apps."""

import re
from collections import Counter
from collections.abc import Iterable

TASK = re.compile(
    r"([a-z0-9._-]+?)\.(?:instance-|marathon-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\..*)?", re.ASCII
)
"""`group_app.UUID`, as Marathon 1.5 calls a task of /group/app; a pod's has `instance-` and its container."""

MOST = 5
"""How many apps are told by name."""


def by_app(ids: Iterable[str]) -> str:
    """Tell tasks by app, most tasks first: `2 of /web, 1 of /cron`; what is no Marathon's by its id."""
    apps = Counter(_app(id) for id in ids)
    told = sorted(apps.items(), key=lambda each: (-each[1], each[0]))
    said = [f"{count} of {app}" if app.startswith("/") else app for app, count in told[:MOST]]
    left = sum(count for _, count in told[MOST:])
    return ", ".join(said) + (f" and {left} more" if left else "")


def _app(id: str) -> str:
    match = TASK.fullmatch(id)
    return f"/{match[1].replace('_', '/')}" if match else id
