"""What master, agent and executor share as processes: log, signals, exits, addresses."""

from __future__ import annotations

import getpass
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from standin import process, web
from standin.process import finish as finish
from standin.process import spawn as spawn

from . import credentials
from .flags import Flags

log = logging.getLogger("mesos")


def start(program: str, flags: Flags, pid_name: str) -> None:
    """Begin to log, say with which flags, and die of SIGTERM as the real programs do."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if directory := flags.text("log_dir"):
        handlers.append(logging.FileHandler(_log_file(Path(directory), program)))
    form = "%(levelname).1s%(asctime)s.000000 %(process)d %(filename)s:%(lineno)d] %(message)s"
    logging.basicConfig(format=form, datefmt="%m%d %H:%M:%S", handlers=handlers, level="INFO", force=True)
    logging.getLogger("kazoo").setLevel(logging.ERROR)
    log.info("This is a stand-in for Mesos 1.5.0, made for tests; process %s", pid_name)
    shown = (f'--{name}="{value}"' for name, value in sorted(flags.values.items()))
    log.info("Flags at startup: %s", " ".join(shown))
    signal.signal(signal.SIGTERM, _terminated)


def refuse(text: str) -> NoReturn:
    """End as the real programs do when a configuration cannot work."""
    line = f"EXIT with status 1: {text}"
    log.error(line) if log.hasHandlers() else print(f"E {line}", file=sys.stderr)
    finish(1)


def abort(text: str) -> NoReturn:
    """End as the real programs do when something fails that never should: SIGABRT."""
    log.critical(text)
    process.flush()
    os.abort()


def crash(text: str) -> NoReturn:
    """End as the real programs do where a check of theirs fails: that ends a process 1, too."""
    log.critical("Check failed: %s", text)
    finish(128 + signal.SIGSEGV)


def warn_of(flags: Flags, *names: str) -> None:
    """Say which files with secrets others may read."""
    for name in names:
        path = flags.text(name)
        if path is not None and credentials.too_open(path):
            why = "it is recommended that your credentials file is NOT accessible by others"
            log.warning("Permissions on credentials file '%s' are too open; %s", path, why)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run until something ends the process."""
    process.run(main, abort)


def serve(handler: web.Handler, ip: str, port: int) -> None:
    """Answer at an address, or end if that cannot be."""
    try:
        web.serve(handler, ip, port)
    except OSError as error:
        refuse(f"Failed to initialize: Failed to bind on {ip}:{port}: {error.strerror}")


def address(flags: Flags) -> tuple[str, str, int, int]:
    """Return the address to bind, the address and port to tell others, and the port to bind."""
    bound = flags.text("ip") or "0.0.0.0"
    port = flags.number("port")
    told = flags.text("advertise_ip") or flags.text("ip")
    if not told:
        try:
            told = socket.gethostbyname(socket.gethostname())
        except OSError as error:
            refuse(f"Failed to obtain the IP address for '{socket.gethostname()}': {error}")
    return bound, told, int(flags.text("advertise_port") or port), port


def hostname(flags: Flags, ip: str) -> str:
    """Return the host name to tell others."""
    given = flags.text("hostname")
    if given is not None:
        return given
    return name_of(ip) if flags.true("hostname_lookup") else ip


def name_of(ip: str) -> str:
    """Return the name of an address, or the address where it has none."""
    try:
        return socket.gethostbyaddr(ip)[0]
    except OSError:
        return ip


def _terminated(number: int, frame: object) -> None:
    log.warning("Received signal SIGTERM; exiting")
    process.flush()
    # A container's process 1 survives this: the kernel does not deliver it. The real ones do so too.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _log_file(directory: Path, program: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    when = time.strftime("%Y%m%d-%H%M%S")
    name = f"{program}.{socket.gethostname()}.{getpass.getuser()}.log.INFO.{when}.{os.getpid()}"
    link = directory / f"{program}.INFO"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    return directory / name


def write(path: Path, content: bytes) -> None:
    """Write a file that is either the old or the new one, whenever this is cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".next")
    beside.write_bytes(content)
    beside.replace(path)
