"""Metrics that master and agent share: the machine's, and how resources are shown."""

from __future__ import annotations

import os
from pathlib import Path

from .resources import Resources


def always(table: Path) -> dict[str, float]:
    """Return every metric that is always there, as zero, and the machine's."""
    rows = (line.split() for line in table.read_text().splitlines() if not line.startswith("#"))
    return {**dict.fromkeys((first + each for first, *rest in rows for each in rest), 0.0), **_machine()}


def usage(prefix: str, total: Resources, used: Resources) -> dict[str, float]:
    """Return the metrics of what there is and what is used."""
    found: dict[str, float] = {}
    for name in ("cpus", "gpus", "mem", "disk"):
        there, taken = float(total.get(name, 0.0)), float(used.get(name, 0.0))
        found[f"{prefix}/{name}_total"] = there
        found[f"{prefix}/{name}_used"] = taken
        found[f"{prefix}/{name}_percent"] = taken / there if there else 0.0
        found.update((f"{prefix}/{name}_revocable_{what}", 0.0) for what in ("total", "used", "percent"))
    return found


def _machine() -> dict[str, float]:
    page, loads = os.sysconf("SC_PAGE_SIZE"), os.getloadavg()
    return {
        "system/cpus_total": float(os.cpu_count() or 1),
        "system/mem_total_bytes": float(page * os.sysconf("SC_PHYS_PAGES")),
        "system/mem_free_bytes": float(page * os.sysconf("SC_AVPHYS_PAGES")),
        **dict(zip(("system/load_1min", "system/load_5min", "system/load_15min"), loads, strict=True)),
    }
