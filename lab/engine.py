"""The Docker engine that carries the lab: find it, install it, start it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from . import console, machine, waiting
from .errors import LabError

if TYPE_CHECKING:
    from docker import DockerClient

LOG = Path("/var/log/mesofab-dockerd.log")
_PID_FILES = {
    Path("/run/docker.pid"): "dockerd",
    Path("/run/docker/containerd/containerd.pid"): "containerd",
}
RUNTIME = "mesofab"
"""The engine's name for the runtime that asks for no more capabilities than there are."""

_RUNTIME = Path("/usr/local/sbin/mesofab-runc")
_RUNTIME_SOURCE = Path(__file__).parent / "images/host/runc-within-bounds"
_START_SECONDS = 180
GAVE_UP = "timeout waiting for containerd to start"


def ensure() -> DockerClient:
    """Return a client of this machine's engine; install and start one where there is none."""
    if client := _reached():
        return client
    if not shutil.which("dockerd"):
        machine.install("docker.io")
    with console.step("start dockerd"):
        start_until_it_answers()
    return get()


def runs() -> bool:
    """Tell whether an engine answers here."""
    return _reached() is not None


@cache
def get() -> DockerClient:
    """Return a client of the engine that runs, or say that none does."""
    if client := _reached():
        return client
    raise LabError("No Docker engine answers here; `fab lab.up`, as root, installs and starts one.")


def _reached() -> DockerClient | None:
    docker = _sdk()
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except docker.errors.DockerException:
        return None
    return client  # type: ignore[no-any-return]


def _sdk() -> ModuleType:
    try:
        import docker
    except ModuleNotFoundError:
        raise LabError("The lab needs Docker's SDK for Python: pip install docker.") from None
    return docker


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "nothing"


def _start() -> subprocess.Popen[bytes] | None:
    """Start dockerd unless it is about to answer anyway; return it if it is our child."""
    if os.geteuid() != 0:
        raise LabError("No Docker engine answers here; starting one takes root.")
    if shutil.which("systemctl") and Path("/run/systemd/system").exists():
        _systemctl_start()
    elif not _running():
        return _spawn()
    return None


def start_until_it_answers(
    start: Callable[[], subprocess.Popen[bytes] | None] = _start,
    answers: Callable[[], bool] = runs,
    log: Path = LOG,
) -> None:
    """Start dockerd, again where a slow machine made it give up: it waits no longer than 15 s."""
    started = start()

    def silence() -> str | None:
        nonlocal started
        if started and started.poll() is not None and GAVE_UP in _last_line(log):
            started = start()
        if answers():
            return None
        last = f"{log} ends with: {_last_line(log)}"
        if started and started.poll() is not None:
            raise LabError(f"dockerd ended with exit code {started.returncode}; {last}")
        return f"no answer, {last}"

    waiting.until("dockerd to answer", _START_SECONDS, silence)


def _systemctl_start() -> None:
    command = ["systemctl", "start", "docker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise LabError(f"`systemctl start docker` failed: {done.stderr.strip()}")


def _running() -> bool:
    """Tell whether dockerd lives, only does not answer yet; clear what dead ones left."""
    alive = {name for file, name in _PID_FILES.items() if _owner(file) == name}
    for file, name in _PID_FILES.items():
        if name not in alive:
            file.unlink(missing_ok=True)
    return "dockerd" in alive


def _owner(pid_file: Path) -> str | None:
    # The program and not its name: a dead process that nobody has reaped keeps its name.
    try:
        return Path("/proc", pid_file.read_text().strip(), "exe").readlink().name
    except OSError:
        return None


def _spawn() -> subprocess.Popen[bytes]:
    command = ["dockerd"]
    if machine.lacks_capabilities():
        command += _bounded_runtime()
    # A session of its own: the engine must outlive the shell it was started from.
    with LOG.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=surroundings(os.environ),
            cwd="/",
            start_new_session=True,
        )


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an engine is started with: none of the login's.

    runc keeps files where XDG_RUNTIME_DIR says, which ends with the login, or is not there at all.
    """
    return {name: value for name, value in environment.items() if name != "XDG_RUNTIME_DIR"}


def _bounded_runtime() -> list[str]:
    """Install the runtime that asks for no more capabilities than there are."""
    if not shutil.which("jq"):
        machine.install("jq")
    # A copy: the engine must not depend on this checkout's life. Whole at any moment: one may run.
    beside = shutil.copy2(_RUNTIME_SOURCE, _RUNTIME.with_name(f"{_RUNTIME.name}.{os.getpid()}"))
    Path(beside).replace(_RUNTIME)
    return ["--add-runtime", f"{RUNTIME}={_RUNTIME}", "--default-runtime", RUNTIME]
