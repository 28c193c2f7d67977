"""A container that somebody made by hand and that is to be taken over: under its name, and with its data."""

from collections.abc import Iterator

from ..desired import Container
from ..look import by_hand
from ..look.docker import SeenContainer
from ..shell import quote
from ..step import Action, Blocker, Step
from .compared import Found, Host

KEEPS = {"zookeeper": "/data", "mesos_master": "/var/tmp/mesos", "mesos_agent": "/var/lib/mesos"}
"""Where members keep their data as they see it, if nothing else is said; a Marathon has none."""

REMEDY = "`fab adopt` says whether a setting of hosts.ini can name that place, and what to do if none can"


def container(host: Host, wanted: Container, seen: SeenContainer) -> Found:
    """Say what there is to do, or in the way, before another's container is replaced."""
    if seen.is_ours:
        return
    place = left_behind(wanted, seen)
    if place is not None:
        (own,) = data(wanted)
        where = place or "the container itself"
        told = f"it keeps its data in {where}, hosts.ini has {own}: its successor would be without them"
        yield Blocker(wanted.step, wanted.name, told, REMEDY, "left-data")
    elif seen.called:
        yield renamed(wanted, seen)


def renamed(wanted: Container, seen: SeenContainer) -> Step:
    """Give the step that has it by the runbook's name, which it may well have while it runs."""
    text = f"docker rename {quote(seen.called)} {quote(wanted.name)}\n"
    title, why = f"rename {seen.called} to {wanted.name}", "it is taken over by the runbook's name"
    return Step(wanted.step, Action.RENAME, title, why, text)


def data(wanted: Container) -> Iterator[str]:
    """Give the host's path where a container keeps what it must not lose."""
    inside = KEEPS.get(wanted.role)
    if wanted.role == "mesos_agent":
        inside = dict(wanted.environment)["MESOS_WORK_DIR"]
    return (mount.host for mount in wanted.mounts if mount.inside == inside)


def left_behind(wanted: Container, seen: SeenContainer) -> str | None:
    """Give where the data are that a successor would not have; "" if no path of the host is there.

    None if there are none, as before its first start, or it would have them.
    """
    never_ran = seen.status == "created"
    if never_ran or wanted.role not in KEEPS or (wanted.role == "mesos_master" and by_hand.in_memory(seen)):
        return None
    place = by_hand.place(seen, keeps(wanted.role, seen))
    return None if place in data(wanted) else place


def keeps(role: str, seen: SeenContainer) -> str:
    """Give where a container keeps its data, as it sees it."""
    told = seen.environment.get("ZOO_DATA_DIR") if role == "zookeeper" else None
    return told or by_hand.flags(seen, "MESOS_").get("work_dir") or KEEPS[role]
