"""What a drain must know before each step: the agent, the apps with tasks there, and who else has some.

Source: Marathon 1.5.8 (/v2/apps?embed=apps.tasks, /v2/queue), the leading master's /slaves and the agent's
own /state, of Mesos 1.5.0. How many instances, tasks and deployments an app has comes in one answer, so
what is decided of that does not depend on what happens between two answers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...inventory.cluster import Cluster, Node
from ...inventory.printable import printable
from .. import http
from ..gate import Answers, Question, Questionnaire
from . import room
from .room import ALIVE, Reserved, Resource

Told = Mapping[str, object]

APP = re.compile(r"(/[a-z0-9.-]+)+", re.ASCII)
TASK = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
POD = re.compile(r".*\.instance-[0-9a-f-]{36}\..+", re.ASCII)
"""What Marathon 1.5 calls a task of a pod."""


class Unclear(ValueError):
    """A service did not say what must be known; the text says which, and what it said."""


@dataclass(frozen=True)
class App:
    """An app as its Marathon has it.

    `here` are its tasks on the agent, those that are not up first; `up` counts all that are. `changing` tells
    that a deployment is under way, `queued` that it waits for offers, `lacks` what the last of them had too
    little of, `delayed` that its tasks fail. One that is `bound` has a volume on the agent.
    """

    id: str
    instances: int
    here: tuple[str, ...] = ()
    up: int = 0
    changing: bool = False
    bound: bool = False
    queued: bool = False
    lacks: str = ""
    delayed: bool = False


@dataclass(frozen=True)
class Picture:
    """An agent and what runs there.

    `free` is what can be reserved, `ours` what a drain has reserved. `others` are tasks that no Marathon's
    app has; `kept_for` are roles for which somebody else has reserved resources.
    """

    agent: str
    free: tuple[Resource, ...] = ()
    ours: tuple[Reserved, ...] = ()
    apps: Mapping[str, App] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    kept_for: tuple[str, ...] = ()


def who_leads(cluster: Cluster) -> Questionnaire:
    """Give what finds the leading master and the leading Marathon: only the first has a list of agents."""
    masters = {
        f"slaves {node.name}": Question(node.address, node.settings.mesos_master_port, http.get("/slaves"))
        for node in cluster.having("mesos_master")
    }
    marathons = {
        f"info {node.name}": Question(node.address, node.settings.marathon_port, http.get("/v2/info"))
        for node in cluster.having("marathon")
    }
    return masters | marathons


def leaders(cluster: Cluster, answers: Answers) -> tuple[Node, Node | None]:
    """Give who leads: the master, and the Marathon if the cluster has one. Raises Unclear."""
    master, marathons = leading_master(cluster, answers), cluster.having("marathon")
    named = {http.text(_info(answers, node).get("leader")) for node in marathons}
    leading = [node for node in marathons if f"{node.address}:{node.settings.marathon_port}" in named]
    if marathons and len(leading) != 1:
        raise Unclear("Marathons name different leaders" if leading else "no leading Marathon answers")
    return master, leading[0] if leading else None


def leading_master(cluster: Cluster, answers: Answers) -> Node:
    """Give the master that leads. Raises Unclear."""
    masters = cluster.having("mesos_master")
    leading = [node for node in masters if slaves(answers.get(f"slaves {node.name}", "")) is not None]
    if len(leading) != 1:
        raise Unclear("two masters say that they lead" if leading else "no leading master answers")
    return leading[0]


def of_agent(node: Node) -> Questionnaire:
    """Give what the agent on `node` is asked: all that it runs, whoever's that is."""
    return {"state": Question(node.address, node.settings.mesos_agent_port, http.get("/state"))}


def of_marathon(leader: Node) -> Questionnaire:
    """Give what the leading Marathon is asked: its apps with their tasks, and what waits for offers."""
    paths = {"apps": "/v2/apps?embed=apps.tasks", "queue": "/v2/queue"}
    address, port = leader.address, leader.settings.marathon_port
    return {name: Question(address, port, http.get(path)) for name, path in paths.items()}


def read(node: Node, master: Node, leader: Node | None, answers: Answers) -> Picture:
    """Read what these questionnaires, and the question to the agent itself, were answered. Raises Unclear."""
    slave = _slave(node, answers.get(f"slaves {master.name}", ""))
    agent, ours = http.text(slave.get("id")), room.ours(slave)
    framework = http.text(_info(answers, leader).get("frameworkId")) if leader else ""
    if leader and not framework:
        raise Unclear("the leading Marathon is not registered with a master")
    noted = {each.note.app for each in ours if each.note}
    return Picture(
        agent,
        room.free(slave),
        ours,
        {app.id: app for app in _apps(agent, answers) if app.here or app.id in noted} if leader else {},
        tuple(sorted(_others(answers.get("state", ""), framework))),
        tuple(room.kept_for_others(slave)),
    )


