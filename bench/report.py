"""What the measurements say: medians, spread, ratios, as tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

Row = Mapping[str, object]

FIELDS = ("seconds", "cpu", "memory", "connections", "commands", "restarts")
HEAD = (
    "contestant",
    "seconds (median)",
    "least to most",
    "against mesofab",
    "CPU s",
    "MB",
    "connections",
    "commands",
    "restarts",
)
GAPS = {
    "ZooKeeper": "longest without ZooKeeper, s (worst)",
    "Mesos": "without a leading master",
    "Marathon": "without Marathon",
}
"""The heading of each service's longest gap, where its users were watched."""


def tables(results: Iterable[Row]) -> str:
    """Return a heading and a table for each case, with the number of runs; contestants as they ran."""
    rows = list(results)
    of = {case: [row for row in rows if row["case"] == case] for case in _in_order(rows, "case")}
    return "\n\n".join(f"### {case} ({_runs(its)})\n\n{_table(its)}" for case, its in of.items())


def _runs(rows: Sequence[Row]) -> str:
    count = len(_numbers(rows, "mesofab", "seconds"))
    return f"{count} run{'s' * (count > 1)} each"


def _table(rows: Sequence[Row]) -> str:
    ours = median(_numbers(rows, "mesofab", "seconds"))
    watched = any(row.get("gaps") for row in rows)
    head = (*HEAD, *GAPS.values(), "tasks lost") if watched else HEAD
    names = _in_order(rows, "contestant")
    lines = [[*_cells(rows, name, ours), *(_gaps(rows, name) if watched else [])] for name in names]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def _cells(rows: Sequence[Row], name: str, ours: float) -> list[str]:
    seconds = _numbers(rows, name, "seconds")
    middle = median(seconds)
    time = [name, f"{middle:.2f}", f"{min(seconds):.2f} to {max(seconds):.2f}", f"{middle / ours:.2f} x"]
    cpu, *counts = (median(_numbers(rows, name, f)) for f in FIELDS[1:])
    # What takes no memory is no contestant: it is a piece of one, and only its time is known.
    rest = [f"{cpu:.2f}", *(f"{count:.0f}" for count in counts)] if counts[0] else [""] * 5
    return [*time, *rest]


def _gaps(rows: Sequence[Row], name: str) -> list[str]:
    """Give the median and the worst of each service's longest gap in a run, and all tasks that were lost."""
    seen = [dict(row["gaps"]) for row in rows if row["contestant"] == name and isinstance(row["gaps"], dict)]
    if not any(seen):
        return [""] * (len(GAPS) + 1)
    longest = {each: [float(gaps[each]) for gaps in seen] for each in GAPS}
    told = [f"{median(its):.1f} ({max(its):.1f})" for its in longest.values()]
    return [*told, f"{sum(_numbers(rows, name, 'lost')):.0f}"]


def _numbers(rows: Iterable[Row], name: str, field: str) -> list[float]:
    return [float(str(row[field])) for row in rows if row["contestant"] == name]


def _in_order(rows: Iterable[Row], field: str) -> list[str]:
    return list(dict.fromkeys(str(row[field]) for row in rows))
