"""The screen of `fab status`: one screen, legible on 80 columns."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from tasks.engine.screen import screen
from tasks.plan.gate import Verdict
from tasks.plan.membership import Stranger
from tasks.plan.mesos_master.service import Master
from tasks.plan.names import Id
from tasks.plan.report.differing import differences, how_many
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.step import Sort, Trouble

TRIO = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
NOW = "2026-11-22T20:00:00Z"


def drawn(status: Status, width: int = 80) -> list[str]:
    """The lines of the screen on a terminal of that width."""
    file = StringIO()
    Console(file=file, width=width, highlight=False, soft_wrap=True).print(screen(status))
    return file.getvalue().splitlines()


def member(number: int, **changes: object) -> tuple[Component, ...]:
    since, long_ago = "2026-11-22T08:30:00Z", "2025-01-02T03:04:05Z"
    zookeeper = Component("zookeeper", "zookeeper", "running", since, "3.4.12", "follower")
    master = Component("mesos_master", f"mesos-master-0{number}", "running", since, "1.5.0", "follower")
    marathon = Component("marathon", f"marathon-{number}", "running", long_ago, "1.5.8", "standby")
    return replace(zookeeper, **changes), master, marathon  # type: ignore[arg-type]


def lab(*hosts: HostStatus) -> Status:
    """The four hosts of the lab, those given in place of their like."""
    agent = Component("mesos_agent", "mesos-slave", "running", NOW, "1.5.0", "active")
    all_well = [HostStatus(name, member(n)) for n, name in enumerate(TRIO, start=1)]
    said = {host.name: host for host in (*all_well, HostStatus("10.70.0.20", (agent,)), *hosts)}
    return Status(
        source="lab/hosts.ini",
        looked_at=NOW,
        hosts=tuple(said.values()),
        services=(
            Service("zookeeper", "ZooKeeper", Verdict(True, "3 of 3 ZooKeepers serve"), 3, 3, TRIO[2]),
            Service("mesos_master", "Mesos masters", Verdict(True, "3 of 3 masters answer"), 3, 3, TRIO[0]),
        ),
        master=Master(True, True, agents=1, frameworks=1, tasks=12),
    )


def test_the_lab_fits_80_columns_and_its_last_line_is_the_cluster() -> None:
    lines = drawn(lab())
    assert max(map(len, lines)) <= 80
    assert lines[0] == "lab/hosts.ini at 2026-11-22 20:00:00 UTC: ok"
    assert lines[2].split() == "10.70.0.10 zookeeper running 08:30:00 3.4.12 follower ok".split()
    assert lines[-1] == ("3/3 ZooKeepers, 3/3 masters, 10.70.0.10 leads, 1 agent, 1 framework, 12 tasks.")
    assert len(lines) == 1 + 1 + 10 + 2 + 1


@pytest.mark.parametrize(
    "since, told",
    [
        ("2026-11-22T19:59:59Z", "19:59:59"),
        ("2026-11-21T20:00:01Z", "20:00:01"),
        ("2026-11-22T20:00:20Z", "20:00:20"),  # its clock is ahead
        ("2026-11-21T20:00:00Z", "2026-11-21"),
        ("2025-01-02T03:04:05Z", "2025-01-02"),
        ("as docker neverZ", "as docker "),
        ("2026-11-22T08+05:00Z", "2026-11-22"),
        ("", ""),
    ],
)
def test_what_started_within_a_day_is_told_by_its_time_also_yesterday(since: str, told: str) -> None:
    (line,) = (
        each for each in drawn(lab(HostStatus(TRIO[0], member(1, since=since)))) if f"{TRIO[0]}  zoo" in each
    )
    assert line.partition("running")[2].strip().startswith(f"{told}  " if told else "3.4.12")


def test_what_keeps_a_container_from_being_run_is_told_though_it_is_absent() -> None:
    taken = "zookeeper: port 2181 is taken by perl (pid 7)"
    gone = member(2, state="absent", since="", drift=("no such container", taken), blocked=(taken,))
    assert f"{TRIO[1]}  zookeeper: {taken}" in drawn(lab(HostStatus(TRIO[1], gone)))


def test_a_difference_is_a_line_of_its_own_said_once_for_all_hosts() -> None:
    drift = ("zoo.cfg: syncLimit 2 -> 5", "myid: it says '7'")
    lines = drawn(lab(*(HostStatus(name, member(n, drift=drift)) for n, name in enumerate(TRIO, 1))))
    assert (
        lines.count("10.70.0.10, .11, .12  zookeeper: zoo.cfg: syncLimit 2 -> 5 (and 1 more difference)") == 1
    )
    assert sum("differs" in line for line in lines) == 3


def test_a_difference_counts_though_a_trouble_tells_a_part_of_it() -> None:
    """As where /opt/zookeeper was removed: the restart is for zoo.cfg, and for what the member lost."""
    lost = [f"it does not see /opt/{each}, which was removed" for each in ("logs", "data")]
    troubles = tuple(Trouble(Id.ZOOKEEPER_RUN, "zookeeper", Sort.LOST, each, "deploy") for each in lost)
    own = ("directories: missing", "myid 1: missing")
    for drift, more in (
        ((*own, f"zoo.cfg: missing, {', '.join(lost)}"), "(and 2 more differences)"),
        ((*own, f"zoo.cfg: missing, {', '.join(reversed(lost))}"), "(and 2 more differences)"),
        ((*own, ", ".join(lost)), "(and 1 more difference)"),
        ((*own, f"restart zookeeper: {lost[0]}"), "(and 1 more difference)"),
    ):
        found = lab(HostStatus(TRIO[0], member(1, drift=drift, troubles=troubles)))
        assert f"{TRIO[0]}  zookeeper: directories: missing {more}" in drawn(found)


def test_what_differs_is_counted_and_not_the_lines_that_tell_it() -> None:
    many = (
        HostStatus(name, member(n, drift=("a: b", "c: d", "e: f")), ("HOST_IP: no",))
        for n, name in enumerate(TRIO[:2], 1)
    )
    found = lab(*many, HostStatus(TRIO[2], member(3, drift=("a: b",))))
    assert (len(differences(found)), how_many(found)) == (3, 5)


def test_what_was_never_deployed_says_so_and_no_more() -> None:
    lines = drawn(lab(HostStatus(TRIO[1], member(2, state="absent", since="", drift=("directories: no",)))))
    assert "absent" in next(line for line in lines if line.startswith(f"{TRIO[1]}  zookeeper"))
    assert not any("directories" in line for line in lines)


def test_what_is_wrong_with_a_service_names_it() -> None:
    ill = Service("marathon", "Marathon", Verdict(False, "10.70.0.11 does not answer"), 3, 2, "")
    assert "Marathon: 10.70.0.11 does not answer." in drawn(replace(lab(), services=(ill,)))


def led(service: Service, *hosts: HostStatus, **changes: object) -> str:
    """The last line for these masters, of which none is known to lead."""
    found = replace(lab(*hosts), services=(service,), master=None)
    return drawn(replace(found, **changes))[-1]  # type: ignore[arg-type]


def test_who_leads_is_said_only_where_that_is_known() -> None:
    masters = Service("mesos_master", "Mesos masters", Verdict(False, "it says so"), 3, 0, "")
    one = replace(masters, members=1, serving=1)
    strange = Stranger("mesos_master", "10.70.0.13", "a master stands for election", "stop it", TRIO[0])
    assert led(masters) == "0/3 masters."
    assert led(one) == "1/1 masters, none of which leads."
    assert led(one, strangers=(strange,)) == "1/1 masters, one leads that lab/hosts.ini does not name."
    assert led(replace(one, leader=TRIO[1])) == "1/1 masters, 10.70.0.11 leads."
    claims = Component("mesos_master", "mesos-master-01", "running", role="leader")
    assert led(one, HostStatus(TRIO[0], (claims,))) == "1/1 masters."


def test_a_look_at_hosts_without_a_quorum_ends_with_its_services() -> None:
    agents = Service("mesos_agent", "Mesos agents", Verdict(True, "1 of 1 agents is active"), 1, 1, "")
    found = replace(lab(), services=(agents,), master=None)
    assert drawn(found)[-1] == "1 of 1 agents is active."


def test_a_long_name_takes_the_room_it_needs_where_there_is_room() -> None:
    name = "zookeeper-one.prod.example.org"
    lines = drawn(lab(HostStatus(name, member(1))), width=200)
    assert f"{name}  zookeeper" in "\n".join(lines)
