"""Which host plays which role, by its groups; and which group only looks like a role's."""

import re
from collections.abc import Iterable

from .merged import PRIORITY, is_number
from .near import near
from .raw import Group, Raw
from .settings import ROLES

SAME = {"slave": "agent", "zk": "zookeeper", "zoo": "zookeeper"}
"""Other words for what our roles are called."""

EMPTY = frozenset("server node host member instance machine vm group ensemble cluster role".split())
"""Words that say nothing: `zookeeper_servers` are our zookeepers."""

BARE = {"master": "mesos_master", "agent": "mesos_agent"}
MESOS = ("mesos_master", "marathon", "mesos_agent")
IMPLIED = ("all", "ungrouped")
"""The groups that every inventory has."""

REMOVED = "removed"
"""The group of hosts that leave the cluster; they stay in the groups of their roles until they have left."""

WITHOUT_COLON = re.compile(rf"({'|'.join([*ROLES, *IMPLIED])}).?(children|vars)")


def roles(raw: Raw) -> dict[str, tuple[str, ...]]:
    """Return the roles of every host that plays one, in the inventory's order; complain about groups."""
    _check_children(raw)
    members = {role: raw.members(role) for role in ROLES}
    reached = set(raw.below(*ROLES))
    for group in raw.groups.values():
        _check_group(raw, group, reached, members)
    playing = {name: tuple(role for role in ROLES if name in members[role]) for name in raw.hosts}
    found = {name: roles for name, roles in playing.items() if roles}
    if not found and not raw.problems:
        what = "none of its hosts plays a role" if raw.hosts else "it names no host"
        raw.complain(1, what, "put hosts below [zookeeper], [mesos_master], ...")
    return found


def _check_children(raw: Raw) -> None:
    told: set[str] = set()
    for group in raw.groups.values():
        for child, line in group.children.items():
            if child not in raw.groups:
                raw.complain(line, f"group {child!r} is not defined", meant(child, raw.groups, "define it"))
        circle = {name for child in group.children for name in raw.below(child)}
        if group.name in circle and group.name not in told:
            told |= circle
            raw.complain(group.line, f"[{group.name}] is a child of itself", "break the circle")


def _check_group(raw: Raw, group: Group, reached: set[str], members: dict[str, set[str]]) -> None:
    role = "" if group.name in reached else role_meant(group.name, members)
    given = group.variables.get(PRIORITY)
    if given and not is_number(given.value):
        raw.complain(given.line, f"{PRIORITY} is {given.value!r}", "write a whole number")
    kind = WITHOUT_COLON.fullmatch(group.name)
    if kind:
        raw.complain(group.line, f"[{group.name}] has no colon", f"did you mean [{kind[1]}:{kind[2]}]?")
    elif role and not (group.has_members and raw.members(group.name) <= members[role]):
        raw.complain(
            group.line, f"[{group.name}] is neither a role nor a child of one", f"did you mean {role}?"
        )
        members[role] |= raw.members(group.name)  # what is wrong with its hosts is told, too
    elif not group.has_members and group.name not in IMPLIED:
        defined = [other.name for other in raw.groups.values() if other.has_members]
        raw.complain(
            group.line,
            f"[{group.name}:vars] has no [{group.name}]",
            meant(group.name, defined, "add the group's hosts"),
        )
    elif group.name in reached:
        _check_role(raw, group)


def _check_role(raw: Raw, group: Group) -> None:
    if not group.hosts and not group.children and not group.unread:
        raw.complain(group.line, f"[{group.name}] is empty", "name its hosts or remove the section")
    for name, line in group.repeated.items():
        raw.complain(
            line,
            f"host {name} appears twice in [{group.name}] (first on line {group.hosts[name]})",
            "remove one of the two lines",
        )


def role_meant(name: str, members: dict[str, set[str]]) -> str:
    """Return the role that a group's name is another spelling of, "" if it is a group of other purposes."""
    words = [_word(word) for word in re.split("[^a-z0-9]+", name.lower())]
    plain = "_".join(word for word in words if word not in EMPTY)
    if plain in BARE:  # it may be another program's, unless a part of our Mesos is lacking
        role = BARE[plain]
        return role if not members[role] and any(members[other] for other in MESOS) else ""
    extended = any(re.match(rf"{role}([-_.]|[0-9])", name.lower()) for role in ROLES)
    return "" if extended and plain not in ROLES else near(name, ROLES) or near(plain, ROLES)


def _word(word: str) -> str:
    single = word.removesuffix("s") if word != "mesos" else word
    return SAME.get(single, single)


def meant(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return the question after a known word that `word` is a slip of, else another remedy."""
    close = near(word, tuple(known))
    return f"did you mean {close}?" if close else otherwise
