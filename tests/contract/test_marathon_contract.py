# ruff: noqa: E402
"""The contract of Marathon: first over what a real 1.5.8 answered, then over the stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import Answer
from marathon_cluster import Marathons
from marathon_life import RECORDED, Life, recorded
from marathon_master import FakeMaster
from marathon_nodes import ENTRY_POINT, ZooKeeper
from shape import differences

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(ENTRY_POINT.parent.parent))
from marathon import left_out

pytest_plugins = ["marathon_cluster"]
NAMES = sorted(path.stem for path in RECORDED.glob("*.headers"))
HTML = ("leader-GET-events-no-accept", "standby-GET-events-no-accept")
Answers = Callable[[str], Answer]


@pytest.fixture(scope="module", params=["recorded", "stand-in"])
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Whoever is held to the contract."""
    if request.param == "recorded":
        yield recorded
        return
    keeper: ZooKeeper = request.getfixturevalue("keeper")
    master, directory = FakeMaster(), Path(tmp_path_factory.mktemp("contract"))
    marathons, found = Marathons(directory, keeper, master.address), dict[str, Answer]()
    try:
        Life(marathons.up(2), master, found).live()
        yield found.__getitem__
    finally:
        for node in marathons.nodes:
            node.stop()
        master.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_as_recorded(answers: Answers, name: str) -> None:
    """Status, headers, keys and types are the real one's, but for what is left out on purpose."""
    if name in left_out.ANSWERS and answers is not recorded:
        pytest.skip(left_out.ANSWERS[name])
    expected, found = recorded(name), answers(name)
    assert found.status == expected.status
    assert _names(found) - left_out.HEADERS.get(name, {}).keys() == _names(expected)
    assert found.kind == expected.kind
    assert list(differences(_comparable(name, expected.body), _comparable(name, found.body))) == []


@pytest.mark.parametrize("name", HTML)
def test_pages_are_jettys(answers: Answers, name: str) -> None:
    assert answers(name).text.rstrip() == recorded(name).text.rstrip()


def test_headers_say_who_leads_and_who_passed_it_on(answers: Answers) -> None:
    own, through = answers("leader-GET-info"), answers("standby-GET-info")
    leader = own.headers["X-Marathon-Leader"]
    assert (leader, own.body["elected"]) == (f"http://{own.body['leader']}", True)
    assert through.headers["X-Marathon-Leader"] == leader
    assert through.headers["X-Marathon-Via"].startswith("1.1 ")
    assert answers("standby-POST-app-port").headers["Location"] == f"{leader}/v2/apps/recorded/port"


def test_what_was_refused_says_why(answers: Answers) -> None:
    refused = {
        "again": {"message": "An app with id [/recorded/cmd] already exists."},
        "bad-id": {
            "message": "Invalid JSON",
            "details": [{"path": "/id", "errors": ["error.pattern"]}],
        },
        "bad-type": {
            "message": "Invalid JSON",
            "details": [{"path": "/instances", "errors": ["error.expected.jsnumber"]}],
        },
        "no-type": {"message": "Unsupported Media Type"},
    }
    for name, body in refused.items():
        assert answers(f"leader-POST-app-{name}").body == body


def test_what_is_left_out_was_recorded() -> None:
    assert set(left_out.ANSWERS) <= set(NAMES)
    told = {event["eventType"] for event in recorded("leader-events").body}
    assert left_out.EVENTS.keys() <= told


def _names(answer: Answer) -> set[str]:
    return {name.title() for name in answer.headers}


def _comparable(name: str, body: Any) -> Any:
    """Even out what is named after circumstances, and what stands in left_out."""
    if name.endswith("-metrics"):
        return sorted(body)
    if name == "leader-DELETE-task":
        task = body["task"]
        return {**body, "task": {**task, "tasksMap": list(task["tasksMap"].values())}}
    if name == "leader-events":
        told = {event["eventType"]: {**event, "plan": None} for event in body}
        return {kind: event for kind, event in told.items() if kind not in left_out.EVENTS}
    return body
