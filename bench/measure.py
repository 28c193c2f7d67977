"""Run one command and measure it: time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from .contestants import ROOT, Command
from .field import RUN

OUTPUT = RUN / "output"
"""What the last run printed."""

PAUSE = 0.2
"""Seconds between two looks at how much memory a run takes."""


@dataclass(frozen=True)
class Run:
    """What one run took: seconds, processor seconds, MB of its largest process."""

    seconds: float
    cpu: float
    memory: float


def run(command: Command) -> Run:
    """Run a command to its end, with no connection left from an earlier one. Raises if it fails."""
    _hang_up()
    began = time.monotonic()
    with OUTPUT.open("w") as output:
        process = subprocess.Popen(
            command.words,
            cwd=ROOT,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ended, largest = Event(), [0.0]
    watcher = Thread(target=_watch, args=(process.pid, ended, largest))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    if process.returncode:
        said = OUTPUT.read_text(errors="replace")
        raise RuntimeError(f"{' '.join(command.words)}: exit code {process.returncode}\n{said[-3000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, largest[0])


def _watch(session: int, ended: Event, largest: list[float]) -> None:
    """Keep the peak memory of a session's largest process."""
    while True:
        over = ended.wait(PAUSE)
        largest[0] = max([largest[0], *map(_peak, _of_session(session))])
        if over:
            return


def _of_session(session: int) -> list[Path]:
    return [each for each in Path("/proc").glob("[0-9]*") if _session(each) == session]


def _session(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except (OSError, ValueError, IndexError):
        return 0


def _peak(process: Path) -> float:
    """Return a process's peak memory in MB; 0 if it is gone."""
    try:
        status = (process / "status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _hang_up() -> None:
    """Close the connections that ssh has kept open for a contestant: every run begins without."""
    for socket in (RUN / "cp").glob("*"):
        command = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "nobody"]
        subprocess.run(command, capture_output=True, check=False, timeout=10)
