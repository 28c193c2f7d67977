"""Whether members are well, and why not: one answer, which plan, status, preflight and documents all give."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from samples import as_wanted, with_container
from test_actions import EVERY

from tasks.engine.refusals import refuse_if_blocked, refuse_if_unwell
from tasks.errors import Blocked, Degraded
from tasks.inventory.cluster import Node
from tasks.plan import runbook
from tasks.plan.look.docker import End
from tasks.plan.look.mounts import Held
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.outlook import Outlook
from tasks.plan.preflight import Look, judge
from tasks.plan.preflight.facts import Facts
from tasks.plan.report import document, status
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, HostPlan, Sort, Trouble

NODE = EVERY.having("mesos_master")[0]
AGENT = EVERY.having("mesos_agent")[0]
ENDED = End("2026-11-30T12:01:07.123Z", 1)
NOW = 1_796_040_067 + 30


def seen(node: Node = NODE, name: str = "zookeeper", /, **changes: Any) -> Observed:
    """A host as wanted, but for a container."""
    return with_container(replace(as_wanted(EVERY, node), now=NOW), name, **changes)


def plan(host: Observed, node: Node = NODE) -> HostPlan:
    """What a deploy of everything would do there."""
    well = {each.name: as_wanted(EVERY, each) for each in EVERY.nodes}
    return runbook.plans(CHAPTERS, EVERY, EVERY.nodes, {**well, node.name: host})[node.name]


def told(host: Observed, node: Node = NODE) -> list[str]:
    """What is said of the members there."""
    return [str(trouble) for trouble in plan(host, node).troubles]


RESTARTING: Mapping[str, Any] = {
    "status": "restarting",
    "made": "2026-11-30T12:00:00Z",
    "restarts": 7,
    "end": ENDED,
}


def test_a_host_that_is_as_wanted_has_no_trouble() -> None:
    assert all(not plan(as_wanted(EVERY, node), node).troubles for node in EVERY.nodes)


def test_what_was_never_deployed_is_no_trouble() -> None:
    bare = Observed(addresses=frozenset({NODE.address}), engine=True)
    assert plan(bare).troubles == ()


def test_a_container_that_ends_again_and_again_is_told_with_its_last_end_and_the_cause() -> None:
    logs = {"zookeeper": ("Starting", "java.io.IOException: No snapshot found, but there are log entries. X")}
    (line,) = told(replace(seen(**RESTARTING), logs=logs))
    assert line == (
        "2.5 zookeeper is not well: it ends again and again (7 times in 5 minutes, last at 2026-11-30 "
        "12:01:07 UTC with exit code 1): its data have a log and no snapshot, which ZooKeeper 3.5 and later "
        "do not read (java.io.IOException: No snapshot found, but there are log entries. X). "
        "Empty its data/version-2 while all others serve: it gets its data from the leader."
    )


def test_a_cause_that_nobody_knows_is_told_by_the_last_line_that_is_no_stack_frame() -> None:
    logs = {
        "zookeeper": ("Odd weather today", "\tat org.apache.Zoo.run(Zoo.java:1)", "    @     0x7f  (unknown)")
    }
    (line,) = told(replace(seen(**RESTARTING), logs=logs))
    assert line.endswith("with exit code 1): Odd weather today. Look at `docker logs zookeeper` there.")


YOUNG: Mapping[str, Any] = {"since": "2026-11-30T12:01:20Z", "end": replace(ENDED, code=None)}


@pytest.mark.parametrize(
    ("changes", "lately", "sorts"),
    [
        ({"restarts": 9}, 9, []),  # it has run for long
        ({"restarts": 9, **YOUNG}, 3, [Sort.ENDS]),
        ({"restarts": 9, **YOUNG, "made": "2026-11-30T12:00:00Z"}, 0, [Sort.ENDS]),
        ({"restarts": 9, **YOUNG}, 2, [Sort.STARTING]),
        ({"restarts": 9, **YOUNG}, 0, [Sort.STARTING]),  # docker has forgotten
        ({"restarts": 2, **YOUNG}, 2, []),
        ({"status": "restarting", "restarts": 1}, 1, [Sort.STARTING]),
        ({"status": "restarting", "restarts": 1}, 5, [Sort.STARTING]),  # restarted by hand, over and over
        ({"status": "restarting", "restarts": 4}, 4, [Sort.ENDS]),
    ],
)
def test_who_runs_between_two_of_its_ends_does_not_count_as_well(
    changes: dict[str, Any], lately: int, sorts: list[Sort]
) -> None:
    silent = replace(seen(**changes), answers={}, ends={"e" * 64: (1,) * lately})
    assert [one.sort for one in plan(silent).troubles] == sorts


@pytest.mark.parametrize("status", ["running", "restarting"])
def test_one_end_of_what_docker_has_started_again_often_is_told_as_one(status: str) -> None:
    """As of a Marathon, which ends at every change of ZooKeeper's leader."""
    logs = {"marathon-1": ("[2026-11-30 12:01:06,123] INFO  All services up and running. (main)",)}
    changes = {**YOUNG, "status": status, "restarts": 9}
    host = replace(seen(NODE, "marathon-1", **changes), logs=logs, ends={"e" * 64: (137,)})
    assert told(host) == [
        "4.1 marathon-1 is not well: it ended at 2026-11-30 12:01:07 UTC with exit code 137 and is starting "
        "again. Give it a minute; if it does not serve by then, look at `docker logs marathon-1` there."
    ]


