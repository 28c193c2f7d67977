"""What a drain sees of an agent and its apps, in the words that real services were recorded with."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.inventory.parse import parse
from tasks.plan import http
from tasks.plan.mesos_agent import picture, room
from tasks.plan.mesos_agent.picture import App, Picture, Unclear
from tasks.plan.mesos_agent.room import Note, Reserved, Resource

RECORDED = Path(__file__).resolve().parents[1] / "contract/recorded"
CLUSTER = parse(
    "[mesos_master]\n10.70.0.[10:12]\n[marathon]\n10.70.0.[10:12]\n[mesos_agent]\n10.70.0.20\n"
    "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
)
FIRST, SECOND, THIRD, AGENT = sorted(CLUSTER.nodes, key=lambda node: node.address)
ID = "a4ac9fcc-3af0-4465-8354-30ab200092b7-S0"
LABELS = Note("/web", 3, 2).labels


def ok(body: object) -> str:
    """An answer of HTTP."""
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(body)}"


def slaves(**more: object) -> dict[str, Any]:
    """The leading master's list as it was recorded, with something else of its one agent."""
    told: dict[str, Any] = json.loads(_file("leader-slaves.json"))
    told["slaves"][0] |= more
    return told


def _file(name: str) -> str:
    return next(RECORDED.rglob(name)).read_text()


def app(**more: object) -> dict[str, Any]:
    """An app as Marathon tells of it, with a task on the agent and one elsewhere."""
    tasks = [
        {"id": "web.1", "slaveId": ID, "state": "TASK_RUNNING"},
        {"id": "web.2", "slaveId": "S7", "state": "TASK_STAGING"},
    ]
    return {"id": "/web", "instances": 2, "deployments": [], "tasks": tasks, **more}


def answers(**more: object) -> dict[str, str]:
    """What everybody says while all is well, but for some."""
    info = {"leader": "10.70.0.11:8080", "frameworkId": "f", "marathon_config": {}}
    said: dict[str, object] = {
        "slaves 10.70.0.12": slaves(),
        **{f"info {node.name}": info for node in (FIRST, SECOND, THIRD)},
        "apps": {"apps": [app()]},
        "queue": {"queue": []},
        "state": {"frameworks": []},
    }
    return {name: ok(body) for name, body in (said | more).items()}


def seen(**more: object) -> Picture:
    """The picture of what everybody says."""
    said = answers(**more)
    master, marathon = picture.leaders(CLUSTER, said)
    return picture.read(AGENT, master, marathon, said)


def test_what_is_used_is_not_free() -> None:
    assert seen().free == (
        Resource("cpus", 1900),
        Resource("mem", 23_049_000),
        Resource("disk", 252_899_000),
        Resource("ports", ranges=((31000, 32000),)),
    )


def test_who_leads_is_found_by_who_has_a_list_and_by_what_marathons_name() -> None:
    assert picture.leaders(CLUSTER, answers()) == (THIRD, SECOND)


@pytest.mark.parametrize("shape", ["reservation", "reservations"])
def test_what_is_reserved_for_us_is_read_in_both_forms_and_written_in_the_older_one(shape: str) -> None:
    about = {"labels": {"labels": [{"key": key, "value": value} for key, value in LABELS]}}
    port = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 31000}]}}
    stack: list[object] = [{"type": "DYNAMIC", "role": room.ROLE, "principal": "ops", **about}]
    told = {"principal": "ops", **about} if shape == "reservation" else stack
    found = seen(
        **{"slaves 10.70.0.12": slaves(reserved_resources_full={room.ROLE: [{**port, shape: told}]})}
    )
    part = Reserved(Resource("ports", ranges=((31000, 31000),)), LABELS, "ops")
    assert found.ours == (part,) and part.note == Note("/web", 3, 2)
    assert part.told == {**port, "role": room.ROLE, "reservation": {"principal": "ops", **about}}


def test_roles_of_others_are_named() -> None:
    kept = slaves(reserved_resources={"db": {}, room.ROLE: {}})
    assert seen(**{"slaves 10.70.0.12": kept}).kept_for == ("db",)


