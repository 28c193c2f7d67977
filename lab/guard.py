"""Is 10.70.0.0/24 the lab's own bridge on this machine?

Asked before any packet is sent there: without the bridge it would leave the machine.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from . import spec
from .errors import LabError

_SOME_HOST = spec.SERVERS[0].address

Route = Callable[[str], dict[str, Any]]
"""How this machine reaches an address, as `ip route get` tells."""


def _route(address: str) -> dict[str, Any]:
    command = ["ip", "-json", "route", "get", address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        raise LabError("The `ip` command is missing: apt-get install iproute2.") from None
    routes = json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else []
    return routes[0] if routes else {}


def carried(address: str = _SOME_HOST, route: Route = _route) -> bool:
    """Tell whether this machine reaches `address` through the lab's bridge."""
    return route(address).get("dev") == spec.BRIDGE


def require(address: str = _SOME_HOST, route: Route = _route) -> None:
    """Refuse to go on unless `address` is reached through the lab's bridge."""
    if not carried(address, route):
        raise LabError(
            f"The lab's network is not on this machine ({address} is not reached through "
            f"{spec.BRIDGE}); `fab lab.up` makes it."
        )


def refuse_foreign_network(route: Route = _route) -> None:
    """Refuse to make the lab on a machine that is itself in the lab's address range."""
    way = route(_SOME_HOST)
    if way and way["dev"] != spec.BRIDGE and "gateway" not in way:
        raise LabError(
            f"{spec.SUBNET} is already a network of this machine (on {way['dev']}); "
            "run the lab on a machine outside that network."
        )
