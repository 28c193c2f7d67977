"""Run a pytest command; run what fails once more at the end, and name what passes only then as flaky.

A second chance for a landing, none for a test: a flaky one is to be mended next. The `lab` fixture makes the
hosts again for every pytest, so the lab is a fresh one. Usage: second_chance.py WORD COMMAND WORD...; the
first word is pytest's alone when it runs something once more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
"""Where pytest keeps what failed in the last run, by node id."""

MOST = 10
"""So many failures may be bad luck; more are none."""

LIMIT = "--timeout=1200"
"""Seconds for one test: several times what the longest takes; one that hangs twice leaves time to say so."""


def deserving(code: int, failed: Sequence[str]) -> list[str]:
    """Return what may be run once more: tests that ran and failed, if they are few.

    Any other exit code is that of a run cut short, and a node id without a test's name that of a file that
    could not be collected.
    """
    ran = code == pytest.ExitCode.TESTS_FAILED and all("::" in each for each in failed)
    return list(failed) if ran and len(failed) <= MOST else []


class Outcomes:
    """Says at the end, before pytest's own last line, what came of those that had failed."""

    def __init__(self, failed: Sequence[str]) -> None:
        self.failed = failed
        self.flaky: set[str] = set()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        well, *ill = (
            {report.nodeid for report in terminalreporter.stats.get(kind, ())}
            for kind in ("passed", "failed", "error")
        )
        self.flaky = well.difference(*ill)
        for each in self.failed:
            told = "flaky: failed, then passed" if each in self.flaky else "failed, and did not pass then"
            terminalreporter.write_line(f"{told}: {each}")


def main(word: str, *command: str) -> int:
    """Return 0 if every test passed, at the latest the second time; else an exit code of pytest."""
    code = subprocess.run([*command, LIMIT, "--cache-clear"], check=False).returncode
    failed = list(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else []
    again = deserving(code, failed)
    if not again:
        return code
    print(f"\n{len(again)} failed. Running each once more, on a fresh lab.", flush=True)
    outcomes = Outcomes(again)
    code = pytest.main([*again, LIMIT, word], plugins=[outcomes])
    return 0 if outcomes.flaky >= set(again) else code or 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
