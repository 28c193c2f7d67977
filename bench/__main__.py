"""`python -m bench`: run the contestants in turn and write what came of it; `--quick` for a short look."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from lab.errors import LabError

from . import contestants, field, report
from .cases import Bench, Result

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/performance.md"
PICTURE = ROOT / "docs/performance.svg"
BEGIN, END = "<!-- measured: made by `make bench` -->", "<!-- measured: end -->"


def main() -> int:
    """Run the benchmark; give its exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two cases, four hosts, nothing is written")
    parser.add_argument("--rounds", type=int, help="how many rounds are counted; one more warms up")
    options = parser.parse_args()
    try:
        results = _quick(options.rounds or 2) if options.quick else _whole(options.rounds or 5)
    except (LabError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{report.tables(one.as_dict() for one in results)}")
    return 0


def _quick(rounds: int) -> list[Result]:
    with field.prepared(fleet=4):
        return list(Bench(contestants.QUICK, (4,), rounds).quick())


def _whole(rounds: int) -> list[Result]:
    kept = field.RUN / "results.json"
    results: list[Result] = []
    with field.prepared(fleet=64):
        for result in Bench(contestants.ALL, (4, 16, 64), rounds).whole():
            results.append(result)
            kept.write_text(json.dumps([one.as_dict() for one in results], indent=1))
    _write(results, rounds)
    plot = [f"{contestants.RIVALS}/python", str(Path(__file__).with_name("plot.py")), str(kept), str(PICTURE)]
    subprocess.run(plot, check=True)
    return results


def _write(results: list[Result], rounds: int) -> None:
    """Put the tables into the page, between its marks."""
    page = PAGE.read_text()
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    tables = report.tables(one.as_dict() for one in results)
    PAGE.write_text(f"{before}{BEGIN}\n{_conditions(rounds)}\n\n{tables}\n{END}{after}")


def _conditions(rounds: int) -> str:
    versions = [line for line in (ROOT / "bench/requirements.txt").read_text().splitlines() if "==" in line]
    told = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in told if line.startswith("model name")]
    return (
        f"Measured on one machine with {os.cpu_count()} cores ({', '.join(names[:1])}), "
        f"controller and all hosts together; "
        f"{rounds} rounds after one that warms up, contestants in turn. {', '.join(versions)}."
    )


if __name__ == "__main__":
    sys.exit(main())
