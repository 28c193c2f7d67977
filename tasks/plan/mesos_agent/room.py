"""An agent's resources as the leading master tells of them, and what a drain has reserved of them.

Source: /slaves of Mesos 1.5.0. A reservation carries labels, so it is also where a drain notes what it does
to an app: the note is there exactly as long as the reservation, over a change of master and a reboot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.printable import printable
from .. import http

ALIVE = ("TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING")
"""What a task is in that has not ended."""

ROLE = "mesofab-drain"
"""For whom a drain reserves what an agent has; no framework is of this role, so nothing is launched of it."""

Ranges = tuple[tuple[int, int], ...]

Labels = tuple[tuple[str, str], ...]

ABOUT = ("disk", "revocable", "shared", "provider_id")
"""What makes a resource a special one: of a volume, say. No task is launched of such ones alone."""


@dataclass(frozen=True)
class Resource:
    """A part of an agent's resource: so many thousandths, or ranges of whole numbers."""

    name: str
    thousandths: int = 0
    ranges: Ranges = ()

    def __bool__(self) -> bool:
        return bool(self.thousandths or self.ranges)

    def without(self, other: "Resource") -> "Resource":
        """Leave out what the other one has, if it is of the same name."""
        if other.name != self.name:
            return self
        left = max(0, self.thousandths - other.thousandths)
        return Resource(self.name, left, tuple(_cut(self.ranges, other.ranges)))

    @property
    def told(self) -> Mapping[str, object]:
        """The resource as Mesos reads it."""
        if self.ranges:
            pairs = [{"begin": begin, "end": end} for begin, end in self.ranges]
            return {"name": self.name, "type": "RANGES", "ranges": {"range": pairs}}
        return {"name": self.name, "type": "SCALAR", "scalar": {"value": self.thousandths / 1000}}


@dataclass(frozen=True)
class Note:
    """What a drain does to an app: from so many instances it goes up by so many `more`, and back."""

    app: str
    instances: int
    more: int

    @property
    def labels(self) -> Labels:
        """The labels of a reservation that carries it."""
        return (("app", self.app), ("instances", str(self.instances)), ("more", str(self.more)))


@dataclass(frozen=True)
class Reserved:
    """A resource that is reserved for our role, with its labels and with who is told to have reserved it."""

    resource: Resource
    labels: Labels = ()
    principal: str = ""

    @property
    def note(self) -> Note | None:
        """The note that it carries; None if it only keeps tasks away."""
        told = dict(self.labels)
        if told.keys() != {"app", "instances", "more"}:
            return None
        counts = [told["instances"], told["more"]]
        if not all(count.isascii() and count.isdigit() and len(count) < 10 for count in counts):
            return None
        return Note(told["app"], *map(int, counts))

    @property
    def told(self) -> Mapping[str, object]:
        """The reservation as Mesos reads it, in the form that facts and 1.5.0 agree on."""
        listed = [{"key": key, "value": value} for key, value in self.labels]
        labels = {"labels": {"labels": listed}} if listed else {}
        principal = {"principal": self.principal} if self.principal else {}
        return {**self.resource.told, "role": ROLE, "reservation": {**principal, **labels}}


def free(slave: Mapping[str, object]) -> tuple[Resource, ...]:
    """Give what can be reserved of an agent: what is offered just now is taken back for it."""
    used = [each for each in _read(slave.get("used_resources_full")) if each]
    left = _read(slave.get("unreserved_resources_full"))
    return tuple(filter(None, (_less(each, used) for each in left)))


def _less(resource: Resource, others: Iterable[Resource]) -> Resource:
    for other in others:
        resource = resource.without(other)
    return resource


def ours(slave: Mapping[str, object]) -> tuple[Reserved, ...]:
    """Give what is reserved for our role."""
    listed = http.items(http.table(slave.get("reserved_resources_full")).get(ROLE))
    return tuple(
        Reserved(resource, _labels(about), http.text(about.get("principal")))
        for told in map(http.table, listed)
        if (resource := _resource(told))
        for about in [_reservation(told)]
    )


def kept_for_others(slave: Mapping[str, object]) -> list[str]:
    """Name the other roles for which resources of an agent are reserved: tasks may come there at any time."""
    by_role = http.table(slave.get("reserved_resources"))
    return sorted(printable(role) for role in by_role if role not in (ROLE, "*"))


def _read(listed: object) -> list[Resource]:
    """Read what of a list is reserved for nobody."""
    told = (each for each in map(http.table, http.items(listed)) if each.get("role", "*") == "*")
    plain = (each for each in told if not each.get("reservations") and not any(map(each.get, ABOUT)))
    return [resource for each in plain if (resource := _resource(each))]


def _resource(told: Mapping[str, object]) -> Resource | None:
    name, amount = http.text(told.get("name")), http.table(told.get("scalar")).get("value")
    if isinstance(amount, int | float) and 0 < amount < 1e12:
        return Resource(name, round(amount * 1000))
    pairs = (http.table(pair) for pair in http.items(http.table(told.get("ranges")).get("range")))
    ranges = tuple((http.count(pair.get("begin")), http.count(pair.get("end"))) for pair in pairs)
    return Resource(name, ranges=ranges) if ranges else None


def _reservation(told: Mapping[str, object]) -> Mapping[str, object]:
    """Give what is told of the reservation itself, in either of the forms that Mesos has for it."""
    last = [http.table(each) for each in http.items(told.get("reservations"))][-1:]
    return http.table(told.get("reservation")) or (last[0] if last else {})


def _labels(reservation: Mapping[str, object]) -> Labels:
    listed = map(http.table, http.items(http.table(reservation.get("labels")).get("labels")))
    return tuple((http.text(each.get("key")), http.text(each.get("value"))) for each in listed)


def _cut(ranges: Ranges, holes: Ranges) -> Iterator[tuple[int, int]]:
    for low, high in holes:
        below = ((begin, min(end, low - 1)) for begin, end in ranges)
        above = ((max(begin, high + 1), end) for begin, end in ranges)
        ranges = tuple(pair for pair in (*below, *above) if pair[0] <= pair[1])
    yield from sorted(ranges)


def crumb(resources: Sequence[Resource]) -> Resource | None:
    """Give a part too small for any task: one port, else a thousandth of what there is; None of nothing."""
    ranged = next((each for each in resources if each.ranges), None)
    if ranged:
        first = ranged.ranges[0][0]
        return Resource(ranged.name, ranges=((first, first),))
    # Of a disk first: nobody is offered that alone.
    scalars = sorted(filter(None, resources), key=lambda each: each.name != "disk")
    return replace(scalars[0], thousandths=1) if scalars else None


def left(resources: Iterable[Resource], taken: Resource) -> tuple[Resource, ...]:
    """Give what is left of resources when this is taken away."""
    return tuple(filter(None, (each.without(taken) for each in resources)))
