"""Which value holds for a host: its own line's, its groups' (a child's before its parent's), that of all."""

from .ini import Assignment, Group, Ini, Variables
from .secret import quoted
from .settings import VARIABLES


def variables(raw: Ini, name: str) -> Variables:
    """Merge what holds for host `name` as Ansible does; complain where Ansible would go by the alphabet."""
    everywhere = raw.groups["all"].variables if "all" in raw.groups else {}
    groups = _groups_of(raw, name)
    keys = dict.fromkeys(key for group in groups for key in group.variables)
    from_groups = {key: _settled(raw, name, key, [g for g in groups if key in g.variables]) for key in keys}
    return {**everywhere, **from_groups, **raw.hosts[name]}


def _groups_of(raw: Ini, name: str) -> list[Group]:
    groups = [g for g in raw.groups.values() if name in g.hosts and g.name != "all"]
    for group in groups:  # grows while it is walked: parents of parents too
        groups += [g for g in raw.groups.values() if group.name in g.children and g not in groups]
    return groups


def _settled(raw: Ini, name: str, key: str, groups: list[Group]) -> Assignment:
    """Give the value that a host's groups give to `key`: a parent's counts only if no child has one."""
    nearest = [g for g in groups if not any(o.name in _below(raw, g) for o in groups if o is not g)]
    first, *others = [group.variables[key] for group in nearest or groups]
    for other in others:
        if other.value != first.value and key not in raw.hosts[name]:
            _complain(raw, key, other, first)
    return first


def _below(raw: Ini, group: Group) -> set[str]:
    found = list(group.children)
    for name in found:  # grows while it is walked
        children = raw.groups[name].children if name in raw.groups else {}
        found += [child for child in children if child not in found]
    return set(found)


def _complain(raw: Ini, key: str, one: Assignment, other: Assignment) -> None:
    own = " or set it on the host's own line" if key in VARIABLES and VARIABLES[key].scope == "node" else ""
    raw.complain(
        one.line,
        f"{key} is {quoted(key, one.value)} here and {quoted(key, other.value)} on line {other.line}, "
        "for the same host",
        f"keep one of the two{own}",
    )
