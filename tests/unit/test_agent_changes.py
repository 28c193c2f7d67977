"""What becomes of an agent whose settings change: a restart, a refusal, or a drain that was asked for."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import IMAGE, SHELLS, inspect, run, stand_in, with_container

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.mesos_agent import desired as mesos_agent
from tasks.plan.mesos_agent.desired import INCOMPATIBLE
from tasks.plan.runbook import MESOS_AGENT
from tasks.plan.script import runnable
from tasks.plan.step import Action, HostPlan, Step

WORK_DIR = "/var/lib/mesos/agent"
LATEST = f"{WORK_DIR}/meta/slaves/latest"
BOOT = "/proc/sys/kernel/random/boot_id"
RACK_A, RACK_B = 'mesos_agent_attributes="rack:a"', 'mesos_agent_attributes="rack:b"'
ADDITIVE = 'mesos_agent_environment="MESOS_RECONFIGURATION_POLICY=additive"'


def agents(*variables: str) -> tuple[Cluster, Node]:
    lines = "\n".join(variables)
    cluster = parse(f"[zookeeper]\n10.70.0.10 myid=1\n[mesos_agent]\n10.70.0.20\n[all:vars]\n{lines}\n")
    return cluster, cluster.nodes[1]


def summary(**more: Any) -> str:
    slave = {"pid": "slave(1)@10.70.0.20:5051", "active": True, "TASK_RUNNING": 2, "TASK_STAGING": 1, **more}
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'slaves': [slave]})}"


def running(*variables: str, **changes: Any) -> Observed:
    """An agent's host on which all is as these settings want it, and which knows who it is."""
    cluster, node = agents(*variables)
    (one,) = runbook.containers([MESOS_AGENT], cluster, node)
    image = replace(IMAGE, entrypoint=(), arguments=())
    seen = Observed(
        addresses=frozenset({"10.70.0.20"}),
        engine=True,
        containers={one.name: replace(inspect(one), arguments=(), entrypoint=())},
        images=dict.fromkeys(runbook.ask([MESOS_AGENT], cluster, node).images, image),
        paths={path: Seen("directory") for path in (LATEST, WORK_DIR, "/var/log/mesos/agent")},
        answers={"mesos_agent slaves-10.70.0.10": summary()},
    )
    return replace(seen, **changes)


def planned(seen: Observed, *variables: str) -> HostPlan:
    cluster, node = agents(*variables)
    return runbook.plans([MESOS_AGENT], cluster, [node], {node.name: seen})[node.name]


def main_step(plan: HostPlan) -> Step:
    (step,) = [step for step in plan.steps if step.action in (Action.REPLACE, Action.DRAIN)]
    return step


def refusal(plan: HostPlan) -> str:
    return "; ".join(str(blocker) for blocker in plan.blockers)


def test_an_agent_that_is_as_wanted_is_left_alone() -> None:
    assert planned(running(RACK_A), RACK_A).steps == ()
    reordered = 'mesos_agent_attributes="zone: b;rack:a"'
    assert not planned(running(reordered), 'mesos_agent_attributes="rack:a;zone:b"').blockers


def test_what_an_agent_refuses_already_is_replaced_without_a_word_on_its_work_dir() -> None:
    """Run by hand with rack b: the work_dir still is that of rack a, which hosts.ini wants."""
    refuses = {
        "mesos-slave": ("EXIT with status 1: Failed to perform recovery: Incompatible agent info detected.",)
    }
    plan = planned(running(RACK_B, logs=refuses), RACK_A)
    assert not plan.blockers and main_step(plan).action is Action.REPLACE


def test_what_the_work_dir_takes_restarts_the_agent_and_nothing_else() -> None:
    plan = planned(running(RACK_A), 'mesos_agent_attributes="rack:a;zone:b"', ADDITIVE)
    assert not plan.blockers
    assert (main_step(plan).title, main_step(plan).risk) == ("replace mesos-slave", "restart")


def test_what_the_work_dir_refuses_is_refused_and_the_plan_shows_the_drain() -> None:
    plan = planned(running(RACK_A), RACK_B)
    assert refusal(plan) == (
        "5.2 mesos-slave: attribute rack a -> b: the agent would refuse its work_dir (Incompatible agent "
        "info) and never start. To keep what it was, set mesos_agent_attributes=rack:a for 10.70.0.20 in "
        "hosts.ini; or deploy with --drain: that ends its 3 tasks and makes it a new agent."
    )
    step = main_step(plan)
    assert (step.title, step.effect) == (
        "drain mesos-slave and replace it",
        "ends its 3 tasks and makes it a new agent",
    )
    assert step.reason.startswith("MESOS_ATTRIBUTES rack:a -> rack:b")
    assert main_step(plan).risk == "data"
    assert plan.without([INCOMPATIBLE]).blockers == ()


def test_how_many_tasks_there_are_is_not_made_up() -> None:
    plan = planned(running(RACK_A, answers={}), RACK_B)
    assert main_step(plan).effect == "ends its tasks and makes it a new agent"


