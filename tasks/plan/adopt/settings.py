"""The settings that keep what runs by hand as it is, as far as hosts.ini can have them."""

from collections.abc import Iterator, Mapping
from shlex import join

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Set, applied
from ...inventory.kinds import Wrong
from ...inventory.secret import is_secret
from ...inventory.settings import VARIABLES
from . import kept
from .members import Member

UNIQUE = ("myid",)
"""What no two hosts may have, whatever they agree on."""


class Draft:
    """The settings so far, each of which hosts.ini may have beside the others, and what none can keep."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.edits: tuple[Set, ...] = ()
        self.unkept: list[tuple[str, str]] = []

    def takes(self, *edits: Set) -> bool:
        """Tell whether hosts.ini may have these as well; a secret it is not given."""
        secret = any(is_secret(edit.setting, edit.value) for edit in edits)
        return not secret and applied(self.cluster, Change((*self.edits, *edits))) is not None

    def keep(self, setting: str, values: Mapping[str, str]) -> None:
        """Have a setting keep these values, by host; on one line, where all agree that it concerns."""
        needed = {name: value for name, value in values.items() if self._differs(name, setting, value)}
        edits = self._everywhere(setting, values) or tuple(
            Set(setting, v, name) for name, v in needed.items()
        )
        if needed and self.takes(*edits):
            self.edits += edits
        elif needed:
            self.unkept += [(name, self._why_not(setting, value)) for name, value in needed.items()]

    def _why_not(self, setting: str, value: str) -> str:
        if is_secret(setting, value):
            return f"{setting} would hold a secret, which is not written: set it yourself, or it goes"
        return f"{setting}={value}: hosts.ini cannot have it so"

    def _differs(self, name: str, setting: str, value: str) -> bool:
        node, variable = self.node(name), VARIABLES[setting]
        owner = self.cluster.settings if variable.scope == "all" else node.settings
        try:
            return bool(getattr(owner, variable.attribute) != variable.kind(value))
        except Wrong:
            return True

    def _everywhere(self, setting: str, values: Mapping[str, str]) -> tuple[Set, ...]:
        """Give the one edit for all hosts, where no host has the setting on its own."""
        variable, raw = VARIABLES[setting], self.cluster.raw
        concerned = self.cluster.having(variable.role) if variable.role else self.cluster.nodes
        own = any(setting in given for given in (raw.hosts if raw else {}).values())
        agreed = len({*values.values()}) == 1 and setting not in UNIQUE and not own
        whole = {node.name for node in concerned} <= values.keys() or variable.scope != "node"
        return (Set(setting, next(iter(values.values()))),) if agreed and whole else ()

    def node(self, name: str) -> Node:
        """Give a node of the cluster."""
        return next(node for node in self.cluster.nodes if node.name == name)


def draft(cluster: Cluster, found: Mapping[str, tuple[Member, ...]]) -> Draft:
    """Give the settings for what was found on each host."""
    made = Draft(cluster)
    wanted: dict[str, dict[str, str]] = {}
    for name, members in found.items():
        for member in members:
            for setting, value in _wishes(made, made.node(name), member):
                wanted.setdefault(setting, {}).setdefault(name, value)
    for setting, values in wanted.items():
        made.keep(setting, values)
    return made


def _wishes(made: Draft, node: Node, member: Member) -> Iterator[kept.Wish]:
    yield from kept.wishes(made.cluster, node, member)
    for key in kept.unknown(member):
        told = f"{member.name}: {key} of its zoo.cfg goes, there is no setting for it"
        made.unkept.append((node.name, told))
    if further := _variables(made, node, member):
        yield f"{member.role}_environment", kept.assigned(further)
    if words := kept.arguments(member):
        yield "marathon_arguments", join(words)


def _variables(made: Draft, node: Node, member: Member) -> dict[str, str]:
    """Give the further variables of a member that can be kept, those of hosts.ini first."""
    setting = f"{member.role}_environment"
    given: dict[str, str] = dict(getattr(node.settings, setting)) if setting in VARIABLES else {}
    for name, value in kept.variables(member).items():
        if given.get(name) == value:
            continue
        if is_secret(name, value):
            told = f"{name} holds a secret, which is not written: add it to {setting} yourself, or it goes"
        elif made.takes(Set(setting, kept.assigned(given | {name: value}), node.name)):
            given[name] = value
            continue
        else:
            told = f"{name} goes: hosts.ini cannot have it in {setting}"
        made.unkept.append((node.name, f"{member.name}: {told}"))
    return given
