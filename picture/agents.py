"""Agents in the picture: cards that name their tasks, or tiles in a compact grid if they are many."""

from collections.abc import Iterator, Sequence

from pages.texts import MARGIN, WIDTH, Label, shortened, text_width

from .cells import CELL, SIGNS, labels, part, says, tasks
from .shapes import Box
from .topology import Member

CARDS = 12
"""Agents of which each has a card; more have tiles."""

NAMED = 3
"""Tasks that a card names."""

GAP = 8
TASK = 15
TILE = 30


def grid(agents: Sequence[Member], top: float) -> tuple[Box, ...]:
    """Return the boxes of all agents from `top` on."""
    return tuple(_cards(agents, top) if len(agents) <= CARDS else _tiles(agents, top))


def _places(count: int, across: int, high: float, top: float) -> Iterator[tuple[float, float, float]]:
    """Yield x, y and width of so many equal boxes."""
    wide = (WIDTH - 2 * MARGIN - GAP * (across - 1)) / across
    for place in range(count):
        row, column = divmod(place, across)
        yield MARGIN + column * (wide + GAP), top + row * (high + GAP), wide


def _cards(agents: Sequence[Member], top: float) -> Iterator[Box]:
    high = CELL + TASK * max(min(len(one.tasks), NAMED + 1) for one in agents)
    places = _places(len(agents), 3, high, top)
    for agent, (x, y, wide) in zip(agents, places, strict=True):
        listed = (
            Label(x + 30, y + CELL + 7 + TASK * row, shortened(task, "task", wide - 40), "task")
            for row, task in enumerate(_named(agent.tasks))
        )
        told = ", ".join(filter(None, (part(agent), tasks(agent))))
        yield Box(
            *(x, y, wide, high, "member", agent.condition),
            says=says(agent),
            labels=(*labels(agent, agent.host, told, x, y, wide), *listed),
            complaint=agent.complaint,
        )


def _named(names: Sequence[str]) -> Iterator[str]:
    yield from names[:NAMED]
    if len(names) > NAMED:
        yield f"and {len(names) - NAMED} more"


def _tiles(agents: Sequence[Member], top: float) -> Iterator[Box]:
    longest = max(text_width(one.host, "tile") for one in agents)
    across = 6 if longest < 108 else 4
    places = _places(len(agents), across, TILE, top)
    for agent, (x, y, wide) in zip(agents, places, strict=True):
        count = "" if agent.running is None else str(agent.running)
        right = x + wide - 6 - text_width(count, "tile")
        yield Box(
            *(x, y, wide, TILE, "tile", agent.condition),
            says=says(agent),
            labels=(
                Label(x + 6, y + 20, SIGNS[agent.condition], "mark"),
                Label(x + 22, y + 20, shortened(agent.host, "tile", right - x - 26), "tile"),
                *([Label(right, y + 20, count, "tile")] if count else []),
            ),
            complaint=agent.complaint,
        )
