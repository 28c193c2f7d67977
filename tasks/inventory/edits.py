"""Changes of hosts.ini as data: what a message advises, and what the inventory would be with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from . import merged, parse, rules
from .cluster import Cluster, Node
from .names import ALIASES
from .raw import Assignment, Group, InventoryError, Raw, Variables
from .secret import HIDDEN, is_secret
from .settings import VARIABLES

PLAIN = re.compile(r"[\w.:/@-]+")
"""A value that needs no quotes."""


@dataclass(frozen=True)
class Set:
    """Give a setting a value, for a host or for all (""); "" as the value takes the setting away."""

    setting: str
    value: str
    host: str = ""


@dataclass(frozen=True)
class Add:
    """Add a word to a setting that holds several, for a host or for all ("")."""

    setting: str
    word: str
    host: str = ""


@dataclass(frozen=True)
class Join:
    """Put a host into the group of a role."""

    host: str
    role: str


@dataclass(frozen=True)
class Leave:
    """Take a host out of the group of a role."""

    host: str
    role: str


Edit = Set | Add | Join | Leave


@dataclass(frozen=True)
class Change:
    """Edits that are made together. `premise` says under which condition: `if X is gone for good`."""

    edits: tuple[Edit, ...]
    premise: str = ""

    def __str__(self) -> str:
        """Word it: `set myid=3 for 10.0.0.1 and take 10.0.0.2 out of [marathon] in hosts.ini`."""
        *first, last = _phrases(self.edits)
        told = f"{', '.join(first)} and {last}" if first else last
        return f"{self.premise}, {told} in hosts.ini" if self.premise else f"{told} in hosts.ini"


def _phrases(edits: tuple[Edit, ...]) -> Iterator[str]:
    for host, those in groupby(edits, lambda one: one.host):
        yield from _of_host(host, list(those))


def _of_host(host: str, edits: list[Edit]) -> Iterator[str]:
    """Word what is edited of one host, or of all (""): a host that comes does so with its settings."""
    given = " and ".join(f"{e.setting}={_quoted(e)}" for e in edits if isinstance(e, Set) and e.value)
    gone = " and ".join(e.setting for e in edits if isinstance(e, Set) and not e.value)
    for edit in edits:
        match edit:
            case Add(setting, word):
                yield f"add {word} to {setting}{' of ' + host if host else ''}"
            case Join(_, role):
                yield f"put {host} into [{role}]{' with ' + given if given else ''}"
                given = ""
            case Leave(_, role):
                yield f"take {host}{' and its ' + gone if gone else ''} out of [{role}]"
                gone = ""
    if given:
        yield f"set {given}{' for ' + host if host else ''}"
    if gone:
        yield f"take {gone} away{' from ' + host if host else ''}"


def _quoted(one: Set) -> str:
    value = HIDDEN if is_secret(one.setting, one.value) else one.value
    return value if PLAIN.fullmatch(one.value) else f"'{value}'"


def applied(cluster: Cluster, change: Change) -> Cluster | None:
    """Return the cluster of the inventory with this change; None if the inventory would be refused."""
    if cluster.raw is None:
        return None
    raw = _copied(cluster.raw)
    for edit in change.edits:
        _edit(raw, edit)
    try:
        changed = parse.cluster(raw, cluster.source)
        return replace(changed, credentials=cluster.credentials, kept=cluster.kept)
    except InventoryError:
        return None


def whom(change: Change, cluster: Cluster) -> set[str]:
    """Return the hosts that get another setting: what is not known of them, nobody can say of the change."""
    found: set[str] = set()
    for edit in change.edits:
        if isinstance(edit, Set | Add):
            found |= {edit.host} if edit.host else {node.name for node in _concerned(edit.setting, cluster)}
    return found & {node.name for node in cluster.nodes}


def _concerned(setting: str, cluster: Cluster) -> tuple[Node, ...]:
    role = VARIABLES[setting].role
    of_ours = setting == "preflight_ignore"  # no host notices that one
    return () if of_ours else cluster.having(role) if role else cluster.nodes


def _copied(raw: Raw) -> Raw:
    return Raw(
        groups={
            name: replace(
                group, hosts={**group.hosts}, children={**group.children}, variables={**group.variables}
            )
            for name, group in raw.groups.items()
        },
        hosts={name: {**variables} for name, variables in raw.hosts.items()},
        host_lines={**raw.host_lines},
        ranges=raw.ranges,
        places=raw.places,
    )


def _edit(raw: Raw, edit: Edit) -> None:
    match edit:
        case Set(setting, value, host):
            for variables in _owners(raw, setting, host):
                _put(variables, setting, value)
        case Add(setting, word, host):
            between = "," if setting == "preflight_ignore" else " "
            for variables in _owners(raw, setting, host):
                _put(variables, setting, between.join(filter(None, (_given(raw, setting, host), word))))
        case Join(host, role):
            line = raw.host_lines.setdefault(host, 1)
            raw.hosts.setdefault(host, {})
            raw.groups.setdefault(role, Group(role, line, has_members=True)).hosts[host] = line
        case Leave(host, role):
            for name in raw.below(role):
                raw.groups[name].hosts.pop(host, None)


def _owners(raw: Raw, setting: str, host: str) -> list[Variables]:
    """Return where a setting is to be set: on the host, or in every group that sets it, else in `all`."""
    if host:
        return [raw.hosts.setdefault(host, {})]
    setting_it = [group.variables for group in raw.groups.values() if setting in group.variables]
    return setting_it or [raw.groups.setdefault("all", Group("all", 1)).variables]


def _given(raw: Raw, setting: str, host: str) -> str:
    """Return what a setting says so far, for a host or for all."""
    everywhere = merged.variables(raw, host) if host else rules.common_variables(raw)
    return everywhere[setting].value if setting in everywhere else ""


def _put(variables: Variables, setting: str, value: str) -> None:
    for name in [setting, *(other for other, ours in ALIASES.items() if ours == setting)]:
        variables.pop(name, None)
    if value:
        variables[setting] = Assignment(value, 1)
