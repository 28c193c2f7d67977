"""What is asked while a change rolls, what the answers mean, and what is said of them."""

import re
import socketserver
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kazoo.protocol.serialization import Close, Connect, int_struct

from lab.waiting import until
from tasks.engine.availability import measured
from tasks.engine.console import Console
from tasks.engine.hearing import INQUIRY, Bounds
from tasks.engine.hosts import Hosts
from tasks.engine.journal import Journal
from tasks.engine.remote import Outcome
from tasks.errors import StepFailed
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.availability import fates, services
from tasks.plan.availability.cost import Cost
from tasks.plan.availability.course import Course, Gap, course, excess, told
from tasks.plan.availability.services import Sample, Service, read
from tasks.plan.names import Id
from tasks.plan.step import Action, HostPlan, Risk, Step

ROOT = Path(__file__).resolve().parents[2]
WHOLE = (
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[mesos_master]\n10.0.0.1\n"
    "[marathon]\n10.0.0.1\n10.0.0.2\n[all:vars]\nmarathon_port=8081\nzookeeper_gap_budget=1.5\n"
)
ALONE = parse("[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nzookeeper_gap_budget=0\n")
ZOOKEEPER, MESOS, MARATHON = services.services(parse(WHOLE))


def samples(*told: tuple[float, str]) -> list[Sample]:
    return [Sample(at, leader) for at, leader in told]


def test_services_that_the_inventory_lacks_are_not_asked() -> None:
    assert [s.name for s in services.services(parse("[zookeeper]\n10.0.0.1 myid=1\n"))] == ["ZooKeeper"]
    assert ZOOKEEPER.members == ("10.0.0.1/2181", "10.0.0.2/2181", "10.0.0.3/2181")
    assert MARATHON.members == ("10.0.0.1/8081", "10.0.0.2/8081")


def test_a_gap_has_a_budget_where_another_member_can_take_over_and_where_hosts_ini_says_so() -> None:
    assert (ZOOKEEPER.budget, MESOS.budget, MARATHON.budget) == (1.5, None, 8)
    assert [
        service.budget for service in services.services(parse(WHOLE.replace("zookeeper_gap", "mesos_gap")))
    ] == [
        3,
        1.5,
        8,
    ]


def test_what_zookeeper_is_sent_is_what_its_client_would_send() -> None:
    connect = Connect(0, 0, 4000, 0, b"\0" * 16, False).serialize()
    close = int_struct.pack(1) + int_struct.pack(Close.type)
    parts = [int_struct.pack(len(part)) + part for part in (bytes(connect), close)]
    assert b"".join(parts) == services.OPEN_AND_CLOSE


OPENED = b"\0\0\0\x25" + bytes(4) + b"\0\0\x0f\xa0" + b"\1\0\0\0\0\0\0\7" + b"\0\0\0\x10" + b"p" * 16 + b"\0"
CLOSED = b"\0\0\0\x10" + b"\0\0\0\1" + b"\0\0\0\x2a\0\0\0\5" + bytes(4)


def line(place: int, at: str, answer: bytes, member: str = "10.0.0.1/1") -> str:
    return f"{place} {at} {member} {b64encode(answer).decode()}"


ALL = (ZOOKEEPER, MESOS, MARATHON)
LEADER = b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"leader":"10.0.0.2:8081"}'


@pytest.mark.parametrize(
    "text, service, seen",
    [
        (line(0, "12.34", OPENED + CLOSED), ZOOKEEPER, Sample(12.34, "0000002a")),
        (line(0, "12.34", OPENED), ZOOKEEPER, Sample(12.34, "")),
        (line(1, "5.00", b"HTTP/1.1 200 OK\r\n\r\n{}"), MESOS, Sample(5.0, "10.0.0.1/1")),
        (line(2, "5.00", LEADER), MARATHON, Sample(5.0, "10.0.0.2:8081")),
        (line(2, "5.00", b"HTTP/1.1 200 OK\r\n\r\n[]"), MARATHON, Sample(5.0, "")),
        ("2 5.00 ", MARATHON, Sample(5.0, "")),
    ],
)
def test_a_line_says_whether_a_service_was_up_and_who_led(text: str, service: Service, seen: Sample) -> None:
    heard = read(text, ALL)
    assert heard is not None
    assert (heard[0], heard[1]) == (service, seen)


