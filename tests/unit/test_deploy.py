"""A whole run over hosts that look as told: what is done in it, and what a pull brings to light."""

from dataclasses import replace

from fake_hosts import FakeHosts, ensemble_led_by
from samples import IMAGE, TRIO, as_wanted

from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.docker import SeenImage
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import ZOOKEEPER

CLUSTER = parse(TRIO)
NAME = CLUSTER.image(CLUSTER.settings.zookeeper_image)


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
    assert done(gone, gone, other) == ["pull"] * 3 + ["replace"] * 3 + ["remove"] * 3


def test_a_pull_that_brings_the_same_image_again_replaces_nothing() -> None:
    gone, same = looks(None), looks(IMAGE)
    assert done(gone, gone, same) == ["pull"] * 3
