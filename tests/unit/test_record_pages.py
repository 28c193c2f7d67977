"""The page of a run: where things are in its picture, what it tells, and what cannot get into it."""

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_records import LEFT, RECORDS, THREE_SERVICES, failed, interrupted, rolled

from pages.texts import Label
from tasks.engine.page import page
from tasks.plan.availability.course import Gap
from tasks.plan.report import account
from tasks.plan.report.chart import Chart, Drawn, chart
from tasks.plan.report.folds import MOST, OUTCOMES, folds, idle
from tasks.plan.report.record import Done, Fared, Record
from tasks.plan.step import Phase, Risk

HOSTS = [f"10.70.{place // 250}.{place % 250}" for place in range(300)]
TIMES = st.floats(-10, 1e6) | st.floats(0, 60) | st.sampled_from([0.0, 1e12, -1e12])
WHATS = st.sampled_from(["2.2 zoo.cfg", "2.5 replace zookeeper", "2.6 check ZooKeeper", "wait", "x" * 200])

DONE = st.builds(
    Done,
    host=st.sampled_from(HOSTS[:40]) | st.sampled_from(HOSTS),
    what=WHATS,
    id=st.sampled_from(["", "2.5", "5.2"]),
    outcome=st.sampled_from([*OUTCOMES, "odd"]),
    start=TIMES,
    end=TIMES,
)
FARED = st.builds(
    Fared,
    service=st.sampled_from(["ZooKeeper", "Mesos", "Marathon", "a service with a very long name"]),
    gaps=st.lists(st.builds(Gap, TIMES, TIMES), max_size=30).map(tuple),
)


@st.composite
def runs(draw: st.DrawFn) -> Record:
    """Anything that may stand in a record: hosts and times as they may be, and as they never are."""
    return replace(
        THREE_SERVICES,
        hosts=tuple(HOSTS[: draw(st.integers(0, 300))]),
        seconds=draw(TIMES),
        done=tuple(draw(st.lists(DONE, max_size=60))),
        services=tuple(draw(st.lists(FARED, max_size=4))),
    )


def _labels(drawn: Chart) -> list[Label]:
    texts = [label for _, label in drawn.ticks] + list(drawn.headings)
    for row in drawn.rows:
        texts += [*row.labels, *(bar.caption for bar in row.bars if bar.caption)]
    return texts


def _apart(one: Label, other: Label) -> bool:
    across = one.x + one.width <= other.x or other.x + other.width <= one.x
    return across or abs(one.y - other.y) >= 11


def _meet(one: Drawn, other: Drawn) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@given(runs())
def test_no_two_bars_overlap_and_all_are_inside_of_their_row_and_the_picture(run: Record) -> None:
    drawn = chart(run)
    for row, below in pairwise(drawn.rows):
        assert row.y + row.height < below.y
    for row in drawn.rows:
        assert drawn.top < row.y and row.y + row.height <= drawn.height
        for place, bar in enumerate(row.bars):
            assert drawn.left < bar.x and bar.x + bar.width <= drawn.right and bar.width >= 1
            assert row.y <= bar.y and bar.y + bar.height <= row.y + row.height
            assert not any(_meet(bar, other) for other in row.bars[place + 1 :])


@given(runs())
def test_no_two_texts_overlap_and_none_lies_on_a_bar_that_is_not_its_own(run: Record) -> None:
    drawn = chart(run)
    texts = _labels(drawn)
    for place, one in enumerate(texts):
        assert one.x >= 0 and one.x + one.width <= drawn.width and 0 < one.y < drawn.height, one
        assert all(_apart(one, other) for other in texts[place + 1 :]), one
    for row in drawn.rows:
        for bar in row.bars:
            if (text := bar.caption) is not None:
                own = bar.x <= text.x and text.x + text.width <= bar.x + bar.width
                box = replace(bar, x=text.x, width=text.width)
                assert own or not any(_meet(box, other) for other in row.bars), text


@given(runs())
def test_everything_that_was_done_is_told_of_one_row_and_rows_are_few(run: Record) -> None:
    told = folds(run)
    assert len(told) <= MOST
    assert sorted(map(repr, run.done)) == sorted(repr(one) for fold in told for one in fold.done)
    assert {host for fold in told for host in fold.hosts} == {one.host for one in run.done}
    assert set(run.hosts) == set(idle(run)) | (set(run.hosts) & {one.host for one in run.done})


@given(runs())
def test_any_record_has_a_page(run: Record) -> None:
    assert page(run).endswith("</html>")


