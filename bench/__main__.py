"""Run the contestants in turn on one lab, and write what came of it into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabError

from . import contestants, field, report
from .cases import CASES, Bench

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/performance.md"
PICTURE = ROOT / "docs/performance.svg"
RESULTS = field.RUN / "results.json"
BEGIN, END = "<!-- measured: made by `make bench` -->", "<!-- measured: end -->"


def main() -> int:
    """Run the benchmark; give its exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two cases, four hosts; nothing is written")
    known = ", ".join(CASES)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"only these ({known}); other results stay")
    options = parser.parse_args()
    if unknown := set(options.cases) - CASES.keys():
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {known}")
    try:
        rows = _quick() if options.quick else _whole(options.cases or list(CASES))
    except (LabError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{report.tables(rows)}")
    return 0


def _quick() -> list[report.Row]:
    bench = Bench(contestants.QUICK, (4,), rounds=1, warm_up=0)
    with field.prepared(fleet=4):
        return [result.as_dict() for result in (*bench.again(), *bench.fan_out())]


def _whole(names: Sequence[str]) -> list[report.Row]:
    bench = Bench(contestants.ALL, (4, 16, 64), rounds=5)
    kept = _kept()
    with field.prepared(fleet=64):
        for name in names:
            kept[name] = []
            for result in CASES[name](bench):
                kept[name].append(result.as_dict())
                RESULTS.write_text(json.dumps(kept, indent=1))
        rows = [row for name in CASES for row in kept.get(name, [])]
        _write(rows)
    return rows


def _kept() -> dict[str, list[report.Row]]:
    """Return what was measured before, by case."""
    return dict(json.loads(RESULTS.read_text())) if RESULTS.exists() else {}


def _write(rows: list[report.Row]) -> None:
    """Put the tables into the page, between its marks, and draw the picture."""
    page = PAGE.read_text()
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{_conditions()}\n\n{report.tables(rows)}\n{END}{after}")
    plot = [f"{contestants.RIVALS}/python", str(Path(__file__).with_name("plot.py")), str(PICTURE)]
    subprocess.run(plot, input=json.dumps(rows), text=True, check=True)


def _conditions() -> str:
    versions = [line for line in (ROOT / "bench/requirements.txt").read_text().splitlines() if "==" in line]
    told = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in told if line.startswith("model name")]
    return (
        f"Measured on one machine with {os.cpu_count()} cores ({', '.join(names[:1])}), "
        "controller and all hosts together, contestants in turn. "
        f"{', '.join(versions)}."
    )


if __name__ == "__main__":
    sys.exit(main())
