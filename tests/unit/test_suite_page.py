"""The acceptance report: what is in it, what is not, and where things are in its picture."""

import re
from pathlib import Path

import pytest
from fake_members import Given, nothing, on_loopback
from hypothesis import given
from hypothesis import strategies as st
from test_suite_one_host import ENSEMBLE, TRIO, members
from test_suite_report import ROOT, suite

from picture.layout import LANES, layout
from picture.shapes import Box
from picture.topology import ROLES, Condition, Machine, Member
from tasks.inventory.parse import parse
from tasks.inventory.secret import HIDDEN
from verify.evidence import MEASURED, Log, Witness, asked, kept, stretch
from verify.findings import Finding
from verify.report.compiling import Trial, checks, complaints
from verify.report.document import Outcome
from verify.report.glance import Seen
from verify.report.steps import STEPS
from verify.report.topology import machines, services

WELL = {"127.0.0.1": "leader", "127.0.0.2": "follower", "127.0.0.3": "follower"}

HOST_NAMES = st.one_of(
    st.from_regex(r"10\.70\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
    st.from_regex(r"2001:db8:[0-9a-f]{1,4}::[0-9a-f]{1,4}", fullmatch=True),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=80),
)
CONDITIONS = st.sampled_from(Condition)


@st.composite
def clusters(draw: st.DrawFn) -> list[Machine]:
    """Up to nine hosts with any services, up to 200 agents, all with any names and in any condition."""
    found = []
    for place in range(draw(st.integers(0, 9))):
        name, roles = draw(HOST_NAMES), draw(st.sets(st.sampled_from(LANES), min_size=1))
        parts = st.sampled_from(["leader", "follower", "standby", ""])
        its = [
            _member(name, role, f"{role}-{place}", draw(parts), draw(CONDITIONS)) for role in sorted(roles)
        ]
        found.append(Machine(name, "10.0.0.1", draw(CONDITIONS), tuple(its), 12))
    tasks = tuple(draw(st.lists(st.text("abc/", max_size=90), max_size=6)))
    for place in range(draw(st.integers(1, 200))):
        name = f"{draw(HOST_NAMES) if place < 3 else 'agent'}-{place}"
        agent = _member(name, "mesos_agent", "mesos-slave", "active", Condition.WELL, tasks)
        found.append(Machine(name, "10.0.0.2", Condition.WELL, (agent,)))
    return found


def _member(
    host: str, role: str, name: str, part: str, condition: Condition, tasks: tuple[str, ...] = ()
) -> Member:
    follows, running = "b" * 30 * (part == "follower"), 2 * len(tasks) if role == "mesos_agent" else None
    return Member(host, role, name, part, condition, 200, follows, tasks, running)


def _overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@given(clusters())
def test_no_two_boxes_of_the_picture_overlap_and_all_are_inside_of_it(machines: list[Machine]) -> None:
    picture = layout(machines)
    assert len(picture.boxes) == sum(len(one.members) for one in machines)
    for boxes in (picture.frames, picture.boxes):
        for place, one in enumerate(boxes):
            assert one.x >= 0 and one.x + one.width <= picture.width
            assert one.y >= 0 and one.y + one.height <= picture.height
            assert not any(_overlap(one, other) for other in boxes[place + 1 : place + 30])


@given(clusters())
def test_every_text_of_the_picture_has_its_room(machines: list[Machine]) -> None:
    for box in (picture := layout(machines)).frames + picture.boxes:
        for label in box.labels:
            assert box.x <= label.x and label.x + label.width <= box.x + box.width, label
            assert box.y < label.y < box.y + box.height


@pytest.mark.parametrize("down", ["", "127.0.0.2"])
def test_a_run_leaves_a_page_whether_or_not_its_checks_pass(tmp_path: Path, down: str) -> None:
    modes = {address: mode for address, mode in WELL.items() if address != down}
    with on_loopback(TRIO, members(modes), nothing) as cluster:
        words = (*ENSEMBLE, f"--report={tmp_path}/page.html")
        code, said, _ = suite(TRIO, tmp_path, *words, plugins=[Given(cluster)])
    page = (tmp_path / "page.html").read_text()
    assert code == (1 if down else 0), said
    assert f"The report is {tmp_path}/page.html\n" in said
    assert said.splitlines()[-1].partition(" on 4 hosts")[0] in page
    assert "Every member serves" in page and "srvr to port" in page
    assert ("ZooKeeper says to srvr: no answer" in page) == bool(down)
    assert (
        not re.search(r"(src|href)=[\"'](?!#)", page) and "http-equiv" not in page and "@import" not in page
    )


