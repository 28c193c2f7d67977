"""Which value holds for a host, as Ansible merges them: its own, else that of its nearest group."""

from .raw import Group, Raw, Variables

PRIORITY = "ansible_group_priority"
"""Says of a group, and of no host, how it ranks among those on its level."""


def variables(raw: Raw, name: str) -> Variables:
    """Return what holds for host `name`; what groups give is worked out once for all hosts in them."""
    direct = tuple(raw.groups_of[name])
    if direct not in raw.merged:
        raw.merged[direct] = of_groups(raw, direct)
    return {**raw.merged[direct], **raw.hosts[name]}


def of_groups(raw: Raw, direct: tuple[str, ...]) -> Variables:
    """Return what these groups and those above give to a host: the deeper wins, then priority, then name."""

    def rank(group: Group) -> tuple[int, int, str]:
        return raw.depths.get(group.name, 0), priority(group), group.name

    merged: Variables = {}
    for group in sorted((raw.groups[name] for name in raw.above(*direct)), key=rank):  # the last one wins
        merged |= group.variables
    merged.pop(PRIORITY, None)
    return merged


def priority(group: Group) -> int:
    """Return a group's rank among those on its level; what is no number counts like none."""
    given = group.variables.get(PRIORITY)
    return int(given.value) if given and is_number(given.value) else 1


def is_number(text: str) -> bool:
    """Tell whether a text is a priority."""
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 10
