"""A cluster that is locked, as a real one was: every door, for everybody who tries it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from answers import Answer, request
from cluster import Cluster, Member
from lacking import AGENTS, CALLS, ENDPOINTS
from locked import LOCKED, Cell, Files, Row, headers_of, recorded, rows, shows
from scheduler import Json, Scheduler
from shape import differences

FILTERED = {
    "leader_GET_frameworks": "/frameworks",
    "leader_GET_quota": "/quota",
    "leader_GET_roles": "/roles",
    "leader_GET_slaves": "/slaves",
    "leader_GET_state": "/state",
    "leader_GET_state-summary": "/state-summary",
    "leader_GET_tasks": "/tasks",
    "leader_GET_weights": "/weights",
    "leader_POST_api.v1_GET_AGENTS": "/api/v1",
    "agent_GET_state": "/state",
}
"""What one who may see nothing is shown, by recording."""


@dataclass
class World:
    """Masters, an agent and a framework with a task, with everything locked."""

    members: dict[str, Member]
    scheduler: Scheduler

    def ask(self, row: Row, asker: str) -> Cell:
        """Ask for what stands in a row; of an answer that does not end only the head is read."""
        headers = {"Content-Type": "application/json", **headers_of(asker)}
        connection = HTTPConnection(self.members[row.who].address, timeout=60)
        try:
            connection.request(row.method, row.path, _body(row), headers if row.call else headers_of(asker))
            answer = connection.getresponse()
            realm = answer.getheader("WWW-Authenticate")
            size = answer.getheader("Content-Length")
            told = realm.removeprefix('Basic realm="').removesuffix('"') if realm else None
            return Cell(answer.status, told, answer.getheader("Location"), size == "0")
        finally:
            connection.close()


@pytest.fixture(scope="module")
def world(new_cluster: Callable[[], Cluster], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cluster, files = new_cluster(), Files(tmp_path_factory.mktemp("files"))
    cluster.headers = shows("op")
    given = files.master("agents", "frameworks", "http", "acl")
    masters = cluster.masters(REGISTRY="in_memory", **given)
    leader = cluster.leader(masters)
    agent = cluster.agent(**files.agent("http", "acl"))
    cluster.registered(leader)
    scheduler = Scheduler(leader.address, headers=shows("marathon"))
    scheduler.running("sleeper", command={"shell": True, "value": "sleep 600"})
    scheduler.call("SUPPRESS")
    follower = next(one for one in masters if one is not leader)
    yield World({"leader": leader, "follower": follower, "agent": agent}, scheduler)
    scheduler.close()
    cluster.close()


@pytest.mark.parametrize("row", [*rows("authn"), *rows("acl")], ids=lambda row: f"{row.stage} {row}")
def test_everybody_is_answered_as_recorded(world: World, row: Row) -> None:
    """Status, realm, place of the leader, and whether there is a body. ACLs change nothing for op."""
    for asker, expected in row.cells.items():
        found = world.ask(row, asker)
        if _lacks(row) and found.status in (404, 501):
            assert expected.status != 401
            continue
        assert (found.status, found.realm) == (expected.status, expected.realm), asker
        assert _path(found) == _path(expected)
        if expected.status in (307, 401, 403):
            assert found.empty


@pytest.mark.parametrize(
    ("name", "status"), [("leader_GET_state__nobody", 401), ("leader_GET_flags__other", 403)]
)
def test_a_refusal_has_the_headers_of_the_real_one(world: World, name: str, status: int) -> None:
    headers = shows("other") if status == 403 else {}
    found = request(world.members["leader"].address, "GET", f"/{name.split('_')[2]}", headers=headers)
    expected = recorded(name)
    assert (found.status, found.text) == (expected.status, "") == (status, "")
    told, wanted = ({name.lower(): value for name, value in one.headers.items()} for one in (found, expected))
    assert told.keys() == wanted.keys()
    assert told.get("www-authenticate") == wanted.get("www-authenticate")


@pytest.mark.parametrize("name", FILTERED)
def test_who_may_see_nothing_is_shown_less_with_200(world: World, name: str) -> None:
    found, expected = _of_other(world, name), recorded(f"{name}__other")
    assert (found.status, expected.status) == (200, 200)
    body = _without(expected.body, "reregistered_time")
    assert list(differences(body, _without(found.body, "reregistered_time"))) == []
    assert list(_filled(expected.body, found.body)) == []


def test_of_an_agent_who_may_see_nothing_is_told_no_roles(world: World) -> None:
    assert all(
        one["used_resources_full"] == [] for one in recorded("leader_GET_slaves__other").body["slaves"]
    )
    found = _of_other(world, "leader_GET_slaves").body["slaves"][0]
    assert (found["used_resources_full"], found["used_resources"]["cpus"]) == ([], 0.1)


def test_op_sees_it_all(world: World) -> None:
    state = world.members["leader"].get("/state")
    assert [task["id"] for one in state["frameworks"] for task in one["tasks"]] == ["sleeper"]
    assert state["frameworks"][0]["principal"] == "marathon"
    assert world.members["agent"].get("/state")["frameworks"]


def test_flags_show_acls_as_text_and_of_credentials_the_path(world: World) -> None:
    flags, expected = (one["flags"] for one in (world.members["leader"].get("/flags"), _flags()))
    # Its order is that of protobuf, which has numbers for the actions.
    assert sorted(flags["acls"].split("\n}\n")) == sorted(expected["acls"].split("\n}\n"))
    assert flags["credentials"].endswith(".json")
    same = ("authenticators", "http_authenticators", "http_framework_authenticators")
    assert {name: flags[name] for name in same} == {name: expected[name] for name in same}


def test_a_framework_that_may_not_register_is_told_so_on_a_stream_that_ends(world: World) -> None:
    other = Scheduler(world.members["leader"].address, "ERROR", shows("other"))
    assert other.heard["error"]["message"] == "Not authorized to use roles '{ * }'"
    expected = recorded("leader_POST_api.v1.scheduler_SUBSCRIBE__other")
    assert other.response.status == expected.status
    assert dict(other.response.getheaders()).keys() == expected.headers.keys()
    assert "Not authorized to use roles '{ * }'" in (LOCKED / "master-log-lines.txt").read_text()


def test_a_task_of_a_user_that_nobody_may_be_is_an_error(world: World) -> None:
    scheduler = Scheduler(world.members["leader"].address, headers=shows("marathon"), user="nobody")
    scheduler.launch(command={"value": "true"})
    status = scheduler.update("TASK_ERROR")
    assert (status["source"], status["reason"]) == ("SOURCE_MASTER", "REASON_TASK_UNAUTHORIZED")
    assert status["message"] == "Not authorized to launch as user 'nobody'"
    scheduler.call("TEARDOWN")


@pytest.mark.parametrize("path", ["/weights", "/quota", "/reserve", "/teardown"])
def test_who_may_not_changes_nothing(world: World, path: str) -> None:
    """Not recorded but for the rule: what is in order and not allowed is 403."""
    leader = world.members["leader"].address
    method, body = (
        ("PUT", [{"role": "ads", "weight": 2.0}]) if path == "/weights" else ("POST", _wanted(path))
    )
    if isinstance(body, str):
        filled = body.format(framework=world.scheduler.id["value"], agent=_agent_id(world))
        assert _post(leader, path, filled, shows("other")) == 403
    else:
        assert request(leader, method, path, body, shows("other")).status == 403


def test_a_secret_with_a_colon_never_passes(cluster: Cluster, tmp_path: Path) -> None:
    secret = tmp_path / "credentials.json"
    secret.write_text('{"credentials": [{"principal": "op", "secret": "a:b"}]}')
    master = cluster.lone_master(CREDENTIALS=str(secret), AUTHENTICATE_HTTP_READWRITE="true")
    assert request(master.address, "GET", "/weights", headers=shows("op", "a:b")).status == 401


@pytest.mark.parametrize("row", [row for row in rows("open") if row.who == "leader"], ids=str)
def test_only_frameworks_are_asked_while_the_rest_is_open(asked: Member, row: Row) -> None:
    found = World({"leader": asked}, None).ask(row, "nobody")  # type: ignore[arg-type]
    expected = row.cells["nobody"]
    if _lacks(row):
        assert found.status in (404, 501)
    elif expected.status != 307:
        assert (found.status, found.realm) == (expected.status, expected.realm)


@pytest.fixture(scope="module")
def asked(new_cluster: Callable[[], Cluster], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    cluster, files = new_cluster(), Files(tmp_path_factory.mktemp("files"))
    yield cluster.lone_master(**files.master("agents", "frameworks"))
    cluster.close()


def _lacks(row: Row) -> bool:
    if row.who == "agent":
        return row.bare in AGENTS or row.bare == "/api/v1/executor"
    return row.bare in ENDPOINTS or (row.who == "leader" and row.call in CALLS)


def _body(row: Row) -> bytes | None:
    if row.call == "SUBSCRIBE":
        return b'{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"probe"}}}'
    return b'{"type":"%s"}' % row.call.encode() if row.call else None


def _path(cell: Cell) -> str | None:
    """Return the path of a location: hosts and ports are the cluster's own."""
    return cell.location.removeprefix("//").partition("/")[2] if cell.location else None


