"""An agent leaves for good: its container is stopped, and the leading master is told that it is gone.

So nobody waits 75 to 90 s for it, nor counts it as unreachable for two weeks (MARK_AGENT_GONE, seen on the
real 1.5.0). The master refuses it for ever then: at every start it is shut down again. So that is asked for
only when its container has ended and the master has noticed; its work_dir, which has its id, goes afterwards.
"""

import re
from collections.abc import Sequence
from json import dumps

from ...inventory.cluster import Node
from .. import http
from ..gate import Answers
from ..names import Id
from ..shell import quote
from ..step import IDLE, Action, Step
from .desired import checkpoint
from .picture import TASK, slaves
from .requests import shell

REASON = "its host leaves the cluster"

LATER, UNSUPPORTED = "not now", "the leading master cannot mark agents as gone"
"""What the step that marks an agent says: that it must be asked again, or never."""

GRACE = 10
"""Seconds that an agent has to end by itself; it leaves the containers of its tasks alone."""


def stopping(node: Node, containers: Sequence[str]) -> Step:
    """Return the step that stops an agent's `containers` for good, and says which agent it was."""
    those, latest = " ".join(map(quote, containers)), quote(checkpoint(node).latest)
    text = f"docker update --restart=no {those} >/dev/null\ndocker stop -t {GRACE} {those} >/dev/null\n"
    text = text if containers else ""
    text += f'[ ! -L {latest} ] || echo "agent $(basename "$(readlink {latest})")"\n'
    title = f"stop {', '.join(containers)}" if containers else "see which agent this was"
    return Step(Id.AGENT_RUN, Action.STOP, title, REASON, text)


def id_of(said: str) -> str:
    """Read which agent a host had, of what that step has said; "" if none was ever registered there."""
    told = re.findall(rf"^agent ({TASK.pattern})$", said, re.MULTILINE)
    return told[-1] if told else ""


def counted_at(master: Node, agent: str, answers: Answers) -> str | None:
    """Return where the leading `master` still counts an agent as active: its `address:port`, "" if nowhere.

    None if it did not say.
    """
    listed = slaves(answers.get(f"slaves {master.name}", ""))
    if listed is None:
        return None
    active = (http.text(one.get("pid")) for one in listed if one.get("id") == agent and one.get("active"))
    return next((pid.rpartition("@")[2] for pid in active), "")


def at_address(master: Node, node: Node, answers: Answers) -> str:
    """Give the id of the agent that the leading `master` has at a node's address; "" if it has none there."""
    pid = f"@{node.address}:{node.settings.mesos_agent_port}"
    listed = slaves(answers.get(f"slaves {master.name}", "")) or ()
    ids = [http.text(each.get("id")) for each in listed if http.text(each.get("pid")).endswith(pid)]
    return next((id for id in ids if re.fullmatch(TASK, id)), "")


def marking(agent: str, host: str, master: Node) -> Step:
    """Return the step that tells the leading master that the agent of a host is gone.

    An id that the master does not know (404) is none that anybody waits for. Masters before 1.5 do not know
    the request (400): they give the agent up by themselves.
    """
    request = http.post(
        "/api/v1", dumps({"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": {"value": agent}}})
    )
    outcomes = (
        "'HTTP/1.'?' 2'*) ;;\n"
        f"'HTTP/1.'?' 404'*) echo {quote(IDLE)} ;;\n"
        f"'HTTP/1.'?' 400'*) echo {quote(UNSUPPORTED)} ;;\n"
        f"''|'HTTP/1.'?' 307'*|'HTTP/1.'?' 50'*) echo {quote(LATER)} ;;\n"
    )
    text = shell(master, master.settings.mesos_master_port, request, outcomes)
    return Step(Id.MASTER_ASK, Action.MARK_GONE, f"mark the agent of {host} as gone", REASON, text)