@settings(max_examples=30)
@given(st.text() | st.from_regex(r"\A[0-9]{1,2} [0-9.]{1,4} \S{1,3} \S{0,9}\Z"))
def test_any_other_line_is_no_answer(text: str) -> None:
    heard = read(text, ALL)
    assert heard is None or heard[0] in ALL


def test_a_service_that_always_answered_has_no_gap() -> None:
    fared = course(samples((1.0, "a"), (1.2, "a"), (1.45, "a")))
    assert fared == Course((), 0, True)
    assert told(MESOS, fared) == "Mesos always had a leading master; the leader did not change."


def test_a_gap_lasts_from_the_last_good_answer_to_the_next_one() -> None:
    fared = course(samples((1.0, "a"), (1.2, ""), (1.4, ""), (2.5, "b")))
    assert fared == Course((Gap(1.0, 1.5),), 1, True)
    assert told(ZOOKEEPER, fared) == (
        "ZooKeeper accepted writes throughout, except for 1.5 s; the leader changed once."
    )


def test_the_longest_of_several_gaps_is_told() -> None:
    fared = course(samples((1, "a"), (2, ""), (3, "b"), (3.2, ""), (10, "a"), (10.2, "a")))
    assert told(MARATHON, fared) == (
        "Marathon answered throughout, except for 2 gaps, the longest 7.0 s; the leader changed 2 times."
    )


def test_a_slow_answer_is_no_gap_and_told_beside_them() -> None:
    fared = course(samples((1.0, "a"), (2.5, "a"), (3.0, "a"), (3.2, ""), (4.5, "a")))
    assert fared == Course((Gap(3.0, 1.5),), 0, True, 1.5)
    assert told(ZOOKEEPER, fared) == (
        "ZooKeeper accepted writes throughout, except for 1.5 s, the slowest time after 1.5 s; "
        "the leader did not change."
    )
    assert told(ZOOKEEPER, course(samples((1.0, "a"), (1.7, "a")))) == (
        "ZooKeeper always accepted writes, the slowest time after 0.7 s; the leader did not change."
    )


def test_whoever_is_not_served_for_two_seconds_has_a_gap_without_a_failure() -> None:
    assert course(samples((1.0, "a"), (3.5, "a"))) == Course((Gap(1.0, 2.5),), 0, True)


def test_a_service_that_is_gone_at_the_end_is_told_so() -> None:
    fared = course(samples((1.0, "a"), (1.2, ""), (4.0, "")))
    assert fared == Course((Gap(1.0, 3.0),), 0, False)
    assert "except for 3.0 s, and not at the end;" in told(MARATHON, fared)


@pytest.mark.parametrize("seen", [[], samples((1.0, ""), (1.2, "a"))])
def test_a_service_that_was_not_up_at_first_is_not_measured(seen: list[Sample]) -> None:
    assert course(seen) is None
    assert told(MESOS, None) == "Mesos was not measured: nobody answered when the change began."
    assert not excess(replace(MESOS, budget=0.0), None)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.01, 5), st.sampled_from(["", "a", "b"])), max_size=12))
def test_gaps_never_add_up_to_more_than_was_watched(steps: list[tuple[float, str]]) -> None:
    at, seen = 0.0, [Sample(0.0, "a")]
    for after, leader in steps:
        at += after
        seen.append(Sample(at, leader))
    fared = course(seen)
    assert fared is not None
    assert sum(gap.seconds for gap in fared.gaps) <= at + 1e-6
    assert fared.up == bool(seen[-1].leader)
    assert bool(fared.gaps) or all(sample.leader for sample in seen)


def test_a_gap_over_its_budget_is_told_with_the_setting() -> None:
    assert not excess(ZOOKEEPER, Course((Gap(0, 1.5),), 1, True))
    assert excess(ZOOKEEPER, Course((Gap(0, 0.3), Gap(2, 1.62)), 1, True)) == (
        "ZooKeeper's longest gap was 1.62 s, and zookeeper_gap_budget allows 1.5 s"
    )
    assert not excess(MESOS, Course((Gap(0, 100.0),), 1, True))  # it has one member


TASKS = services.listing(parse(WHOLE))


