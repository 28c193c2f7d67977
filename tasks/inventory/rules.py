"""What must hold between the hosts of an inventory: scopes, addresses, the ensemble."""

from . import clashes, merged, mesos_values, unknown
from .cluster import Node
from .ini import Assignment, Group, Ini
from .settings import ROLES, VARIABLES

NUMBERED = ("mesos_master", "marathon")
"""The roles whose containers have a number in their names."""

OF_ONE_HOST = ("host_ip", "myid", "number", "ansible_host")


def check(raw: Ini, nodes: list[Node], certain: bool) -> None:
    """Complain about everything that only shows when hosts are seen together.

    `certain` tells whether the groups could be read without a problem; if not, nothing is said to
    be missing. `nodes` lacks those whose address could not be read.
    """
    _check_scopes(raw)
    if not any(key in group.variables for group in raw.groups.values() for key in OF_ONE_HOST):
        _check_addresses(raw, nodes)
    members = [node for node in nodes if "zookeeper" in node.roles]
    _check_ids(raw, members, certain)
    if certain and len(nodes) == len(raw.hosts):
        _check_number(raw, members)
    if not raw.problems:
        clashes.check(raw, nodes)
        _check_masters(raw, nodes)
        for node in nodes:
            _check_flags(raw, node)


def _check_scopes(raw: Ini) -> None:
    for name, variables in raw.hosts.items():
        for key, assignment in variables.items():
            if key in VARIABLES and VARIABLES[key].scope != "node":
                section = VARIABLES[key].role if VARIABLES[key].scope == "role" else "all"
                raw.complain(
                    assignment.line,
                    f"{key} of host {name} must be the same everywhere",
                    f"move it to [{section}:vars]",
                )
    for group in raw.groups.values():
        for key, assignment in group.variables.items():
            _check_group_scope(raw, group, key, assignment)


def _check_group_scope(raw: Ini, group: Group, key: str, assignment: Assignment) -> None:
    variable = VARIABLES.get(key)
    if key in OF_ONE_HOST:
        raw.complain(assignment.line, f"{key} belongs to one host", "move it to the host's line")
    elif variable is None or group.name == "all":
        return
    elif variable.scope == "all":
        raw.complain(assignment.line, f"{key} holds for the whole cluster", "move it to [all:vars]")
    elif variable.role and group.name in ROLES and variable.role != group.name:
        raw.complain(
            assignment.line,
            f"{key} does not belong in [{group.name}:vars]",
            f"move it to [{variable.role}:vars]",
        )
    elif variable.scope == "role" and group.name not in ROLES:
        raw.complain(
            assignment.line,
            f"{key} must be the same on every {variable.role} host",
            f"move it to [{variable.role}:vars]",
        )


def _check_addresses(raw: Ini, nodes: list[Node]) -> None:
    seen: dict[str, str] = {}
    for node in nodes:
        for name in sorted(node.names - {node.name} | {node.address}):
            if name in seen:
                raw.complain(
                    raw.host_lines[node.name],
                    f"hosts {seen[name]} and {node.name} are both {name}",
                    "remove one, or correct its address",
                )
            seen[name] = node.name


def _check_ids(raw: Ini, members: list[Node], certain: bool) -> None:
    first: dict[int, str] = {}
    taken = {node.settings.myid for node in members}
    free = iter(i for i in range(1, 256) if i not in taken)
    for node in members:
        own = raw.hosts[node.name].get("myid")
        if node.settings.myid is None:
            if certain and own is None:
                advice = f"add e.g. myid={next(free, 255)} to its line"
                raw.complain(raw.host_lines[node.name], f"host {node.name} has no myid", advice)
        elif node.myid not in first:
            first[node.myid] = node.name
        elif own is not None:
            raw.complain(
                own.line,
                f"myid={node.myid} is taken by host {first[node.myid]}",
                "give every ZooKeeper host an id of its own",
            )


def _check_number(raw: Ini, members: list[Node]) -> None:
    if members and len(members) % 2 == 0:
        raw.complain(
            raw.groups["zookeeper"].line,
            f"{len(members)} ZooKeeper hosts: an even number fails no better than {len(members) - 1}",
            f"use {len(members) - 1} or {len(members) + 1}",
        )


def _check_masters(raw: Ini, nodes: list[Node]) -> None:
    masters = [node for node in nodes if "mesos_master" in node.roles]
    if masters and len(masters) % 2 == 0:
        raw.complain(
            raw.groups["mesos_master"].line,
            f"{len(masters)} masters: the replicated log begins only with 2 x quorum - 1 of them",
            f"use {len(masters) - 1} or {len(masters) + 1}",
        )
    for role in NUMBERED:
        _check_numbers(raw, [node for node in nodes if role in node.roles])
    for node in nodes:
        if "number" in raw.hosts[node.name] and not set(node.roles) & set(NUMBERED):
            raw.complain(
                raw.hosts[node.name]["number"].line,
                f"number has no effect: host {node.name} is in neither [mesos_master] nor [marathon]",
                "remove it",
            )
    in_need = [node for node in nodes if set(node.roles) - {"zookeeper"}]
    if in_need and not any("zookeeper" in node.roles for node in nodes):
        line = raw.host_lines[in_need[0].name]
        raw.complain(line, "there is no [zookeeper], which Mesos and Marathon need", "add its hosts")


def _check_numbers(raw: Ini, nodes: list[Node]) -> None:
    first: dict[int, str] = {}
    for node in nodes:
        number = node.settings.number or node.settings.myid
        line = raw.host_lines[node.name]
        if number is None:
            raw.complain(
                line,
                f"host {node.name} has neither number nor myid to name its containers by",
                "add number=N to its line",
            )
        elif number in first:
            raw.complain(line, f"number {number} is taken by host {first[number]}", "add another number=N")
        else:
            first[number] = node.name


def _check_flags(raw: Ini, node: Node) -> None:
    for one in unknown.found(node):
        if one.name not in node.settings.extra_flags:
            line = merged.variables(raw, node.name)[one.setting].line
            otherwise = f"f your build has it, add extra_flags={one.name}"
            mend = f"{one.mend} I{otherwise}" if one.mend.endswith("?") else f"{one.mend}; or, i{otherwise}"
            raw.complain(line, f"{one.setting} sets {one.written}, no flag of {one.program}", mend)
    s = node.settings
    given = mesos_values.flags_of(s.marathon_environment, ())
    both = [flag for flag in given if flag in mesos_values.flags_of((), s.marathon_arguments)]
    if both and "marathon" in node.roles:
        raw.complain(
            merged.variables(raw, node.name)["marathon_arguments"].line,
            f"--{both[0]} is given here and in marathon_environment",
            "Marathon exits at a flag given twice: remove one of the two",
        )
