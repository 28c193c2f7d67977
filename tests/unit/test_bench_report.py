"""What the bench says of its measurements."""

from bench.report import tables


def row(case: str, contestant: str, seconds: float) -> dict[str, object]:
    rest = {"cpu": 1.25, "memory": 49.6, "connections": 1, "commands": 2, "restarts": 0}
    return {"case": case, "contestant": contestant, "seconds": seconds, **rest}


def test_a_case_is_a_table_of_medians_spreads_and_ratios_to_mesofab() -> None:
    seconds = {"mesofab": (2.0, 1.0, 9.0), "slow": (8.0, 7.0, 8.5)}
    rows = [row("cold deploy", name, each) for name, runs in seconds.items() for each in runs]
    assert tables(rows).splitlines()[0] == "### cold deploy (3 runs each)"
    assert tables(rows).splitlines()[-2:] == [
        "| mesofab | 2.00 | 1.00 to 9.00 | 1.00 x | 1.25 | 50 | 1 | 2 | 0 |",
        "| slow | 8.00 | 7.00 to 8.50 | 4.00 x | 1.25 | 50 | 1 | 2 | 0 |",
    ]


def test_of_a_piece_of_a_contestants_work_the_time_alone_is_told() -> None:
    nothing = dict.fromkeys(("cpu", "memory", "connections", "commands", "restarts"), 0)
    restarts = {"case": "a roll", "contestant": "restarts", "seconds": 3.0, **nothing}
    line = tables([row("a roll", "mesofab", 6.0), restarts]).splitlines()[-1]
    assert line == "| restarts | 3.00 | 3.00 to 3.00 | 0.50 x |  |  |  |  |  |"


def test_cases_and_contestants_stand_in_the_order_they_were_measured_in() -> None:
    rows = [row(case, name, 1.0) for case in ("second", "first") for name in ("mesofab", "another")]
    lines = tables(rows).splitlines()
    assert [line for line in lines if line.startswith("### ")] == [
        "### second (1 run each)",
        "### first (1 run each)",
    ]
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| mesofab", "| another"))] == [
        "| mesofab",
        "| another",
    ] * 2


def test_where_users_were_watched_their_gaps_stand_beside_the_seconds() -> None:
    away = (
        {"ZooKeeper": 1.0, "Mesos": 0.2, "Marathon": 7.0},
        {"ZooKeeper": 3.0, "Mesos": 0.4, "Marathon": 8.0},
    )
    rows = [{**row("a roll", "mesofab", 6.0), "gaps": gaps, "lost": 1} for gaps in away]
    rows.append({**row("a roll", "restarts", 3.0), "memory": 0, "gaps": {}, "lost": 0})
    head, _, ours, piece = tables(rows).splitlines()[2:]
    assert head.endswith(
        "| longest without ZooKeeper, s (worst) | without a leading master | without Marathon | tasks lost |"
    )
    assert ours.endswith("| 2.0 (3.0) | 0.3 (0.4) | 7.5 (8.0) | 2 |")
    assert piece.endswith(" |  |  |  |  |")
