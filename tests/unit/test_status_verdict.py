"""How the cluster stands: what a look tells of a host, and which state of the whole follows."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest
import recorded_mesos as recorded
from hypothesis import given
from hypothesis import strategies as st
from samples import as_wanted, with_container

from tasks.engine.status import raise_unless_ok
from tasks.errors import Degraded, Drift, Unreachable
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Verdict
from tasks.plan.look.observed import Observed
from tasks.plan.look.profile import Login
from tasks.plan.mesos_master.service import Master
from tasks.plan.names import Id
from tasks.plan.report import status
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.runbook import CHAPTERS, HOST, MESOS_AGENT, MESOS_MASTER, ZOOKEEPER
from tasks.plan.step import Action, Blocker, HostPlan, Phase, Risk, Step

TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"


@pytest.fixture
def cluster() -> Cluster:
    return parse(TRIO)


@pytest.fixture
def well(cluster: Cluster) -> Observed:
    return as_wanted(cluster, cluster.nodes[0])


def host(cluster: Cluster, seen: Observed) -> HostStatus:
    node = cluster.nodes[0]
    return status.host(CHAPTERS, cluster, node, seen, runbook.missing(CHAPTERS, cluster, node, seen))


def only(found: HostStatus) -> Component:
    (component,) = found.components
    return component


# What a look tells of a host


def test_a_container_that_is_as_wanted_is_told_with_its_start_and_role(
    cluster: Cluster, well: Observed
) -> None:
    found = host(cluster, well)
    assert not found.drifts
    assert only(found) == Component(
        service="zookeeper",
        container="zookeeper",
        state="running",
        since="2026-11-22T08:30:00Z",
        version="3.4.12",  # the image's tag: this follower says no version
        role="follower",
    )


def test_the_service_knows_its_version_better_than_the_tag_of_its_image(
    cluster: Cluster, well: Observed
) -> None:
    said = {"zookeeper srvr": "Zookeeper version: 3.4.14-4c25d4, built on x\nMode: leader\n"}
    assert only(host(cluster, replace(well, answers=said))).version == "3.4.14"


@pytest.mark.parametrize(
    "image, tag",
    [
        ("zookeeper:3.4.12", "3.4.12"),
        ("10.70.0.2:5000/lab/zookeeper:3.8.0", "3.8.0"),
        ("mesosphere/marathon:v1.5.8", "1.5.8"),
        ("lab/zookeeper:vanilla", "vanilla"),
        ("10.70.0.2:5000/lab/zookeeper", "latest"),
        ("zookeeper@sha256:0123456789abcdef", "0123456789ab"),
    ],
)
def test_an_images_tag_is_read(image: str, tag: str) -> None:
    assert status.tag(image) == tag


def test_a_container_that_is_down_has_no_start_and_no_version(cluster: Cluster, well: Observed) -> None:
    down = with_container(well, status="exited")
    found = only(host(cluster, replace(down, answers={})))
    assert (found.state, found.since, found.version, found.role) == ("exited", "", "", "")
    assert found.drift == ("start zookeeper: it is exited",)


def test_a_host_without_an_engine_tells_no_states(cluster: Cluster, well: Observed) -> None:
    broken = replace(well, engine=False, engine_error="docker: not found", containers={}, answers={})
    found = only(host(cluster, broken))
    assert (found.state, found.drift) == ("unknown", ("docker: there is no docker on this host",))


def test_an_edited_file_is_one_difference_however_many_steps_mend_it(well: Observed) -> None:
    wanted = parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
    assert only(host(wanted, well)).drift == ("zoo.cfg: syncLimit 2 -> 5",)


def test_what_concerns_no_container_is_told_of_the_host(cluster: Cluster, well: Observed) -> None:
    found = host(cluster, replace(well, logins=(Login("sh", ""),)))
    assert found.drift == ("HOST_IP in a login shell: it says '', not 10.0.0.1",)
    assert only(found).drift == ()


def test_a_host_that_another_run_changes_is_told_so(cluster: Cluster, well: Observed) -> None:
    assert host(cluster, replace(well, busy=True)).drift == ("lock: another run is changing this host",)


def test_a_host_that_cannot_be_reached_names_what_should_run_there(cluster: Cluster) -> None:
    found = status.unreachable(CHAPTERS, cluster, cluster.nodes[0], "10.0.0.1  connect: no")
    assert only(found) == Component("zookeeper", "zookeeper", "unreachable")
    assert found.trouble == "10.0.0.1  connect: no"


def steps() -> st.SearchStrategy[Step]:
    words = st.sampled_from(["zoo.cfg", "run zookeeper", "zoo.cfg: a -> b", "a -> b"])
    phases: list[Phase] = ["stage", "start", "replace", "settle"]
    risks: list[Risk] = ["none", "restart", "data"]
    return st.builds(
        lambda id, action, title, reason, phase, risk: Step(id, action, title, reason, "true\n", phase, risk),
        st.sampled_from(Id),
        st.sampled_from([each for each in Action if each is not Action.KEEP_DOORS]),  # it follows another one
        words,
        words,
        st.sampled_from(phases),
        st.sampled_from(risks),
    )


def blockers() -> st.SearchStrategy[Blocker]:
    ids: list[Id | Literal[""]] = ["", *Id]
    return st.builds(
        lambda id, seen: Blocker(id, "myid", seen, "mend it"),
        st.sampled_from(ids),
        st.sampled_from(["x", "y"]),
    )


@given(st.lists(steps(), max_size=4), st.lists(blockers(), max_size=2))
def test_status_sees_a_difference_exactly_where_a_plan_has_something_to_do(
    doing: list[Step], obstacles: list[Blocker]
) -> None:
    plan = HostPlan("a", (), tuple(doing), tuple(obstacles))
    concerned = [*(step.id for step in doing), *(blocker.id or Id.SET_IP for blocker in obstacles)]
    for chapter in CHAPTERS:
        assert bool(status.drift(plan, chapter)) == (chapter.service in {id.service for id in concerned})


def test_a_bare_host_differs_in_every_chapter_that_concerns_it(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    plan = runbook.from_nothing(CHAPTERS, cluster, node)
    assert [chapter for chapter in CHAPTERS if status.drift(plan, chapter)] == [HOST, ZOOKEEPER]


# What the services say


def test_a_service_counts_who_takes_part_and_names_its_leader(cluster: Cluster) -> None:
    answers = {
        "10.0.0.1": {"srvr": "Mode: follower\n"},
        "10.0.0.2": {"srvr": "Mode: leader\n", "mntr": "zk_synced_followers\t1\n"},
    }
    found = status.service(ZOOKEEPER, cluster, answers, frozenset({"10.0.0.1", "10.0.0.2"}))
    assert (found.members, found.serving, found.leader) == (3, 2, "10.0.0.2")
    assert found.verdict.passed


def test_two_leaders_are_nobodys_leader(cluster: Cluster) -> None:
    answers = {name: {"srvr": "Mode: leader\n"} for name in ("10.0.0.1", "10.0.0.2")}
    assert status.service(ZOOKEEPER, cluster, answers, frozenset()).leader == ""


def test_agents_that_are_active_take_part() -> None:
    agents = parse(f"{TRIO}[mesos_master]\n10.0.0.1\n[mesos_agent]\n10.70.0.20\n10.70.0.21\n")
    said = {"slaves-10.0.0.1": recorded.LEADER_SUMMARY}
    found = status.service(MESOS_AGENT, agents, {"10.70.0.20": said, "10.70.0.21": said}, frozenset())
    assert (found.members, found.serving) == (2, 1)


def test_only_the_one_leading_master_is_believed_what_it_counts() -> None:
    leader, follower = {"metrics": recorded.LEADER_METRICS}, {"metrics": recorded.FOLLOWER_METRICS}
    found = status.leading_master({"a": follower, "b": leader})
    assert found is not None
    assert (found.agents, found.frameworks, found.tasks) == (1, 1, 1)
    assert status.leading_master({"a": follower, "b": follower}) is None
    assert status.leading_master({"a": leader, "b": leader}) is None


def test_a_service_that_nobody_could_be_asked_about_is_not_well(cluster: Cluster) -> None:
    masters = parse(f"{TRIO}[mesos_master]\n10.0.0.1\n")
    found = status.unheard(MESOS_MASTER, masters, "no host of it can be reached")
    assert found.verdict == Verdict(False, "no host of it can be reached")
    assert (found.members, found.serving) == (1, 0)


# The judgement

OK = Component("zookeeper", "zookeeper", "running")
DOWN = replace(OK, state="exited")
DIFFERS = replace(OK, drift=("zoo.cfg: syncLimit 2 -> 5",))


def seen_as(
    components: Iterable[Component], well: bool = True, trouble: str = "", drift: tuple[str, ...] = ()
) -> Status:
    return Status(
        source="hosts.ini",
        looked_at="2026-11-22T20:00:00Z",
        hosts=(
            HostStatus("10.0.0.1", tuple(components), drift, trouble),
            HostStatus("10.0.0.2", (OK,)),
        ),
        services=(Service("zookeeper", "ZooKeeper", Verdict(well, "it says so"), 3, 3, "10.0.0.1"),),
        master=Master(present=True),
    )


def test_the_worst_that_is_true_is_the_state_of_the_whole() -> None:
    for down, ill, lost, differs in product((False, True), repeat=4):
        component = replace(DOWN if down else OK, drift=DIFFERS.drift if differs else ())
        found = seen_as([component], well=not ill, trouble="it is off" if lost else "")
        worst = "unreachable" if lost else "degraded" if down or ill else "drift" if differs else "ok"
        assert found.state == worst


def test_a_difference_of_the_host_itself_is_drift_too() -> None:
    assert seen_as([OK], drift=("HOST_IP: missing",)).state == "drift"


def test_what_is_down_on_many_hosts_is_one_thing() -> None:
    found = seen_as([])
    hosts = tuple(
        HostStatus(f"10.0.0.{n}", (Component("marathon", f"marathon-{n}", "exited"), DOWN if n == 1 else OK))
        for n in (1, 2)
    )
    assert replace(found, hosts=hosts).down == (
        "marathon on 10.0.0.1, .2 is exited",
        "zookeeper on 10.0.0.1 is exited",
    )
    assert replace(found, hosts=hosts[1:]).down == ("marathon-2 on 10.0.0.2 is exited",)


def test_what_is_absent_while_another_serves_in_its_place_is_told_so() -> None:
    """As where the myids of two hosts were swapped in hosts.ini, and with them the containers' numbers."""
    master = Component("mesos_master", "mesos-master-01", "absent", role="follower")
    agent = Component("mesos_agent", "mesos-slave", "absent", role="active")  # until its masters miss it
    hosts = (HostStatus("10.0.0.1", (master,)), HostStatus("10.0.0.2", (master, agent)))
    assert replace(seen_as([]), hosts=hosts).down == (
        "mesos_master on 10.0.0.1, .2 is absent, though something answers in its place",
        "mesos-slave on 10.0.0.2 is absent",
    )


