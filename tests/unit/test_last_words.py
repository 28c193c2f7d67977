"""The last words of a run that was cut short or did a part: what serves and what the next run does."""

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from samples import TRIO, as_wanted

from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.inventory.parse import parse
from tasks.plan.gate import Standing, Verdict
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.report.last_words import Progress, last_words
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Action, HostPlan, Phase, Risk, Step

NODES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
WELL = Standing(3, 2, frozenset(NODES), NODES[2])


def step(action: Action, title: str, phase: Phase, risk: Risk = "none") -> Step:
    return Step(Id.ZOOKEEPER_RUN, action, title, "", "", phase, risk)


WRITE = step(Action.WRITE_BESIDE, "zoo.cfg", "stage")
REPLACE = step(Action.REPLACE, "replace zookeeper", "replace", "restart")
REMOVE = step(Action.REMOVE, "remove zookeeper.prev", "settle")
START = step(Action.RUN, "run zookeeper", "start")
BACK = step(Action.PUT_BACK, "put the previous zookeeper back", "replace", "restart")


def planned(*steps: Step, standing: Standing = WELL) -> Progress:
    """A run that is to do these steps on three members, and has done nothing yet."""
    plans = {name: HostPlan(name, (), steps) for name in NODES}
    return Progress({"zookeeper": NODES}, plans, standings={"zookeeper": standing})


def after(progress: Progress, *done: tuple[str, Step]) -> Progress:
    for name, each in done:
        progress = progress.begin(name, each).end(name)
    return progress


def staged(progress: Progress) -> Progress:
    return after(progress, *((name, WRITE) for name in NODES))


def test_a_run_that_changed_nothing_has_no_last_words() -> None:
    assert last_words(planned(WRITE, REPLACE)) == []


def test_a_roll_cut_in_a_restart_says_what_is_left_of_the_service_and_what_comes_next() -> None:
    assert last_words(staged(planned(WRITE, REPLACE, REMOVE)).begin(NODES[0], REPLACE)) == [
        "10.0.0.1  2.5 replace zookeeper was not seen to finish; its container may be stopped.",
        "ZooKeeper, when last asked: 2 of 3 members serve, 10.0.0.3 leads; one more failure stops the "
        "service. Not serving: 10.0.0.1. Only prepared, not replaced: 10.0.0.2, .3.",
        "The next run looks at the hosts again and does what is still missing: "
        "replace ZooKeeper on 10.0.0.1, .2, .3; tidy up on 10.0.0.1, .2, .3.",
    ]


def test_a_member_counts_again_once_it_was_heard() -> None:
    replaced = after(staged(planned(WRITE, REPLACE)), (NODES[0], REPLACE))
    assert "2 of 3 members serve" in last_words(replaced)[0]
    heard = last_words(replaced.hear({"zookeeper": WELL}))
    assert heard[0] == (
        "ZooKeeper, when last asked: 3 of 3 members serve, 10.0.0.3 leads; the service survives 1 more "
        "failure. Only prepared, not replaced: 10.0.0.2, .3."
    )
    assert heard[1].endswith("still missing: replace ZooKeeper on 10.0.0.2, .3.")


def test_a_leader_that_is_taken_down_leads_no_more() -> None:
    said = last_words(planned(REPLACE).begin(NODES[2], REPLACE))
    assert "2 of 3 members serve; one more failure stops the service. Not serving: 10.0.0.3." in said[1]


def test_a_service_all_of_whose_members_answer_is_not_said_to_serve_while_its_gate_says_no() -> None:
    no, yes = Verdict(False, "leader 10.0.0.3 is not registered with a master yet"), Verdict(True, "well")
    cut = staged(planned(WRITE, REPLACE)).judge("zookeeper", no)
    told = (
        "ZooKeeper, when last asked: 3 of 3 members answer, but it is not well: leader 10.0.0.3 is not "
        "registered with a master yet. Only prepared, not replaced: 10.0.0.1, .2, .3."
    )
    assert last_words(cut)[0] == told
    assert "3 of 3 members serve, 10.0.0.3 leads; " in last_words(cut.judge("zookeeper", yes))[0]
    assert "2 of 3 members serve" in last_words(cut.begin(NODES[0], REPLACE))[1]