def test_a_run_that_is_interrupted_leaves_a_page_that_says_so(tmp_path: Path) -> None:
    class Impatient:
        """Somebody who types Ctrl-C behind the first check."""

        def pytest_runtest_teardown(self) -> None:
            raise KeyboardInterrupt

    with on_loopback(TRIO, members(WELL), nothing) as cluster:
        words = (*ENSEMBLE, f"--report={tmp_path}/page.html")
        plugins = [Given(cluster), Impatient()]
        code, _, _ = suite(TRIO, tmp_path, *words, plugins=plugins)
    page = (tmp_path / "page.html").read_text()
    assert code == 2
    assert "The run was interrupted" in page and "not run" in page
    assert "<h1>passed</h1>" not in page


@pytest.mark.parametrize(
    "error, told", [(KeyError("odd"), "KeyError('odd')"), (KeyboardInterrupt(), "interrupted")]
)
def test_what_happens_while_the_page_is_made_hides_no_finding(
    tmp_path: Path, error: BaseException, told: str
) -> None:
    class Odd(float):
        """A time that cannot be drawn."""

        def __ge__(self, other: object) -> bool:
            raise error

    class Measured:
        """Somebody who has measured it."""

        def pytest_sessionstart(self, session: pytest.Session) -> None:
            measured: list[tuple[str, float]] = [("a new leader", Odd(3))]
            session.config.stash[MEASURED] = measured

    with on_loopback(TRIO, members({"127.0.0.1": "leader"}), nothing) as cluster:
        words = (*ENSEMBLE, f"--report={tmp_path}/page.html")
        code, said, _ = suite(TRIO, tmp_path, *words, plugins=[Given(cluster), Measured()])
    assert code == 1 and "ZooKeeper says to srvr: no answer" in said
    assert re.search(rf"The report was not written.*: {re.escape(told)}\n", said)


def test_a_page_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text("<testsuites/>")
    code, said, _ = suite(TRIO, tmp_path, "verify", f"--report={tmp_path}/nowhere/page.html")
    assert code == 4
    assert f"there is no directory {tmp_path}/nowhere; make it first" in said


def test_without_a_report_nothing_of_it_is_loaded() -> None:
    for file in (ROOT / "verify").glob("*.py"):
        assert not re.search(r"^(from|import) .*\b(report|jinja2)\b", file.read_text(), re.MULTILINE), file


GONE = Finding("10.0.0.2", "it cannot be reached over SSH: timed out", "it to answer", "see whether it is up")
FAILED = {
    "a": ("Every member serves", Finding("10.0.0.2", "ZooKeeper says: no answer", "it to serve", "look")),
    "b": ("One leads", Finding("10.0.0.1, 10.0.0.2", "two are elected", "one", "compare them")),
    "c": ("The container runs", GONE),
}


def test_a_lost_host_is_the_first_finding_and_has_what_follows_from_it() -> None:
    trials = {
        id: Trial(id, title, ("2.6",), None, "zookeeper", Outcome.FAILED, findings=[one])
        for id, (title, one) in FAILED.items()
    }
    cluster = parse(TRIO)
    first, other = found = tuple(complaints(trials, cluster, {str(GONE): "10.0.0.2"}))
    assert (first.finding, first.besides) == (GONE, ("ZooKeeper says: no answer",))
    assert first.checks == ("The container runs", "Every member serves")
    assert other.finding == FAILED["b"][1] and other.hosts == ("10.0.0.1", "10.0.0.2")
    assert [one.complaints for one in checks(trials, {}, cluster, found)] == [(1,), (2,), (1,)]


def test_of_members_that_nobody_has_asked_the_page_says_no_more_than_that() -> None:
    cluster = parse(TRIO)
    assert set(services(cluster, Seen()).values()) == {"not asked"}
    assert {one.part for machine in machines(cluster, Seen(), (), ()) for one in machine.members} == {
        "not asked"
    }


def test_evidence_has_no_secrets_no_control_characters_and_of_long_answers_the_size() -> None:
    witness = Witness()
    with kept(witness, "a check"):
        asked("10.0.0.1", "run --password=hush", "DB_PASSWORD=hush")
        asked("10.0.0.1", "cat long", "hush\n" * 1000)
        asked("10.0.0.1", "cat odd", "\x1b[2J")
        for _ in range(3):
            asked("10.0.0.1", "again", "so")
        with stretch("launched"):
            pass
    log: Log = witness["a check"]
    said = [one.asked + one.answer for one in log.exchanges]
    assert not [one for one in said if "hush" in one or "\x1b" in one] and HIDDEN in said[0]
    assert [one.times for one in log.exchanges] == [1, 1, 1, 3]
    assert [one.what for one in log.stretches] == ["launched"]


def test_steps_have_the_names_of_the_runbooks_table() -> None:
    table = re.findall(r"^\| (\d\.\d) \| (.+?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert dict(table) == STEPS
    assert list(ROLES)[:3] == list(LANES)
