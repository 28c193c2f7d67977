"""What the picture is of: hosts, the runbook's containers on them, and how each of them is."""

from dataclasses import dataclass
from enum import StrEnum

ROLES = {
    "zookeeper": "ZooKeeper",
    "mesos_master": "Mesos masters",
    "marathon": "Marathon",
    "mesos_agent": "Mesos agents",
}
"""How a page calls the services of each role, in the runbook's order."""


class Condition(StrEnum):
    """How a host or a member is, as far as whoever looked can tell."""

    WELL = "well"
    WRONG = "wrong"
    DIFFERS = "differs"
    UNJUDGED = "not judged"


@dataclass(frozen=True)
class Member:
    """A container of the runbook's on a host. `part` is what it says of itself: leader, follower, ...

    `complaint` is the number of the first finding about it. `running` is how many tasks an agent runs, None
    if nobody says; `tasks` are their names, as far as they are known.
    """

    host: str
    role: str
    name: str
    part: str = ""
    condition: Condition = Condition.UNJUDGED
    complaint: int | None = None
    follows: str = ""
    tasks: tuple[str, ...] = ()
    running: int | None = None


@dataclass(frozen=True)
class Machine:
    """A host of the inventory with its members, in the runbook's order."""

    name: str
    address: str
    condition: Condition
    members: tuple[Member, ...]
    complaint: int | None = None
