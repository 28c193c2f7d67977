"""A whole run over hosts that look as told: what is done in it, and what a pull brings to light."""

from dataclasses import replace

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from samples import IMAGE, TRIO, as_wanted

from tasks.engine import preview
from tasks.engine.command import tell
from tasks.engine.deploy import deploy
from tasks.engine.performing import Result
from tasks.engine.run import Run
from tasks.errors import Blocked
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Question
from tasks.plan.look.docker import SeenImage
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.report import planned
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Action, HostPlan, Step

CLUSTER = parse(TRIO)
NAME = CLUSTER.image(CLUSTER.settings.zookeeper_image)

STEP = Step(Id.ZOOKEEPER_RUN, Action.RESTART, "restart zookeeper", "", "true\n", "replace", "restart")


def looks(image: SeenImage | None) -> dict[str, Observed]:
    """Three hosts as wanted, but for the image that they hold by the name of ZooKeeper's."""
    held = {} if image is None else {NAME: image}
    return {node.name: replace(as_wanted(CLUSTER, node), images=held) for node in CLUSTER.nodes}


def done(*those: dict[str, Observed]) -> list[str]:
    hosts = FakeHosts(CLUSTER, *those, says=ensemble_led_by(CLUSTER.nodes[0].address))
    deploy(Run(hosts, [ZOOKEEPER]))
    return [each.partition(" ")[2].partition(" ")[0] for each in hosts.done]


def test_a_plan_says_what_a_pull_may_bring_to_light() -> None:
    node = CLUSTER.nodes[0]
    (pull,) = runbook.missing([ZOOKEEPER], CLUSTER, node, looks(None)[node.name]).steps
    assert str(pull).endswith("not on this host  (what runs of it is replaced if it is another one by now)")


def test_what_was_made_of_another_image_of_that_name_is_replaced_in_the_run_that_pulls_it() -> None:
    gone, other = looks(None), looks(replace(IMAGE, id="sha256:2"))
    assert done(gone, other) == ["pull"] * 3 + ["replace"] * 3 + ["remove"] * 3


def test_what_a_pull_brings_to_light_is_told_before_it_is_done_and_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone, other = looks(None), looks(replace(IMAGE, id="sha256:2"))
    hosts = FakeHosts(CLUSTER, gone, other, says=ensemble_led_by(CLUSTER.nodes[0].address))
    deploy(Run(hosts, [ZOOKEEPER]))
    told = "What was pulled is another image now: 6 steps, 3 of them with the restart of a running service."
    assert told in capsys.readouterr().out
    assert hosts.console.measured[0].startswith("ZooKeeper ")


def test_a_plan_sums_up_what_a_pull_may_restart() -> None:
    run = Run(FakeHosts(CLUSTER, looks(None)), [ZOOKEEPER])
    found = preview.plan(run)
    assert planned.summary(CLUSTER, found.plans, preview.doubtful(run, found)) == (
        "3 steps, 0 of them with the restart of a running service; "
        "what runs of 1 pulled image is restarted, too, if the pull brings another image."
    )


def test_plan_and_run_count_the_same_steps_those_that_only_check_included(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = {node.name: Observed(addresses=frozenset({node.address}), engine=True) for node in CLUSTER.nodes}
    hosts = FakeHosts(CLUSTER, bare, bare, says=ensemble_led_by(CLUSTER.nodes[0].address))
    found = preview.plan(Run(hosts))
    assert any(not step.changes for each in found.plans.values() for step in each.steps)
    tell(hosts, lambda: deploy(Run(hosts)))
    count = planned.sums(found.plans).partition(",")[0]
    assert f"\n{count} carried out on 3 hosts, " in capsys.readouterr().out


def test_steps_that_no_plan_has_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    hosts, result = FakeHosts(CLUSTER), Result({"10.70.0.10": HostPlan("10.70.0.10", (), (STEP,))}, ())
    hosts.journal.plan(CLUSTER, result.plans)

    def act() -> Result:
        hosts.act({"10.70.0.10": [STEP], "10.70.0.11": [STEP]})
        return result

    tell(hosts, act)
    assert "\n1 step carried out on 1 host, and 1 more to hand over, " in capsys.readouterr().out


def test_a_pull_that_brings_the_same_image_again_replaces_nothing() -> None:
    gone, same = looks(None), looks(IMAGE)
    assert done(gone, same) == ["pull"] * 3


def test_nothing_is_tidied_up_behind_members_that_were_left_as_they_are() -> None:
    wanted, two = parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n"), ["10.70.0.10", "10.70.0.11"]
    seen = {name: each for name, each in looks(IMAGE).items() if name in two}
    trio = ensemble_led_by(two[0])

    def third_is_down(question: Question) -> str:
        return "" if question.address not in two else trio(question).replace("followers\t2", "followers\t1")

    hosts = FakeHosts(wanted, seen, says=third_is_down, in_vain=True).among(two)
    with pytest.raises(Blocked, match="left as they are"):
        deploy(Run(hosts, [ZOOKEEPER]))
    assert hosts.done == ["0.10 zoo.cfg", "0.11 zoo.cfg"]
