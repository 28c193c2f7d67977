"""Which tasks a change of agents costs: what the agents say, and what plan, preview and closing line say."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import recorded_mesos as recorded
from fake_hosts import FakeHosts
from hypothesis import given
from samples import any_json, as_wanted, with_container

from tasks.engine.deploy import deploy
from tasks.engine.preview import Preview, foretold, outlook, plan
from tasks.engine.run import Run
from tasks.errors import Unreachable
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.availability.apps import by_app
from tasks.plan.availability.fates import fates
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.mesos_agent import ending
from tasks.plan.mesos_agent.ending import ADVICE, MADE_NEW, RESTARTED, Task, read
from tasks.plan.names import Id
from tasks.plan.outlook import lines
from tasks.plan.report import document, saved
from tasks.plan.runbook import CHAPTERS, MESOS_AGENT
from tasks.plan.step import Action, HostPlan, Step

REAL = Path(__file__).resolve().parents[1] / "contract/recorded/agent-state.json"
UUID = "806f8f8e-ec66-11f1-b25d-024266d8c722"
WEB, CRON, SLEEPER = f"web.{UUID}", f"jobs_cron.{UUID}", f"sleeper.{UUID}"
ONE, OTHER, MASTER = "10.70.0.20", "10.70.0.21", "10.70.0.10"
TEXT = f"[zookeeper]\n{MASTER} myid=1\n[mesos_master]\n{MASTER}\n[mesos_agent]\n{ONE}\n{OTHER}\n[all:vars]\n"
OLD, NEW = parse(TEXT), parse(f"{TEXT}mesos_agent_environment=MESOS_GC_DELAY=2days\n")


def answer(body: object, status: str = "200 OK") -> str:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}"


def state(*tasks: tuple[str, str], checkpoint: bool = True, image: str = "mesos:1.5.0") -> dict[str, Any]:
    """An agent's /state, shaped as the real one's, with these tasks: their ids and kinds."""
    shape = json.loads(recorded.AGENT_STATE.partition("\r\n\r\n")[2])
    framework = shape["frameworks"][0]
    executors = []
    for id, kind in tasks:
        executor = deepcopy(framework["executors"][0])
        executor["tasks"][0]["id"] = id
        if kind == "command":
            del executor["tasks"][0]["container"]
        executors.append(executor)
    flags = {"docker_mesos_image": image} if image else {}
    return {
        **shape,
        "flags": flags,
        "frameworks": [{**framework, "checkpoint": checkpoint, "executors": executors}],
    }


THREE = state((WEB, "docker"), (CRON, "command"), (SLEEPER, "command"))


def agents(cluster: Cluster = OLD) -> dict[str, Observed]:
    """Hosts as `cluster` wants them, where the leading master counts three tasks on each agent."""
    seen = {node.name: as_wanted(cluster, node) for node in cluster.nodes}
    slaves = [{"pid": f"slave(1)@{at}:5051", "active": True, "TASK_RUNNING": 3} for at in (ONE, OTHER)]
    summary = answer({"slaves": slaves})
    return {
        name: replace(each, answers={f"mesos_agent slaves-{MASTER}": summary})
        if name in (ONE, OTHER)
        else each
        for name, each in seen.items()
    }


def host(name: str = ONE) -> Observed:
    return agents()[name]


class Agents(FakeHosts):
    """Hosts whose agents answer as told; it is noted who was asked for what."""

    def __init__(self, cluster: Cluster, states: Mapping[str, str], *looks: Mapping[str, Observed]) -> None:
        self.asked: list[str] = []
        self.states = states
        super().__init__(cluster, *looks, says=self._say)

    def _say(self, question: Question) -> str:
        if "/state " in question.word:
            self.asked.append(question.address)
            if question.address not in self.states:
                raise Unreachable("it fell silent", host=question.address)
            return self.states[question.address]
        return answer({"slaves": [{"pid": f"slave(1)@{at}:5051", "active": True} for at in (ONE, OTHER)]})


def previewed(states: Mapping[str, str], cluster: Cluster = NEW, **more: Any) -> tuple[Preview, Agents]:
    hosts = Agents(cluster, states, agents() | more.pop("seen", {}))
    return foretold(run := Run(hosts, **more), plan(run)), hosts


def effects(found: Preview) -> dict[str, str]:
    return {
        name: step.effect for name, each in found.plans.items() for step in each.steps if step.risk != "none"
    }


# What an agent says


def heard(text: str, seen: Observed) -> tuple[Task, ...] | None:
    node = OLD.called(ONE)
    assert node
    return read(text, node, seen)


def test_what_the_real_agent_said_is_read() -> None:
    text = f"HTTP/1.1 200 OK\r\n\r\n{REAL.read_text()}"
    assert heard(text, host()) == (Task("sleeper", False),)
    assert heard(recorded.AGENT_STATE, host()) == (Task("v1opendocker.a9ac53a8", True),)


LONELY: dict[str, tuple[dict[str, Any], Observed]] = {
    "its executor has no container of its own": (state((WEB, "docker"), image=""), host()),
    "its framework does not checkpoint": (state((WEB, "docker"), checkpoint=False), host()),
    "the agent does not see the host's processes": (
        state((WEB, "docker")),
        with_container(host(), "mesos-slave", options={}),
    ),
}


@pytest.mark.parametrize("said, seen", LONELY.values(), ids=LONELY)
def test_a_docker_task_is_lost_where(said: dict[str, Any], seen: Observed) -> None:
    assert heard(answer(said), seen) == (Task(WEB, False),)


def test_tasks_that_have_ended_are_not_lost_again_and_those_that_wait_are() -> None:
    said = state((WEB, "docker"), (CRON, "command"))
    first, second = said["frameworks"][0]["executors"]
    first["tasks"][0]["state"] = "TASK_FAILED"
    second["queued_tasks"] = [{"id": SLEEPER, "state": "TASK_STAGING"}]
    assert heard(answer(said), host()) == (Task(CRON, False), Task(SLEEPER, False))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HTTP/1.1 503 Service Unavailable\r\n\r\nAgent has not finished recovery",
        "HTTP/1.1 401 Unauthorized\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n{}",
        f"HTTP/1.1 200 OK\r\n\r\n{REAL.read_text()[:-20]}",
    ],
)
def test_an_agent_that_does_not_say_is_not_believed_to_run_nothing(text: str) -> None:
    assert heard(text, host()) is None


KEYS = ("frameworks", "executors", "tasks", "queued_tasks", "state", "id", "container", "type", "flags")


@given(any_json(*KEYS))
def test_whatever_an_agent_says_is_read_or_is_no_answer(said: object) -> None:
    for body in (said, {"frameworks": said, "flags": said}, {"frameworks": [{"executors": said}]}):
        for task in heard(answer(body), Observed()) or ():
            assert task.id.isprintable() or not task.id


# Tasks by their apps


def test_tasks_are_told_by_their_apps_most_first() -> None:
    assert by_app([WEB, CRON, WEB]) == "2 of /web, 1 of /jobs/cron"
    assert by_app([f"pod.instance-{UUID}.side", f"a.b.{UUID}"]) == "1 of /a.b, 1 of /pod"
    assert by_app(["sleeper", "v1opendocker.a9ac53a8"]) == "sleeper, v1opendocker.a9ac53a8"
    many = [f"app{number}.{UUID}" for number in range(9)]
    assert by_app(many) == "1 of /app0, 1 of /app1, 1 of /app2, 1 of /app3, 1 of /app4 and 4 more"


# What a plan says


def test_the_plan_says_how_many_tasks_each_restart_loses_and_of_which_apps() -> None:
    found, _ = previewed({ONE: answer(THREE), OTHER: answer(state((WEB, "docker")))})
    assert effects(found) == {
        ONE: "restarts mesos-slave, active; loses 2 tasks: 1 of /jobs/cron, 1 of /sleeper; 1 docker task "
        "runs on",
        OTHER: "restarts mesos-slave, active; loses no task; 1 docker task runs on",
    }
    assert found.costs == [f"{ONE}  replace mesos-slave: {effects(found)[ONE]}.", f"{RESTARTED} {ADVICE}"]


def test_the_outlook_and_the_document_say_the_same() -> None:
    found, hosts = previewed({ONE: answer(THREE), OTHER: answer(state())})
    order = outlook(Run(hosts), found)
    told = document.plan(found.plans, order)
    steps = [step["effect"] for name in (ONE, OTHER) for step in told["hosts"][name]["steps"]]
    what = [turn["what"] for turn in told["order"] if turn["service"] == "mesos_agent"]
    assert what == [effect for effect in steps if effect] == list(effects(found).values())
    assert all(any(each in line for line in lines(order)) for each in what)


def test_a_saved_plan_says_it_and_holds_when_other_tasks_run_by_then() -> None:
    def saved_with(states: Mapping[str, str]) -> dict[str, Any]:
        found, hosts = previewed(states)
        return saved.made(CHAPTERS, NEW, found.plans, found.seen, outlook(Run(hosts), found))

    before, now = saved_with({ONE: answer(THREE)}), saved_with({ONE: answer(state())})
    assert "loses 2 tasks: 1 of /jobs/cron, 1 of /sleeper" in json.dumps(before["hosts"][ONE]["steps"])
    assert before["order"] != now["order"]
    assert list(saved.differences(before, now)) == []


def test_agents_that_run_nothing_cost_nothing_and_no_advice_is_given() -> None:
    found, _ = previewed({ONE: answer(state()), OTHER: answer(state())})
    assert set(effects(found).values()) == {"restarts mesos-slave, active; no task runs there"}
    assert found.costs == []


@pytest.mark.parametrize("silent", [{}, {ONE: "", OTHER: ""}], ids=["lost", "no answer"])
def test_if_nobody_can_tell_it_says_so_once_for_all_agents(silent: dict[str, str]) -> None:
    found, _ = previewed(silent)
    (line, advice) = found.costs
    assert line == (
        f"{ONE}, .21  replace mesos-slave: restarts mesos-slave, active; loses those of its 3 tasks that are "
        "no docker tasks: the agent did not say how many."
    )
    assert advice == f"{RESTARTED} {ADVICE}"


def test_if_not_even_a_master_counts_its_tasks_no_number_is_made_up() -> None:
    seen = {name: replace(each, answers={}) for name, each in agents().items()}
    found, _ = previewed({}, seen=seen)
    assert effects(found)[ONE] == (
        "restarts mesos-slave; loses those of its tasks that are no docker tasks: the agent did not say how "
        "many"
    )


def test_a_silent_agent_on_which_a_master_counts_no_task_loses_none() -> None:
    idle = answer({"slaves": [{"pid": f"slave(1)@{ONE}:5051", "active": True}]})
    seen = {ONE: replace(host(), answers={f"mesos_agent slaves-{MASTER}": idle})}
    found, _ = previewed({}, seen=seen)
    assert effects(found)[ONE] == "restarts mesos-slave, active; no task runs there"
    assert [line for line in found.costs if line.startswith(ONE)] == []


def test_a_drain_ends_docker_tasks_as_well_and_says_so() -> None:
    latest = {"/var/lib/mesos/agent/meta/slaves/latest": Seen("directory")}
    seen = {name: replace(each, paths={**each.paths, **latest}) for name, each in agents().items()}
    moved = parse(f"{TEXT}mesos_agent_attributes=rack:b\n")
    found, _ = previewed(
        {ONE: answer(THREE), OTHER: answer(state())}, moved, seen=seen, overruled=("agent-info",)
    )
    assert effects(found) == {
        ONE: "ends its 3 tasks (1 of /jobs/cron, 1 of /sleeper, 1 of /web) and makes it a new agent",
        OTHER: "ends its 0 tasks and makes it a new agent",
    }
    assert found.costs[1:] == [f"{MADE_NEW} {ADVICE}"]


def test_an_agent_that_lost_its_work_dir_loses_its_docker_tasks_as_well() -> None:
    node = OLD.called(ONE)
    assert node
    new = "ends its 3 tasks and makes it a new agent"
    step = Step(Id.AGENT_RUN, Action.REPLACE, "replace mesos-slave", "", "", "replace", "data", new)
    tasks = [Task(WEB, True), Task(CRON, False)]
    plan = ending.foretold(HostPlan(ONE, (), (step,)), node, host(), tasks)
    assert plan.steps[0].effect == "ends its 2 tasks (1 of /jobs/cron, 1 of /web) and makes it a new agent"
    assert ending.costs({ONE: plan}, {ONE: tasks[:1]})[1:] == [f"{MADE_NEW} {ADVICE}"]


def test_agents_that_restart_and_agents_that_are_made_new_are_both_explained() -> None:
    step = Step(Id.AGENT_RUN, Action.REPLACE, "replace mesos-slave", "", "", "replace", "restart")
    steps = {ONE: step, OTHER: replace(step, risk="data")}
    plans = {name: HostPlan(name, (), (step,)) for name, step in steps.items()}
    found = ending.costs(plans, {ONE: [Task(CRON, False)], OTHER: [Task(WEB, True)]})
    assert found[-1:] == [f"{RESTARTED} {MADE_NEW} {ADVICE}"]


# Who is asked


def test_nobody_is_asked_if_no_agent_is_touched() -> None:
    found, hosts = previewed({}, OLD)
    assert (hosts.asked, found.costs) == ([], [])
    _, hosts = previewed({}, parse(f"{TEXT}zookeeper_sync_limit=7\n"))
    assert hosts.asked == []


def test_an_agent_that_does_not_run_loses_nothing_and_is_not_asked() -> None:
    gone = {ONE: with_container(host(), "mesos-slave", status="exited")}
    found, hosts = previewed({OTHER: answer(state())}, seen=gone)
    assert hosts.asked == [OTHER]
    assert list(effects(found)) == [OTHER]


def test_a_run_says_what_it_costs_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    look = agents()
    hosts = Agents(NEW, {ONE: answer(THREE), OTHER: answer(state())}, look, look)
    deploy(Run(hosts, [MESOS_AGENT]))
    assert [each.partition(" ")[2] for each in hosts.done[:2]] == ["replace mesos-slave"] * 2
    said = " ".join(capsys.readouterr().out.split())
    assert f"{ONE} replace mesos-slave: restarts mesos-slave, active; loses 2 tasks: 1 of /jobs/cron" in said
    assert ADVICE in said


# The closing line


def test_the_closing_line_names_what_was_lost_as_the_plan_did() -> None:
    before = dict.fromkeys((WEB, CRON, SLEEPER), "TASK_RUNNING")
    after = {WEB: "TASK_RUNNING", CRON: "TASK_FAILED", SLEEPER: "TASK_FAILED"}
    assert str(fates(before, after)) == "Tasks: 1 of 3 run on, 2 lost: 1 of /jobs/cron, 1 of /sleeper."
