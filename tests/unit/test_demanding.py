"""Masters demand credentials last, when every agent has shown its own, and stop demanding first."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from fake_hosts import FakeHosts
from hypothesis import given
from samples import any_json, with_container
from test_locking import BOTH, FIRST, THEN, A, B, C, D, cluster, credentials, flags, seen_in

from tasks.engine import demanding as gate
from tasks.engine.preview import outlook, previewed
from tasks.engine.run import Run
from tasks.errors import Blocked, GateNotReached
from tasks.inventory.cluster import Cluster
from tasks.plan import runbook
from tasks.plan.desired import secrets
from tasks.plan.gate import Question, Standing
from tasks.plan.mesos_agent import proof
from tasks.plan.mesos_agent.desired import CONTAINER
from tasks.plan.mesos_master import demands
from tasks.plan.outlook import foresee
from tasks.plan.runbook import MESOS_AGENT, MESOS_MASTER
from tasks.plan.schedule import schedule

Says = Callable[[Question], str]

OPEN, PERMISSIVE = replace(cluster(), kept=credentials()), replace(cluster("one"), kept=credentials())
STRICT = replace(PERMISSIVE, settings=replace(PERMISSIVE.settings, security="strict"))


def order(was: Cluster, wanted: Cluster) -> list[tuple[str, ...]]:
    plans = runbook.plans(BOTH, wanted, wanted.nodes, seen_in(was))
    masters = Standing(3, 2, frozenset({A, B, C}), A)
    standings = {"mesos_master": masters, "mesos_agent": Standing(2, 0, frozenset({A, D}))}
    turns = foresee(BOTH, plans, standings, ()).turns
    return [(turn.service, *turn.hosts) for turn in turns if turn.phase == "replace"]


def test_masters_demand_last_and_stop_demanding_first() -> None:
    assert order(PERMISSIVE, STRICT) == THEN + FIRST
    assert order(STRICT, PERMISSIVE) == FIRST + THEN
    assert order(STRICT, STRICT) == []


def stages(was: Cluster, wanted: Cluster) -> list[tuple[str, str, bool]]:
    preview = previewed(Run(FakeHosts(wanted, seen_in(was)), BOTH), seen_in(was), {})
    return [(each.says, each.cluster.settings.security, each.twice) for _, each in preview.stages]


def test_between_open_and_strict_masters_are_permissive_for_a_while() -> None:
    assert stages(OPEN, STRICT) == [(demands.THERE, "permissive", True)]
    assert stages(STRICT, OPEN) == [(demands.BACK, "permissive", True)]
    for was, wanted in ((OPEN, PERMISSIVE), (PERMISSIVE, STRICT), (STRICT, PERMISSIVE), (PERMISSIVE, OPEN)):
        assert stages(was, wanted) == []


def test_a_way_that_was_cut_short_goes_on_where_it_was() -> None:
    half = {**seen_in(PERMISSIVE), C: seen_in(OPEN)[C]}
    (told,) = demands.membership(STRICT, half, {}).stages
    assert told.cluster.settings.security == "permissive"
    half = {**seen_in(PERMISSIVE), C: seen_in(STRICT)[C]}
    assert demands.membership(STRICT, half, {}).stages == ()
    (back,) = demands.membership(OPEN, half, {}).stages
    assert back.says == demands.BACK


def test_a_new_cluster_demands_credentials_from_the_beginning() -> None:
    bare = {name: replace(each, containers={}) for name, each in seen_in(OPEN).items()}
    assert demands.membership(STRICT, bare, {}).stages == ()


def test_a_cluster_that_demands_credentials_is_not_opened_without_them() -> None:
    wanted = replace(OPEN, kept=None)
    plans = runbook.plans(BOTH, wanted, wanted.nodes, seen_in(STRICT))
    told = {str(one) for plan in plans.values() for one in plan.blockers}
    assert {text for text in told if "they demand credentials, which hosts.ini does not know" in text}


def test_the_number_of_masters_and_what_they_demand_are_not_changed_at_once() -> None:
    seen = seen_in(OPEN)
    seen[B] = replace(seen[B], containers={}, holdings={})
    for each in (A, C):
        name = next(name for name in seen[each].containers if name.startswith("mesos-master"))
        one = seen[each].containers[name]
        changed = replace(one, environment={**one.environment, "MESOS_QUORUM": "1"})
        seen[each] = replace(seen[each], containers={**seen[each].containers, name: changed})
    plans = {name: each for name, each in runbook.plans(BOTH, OPEN, OPEN.nodes, seen).items()}
    told = demands.membership(STRICT, seen, plans)
    assert told.stages == () and told.objections


def test_the_plan_shows_that_masters_are_replaced_twice() -> None:
    hosts = FakeHosts(STRICT, seen_in(OPEN))
    turns = outlook(Run(hosts, BOTH), previewed(Run(hosts, BOTH), seen_in(OPEN), {})).turns
    replaced = [turn for turn in turns if (turn.service, turn.phase) == ("mesos_master", "replace")]
    assert [turn.what for turn in replaced] == [demands.THERE, "restarts Mesos masters"]
    assert order(OPEN, STRICT) == THEN + FIRST


def costs(was: Cluster, wanted: Cluster) -> list[str]:
    seen = seen_in(was)
    return list(proof.told(wanted, seen, runbook.plans(BOTH, wanted, wanted.nodes, seen)))


def test_the_plan_says_who_is_asked_for_a_password_from_now_on() -> None:
    assert costs(PERMISSIVE, STRICT) == costs(OPEN, STRICT) == [proof.COMES]
    assert costs(STRICT, STRICT) == costs(STRICT, PERMISSIVE) == costs(OPEN, PERMISSIVE) == []


def test_agents_know_the_operator_alone_and_masters_demand_what_is_listed() -> None:
    kept = secrets.agents(STRICT, CONTAINER)
    assert dict(kept.environment)[secrets.VISITORS] == "/etc/mesofab-secure/mesos_agent/visitors.json"
    (known,) = json.loads(credentials().visitors.text)["credentials"]
    assert known["principal"] == "operator"
    assert set(secrets.DEMANDS) < set(secrets.masters(STRICT, "m").environment)
    assert not set(secrets.DEMANDS) & set(secrets.masters(PERMISSIVE, "m").environment)


# By what members say as they run


AGENTS = {A: f"{A}:5051", D: f"{D}:5051"}


def answers(
    demanding: bool = False, bare: str = "", gone: str = "", more: str = "", recovered: str = ""
) -> dict[str, str]:
    listed = [
        {"pid": f"slave(1)@{pid}", "active": name != gone}
        for name, pid in {**AGENTS, more: more}.items()
        if pid
    ]
    back = [{"pid": f"slave(1)@{recovered}"}] if recovered else []
    said = {f"slaves {A}": ok(slaves=listed, recovered_slaves=back), f"slaves {B}": "HTTP/1.1 307 \r\n\r\n"}
    said[f"mesos_master {A}"] = flags(credentials="/f", authenticate_agents=str(demanding).lower())
    for name in AGENTS:
        said[f"mesos_agent {name}"] = flags(port="5051") if name == bare else flags(credential="/f")
    return said


def ok(**json_: object) -> str:
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(json_)}"


@pytest.mark.parametrize(
    "said, told",
    [
        (answers(), ""),
        (answers(demanding=True, bare=D), ""),
        (answers(bare=D), f"{D} runs without a credential"),
        (answers(gone=D), f"{D} is not active on the leading master, {A}"),
        (answers(more="10.0.0.77:5051"), "hosts.ini does not have the agent 10.0.0.77:5051"),
        (answers(recovered="10.0.0.77:5051"), "hosts.ini does not have the agent 10.0.0.77:5051"),
        ({**answers(), f"mesos_agent {D}": ""}, f"{D} does not tell its flags"),
        ({}, "no leading master answers, with which agents could have authenticated"),
    ],
)
def test_every_agent_must_have_been_let_in_by_what_it_shows(said: dict[str, str], told: str) -> None:
    assert proof.missing(STRICT, said) == told


@given(any_json("slaves", "recovered_slaves", "flags", "pid", "active", "authenticate_agents"))
def test_any_answer_is_judged(said: object) -> None:
    text = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(said)}"
    told = dict.fromkeys(proof.questions(STRICT), text)
    assert isinstance(proof.missing(STRICT, told), str)
    assert proof.demanded(text) in (True, False, None)


def saying(**cases: str) -> Says:
    """Answer /flags of agents and masters, and /slaves of the first master."""

    def says(question: Question) -> str:
        if "/flags" in question.word:
            return cases["agent" if question.port == 5051 else "master"]
        if "/slaves" in question.word:
            return answers()[f"slaves {A}"] if question.address == A else ""
        leads = {"master/elected": 1, "registrar/log/recovered": 1}
        return ok(**leads) if question.address == A and "/metrics" in question.word else ""

    return says


KNOWS, DEMANDS = flags(credentials="/f"), flags(credentials="/f", authenticate_agents="true")
SHOWS, BARE = flags(credential="/f"), flags(port="5051")


def test_masters_alone_demand_nothing_while_an_agent_does_not_say_that_it_has_a_credential() -> None:
    for said in (BARE, ""):
        hosts = FakeHosts(STRICT, seen_in(PERMISSIVE), says=saying(agent=said, master=KNOWS), in_vain=True)
        preview = previewed(Run(hosts, [MESOS_MASTER]), seen_in(PERMISSIVE), {})
        with pytest.raises(Blocked, match="do not say that they run with a credential"):
            gate.refuse(Run(hosts, [MESOS_MASTER]), preview)
        with pytest.raises(GateNotReached, match=r"No master demands anything yet"):
            gate.ready(hosts, MESOS_MASTER, preview.plans, preview.seen)
        gate.refuse(Run(hosts, BOTH), previewed(Run(hosts, BOTH), seen_in(PERMISSIVE), {}))


def test_masters_wait_for_the_log_of_every_agent_unless_the_leader_demands_already() -> None:
    plans = runbook.plans(BOTH, STRICT, STRICT.nodes, seen_in(PERMISSIVE))
    hosts = FakeHosts(STRICT, seen_in(PERMISSIVE), says=saying(agent=SHOWS, master=KNOWS))
    with pytest.raises(GateNotReached, match="its log does not say that it has authenticated"):
        gate.ready(hosts, MESOS_MASTER, plans, seen_in(PERMISSIVE))
    hosts = FakeHosts(STRICT, seen_in(PERMISSIVE), says=saying(agent=BARE, master=DEMANDS))
    gate.ready(hosts, MESOS_MASTER, plans, seen_in(PERMISSIVE))
    never = FakeHosts(STRICT, seen_in(STRICT), says=lambda question: pytest.fail("somebody was asked"))
    gate.ready(
        never, MESOS_MASTER, runbook.plans(BOTH, STRICT, STRICT.nodes, seen_in(STRICT)), seen_in(STRICT)
    )
    gate.ready(never, MESOS_AGENT, plans, seen_in(PERMISSIVE))


def test_agents_keep_their_credentials_while_a_master_demands_them() -> None:
    seen = seen_in(STRICT)
    plans = runbook.plans(BOTH, OPEN, OPEN.nodes, seen)
    for said in (DEMANDS, ""):
        hosts = FakeHosts(OPEN, seen, says=saying(agent=SHOWS, master=said))
        with pytest.raises(Blocked, match="do not say that they demand no credentials"):
            gate.refuse(Run(hosts, [MESOS_AGENT]), previewed(Run(hosts, [MESOS_AGENT]), seen, {}))
        with pytest.raises(GateNotReached, match="do not say that they demand no credentials"):
            gate.ready(hosts, MESOS_AGENT, plans, seen)
    gate.ready(FakeHosts(OPEN, seen, says=saying(agent=SHOWS, master=KNOWS)), MESOS_AGENT, plans, seen)


def test_a_master_that_is_started_demands_nothing_of_agents_that_have_nothing() -> None:
    bare = {name: replace(each, containers={}) for name, each in seen_in(OPEN).items()}
    plans = runbook.plans([MESOS_MASTER], STRICT, STRICT.nodes, bare)
    steps = {name: plan.in_phase("start") for name, plan in plans.items()}
    assert any(steps.values())
    gate.starting(FakeHosts(STRICT, bare), steps)  # nobody is there yet
    nobody_leads = FakeHosts(STRICT, bare, says=lambda question: BARE if question.port == 5051 else "")
    with pytest.raises(GateNotReached, match="Deploy with security=permissive first"):
        gate.starting(nobody_leads, steps)
    led = FakeHosts(STRICT, bare, says=saying(agent=BARE, master=KNOWS), in_vain=True)
    with pytest.raises(GateNotReached, match="runs? without a credential"):
        gate.starting(led, steps)
    gate.starting(FakeHosts(PERMISSIVE, bare), steps)


def test_agents_that_do_not_run_are_started_before_masters_demand_something_of_them() -> None:
    seen = seen_in(PERMISSIVE)
    for name in (A, D):
        seen[name] = with_container(seen[name], CONTAINER, status="exited")
    plans = runbook.plans(BOTH, STRICT, STRICT.nodes, seen)
    kinds = [(e.kind, [each.service for each in e.chapters]) for e in schedule(BOTH, plans, BOTH)]
    assert kinds.index(("start", ["mesos_agent"])) < kinds.index(("roll", ["mesos_master", "mesos_agent"]))
