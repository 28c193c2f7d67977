"""Run chosen tests again and again beside two busy loops, and tell how often each passed.

Usage: stress.py TIMES WORD..., the words being pytest's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

LOOPS = 2
LONGEST = 4 * 3600
"""Seconds after which a busy loop ends by itself, should nobody be left to end it."""


@contextmanager
def busy() -> Iterator[None]:
    """Keep one processor busy."""
    with subprocess.Popen(["timeout", str(LONGEST), "sh", "-c", "while :; do :; done"]) as loop:
        try:
            yield
        finally:
            loop.terminate()


def once(words: Sequence[str], report: Path) -> dict[str, bool]:
    """Run the tests and return which passed, as JUnit's report has it."""
    report.unlink(missing_ok=True)
    quiet = ("-q", "-p", "no:cacheprovider", f"--junitxml={report}")
    subprocess.run([sys.executable, "-m", "pytest", *quiet, *words], check=False)
    if not report.exists():
        return {}
    return {
        f"{case.get('classname')}::{case.get('name')}": case.find("failure") is case.find("error") is None
        for case in ElementTree.parse(report).iter("testcase")
    }


def main(times: int, words: Sequence[str]) -> int:
    """Print how often each test passed; return 0 if all did, every time."""
    ran: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    with ExitStack() as stack:
        report = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "report.xml"
        for _ in range(LOOPS):
            stack.enter_context(busy())
        for _ in range(times):
            outcomes = once(words, report)
            ran.update(outcomes)
            passed.update(test for test, well in outcomes.items() if well)
    for test in ran:
        print(f"passed {passed[test]} of {times}: {test}")
    return 0 if ran and all(passed[test] == times for test in ran) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
