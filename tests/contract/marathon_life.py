"""A life of apps, as a real Marathon 1.5.8 was asked for it: every recorded answer by what it answers to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from answers import Answer
from marathon_cluster import Marathons, settled, tasks_of
from marathon_master import FakeMaster
from marathon_nodes import Marathon, until

RECORDED = Path(__file__).parent / "recorded/marathon-1.5.8"
_APP = {"cmd": "sleep 3600", "cpus": 0.1, "mem": 32, "portDefinitions": []}
CMD, BIG = {**_APP, "id": "/recorded/cmd"}, {**_APP, "id": "/recorded/big", "cpus": 64}
PORT = {"id": "/recorded/port", "cmd": "sleep 3600", "cpus": 0.1, "mem": 32}
FAILS = {**_APP, "id": "/recorded/fails", "cmd": "exit 3"}
CHECK = {"protocol": "COMMAND", "command": {"value": "true"}, "gracePeriodSeconds": 5, "intervalSeconds": 2}
DOCKER = {
    "id": "/recorded/docker",
    "cmd": "sleep 3600",
    "cpus": 0.1,
    "mem": 64,
    "container": {"type": "DOCKER", "docker": {"image": "mesosphere/mesos:1.5.0"}},
    "portDefinitions": [{"port": 0, "name": "http"}],
    "healthChecks": [{**CHECK, "timeoutSeconds": 2}],
}

IDLE = {
    "app-unknown": "/v2/apps//nothing",
    "apps": "/v2/apps",
    "apps-embed": "/v2/apps?embed=apps.tasks&embed=apps.deployments",
    "deployments": "/v2/deployments",
    "events-no-accept": "/v2/events",
    "groups": "/v2/groups",
    "help": "/help",
    "info": "/v2/info",
    "leader": "/v2/leader",
    "metrics": "/metrics",
    "ping": "/ping",
    "plugins": "/v2/plugins",
    "pods": "/v2/pods",
    "queue": "/v2/queue",
    "root": "/",
    "tasks": "/v2/tasks",
    "unknown": "/v2/zzz",
}
"""What leader and standby were asked while there was no app."""


def recorded(name: str) -> Answer:
    """Return what the real one answered."""
    head, *lines = (RECORDED / f"{name}.headers").read_text().splitlines()
    body, text = RECORDED / f"{name}.json", RECORDED / f"{name}.txt"
    headers = dict(line.partition(": ")[::2] for line in lines)
    parsed = json.loads(body.read_text()) if body.exists() else None
    return Answer(int(head.split()[0]), headers, parsed, text.read_text() if text.exists() else "")


@dataclass
class Life:
    """Marathons that are asked for the same; `answers` gets what they say, by the recorded names."""

    marathons: Marathons
    master: FakeMaster
    answers: dict[str, Answer]

    def live(self) -> None:
        """Go through all of it, in the recorded order."""
        leader, standby = self.marathons.leader(), self.marathons.standby()
        until(lambda: leader.get("/v2/info")["marathon_config"]["mesos_leader_ui_url"], "registration")
        events = requests.get(f"{leader.url}/v2/events", headers=_EVENTS, stream=True, timeout=60)
        for node, who in ((leader, "leader"), (standby, "standby")):
            for name, path in IDLE.items():
                self._ask(node, f"{who}-GET-{name}", path)
        self._ask(leader, "leader-GET-ping-json", "/ping", headers={"Accept": "application/json"})
        self._ask(leader, "leader-HEAD-ping", "/ping")
        for part in (self._made, self._too_big, self._changed, self._failing, self._docker, self._removed):
            part(leader, standby)
        self.answers["leader-events"] = _heard(events)

    def _ask(self, node: Marathon, name: str, path: str, **how: Any) -> None:
        method = name.split("-")[1]
        self.answers[name] = _answer(node.ask(method, path, **how))

    def _made(self, leader: Marathon, standby: Marathon) -> None:
        typed = {"headers": {"Content-Type": "application/json"}}
        post: Callable[..., None] = partial(self._ask, leader, path="/v2/apps")
        post("leader-POST-app", json=CMD)
        post("leader-POST-app-again", json=CMD)
        self._ask(standby, "standby-POST-app-port", "/v2/apps", json=PORT)
        post("leader-POST-app-bad-id", json={**CMD, "id": "/Recorded_Bad"})
        post("leader-POST-app-bad-type", json={**CMD, "instances": "one"})
        post("leader-POST-app-broken-json", data="{", **typed)
        post("leader-POST-app-no-type", data=json.dumps(CMD))
        until(lambda: settled(leader) and len(self.master.running) == 2, "both run")
        for name, below in {"": "", "-tasks": "/tasks", "-versions": "/versions"}.items():
            self._ask(leader, f"leader-GET-app{name}", f"/v2/apps/recorded/cmd{below}")
        self._ask(leader, "leader-GET-tasks-one", "/v2/tasks")

    def _too_big(self, leader: Marathon, _: Marathon) -> None:
        self._ask(leader, "leader-POST-app-too-big", "/v2/apps", json=BIG)
        until(lambda: "lastUnusedOfferAt" in json.dumps(leader.get("/v2/queue")), "an offer that was refused")
        self._ask(leader, "leader-GET-queue-waiting", "/v2/queue")
        self._ask(leader, "leader-GET-deployments-waiting", "/v2/deployments")
        self._ask(leader, "leader-PUT-app-locked", "/v2/apps/recorded/big", json={"instances": 2})
        self._ask(leader, "leader-DELETE-app-big", "/v2/apps/recorded/big?force=true")

    def _changed(self, leader: Marathon, _: Marathon) -> None:
        until(lambda: settled(leader), "the end of what was too big")
        self._ask(leader, "leader-PUT-app-scale", "/v2/apps/recorded/cmd", json={"instances": 2})
        until(lambda: settled(leader), "two of them")
        self._ask(leader, "leader-POST-app-restart", "/v2/apps/recorded/cmd/restart")
        until(lambda: settled(leader), "two others")
        one = tasks_of(leader, "/recorded/cmd")[0]["id"]
        self._ask(leader, "leader-DELETE-task", f"/v2/apps/recorded/cmd/tasks/{one}")

    def _failing(self, leader: Marathon, _: Marathon) -> None:
        self._ask(leader, "leader-POST-app-fails", "/v2/apps", json=FAILS)
        # Often enough that the next launch has to wait.
        while "lastTaskFailure" not in leader.get("/v2/apps/recorded/fails")["app"]:
            self._fail(leader, "/recorded/fails", "Command exited with status 3")
        until(lambda: _delayed(leader), "the next launch waits")
        self._ask(leader, "leader-GET-queue-delayed", "/v2/queue")
        self._ask(leader, "leader-GET-app-fails", "/v2/apps/recorded/fails")

    def _fail(self, leader: Marathon, app: str, message: str) -> None:
        task = until(lambda: tasks_of(leader, app), f"a task of {app}")[0]["id"]
        self.master.end(task, "TASK_FAILED", message)
        until(lambda: task not in [each["id"] for each in tasks_of(leader, app)], "its end")

    def _docker(self, leader: Marathon, _: Marathon) -> None:
        self._ask(leader, "leader-POST-app-docker", "/v2/apps", json=DOCKER)
        self._fail(leader, "/recorded/docker", "Failed to launch container")
        until(lambda: tasks_of(leader, "/recorded/docker"), "another one")
        self._ask(leader, "leader-GET-app-docker", "/v2/apps/recorded/docker")
        self._ask(leader, "leader-GET-apps-full", IDLE["apps-embed"])
        self._ask(leader, "leader-GET-groups-full", "/v2/groups")

    def _removed(self, leader: Marathon, _: Marathon) -> None:
        for name in ("cmd", "port", "fails", "docker"):
            self._ask(leader, f"leader-DELETE-app-{name}", f"/v2/apps/recorded/{name}")
        until(lambda: settled(leader) and not self.master.running, "the end of all")
        self._ask(leader, "leader-GET-groups-after", "/v2/groups")
        self._ask(leader, "leader-DELETE-group", "/v2/groups/recorded")


_EVENTS = {"Accept": "text/event-stream"}


def _delayed(leader: Marathon) -> bool:
    return any(each["app"]["id"] == FAILS["id"] for each in leader.get("/v2/queue")["queue"])


def _answer(response: requests.Response) -> Answer:
    kind = response.headers.get("Content-Type", "")
    parsed = response.json() if response.content and kind.startswith("application/json") else None
    return Answer(response.status_code, dict(response.headers), parsed, response.text)


def _heard(stream: requests.Response) -> Answer:
    """Return one event of each kind that came."""
    found: dict[str, Any] = {}
    for line in _lines(stream):
        event = json.loads(line.removeprefix("data: "))
        found.setdefault(event["eventType"], event)
        if event["eventType"] == "deployment_success" and "deployment_failed" in found:
            break
    stream.close()
    return Answer(stream.status_code, dict(stream.headers), list(found.values()))


def _lines(stream: requests.Response) -> Iterator[str]:
    return (line for line in stream.iter_lines(1, decode_unicode=True) if line.startswith("data: "))