def test_who_has_ended_often_and_takes_part_again_is_well() -> None:
    """As leaders that were killed one after the other."""
    assert not plan(seen(restarts=9, since="2026-11-30T12:01:20Z")).troubles


def test_a_container_that_was_killed_for_its_memory_says_so() -> None:
    host = seen(status="exited", end=End("2026-11-30T12:01:07Z", 137, memory=True))
    (line,) = told(host)
    assert "it is exited (last at 2026-11-30 12:01:07 UTC with exit code 137, out of memory)" in line
    assert line.endswith(". A deploy mends that.")
    (step,) = plan(host).steps
    assert (step.action, step.reason) == (Action.START, plan(host).troubles[0].seen)


@pytest.mark.parametrize("code", [130, 137, 143])
def test_what_a_signal_has_ended_is_told_without_a_cause_from_its_log(code: int) -> None:
    """As of a ZooKeeper that somebody stopped, whose log tells of the times that its leader has gone."""
    logs = {"zookeeper": ("ERROR Unable to load database on disk",)}
    host = replace(seen(status="exited", end=replace(ENDED, code=code)), logs=logs)
    assert told(host) == [
        f"2.5 zookeeper is not well: it is exited (last at 2026-11-30 12:01:07 UTC with exit code {code}). "
        "A deploy mends that."
    ]


def test_a_port_that_another_process_has_is_told_of_a_container_that_restarts_as_of_one_that_is_absent() -> (
    None
):
    host = replace(
        seen(NODE, "marathon-1", **RESTARTING),
        listeners={8080: "perl (pid 4242)"},
        logs={"marathon-1": ("java.net.BindException: Address already in use",)},
    )
    (trouble,), (blocker,) = plan(host).troubles, plan(host).blockers
    assert trouble.sort is Sort.PORT and not trouble.mended
    assert trouble.seen == blocker.seen == "port 8080 is taken by perl (pid 4242)"


def test_a_taken_port_is_told_too_while_its_container_runs_for_a_moment() -> None:
    young = seen(NODE, "marathon-1", restarts=7, since="2026-11-30T12:01:20Z", pid=9)
    complains = {"marathon-1": ("java.net.BindException: Address already in use",)}
    host = replace(young, listeners={8080: "perl (pid 4242)"}, logs=complains)
    assert [one.sort for one in plan(host).troubles] == [Sort.PORT]
    assert not plan(replace(host, listeners={8080: "java (pid 9)"})).blockers  # its own


