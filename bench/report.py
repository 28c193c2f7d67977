"""What the measurements say: medians, spread, ratios, as tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

Row = Mapping[str, object]

FIELDS = ("seconds", "cpu", "memory", "connections", "commands", "restarts")
HEAD = (
    "| contestant | seconds (median) | least to most | against mesofab | CPU s | MB | connections | commands "
    "| restarts |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


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
    return "\n".join([HEAD, *(_line(rows, name, ours) for name in _in_order(rows, "contestant"))])


def _line(rows: Sequence[Row], name: str, ours: float) -> str:
    seconds = _numbers(rows, name, "seconds")
    time = (
        f"{median(seconds):.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {median(seconds) / ours:.2f} x"
    )
    cpu, *counts = (median(_numbers(rows, name, f)) for f in FIELDS[1:])
    # What takes no memory is no contestant: it is a piece of one, and only its time is known.
    rest = [f"{cpu:.2f}", *(f"{count:.0f}" for count in counts)] if counts[0] else [""] * 5
    return f"| {name} | {time} | {' | '.join(rest)} |"


def _numbers(rows: Iterable[Row], name: str, field: str) -> list[float]:
    return [float(str(row[field])) for row in rows if row["contestant"] == name]


def _in_order(rows: Iterable[Row], field: str) -> list[str]:
    return list(dict.fromkeys(str(row[field]) for row in rows))
