"""What the suite says of an app whose task does not run, or does not answer, and that none is left behind."""

from collections.abc import Callable
from typing import Any

import pytest
from fake_marathon import AGENT, Marathon, failure

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from verify.apps import App, Patience, launched

RACE = (
    "Failed to launch container: Failed to run 'docker -H unix:///var/run/docker.sock inspect mesos-4ad5':"
    " exited with status 1; stderr='Error: No such object: mesos-4ad5\n'"
)
"""What a real agent says now and then (recorded)."""

TASK = {"id": "a.1", "host": AGENT, "ports": [31000]}
Start = Callable[..., Marathon]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Have a fake Marathon be asked."""

    def plant(*fails: str, **how: Any) -> Marathon:
        made = Marathon(*fails, **how)
        made.plant(monkeypatch)
        return made

    return plant


def cluster(variables: str = "") -> Cluster:
    """Two Marathons."""
    text = "[zookeeper]\n10.0.0.1 myid=1\n[marathon]\n10.0.0.1\n10.0.0.2 number=2\n[all:vars]\n"
    return parse(f"{text}{variables}\n")


PATIENT = Patience(app=60, task=60, pause=0)
IN_VAIN = Patience(app=0.2, task=0.01, pause=0)
"""For what never comes."""


def an_app(patience: Patience = PATIENT) -> App:
    return App(cluster(), cluster().nodes[0], {}, patience)


def noted(
    definition: dict[str, Any] | None = None, variables: str = "", patience: Patience = PATIENT
) -> list[str]:
    """Launch an app and remove it; return what is noted of it."""
    told: list[str] = []
    asked = cluster(variables)
    with launched(asked, asked.nodes[0], definition or {}, told.append, patience):
        pass
    return told


def said(work: Callable[[], object]) -> str:
    """Return what work fails with."""
    with pytest.raises(pytest.fail.Exception) as failed:
        work()
    return str(failed.value)


def test_an_app_of_which_one_launch_fails_runs_and_that_is_told_in_one_line(start: Start) -> None:
    start(RACE)
    (line,) = noted()
    name, _, rest = line.partition(": ")
    assert name.startswith("mesofab-verify-")
    assert rest == (
        f"1 launch failed on {AGENT} before it ran (verify_failed_launches allows 5): "
        + " ".join(RACE.split())
    )


def test_each_failed_launch_counts_once_however_often_it_is_seen(start: Start) -> None:
    start(*["none"] * 4, "the last")
    (line,) = noted({"instances": 3})
    assert f"5 launches failed on {AGENT} before they ran (verify_failed_launches allows 5): the last" in line


def test_an_app_that_just_runs_is_not_told_of(start: Start) -> None:
    start()
    assert noted() == []


def test_an_app_that_can_never_run_fails_with_the_reason_long_before_the_wait_is_over(start: Start) -> None:
    start(always="No such image: none:1")
    told = said(lambda: noted(patience=Patience(app=3600, pause=0)))
    assert told.startswith(f"{AGENT}: 6 launches of /mesofab-verify-")
    assert "failed, the last task became TASK_FAILED: No such image: none:1; expected at most 5" in told


@pytest.mark.parametrize(("allowed", "fails"), [(0, 1), (2, 3)])
def test_how_many_launches_may_fail_is_a_setting(start: Start, allowed: int, fails: int) -> None:
    variables = f"verify_failed_launches={allowed}"
    start(*["again"] * fails)
    told = said(lambda: noted(variables=variables))
    assert f"expected at most {allowed} (verify_failed_launches);" in told
    start(*["again"] * allowed)
    assert len(noted(variables=variables)) == min(1, allowed)


def test_failed_launches_count_while_an_app_is_scaled_as_well(start: Start) -> None:
    marathon = start()
    app = an_app()
    app.launch()
    marathon.always = "no room"
    assert "6 launches of " in said(lambda: app.scale(2))


def test_a_task_that_ran_and_failed_is_a_failure_though_another_one_runs(start: Start) -> None:
    marathon = start()
    app = an_app()
    app.launch()
    marathon.fail("exited with status 3")
    told = said(lambda: app.runs(1))
    assert told.startswith(f"{AGENT}: a task of {app.id} ran and became TASK_FAILED: exited with status 3;")


def test_a_task_that_is_still_listed_has_not_failed(start: Start) -> None:
    """An agent that was away: Marathon has told of its task as unreachable, and it runs on."""
    marathon = start()
    app = an_app()
    app.launch()
    (shown,) = marathon.apps.values()
    shown["lastTaskFailure"] = failure(shown["tasks"][0]["id"], "gone", "TASK_UNREACHABLE")
    assert len(app.runs(1)) == 1
    assert app.forgiven() == ""


def test_a_task_that_was_killed_is_no_failure_and_another_one_comes(start: Start) -> None:
    start()
    app = an_app()
    app.launch()
    (before,) = app.runs(1)
    app.kill(before)
    (after,) = app.runs(1)
    assert (after["id"] != before["id"], app.forgiven()) == (True, "")


def asked(start: Start, told: dict[str, str]) -> str:
    """Ask a task at whose port nobody listens; Marathon tells of this last failure."""
    app = an_app(IN_VAIN)
    start().apps[app.id] = {"id": app.id, "instances": 0, "tasks": [], "lastTaskFailure": told}
    return said(lambda: app.says(TASK))


def test_a_task_that_failed_meanwhile_is_told_with_its_reason(start: Start) -> None:
    told = asked(start, failure("a.1", "exited with status 127"))
    assert told.startswith(f"{AGENT}: a task of /mesofab-verify-") and "127" in told


def test_another_tasks_failure_is_not_taken_for_its(start: Start) -> None:
    told = asked(start, failure("a.0", "", "TASK_KILLED"))
    assert "an answer of a.1 on port 31000" in told and "KILLED" not in told


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        ([{"id": "a.1", "state": "TASK_STAGING"}], "there is a task in TASK_STAGING and a deployment"),
        ([], "after 0 s there is no task and a deployment that goes on;"),
    ],
)
def test_an_app_that_does_not_come_up_is_told_with_what_its_tasks_are_at(
    start: Start, tasks: list[dict[str, str]], told: str
) -> None:
    app = an_app(IN_VAIN)
    start().apps[app.id] = {"instances": len(tasks), "tasks": tasks, "deployments": ["one"]}
    assert told in said(lambda: app.runs(1))


class Boom(Exception):
    """A bug of the suite."""


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt, pytest.fail.Exception])
def test_whatever_happens_to_an_app_it_is_removed(start: Start, error: type[BaseException]) -> None:
    marathon = start()
    with pytest.raises(error), launched(cluster(), cluster().nodes[0], {}, lambda line: None, PATIENT):
        assert marathon.apps
        raise error
    assert not marathon.apps


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt])
def test_an_app_is_removed_if_its_launch_is_cut_short(start: Start, error: type[BaseException]) -> None:
    marathon = start(error=error)
    with pytest.raises(error):
        noted()
    assert "POST 10.0.0.1:8080/v2/apps" in marathon.asked
    assert not marathon.apps


def test_an_app_that_could_never_run_is_removed(start: Start) -> None:
    marathon = start(always="none")
    said(noted)
    assert not marathon.apps


def test_an_answer_that_got_lost_is_asked_for_again_and_the_app_is_taken_for_made(start: Start) -> None:
    marathon = start(lost=1)
    assert noted() == []
    assert not marathon.apps


def test_an_app_is_removed_though_no_answer_came_to_its_post(start: Start) -> None:
    marathon = start(lost=10**9)
    assert "expected an answer to POST /v2/apps;" in said(lambda: noted(patience=IN_VAIN))
    assert not marathon.apps


def test_an_app_is_removed_through_another_marathon_if_its_own_is_dead(start: Start) -> None:
    marathon = start()
    with pytest.raises(Boom), launched(cluster(), cluster().nodes[0], {}, lambda line: None, PATIENT):
        marathon.silent = {"10.0.0.1"}
        raise Boom
    assert not marathon.apps


def test_an_app_that_cannot_be_removed_is_told_beside_what_went_wrong_before(start: Start) -> None:
    start(always="none", keeps=True)
    first, second = said(lambda: noted(patience=IN_VAIN)).splitlines()
    assert "6 launches of " in first
    assert "there is an answer 500 to DELETE; expected /mesofab-verify-" in second