def test_what_is_started_again_may_have_its_own_port_for_a_moment() -> None:
    host = replace(seen(NODE, "marathon-1", **RESTARTING), listeners={8080: "java (pid 1)"})
    assert not plan(host).blockers
    assert [one.sort for one in plan(host).troubles] == [Sort.ENDS]


def test_what_hangs_is_restarted_in_its_turn() -> None:
    host = replace(as_wanted(EVERY, NODE), hanging=frozenset({"mesos_master metrics"}))
    (step,) = plan(host).steps
    assert (step.action, step.phase, step.risk) == (Action.RESTART, "replace", "restart")
    assert step.shell == "docker restart -t 1 mesos-master-01\n"
    (line,) = told(host)
    assert (
        "mesos-master-01 is not well: it accepts connections and has answered nothing for more than" in line
    )


def test_what_is_paused_does_not_hang_and_what_its_log_says_is_long_ago() -> None:
    logs = {"zookeeper": ("java.net.BindException: Address already in use",)}
    host = replace(seen(status="paused", end=ENDED), hanging=frozenset({"zookeeper srvr"}), logs=logs)
    assert plan(host).troubles[0].seen == "it is paused"
    assert [one.sort for one in plan(host).troubles] == [Sort.DOWN]
    assert [step.action for step in plan(host).steps] == [Action.UNPAUSE]


PLACES = [
    (NODE, "zookeeper", "/opt/zookeeper/data"),
    (NODE, "zookeeper", "/opt/zookeeper/logs"),
    (NODE, "mesos-master-01", NODE.settings.mesos_master_work_dir),
    (NODE, "mesos-master-01", NODE.settings.mesos_master_log_dir),
    (AGENT, "mesos-slave", AGENT.settings.mesos_agent_work_dir),
    (AGENT, "mesos-slave", AGENT.settings.mesos_agent_log_dir),
    (AGENT, "mesos-slave", "/var/run/docker.sock"),
]


@pytest.mark.parametrize(("node", "name", "path"), PLACES)
def test_a_member_on_a_directory_that_was_removed_is_replaced(node: Node, name: str, path: str) -> None:
    host = replace(as_wanted(EVERY, node), held={(name, path): Held(lost=True)})
    (trouble,) = plan(host, node).troubles
    assert trouble.sort is Sort.LOST and trouble.mended and path in trouble.seen
    assert "docker restart" not in trouble.remedy  # docker would make a directory where zoo.cfg was
    step = next(step for step in plan(host, node).steps if step.action is Action.REPLACE)
    assert trouble.seen in step.reason and step.phase == "replace"


def test_a_directory_that_its_container_never_had_is_not_lost() -> None:
    """As after another zookeeper_dir in hosts.ini."""
    moved = seen(mounts=frozenset({"/opt/zookeeper/conf:/conf", "/old/data:/data", "/old/logs:/datalog"}))
    host = replace(moved, held={place[1:]: Held(lost=True) for place in PLACES[:2]})
    assert not plan(host).troubles
    (step,) = (step for step in plan(host).steps if step.action is Action.REPLACE)
    assert "mount /opt/zookeeper/data:/data added" in step.reason and "removed or" not in step.reason


def test_an_agent_that_has_lost_its_work_dir_comes_back_as_a_new_one_and_the_plan_says_so() -> None:
    path = AGENT.settings.mesos_agent_work_dir
    host = replace(as_wanted(EVERY, AGENT), held={("mesos-slave", path): Held(lost=True)})
    step = next(step for step in plan(host, AGENT).steps if step.action is Action.REPLACE)
    assert (step.risk, step.effect) == ("data", "ends its tasks and makes it a new agent")


