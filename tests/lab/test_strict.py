"""A running cluster comes to demand credentials and gives that up again, and nobody notices but strangers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from operators import AGENT, INVENTORY, TRIO, Inventory, Run, inside, pid_of_the_app, running_task
from test_credentials_rolled import HOME, SHOWN, assert_unseen, secrets

MASTER_FLAGS = ("authenticate_agents", "authenticate_http_readonly", "authenticate_http_readwrite")
DOORS = (*((each, 5050, path) for each in TRIO for path in ("/state", "/flags")), (AGENT, 5051, "/state"))


def flags(address: str, port: int, auth: tuple[str, str]) -> dict[str, Any]:
    answer = requests.get(f"http://{address}:{port}/flags", timeout=15, auth=auth)
    found: dict[str, Any] = answer.json()["flags"]
    return found


def statuses(auth: tuple[str, str] | None) -> set[int]:
    """Try doors of masters and of the agent."""
    tried = (
        requests.get(f"http://{host}:{port}{path}", timeout=15, auth=auth, allow_redirects=False)
        for host, port, path in DOORS
    )
    return {answer.status_code for answer in tried}


@pytest.fixture
def opened(fab: Run, inventory: Inventory) -> Iterator[None]:
    """Leave a cluster that demands nothing, whatever happens."""
    yield
    left = fab("deploy-cluster", inventory=inventory("security=open\nsecrets_file=s.yml"))
    assert left.code == 0, left.said


def test_masters_demand_credentials_when_every_agent_has_shown_its_own_and_stop_demanding_first(
    opened: None, docker_app: dict[str, Any], fab: Run, suite: Run, inventory: Inventory, tmp_path: Path
) -> None:
    known = secrets(tmp_path / "s.yml")
    operator = ("operator", known.of["operator"].secret.text)
    task, pid, said = docker_app["id"], pid_of_the_app(), []

    def typed(*words: str, security: str = "strict", code: int = 0) -> str:
        extra = f"security={security}\nsecrets_file=s.yml\ngate_timeout=60\nlost_tasks_budget=0"
        done = fab(*words, inventory=inventory(extra))
        said.append(done.said)
        assert done.code == code, done.said
        assert running_task()["id"] == task and pid_of_the_app() == pid
        return done.said

    def demanded() -> list[bool]:
        return [flags(each, 5050, operator)["authenticate_agents"] in (True, "true") for each in TRIO]

    early = typed("deploy-mesos-master", code=6)
    assert "The agents on 10.70.0.20 do not say that they run with a credential (/flags)" in early
    saved = tmp_path / "plan.json"
    planned = typed("plan", "--out", str(saved))
    assert "Masters first know credentials and demand none" in planned
    typed("deploy-cluster", security="permissive")
    inside(AGENT, f'sed -i \'s/"secret": "..../&wrong/\' {HOME}/mesos_agent/credential.json')
    stopped = typed("deploy-cluster", code=6)
    assert "credential.json has other secrets than secrets_file" in stopped and not any(demanded())
    wrong = f"sed -i 's/secret\": \"..../&wrong/' {HOME}/mesos_agent/credential.json"
    inside(AGENT, f"{wrong} && docker restart mesos-slave")
    stopped = typed("deploy-mesos-master", code=6)
    assert "The agents on 10.70.0.20 do not say that they run with a credential" in stopped
    assert not any(demanded())
    assert "credential.json  prepared" in typed("deploy-cluster") and all(demanded())
    typed("deploy-cluster", security="open")

    whole = typed("deploy-cluster")
    assert "Tasks: 1 of 1 run on, 0 lost." in whole
    assert all(demanded())
    assert flags(AGENT, 5051, operator)["http_credentials"] == f"{HOME}/mesos_agent/visitors.json"
    assert statuses(None) == statuses(("operator", "wrong")) == {401}
    assert statuses(operator) <= {200, 307}
    assert "Nothing to do" in typed("deploy-cluster")
    for words in (["status"], ["preflight"], ["status", "--json"], ["plan", "--json"]):
        typed(*words)
    passed = suite(inventory=inventory("security=strict\nsecrets_file=s.yml"))
    assert passed.code == 0, passed.said
    texts = [*said, passed.said, saved.read_text(), *(inside(each, SHOWN) for each in (*TRIO, AGENT))]
    texts += [json.dumps(flags(each, 5050, operator)) for each in TRIO]
    texts += [file.read_text() for file in (tmp_path / "runs").glob("*")]
    for text in texts:
        assert_unseen(text, known)

    late = typed("deploy-mesos-agent", security="open", code=6)
    assert "The masters on 10.70.0.10, .11, .12 do not say that they demand no credentials" in late
    typed("deploy-cluster", security="open")
    assert statuses(None) <= {200, 307}
    assert not any(flags(each, 5050, operator).get("credentials") for each in TRIO)
    assert not inside(AGENT, f"ls {HOME}") and not inside(TRIO[0], f"ls {HOME}")
    assert "Nothing to do" in fab("deploy-cluster", inventory=INVENTORY).said