def test_few_hosts_have_a_row_each_and_many_that_did_the_same_have_one_together() -> None:
    assert [fold.name for fold in folds(rolled(3))] == ["10.70.1.1", "10.70.1.2", "10.70.1.3"]
    assert [fold.name for fold in folds(rolled(200))] == ["200 hosts"]
    assert [fold.name for fold in folds(failed(rolled(50), "10.70.1.7"))] == [*rolled(7).hosts[1:]]
    late = failed(rolled(50), "10.70.1.40")
    assert [(fold.name, fold.outcome) for fold in folds(late)] == [
        ("39 hosts", "changed"),
        ("10.70.1.40", "failed"),
    ]


def test_the_page_of_two_hundred_agents_is_small() -> None:
    assert len(page(rolled(200)).encode()) < 300_000


def test_a_page_needs_nothing_from_elsewhere() -> None:
    for run in RECORDS.values():
        shown = page(run)
        assert not re.search(r"(src|href)=[\"'](?!#)|url\(|@import|http-equiv|<script", shown)


# What it tells


def _words(run: Record) -> str:
    """The text of a page, without its style."""
    plain = re.sub(r"<style>.*?</style>", "", page(run), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def test_a_page_tells_what_was_planned_and_why_and_what_came_of_it() -> None:
    words = _words(THREE_SERVICES)
    assert "24 steps changed something on 3 hosts; longest gaps: ZooKeeper 1.4 s, Mesos 0.3 s" in words
    assert (
        "2.5 replace zookeeper zoo.cfg: syncLimit 2 -&gt; 6 restarts zookeeper, the leader 10.70.0.12 changed"
        in words
    )
    assert "Exit code 0: Nothing to do, or everything was carried out and its gates passed." in words


def test_a_page_tells_of_a_gap_in_whose_turn_it_was() -> None:
    told = next(account.prices(THREE_SERVICES))
    assert told.gaps == ("1.4 s from 25.0 s on, in the turn of ZooKeeper on 10.70.0.12, the leader",)
    assert (told.longest, told.allowed, told.leader) == (
        "1.4 s, slowest answer 0.9 s",
        "no limit",
        "changed once",
    )


def test_a_page_of_a_failure_tells_the_error_what_was_left_and_what_to_do() -> None:
    words = _words(failed(rolled(50), "10.70.1.7"))
    for said in ("docker: no space left on device", LEFT[1], "Exit code 4: A step was tried on a host"):
        assert said in words
    assert "Do as the message says, then type fab deploy-mesos-agent again" in words
    assert "changed on 6, failed on 1, not begun on 43" in words
    assert "✗ failed" in words and "10.70.1.7" in words


def test_a_page_of_an_interrupted_run_says_that_the_next_one_goes_on() -> None:
    words = _words(interrupted(THREE_SERVICES, 26.0))
    assert "○ interrupted" in words and "Type fab deploy-cluster again" in words


@pytest.mark.parametrize(
    "code, kind, tone",
    [
        (0, "done", "passed"),
        (11, "over_budget", "partly"),
        (130, "interrupted", "partly"),
        (5, "gate_not_reached", "failed"),
        (1, "bug", "failed"),
    ],
)
def test_a_page_looks_as_the_run_ended(code: int, kind: str, tone: str) -> None:
    run = replace(THREE_SERVICES, ending=replace(THREE_SERVICES.ending, exit_code=code, kind=kind))
    assert account.tone(run) == tone and f'class="verdict {tone}"' in page(run)
    assert account.advice(run)


def test_what_was_over_its_budget_is_marked_in_words_too() -> None:
    fared = replace(THREE_SERVICES.services[0], budget=0.5)
    words = _words(replace(THREE_SERVICES, services=(fared,), tasks=rolled(3).tasks))
    assert "ZooKeeper ✗ 1.4 s, slowest answer 0.9 s 0.5 s" in words
    assert (
        "6 of 9 tasks run on, 0 finished or were killed, 3 lost (3 of /cron); lost_tasks_budget allows 0."
        in words
    )


# What cannot get into it

OURS = (*get_args(Phase), *get_args(Risk))
"""Texts of which a record may only have these, else it is none."""

EVIL = "<img src=x onerror=alert(1)>\x1b[2J`\"'&{{ 7 * 7 }}\0"


def spoilt(value: Any) -> Any:
    """Give a value with an evil text in place of every text in it."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: spoilt(getattr(value, each.name)) for each in fields(value)})
    if isinstance(value, tuple):
        return tuple(map(spoilt, value))
    return EVIL if isinstance(value, str) and value not in OURS else value


class Elements(HTMLParser):
    """The elements of a page, and its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_what_hosts_say_is_text_in_a_page_and_never_markup() -> None:
    run, plain, evil = failed(THREE_SERVICES, "10.70.0.10"), Elements(), Elements()
    plain.feed(page(run))
    shown = page(spoilt(run))
    evil.feed(shown)
    assert "{{ 7 * 7 }}" in shown and "onerror" in shown
    assert evil.names <= plain.names and evil.attributes <= plain.attributes
    assert all(each.isprintable() or each == "\n" for each in shown)
