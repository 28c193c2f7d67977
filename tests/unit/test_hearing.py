"""No command goes on for ever: each has bounds of time and of size, and is read in one go."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import SupportsIndex

import pytest
from fabric import Connection
from fake_hosts import Nobody
from hypothesis import given
from hypothesis import strategies as st
from paramiko import Channel
from samples import first_node
from sshd import Act, Sshd, end

from tasks.engine import become
from tasks.engine.console import Console
from tasks.engine.hearing import INQUIRY, Bounds, Lines
from tasks.engine.hosts import Hosts
from tasks.engine.journal import Journal
from tasks.engine.remote import Outcome, Remote
from tasks.engine.transcript import Transcript
from tasks.errors import StepFailed, Unreachable
from tasks.inventory.cluster import Node
from tasks.plan.names import Id
from tasks.plan.script import MARK
from tasks.plan.step import IDLE, Action, Step

PULL = Step(Id.ZOOKEEPER_PULL, Action.PULL, "pull zookeeper:3.4.12", "missing", "docker pull x\n")
RUN = Step(Id.ZOOKEEPER_RUN, Action.RUN, "run zookeeper", "missing", "docker run x\n")


def goes_on_saying(word: bytes, pause: float = 0.05) -> Act:
    """Say a word again and again until whoever listens has gone; paramiko then raises OSError."""

    def act(channel: Channel) -> None:
        gone = threading.Event()
        while not gone.wait(pause):
            channel.sendall(word)

    return act


# Time


@pytest.mark.parametrize("word", [b".", b"a line\n"], ids=["bytes", "lines"])
def test_a_command_that_never_ends_is_left_behind_whatever_it_says(
    sshd: Sshd, node: Node, connection: Connection, word: bytes
) -> None:
    sshd.act = goes_on_saying(word)
    with pytest.raises(Unreachable) as caught:
        Remote(node, connection, bounds=Bounds(seconds=0.5)).execute("")
    assert str(caught.value) == (
        "10.0.0.1  it has not come to an end in 0.5 s. It is safe to run this again."
    )


def test_a_lease_that_never_comes_is_left_behind(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = goes_on_saying(b".")
    with pytest.raises(Unreachable, match=r"not come to an end in 0\.5 s"):
        Remote(node, connection, bounds=Bounds(seconds=0.5)).hold("", lambda line: False)


def test_a_sudo_that_never_ends_is_left_behind(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = goes_on_saying(b"Sorry.\n")
    through = replace(node, ssh=replace(node.ssh, become=True))
    with pytest.raises(Unreachable, match=r"not come to an end in 0\.5 s"):
        Remote(through, connection, bounds=Bounds(seconds=0.5)).execute("")


def test_a_host_that_takes_a_script_byte_by_byte_is_left_behind(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    """It reads nothing, so that paramiko's window of 2 MB gets full."""

    def act(channel: Channel) -> None:
        sshd.thawed.wait(60)

    sshd.act = act
    with pytest.raises(Unreachable, match=r"not come to an end in 0\.5 s"):
        Remote(node, connection, bounds=Bounds(seconds=0.5)).execute("x" * 5_000_000)