def test_the_tasks_of_a_real_master_are_read() -> None:
    body = (ROOT / "tests/contract/recorded/leader-tasks.json").read_bytes()
    assert fates.tasks(line(0, "1.0", b"HTTP/1.1 200 OK\r\n\r\n" + body), TASKS) == {
        "sleeper": "TASK_RUNNING"
    }
    assert fates.tasks("0 1.0 \n", TASKS) is None


def test_a_task_that_no_longer_runs_is_lost_unless_somebody_ended_it() -> None:
    before = dict.fromkeys("abcd", "TASK_RUNNING") | {"e": "TASK_FAILED"}
    after = {"a": "TASK_RUNNING", "b": "TASK_KILLED", "c": "TASK_LOST", "f": "TASK_RUNNING"}
    became = fates.fates(before, after)
    assert str(became) == "Tasks: 1 of 4 run on, 1 finished or killed, 2 lost: c, d."
    assert fates.excess(became, 1) == "2 tasks were lost, and lost_tasks_budget allows 1"
    assert not fates.excess(became, 2)
    assert fates.told(True, became) == str(became)
    assert became.hope  # d may be that of an agent which has not registered again yet
    assert not fates.fates({"c": "TASK_RUNNING"}, after).hope
    assert str(fates.fates({"e": "TASK_FAILED"}, {})) == "Tasks: none ran when the change began."


def test_tasks_that_could_not_be_listed_are_not_counted() -> None:
    assert "when the change began" in fates.told(False, None)
    assert "at the end" in fates.told(True, None)


@contextmanager
def member(answers: Sequence[bytes], asked: list[bytes] | None = None) -> Iterator[str]:
    """Listen on this machine and say the same to everybody; without answers, keep them waiting."""
    over = threading.Event()
    heard = [] if asked is None else asked

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            said = b""
            while said not in {service.request for service in ALL} and (more := self.request.recv(4096)):
                said += more  # bash sends each line by itself
            heard.append(said)
            if answers:
                self.request.sendall(answers[0])
            else:
                over.wait(60)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"127.0.0.1/{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()


def test_the_script_asks_until_a_member_answers_as_it_should_and_then_that_one_first() -> None:
    waiting: list[bytes] = []
    with ExitStack() as stack:
        hanging = stack.enter_context(member([], waiting))
        zookeeper = stack.enter_context(member([OPENED + CLOSED]))
        follower = stack.enter_context(member([b"HTTP/1.1 307 Temporary Redirect\r\n\r\n"]))
        leader = stack.enter_context(member([b"HTTP/1.1 200 OK\r\n\r\n{}"]))
        asked = [
            replace(ZOOKEEPER, members=(hanging, zookeeper)),
            replace(MESOS, members=(follower, leader)),
            replace(MARATHON, members=(follower, "127.0.0.1/1")),
        ]
        script = services.script(asked, rounds=2, patience=5)
        said = subprocess.run(["sh"], input=script, text=True, capture_output=True, timeout=120)
    assert said.stderr == ""
    heard = [one for text in said.stdout.splitlines() if (one := read(text, asked))]
    of = {each.name: [sample.leader for service, sample, _ in heard if service == each] for each in asked}
    assert of == {"ZooKeeper": ["0000002a"] * 2, "Mesos": [leader] * 2, "Marathon": [""] * 2}
    assert waiting == [services.OPEN_AND_CLOSE]  # the second round began with the one that answered


class OneHost:
    """As much of a run's hosts as measuring needs: scripts run on this machine, against one ZooKeeper."""

    def __init__(self, cluster: Cluster, at: str) -> None:
        address, _, port = at.partition("/")
        (node,) = cluster.nodes
        node = replace(
            node, address=address, settings=replace(node.settings, zookeeper_client_port=int(port))
        )
        self.cluster, self.nodes, self.console = replace(cluster, nodes=(node,)), (node,), Console()
        self.journal = Journal()
        self.begun, self.ended = 0, threading.Event()

    def execute(
        self, node: Node, script: str, on_line: Callable[[str], bool], bounds: Bounds = INQUIRY
    ) -> Outcome:
        """Run a script until it ends, or until nobody wants to hear more."""
        self.begun += 1
        with subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
            assert shell.stdin and shell.stdout
            shell.stdin.write(script)
            shell.stdin.close()
            any(on_line(line.rstrip("\n")) for line in shell.stdout)
            shell.stdout.close()
        self.ended.set()
        return Outcome(0, "")


