"""What the suite may have seen of clusters: documents for the report, made without a lab."""

from collections.abc import Iterator
from datetime import UTC, datetime

from picture.topology import Condition, Machine, Member
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
        Finding("10.70.1.1", "its clock is 70 s behind the one here", "at most 30 s", "set both by NTP"),
        ("Its clock agrees with ours",),
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
        host, amiss = name.format(place // 250, place % 250 + 1), ill and place == 0
        condition, complaint = (Condition.WRONG, 2) if amiss else (Condition.WELL, None)
        tasks = tuple(f"/shop/web-frontend-{number}" for number in range(place % 6))
        agent = Member(
            *(host, "mesos_agent", "mesos-slave", "active", condition, complaint),
            tasks=tasks,
            running=len(tasks),
        )
        yield Machine(host, f"10.70.{place // 250 + 1}.{place % 250 + 1}", condition, (agent,), complaint)


def checks(hosts: list[str], ill: bool) -> Iterator[Check]:
    """A check of the hosts, one of the trio, one of the ensemble and one that was left out."""
    for host in hosts:
        told = (Exchange(host, "tail -n 1 /etc/profile", f"export HOST_IP={host}"),)
        yield Check("The last line exports it", ("1.1",), host, Outcome.PASSED, 0.05, evidence=told)
    for host in TRIO:
        outcome = Outcome.FAILED if ill and host == TRIO[1] else Outcome.PASSED
        yield Check("The container runs", ("2.5",), host, outcome, 0.07, "zookeeper")
    asked = tuple(Exchange(host, "srvr to port 2181", "Mode: follower", times=3) for host in TRIO)
    outcome = Outcome.FAILED if ill else Outcome.PASSED
    yield Check("Every member serves", ("2.6",), None, outcome, 0.3, "zookeeper", evidence=asked)
    yield Check(
        "A whole host is powered off", ("test_failover.py",), None, Outcome.SKIPPED, reason="no command"
    )
    yield Check("A command is launched", ("test_journey.py",), None, Outcome.NOT_RUN)


JOURNEY = (Stretch("launched", 100.0, 102.2), Stretch("reached on 10.70.1.1", 102.2, 102.21))


def document(agents: int, ill: bool = False, name: str = "10.70.{}.{}") -> Document:
    """The trio and so many agents; if it is ill, a member is down and a clock lags."""
    hosts = tuple(machines(agents, ill, name if agents > 1 else "10.70.1.1"))
    return Document(
        verdict=Verdict.FAILED if ill else Verdict.PASSED,
        sentence="3 of 94 checks on 4 hosts of hosts.ini failed" if ill else "94 checks: all passed",
        source="hosts.ini",
        began=datetime(2026, 11, 30, 23, 5, tzinfo=UTC),
        seconds=6.2,
        asked_by="ann",
        asked_from="desk",
        command="pytest verify/ --report=acceptance.html",
        versions=(Version("ZooKeeper", "3.8.0"), Version("Docker", "20.10.24", TRIO[0])),
        machines=hosts,
        services={
            "zookeeper": f"3 of 3 serve, {TRIO[2]} leads",
            "mesos_agent": f"{agents} of {agents} are active",
        },
        complaints=ILL if ill else (),
        checks=tuple(checks([one.name for one in hosts], ill)),
        notes=("1 launch failed on 10.70.1.1 before it ran",),
        journeys=(
            Trip("A command is launched", Outcome.PASSED, JOURNEY),
            Trip(
                "One that is killed has a successor",
                Outcome.FAILED,
                (Stretch("launched", 100.1, 105, False),),
            ),
        ),
        measured=(("a new leading master", 10.8), ("a new ZooKeeper leader", 1.2)),
    )


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
