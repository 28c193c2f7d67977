"""The last line of a run: by it a CI tells that the whole suite has passed from all that only looks so."""

from collections.abc import Generator, Iterable
from enum import StrEnum

import pytest

from tasks.inventory.cluster import Cluster

from .selection import visited


class Verdict(StrEnum):
    """What came of a run: only a whole suite that passed has passed."""

    PASSED = "passed"
    PARTLY = "passed in part"
    FAILED = "failed"
    NOTHING = "nothing checked"


class Tally:
    """A plugin that counts what came of the suite's checks.

    `chosen` are the checks for which options of pytest, such as -k, had no say yet; `files` are the suite's
    files that were not even read.
    """

    def __init__(self) -> None:
        self.cluster: Cluster | None = None
        self.chosen: set[str] = set()
        self.files = 0
        self._passed: set[str] = set()
        self._skipped: set[str] = set()
        self._failed: set[str] = set()

    def choose(self, cluster: Cluster, items: Iterable[pytest.Item], files: int) -> None:
        """Note what is to be checked, and how many files of the suite are left out."""
        self.cluster, self.files = cluster, files
        self.chosen = {item.nodeid for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self.chosen:
            return
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.skipped:
            self._skipped.add(report.nodeid)
        elif report.when == "call":
            self._passed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Let a run that has checked nothing be no success, and say at the very end what was checked."""
        if self.chosen and not self._passed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        result = yield
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if self.cluster and terminal:
            hosts = len(visited(session.config, self.cluster))
            terminal.write_line(self.says(hosts, session.exitstatus == pytest.ExitCode.OK))
        return result

    def says(self, hosts: int, ended_well: bool) -> str:
        """Say what was checked, on how many hosts that were logged in to, and what came of it."""
        assert self.cluster is not None
        total = len(self.cluster.nodes)
        where = f"on {hosts if hosts == total else f'{hosts} of {total}'} hosts of {self.cluster.source}"
        passed, failed = self._passed - self._failed, self._failed
        match self.verdict(ended_well):
            case Verdict.FAILED:
                return f"{len(failed)} of {_checks(len(passed | failed))} {where} failed"
            case Verdict.NOTHING:
                return f"Nothing was checked {where}"
            case Verdict.PARTLY:
                return f"{_checks(len(passed))} {where} passed; not run: {self._rest(self._left())}"
            case Verdict.PASSED:
                return f"{_checks(len(passed))} {where}: all passed"

    def verdict(self, ended_well: bool) -> Verdict:
        """Say in a word what came of it."""
        if self._failed:
            return Verdict.FAILED
        if not self._passed:
            return Verdict.NOTHING
        return Verdict.PARTLY if self._left() or self.files or not ended_well else Verdict.PASSED

    def _left(self) -> int:
        return len(self.chosen - self._passed - self._failed - self._skipped)

    def _rest(self, left: int) -> str:
        parts = [_checks(left, "more ")] if left else []
        parts += [f"those of {self.files} more file{'s' * (self.files > 1)} of verify/"] if self.files else []
        return ", ".join(parts) or "what the end of the run has kept from it"


def _checks(number: int, more: str = "") -> str:
    return f"{number} {more}check{'s' * (number != 1)}"
