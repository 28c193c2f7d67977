"""What must hold between the hosts of an inventory: scopes, addresses, the ensemble."""

import re
from collections.abc import Collection

from . import clashes, merged, mesos_values, unknown
from .cluster import Node
from .groups import REMOVED
from .names import ALIASES
from .raw import Assignment, Group, Raw, Variables
from .settings import ROLES, VARIABLES

NUMBERED = ("mesos_master", "marathon")
"""The roles whose containers have a number in their names."""

OTHER_IDS = re.compile(r"(zk|zoo|zookeeper)_?(server_?)?(my)?_?id|my_id|server_?id", re.I)
"""What other tools call ZooKeeper's myid."""

OF_ONE_HOST = ("host_ip", "myid", "number", "ansible_host")


def check(raw: Raw, nodes: list[Node], certain: bool, leaving: Collection[str] = ()) -> None:
    """Complain about everything that only shows when hosts are seen together.

    `certain` tells whether the groups could be read without a problem; if not, nothing is said to
    be missing. `nodes` lacks those whose address could not be read. Those that are `leaving` must not clash
    with others by their address, but their ids and numbers are free.
    """
    _check_scopes(raw, nodes)
    given = {ALIASES.get(key, key) for group in raw.groups.values() for key in group.variables}
    if not given & set(OF_ONE_HOST):
        _check_addresses(raw, nodes)
    stay = [node for node in nodes if node.name not in leaving]
    members = [node for node in stay if "zookeeper" in node.roles]
    _check_ids(raw, members, certain)
    if certain and len(members) == len(raw.members("zookeeper").difference(leaving)):
        fewer = len(members) - 1
        _refuse_even(
            raw,
            "zookeeper",
            members,
            f"ZooKeeper hosts: an even number tolerates no more failures than {fewer}",
        )
    if not raw.problems:
        clashes.check(raw, nodes)
        _check_masters(raw, stay)
        _check_leaving(raw, [node for node in nodes if node.name in leaving], stay)
        for node in nodes:
            _check_flags(raw, node)


def common_variables(raw: Raw) -> Variables:
    """Return what holds for the whole cluster: what `all` sets, and a group above every role."""
    return merged.of_groups(raw, tuple(_wide(raw)))


def _wide(raw: Raw) -> set[str]:
    above = [set(raw.above(role)) for role in ROLES if raw.members(role)]
    return set.intersection(*above, {*raw.groups}) - set(ROLES) if above else {*raw.groups} & {"all"}


def _check_scopes(raw: Raw, nodes: list[Node]) -> None:
    for node in nodes:
        for key, assignment in raw.hosts[node.name].items():
            if key in VARIABLES and VARIABLES[key].scope != "node":
                section = VARIABLES[key].role if VARIABLES[key].scope == "role" else "all"
                raw.complain(
                    assignment.line,
                    f"{key} of host {node.name} must be the same everywhere",
                    f"move it to {raw.variables_of(section or 'all')}",
                )
    wide = _wide(raw)
    direct = dict.fromkeys(name for node in nodes for name in raw.groups_of[node.name])
    for name in raw.above(*direct):
        for key, assignment in raw.groups[name].variables.items():
            _check_group_scope(raw, raw.groups[name], key, assignment, name in wide)


def _check_group_scope(raw: Raw, group: Group, key: str, assignment: Assignment, wide: bool) -> None:
    variable = VARIABLES.get(key)
    role = variable.role if variable else None
    if ALIASES.get(key, key) in OF_ONE_HOST and "{{" not in assignment.value:
        raw.complain(assignment.line, f"{key} belongs to one host", f"move it to {raw.own_of_a_host}")
    elif variable is None or wide:
        return
    elif variable.scope == "all":
        what = f"{key} holds for the whole cluster"
        raw.complain(assignment.line, what, f"move it to {raw.variables_of('all')}")
    elif role and group.name in ROLES and role != group.name:
        what = f"{key} does not belong in {raw.variables_of(group.name)}"
        raw.complain(assignment.line, what, f"move it to {raw.variables_of(role)}")
    elif variable.scope == "role" and role and group.name not in raw.above(role):
        what = f"{key} must be the same on every {role} host"
        raw.complain(assignment.line, what, f"move it to {raw.variables_of(role)}")