LONG = 30
"""Seconds to wait for the first answers: a busy machine takes its time to start a shell."""


def plans(risk: Risk) -> dict[str, HostPlan]:
    step = Step(Id.ZOOKEEPER_RUN, Action.REPLACE, "replace zookeeper", "", "", risk=risk)
    return {"10.0.0.1": HostPlan("10.0.0.1", (), (step,))}


def asked_again(asked: list[bytes], times: int = 2) -> None:
    seen = len(asked)
    until("more questions", 60, lambda: None if len(asked) >= seen + times else f"{len(asked)}")


def test_a_run_that_restarts_nothing_measures_nothing() -> None:
    hosts = OneHost(ALONE, "127.0.0.1/1")
    with measured(cast(Hosts, hosts), plans("none")) as over:
        pass
    assert (hosts.begun, hosts.console.measured, over) == (0, [], [])


@pytest.mark.parametrize("risk", ["restart", "data"])
def test_a_run_that_touches_what_runs_is_measured_whatever_it_risks(risk: Risk) -> None:
    with member([OPENED + CLOSED]) as at:
        hosts = OneHost(ALONE, at)
        with measured(cast(Hosts, hosts), plans(risk), LONG):
            pass
        assert len(hosts.console.measured) == 1
        assert hosts.ended.wait(60)


def test_a_run_ends_with_what_was_measured_and_what_was_over_its_budget() -> None:
    asked: list[bytes] = []
    answers = [OPENED + CLOSED]
    with member(answers, asked) as at:
        hosts = OneHost(ALONE, at)
        with measured(cast(Hosts, hosts), plans("restart"), LONG) as over:
            answers[0] = b""
            asked_again(asked)
            answers[0] = OPENED + CLOSED
            asked_again(asked)
        (said,) = hosts.console.measured
        assert hosts.journal.cost is not None
        ((_, fared),) = hosts.journal.cost.services
        # By the run's own clock, as far as a host's, which counts hundredths of a second, tells that.
        assert fared is not None and -0.02 < fared.gaps[0].at < hosts.console.elapsed
        # A busy machine may be slow to answer as well, which is told beside the gap.
        assert re.fullmatch(r"ZooKeeper accepted writes .* except for .*; the leader did not change\.", said)
        assert re.fullmatch(
            r"ZooKeeper's longest gap was [0-9.]+ s, and zookeeper_gap_budget allows 0 s", over[0]
        )
        assert hosts.ended.wait(60)  # nobody listens any more, so the script ends


def test_a_run_that_fails_says_what_was_measured_all_the_same() -> None:
    asked: list[bytes] = []
    answers = [OPENED + CLOSED]
    with member(answers, asked) as at:
        hosts = OneHost(ALONE, at)
        with pytest.raises(StepFailed), measured(cast(Hosts, hosts), plans("restart"), LONG):
            answers[0] = b""
            asked_again(asked)
            raise StepFailed("of its own")
        assert "and not at the end" in hosts.console.measured[0]
        assert hosts.ended.wait(60)


def test_two_parts_of_a_run_are_told_as_one() -> None:
    """Of a run that measures again and again, each part with what the parts before it cost."""
    zookeeper = services.services(parse("[zookeeper]\n10.0.0.1 myid=1\n"))[0]
    first = Cost(
        ((zookeeper, Course((Gap(1, 0.5),), 1, True, 0.7)),),
        True,
        True,
        fates.Fates(frozenset("abc"), frozenset("d"), frozenset()),
    )
    second = Cost(
        ((zookeeper, Course((Gap(9, 1.5),), 1, True)),),
        True,
        True,
        fates.Fates(frozenset("an"), frozenset("b"), frozenset("m")),
    )
    assert second.behind(None) == second
    assert second.behind(first).lines() == [
        "ZooKeeper accepted writes throughout, except for 2 gaps, the longest 1.5 s, the slowest time after "
        "0.7 s; the leader changed 2 times.",
        "Tasks: 1 of 5 run on, 3 finished or killed, 1 lost: m.",
    ]
    unheard = Cost(((zookeeper, None),), True, False, None)
    assert unheard.behind(first).lines()[0] == first.lines()[0]
    assert unheard.behind(first).lines()[1].startswith("Tasks were not counted")
