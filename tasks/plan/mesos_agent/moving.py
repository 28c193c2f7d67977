"""What a drain does next: decided from what is seen alone, so that a run may be cut anywhere and run again.

What is free on the agent is reserved for a role of ours, so nothing new comes there. For each app with tasks
there, a part too small for any task is reserved with a note: how many instances the app has. Then it is
scaled up by what runs there, and once all run, those there are killed and it is scaled down by as many in one
request (seen on the real 1.5.8 and 1.5.0). When the app is as its note says, the note goes. So an app that
has a note and more instances than that is one that a drain scaled up, and nobody else.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..availability.apps import by_app
from ..words import counted
from . import room
from .picture import App, Picture
from .room import Note, Reserved


@dataclass(frozen=True)
class Reserve:
    """Reserve what is free on the agent for our role."""

    parts: tuple[Reserved, ...]


@dataclass(frozen=True)
class Unreserve:
    """Give back what was reserved for our role."""

    parts: tuple[Reserved, ...]


@dataclass(frozen=True)
class Scale:
    """Have an app want so many instances; with `force` although a deployment of it is under way."""

    app: str
    to: int
    force: bool = False


@dataclass(frozen=True)
class Kill:
    """Kill tasks of an app, and have it want as many fewer."""

    app: str
    tasks: tuple[str, ...]


Move = Reserve | Unreserve | Scale | Kill


@dataclass(frozen=True)
class Wait:
    """Why nothing can be done yet about an app; if it is `lacking` something, to wait may not help."""

    why: str
    lacking: bool = False


@dataclass(frozen=True)
class Ahead:
    """What can be done now, and what has to be waited for; with neither, all is done."""

    moves: tuple[Move, ...] = ()
    waits: tuple[Wait, ...] = ()


def obstacles(picture: Picture) -> Iterator[str]:
    """Say what a drain cannot move, whatever it does."""
    if picture.others:
        verb = "belongs" if len(picture.others) == 1 else "belong"
        count = counted(len(picture.others), "task")
        yield f"{count} there {verb} to another framework or to a pod ({by_app(picture.others)})"
    for app in picture.apps.values():
        if app.here and app.bound:
            yield f"{app.id} has a volume there, which no other agent has"
    if picture.kept_for:
        yield f"resources there are reserved for {', '.join(picture.kept_for)}, so tasks may come at any time"


def draining(picture: Picture) -> Ahead:
    """Say what comes next on the way to an agent without tasks, to which nothing comes."""
    if closing := tuple(_closing(picture, noting=True)):
        return Ahead(closing)
    noted = {note.app: part for part in picture.ours if (note := part.note)}
    found = [_next(picture.apps.get(app), part) for app, part in noted.items()]
    found += [_busy(app) for app in picture.apps.values() if app.here and app.id not in noted]
    return Ahead(
        tuple(each for each in found if not isinstance(each, Wait)),
        tuple(each for each in found if isinstance(each, Wait)),
    )


def _closing(picture: Picture, noting: bool) -> Iterator[Move]:
    """Reserve what is free; when `noting`, with a note for each app that is now to be moved."""
    left, parts = picture.free, list[Reserved]()
    for app in _unnoted(picture) if noting else ():
        if (crumb := room.crumb(left)) is None:
            if not picture.free:
                yield from _crumb_of_ours(picture)
            break
        parts.append(Reserved(crumb, Note(app.id, app.instances, len(app.here)).labels))
        left = room.left(left, crumb)
    if parts or left:
        yield Reserve((*parts, *map(Reserved, left)))


def _unnoted(picture: Picture) -> list[App]:
    """Give the apps that could be moved and have no note yet: all of their instances are up."""
    noted = {note.app for part in picture.ours if (note := part.note)}
    return [app for app in picture.apps.values() if app.id not in noted and app.here and _is_settled(app)]


def _is_settled(app: App) -> bool:
    return not app.bound and not app.changing and app.up >= app.instances


def _crumb_of_ours(picture: Picture) -> Iterator[Move]:
    """Give back as little as a note takes: nothing is free that one could be made of."""
    for part in picture.ours:
        if not part.note and (crumb := room.crumb([part.resource])):
            yield Unreserve((Reserved(crumb, part.labels, part.principal),))
            return


def _next(app: App | None, part: Reserved) -> Move | Wait:
    """Say what comes next for an app that has a note, which is in this part of what is ours."""
    note = part.note
    assert note is not None
    if app is None:
        return Unreserve((part,))  # somebody has removed the app
    above = app.instances - note.instances
    if not 0 <= above <= note.more:
        return Wait(f"{app.id}: somebody has changed its instances from {note.instances} to {app.instances}")
    if not _is_settled(app):
        return _busy(app)
    if not app.here:
        return Scale(app.id, note.instances) if above else Unreserve((part,))
    if not above:
        return Scale(app.id, note.instances + min(len(app.here), note.more))
    return Kill(app.id, app.here[:above])


def _busy(app: App) -> Wait:
    """Say why an app cannot be touched yet."""
    if _is_settled(app):
        return Wait(f"{app.id}: nothing is free there, not one port, of which a note could be made", True)
    up = f"{app.id}: {min(app.up, app.instances)} of {counted(app.instances, 'instance')} are up"
    if app.lacks:
        return Wait(f"{up}, and the offers that Marathon gets lack something: {app.lacks}", True)
    if app.delayed:
        return Wait(f"{up}; its tasks fail, and Marathon waits before it starts more")
    if app.queued:
        return Wait(f"{up}, and Marathon gets no offers for the others")
    return Wait(f"{up}{', and a deployment of it is under way' if app.changing else ''}")


def giving_back(picture: Picture) -> Ahead:
    """Say what comes next on the way to an agent that is used as before, and apps as they were."""
    if moves := tuple(_scaling_back(picture)):
        return Ahead(moves)
    return Ahead((Unreserve(picture.ours),) if picture.ours else ())


def _scaling_back(picture: Picture) -> Iterator[Move]:
    for note in (note for part in picture.ours if (note := part.note)):
        app = picture.apps.get(note.app)
        if app and 0 < app.instances - note.instances <= note.more:
            yield Scale(app.id, note.instances, force=True)


def letting_go(picture: Picture) -> Ahead:
    """Say what comes next on the way to an agent to which nothing comes, and on which is left what is there.

    That is not killed: Marathon would launch it there again, where there is room, before that is reserved.
    """
    if moves := (*_closing(picture, noting=False), *_scaling_back(picture)):
        return Ahead(moves)
    notes = tuple(part for part in picture.ours if part.note)
    return Ahead((Unreserve(notes),) if notes else ())


def staying(picture: Picture) -> list[str]:
    """Say what is left on an agent."""
    bound = [*obstacles(picture)]
    apps = (app for app in picture.apps.values() if app.here and not app.bound)
    return [*bound, *(f"{counted(len(app.here), 'task')} of {app.id} could not be moved" for app in apps)]
