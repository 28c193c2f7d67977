"""Draw the medians: python plot.py PICTURE.svg <ROWS.json, in the environment that has matplotlib."""

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt


def draw(rows: list[dict[str, object]], picture: Path) -> None:
    """Draw a bar for every contestant in every case, on a scale of powers of ten."""
    cases = list(dict.fromkeys(str(row["case"]) for row in rows))
    names = list(dict.fromkeys(str(row["contestant"]) for row in rows))
    figure, axes = plt.subplots(figsize=(9, 0.9 + 0.75 * len(cases)), layout="constrained")
    for place, name in enumerate(names):
        seconds = [_median(rows, case, name) for case in cases]
        heights = [index + (place - len(names) / 2 + 0.5) * 0.16 for index in range(len(cases))]
        bars = axes.barh(heights, seconds, 0.15, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7)
    axes.set_yticks(range(len(cases)), cases)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("seconds (median), less is better")
    figure.legend(loc="outside upper center", ncols=3)  # beside the bars, not over them
    figure.savefig(picture, metadata={"Date": None})


def _median(rows: list[dict[str, object]], case: str, name: str) -> float:
    """Return nan, which draws no bar, where a contestant had no part in a case."""
    seconds = [float(str(r["seconds"])) for r in rows if (r["case"], r["contestant"]) == (case, name)]
    return median(seconds) if seconds else float("nan")


if __name__ == "__main__":
    draw(json.load(sys.stdin), Path(sys.argv[1]))
