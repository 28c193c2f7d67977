"""Before Marathon gets another version, ZooKeeper is asked whether a migration was cut short; else not."""

from collections.abc import Mapping

import pytest
from fake_hosts import FakeHosts
from fake_tree import FakeTree
from marathon_world import NEW, OLD, A, B, C, marathons, three

from tasks.engine import migration
from tasks.engine.preview import plan
from tasks.engine.run import Run
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import MARATHON
from tasks.plan.zookeeper.backup.tree import Znode

NODE = "/marathon/state/migration-in-progress"


def hosts(image: str, *nodes: str) -> FakeHosts:
    tree = FakeTree({node: Znode(b"", ()) for node in nodes})
    return FakeHosts(marathons(image), three().seen(), tree=tree)


def asked(at: FakeHosts) -> dict[str, bool | None]:
    seen: Mapping[str, Observed] = {name: one for name, one in three().seen().items() if name in (A, B, C)}
    return {name: one.migrating for name, one in migration.asked(at, seen).items()}


def test_the_first_host_whose_marathon_changes_its_version_asks() -> None:
    assert asked(hosts(NEW, NODE)) == {A: True, B: None, C: None}
    assert asked(hosts(NEW)) == {A: False, B: None, C: None}


def test_nobody_is_asked_where_the_version_stays_or_somebody_was() -> None:
    assert set(asked(hosts(OLD, NODE)).values()) == {None}
    at = hosts(NEW, NODE)
    once = migration.asked(at, three().seen())
    assert migration.asked(FakeHosts(marathons(NEW), three().seen()), once) == once


def test_where_zookeeper_does_not_tell_that_is_said_and_nothing_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(asked(FakeHosts(marathons(NEW), three().seen())).values()) == {None}
    assert (
        f"{A}  ZooKeeper does not tell whether a migration of Marathon was cut short"
        in capsys.readouterr().out
    )


def test_a_plan_is_refused_for_it_before_anything_is_done() -> None:
    at = hosts(NEW, NODE)
    at.nodes = tuple(node for node in at.nodes if node.name in (A, B, C))
    found = plan(Run(at, [MARATHON]))
    told = [blocker.check for each in found.plans.values() for blocker in each.blockers]
    assert told == ["marathon-migration"]
