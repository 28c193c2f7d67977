"""hosts.ini: its text becomes a Cluster, or a list of what is wrong and how to mend it."""

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from . import ini, merged, rules
from .cluster import Cluster, Node
from .ini import Assignment, Group, Ini, InventoryError, Problem, Variables
from .kinds import Wrong, address
from .kinds import name as host_name
from .settings import FOR_ANSIBLE, ROLES, VARIABLES, Settings, Ssh, Variable

__all__ = ["InventoryError", "Problem", "assignments", "parse"]


def parse(text: str, source: str = "hosts.ini") -> Cluster:
    """Read an inventory.

    `source` is the file's name as it shall stand in messages. Raises InventoryError with
    every problem found, each with its line and a remedy.
    """
    raw = ini.read(text)
    roles = _roles(raw)
    certain = not raw.problems  # else a role that seems to be lacking may only be misspelt
    _check_names(raw)
    common = _values(raw, _all_variables(raw), "all", "[all:vars]")
    nodes = [
        node for name in roles if (node := _node(raw, name, roles[name] if certain else ROLES)) is not None
    ]
    rules.check(raw, nodes, certain)
    if raw.problems:
        raise InventoryError(source, raw.problems)
    return Cluster(source, tuple(nodes), Settings(**_settings_part(common)))


def assignments(text: str) -> list[tuple[str, Assignment]]:
    """Give every variable that an inventory sets, in the order of their lines."""
    raw = ini.read(text)
    owners = [*raw.hosts.values(), *(group.variables for group in raw.groups.values())]
    return sorted((item for owner in owners for item in owner.items()), key=lambda item: item[1].line)


# Which host plays which role


def _roles(raw: Ini) -> dict[str, tuple[str, ...]]:
    """Give every host's roles, in the file's order of hosts; complain about groups."""
    reached: set[str] = set()
    playing: dict[str, list[str]] = {name: [] for name in raw.hosts}
    for role in ROLES:
        for name in _members(raw, role, reached, ()):
            if role not in playing[name]:
                playing[name].append(role)
    for group in raw.groups.values():
        _check_group(raw, group, reached)
    if not raw.hosts and not raw.problems:
        raw.complain(1, "it names no host", "put hosts below [zookeeper], [mesos_master], ...")
    return {name: tuple(roles) for name, roles in playing.items()}


def _members(raw: Ini, name: str, reached: set[str], path: tuple[str, ...]) -> Iterable[str]:
    group = raw.groups.get(name)
    if group is None:
        return
    if name in path:
        raw.complain(group.line, f"[{name}] is a child of itself", "break the circle")
        return
    reached.add(name)
    yield from group.hosts
    for child, line in group.children.items():
        if child not in raw.groups:
            raw.complain(line, f"group {child!r} is not defined", _meant(child, raw.groups, "define it"))
        yield from _members(raw, child, reached, (*path, name))


def _check_group(raw: Ini, group: Group, reached: set[str]) -> None:
    if group.name in ("all", "") and not group.has_members:
        return
    if group.name not in reached:
        raw.complain(
            group.line,
            f"[{group.name}] is no role and no child of one",
            _meant(group.name, ROLES, f"the roles are {', '.join(ROLES)}"),
        )
    elif not group.has_members:
        raw.complain(group.line, f"[{group.name}:vars] has no [{group.name}]", "add the group's hosts")
    elif not group.hosts and not group.children and not group.unread:
        raw.complain(group.line, f"[{group.name}] is empty", "name its hosts or remove the section")


def _check_names(raw: Ini) -> None:
    for name, line in raw.host_lines.items():
        if "[" in name:
            raw.complain(line, f"{name!r} is a range of hosts", "write one host per line")
        elif name.count(":") > 1:
            raw.complain(line, f"{name!r} looks like an IPv6 address", "give the host's IPv4 address")
        elif ":" in name:
            raw.complain(line, f"{name!r} holds a colon", "write the port as ansible_port=...")
        else:
            _check(raw, line, "host", name, address if _is_numeric(name) else host_name)


def _is_numeric(name: str) -> bool:
    return name.replace(".", "").isdigit()


def _address(text: str) -> str | None:
    try:
        return address(text)
    except Wrong:
        return None


def _fits(name: str) -> bool:
    try:
        return bool(host_name(name))
    except Wrong:
        return False


def _check(raw: Ini, line: int, what: str, text: str, kind: Any) -> Any:
    try:
        return kind(text)
    except Wrong as wrong:
        raw.complain(line, f"{what} {wrong.what}", wrong.mend)
        return None


# Which value every setting has


def _node(raw: Ini, name: str, roles: tuple[str, ...]) -> Node | None:
    variables = merged.variables(raw, name)
    values = _values(raw, variables, "node", f"host {name}", roles)
    own = (values.get("host_ip"), values.get("ansible_host"), name)
    where = next((found for text in own if text and (found := _address(text))), None)
    if where is None:
        unread = {"host_ip", "ansible_host"} & variables.keys() - values.keys()
        if not unread and not _is_numeric(name) and _fits(name):  # else that has been complained of
            raw.complain(
                raw.host_lines[name],
                f"{name} has no IPv4 address that the cluster could use",
                "add host_ip=ADDRESS to its line",
            )
        return None
    ssh = Ssh(**{VARIABLES[key].attribute: value for key, value in values.items() if VARIABLES[key].of_ssh})
    return Node(name, where, roles, ssh, Settings(**_settings_part(values)))


def _settings_part(values: dict[str, Any]) -> dict[str, Any]:
    return {VARIABLES[key].attribute: value for key, value in values.items() if not VARIABLES[key].of_ssh}


def _all_variables(raw: Ini) -> Variables:
    group = raw.groups.get("all")
    return group.variables if group else {}


def _values(
    raw: Ini, variables: Variables, level: str, owner: str, roles: tuple[str, ...] = ROLES
) -> dict[str, Any]:
    values = {}
    for key, assignment in variables.items():
        variable = _known(raw, key, assignment.line)
        if variable is None or (level == "node" and variable.scope == "all"):
            continue
        if variable.scope == "node" and variable.role not in (None, *roles) and _own(raw, owner, key):
            raw.complain(
                assignment.line,
                f"{key} has no effect: {owner} is not in [{variable.role}]",
                "remove it",
            )
            continue
        value = _check(raw, assignment.line, key, assignment.value, variable.kind)
        if value is not None:
            values[key] = value
    return values


def _own(raw: Ini, owner: str, key: str) -> bool:
    return key in raw.hosts.get(owner.removeprefix("host "), {})


def _known(raw: Ini, key: str, line: int) -> Variable | None:
    if key in FOR_ANSIBLE:
        return None
    if key not in VARIABLES:
        mend = _meant(key, VARIABLES, "hosts.ini as shipped lists every variable")
        raw.complain(line, f"unknown variable {key}", mend)
        return None
    return VARIABLES[key]


def _meant(word: str, known: Iterable[str], otherwise: str) -> str:
    close = _close(word, tuple(known))
    return f"did you mean {close[0]}?" if close else otherwise


@lru_cache(maxsize=256)  # what stands in [all:vars] is asked about for every host
def _close(word: str, known: tuple[str, ...]) -> list[str]:
    return difflib.get_close_matches(word, known, n=1, cutoff=0.7)
