"""The requests of a drain as steps: each is made on a host of the service that it goes to, and judged there.

An answer that did not come, or says that just now it cannot be done, is no failure: what became of it is seen
in the next look, and whatever is asked twice does no more than once. Tasks that are gone are passed over, an
app that changes refuses (409), and what is not free cannot be reserved (409).
"""

from collections.abc import Mapping, Sequence
from json import dumps

from ...inventory.cluster import Node
from .. import http
from ..look.sections import ASK, LIMIT
from ..names import Id
from ..shell import quote
from ..step import IDLE, Action, Step
from ..words import counted
from .moving import Kill, Move, Reserve, Scale, Unreserve

PATIENCE = 15
"""Seconds for an answer: Marathon writes to ZooKeeper before it gives one."""

REASON = "its host is drained"


def steps(
    moves: Sequence[Move], agent: str, host: str, master: Node, marathon: Node | None
) -> Mapping[str, Sequence[Step]]:
    """Give the steps that make these moves, by their nodes; `agent` is the id of the agent on `host`."""
    found: dict[str, list[Step]] = {}
    for move in moves:
        if isinstance(move, Reserve | Unreserve):
            found.setdefault(master.name, []).append(_reservation(move, agent, host, master))
        elif marathon is not None:
            found.setdefault(marathon.name, []).append(_of_marathon(move, marathon))
    return found


def _reservation(move: Reserve | Unreserve, agent: str, host: str, master: Node) -> Step:
    notes = [note.app for part in move.parts if (note := part.note)]
    if isinstance(move, Reserve):
        path, action, title = "/reserve", Action.RESERVE, f"reserve what is free on {host}"
        title += f", with a note of {', '.join(notes)}" if notes else ""
    else:
        path, action, title = "/unreserve", Action.UNRESERVE, f"give back what was reserved on {host}"
        title = f"drop the note of {', '.join(notes)} on {host}" if len(notes) == len(move.parts) else title
    request = http.form(path, slaveId=agent, resources=dumps([part.told for part in move.parts]))
    return _step(Id.MASTER_ASK, action, title, master, master.settings.mesos_master_port, request)


def _of_marathon(move: Scale | Kill, marathon: Node) -> Step:
    if isinstance(move, Scale):
        request = http.put(f"/v2/apps{move.app}{'?force=true' * move.force}", dumps({"instances": move.to}))
        action, title = Action.SCALE, f"scale {move.app} to {move.to}"
    else:
        request = http.post("/v2/tasks/delete?scale=true", dumps({"ids": move.tasks}))
        title = f"kill {counted(len(move.tasks), 'task')} of {move.app}, which wants as many fewer"
        action = Action.KILL
    return _step(Id.MARATHON_ASK, action, title, marathon, marathon.settings.marathon_port, request)


def _step(id: Id, action: Action, title: str, node: Node, port: int, request: str) -> Step:
    outcomes = (
        "'HTTP/1.'?' 2'*) ;;\n"
        f"''|'HTTP/1.'?' '307*|'HTTP/1.'?' '409*|'HTTP/1.'?' 50'*) echo {quote(IDLE)} ;;\n"
    )
    return Step(id, action, title, REASON, shell(node, port, request, outcomes))


def shell(node: Node, port: int, request: str, outcomes: str) -> str:
    """Return the shell that makes a request of a node's member, and refuses all but these `outcomes`."""
    who = f"{node.address}:{port}"
    return (
        f"{LIMIT}{ASK}"
        f"said=$(ask {quote(node.address)} {port} {quote(request)} {PATIENCE}) || true\n"
        f'case "$said" in\n{outcomes}'
        f"""*) refuse "{who} answers: $(printf '%s' "$said" | tail -n 1 | cut -c 1-300)" ;;\n"""
        "esac\n"
    )
