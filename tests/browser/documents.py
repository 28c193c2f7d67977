"""What the suite may have seen of clusters: documents for the report, made without a lab."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from picture.topology import Condition, Machine, Member
from verify.apps import LOGS
from verify.evidence import Exchange, Stretch
from verify.findings import Finding
from verify.report.document import (
    Check,
    Complaint,
    Document,
    Outcome,
    Trip,
    Version,
)
from verify.verdict import Verdict

TRIO = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
LEADERS = {"zookeeper": 2, "mesos_master": 0, "marathon": 1}
NAMES = {"zookeeper": "zookeeper", "mesos_master": "mesos-master-0{}", "marathon": "marathon-{}"}

ILL = (
    Complaint(
        Finding(
            TRIO[1],
            "zookeeper is exited (exit code 1); its log ends with: My id 7 not in the peer list",
            "it to run",
            "look at `docker logs zookeeper` there",
        ),
        ("The container runs", "Every member serves"),
        (TRIO[1],),
        frozenset({(TRIO[1], "zookeeper")}),
    ),
    Complaint(
        Finding(
            "10.70.1.1",
            "3 launches of verify-docker-kill-7f3a failed, the last task became TASK_FAILED: Failed to run "
            "'docker -H unix:///var/run/docker.sock inspect': exited with status 1",
            "at most 2 (verify_failed_launches)",
            LOGS,
        ),
        ("One that is killed has a successor",),
        ("10.70.1.1",),
        frozenset({("10.70.1.1", None)}),
    ),
)


def member(place: int, role: str, complaint: int | None = None) -> Member:
    """A member of the trio."""
    leader = TRIO[LEADERS[role]]
    leads, silent = leader == TRIO[place], complaint is not None
    part = "leader" if leads else "standby" if role == "marathon" else "follower"
    return Member(
        *(TRIO[place], role, NAMES[role].format(place + 1)),
        part="" if silent else part,
        condition=Condition.WRONG if silent else Condition.WELL,
        complaint=complaint,
        follows="" if leads or silent else leader,
    )


def machines(agents: int, ill: bool, name: str) -> Iterator[Machine]:
    """The trio, and so many agents with some tasks each."""
    for place, host in enumerate(TRIO):
        members = [
            member(place, role, 1 if ill and (place, role) == (1, "zookeeper") else None) for role in NAMES
        ]
        yield Machine(host, host, Condition.WELL, tuple(members))
    for place in range(agents):
        host, amiss = name.format(place // 250 + 1, place % 250 + 1), ill and place == 0
        condition, complaint = (Condition.WRONG, 2) if amiss else (Condition.WELL, None)
        tasks = tuple(f"/shop/web-frontend-{number}" for number in range(place % 6))
        agent = Member(
            *(host, "mesos_agent", "mesos-slave", "active", condition, complaint),
            tasks=tasks,
            running=len(tasks),
        )
        yield Machine(host, f"10.70.{place // 250 + 1}.{place % 250 + 1}", condition, (agent,), complaint)


def _came(fault: int | None) -> tuple[Outcome, tuple[int, ...]]:
    return (Outcome.FAILED, (fault,)) if fault else (Outcome.PASSED, ())


def checks(hosts: list[str], ill: bool) -> Iterator[Check]:
    """A check of the hosts, one of the trio, one of the ensemble, journeys, and two that were not made."""
    for host in hosts:
        told = (Exchange(host, "tail -n 1 /etc/profile", f"export HOST_IP={host}"),)
        yield Check("The last line exports it", ("1.1",), host, Outcome.PASSED, 0.05, evidence=told)
    for host in TRIO:
        outcome, numbers = _came(1 if ill and host == TRIO[1] else None)
        looked = (Exchange(host, "docker inspect zookeeper", "(8214 characters)"),)
        yield Check(
            *("The container runs", ("2.5",), host, outcome, 0.07, "zookeeper"),
            evidence=looked,
            complaints=numbers,
        )
    modes = ("follower", "no answer" if ill else "follower", "leader")
    asked = tuple(
        Exchange(host, "srvr to port 2181", mode if mode == "no answer" else f"Mode: {mode}", times=3)
        for host, mode in zip(TRIO, modes, strict=True)
    )
    outcome, numbers = _came(1 if ill else None)
    yield Check(
        *("Every member serves", ("2.6",), None, outcome, 0.3, "zookeeper"),
        evidence=asked,
        complaints=numbers,
    )
    for trip in journeys(ill):
        numbers = (2,) if trip.outcome is Outcome.FAILED else ()
        yield Check(trip.title, ("test_journey.py",), None, trip.outcome, 4.0, complaints=numbers)
    yield Check(
        "A whole host is powered off", ("test_failover.py",), None, Outcome.SKIPPED, reason="no --stop-host"
    )
    yield Check("The leading Marathon is killed", ("test_failover.py",), None, Outcome.NOT_RUN)


def journeys(ill: bool) -> tuple[Trip, ...]:
    """Two apps on their way; if it is ill, one does not arrive."""
    well = [("launched", 2.2), ("reached on 10.70.1.2", 0.1), ("scaled to 2", 1.9), ("removed", 0.8)]
    killed = [("launched", 2.4), ("killed", 0.2), ("launched again", 2.6), ("removed", 0.7)]
    return (
        Trip("A command is launched", Outcome.PASSED, tuple(_stretches(100.0, well))),
        Trip(
            "One that is killed has a successor",
            Outcome.FAILED if ill else Outcome.PASSED,
            (Stretch("launched", 100.1, 105, False),) if ill else tuple(_stretches(100.1, killed)),
        ),
    )


def _stretches(began: float, parts: list[tuple[str, float]]) -> Iterator[Stretch]:
    for what, took in parts:
        yield Stretch(what, began, began + took)
        began += took


def services(agents: int, ill: bool) -> dict[str, str]:
    """What the members say."""
    return {
        "zookeeper": f"{3 - ill} of 3 serve, {TRIO[2]} leads",
        "mesos_master": f"3 of 3 answer, {TRIO[0]} leads",
        "marathon": f"3 of 3 answer, {TRIO[1]} leads",
        "mesos_agent": f"{agents} of {agents} are active",
    }


def verdict(told: tuple[Check, ...], hosts: int) -> tuple[Verdict, str]:
    """What the suite says of these checks."""
    failed, passed = (sum(one.outcome is each for one in told) for each in (Outcome.FAILED, Outcome.PASSED))
    where = f"{failed + passed} checks on {hosts} hosts of hosts.ini"
    return (
        (Verdict.FAILED, f"{failed} of {where} failed")
        if failed
        else (Verdict.PASSED, f"{where}: all passed")
    )


NOTES = (
    "verify-command-20c1: 1 launch failed on 10.70.1.2 before it ran (verify_failed_launches allows 2): "
    "Failed to run 'docker -H unix:///var/run/docker.sock inspect': exited with status 1",
)
VERSIONS = (
    Version("mesofab", "0.1.0", "here"),
    Version("ZooKeeper", "3.8.0"),
    Version("Mesos masters", "1.5.0"),
    Version("Marathon", "1.5.9"),
    Version("Mesos agents", "1.5.0"),
    Version("Docker", "20.10.24", TRIO[0]),
    Version("Docker", "29.0.1", "the other hosts"),
)


def document(agents: int, ill: bool = False, name: str = "10.70.{}.{}") -> Document:
    """The trio and so many agents; if it is ill, a member is down and a clock lags."""
    hosts = tuple(machines(agents, ill, name if agents > 1 else "10.70.1.1"))
    told = tuple(checks([one.name for one in hosts], ill))
    came, sentence = verdict(told, len(hosts))
    return Document(
        verdict=came,
        sentence=sentence,
        source="hosts.ini",
        began=datetime(2026, 11, 30, 23, 5, tzinfo=UTC),
        seconds=6.2,
        asked_by="ann",
        asked_from="desk",
        command="pytest verify/ --report=acceptance.html",
        versions=VERSIONS,
        machines=hosts,
        services=services(agents, ill),
        complaints=ILL if ill else (),
        checks=told,
        notes=NOTES,
        journeys=journeys(ill),
        measured=(("a new leading master", 10.8), ("a new ZooKeeper leader", 1.2)),
    )


def like_the_lab() -> Document:
    """A healthy cluster with as many checks as the suite makes of the lab, each with three long answers."""
    made = document(1)
    hosts = [one.name for one in made.machines]
    answers = tuple(
        Exchange(TRIO[0], "cat /opt/zookeeper/conf/zoo.cfg", "tickTime=2000\n" * 28) for _ in range(3)
    )
    told = (
        Check(f"Check {number} holds", ("2.2",), hosts[number % 4], Outcome.PASSED, 0.1, evidence=answers)
        for number in range(101)
    )
    return replace(made, checks=tuple(told))


NOT_THERE = "mesos-agent-{}-{:03}.a-rather-long-name.eu-west-1.compute.example.net"
IPV6 = "2001:db8:85a3:{}::8a2e:370:{}"

DOCUMENTS = {
    "healthy, one agent": document(1),
    "healthy, three agents": document(3),
    "failed, three agents": document(3, ill=True),
    "failed, fifty agents": document(50, ill=True),
    "healthy, two hundred agents": document(200),
    "failed, long names": document(3, ill=True, name=NOT_THERE),
    "failed, fifty long names": document(50, ill=True, name=NOT_THERE),
    "healthy, names of IPv6": document(12, name=IPV6),
}