FREE = {
    "an agent that never registered": {"paths": {}},
    "an agent after a reboot": {
        "paths": {
            LATEST: Seen("directory"),
            f"{WORK_DIR}/meta/boot_id": Seen("regular file", "one"),
            BOOT: Seen("regular empty file", "two\n"),
        }
    },
}


@pytest.mark.parametrize("changes", FREE.values(), ids=FREE.keys())
def test_an_agent_that_will_be_a_new_one_anyway_may_change(changes: dict[str, Any]) -> None:
    assert not planned(running(RACK_A, **changes), RACK_B).blockers


def test_the_same_boot_is_no_reboot() -> None:
    boots = {
        f"{WORK_DIR}/meta/boot_id": Seen("regular file", "one"),
        BOOT: Seen("regular empty file", "one\n"),
    }
    assert planned(running(RACK_A, paths={LATEST: Seen("directory"), **boots}), RACK_B).blockers


def test_another_work_dir_is_another_agent() -> None:
    assert not planned(running(RACK_A), RACK_B, "mesos_agent_work_dir=/var/lib/mesos/other").blockers


# The drain, run for real with a docker that notes what it is told

DOCKER = """\
echo "docker $*" >> log
case "$1" in
create) cat > /dev/null;;
wait) exit $(cat wait);;
rm) exit 1;;
kill) [ ! -e dead ];;
esac
"""


def drained(where: Path, *, waits: int = 0, dead: bool = False) -> tuple[int, list[str], str]:
    """Carry a drain out; give its exit code, what docker was told, and what was said."""
    (where / "wait").write_text(f"{waits}\n")
    if dead:
        (where / "dead").touch()
    stand_in(where / "bin", "docker", DOCKER)
    stand_in(where / "bin", "timeout", 'shift; exec "$@"')
    (where / "latest").touch()
    step = main_step(planned(running(RACK_A), RACK_B))
    text = runnable([replace(step, shell=step.shell.replace(LATEST, str(where / "latest")))])
    done = run(text.replace("/run/mesofab.lock", str(where / "lock")), where, where / "bin", SHELLS[0])
    return done.returncode, (where / "log").read_text().splitlines(), done.stdout.decode()


def test_a_drain_unregisters_waits_forgets_and_only_then_starts_the_new_one(tmp_path: Path) -> None:
    code, said, _ = drained(tmp_path)
    assert code == 0
    assert [line.partition(" --net")[0] for line in said if "docker rm" not in line] == [
        "docker create --name mesos-slave.next",
        "docker update --restart=no mesos-slave",
        "docker kill --signal=USR1 mesos-slave",
        "docker wait mesos-slave",
        "docker rename mesos-slave mesos-slave.prev",
        "docker rename mesos-slave.next mesos-slave",
        "docker start mesos-slave",
    ]
    assert not (tmp_path / "latest").exists()


def test_an_agent_that_does_not_run_needs_no_signal(tmp_path: Path) -> None:
    code, said, _ = drained(tmp_path, dead=True)
    assert (code, said[-1]) == (0, "docker start mesos-slave")
    assert not (tmp_path / "latest").exists()


def test_an_agent_that_does_not_end_is_not_replaced_and_keeps_who_it_is(tmp_path: Path) -> None:
    code, said, text = drained(tmp_path, waits=124)
    assert code != 0
    assert said[-1] == "docker wait mesos-slave"
    assert f"its tasks have not ended within {mesos_agent.DRAIN_TIMEOUT} s" in text
    assert (tmp_path / "latest").exists()


HALFWAY = {
    "the policy is gone": "running",
    "it has ended": "exited",
}


@pytest.mark.parametrize("state", HALFWAY.values(), ids=HALFWAY.keys())
@pytest.mark.parametrize("latest", [True, False], ids=["remembering", "forgetful"])
def test_a_drain_that_was_cut_off_is_completed_by_the_next_run(state: str, latest: bool) -> None:
    seen = running(RACK_A, paths={LATEST: Seen("directory")} if latest else {})
    options = {**seen.containers["mesos-slave"].options, "RestartPolicy.Name": "no"}
    seen = with_container(seen, "mesos-slave", status=state, options=options)
    plan = planned(seen, RACK_B)
    assert bool(plan.blockers) == latest
    assert "docker start mesos-slave" in main_step(plan).shell
    back = planned(seen, RACK_A)
    assert not back.blockers
    assert [step.title for step in back.steps if step.phase != "stage" or "restart" in step.title] == [
        "restart policy of mesos-slave",
        *([] if state == "running" else ["start mesos-slave"]),
    ]


def test_a_drain_that_was_cut_off_between_two_names_goes_on_with_the_new_one() -> None:
    seen = running(RACK_A, paths={})
    old = replace(seen.containers["mesos-slave"], status="exited")
    halfway = {"mesos-slave.prev": old, "mesos-slave.next": old}
    plan = planned(replace(seen, containers=halfway), RACK_B)
    assert not plan.blockers
    first, last = (step for step in plan.steps if step.phase != "stage")
    assert first.shell.startswith(
        "docker rm -f mesos-slave.next\nDOCKER_CONFIG=/nonexistent docker run -d --name mesos-slave"
    )
    assert last.title == "remove mesos-slave.prev"
