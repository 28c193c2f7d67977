"""Debian bookworm as an image to start from: pulled where that works, else made here."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import console, engine, machine
from .errors import LabError

_PULLED = "debian:bookworm-slim"
_MADE = "lab/debootstrap:bookworm"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# How long a registry may be silent. It bounds the wait where there is no way out.
_REGISTRY_TIMEOUT = 15


def provide() -> str:
    """Return the name of an image that is a bare Debian bookworm; get or make it if need be."""
    for name in (_MADE, _PULLED):
        if engine.get().images.list(name=name):
            return name
    with console.step(f"look for {_PULLED} in a public registry"):
        pulled = _pull()
    return _PULLED if pulled else _make()


def _pull() -> bool:
    import docker
    import requests

    try:
        docker.from_env(timeout=_REGISTRY_TIMEOUT).images.pull(_PULLED)
    except (docker.errors.DockerException, requests.RequestException):
        return False
    return True


def _make() -> str:
    mirror = machine.debian_mirrors().get("Debian")
    if not mirror:
        raise LabError(
            f"{_PULLED} cannot be pulled and this machine is no Debian to make it from: "
            f"load it by hand (docker save on a machine that has it, docker load here)."
        )
    if not shutil.which("debootstrap"):
        machine.install("debootstrap")
    with console.step("debootstrap bookworm"), tempfile.TemporaryDirectory() as scratch:
        _debootstrap(Path(scratch, "root"), mirror)
        _import(Path(scratch, "root"), Path(scratch, "root.tar"))
    return _MADE


def _debootstrap(root: Path, mirror: str) -> None:
    command = [
        "debootstrap", "--variant=minbase", f"--keyring={_KEYRING}", "bookworm", str(root), mirror,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise LabError(f"debootstrap from {mirror} failed: {last}")


# Devices, caches, manuals and translations are no part of an image. Their directories are:
# packages that are installed later expect them.
_LEFT_OUT = (
    "./dev/",
    "./proc/",
    "./sys/",
    "./usr/share/info/",
    "./usr/share/locale/",
    "./usr/share/man/",
    "./var/cache/apt/",
    "./var/lib/apt/lists/",
)


def _import(root: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as tar:
        tar.add(root, ".", filter=_part_of_image)
    repository, _, tag = _MADE.partition(":")
    engine.get().api.import_image_from_file(str(archive), repository=repository, tag=tag)


def _part_of_image(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    left_out = entry.name.startswith(_LEFT_OUT) and not entry.isdir()
    return None if left_out else entry
