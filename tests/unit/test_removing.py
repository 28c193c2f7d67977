"""Hosts that leave the cluster: what hosts.ini says of them, and what is done there, cut anywhere."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

import pytest
from drain_world import HERE, Wanted, World, asked, said, says
from fake_hosts import FakeHosts, ensemble_led_by
from samples import SHELLS, TRIO, as_wanted, messages, run, stand_in
from test_retire import deployed

from tasks.engine import command, preview, removing
from tasks.engine.draining import DrainLimits
from tasks.engine.hosts import Inquiry
from tasks.engine.performing import Result
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.engine.saving import Promise
from tasks.errors import Blocked, GateNotReached, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.mesos_agent import leaving
from tasks.plan.mesos_agent.desired import INCOMPATIBLE
from tasks.plan.outlook import Outlook
from tasks.plan.report import planned, saved
from tasks.plan.report.last_words import last_words
from tasks.plan.retire.leavings import Leavings
from tasks.plan.runbook import Chapter
from tasks.plan.step import Action, HostPlan, Step

T = TypeVar("T")

SERVERS = f"{TRIO}[mesos_master]\n10.70.0.[10:12]\n[marathon]\n10.70.0.[10:12]\n"
TEXT = f"{SERVERS}[mesos_agent]\n10.70.0.20\n10.70.0.21\n[removed]\n10.70.0.20\n"
CLUSTER = parse(TEXT)
(AGENT,) = CLUSTER.removed
FORMER = replace(CLUSTER, nodes=(*CLUSTER.nodes, AGENT))
META = f"{AGENT.settings.mesos_agent_work_dir}/meta"
LEADER = "10.70.0.11"
AT_ONCE = DrainLimits(pause=0, lacking=0, changing=0)


# hosts.ini


def test_a_host_in_removed_keeps_its_roles_and_settings_and_is_no_node_any_more() -> None:
    told = parse(f"{TEXT}[mesos_agent:vars]\nmesos_agent_port=5052\n")
    assert [node.name for node in told.having("mesos_agent")] == ["10.70.0.21"]
    (gone,) = told.removed
    assert (gone.name, gone.roles, gone.settings.mesos_agent_port) == ("10.70.0.20", ("mesos_agent",), 5052)


def test_a_group_removed_of_hosts_that_have_no_role_is_none_of_ours() -> None:
    assert parse(f"{SERVERS}[removed]\nold1\n").removed == ()


def test_a_member_that_leaves_frees_its_id_and_its_number_and_counts_for_no_quorum() -> None:
    four = f"{TRIO}10.70.0.13 myid=3\n[mesos_master:children]\nzookeeper\n[removed]\n10.70.0.12\n"
    told = parse(four)
    assert {node.name: node.myid for node in told.ensemble} == {
        "10.70.0.10": 1,
        "10.70.0.11": 2,
        "10.70.0.13": 3,
    }
    assert [node.myid for node in told.removed] == [3]


@pytest.mark.parametrize(
    "text, message",
    [
        (f"{TRIO}[removed]\n10.70.0.[10:12]\n", "every host is in [removed]; `fab retire` takes a whole"),
        (f"{TRIO}[removed]\n10.70.0.12\n", "2 ZooKeeper hosts: an even number"),
        (f"{TRIO}10.70.0.13\n[removed]\n10.70.0.13\n", "host 10.70.0.13 has no myid"),
        (f"{TRIO}new host_ip=10.70.0.12 myid=3\n[removed]\n10.70.0.12\n", "are both 10.70.0.12"),
    ],
)
def test_what_cannot_leave_so_is_refused(text: str, message: str) -> None:
    assert message in "\n".join(messages(text))


# Whole runs


@dataclass
class State:
    """How the host that leaves is, and which agents are marked as gone; hosts are copied, and share this.

    `cut` is how many steps are done before Ctrl-C is typed, `deaf` how often the master has not noticed yet.
    """

    world: World
    cut: int = -1
    lost: bool = False
    others: tuple[str, ...] = ()
    marks: Callable[[], str] = lambda: ""
    deaf: int = 0
    up: bool = True
    gone: list[str] = field(default_factory=list)
    left: Leavings = replace(deployed(AGENT, FORMER), there=deployed(AGENT, FORMER).there | {META})


class Place(FakeHosts):
    """A cluster, and a host with an agent that leaves it: steps do there what they say."""

    def __init__(self, state: State, cluster: Cluster = CLUSTER) -> None:
        looks = {node.name: as_wanted(cluster, node) for node in cluster.nodes}
        super().__init__(cluster, *[looks] * 9, says=self._answer, in_vain=True)
        self.state = state

    def _answer(self, question: Question) -> str:
        state, path = self.state, question.word.split()[1]
        if path == "/slaves" and not state.up and question.address == LEADER:
            if not state.deaf:
                return said({"slaves": []})
            state.deaf -= 1
        return says(state.world, LEADER, state.others)(question)

    def _host(self) -> Observed:
        seen, state = as_wanted(FORMER, AGENT), self.state
        names = {one.name for one in state.left.containers}
        status = "running" if state.up else "exited"
        containers = {n: replace(c, status=status) for n, c in seen.containers.items() if n in names}
        pid = f"slave(1)@{AGENT.address}:5051"
        told = said({"slaves": [{"pid": pid, "active": state.up}] if HERE not in state.gone else []})
        return replace(seen, containers=containers, answers={f"mesos_agent slaves-{LEADER}": told})

    def looking(self, chapters: Sequence[Chapter], node: Node) -> Inquiry[Observed]:
        if node.name == AGENT.name:
            return Inquiry("look", "", "", lambda _: self._host())
        return super().looking(chapters, node)

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if node.name != AGENT.name:
            return super().inquire(node, inquiry, staying)
        if self.state.lost:
            raise Unreachable("no answer", "Is it up?", node.name, "connect")
        return cast(T, (self._host(), self.state.left))

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        told = dict.fromkeys(steps, "")
        for name, step in ((name, step) for name, own in steps.items() for step in own):
            if self.state.cut == 0:
                raise KeyboardInterrupt
            self.state.cut -= 1
            super().act({name: [step]})
            told[name] = self._do(step)
        return told

    def _do(self, step: Step) -> str:
        state = self.state
        if step.action is Action.STOP:
            state.up = False
            return f"agent {HERE}" if META in state.left.there else ""
        if step.action is Action.MARK_GONE:
            assert not state.up, "an agent that runs was marked"
            if told := state.marks():
                return told
            state.gone.append(HERE)
        elif step.action is Action.REMOVE:
            state.left = remaining(state.left, step)
        else:
            state.world.do(asked(step))
            while waiting := state.world.happenings():
                state.world.happen(*waiting[0])
        return ""


def remaining(left: Leavings, step: Step) -> Leavings:
    """What is left on a host after a step that removes something."""
    words = step.title.replace(",", "").split()[1:]
    if words[0] == "image":
        return replace(left, images={name: id for name, id in left.images.items() if name not in words})
    if words[0] == "/var/lib/mesofab":
        return Leavings()
    there = {path for path in left.there if not any(f"{path}/".startswith(f"{word}/") for word in words)}
    kept = None if "profile" in step.title else left.kept
    stay = tuple(one for one in left.containers if one.name not in words)
    return replace(left, containers=stay, there=frozenset(there), kept=kept)


def a_world(room: int = 9) -> World:
    world = World({HERE: 4, "S1": room}, {"/web": Wanted(3), "/jobs/cron": Wanted(1)})
    world.begin()
    return world


def removed(place: Place, force: bool = False) -> tuple[str, ...]:
    """Remove the agent; what was said at the end."""
    before = Result({}, ())
    found = removing.remove(Run(place, overruled=(INCOMPATIBLE,) if force else ()), before, AT_ONCE)
    return found.says


def instances(world: World) -> list[tuple[int, int]]:
    """How many instances each app wants, and has."""
    return [(app.instances, app.running) for app in world.apps.values()]


def test_an_agent_that_leaves_is_drained_stopped_marked_and_removed_in_that_order() -> None:
    state = State(a_world())
    place = Place(state)
    assert removed(place) == (f"10.70.0.20: {removing.OUT}",)
    done = place.done
    stop, mark = (
        done.index(e) for e in ("0.20 stop mesos-slave", "0.11 mark the agent of 10.70.0.20 as gone")
    )
    assert done[0].startswith("0.11 reserve what is free") and stop < mark
    assert done[mark + 1] == "0.20 remove mesos-slave" and done[-1] == "0.20 remove /var/lib/mesofab"
    assert state.gone == [HERE] and state.left == Leavings()
    assert instances(state.world) == [(3, 3), (1, 1)]
    assert not any(task.agent == HERE for app in state.world.apps.values() for task in app.tasks)


@pytest.mark.parametrize("cut", range(24))
def test_a_removal_that_was_cut_anywhere_is_finished_by_the_next(cut: int) -> None:
    state = State(a_world(), cut)
    with suppress(KeyboardInterrupt):
        removed(Place(state))
    state.cut = -1
    removed(Place(state))
    assert state.left == Leavings() and state.gone[:1] == [HERE] and not state.up
    assert instances(state.world) == [(3, 3), (1, 1)]
    assert removed(Place(state)) == (f"10.70.0.20: {removing.OUT}",)


def test_a_run_that_was_cut_says_what_goes_on_with_it_and_how_to_have_it_back() -> None:
    place = Place(State(a_world(), 2))
    with pytest.raises(KeyboardInterrupt):
        removed(place)
    told = "".join(last_words(place.journal.progress))
    assert "`fab deploy-cluster` goes on where this run stopped; if 10.70.0.20 is to stay" in told


def test_an_agent_is_drained_also_while_the_marathon_leads_that_leaves_with_it() -> None:
    class Leads(Place):
        def _answer(self, question: Question) -> str:
            if question.port == AGENT.settings.marathon_port:
                return says(self.state.world, AGENT.address)(question)
            return super()._answer(question)

    text = TEXT.replace("[mesos_agent]\n", "10.70.0.20 number=4\n[mesos_agent]\n")
    state = State(a_world())
    assert removed(Leads(state, parse(text))) == (f"10.70.0.20: {removing.OUT}",)
    assert instances(state.world) == [(3, 3), (1, 1)] and state.left == Leavings()


def test_what_cannot_be_moved_keeps_its_host_in_the_cluster_and_ends_with_drain() -> None:
    state = State(a_world(room=1))
    with pytest.raises(Blocked) as refused:
        removed(Place(state))
    assert "Everything was given back" in str(refused.value) and "deploy with --drain" in str(refused.value)
    assert state.up and state.world.reserved == [] and state.left != Leavings()
    says = removed(Place(State(a_world(), others=("spark-7",))), force=True)
    assert says[0].endswith("another framework or to a pod (spark-7): that ended with the host")


def test_an_agent_that_the_master_still_counts_is_not_marked_and_keeps_its_work_dir() -> None:
    state, settings = State(a_world(), deaf=10**6), replace(CLUSTER.settings, gate_timeout=0)
    short = replace(CLUSTER, settings=settings)
    with pytest.raises(GateNotReached, match="counts S0 as active at 10.70.0.20:5051"):
        removed(Place(state, short))
    assert state.gone == [] and META in state.left.there
    patient = State(a_world(), deaf=2)
    removed(Place(patient))
    assert patient.gone == [HERE]


def test_a_master_that_is_not_ready_is_asked_again_and_one_that_is_too_old_is_told() -> None:
    told = iter([leaving.LATER, ""])
    state = State(a_world(), marks=lambda: next(told))
    removed(Place(state))
    assert state.gone == [HERE]
    old = State(a_world(), marks=lambda: leaving.UNSUPPORTED)
    assert removed(Place(old))[0].startswith(f"10.70.0.20  {leaving.UNSUPPORTED}, so it gives it up")
    assert old.left == Leavings()


def test_a_host_that_is_down_is_named_and_not_marked(capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(State(a_world(), lost=True))
    assert removed(place) == () and place.done == []
    told = " ".join(capsys.readouterr().out.split())
    assert "10.70.0.20 connect: no answer. Is it up? It is in [removed], and nothing was done there" in told


def test_only_a_run_of_everything_takes_hosts_out() -> None:
    place = Place(State(a_world()))
    assert removing.concerns(Run(place))
    assert not removing.concerns(Run(place.among(["10.70.0.10"])))
    assert not removing.concerns(Run(place, chosen=frozenset({"5.2"})))
    assert not removing.concerns(Run(FakeHosts(parse(f"{SERVERS}[mesos_agent]\n10.70.0.20\n"), {})))


def test_a_plan_in_which_others_only_leave_says_that_those_that_stay_match() -> None:
    plans = {node.name: HostPlan(node.name, ()) for node in CLUSTER.nodes}
    assert planned.summary(CLUSTER, plans, ()) == "Nothing to do: all 4 hosts that stay match hosts.ini."


def test_a_run_that_was_cut_when_an_agent_is_gone_for_good_does_not_say_that_it_may_stay() -> None:
    told = []
    for cut in range(24):
        state = State(a_world(), cut)
        place = Place(state)
        with suppress(KeyboardInterrupt):
            removed(place)
        told += [" ".join(last_words(place.journal.progress))] if state.gone else []
    assert told and not any("is to stay" in each for each in told)
    assert "does what is still missing: tidy up on 10.70.0.20" in told[0]


def test_what_is_done_on_hosts_that_leave_stands_among_what_was_planned() -> None:
    place = Place(State(a_world()))
    removed(place)
    those = [(name, step.title) for name, step in place.journal.planned]
    assert those[0] == ("10.70.0.20", "stop mesos-slave")
    assert those[-1] == ("10.70.0.20", "remove /var/lib/mesofab")


def test_a_host_that_comes_back_in_mid_run_is_left_to_the_next_one() -> None:
    tried: list[str] = []

    class Back(Place):
        def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
            if node.name != "10.70.0.22":
                return super().inquire(node, inquiry, staying)
            tried.append(node.name)
            if len(tried) == 1:
                raise Unreachable("no answer", "Is it up?", node.name, "connect")
            return cast(T, (as_wanted(FORMER, node), deployed(node, FORMER)))

    text = TEXT.replace("10.70.0.21\n", "10.70.0.21\n10.70.0.22\n")
    state = State(a_world())
    place = Back(state, parse(f"{text}10.70.0.22\n"))
    assert removed(place) == (f"10.70.0.20: {removing.OUT}",) and state.left == Leavings()
    assert not any(step.startswith("0.22 ") for step in place.done)


def test_a_run_by_a_saved_plan_says_that_it_empties_nobody() -> None:
    cluster = parse(f"{TRIO}[mesos_agent]\n10.70.0.20\n[removed]\n10.70.0.20\n")
    looks = {node.name: as_wanted(cluster, node) for node in cluster.nodes}
    place = FakeHosts(cluster, *[looks] * 9, says=ensemble_led_by("10.70.0.10"), in_vain=True)
    run = Run(place)
    found = preview.plan(run)
    made = saved.made(run.chapters, run.cluster, found.plans, found.seen, Outlook())
    document = {**json.loads(json.dumps(made)), "saved": "2026-12-01T04:00:00Z"}
    done = command._deploy(run, False, Promise("p.json", document))
    told = "10.70.0.20 was not emptied: a saved plan says nothing of hosts in [removed]"
    assert done.says[-1].startswith(told) and place.done == []


# The shell of its steps


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_the_step_that_stops_an_agent_says_which_it_was(tmp_path: Path, sh: list[str]) -> None:
    work = tmp_path / "agent"
    (work / "meta/slaves/4f-S3").mkdir(parents=True)
    (work / "meta/slaves/latest").symlink_to(work / "meta/slaves/4f-S3")
    node = replace(AGENT, settings=replace(AGENT.settings, mesos_agent_work_dir=str(work)))
    stand_in(tmp_path / "bin", "docker", f'echo "$*" >> {tmp_path}/calls')
    step = leaving.stopping(node, ["mesos-slave", "mesos-slave.prev"])
    done = run(f"set -eu\n{step.shell}", tmp_path, tmp_path / "bin", sh)
    assert (done.returncode, leaving.id_of(done.stdout.decode())) == (0, "4f-S3")
    assert (tmp_path / "calls").read_text().splitlines() == [
        "update --restart=no mesos-slave mesos-slave.prev",
        "stop -t 10 mesos-slave mesos-slave.prev",
    ]
    stand_in(tmp_path / "bin", "docker", "exit 1")
    done = run(f"set -eu\n{step.shell}", tmp_path, tmp_path / "bin", sh)
    assert (
        done.returncode != 0 and leaving.id_of(done.stdout.decode()) == ""
    )  # nobody knows that it has ended


@pytest.mark.parametrize(
    "answer, code, words",
    [
        ("HTTP/1.1 200 OK", 0, ""),
        ("HTTP/1.1 404 Not Found", 0, "there was nothing to do"),
        ("HTTP/1.1 400 Bad Request", 0, leaving.UNSUPPORTED),
        ("HTTP/1.1 503 Service Unavailable", 0, leaving.LATER),
        ("HTTP/1.1 307 Temporary Redirect", 0, leaving.LATER),
        ("", 0, leaving.LATER),
        ("HTTP/1.1 403 Forbidden", 1, "10.70.0.11:5050 answers: HTTP/1.1 403 Forbidden"),
    ],
)
def test_what_the_master_answers_is_judged(tmp_path: Path, answer: str, code: int, words: str) -> None:
    step = leaving.marking("4f-S3", "10.70.0.20", CLUSTER.nodes[1])
    body = (
        step.shell.rpartition("said=")[0] + f"said='{answer}'\n" + "case" + step.shell.rpartition("case")[2]
    )
    refuse = 'refuse() { echo "$1"; exit 1; }\n'
    done = run(f"set -eu\n{refuse}{body}", tmp_path)
    assert (done.returncode, words in done.stdout.decode()) == (code, True)
    assert json.dumps({"agent_id": {"value": "4f-S3"}}) in step.shell


def test_whatever_a_host_says_only_an_id_is_taken_for_one() -> None:
    for text in ("", "agent ", "agent a b", 'agent "}', "agent ../x/y"):
        assert leaving.id_of(text) == ""
    assert leaving.id_of("x\nagent 1-S0\n") == "1-S0"


# The plan


def test_a_plan_tells_what_is_done_on_hosts_that_leave() -> None:
    place = Place(State(a_world()))
    told = [line for line, _ in removing.lines(Run(place), removing.survey(Run(place)))]
    assert told[0] == "10.70.0.20  moves 4 tasks to other agents: 1 of /jobs/cron, 3 of /web"
    assert "10.70.0.20  5.2 stop mesos-slave: its host leaves the cluster" in told
    assert place.done == []
