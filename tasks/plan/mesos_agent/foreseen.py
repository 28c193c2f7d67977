"""What a drain would do, told before it does it."""

from collections.abc import Iterator, Mapping

from ...inventory.cluster import Node
from ..gate import Standing
from ..names import SERVICES
from ..words import counted
from . import room
from .picture import Picture

HANDED_OVER = ("mesos_master", "marathon")
"""The services whose leader a drain restarts, so that another one leads."""


def moved(node: Node, seen: Picture) -> Iterator[str]:
    """Say what becomes of the tasks on a host, and what an earlier drain has left."""
    notes = {note.app: note for part in seen.ours if (note := part.note)}
    for app, note in notes.items():
        if (known := seen.apps.get(app)) and known.instances != note.instances:
            yield (
                f"{node.name}  an earlier drain, or one at work now, has scaled {app} from "
                f"{note.instances} to {known.instances}"
            )
    here = {app.id: len(app.here) for app in seen.apps.values() if app.here}
    if here:
        told = ", ".join(f"{count} of {app}" for app, count in sorted(here.items()))
        yield f"{node.name}  moves {counted(sum(here.values()), 'task')} to other agents: {told}"
    else:
        yield f"{node.name}  has no task to move"
    if seen.free:
        yield f"{node.name}  reserves what is free there for the role {room.ROLE}, so that nothing new comes"
    elif not notes:
        yield f"{node.name}  is closed already: all that is free there is reserved for {room.ROLE}"


def leaving(node: Node, standings: Mapping[str, Standing]) -> Iterator[str]:
    """Say what it means for each service that the host goes, as far as that is more than a member less."""
    for service, standing in standings.items():
        title = f"{node.name}  {SERVICES[service]}:"
        if standing.majority and standing.total == 1:
            yield f"{title} the only member is there, so the service is away while the host is"
        elif standing.leader == node.name and service in HANDED_OVER:
            yield f"{title} it leads, so it restarts, and another one leads"
        elif standing.leader == node.name:
            yield f"{title} it leads; when it stops, another one is elected, and every Marathon restarts"
