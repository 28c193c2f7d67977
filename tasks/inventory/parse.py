"""An inventory becomes a Cluster, or a list of what is wrong and how to mend it."""

from collections.abc import Iterator
from typing import Any

from . import groups, ini, merged, rules
from .cluster import Cluster, Node
from .kinds import Wrong, address
from .kinds import name as host_name
from .lockout import HOOK
from .names import ALIASES, JUDGED, meant
from .raw import Assignment, InventoryError, Problem, Raw, Variables
from .settings import ROLES, VARIABLES, Settings, Ssh
from .templates import fill

__all__ = ["InventoryError", "Problem", "cluster", "in_force", "parse"]


def parse(text: str, source: str = "hosts.ini") -> Cluster:
    """Read an inventory in Ansible's INI form.

    `source` is the file's name as it shall stand in messages. Raises InventoryError with
    every problem found, each with its line and a remedy.
    """
    return cluster(ini.read(text), source)


def cluster(raw: Raw, source: str) -> Cluster:
    """Make a cluster of what an inventory of any form says. Raises InventoryError."""
    roles = groups.roles(raw)
    certain = not raw.problems  # else a role that seems to be lacking may only be misspelt
    concerned: dict[str, tuple[str, ...]] = roles if certain else dict.fromkeys(roles, ROLES)
    _check_names(raw, concerned)
    common = _values(raw, rules.common_variables(raw), "all", "")
    _check_security(raw, common)
    nodes = [node for name in concerned if (node := _node(raw, name, concerned[name])) is not None]
    leaving = raw.members(groups.REMOVED)
    rules.check(raw, nodes, certain, leaving)
    _check_hook(raw, common, nodes)
    if raw.problems:
        raise InventoryError(source, raw.problems, raw.places)
    stay = tuple(node for node in nodes if node.name not in leaving)
    removed = tuple(node for node in nodes if node.name in leaving)
    return Cluster(source, stay, Settings(**_settings_part(common)), removed=removed, raw=raw)


def in_force(raw: Raw, cluster: Cluster, name: str) -> list[tuple[Node, Assignment]]:
    """Return for every node where a variable is set, by whichever of its names, if it is."""
    keys = [name, *(alias for alias, ours in ALIASES.items() if ours == name)]
    found = [(node, merged.variables(raw, node.name)) for node in cluster.nodes]
    return [(node, variables[key]) for node, variables in found for key in keys if key in variables]


def _check_names(raw: Raw, names: dict[str, tuple[str, ...]]) -> None:
    for name in names:
        line = raw.host_lines[name]
        if name.count(":") > 1:
            raw.complain(line, f"{name!r} looks like an IPv6 address", "give the host's IPv4 address")
        elif "," in name:
            raw.complain(line, f"{name!r} holds a comma", "write each host on a line of its own")
        elif "@" in name:
            raw.complain(line, f"{name!r} holds an @", "write the user as ansible_user=...")
        elif ":" in name:
            raw.complain(line, f"{name!r} holds a colon", "write the port as ansible_port=...")
        else:
            _check(raw, line, "host", name, address if _is_numeric(name) else host_name)


def _check_security(raw: Raw, common: dict[str, Any]) -> None:
    """Complain about a cluster that is to be secured and has nothing to do that with."""
    if common.get("security", "open") != "open" and "secrets_file" not in common:
        raw.complain(
            rules.common_variables(raw)["security"].line,
            f"security={common['security']} needs principals and secrets, and no secrets_file names them",
            "`fab secrets.make --out FILE` makes such a file; then add secrets_file=FILE",
        )


def _check_hook(raw: Raw, common: dict[str, Any], nodes: list[Node]) -> None:
    """Complain about a start hook of Marathon's where it has ours, by which it learns whom to let in."""
    hooked = (node for node in nodes if HOOK in dict(node.settings.marathon_environment))
    if common.get("security") == "strict" and (node := next(hooked, None)):
        raw.complain(
            merged.variables(raw, node.name)["marathon_environment"].line,
            f"marathon_environment sets {HOOK}, which security=strict needs to tell Marathon whom to let in",
            "remove it, or write security=permissive",
        )


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


def _check(raw: Raw, line: int, what: str, text: str, kind: Any) -> Any:
    try:
        return kind(text)
    except Wrong as wrong:
        raw.complain(line, f"{what} {wrong.what}", wrong.mend)
        return None


# Which value every setting has