def test_silence_is_told_as_silence_where_there_was_more_time(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = lambda channel: None
    with pytest.raises(Unreachable, match="it has been silent for 0.5 s"):
        Remote(node, connection, silence=0.5, bounds=Bounds(seconds=60)).execute("")


def test_each_part_of_a_command_has_its_own_time_and_size(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    steps = count(1)

    def act(channel: Channel) -> None:
        pause = threading.Event()
        for _ in range(6):
            channel.sendall(b"part" * 10 + b"\n")
            pause.wait(0.2)
        end(channel)

    sshd.act = act
    bounds = Bounds(seconds=1, size=100, renewed=lambda: bool(next(steps)))
    assert Remote(node, connection, bounds=bounds).execute("").code == 0


# Size


@pytest.mark.parametrize("word", [b"x" * 5000, b"x\n" * 2500], ids=["one line", "many lines"])
def test_a_command_that_says_too_much_is_left_behind(
    sshd: Sshd, node: Node, connection: Connection, word: bytes
) -> None:
    sshd.act = goes_on_saying(word, pause=0)
    with pytest.raises(Unreachable, match="it has said more than 0.1 MB and goes on"):
        Remote(node, connection, bounds=Bounds(size=100_000)).execute("")


def test_what_floods_standard_error_says_too_much(sshd: Sshd, node: Node, connection: Connection) -> None:
    def act(channel: Channel) -> None:
        while True:
            channel.sendall_stderr(b"x" * 5000)

    sshd.act = act
    with pytest.raises(Unreachable, match="it has said more than 0.1 MB"):
        Remote(node, connection, bounds=Bounds(size=100_000)).execute("")


def test_a_sudo_that_says_more_than_sudo_does_is_left_behind(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = goes_on_saying(b"x" * 5000, pause=0)
    through = replace(node, ssh=replace(node.ssh, become=True))
    with pytest.raises(Unreachable, match=r"sudo: x{200}\. Allow") as caught:
        Remote(through, connection).execute("")
    assert len(str(caught.value)) < become.MOST


# Every piece is gone through once


class Counted(str):
    """A text that counts how many of its characters were gone through or copied."""

    work = 0

    def _count(self, *others: str) -> None:
        Counted.work += len(self) + sum(map(len, others))

    def __add__(self, other: str) -> str:
        self._count(other)
        return Counted(str(self) + other)

    def __radd__(self, other: str) -> str:
        self._count(other)
        return Counted(other + str(self))

    def __contains__(self, part: str) -> bool:  # type: ignore[override]
        self._count()
        return part in str(self)

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        self._count()
        return [Counted(one) for one in str(self).split(sep, maxsplit)]

    def partition(self, sep: str) -> tuple[str, str, str]:
        self._count()
        before, found, after = str(self).partition(sep)
        return Counted(before), found, Counted(after)


def work(pieces: int) -> int:
    """Count what it takes to read a line that comes in so many pieces."""
    Counted.work = 0
    lines = Lines()
    assert not any(lines.take(Counted("x" * 100)) for _ in range(pieces))
    assert lines.take("\n") == ["x" * 100 * pieces]
    return Counted.work


def test_twice_as_long_a_line_is_twice_the_work() -> None:
    assert work(2000) == 2 * work(1000)


@given(st.lists(st.text("ab\n\r", max_size=6)))
def test_lines_are_those_of_the_whole_text_however_it_is_cut(pieces: list[str]) -> None:
    lines = Lines()
    read = [line for piece in pieces for line in lines.take(piece)]
    assert [*read, lines.rest()] == "".join(pieces).split("\n")


# A step


class OneHost(Hosts):
    """A host that plays back what a script has said."""

    def __init__(self, said: Callable[[Bounds, Callable[[str], bool]], Outcome], vars: str = "") -> None:
        cluster, node = first_node(vars)
        super().__init__(cluster, [node], Nobody(), Console())
        self.said = said

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        return self.said(bounds, on_line)


def says(*lines: str, code: int = 0) -> Callable[[Bounds, Callable[[str], bool]], Outcome]:
    def said(bounds: Bounds, on_line: Callable[[str], bool]) -> Outcome:
        assert not any([on_line(line) for line in lines])
        return Outcome(code, "")

    return said


def test_a_step_has_the_time_of_step_timeout_and_names_it() -> None:
    found = []

    def said(bounds: Bounds, on_line: Callable[[str], bool]) -> Outcome:
        on_line(f"{MARK}begin 0")
        found.append((bounds.seconds, bounds.renewed()))
        on_line(f"{MARK}alive 0")
        found.append((bounds.seconds, bounds.renewed()))
        raise Unreachable("it hangs", bounds.longer, "10.70.0.10")

    with pytest.raises(Unreachable) as caught:
        OneHost(said, "step_timeout=7200").act({"10.70.0.10": [PULL]})
    assert found == [(7200, True), (7200, False)]
    assert str(caught.value) == (
        "10.70.0.10  it hangs. If a step only needs more time, as a pull over a slow line may, set "
        "step_timeout in hosts.ini. It was at 2.4 pull zookeeper:3.4.12."
    )


def test_steps_that_are_told_in_order_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    told = [f"{MARK}{event} {index}" for index in (0, 1) for event in ("begin", "end")]
    OneHost(says(*told)).act({"10.70.0.10": [PULL, RUN]})
    assert capsys.readouterr().out.count("changed") == 1


def test_a_step_that_found_nothing_to_do_is_ok_and_counts_for_nothing() -> None:
    hosts = OneHost(says(f"{MARK}begin 0", IDLE, f"{MARK}end 0", f"{MARK}begin 1", f"{MARK}end 1"))
    ending = Step(
        Id.MARATHON_RUN, Action.STOP, "end it if it hangs", "it would", "true\n", "replace", "restart"
    )
    hosts.act({"10.70.0.10": [ending, RUN]})
    assert [row.outcome for row in hosts.console.rows] == ["ok", "changed"]
    assert (hosts.journal.progress.planned, hosts.journal.progress.added) == (0, 1)


PROGRESS = {
    "a step that there is not": f"{MARK}begin 7",
    "a step that is not next": f"{MARK}begin 1",
    "an end before its beginning": f"{MARK}end 0",
    "a number of 5000 digits": f"{MARK}begin {'9' * 5000}",
}


@pytest.mark.parametrize("line", PROGRESS.values(), ids=PROGRESS)
def test_progress_that_is_not_due_is_what_a_program_said(line: str) -> None:
    with pytest.raises(StepFailed, match="^10.70.0.10  sh: exit 3: \x1e"):
        OneHost(says(line, code=3)).act({"10.70.0.10": [PULL, RUN]})
    behind = line.replace("end 0", "end 1")
    with pytest.raises(StepFailed, match="2.4 pull zookeeper:3.4.12: exit 3: (begin|end) "):
        OneHost(says(f"{MARK}begin 0", behind, code=3)).act({"10.70.0.10": [PULL, RUN]})


@pytest.mark.parametrize("told", [[], [f"{MARK}begin 0"], [f"{MARK}begin 0", f"{MARK}end 0"]])
def test_a_script_that_ends_well_before_its_last_step_has_failed(told: list[str]) -> None:
    with pytest.raises(StepFailed, match="exit 0"):
        OneHost(says(*told)).act({"10.70.0.10": [PULL, RUN]})


@given(
    st.lists(
        st.builds(
            "{}{} {}".format, st.just(MARK), st.sampled_from(["begin", "end", "alive"]), st.integers(0, 3)
        )
        | st.text()
    )
)
def test_whatever_a_script_tells_of_its_steps_is_followed(lines: list[str]) -> None:
    _, node = first_node()
    transcript = Transcript(node, [PULL, RUN], Console(), Journal())
    begun = sum(not transcript.line(line) and transcript.begins for line in lines)
    assert begun <= 2 and (begun == 2 or not transcript.is_done)
    assert str(transcript.failure(Outcome(1, "")))