def test_what_stands_in_the_way_of_several_steps_is_said_once() -> None:
    host = replace(as_wanted(EVERY, NODE), engine=False, engine_error="Cannot connect to the Docker daemon")
    found = plan(host)
    (told,) = found.obstacles
    assert len(found.blockers) > 1 and told.startswith("2.4, 2.5")
    with pytest.raises(Blocked) as refused:
        refuse_if_blocked({NODE.name: found})
    assert str(refused.value).count("the docker engine does not run") == 1


@pytest.mark.parametrize(("node", "name", "path"), PLACES)
@pytest.mark.parametrize(
    ("held", "sort", "check"),
    [(Held(read_only=True), Sort.READ_ONLY, "read-only"), (Held(free=37), Sort.FULL, "disk")],
)
def test_a_directory_that_is_read_only_or_full_is_for_a_person_to_mend(
    node: Node, name: str, path: str, held: Held, sort: Sort, check: str
) -> None:
    found = plan(replace(as_wanted(EVERY, node), held={(name, path): held}), node)
    (trouble,) = found.troubles
    assert trouble.sort is sort and not trouble.mended and path in trouble.seen and not found.steps
    with pytest.raises(
        Degraded, match=f"{node.name}  .* {name} is not well: .*{path}.*\\nA deploy has nothing"
    ):
        refuse_if_unwell({node.name: found})


@pytest.mark.parametrize(
    ("host", "check", "severity"),
    [
        (replace(as_wanted(EVERY, NODE), held={PLACES[0][1:]: Held(read_only=True)}), "read-only", "error"),
        (replace(as_wanted(EVERY, NODE), held={PLACES[0][1:]: Held(lost=True)}), "unwell", "warning"),
        (replace(as_wanted(EVERY, NODE), hanging=frozenset({"zookeeper srvr"})), "unwell", "warning"),
        (seen(**RESTARTING), "unwell", "warning"),
        (seen(status="exited", end=ENDED), "unwell", "warning"),
    ],
)
def test_status_plan_and_preflight_say_the_same(host: Observed, check: str, severity: str) -> None:
    found = plan(host)
    (trouble,) = found.troubles
    shown = status.host(CHAPTERS, EVERY, NODE, host, found)
    (component,) = (one for one in shown.components if not one.is_well)
    assert component.troubles == (trouble,)
    told = document.plan({NODE.name: found}, Outlook())["hosts"][NODE.name]["troubles"]
    assert [each["seen"] for each in told] == [trouble.seen]
    looks = {
        each.name: Look(host if each == NODE else as_wanted(EVERY, each), Facts(boot=each.name), 0, 0)
        for each in EVERY.nodes
    }
    findings = [one for one in judge(CHAPTERS, EVERY, looks, {}).findings if trouble.seen in one.evidence]
    assert [(one.host, one.check, one.severity) for one in findings] == [(NODE.name, check, severity)]


def test_a_cluster_with_a_member_that_is_not_well_is_degraded() -> None:
    host = replace(as_wanted(EVERY, NODE), held={PLACES[0][1:]: Held(free=3)})
    shown = status.host(CHAPTERS, EVERY, NODE, host, plan(host))
    found = status.Status("hosts.ini", "2026-11-30T12:00:00Z", (shown,), (), None)
    assert found.state == "degraded" and found.down == (f"zookeeper on {NODE.name} is not well",)


def test_a_run_with_nothing_to_do_is_not_refused_for_what_is_starting_again() -> None:
    starting = Trouble(Id.MARATHON_RUN, "marathon-1", Sort.STARTING, "it ended and is starting again", "wait")
    refuse_if_unwell({NODE.name: HostPlan(NODE.name, (), troubles=(starting,))})
    with pytest.raises(Degraded):
        refuse_if_unwell({NODE.name: HostPlan(NODE.name, (), troubles=(replace(starting, sort=Sort.HANGS),))})
