"""Does an app fit an offer? Resources, ports, roles, constraints. Pure, but for the choice of free ports."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .apps import Definition, on_host, ports_of
from .deployments import Task
from .options import Options

Offer = Mapping[str, Any]
_SCALARS = {"cpus": "Cpus", "mem": "Mem", "disk": "Disk", "gpus": "Gpus"}
_REASONS = {
    "mem": "InsufficientMemory",
    "cpus": "InsufficientCpus",
    "disk": "InsufficientDisk",
    "gpus": "InsufficientGpus",
}


class Misfit(Exception):
    """The offer is of no use to the app; the reason as /v2/queue names it."""


@dataclass(frozen=True)
class Fit:
    """What of an offer a task takes."""

    resources: list[dict[str, Any]]
    ports: list[int | None]


class Pool:
    """What is left of an offer while tasks are put into it."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self._scalars: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._ports: dict[str, set[int]] = {}
        for resource in offer.get("resources", []):
            if not {"disk", "reservation", "revocable"} & resource.keys():
                self._add(resource)

    def _add(self, resource: Mapping[str, Any]) -> None:
        role, name = resource.get("role", "*"), resource["name"]
        if resource["type"] == "SCALAR":
            self._scalars[role, name] += resource["scalar"]["value"]
        elif name == "ports":
            for each in resource["ranges"].get("range", []):
                self._ports.setdefault(role, set()).update(range(each["begin"], each["end"] + 1))

    def take(self, app: Definition, tasks: Sequence[Task], options: Options) -> Fit:
        """Set aside what a task of the app needs, or say why that can't be."""
        self._constraints(app, tasks)
        wanted = {name: float(app[name]) for name in _SCALARS if app[name]}
        roles = {name: self._role_for(name, amount, _roles(app, options)) for name, amount in wanted.items()}
        port_role, ports = self._choose_ports(app, _roles(app, options))
        for name, amount in wanted.items():
            self._scalars[roles[name], name] = round(self._scalars[roles[name], name] - amount, 3)
        used = {port for port in ports if port is not None}
        self._ports[port_role] = self._ports.get(port_role, set()) - used
        resources = [_scalar(name, amount, roles[name]) for name, amount in wanted.items()]
        return Fit(resources + ([_ranges(used, port_role)] if used else []), ports)

    def _role_for(self, name: str, amount: float, roles: Sequence[str]) -> str:
        for role in roles:
            if self._scalars[role, name] >= amount:
                return role
        raise Misfit(_REASONS[name] if self._scalars else "UnfulfilledRole")

    def _choose_ports(self, app: Definition, roles: Sequence[str]) -> tuple[str, list[int | None]]:
        wishes = port_wishes(app)
        for role in roles:
            free = self._ports.get(role, set())
            fixed = {wish for wish in wishes if wish}
            others = sorted(free - fixed)
            if fixed <= free and wishes.count(0) <= len(others):
                chosen = iter(random.sample(others, wishes.count(0)))
                return role, [next(chosen) if wish == 0 else wish for wish in wishes]
        raise Misfit("InsufficientPorts")

    def _constraints(self, app: Definition, tasks: Sequence[Task]) -> None:
        mine = {**attributes(self.offer), "hostname": self.offer["hostname"]}
        for field, operator, *rest in app.get("constraints", []):
            theirs = [{**task.attributes, "hostname": task.host}.get(field) for task in tasks]
            value = rest[0] if rest else ""
            if not _allowed(operator, value, mine.get(field), theirs):
                raise Misfit("UnfulfilledConstraint")


def port_wishes(app: Definition) -> list[int | None]:
    """Return a port per definition: 0 for any, None for none on the host."""
    if not on_host(app):
        return [mapping.get("hostPort") for mapping in ports_of(app)]
    return [port["port"] if app["requirePorts"] else 0 for port in ports_of(app)]


def _roles(app: Definition, options: Options) -> list[str]:
    both = [options["mesos_role"], "*"] if options["mesos_role"] else ["*"]
    default = options["default_accepted_resource_roles"]
    accepted = app.get("acceptedResourceRoles") or (default.split(",") if default else both)
    return [role for role in both if role in accepted]


def _allowed(operator: str, value: str, mine: str | None, theirs: Sequence[str | None]) -> bool:
    if mine is None:
        return operator == "UNLIKE"
    if operator == "CLUSTER":
        return mine == value if value else set(theirs) <= {mine}
    if operator in ("LIKE", "UNLIKE"):
        return bool(re.fullmatch(value, mine)) == (operator == "LIKE")
    counts = Counter(theirs)
    if operator == "GROUP_BY":
        spread = int(value or 0) > len(counts)
        return not counts or counts[mine] <= min(counts.values()) and (not spread or mine not in counts)
    return counts[mine] < (int(value) if operator == "MAX_PER" else 1)


def attributes(offer: Offer) -> dict[str, str]:
    """Return the agent's attributes as texts."""
    found = {}
    for each in offer.get("attributes", []):
        value = each.get(each["type"].lower(), {})
        found[each["name"]] = (
            f"{value['value']:g}" if each["type"] == "SCALAR" else str(value.get("value", value))
        )
    return found


def _scalar(name: str, amount: float, role: str) -> dict[str, Any]:
    return {"name": name, "type": "SCALAR", "scalar": {"value": amount}, "role": role}


def _ranges(ports: set[int], role: str) -> dict[str, Any]:
    ranges = [{"begin": port, "end": port} for port in sorted(ports)]
    return {"name": "ports", "type": "RANGES", "ranges": {"range": ranges}, "role": role}
