"""The closing table: what hosts did alike shares a line, and nobody who failed or was slow vanishes in it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.console import Row
from tasks.plan.report.closing import ClosingLine, lines
from tasks.plan.report.pace import is_slow, middle

TRIO = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
OUTCOMES = ("ok", "changed", "prepared", "failed", "interrupted")


def rows(step: str, outcome: str, seconds: Sequence[float], hosts: Sequence[str] = TRIO) -> list[Row]:
    """A step of hosts, one row each; `#` in it is the host's number."""
    return [
        Row(host, step.replace("#", str(number)), outcome, took)  # type: ignore[arg-type]
        for number, (host, took) in enumerate(zip(hosts, seconds, strict=True), 1)
    ]


def test_hosts_with_the_same_outcome_share_a_line_where_the_first_would_stand() -> None:
    first, second = rows("2.1 directories", "changed", (0.1, 0.3, 0.2)), rows("2.2 zoo.cfg", "ok", (1, 1, 1))
    mixed = [row for pair in zip(first, second, strict=True) for row in pair]
    assert lines(mixed) == [
        ClosingLine("10.70.0.10, .11, .12", "2.1 directories", "changed", "0.1-0.3"),
        ClosingLine("10.70.0.10, .11, .12", "2.2 zoo.cfg", "ok", "1.0"),
    ]


def test_containers_that_differ_by_a_number_are_told_in_one() -> None:
    for step, told in {
        "4.1 end marathon-# if it hangs": "4.1 end marathon-1, -2, -3 if it hangs",
        "3.2 remove mesos-master-0#.prev": "3.2 remove mesos-master-01.prev, -02.prev, -03.prev",
        "2.3 myid #": "2.3 myid 1, 2, 3",
        "2.4 pull zookeeper:3.8.#": "2.4 pull zookeeper:3.8.1",
    }.items():
        assert lines(rows(step, "changed", (1, 1, 1)))[0].step == told


def test_many_hosts_are_counted_and_so_are_their_containers() -> None:
    hosts = [f"10.70.1.{number}" for number in range(1, 51)]
    assert lines(rows("4.1 run marathon-#", "changed", [0.5] * 50, hosts)) == [
        ClosingLine("50 hosts", "4.1 run marathon-N", "changed", "0.5")
    ]


def test_every_host_that_failed_is_named_however_many_they_are() -> None:
    hosts = [f"agent-{number}" for number in range(50)]
    failed, changed = (
        rows("5.2 run mesos-slave", "failed", [1] * 25, hosts[:25]),
        rows("5.2 run mesos-slave", "changed", [1] * 25, hosts[25:]),
    )
    assert [line.hosts for line in lines([*changed, *failed])] == ["25 hosts", ", ".join(hosts[:25])]


def test_who_was_slow_has_a_line_of_its_own() -> None:
    assert lines(rows("2.4 pull zookeeper", "prepared", (4.0, 30.0, 5.0))) == [
        ClosingLine("10.70.0.10, .12", "2.4 pull zookeeper", "prepared", "4.0-5.0"),
        ClosingLine("10.70.0.11", "2.4 pull zookeeper", "prepared", "30.0"),
    ]
    assert len(lines(rows("2.1 directories", "ok", (0.0, 0.9, 0.1)))) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("a-1", "a-2", "b")),
            st.sampled_from(("1.1 x", "4.1 run m-1", "4.1 run m-2", "4.1 run", "9")),
            st.sampled_from(OUTCOMES),
            st.floats(0, 100),
        )
    )
)
def test_a_table_is_never_longer_than_its_rows_and_tells_each_outcome_of_each_host(
    told: list[tuple[str, str, str, float]],
) -> None:
    given_rows = [Row(host, step, outcome, took) for host, step, outcome, took in told]  # type: ignore[arg-type]
    shown = lines(given_rows)
    assert len(shown) <= len(given_rows)
    for row in given_rows:
        assert [one for one in shown if row.host in one.hosts.split(", ") and one.outcome == row.outcome]


@given(st.lists(st.floats(0, 1000), min_size=1))
def test_at_least_half_of_all_are_not_slow_beside_the_middle(seconds: list[float]) -> None:
    usual = middle(seconds)
    assert usual in seconds and 2 * sum(not is_slow(each, usual) for each in seconds) >= len(seconds)