def test_an_app_has_its_tasks_there_and_counts_those_that_are_up() -> None:
    assert seen().apps == {"/web": App("/web", 2, ("web.1",), up=1)}
    assert seen(apps={"apps": [app(deployments=[{"id": "d"}])]}).apps["/web"].changing


def test_a_task_that_is_checked_is_up_once_every_check_says_so() -> None:
    def up(*alive: bool) -> int:
        results = [{"alive": one} for one in alive]
        tasks = [{"id": "w", "slaveId": ID, "state": "TASK_RUNNING", "healthCheckResults": results}]
        return seen(apps={"apps": [app(healthChecks=[{}], tasks=tasks)]}).apps["/web"].up

    assert (up(), up(True, False), up(True, True)) == (0, 0, 1)


@pytest.mark.parametrize(
    "bound", [{"residency": {"x": 1}}, {"container": {"volumes": [{"persistent": {"size": 1}}]}}]
)
def test_an_app_with_a_volume_of_its_own_is_bound(bound: dict[str, object]) -> None:
    assert seen(apps={"apps": [app(**bound)]}).apps["/web"].bound


def test_the_queue_tells_what_offers_lack() -> None:
    waiting = json.loads(_file("leader-GET-queue-waiting.json"))
    waiting["queue"][0]["app"]["id"] = "/web"
    found = seen(queue=waiting).apps["/web"]
    assert (found.queued, found.lacks, found.delayed) == (True, "InsufficientCpus", False)


def test_tasks_of_other_frameworks_and_of_pods_are_others() -> None:
    pod = "pods_a.instance-806f8f8e-ec66-11f1-b25d-024266d8c722.main"
    executors = [{"tasks": [{"id": id, "state": "TASK_RUNNING"} for id in ("web.1", pod)]}]
    done = [{"tasks": [{"id": "old", "state": "TASK_FINISHED"}, {"id": "spark-1", "state": "TASK_RUNNING"}]}]
    state = {"frameworks": [{"id": "f", "executors": executors}, {"id": "spark", "executors": done}]}
    assert seen(state=state).others == (pod, "spark-1")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"slaves 10.70.0.12": {}}, "no leading master answers"),
        ({"slaves 10.70.0.12": slaves(active=False)}, "does not count its agent as active"),
        ({f"info 10.70.0.{n}": {} for n in (10, 11, 12)}, "no leading Marathon answers"),
        ({"apps": {}}, "the leading Marathon answers 200 when it is asked for its apps"),
        ({"apps": {"apps": [app(id="/a\r\nX: y")]}}, "tells of an app"),
        ({"state": {}}, "its agent does not say which tasks it has"),
    ],
)
def test_what_is_not_said_is_not_guessed(more: dict[str, object], says: str) -> None:
    with pytest.raises(Unclear) as unclear:
        seen(**more)
    assert says in str(unclear.value)


@given(
    st.sampled_from(["slaves 10.70.0.12", "apps", "queue", "state", "info 10.70.0.11"]), st.text(), st.data()
)
def test_whatever_is_answered_is_a_picture_or_unclear(which: str, text: str, data: st.DataObject) -> None:
    said = answers()
    whole = said[which]
    begin = data.draw(st.integers(0, len(whole)))
    said[which] = whole[:begin] + text + whole[data.draw(st.integers(begin, len(whole))) :]
    try:
        master, marathon = picture.leaders(CLUSTER, said)
        picture.read(AGENT, master, marathon, said)
    except Unclear:
        pass


def test_a_form_escapes_what_would_end_a_value() -> None:
    assert http.form("/reserve", slaveId="S0", resources='[{"é": "a&b=c"}]').endswith(
        "slaveId=S0&resources=%5B%7B%22%C3%A9%22%3A%20%22a%26b%3Dc%22%7D%5D"
    )


def test_a_drained_agent_is_told_with_the_resources_it_has_by_its_own_configuration() -> None:
    from tasks.plan.mesos_agent.service import agent

    told = slaves(reserved_resources={room.ROLE: {"cpus": 2.0}}, unreserved_resources={"cpus": 0.0})
    known = agent(AGENT, {"slaves": ok(told)})
    assert known and known.resources["cpus"] == "2.0"
