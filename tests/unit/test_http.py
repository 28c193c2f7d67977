"""HTTP over plain TCP: what is sent, and whatever may come back."""

import json

import pytest
import recorded_mesos as recorded
from hypothesis import given
from hypothesis import strategies as st
from samples import any_json

from tasks.inventory.credentials import OPERATOR
from tasks.plan import http
from tasks.plan.http import Answer


def test_a_request_asks_that_the_connection_be_closed_behind_the_answer() -> None:
    lines = http.get("/slaves").split("\r\n")
    assert lines[0] == "GET /slaves HTTP/1.0"
    assert "Connection: close" in lines
    assert lines[-2:] == ["", ""] and any(line.startswith(OPERATOR) for line in lines)
    assert http.stranger("/slaves").endswith("Connection: close\r\n\r\n")


def test_what_a_real_master_answered_is_read() -> None:
    answer = http.read(recorded.LEADER_METRICS)
    assert answer.status == 200
    assert http.table(answer.json)["registrar/log/ensemble_size"] == 3
    (agent,) = http.items(http.table(http.read(recorded.LEADER_SUMMARY).json)["slaves"])
    assert http.table(agent)["pid"] == "slave(1)@10.70.0.20:5051"


@pytest.mark.parametrize("text, status", [(recorded.FOLLOWER_SUMMARY, 307), (recorded.HEALTH, 200)])
def test_an_answer_without_a_body_has_a_status_and_no_json(text: str, status: int) -> None:
    assert http.read(text) == Answer(status)


def test_line_ends_may_be_of_either_kind() -> None:
    assert http.read(recorded.LEADER_METRICS.replace("\r", "")) == http.read(recorded.LEADER_METRICS)


def test_an_answer_to_http_1_0_is_read_as_well() -> None:
    assert http.read('HTTP/1.0 200 OK\r\n\r\n{"leader": null}') == Answer(200, {"leader": None})
    assert http.read("HTTP/1.1 200\r\n\r\n[]") == Answer(200, [])


def test_an_html_page_is_a_status_alone() -> None:
    page = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n\r\n<html>\n\n<h2>Error 503</h2>"
    assert http.read(page) == Answer(503)


WORTHLESS = {
    "silence": "",
    "only a line end": "\n",
    "another protocol": "SSH-2.0-OpenSSH_9.2\r\n",
    "ZooKeeper": "This ZooKeeper instance is not currently serving requests\n",
    "JSON alone": '{"slaves": []}',
    "a status cut short": "HTTP/1.1 20",
    "a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n{}",
    "a status in words": "HTTP/1.1 fine\r\n\r\n{}",
    "digits that are none": "HTTP/1.1 ²00 OK\r\n\r\n{}",
    "an endless status": "HTTP/1.1 " + "9" * 5000,
}


@pytest.mark.parametrize("text", WORTHLESS.values(), ids=WORTHLESS.keys())
def test_what_is_not_http_is_no_answer(text: str) -> None:
    assert http.read(text) == Answer()


UNREADABLE = {
    "nesting without end": "[" * 100_000,
    "a number without end": "1" * 5000,
    "two values": "{} {}",
    "text": "No leader elected",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_is_no_json_leaves_the_status(body: str) -> None:
    assert http.read(f"HTTP/1.1 200 OK\r\n\r\n{body}") == Answer(200)


@given(st.integers(0, len(recorded.LEADER_SUMMARY) - 1))
def test_an_answer_cut_off_anywhere_is_never_taken_for_a_whole_one(length: int) -> None:
    assert http.read(recorded.LEADER_SUMMARY[:length]).json is None


@given(any_json("a", "\n\n", "\r"), st.sampled_from(["\n", "\r\n"]))
def test_any_json_comes_through_unchanged(body: object, end: str) -> None:
    text = json.dumps(body)
    assert json.dumps(http.read(f"HTTP/1.1 200 OK{end}{end}{text}").json) == text


@given(st.one_of(st.text(), st.text().map("HTTP/1.1 ".__add__), st.text().map("HTTP/1.1 200 OK\n\n".__add__)))
def test_no_text_raises(text: str) -> None:
    assert http.read(text).status in range(1000)
