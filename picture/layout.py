"""Where everything in the picture is: pure functions from the machines to a Picture.

Hosts with ZooKeeper, master or Marathon are columns, with a lane for each of these services, so that who
follows whom is a line along the lane. Agents are a grid below.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from pages.texts import MARGIN, WIDTH, Label

from .agents import grid
from .cells import CELL, cell, frame
from .shapes import Box, Line, Picture
from .topology import ROLES, Machine, Member

LANES = ("zookeeper", "mesos_master", "marathon")

GUTTER = 140
"""Units on the left in which the lanes have their names."""

COLUMNS = 4
"""Hosts beside each other; more go into a row below."""

WIDEST = 340
"""No host is wider, so that a single one is no banner."""

GAP = 16
HEAD = 50
LANE = CELL + 26


def layout(machines: Sequence[Machine]) -> Picture:
    """Return the picture of these machines."""
    top, parts = float(MARGIN), []
    for row in _rows([one for one in machines if _members(one)]):
        parts.append(_band(row, top))
        top = parts[-1].height + GAP
    if agents := [one for machine in machines for one in machine.members if one.role not in LANES]:
        parts.append(_agents(agents, top))
    return Picture(
        height=max((one.height for one in parts), default=0) + MARGIN,
        frames=tuple(chain.from_iterable(one.frames for one in parts)),
        boxes=tuple(chain.from_iterable(one.boxes for one in parts)),
        lines=tuple(chain.from_iterable(one.lines for one in parts)),
        labels=tuple(chain.from_iterable(one.labels for one in parts)),
    )


def _members(machine: Machine) -> dict[str, Member]:
    return {member.role: member for member in machine.members if member.role in LANES}


def _rows(machines: Sequence[Machine]) -> Iterator[Sequence[Machine]]:
    """Yield hosts row by row, as many in each as in any other, but for the last."""
    rows = -(-len(machines) // COLUMNS)
    across = -(-len(machines) // rows) if rows else 1
    yield from (machines[place : place + across] for place in range(0, len(machines), across))


def _band(machines: Sequence[Machine], top: float) -> Picture:
    """Return a row of hosts with the lanes that any of them has."""
    lanes = [role for role in LANES if any(role in _members(one) for one in machines)]
    wide = min((WIDTH - GUTTER - MARGIN - GAP * (len(machines) - 1)) / len(machines), WIDEST)
    high = HEAD + LANE * len(lanes)
    columns = [(machine, GUTTER + place * (wide + GAP)) for place, machine in enumerate(machines)]
    rows = {role: top + HEAD + LANE * place for place, role in enumerate(lanes)}
    cells = {
        member: cell(member, x + 10, rows[role], wide - 20)
        for machine, x in columns
        for role, member in _members(machine).items()
    }
    return Picture(
        height=top + high,
        frames=tuple(frame(machine, x, top, wide, high) for machine, x in columns),
        boxes=tuple(cells.values()),
        lines=tuple(line for role in lanes for line in _lines(role, cells)),
        labels=tuple(Label(MARGIN, y + CELL / 2 + 4, ROLES[role], "lane") for role, y in rows.items()),
    )


def _lines(role: str, cells: dict[Member, Box]) -> Iterator[Line]:
    """Yield the lines from those that follow to the one that leads, below their boxes."""
    leaders = [box for member, box in cells.items() if member.role == role and member.part == "leader"]
    followers = [box for member, box in cells.items() if member.role == role and member.follows]
    if len(leaders) != 1 or not followers:
        return
    end, bottom = leaders[0].x + leaders[0].width / 2, leaders[0].y + CELL
    for box in followers:
        x = box.x + box.width / 2
        yield Line(((x, bottom), (x, bottom + 13), (end, bottom + 13)))
    yield Line(((end, bottom + 13), (end, bottom + 8)), arrow=(end, bottom + 1))


def _agents(agents: Sequence[Member], top: float) -> Picture:
    boxes = grid(agents, top + 28)
    height = max(box.y + box.height for box in boxes)
    return Picture(height, (), boxes, (), (Label(MARGIN, top + 16, ROLES["mesos_agent"], "lane"),))
