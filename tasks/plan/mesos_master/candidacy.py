"""The leading master's candidacy, which outlives its process by a session unless somebody removes it.

Source: contender.cpp and master.cpp of Mesos 1.5.0. The id of a MasterInfo is new at every start, so what
carries it is of that process alone; an address is also its successor's.
"""

from collections.abc import Sequence

from ...inventory.cluster import Node
from .. import http
from ..gate import Question
from ..names import Id
from ..shell import quote
from ..step import Action, Step
from ..zookeeper.election import Candidacy, first
from .desired import name

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
    leading = first(standing, r"json\.info_")
    if answer.status != 200 or leading is None:
        return None
    written = http.table(http.parsed(leading.data))
    own = {"id": http.text(info.get("id")), "pid": f"master@{node.address}:{node.settings.mesos_master_port}"}
    alike = all(own.values()) and all(one.get(key) == own[key] for one in (info, written) for key in own)
    return leading if alike else None


def stop(node: Node) -> Step:
    """Give the step that ends the leading master at once, and says whether it surely has ended."""
    it, port = quote(name(node)), node.settings.mesos_master_port
    shell = (
        f"docker update --restart=no {it}\n"
        f"docker stop -t 0 {it} # it closes no session, so nothing is gained by waiting\n"
        f"listening=$(ss -ltn 'sport = :{port}') || listening=LISTEN\n"
        f"running=$(docker inspect -f '{{{{.State.Running}}}}' {it})\n"
        f'case "$running $listening" in *true*|*LISTEN*) ;; *) echo {quote(ENDED)};; esac\n'
    )
    why = "it leads: its candidacy is removed, so that another one leads at once"
    effect = f"stops {name(node)}, the leader"
    return Step(Id.MASTER_RUN, Action.STOP, f"stop {name(node)}", why, shell, "replace", "restart", effect)
