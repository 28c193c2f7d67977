"""A master's candidacy, which outlives its process by a session unless somebody removes it.

Source: contender.cpp and master.cpp of Mesos 1.5.0. The id of a MasterInfo is new at every start, so what
carries it is of that process alone; an address is also its successor's.
"""

from collections.abc import Mapping, Sequence

from ...inventory.cluster import Node
from .. import http
from ..gate import Question
from ..look.election import Candidacy, in_line
from ..names import Id
from ..shell import quote
from ..step import Action, Step
from .desired import name

NAME = r"json\.info_"
"""What the node of a candidacy is called in front of its number."""

ENDED = "its process has ended"
"""What the step that stops a master says once docker says so and nobody listens on its port."""


def question(node: Node) -> Question:
    """Ask a master which one it is; one that does not lead only points elsewhere."""
    return Question(
        node.address, node.settings.mesos_master_port, http.post("/api/v1", '{"type":"GET_MASTER"}')
    )


def of_leader(node: Node, said: str, standing: Sequence[Candidacy]) -> Candidacy | None:
    """Give the candidacy by which the master on `node` leads, by its own word; None if that is not sure."""
    answer = http.read(said)
    info = http.table(http.table(http.table(answer.json).get("get_master")).get("master_info"))
    own = {"id": http.text(info.get("id")), "pid": _pid(node)}
    leading = next(iter(in_line(standing, NAME)), None)
    if answer.status != 200 or leading is None or not own["id"]:
        return None
    return leading if all(one.get(key) == own[key] for one in (info, _read(leading)) for key in own) else None


def of_followers(node: Node, standing: Sequence[Candidacy]) -> list[Candidacy]:
    """Give the candidacies of masters on `node` that do not lead.

    Made before the one there is stopped, they are of processes that have ended once it has: not two can
    listen on one port, and a master listens before it stands for election.
    """
    return [one for one in in_line(standing, NAME)[1:] if _read(one).get("pid") == _pid(node)]


def someone_is_next(nodes: Sequence[Node], standing: Sequence[Candidacy]) -> bool:
    """Tell whether behind the leader comes a living master: the newest candidacy of one of these nodes.

    A master that was restarted has an older one until the session of its old process ends.
    """
    pids = [http.text(_read(one).get("pid")) for one in in_line(standing, NAME)]
    return len(pids) > 1 and pids[1] in map(_pid, nodes) and pids[1] not in pids[2:]


def _pid(node: Node) -> str:
    return f"master@{node.address}:{node.settings.mesos_master_port}"


def _read(candidacy: Candidacy) -> Mapping[str, object]:
    return http.table(http.parsed(candidacy.data))


def stop(node: Node, leads: bool) -> Step:
    """Give the step that ends a master at once, and says whether it surely has ended; it may be gone."""
    it, port = quote(name(node)), node.settings.mesos_master_port
    shell = (
        f"running=false there=$(docker ps -aq --filter {quote(f'name=^/{name(node)}$')})\n"
        '[ -z "$there" ] || '
        f"docker stop -t 0 {it} # it closes no session, so nothing is gained by waiting\n"
        f"listening=$(ss -ltn 'sport = :{port}') || listening=LISTEN\n"
        f"[ -z \"$there\" ] || running=$(docker inspect -f '{{{{.State.Running}}}}' {it})\n"
        f'case "$running $listening" in *true*|*LISTEN*) ;; *) echo {quote(ENDED)};; esac\n'
    )
    if leads:
        why = "it leads: its candidacy is removed, so that another one leads at once"
    else:
        why = "its candidacy is removed, so that nobody waits for it when the leader goes"
    effect = f"stops {name(node)}, {'the leader' if leads else 'a follower'}"
    return Step(Id.MASTER_RUN, Action.STOP, f"stop {name(node)}", why, shell, "replace", "restart", effect)
