"""What the suite says of an app whose task does not run, or does not answer."""

from typing import Any

import pytest
import requests
from samples import first_node

from verify.apps import App

TASK = {"id": "a.1", "host": "10.0.0.9", "ports": [31000]}


def asked(monkeypatch: pytest.MonkeyPatch, failure: dict[str, Any]) -> str:
    """Ask a task at whose port nobody listens; Marathon tells of this last failure."""

    def nobody(*_: object, **__: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr("verify.apps.request", nobody)
    monkeypatch.setattr(App, "_told", lambda app: {"lastTaskFailure": failure})
    monkeypatch.setattr("verify.apps.TASK_TIMEOUT", 0.01)
    with pytest.raises(pytest.fail.Exception) as failed:
        App(first_node()[1], {}).says(TASK)
    return str(failed.value)


def test_a_task_that_failed_meanwhile_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = {"taskId": "a.1", "state": "TASK_FAILED", "message": "exited with status 127", "host": "there"}
    said = asked(monkeypatch, failure)
    assert said.startswith("there: a task of /mesofab-verify-") and "127" in said


def test_another_tasks_failure_is_not_taken_for_its(monkeypatch: pytest.MonkeyPatch) -> None:
    said = asked(monkeypatch, {"taskId": "a.0", "state": "TASK_KILLED"})
    assert "an answer of a.1 on port 31000" in said and "KILLED" not in said


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (["TASK_STAGING"], "after 0 s there is a task in TASK_STAGING and a deployment that goes on;"),
        ([], "after 0 s there is no task and a deployment that goes on;"),
    ],
)
def test_an_app_that_does_not_come_up_is_told_with_what_its_tasks_are_at(
    monkeypatch: pytest.MonkeyPatch, states: list[str], told: str
) -> None:
    monkeypatch.setattr(App, "_told", lambda app: {"deployments": ["one"]})
    monkeypatch.setattr(App, "_all_tasks", lambda app: [{"state": state} for state in states])
    monkeypatch.setattr("verify.apps.APP_TIMEOUT", 0.01)
    with pytest.raises(pytest.fail.Exception) as failed:
        App(first_node()[1], {"instances": 1}).runs(1, unless_one_fails=True)
    assert told in str(failed.value)
