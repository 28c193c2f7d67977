# ruff: noqa: E402
"""The stand-in for Marathon keeps to what is known of 1.5.8: errors, groups, events, information."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from marathon_cluster import SMOKE, Marathons
from marathon_nodes import ENTRY_POINT, until

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(ENTRY_POINT.parent.parent))
from marathon import left_out

pytest_plugins = ["marathon_cluster"]


# --- errors, groups, events -------------------------------------------------------------------------------


def test_errors_are_json_with_the_right_status(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    assert node.ask("POST", "/v2/apps", data=json.dumps(SMOKE)).status_code == 415
    typed = {"headers": {"Content-Type": "application/json"}}
    malformed = node.ask("POST", "/v2/apps", data="{", **typed)
    assert (malformed.status_code, malformed.json()["message"]) == (400, "Invalid JSON")
    shape = node.ask("POST", "/v2/apps", json={**SMOKE, "cpus": "much"})
    assert (shape.status_code, shape.json()["message"]) == (422, "Invalid JSON")
    assert shape.json()["details"] == [{"path": "/cpus", "errors": ["error.expected.jsnumber"]}]
    rule = node.ask("POST", "/v2/apps", json={**SMOKE, "cmd": "x"})
    assert (rule.status_code, rule.json()["message"]) == (422, "Object is not valid")
    assert rule.json()["details"][0]["path"] == "/cmd"
    assert node.ask("POST", "/v2/apps", json=SMOKE).status_code == 201
    twice = node.ask("POST", "/v2/apps", json=SMOKE)
    assert (twice.status_code, twice.json()["message"]) == (409, "An app with id [/smoke] already exists.")
    for method, path in (("PATCH", "/v2/apps/no"), ("DELETE", "/v2/apps/no"), ("GET", "/v2/apps/no/tasks")):
        assert node.ask(method, path, json={}).status_code == 404
    assert node.ask("PUT", "/v2/apps/new", json={"cmd": "sleep 1"}).status_code == 201


def test_groups_are_what_ids_make(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json={**SMOKE, "id": "/a/b/c", "instances": 0})
    root = node.get("/v2/groups")
    assert set(root) == {"id", "dependencies", "version", "apps", "groups", "pods"}
    assert root["groups"][0]["groups"][0]["apps"][0]["id"] == "/a/b/c"
    assert node.get("/v2/groups/a/b")["id"] == "/a/b"
    assert [app["id"] for app in node.get("/v2/apps/a/*")["*"]] == ["/a/b/c"]
    assert node.ask("GET", "/v2/groups/z").status_code == 404


def test_events_tell_of_updates_and_deployments(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    refused = node.ask("GET", "/v2/events", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.headers["Content-Type"][:9]) == (405, "text/html")
    wanted = ("status_update_event", "deployment_success")
    query = "&".join(f"event_type={each}" for each in wanted)
    stream = node.ask("GET", f"/v2/events?{query}", headers={"Accept": "text/event-stream"}, stream=True)
    node.ask("POST", "/v2/apps", json=SMOKE)
    seen = []
    for line in stream.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            seen.append(line.removeprefix("event: "))
        if line.startswith("data: "):
            assert json.loads(line.removeprefix("data: "))["eventType"] == seen[-1]
            if seen[-1] == "deployment_success":
                break
    stream.close()
    assert seen[0] == "event_stream_attached"
    assert set(seen[1:]) == set(wanted)


def test_what_is_left_out_is_not_there(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    for path in left_out.ENDPOINTS:
        answer = node.ask("GET", path)
        assert (answer.status_code, answer.json()) == (404, {"message": f"URI not found: {path}"})
    for each in left_out.METHODS:
        method, path = each.split()
        assert node.ask(method, path, json={}).status_code == 405


def test_info_and_metrics_have_the_listed_keys(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    info = node.get("/v2/info")
    assert set(info) == {
        *("name", "version", "buildref", "elected", "leader", "frameworkId"),
        *("marathon_config", "zookeeper_config", "http_config"),
    }
    assert (info["name"], info["version"], info["leader"]) == ("marathon", "1.5.8", node.address)
    assert len(info["marathon_config"]) == 41
    assert len(info["zookeeper_config"]) == 8
    assert {"start", "end", "counters", "gauges", "histograms", "min-max-counters"} <= set(
        node.get("/metrics")
    )
    assert node.get("/v2/leader") == {"leader": node.address}


def test_basic_authentication_guards_every_path(marathons: Marathons) -> None:
    node = marathons.add("--http_credentials=ann:secret")
    refused = until(lambda: node.ask("GET", "/ping"), "it answers")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="Mesosphere"'
    until(lambda: node.ask("GET", "/ping", auth=("ann", "secret")).status_code == 200, "it leads")


def test_credentials_may_come_by_a_variable_of_their_own(marathons: Marathons) -> None:
    node = marathons.add(MESOSPHERE_HTTP_CREDENTIALS="ann:secret")
    assert until(lambda: node.ask("GET", "/ping"), "it answers").status_code == 401


def test_credentials_may_come_by_the_file_of_the_start_hook(
    marathons: Marathons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "true.env").write_text("export MESOSPHERE_HTTP_CREDENTIALS='ann:secret'\nLOST=ben\n")
    monkeypatch.chdir(tmp_path)
    node = marathons.add(HOOK_MARATHON_START="/bin/true")
    assert until(lambda: node.ask("GET", "/ping"), "it answers").status_code == 401
    assert node.ask("GET", "/ping", auth=("ann", "secret")).status_code in (200, 503)
    assert "start hook" not in node.log.read_text()


def test_credentials_without_a_password_guard_nothing(marathons: Marathons) -> None:
    node = marathons.add("--http_credentials=ann")
    until(lambda: node.ask("GET", "/ping").status_code == 200, "it leads")
    assert "The HTTP credentials must be specified in the form of 'user:password'" in node.log.read_text()