def _node(raw: Raw, name: str, roles: tuple[str, ...]) -> Node | None:
    variables = merged.variables(raw, name)
    values = _values(raw, variables, "node", name, roles)
    own = (values.get("host_ip"), values.get("ansible_host"), name)
    where = next((found for text in own if text and (found := _address(text))), None)
    if where is None:
        given = {ALIASES.get(key, key) for key in variables}
        unread = {"host_ip", "ansible_host"} & given - values.keys()
        if not unread and not _is_numeric(name) and _fits(name):  # else that has been complained of
            _complain_of_no_address(raw, name)
        return None
    ssh = Ssh(**{VARIABLES[key].attribute: value for key, value in values.items() if VARIABLES[key].of_ssh})
    return Node(name, where, roles, ssh, Settings(**_settings_part(values)))


def _complain_of_no_address(raw: Raw, name: str) -> None:
    line = raw.host_lines[name]
    if line in raw.ranges:
        what = f"the hosts {raw.ranges[line]} have no IPv4 address that the cluster could use"
        raw.complain(line, what, "write each on a line of its own, with host_ip=ADDRESS")
    else:
        what = f"{name} has no IPv4 address that the cluster could use"
        raw.complain(line, what, f"add host_ip=ADDRESS to {raw.own}")


def _settings_part(values: dict[str, Any]) -> dict[str, Any]:
    return {VARIABLES[key].attribute: value for key, value in values.items() if not VARIABLES[key].of_ssh}


def _values(
    raw: Raw, variables: Variables, level: str, host: str, roles: tuple[str, ...] = ROLES
) -> dict[str, Any]:
    """Return the values of settings by their names; `level` is `node` or `all`."""
    values = {}
    for key, given in _ours(raw, variables, host):
        name = ALIASES.get(key, key)
        variable = VARIABLES[name]
        if level == "node" and variable.scope == "all":
            continue
        elsewhere = variable.scope == "node" and variable.role not in (None, *roles)
        if elsewhere and key in raw.hosts.get(host, {}):
            what = f"{name} has no effect: host {host} is not in [{variable.role}]"
            raw.complain(given.line, what, "remove it")
            continue
        value = _check(raw, given.line, key, given.value, variable.kind)
        if value is not None:
            values[name] = value
    return values


def _ours(raw: Raw, variables: Variables, host: str) -> Iterator[tuple[str, Assignment]]:
    """Give the variables that mean something here, with their values; complain about what cannot be taken."""
    seen: dict[str, tuple[str, Assignment]] = {}
    for key, assignment in variables.items():
        name = ALIASES.get(key, key)
        if name not in VARIABLES and key not in JUDGED:
            if close := meant(key):
                raw.complain(assignment.line, f"unknown variable {key}", f"did you mean {close}?")
            continue
        if not host and "{{" in assignment.value and name in VARIABLES and VARIABLES[name].scope == "node":
            continue  # it may name what is different for each host
        given = _filled(raw, key, assignment, variables, host)
        if given is None:
            continue
        if key in JUDGED:
            _check(raw, given.line, key, given.value, JUDGED[key])
        elif seen.setdefault(name, (key, given))[1].value != given.value:
            other, before = seen[name]
            what = f"{key} and {other} {raw.at(before.line)} are one setting"
            raw.complain(given.line, what, "keep one of the two")
        else:
            yield key, given


def _filled(raw: Raw, key: str, given: Assignment, variables: Variables, host: str) -> Assignment | None:
    """Return a variable with its templates filled in, or complain that it has no usable text."""
    text = given.value
    if "{{" in text or "{%" in text:
        known = {other: each.value for other, each in variables.items()} | {"inventory_hostname": host}
        text = _check(raw, given.line, key, text, lambda text: fill(text, known))
    if text == "" and key in JUDGED:
        return None  # what asks for nothing cannot be other than what we do
    if text == "":
        raw.complain(given.line, f"{key} has no value", "give it one or remove it")
    elif text is not None and text.startswith(("!vault", "$ANSIBLE_VAULT;")):
        what = f"{key} is encrypted with Ansible Vault, which INI cannot hold"
        raw.complain(given.line, what, "move it to group_vars/all.yml beside this file, as YAML")
    elif text and not text.replace("\t", " ").isprintable():
        odd = next(c for c in text if not c.isprintable() and c != "\t")
        raw.complain(given.line, f"{key} holds the character U+{ord(odd):04X}", "write it without")
    elif text:
        return Assignment(text, given.line)
    return None
