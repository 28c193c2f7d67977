"""The journeys on one scale of time: a pure function from their parts to places in percent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .document import Outcome, Trip


@dataclass(frozen=True)
class Segment:
    """A part of a journey: where it begins and how much it takes of the whole scale, in percent."""

    number: int
    what: str
    left: float
    width: float
    seconds: float
    well: bool


@dataclass(frozen=True)
class Row:
    """A journey on the scale."""

    title: str
    outcome: Outcome
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """How long its parts took together."""
        return sum(one.seconds for one in self.segments)


def rows(trips: Sequence[Trip]) -> Iterator[Row]:
    """Yield every journey; the first part of all begins at the left, the last one ends at the right."""
    every = [one for trip in trips for one in trip.stretches]
    if not every:
        return
    begin = min(one.began for one in every)
    whole = max(max(one.ended for one in every) - begin, 0.001)
    for trip in trips:
        yield Row(
            *(trip.title, trip.outcome),
            tuple(
                Segment(
                    number=number,
                    what=one.what,
                    left=100 * (one.began - begin) / whole,
                    width=100 * (one.ended - one.began) / whole,
                    seconds=one.ended - one.began,
                    well=one.well,
                )
                for number, one in enumerate(trip.stretches, 1)
            ),
        )
