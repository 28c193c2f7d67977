"""An election in ZooKeeper: each candidate has a node of its session's, and the smallest number leads.

Mesos masters and Marathons elect so, and none of them closes its session when it is killed: the node
stays, and nobody else leads, until the session expires.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidacy:
    """One candidate's node: its path, what stands in it, its session, and the zxid that made it."""

    path: str
    data: str
    session: int
    made: int


def in_line(standing: Iterable[Candidacy], name: str) -> list[Candidacy]:
    """Give the candidacies whose node is called `name` (a pattern) and a number; the first one leads."""
    pattern = re.compile(f"{name}([0-9]{{1,19}})", re.ASCII)
    numbered = [
        (int(match[1]), one)
        for one in standing
        if (match := pattern.fullmatch(one.path.rpartition("/")[2])) and one.session
    ]
    return [one for _, one in sorted(numbered, key=lambda each: each[0])]
