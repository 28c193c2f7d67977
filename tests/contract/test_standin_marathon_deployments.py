"""The stand-in for Marathon, what is pure of it: the steps of deployments, and what apps still need."""

# ruff: noqa: E402

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab/images/marathon-stand-in"))

from marathon import apps, deployments, options
from marathon.deployments import Change, Deployment, Task

OPTIONS = options.parse(["--master=h:5050"])
SMOKE = {"id": "/smoke", "cmd": "sleep 3600"}


def versioned(config: str = "c1", **fields: Any) -> apps.Definition:
    return {
        **apps.create({**SMOKE, **fields}, OPTIONS, ()),
        "version": config,
        "versionInfo": {"lastConfigChangeAt": config},
    }


def a_task(number: int, config: str = "c1", state: str = "TASK_RUNNING", **more: Any) -> Task:
    staged = f"2026-01-01T00:00:{number:02d}.000Z"
    return Task(
        f"t{number}", f"i{number}", "/smoke", config, config, "S0", "h", [], staged, {}, state, **more
    )


def ready(task: Task) -> bool:
    return task.state == "TASK_RUNNING"


def test_steps_of_a_deployment() -> None:
    one, two, other = versioned(), versioned(instances=2), versioned("c2")

    def actions(before: Any, after: Any) -> list[str]:
        return [action for action, _ in Change("/smoke", before, after).actions()]

    assert actions(None, one) == ["StartApplication", "ScaleApplication"]
    assert actions(one, two) == ["ScaleApplication"]
    assert actions(one, other) == ["RestartApplication"]
    assert actions(one, None) == ["StopApplication"]
    assert actions(one, one) == []


def test_a_deployment_survives_being_stored() -> None:
    deployment = Deployment("d", "v", [Change("/a", None, versioned()), Change("/b", versioned(), None)], 1)
    assert deployments.restored(deployment.stored()) == deployment
    shown = deployment.as_json()
    assert (shown["currentStep"], shown["totalSteps"], shown["affectedApps"]) == (2, 2, ["/a", "/b"])
    assert shown["steps"][0]["actions"][1] == {"action": "StopApplication", "app": "/b"}


def test_scaling_starts_what_is_missing_and_kills_the_youngest() -> None:
    app, tasks = versioned(instances=2), [a_task(1), a_task(2), a_task(3)]
    assert deployments.need(app, tasks[:1], ready).launch == 1
    assert [task.id for task in deployments.need(app, tasks, ready).kill] == ["t3"]
    oldest = {**app, "killSelection": "OLDEST_FIRST"}
    assert [task.id for task in deployments.need(oldest, tasks, ready).kill] == ["t1"]


def test_a_restart_keeps_serving() -> None:
    app = versioned("c2", instances=2)
    old = [a_task(1), a_task(2)]
    first = deployments.need(app, old, ready)
    assert (first.launch, list(first.kill)) == (2, [])
    starting = [a_task(3, "c2", "TASK_STAGING"), a_task(4, "c2")]
    second = deployments.need(app, old + starting, ready)
    assert (second.launch, [task.id for task in second.kill]) == (0, ["t1"])
    last = deployments.need(app, [a_task(3, "c2"), a_task(4, "c2")], ready)
    assert (last.launch, list(last.kill)) == (0, [])


def test_a_restart_within_its_capacity_and_one_that_had_none() -> None:
    half = {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0}
    need = deployments.need(versioned("c2", instances=2, upgradeStrategy=half), [a_task(1), a_task(2)], ready)
    assert (need.launch, len(need.kill)) == (0, 1)
    none = {"minimumHealthCapacity": 1, "maximumOverCapacity": 0}
    need = deployments.need(versioned("c2", upgradeStrategy=none), [a_task(1)], ready)
    assert (need.launch, len(need.kill)) == (1, 0)


def test_settled_means_as_many_as_wanted_all_serving_none_of_the_past() -> None:
    app = versioned()
    assert deployments.settled(app, [a_task(1)], ready)
    assert not deployments.settled(app, [], ready)
    assert not deployments.settled(app, [a_task(1, state="TASK_STAGING")], ready)
    assert not deployments.settled(app, [a_task(1, "c0")], ready)
    assert not deployments.settled(app, [a_task(1), a_task(2)], ready)
    assert not deployments.settled(app, [a_task(1, killed="2026-01-01T00:00:00.000Z")], ready)
