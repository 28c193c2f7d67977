"""The cable between a host and the lab's bridge: pulled, plugged in, made long, looked at.

The engine could take a host off the network too, but would take interface and address with
it: programs on the host would see an error at once. Behind a pulled cable packets vanish.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import spec
from .errors import LabError

_SLOW_LINE = Path(__file__).with_name("slow_line.py")


def is_plugged(pid: int) -> bool:
    """Tell whether the host whose first process is `pid` is connected to the bridge."""
    return _outer_end(pid).get("master") == spec.BRIDGE


def pull(pid: int) -> None:
    """Disconnect a host from the bridge; it notices nothing but silence."""
    _ip("link", "set", "dev", _outer_end(pid)["ifname"], "nomaster")


def plug(pid: int) -> None:
    """Connect a host to the bridge again, directly."""
    outer = _outer_end(pid)["ifname"]
    if _exists(_far(outer)):
        _ip("link", "delete", "dev", _far(outer))  # the long line ends with its interface
    _ip("link", "set", "dev", outer, "master", spec.BRIDGE)


def is_long(pid: int) -> bool:
    """Tell whether the host is connected to the bridge through a long line."""
    return _exists(_far(_outer_end(pid)["ifname"]))


def lengthen(pid: int, delay: float, loss: float) -> None:
    """Have `delay` seconds pass and a share of `loss` of the frames lost on each way to and from a host."""
    outer = _outer_end(pid)["ifname"]
    far, near = _far(outer), f"{_far(outer)}-n"
    pull(pid)
    _ip("link", "add", "dev", near, "type", "veth", "peer", "name", far)
    for end in (outer, far):
        _silence(end)
    _ip("link", "set", "dev", near, "master", spec.BRIDGE, "up")
    _ip("link", "set", "dev", far, "up")
    command = [sys.executable, str(_SLOW_LINE), outer, far, str(delay), str(loss)]
    nothing = subprocess.DEVNULL
    subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True)


def _far(outer: str) -> str:
    """Name the interface at the far end of a host's long line; its peer is plugged into the bridge."""
    return f"far{outer.removeprefix('veth')}"


def _silence(interface: str) -> None:
    """Keep this machine from answering on an interface that only frames for others pass."""
    _ip("link", "set", "dev", interface, "addrgenmode", "none")
    Path(f"/proc/sys/net/ipv4/conf/{interface}/arp_ignore").write_text("8")


def _exists(interface: str) -> bool:
    return Path("/sys/class/net", interface).exists()


def _outer_end(pid: int) -> dict[str, Any]:
    inner = _json("nsenter", "--net", f"--target={pid}", "ip", "-json", "link", "show", "eth0")
    peers = _json("ip", "-json", "link", "show", "type", "veth")
    number = inner[0]["link_index"]
    return next(peer for peer in peers if peer["ifindex"] == number)


def _ip(*arguments: str) -> None:
    _output("ip", *arguments)


def _json(*command: str) -> list[dict[str, Any]]:
    return json.loads(_output(*command))  # type: ignore[no-any-return]


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    if done.returncode != 0:
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()} (are you root?)")
    return done.stdout
