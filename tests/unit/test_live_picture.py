"""What the live picture makes of a status: what is wrong is red there and has a sentence."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_screen import TRIO, lab, member

from picture.topology import Condition, Machine, Member
from tasks.engine.watch import NewestLook
from tasks.engine.web.live import Pages
from tasks.errors import Unreachable
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.gate import Verdict
from tasks.plan.look.lease import Lease
from tasks.plan.membership import Stranger
from tasks.plan.names import Id
from tasks.plan.report import pictured
from tasks.plan.report.pictured import Finding
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.step import Sort, Trouble

ENDED = Trouble(Id.ZOOKEEPER_RUN, "zookeeper", Sort.LOST, "it ended\x1b[2J", "look at its log")
SILENT = Service("marathon", "Marathon", Verdict(False, "10.70.0.11 does not answer"), 3, 2, TRIO[0])


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return parse(
        "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
        "[mesos_agent]\nedge host_ip=10.70.0.20\n"
    )


def drawn(status: Status, cluster: Cluster) -> tuple[list[Machine], tuple[Finding, ...]]:
    """The machines of a status, and its findings."""
    findings = pictured.findings(status)
    return list(pictured.machines(status, cluster, findings)), findings


def at(machines: list[Machine], host: str, role: str) -> Member:
    """A member in the picture."""
    return next(one for each in machines if each.name == host for one in each.members if one.role == role)


def test_a_cluster_that_is_well_is_well_and_everybody_follows_who_leads(cluster: Cluster) -> None:
    machines, findings = drawn(lab(), cluster)
    assert findings == ()
    assert {each.condition for each in machines} == {Condition.WELL}
    assert {one.condition for each in machines for one in each.members} == {Condition.WELL}
    assert (at(machines, TRIO[0], "zookeeper").follows, at(machines, TRIO[0], "marathon").follows) == (
        TRIO[2],
        "",
    )


def test_what_an_agent_runs_is_counted_and_not_known_where_nobody_says_it(cluster: Cluster) -> None:
    busy = Component("mesos_agent", "mesos-slave", "running", role="active", tasks=12)
    machines, _ = drawn(
        lab(HostStatus("edge", (busy,)), HostStatus("dull", (replace(busy, tasks=None),))), cluster
    )
    assert [at(machines, name, "mesos_agent").running for name in ("edge", "dull")] == [12, None]
    assert [one.address for one in machines if one.name == "edge"] == ["10.70.0.20"]


def test_a_host_that_is_lost_is_wrong_with_all_that_is_on_it(cluster: Cluster) -> None:
    lost = HostStatus(
        TRIO[1], member(2, state="unreachable", role=""), trouble=f"{TRIO[1]}  connect: no route"
    )
    machines, (finding,) = drawn(lab(lost), cluster)
    assert (finding.where, finding.seen) == (TRIO[1], "connect: no route")
    those = next(each for each in machines if each.name == TRIO[1])
    assert (those.condition, those.complaint) == (Condition.WRONG, 1)
    assert {(one.condition, one.complaint) for one in those.members} == {(Condition.WRONG, 1)}


def test_why_a_member_is_not_well_is_told_with_what_to_do(cluster: Cluster) -> None:
    ill = HostStatus(TRIO[1], member(2, state="exited", role="", troubles=(ENDED,)))
    machines, (finding,) = drawn(lab(ill), cluster)
    assert (finding.seen, finding.remedy) == ("zookeeper is not well: it ended\x1b[2J", "look at its log")
    assert at(machines, TRIO[1], "zookeeper").complaint == 1
    mended = HostStatus(TRIO[1], member(2, troubles=(replace(ENDED, mended=True),)))
    assert drawn(lab(mended), cluster)[1][0].remedy == "a deploy mends that"


def test_what_does_not_run_is_one_finding_though_a_plan_has_steps_for_it(cluster: Cluster) -> None:
    taken = "zookeeper: port 2181 is taken by perl (pid 7)"
    gone = member(2, state="absent", since="", role="", drift=("directories: missing",))
    assert [one.seen for one in drawn(lab(HostStatus(TRIO[1], gone)), cluster)[1]] == ["zookeeper is absent"]
    kept = (replace(gone[0], drift=(taken,), blocked=(taken,)), *gone[1:])
    _, findings = drawn(lab(HostStatus(TRIO[1], kept, blocked=True)), cluster)
    assert [(one.seen, one.wrong) for one in findings] == [
        ("zookeeper is absent", True),
        (f"zookeeper: {taken}", True),
    ]
    assert {one.remedy for one in findings} == {"a deploy would be refused: `fab plan` tells why"}


def test_a_member_that_runs_and_takes_no_part_is_wrong_if_its_service_is(cluster: Cluster) -> None:
    zookeeper, master, marathon = member(2)
    silent = HostStatus(TRIO[1], (zookeeper, master, replace(marathon, role="")))
    machines, findings = drawn(replace(lab(silent), services=(SILENT,)), cluster)
    assert [(one.where, one.seen) for one in findings] == [("Marathon", "10.70.0.11 does not answer")]
    assert at(machines, TRIO[1], "marathon").condition is Condition.WRONG
    assert at(machines, TRIO[0], "marathon").condition is Condition.WELL
    machines, findings = drawn(lab(silent), cluster)
    assert (at(machines, TRIO[1], "marathon").condition, findings) == (Condition.UNJUDGED, ())


def test_what_differs_is_not_wrong_and_stands_behind_what_is(cluster: Cluster) -> None:
    edited = HostStatus(TRIO[0], member(1, drift=("zoo.cfg: syncLimit 2 -> 5", "a: b")), ("HOST_IP: no",))
    ill = HostStatus(TRIO[1], member(2, state="paused"))
    machines, findings = drawn(lab(edited, ill), cluster)
    assert [(one.wrong, one.seen) for one in findings] == [
        (True, "zookeeper is paused"),
        (False, "HOST_IP: no"),
        (False, "zookeeper: zoo.cfg: syncLimit 2 -> 5; a: b"),
    ]
    told = at(machines, TRIO[0], "zookeeper")
    assert (told.condition, told.complaint, told.part) == (Condition.DIFFERS, 3, "follower")
    assert (machines[0].condition, machines[0].complaint) == (Condition.DIFFERS, 2)


def test_the_host_of_an_agent_has_no_frame_so_what_differs_there_stands_at_the_agent(
    cluster: Cluster,
) -> None:
    agent = Component("mesos_agent", "mesos-slave", "running", role="active")
    machines, _ = drawn(lab(HostStatus("edge", (agent,), ("HOST_IP: no",))), cluster)
    assert at(machines, "edge", "mesos_agent").complaint == 1


def test_who_is_not_named_by_hosts_ini_is_a_finding(cluster: Cluster) -> None:
    strange = Stranger("mesos_master", "10.70.0.13", "a master stands for election", "stop it", TRIO[0])
    (finding,) = pictured.findings(replace(lab(), strangers=(strange,)))
    assert (finding.where, finding.remedy, finding.wrong) == ("10.70.0.13", "stop it", False)


# The page


def shown(look: NewestLook, cluster: Cluster) -> str:
    """What changes with every look."""
    return Pages(cluster).now(look)


def test_everything_wrong_in_the_picture_leads_to_its_sentence(cluster: Cluster) -> None:
    ill = HostStatus(TRIO[1], member(2, state="exited", role="", troubles=(ENDED,)))
    page = shown(NewestLook(replace(lab(ill), services=(SILENT,))), cluster)
    links = set(re.findall(r'href="#(finding-\d+)"', page))
    assert links == set(re.findall(r'id="(finding-\d+)"', page)) == {"finding-1", "finding-2"}
    assert (
        "<h1>degraded</h1>" in page and "The cluster is degraded: zookeeper on 10.70.0.11 is exited." in page
    )
    assert "\x1b" not in page


def test_a_look_that_failed_is_told_and_what_was_seen_before_stays(cluster: Cluster) -> None:
    failed = Unreachable("it <hangs>", host=TRIO[0])
    page = shown(NewestLook(lab(), failed), cluster)
    assert "<h1>look failed</h1>" in page and "10.70.0.10  it &lt;hangs&gt;" in page
    assert "what stands below is older" in page and 'aria-label="zookeeper on 10.70.0.10: ' in page
    assert "Nothing was wrong or different then." in page and "Nothing is wrong" not in page
    assert "what stands below" not in shown(NewestLook(failure=failed), cluster)


def test_before_the_first_look_the_page_says_so(cluster: Cluster) -> None:
    page = shown(NewestLook(), cluster)
    assert "The first look at all hosts is under way." in page and "<svg viewBox" not in page


def test_what_the_leading_master_counts_is_told_where_there_is_one(cluster: Cluster) -> None:
    assert "1 active agent, 1 framework, 12 tasks" in shown(NewestLook(lab()), cluster)
    assert "Its master counts" not in shown(NewestLook(replace(lab(), master=None)), cluster)


def test_who_is_at_work_is_named(cluster: Cluster) -> None:
    busy = HostStatus(TRIO[0], member(1), at_work=Lease("ann on desk"))
    assert "ann on desk is at work here" in shown(NewestLook(lab(busy)), cluster)


def test_without_scripts_the_page_shows_the_present_state_and_comes_again(cluster: Cluster) -> None:
    pages = Pages(cluster)
    page = pages.page(pages.now(NewestLook(lab())))
    assert "<h1>ok</h1>" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', page) == ["live.css", "live.js"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@given(st.text(), st.text())
def test_nothing_that_a_host_says_becomes_markup(seen: str, drift: str) -> None:
    trouble = replace(ENDED, seen=f"<script>{seen}", remedy=f"<b>{seen}")
    ill = HostStatus(TRIO[1], member(2, troubles=(trouble,)), (f"<i>{drift}",), trouble="")
    page = shown(NewestLook(lab(ill)), parse("[zookeeper]\n10.70.0.10 myid=1\n"))
    assert not re.search(r"<(script|b|i)>(?!✗|✓|≠|○|★|ZooKeeper|Mesos|Marathon)", page)