def test_a_first_start_that_was_cut_says_how_many_must_serve() -> None:
    none = Standing(3, 2, frozenset())
    said = last_words(after(staged(planned(WRITE, START, standing=none)), (NODES[0], START)))
    assert said[0] == (
        "ZooKeeper, when last asked: 0 of 3 members serve; 2 must, so the service is down. "
        "Not serving: 10.0.0.1, .2, .3. Only prepared, not started: 10.0.0.2, .3."
    )
    assert said[1].endswith("still missing: start ZooKeeper on 10.0.0.2, .3.")


def test_a_run_that_put_back_all_it_had_done_has_changed_something_all_the_same() -> None:
    assert after(planned(REPLACE), (NODES[0], REPLACE), (NODES[0], BACK)).changed


def test_what_was_put_back_is_still_to_be_done() -> None:
    back = after(planned(REPLACE), (NODES[0], REPLACE), (NODES[1], REPLACE), (NODES[0], BACK))
    assert last_words(back)[-1].endswith("still missing: replace ZooKeeper on 10.0.0.1, .3.")


def test_a_run_whose_every_step_was_done_says_what_the_next_one_checks() -> None:
    done = after(planned(REPLACE), *((name, REPLACE) for name in NODES))
    assert last_words(done)[-1] == (
        "Every step was carried out; the next run checks again that all services are well."
    )


def test_a_service_that_lost_members_meanwhile_is_told_even_if_nothing_was_to_be_done_there() -> None:
    marathon = Standing(3, 1, frozenset(NODES[:1]), NODES[0])
    said = last_words(after(planned(REPLACE), (NODES[0], REPLACE)).hear({"marathon": marathon}))
    assert said[1] == (
        "Marathon, when last asked: 1 of 3 members serves, 10.0.0.1 leads; one more failure stops the "
        "service."
    )


def test_a_leader_that_does_not_serve_is_not_said_to_lead() -> None:
    """As a Marathon that has just gone and that the others still name."""
    marathon = Standing(3, 1, frozenset(NODES[1:]), NODES[0])
    said = last_words(after(planned(REPLACE), (NODES[0], REPLACE)).hear({"marathon": marathon}))
    assert "2 of 3 members serve; the service survives 1 more failure." in said[1]


def test_of_agents_no_margin_is_told() -> None:
    said = last_words(
        after(planned(REPLACE), (NODES[0], REPLACE)).hear({"mesos_agent": Standing(2, 0, frozenset())})
    )
    assert said[1] == "Mesos agents, when last asked: 0 of 2 members serve."


CLUSTER = parse(TRIO)


def of_another_form() -> dict[str, Observed]:
    wanted = parse(f"{TRIO}[all:vars]\nzookeeper_sync_limit=5\n")
    return {node.name: as_wanted(wanted, node) for node in wanted.nodes}


@pytest.mark.parametrize(
    "cut, begins",
    [
        (
            "0.10 replace zookeeper",
            "10.70.0.10  2.5 replace zookeeper was not seen to finish; its container",
        ),
        ("0.11 zoo.cfg", "10.70.0.11  2.2 zoo.cfg was not seen to finish."),
    ],
)
def test_a_whole_run_that_is_interrupted_knows_its_last_words(cut: str, begins: str) -> None:
    looks = of_another_form()
    hosts = FakeHosts(CLUSTER, looks, looks, says=ensemble_led_by(CLUSTER.nodes[2].address), cut=cut)
    with pytest.raises(KeyboardInterrupt):
        deploy(Run(hosts, [ZOOKEEPER]))
    said = last_words(hosts.journal.progress)
    assert said[0].startswith(begins)
    assert said[1].startswith("ZooKeeper, when last asked: ")
    assert said[-1].startswith("The next run looks at the hosts again and does what is still missing: ")