def _check_addresses(raw: Raw, nodes: list[Node]) -> None:
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


def _check_ids(raw: Raw, members: list[Node], certain: bool) -> None:
    if certain:
        _check_that_all_have_ids(raw, {node.settings.myid for node in members})
    first: dict[int, str] = {}
    for node in (node for node in members if node.settings.myid is not None):
        own = raw.hosts[node.name].get("myid")
        if node.myid not in first:
            first[node.myid] = node.name
        elif own is not None:
            raw.complain(
                own.line,
                f"myid={node.myid} is taken by host {first[node.myid]}",
                "give every ZooKeeper host an id of its own",
            )


def _check_that_all_have_ids(raw: Raw, taken: set[int | None]) -> None:
    free = iter(i for i in range(1, 256) if i not in taken)
    members = raw.members("zookeeper")
    for name in raw.hosts:
        if name in members and "myid" not in raw.hosts[name]:
            advice = _id_by_another_name(raw, name) or f"add e.g. myid={next(free, 255)} to {raw.own}"
            _complain_of_lack(raw, name, "no myid", "myid", advice)


def _id_by_another_name(raw: Raw, name: str) -> str:
    """Return what to do about an id that other tools call otherwise, "" if there is none."""
    given = merged.variables(raw, name)
    other = next((key for key in given if OTHER_IDS.fullmatch(key) and given[key].value.isdecimal()), None)
    return f"rename its {other} {raw.at(given[other].line)} to myid" if other else ""


def _complain_of_lack(raw: Raw, host: str, lack: str, name: str, advice: str) -> None:
    """Say what a host lacks; of hosts that one line names it is said once."""
    line = raw.host_lines[host]
    if line in raw.ranges:
        mend = f"write each on a line of its own, with {name}=N"
        raw.complain(line, f"the hosts {raw.ranges[line]} have {lack}", mend)
    else:
        raw.complain(line, f"host {host} has {lack}", advice)


def _refuse_even(raw: Raw, role: str, nodes: list[Node], why: str) -> None:
    number = len(nodes)
    if nodes and number % 2 == 0:
        raw.complain(raw.groups[role].line, f"{number} {why}", f"use {number - 1} or {number + 1}")


def _check_masters(raw: Raw, nodes: list[Node]) -> None:
    masters = [node for node in nodes if "mesos_master" in node.roles]
    why = "masters: the replicated log begins only with 2 x quorum - 1 of them"
    _refuse_even(raw, "mesos_master", masters, why)
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


def _check_leaving(raw: Raw, leaving: list[Node], stay: list[Node]) -> None:
    for role in NUMBERED:
        _check_numbers(raw, [node for node in leaving if role in node.roles])
    if leaving and not stay:
        line = raw.groups[REMOVED].line
        raw.complain(line, "every host is in [removed]", "`fab retire` takes a whole cluster from its hosts")


def _check_numbers(raw: Raw, nodes: list[Node]) -> None:
    first: dict[int, str] = {}
    for node in nodes:
        number = node.settings.number or node.settings.myid
        line = raw.host_lines[node.name]
        if number is None:
            lack = "neither number nor myid to name its containers by"
            _complain_of_lack(raw, node.name, lack, "number", f"add number=N to {raw.own}")
        elif number in first:
            raw.complain(line, f"number {number} is taken by host {first[number]}", "add another number=N")
        else:
            first[number] = node.name


def _check_flags(raw: Raw, node: Node) -> None:
    for one in unknown.found(node):
        if one.name not in node.settings.extra_flags:
            line = merged.variables(raw, node.name)[one.setting].line
            otherwise = f"f your build has it, add extra_flags={one.name}"
            mend = f"{one.mend} I{otherwise}" if one.mend.endswith("?") else f"{one.mend}; or, i{otherwise}"
            raw.complain(line, f"{one.setting} sets {one.written}, not a flag of {one.program}", mend)
    s = node.settings
    given = mesos_values.flags_of(s.marathon_environment, ())
    both = [flag for flag in given if flag in mesos_values.flags_of((), s.marathon_arguments)]
    if both and "marathon" in node.roles:
        raw.complain(
            merged.variables(raw, node.name)["marathon_arguments"].line,
            f"--{both[0]} is given here and in marathon_environment",
            "Marathon exits at a flag given twice: remove one of the two",
        )