def _of_other(world: World, name: str) -> Answer:
    who, method, *_ = name.split("_")
    body = {"type": "GET_AGENTS"} if method == "POST" else None
    return request(world.members[who].address, method, FILTERED[name], body, shows("other"))


def _without(body: Any, name: str) -> Any:
    if isinstance(body, list):
        return [_without(one, name) for one in body]
    if isinstance(body, dict):
        return {key: _without(value, name) for key, value in body.items() if key != name}
    return body


def _filled(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield what is there of which the real one had an empty list on top."""
    if isinstance(expected, dict):
        yield from (name for name, value in expected.items() if value in ([], {}) and found[name])
    elif not expected and found:
        yield path


def _flags() -> Json:
    found: Json = recorded("leader_GET_flags__op").body
    return found


def _wanted(path: str) -> Any:
    resource = '[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1},"role":"ads","reservation":{}}]'
    return {
        "/quota": {"role": "ads", "guarantee": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}]},
        "/reserve": "slaveId={agent}&resources=" + resource.replace("{", "{{").replace("}", "}}"),
        "/teardown": "frameworkId={framework}",
    }[path]


def _agent_id(world: World) -> str:
    return str(world.members["leader"].get("/slaves")["slaves"][0]["id"])


def _post(address: str, path: str, body: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection(address, timeout=60)
    connection.request("POST", path, body, headers)
    return connection.getresponse().status
