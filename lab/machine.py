"""What the machine under the lab is and has: rights, packages, one lock."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from . import console, waiting
from .errors import LabError

_LOCK = Path("/run/lock/mesofab-lab.lock")
_PACKAGES = Path("/run/lock/mesofab-packages.lock")


@contextmanager
def lock(seconds: float = 900) -> Iterator[None]:
    """Hold the only right on this machine to change the lab."""
    with _open_lock(_LOCK) as file:
        waiting.until("another `fab lab...` to finish", seconds, lambda: _lock(file.fileno()))
        yield


def _open_lock(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(exist_ok=True)
        return path.open("w")
    except OSError as error:
        raise LabError(f"The lab's lock cannot be had ({error}); run as root.") from None


def _lock(descriptor: int) -> str | None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return f"{_LOCK} is held by another process"
    return None


def install(*packages: str) -> None:
    """Install Debian packages, or say what to install by hand."""
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise LabError(f"This machine lacks {names} and has no apt-get; install them by hand.")
    if os.geteuid() != 0:
        raise LabError(f"Installing {names} takes root; run as root: apt-get install {names}")
    # apt-get waits for nobody, and the lab and the browser's tests may install at the same time.
    with console.step(f"apt-get install {names}"), _open_lock(_PACKAGES) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _apt_get("update", "-q")
        _apt_get("install", "-qy", "--no-install-recommends", *packages)


def _apt_get(*arguments: str) -> None:
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise LabError(f"`{' '.join(command[2:])}` failed: {last}")


def debian_mirrors() -> dict[str, str]:
    """Return where this machine gets Debian from: {"Debian": address, "Debian-Security": ...}.

    Empty where the machine is no Debian: then images keep the addresses they came with.
    """
    if not shutil.which("apt-get"):
        return {}
    form = "$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", form]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return parse_mirrors(done.stdout)


def parse_mirrors(targets: str) -> dict[str, str]:
    """Read label and address of Debian's own archives from `CREATED_BY|ORIGIN|LABEL|URI` lines."""
    fields = (line.split("|") for line in targets.splitlines())
    return {
        label: address.rstrip("/")
        for made, origin, label, address in (f for f in fields if len(f) == 4)
        if made == "Packages" and origin == "Debian"
    }


def lacks_capabilities() -> bool:
    """Tell whether this machine's root may not have every capability its kernel knows."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    return bounding_set_is_short(Path("/proc/self/status").read_text(), last)


def bounding_set_is_short(status: str, last: int) -> bool:
    """Tell whether `CapBnd` in a /proc/PID/status text misses a capability up to number `last`."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    if not found:
        raise ValueError("no CapBnd line in the status text")
    every = (1 << (last + 1)) - 1
    return int(found[1], 16) & every != every