def _info(answers: Answers, node: Node) -> Told:
    answer = http.read(answers.get(f"info {node.name}", ""))
    return http.table(answer.json) if answer.status == 200 else {}


def slaves(text: str) -> list[Told] | None:
    """Give a leading master's list; None for a follower's 307, silence or garbage."""
    answer = http.read(text)
    listed = http.table(answer.json).get("slaves") if answer.status == 200 else None
    return list(map(http.table, listed)) if isinstance(listed, list) else None


def _slave(node: Node, text: str) -> Told:
    pid = f"@{node.address}:{node.settings.mesos_agent_port}"
    own = (each for each in slaves(text) or () if http.text(each.get("pid")).endswith(pid))
    slave = next(own, None)
    if slave is None or slave.get("active") is not True:
        raise Unclear("the leading master does not count its agent as active")
    if not re.fullmatch(TASK, http.text(slave.get("id"))):
        raise Unclear("the leading master tells no id of its agent")
    return slave


def _apps(agent: str, answers: Answers) -> Iterator[App]:
    listed = _answered(answers, "apps", "the leading Marathon", "apps")
    waiting = dict(map(_waiting, _answered(answers, "queue", "the leading Marathon", "queue")))
    for told in listed:
        id = http.text(told.get("id"))
        if not re.fullmatch(APP, id):
            raise Unclear(f"the leading Marathon tells of an app {printable(id)!r}")
        lacks, delayed = waiting.get(id, ("", False))
        yield replace(_app(agent, id, told), queued=id in waiting, lacks=lacks, delayed=delayed)


def _answered(answers: Answers, name: str, who: str, part: str) -> list[Told]:
    answer = http.read(answers.get(name, ""))
    listed = http.table(answer.json).get(part)
    if answer.status != 200 or not isinstance(listed, list):
        said = f"{who} answers {answer.status}" if answer.status else f"{who} does not answer"
        raise Unclear(f"{said} when it is asked for its {part}")
    return list(map(http.table, listed))


def _app(agent: str, id: str, told: Told) -> App:
    tasks = list(map(http.table, http.items(told.get("tasks"))))
    checked = bool(told.get("healthChecks"))
    here = [each for each in tasks if each.get("slaveId") == agent and each.get("state") in ALIVE]
    names = [http.text(each.get("id")) for each in sorted(here, key=lambda each: _is_up(each, checked))]
    if not all(re.fullmatch(TASK, name) for name in names):
        raise Unclear(f"the leading Marathon tells of a task of {id} without an id")
    return App(
        id,
        http.count(told.get("instances")),
        tuple(names),
        sum(_is_up(each, checked) for each in tasks),
        bool(told.get("deployments")),
        _is_bound(told),
    )


def _is_up(task: Told, checked: bool) -> bool:
    results = [http.table(each).get("alive") is True for each in http.items(task.get("healthCheckResults"))]
    return task.get("state") == "TASK_RUNNING" and all(results) and bool(results or not checked)


def _is_bound(told: Told) -> bool:
    volumes = http.items(http.table(told.get("container")).get("volumes"))
    return bool(told.get("residency")) or any("persistent" in http.table(volume) for volume in volumes)


def _waiting(item: Told) -> tuple[str, tuple[str, bool]]:
    """Give the app of an item of the queue: what the last offers lacked for it, and whether it is delayed."""
    rejected = http.table(item.get("processedOffersSummary")).get("rejectSummaryLastOffers")
    listed = map(http.table, http.items(rejected))
    lacks = [printable(http.text(each.get("reason"))) for each in listed if http.count(each.get("declined"))]
    delayed = http.count(http.table(item.get("delay")).get("timeLeftSeconds")) > 0
    return http.text(http.table(item.get("app")).get("id")), (", ".join(lacks), delayed)


def _others(text: str, framework: str) -> Iterator[str]:
    """Give the tasks of other frameworks, and those of pods, which Marathon cannot scale by their tasks."""
    answer = http.read(text)
    said = http.table(answer.json).get("frameworks")
    if answer.status != 200 or not isinstance(said, list):
        raise Unclear("its agent does not say which tasks it has")
    for told in map(http.table, said):
        for executor in map(http.table, http.items(told.get("executors"))):
            for task in map(http.table, (*http.items(executor.get("tasks")), *_queued(executor))):
                id = printable(http.text(task.get("id")))
                foreign = told.get("id") != framework or bool(re.fullmatch(POD, id))
                if foreign and task.get("state", ALIVE[0]) in ALIVE:
                    yield id


def _queued(executor: Told) -> list[object]:
    return list(http.items(executor.get("queued_tasks")))