def test_each_state_has_its_error_and_its_sentence() -> None:
    raise_unless_ok(seen_as([OK]))
    with pytest.raises(Unreachable, match="^it is off$"):
        raise_unless_ok(seen_as([DOWN], trouble="it is off"))
    with pytest.raises(Degraded, match=r"degraded: zookeeper on 10\.0\.0\.1 is exited\. `fab plan` shows"):
        raise_unless_ok(seen_as([replace(DOWN, drift=("start zookeeper: it is exited",))]))
    with pytest.raises(Drift) as differs:
        raise_unless_ok(seen_as([DIFFERS]))
    assert str(differs.value) == (
        "Every service is well, but one thing differs from hosts.ini: 10.0.0.1  zookeeper: zoo.cfg: "
        "syncLimit 2 -> 5. No service is down because of it now; it can matter when something restarts. "
        "`fab plan` shows what a deploy would change."
    )


def test_a_degraded_cluster_says_what_still_works() -> None:
    with pytest.raises(
        Degraded, match=r"^The cluster is degraded\. ZooKeeper: it says so\. A deploy would find nothing"
    ):
        raise_unless_ok(seen_as([OK], well=False))


def test_a_degraded_cluster_that_no_deploy_would_touch_says_so(cluster: Cluster, well: Observed) -> None:
    taken = replace(well, containers={}, listeners={2181: "nc (pid 7)"}, answers={})
    blocked = replace(seen_as([]), hosts=(host(cluster, taken),))
    with pytest.raises(Degraded, match=r"is absent\. A deploy would be refused: `fab plan` tells why\.$"):
        raise_unless_ok(blocked)


def test_many_differences_are_counted_behind_the_first() -> None:
    with pytest.raises(Drift, match="2 things differ from hosts.ini, the first is: 10.0.0.1  zookeeper: zoo"):
        raise_unless_ok(seen_as([DIFFERS, replace(DIFFERS, service="marathon")]))
