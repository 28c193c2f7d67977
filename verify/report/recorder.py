"""A plugin of pytest that notes what comes of every check, and writes the report when the run has ended."""

import getpass
import os
import platform
import shlex
import socket
import tomllib
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tasks.inventory import ROOT
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.printable import printable
from tasks.inventory.secret import redacted

from ..arrival import UNJUDGED, Why, lost
from ..evidence import MEASURED, NOTED, Witness, kept
from ..findings import Finding, findings_of, sentences
from ..selection import role_of, told_left_out, visited
from ..verdict import Tally
from . import compiling, topology
from .compiling import Trial, title
from .document import Document, Outcome, Version
from .glance import Seen, look
from .page import page

INTERRUPTED = "The run was interrupted: what had not been checked by then was not run."


class Recorder:
    """Notes every check of the suite; `on` reaches the hosts once more at the end."""

    def __init__(self, file: Path, witness: Witness, tally: Tally, on: Callable[[Node], Host]) -> None:
        self._file, self._witness, self._tally, self._on = file, witness, tally, on
        self._began = datetime.now(UTC)
        self._trials: dict[str, Trial] = {}
        self._told = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to be checked, so that the report also names what was not run."""
        self._trials = {
            item.nodeid: _trial(item) for item in session.items if item.nodeid in self._tally.chosen
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Keep what is asked meanwhile as the evidence for this check."""
        with kept(self._witness, item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what came of a part of a check."""
        report = yield
        if trial := self._trials.get(item.nodeid):
            _note(trial, report, call.excinfo.value if call.excinfo else None)
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, however the run has ended, if any of the suite's checks was to be run.

        Nothing that happens here keeps pytest from telling what the checks have found.
        """
        if (cluster := self._tally.cluster) and session.exitstatus != pytest.ExitCode.USAGE_ERROR:
            try:
                self._file.write_text(page(self._document(session, cluster)), encoding="utf-8")
                self._told = f"The report is {self._file.resolve()}"
            except OSError as error:
                self._told = f"The report cannot be written: {error}"
            except KeyboardInterrupt:
                self._told = "The report was not written: interrupted"
            except Exception as error:
                self._told = (
                    f"The report was not written, for a bug in the suite: {printable(redacted(repr(error)))}"
                )

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where it is."""
        if self._told:
            terminalreporter.write_line(self._told)

    def _document(self, session: pytest.Session, cluster: Cluster) -> Document:
        config = session.config
        unjudged: dict[str, Why] = config.stash.get(UNJUDGED, {})
        complaints = tuple(compiling.complaints(self._trials, cluster, lost(unjudged)))
        checks = tuple(compiling.checks(self._trials, self._witness, cluster, complaints))
        passed = {check.host for check in checks if check.outcome is Outcome.PASSED}
        reached = [node for node in cluster.nodes if node.name in passed]
        seen = look(cluster, reached, self._on) if passed else Seen()  # nobody waits for a dead cluster
        well = session.exitstatus == pytest.ExitCode.OK
        measured: list[tuple[str, float]] = config.stash.get(MEASURED, [])
        interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
        return Document(
            verdict=self._tally.verdict(well),
            sentence=self._tally.says(len(visited(config, cluster)), well),
            source=cluster.source,
            began=self._began,
            seconds=(datetime.now(UTC) - self._began).total_seconds(),
            asked_by=_user(),
            asked_from=socket.gethostname(),
            command=redacted(shlex.join(["pytest", *map(str, config.invocation_params.args)])),
            versions=(*_own_versions(), *topology.versions(cluster, seen)),
            machines=tuple(topology.machines(cluster, seen, complaints, checks)),
            services=topology.services(cluster, seen),
            complaints=complaints,
            checks=checks,
            notes=(*[INTERRUPTED] * interrupted, *_notes(config, cluster)),
            journeys=tuple(compiling.journeys(self._trials.values(), self._witness)),
            measured=tuple(measured),
        )


def _trial(item: pytest.Item) -> Trial:
    told = dict(item.user_properties)
    name = str(getattr(item, "originalname", None) or item.name)
    params = getattr(getattr(item, "callspec", None), "params", {})
    which = ", ".join(str(value) for key, value in params.items() if not key.startswith("_"))
    return Trial(
        name=name,
        title=title(name) + (f": {which}" if which else ""),
        steps=compiling.steps_of(item.user_properties, item.path.name),
        host=str(told["host"]) if "host" in told else None,
        role=role_of(item),
    )


def _note(trial: Trial, report: pytest.TestReport, error: BaseException | None) -> None:
    trial.seconds += report.duration
    if report.failed:
        trial.outcome = Outcome.FAILED
        trial.findings += _findings(report, error)
    elif report.skipped and trial.outcome is not Outcome.FAILED:
        trial.outcome = Outcome.SKIPPED
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        trial.reason = printable(why.removeprefix("Skipped: "))
    elif report.when == "call":
        trial.outcome = Outcome.PASSED


def _findings(report: pytest.TestReport, error: BaseException | None) -> Sequence[Finding]:
    found = findings_of(error) if error else ()
    if all(one.where for one in found):
        return found
    return [Finding("", redacted(line)) for line in sentences(report)]


def _notes(config: pytest.Config, cluster: Cluster) -> Iterator[str]:
    noted: dict[str, None] = config.stash.get(NOTED, {})
    yield from map(printable, noted)
    if left := told_left_out(config, cluster):
        yield left


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid())


def _own_versions() -> Iterator[Version]:
    own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    yield Version("mesofab", str(own), "here")
    yield Version("Python", platform.python_version(), "here")
    for program in ("pytest", "pytest-testinfra"):
        yield Version(program, version(program), "here")
