"""The view of a run as it goes: what hosts are at, how long that usually takes, what the others wait for."""

from dataclasses import replace

from fake_hosts import FakeHosts, ensemble_led_by
from samples import TRIO, as_wanted

from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.inventory.parse import parse
from tasks.plan.report.going import Busy, GoingLine, lines, total
from tasks.plan.report.last_words import Progress
from tasks.plan.runbook import ZOOKEEPER

OLD, NEW = parse(TRIO), parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
A, B, C = (node.name for node in NEW.nodes)
REPLACE = "2.5 replace zookeeper"


def in_its_first_turn() -> Progress:
    """The progress of a run that was interrupted in its first turn."""
    seen = {node.name: as_wanted(OLD, node) for node in OLD.nodes}
    hosts = FakeHosts(
        NEW, seen, seen, says=ensemble_led_by(OLD.nodes[0].address), cut=f"{B[-4:]} replace zookeeper"
    )
    try:
        deploy(Run(hosts, [ZOOKEEPER]))
    except KeyboardInterrupt:
        return hosts.journal.progress
    raise AssertionError("it was not cut short")


def test_a_host_at_work_has_a_line_with_the_usual_time_and_all_that_wait_alike_share_one() -> None:
    busy = [Busy(B, REPLACE, 0.42, "it starts")]
    assert lines(busy, {REPLACE: 0.8}, in_its_first_turn(), 20) == [
        GoingLine(B, REPLACE, "0.4 s, usually 0.8 s", seen="it starts"),
        GoingLine(f"{A}, .12", f"next: {REPLACE}"),
    ]
    assert total(in_its_first_turn()) == "3 of 9 steps done"


def test_where_nothing_is_known_nothing_is_said_of_the_usual_time() -> None:
    assert lines([Busy(B, REPLACE, 12.4)], {}, Progress(), 20) == [GoingLine(B, REPLACE, "12 s")]
    assert total(Progress()) == ""


def test_what_takes_longer_than_usual_is_late() -> None:
    told = [lines([Busy(B, REPLACE, took)], {REPLACE: 2.0}, Progress(), 20)[0] for took in (4.9, 5.1)]
    assert [line.late for line in told] == [False, True]


def test_who_has_nothing_left_to_do_is_done() -> None:
    progress = in_its_first_turn()
    rest = {name: plan for name, plan in progress.plans.items() if name != C}
    one_less = replace(
        progress, plans=rest | {C: replace(progress.plans[C], steps=progress.plans[C].steps[:1])}
    )
    assert lines([], {}, one_less, 20) == [
        GoingLine(f"{A}, .11", f"next: {REPLACE}"),
        GoingLine(C, "done"),
    ]


def test_where_there_is_no_room_hosts_at_the_same_share_a_line_that_tells_the_longest() -> None:
    busy = [Busy(f"10.70.1.{number}", "look", number / 10) for number in range(1, 51)]
    assert lines(busy, {}, Progress(), 22) == [GoingLine("50 hosts", "look", "5.0 s")]
    assert len(lines(busy, {}, Progress(), 50)) == 50
