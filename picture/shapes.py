"""What the picture of the topology consists of."""

from dataclasses import dataclass

from pages.texts import WIDTH, Label

from .topology import Condition


@dataclass(frozen=True)
class Box:
    """A frame with texts. `says` is for whoever does not see it; `complaint` is where it leads to."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    condition: Condition
    says: str
    labels: tuple[Label, ...] = ()
    complaint: int | None = None


@dataclass(frozen=True)
class Line:
    """A line along these points; `arrow` is where the point of its head is, which looks up."""

    points: tuple[tuple[float, float], ...]
    arrow: tuple[float, float] | None = None


@dataclass(frozen=True)
class Picture:
    """The whole picture, or a part of it that ends at `height`. Frames lie below all else."""

    height: float
    frames: tuple[Box, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    width: float = WIDTH
