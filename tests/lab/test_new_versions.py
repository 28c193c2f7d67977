"""Versions of Marathon, and changes of agents, that cannot be taken back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import requests
from operators import (
    AGENT,
    INVENTORY,
    SOON,
    TRIO,
    Inventory,
    Run,
    inside,
    pid_of_the_app,
    running_task,
    zookeeper,
)

from lab import images, waiting

EVERYBODY = (*TRIO, AGENT)
OLD, NEW = images.MARATHON.tag, images.NEXT_MARATHON.tag
ADDITIVE = 'mesos_agent_environment="MESOS_RECONFIGURATION_POLICY=additive"'


def containers() -> dict[str, str]:
    """Give every container's id and start on every host."""
    ask = "docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' | sort"
    return {node: inside(node, ask) for node in EVERYBODY}


def info(node: str) -> dict[str, Any]:
    """What a Marathon says of the leader; {} if it does not answer."""
    try:
        answer = requests.get(f"http://{node}:8080/v2/info", timeout=15)
    except requests.RequestException:
        return {}
    return answer.json() if answer.ok else {}


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the version of whoever leads, by every Marathon's word, while the block runs."""
    seen: list[str] = []
    over = Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.extend(version for node in TRIO if (version := info(node).get("version")))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def marathon_steps(said: str) -> list[tuple[str, str]]:
    """The hosts on which a Marathon was stopped or replaced, in order."""
    return re.findall(
        r"^(10\S+)  4\.1 (stop|replace|put|start) .*marathon-.*  changed  \S+ s$", said, re.MULTILINE
    )


def with_marathon(inventory: Inventory, image: str, *more: str) -> Any:
    text = INVENTORY.read_text().replace(f"marathon_image={OLD}", f"marathon_image={image}")
    return inventory(text="\n".join([text, *more]))


@pytest.fixture
def restored(docker_app: dict[str, Any], fab: Run) -> Iterator[None]:
    """At the end, go back to the old version as the refusal of a downgrade says."""
    pid = pid_of_the_app()
    yield
    for number, node in enumerate(TRIO, start=1):
        inside(node, f"docker rm -f marathon-{number}")
    with zookeeper() as client:
        # The stand-ins' states differ in nothing but their version, so this makes a backup's of it.
        client.set("/marathon/state/internal:storage:version", b"\x08\x01\x10\x05\x18\x08\x20\x01")
    back = fab("deploy-cluster")
    assert back.code == 0, back.said
    assert info(TRIO[0])["version"] == "1.5.8"
    assert (pid_of_the_app(), running_task()["id"]) == (pid, docker_app["id"])


def test_a_new_marathon_is_handed_over_once_it_can_lead_and_never_goes_back(
    docker_app: dict[str, Any], restored: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    pid, leader = pid_of_the_app(), info(TRIO[0])["leader"].partition(":")[0]
    broken = with_marathon(inventory, NEW, 'marathon_arguments="--zk_timeout soon"', "gate_timeout=45")
    failed = fab("deploy-marathon", inventory=broken)
    assert failed.code == 10, failed.said
    assert "the old version runs again, its state was not changed" in failed.said
    assert [what for _, what in marathon_steps(failed.said)][:2] == ["stop", "replace"]
    assert {info(node).get("version") for node in TRIO} == {"1.5.8"}
    assert leader not in {node for node, _ in marathon_steps(failed.said)}

    newer = with_marathon(inventory, NEW)
    with watched() as versions:
        done = fab("deploy-cluster", inventory=newer)
    assert done.code == 0, done.said
    steps = marathon_steps(done.said)
    assert [what for _, what in steps] == ["stop", "replace", "stop", "replace", "replace"]
    assert [node for node, _ in steps].index(leader) == 2
    assert sorted(versions) == versions and set(versions) == {"1.5.8", "1.5.9"}
    assert (pid_of_the_app(), running_task()["id"]) == (pid, docker_app["id"])
    assert fab("status", inventory=newer).code == 0
    checked = suite("-m", "not journey", inventory=newer)
    assert checked.code == 0, checked.said

    before = containers()
    refused = fab("deploy-cluster")
    assert refused.code == 6, refused.said
    assert "its state is of 1.5.9, hosts.ini wants 1.5.8: it cannot be migrated back" in refused.said
    assert containers() == before


def agent_id() -> str:
    """What the leading master calls the agent."""
    for node in TRIO:
        answer = requests.get(f"http://{node}:5050/slaves", timeout=15)
        (one,) = [slave for slave in answer.json()["slaves"] if slave["active"]]
        return str(one["id"])
    raise AssertionError("no master leads")


def test_an_agent_takes_what_is_added_and_ends_its_tasks_only_when_told_to(
    docker_app: dict[str, Any], fab: Run, inventory: Inventory
) -> None:
    pid, known, before = pid_of_the_app(), agent_id(), containers()
    added = inventory(f'mesos_agent_attributes="rack:a"\n{ADDITIVE}')
    done = fab("deploy-cluster", inventory=added)
    assert done.code == 0, done.said
    assert (pid_of_the_app(), running_task()["id"], agent_id()) == (pid, docker_app["id"], known)
    after = containers()
    assert [node for node in EVERYBODY if after[node] != before[node]] == [AGENT]

    changed = inventory(f'mesos_agent_attributes="rack:b"\n{ADDITIVE}')
    refused = fab("deploy-cluster", inventory=changed)
    assert refused.code == 6, refused.said
    assert "attribute rack a -> b: the agent would refuse its work_dir" in refused.said
    plan = fab("plan", "--drain", inventory=changed)
    assert plan.code == 0, plan.said
    assert "ends its 1 task (1 of /survivor) and makes it a new agent" in plan.said
    assert containers() == after

    drained = fab("deploy-cluster", "--drain", inventory=changed)
    assert drained.code == 0, drained.said
    assert "drain mesos-slave and replace it  changed" in drained.said
    assert agent_id() != known
    waiting.until(
        "the app to run again",
        SOON,
        lambda: "its old task" if running_task()["id"] == docker_app["id"] else None,
    )
    assert fab("deploy-mesos-agent", "--drain").code == 0
    assert fab("status").code == 0
