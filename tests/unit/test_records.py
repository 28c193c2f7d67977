"""What a run leaves behind for whoever asks later what it did, and what of that is read again."""

import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from hypothesis import given, settings
from hypothesis import strategies as st
from run_records import recorded
from samples import TRIO, as_wanted

from tasks.cluster import show_plan
from tasks.engine import files, recording
from tasks.engine.command import tell
from tasks.engine.deploy import deploy
from tasks.engine.page import page
from tasks.engine.performing import Result
from tasks.engine.run import Run
from tasks.errors import BadInput, GateNotReached
from tasks.inventory.parse import parse
from tasks.plan.availability.cost import Cost
from tasks.plan.availability.course import Course, Gap
from tasks.plan.availability.services import services
from tasks.plan.availability.turns import Expected, Kind, Taken, costs, expected
from tasks.plan.report import record
from tasks.plan.report.pace import usual
from tasks.plan.report.record import Done, Ending, Fared, Foreign, Planned, Record, Tasks, read, written
from tasks.plan.runbook import ZOOKEEPER
from tasks.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = parse(TRIO), parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
A, B, C = (node.name for node in NEW.nodes)
FOLLOWER, LEADER = Kind("replace", "zookeeper", False), Kind("replace", "zookeeper", True)

SAMPLE = Record(
    mesofab_record=1,
    mesofab=VERSION,
    name="deploy-cluster",
    command="deploy-cluster --drain",
    who="ann@desk",
    inventory="hosts.ini",
    cluster="mesos",
    hosts=(A, B, C),
    began="2026-11-30T12:00:00.123Z",
    seconds=9.5,
    planned=(Planned(A, "2.5", "replace zookeeper", "syncLimit 2 -> 5", "replace", "restart", "a follower"),),
    done=(
        Done(A, "2.5 replace zookeeper", "2.5", "syncLimit 2 -> 5", "changed", 1.0, 2.0),
        Done(A, "2.6 check ZooKeeper", "2.6", "", "ok", 2.0, 3.0),
    ),
    turns=(
        Taken("replace", "zookeeper", (A,), False, True, 1.0, 3.0),
        Taken("replace", "zookeeper", (C,), True, True, 3.1, 6.0),
    ),
    services=(
        Fared("ZooKeeper", True, (Gap(3.0, 1.2), Gap(0.9, 0.4)), 1, True, 0.6),
        Fared("Mesos", True, (), 0, True),
        Fared("Marathon", False),
    ),
    tasks=Tasks(2, 0, 1, "1 of /cron"),
    ending=Ending(0, "done"),
)


class Cluster:
    """Three hosts of which a run wants something, and the folder in which it leaves its record."""

    def __init__(self, folder: Path, new: bool = True, cut: str = "") -> None:
        seen = {node.name: as_wanted(OLD, node) for node in OLD.nodes}
        says = ensemble_led_by(OLD.nodes[0].address)
        self.hosts = FakeHosts(NEW if new else OLD, seen, seen, says=says, cut=cut)
        self.folder = folder / "runs"

    def deploy(self, act: Callable[[], Result] | None = None, put: recording.Put = files.put) -> None:
        run = Run(self.hosts, [ZOOKEEPER])
        tell(
            self.hosts,
            act or (lambda: deploy(run)),
            lambda hosts, failure: recording.keep(hosts, "deploy-zookeeper", failure, self.folder, put),
        )

    def failing(self, error: Exception) -> Callable[[], Result]:
        """Give a run that changes what it has to, and then ends so."""

        def act() -> Result:
            deploy(Run(self.hosts, [ZOOKEEPER]))
            raise error

        return act

    def record(self) -> Record:
        (file,) = self.folder.glob("*.json")
        return read(file.read_text())


def test_a_run_leaves_what_it_planned_and_why_and_what_it_did_when(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.deploy()
    found = cluster.record()
    assert (found.mesofab, found.name, found.hosts) == (VERSION, "deploy-zookeeper", (A, B, C))
    assert (found.inventory, found.cluster) == ("hosts.ini", "mesos")
    assert re.fullmatch(r"\S+@\S+", found.who) and re.fullmatch(
        r"20\d\d-\d\d-\d\dT[\d:]{8}\.\d{3}Z", found.began
    )
    replacing = [each for each in found.planned if each.phase == "replace"]
    assert {(each.host, each.id, each.reason) for each in replacing} == {
        (name, "2.5", "zoo.cfg: syncLimit 2 -> 5") for name in (A, B, C)
    }
    assert [each.host for each in found.done if each.what == "2.5 replace zookeeper"] == [B, C, A]
    assert all(0 <= each.start <= each.end <= found.seconds for each in found.done)
    assert [(turn.hosts, turn.leads, turn.served) for turn in found.turns] == [
        ((B,), False, True),
        ((C,), False, True),
        ((A,), True, True),
    ]
    assert found.ending == Ending(0, "done")
    assert found.changes == len(cluster.hosts.done)


def test_a_record_is_its_owners_alone_and_called_by_time_and_task(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.deploy()
    page, file = sorted(cluster.folder.iterdir())
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{3}Z-deploy-zookeeper\.json", file.name)
    assert page == file.with_suffix(".html")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (cluster.folder, file, page)]
    assert modes == [0o700, 0o600, 0o600]


def test_a_run_leaves_a_page_that_can_be_made_anew_from_its_record(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.deploy()
    (file,) = cluster.folder.glob("*.html")
    shown = file.read_text()
    assert shown == page(cluster.record())
    assert "zoo.cfg: syncLimit 2 -&gt; 5" in shown and "<h1>done</h1>" in shown


def test_two_runs_that_begin_at_once_leave_a_record_each(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.deploy()
    for _ in range(2):
        recording.keep(cluster.hosts, "deploy-zookeeper", None, cluster.folder)
    first = next(cluster.folder.glob("*Z-deploy-zookeeper.json")).stem
    assert sorted(file.name for file in cluster.folder.iterdir()) == sorted(
        f"{first}{number}.{kind}" for number in ("", "-2", "-3") for kind in ("json", "html")
    )


def test_a_page_that_cannot_be_written_leaves_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Cluster(tmp_path)
    cluster.deploy()
    (file,) = cluster.folder.glob("*.json")
    file.unlink()
    file.with_suffix(".html").unlink()
    file.with_suffix(".html").mkdir()
    recording.keep(cluster.hosts, "deploy-zookeeper", None, cluster.folder)
    told = "".join(capsys.readouterr().out.splitlines())
    assert f"This run has left no page in {cluster.folder}: Is a directory." in told
    assert cluster.record().ending == Ending(0, "done")


def test_a_run_that_changes_nothing_leaves_none(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, new=False)
    cluster.deploy()
    assert not cluster.folder.exists()


def test_a_run_that_was_interrupted_says_so_in_its_record(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, cut="0.11 replace zookeeper")
    with pytest.raises(KeyboardInterrupt):
        cluster.deploy()
    found = cluster.record()
    assert replace(found.ending, last_words=()) == Ending(130, "interrupted")
    assert (found.done[-1].what, found.done[-1].outcome) == ("2.5 replace zookeeper", "interrupted")
    assert not found.costs


def test_a_run_that_was_cut_says_in_its_record_what_it_has_left_and_what_comes_next(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, cut="0.11 replace zookeeper")
    with pytest.raises(KeyboardInterrupt):
        cluster.deploy()
    first, *_, last = cluster.record().ending.last_words
    assert first == f"{B}  2.5 replace zookeeper was not seen to finish; its container may be stopped."
    assert last.startswith("The next run looks at the hosts again and does what is still missing: replace")


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (
            GateNotReached("nobody leads", host=A, where="2.6"),
            Ending(5, "gate_not_reached", (f"{A}  2.6: nobody leads",)),
        ),
        (KeyError("secret"), Ending(1, "bug", ("KeyError",))),
    ],
)
def test_a_run_that_failed_says_how_in_its_record(error: Exception, ending: Ending, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    with pytest.raises(type(error)):
        cluster.deploy(cluster.failing(error))
    assert replace(cluster.record().ending, messages=ending.messages, last_words=()) == ending
    assert str(cluster.record().ending.messages[0]).startswith(ending.messages[0])


def test_a_record_that_cannot_be_written_ends_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Cluster(tmp_path)
    cluster.folder.write_text("a file")
    cluster.deploy()
    told = "".join(capsys.readouterr().out.splitlines())
    assert f"This run has left no record in {cluster.folder}: File exists." in told


def typed_while_it_writes(suffix: str, error: BaseException) -> recording.Put:
    """Give what writes all files but those of a suffix, in which this happens."""

    def put(file: Path, data: bytes) -> None:
        if file.suffix == suffix:
            raise error
        files.put(file, data)

    return put


@pytest.mark.parametrize(
    ("suffix", "error", "told", "kept"),
    [
        (".json", KeyboardInterrupt(), "no record in {}: interrupted.", []),
        (".html", KeyboardInterrupt(), "no page in {}: interrupted.", [".json"]),
        (".html", KeyError("odd"), "no page in {}: KeyError in line ", [".json"]),
    ],
)
def test_what_happens_while_a_record_is_written_leaves_no_half_of_it_and_hides_no_failure(
    suffix: str,
    error: BaseException,
    told: str,
    kept: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = Cluster(tmp_path)
    with pytest.raises(GateNotReached, match="nobody leads"):
        cluster.deploy(
            cluster.failing(GateNotReached("nobody leads", host=A, where="2.6")),
            typed_while_it_writes(suffix, error),
        )
    assert told.format(cluster.folder) in "".join(capsys.readouterr().out.splitlines())
    assert [file.suffix for file in cluster.folder.iterdir()] == kept


def test_ctrl_c_while_a_run_that_was_well_writes_its_record_ends_it(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cluster.deploy(put=typed_while_it_writes(".json", KeyboardInterrupt()))
    assert not [*cluster.folder.iterdir()]


def test_a_file_that_is_cut_short_in_any_way_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(TypeError):
        files.put(tmp_path / "file", "no bytes")  # type: ignore[arg-type]
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_gaps_and_tasks_stand_in_the_record(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)

    def act() -> Result:
        result = deploy(Run(cluster.hosts, [ZOOKEEPER]))
        (zookeeper,) = services(NEW)
        cluster.hosts.journal.cost = Cost(((zookeeper, Course((Gap(1.5, 0.75),), 1, True, 0.6)),))
        return result

    cluster.deploy(act)
    assert cluster.record().services == (Fared("ZooKeeper", True, (Gap(1.5, 0.75),), 1, True, 0.6, 3.0),)
    assert cluster.record().tasks is None


# Reading it again

times = st.floats(0, 1e6).map(lambda at: round(at, 3))
gaps = st.builds(Gap, times, times)
records = st.builds(
    Record,
    mesofab_record=st.just(1),
    seconds=times,
    done=st.lists(st.builds(Done, start=times, end=times), max_size=2).map(tuple),
    turns=st.lists(st.builds(Taken, start=times, end=times), max_size=3).map(tuple),
    services=st.lists(
        st.builds(Fared, gaps=st.lists(gaps, max_size=2).map(tuple), slowest=times), max_size=2
    ).map(tuple),
)


@settings(max_examples=50)
@given(records)
def test_a_record_is_read_as_it_was_written(made: Record) -> None:
    assert read(written(made)) == made


def places(document: Any) -> list[tuple[Any, Any]]:
    """Give every place of a document: what holds it, and by which key."""
    held = document.items() if isinstance(document, dict) else enumerate(document)
    inner = [(document, key) for key, _ in held]
    for _, key in list(inner):
        if isinstance(document[key], dict | list):
            inner += places(document[key])
    return inner


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=200)
@given(st.data())
def test_a_record_that_was_spoilt_anywhere_is_refused_or_listed(data: st.DataObject) -> None:
    spoilt = json.loads(written(SAMPLE))
    holder, key = data.draw(st.sampled_from(places(spoilt)))
    holder[key] = data.draw(anything)
    try:
        found = read(json.dumps(spoilt))
    except Foreign as error:
        assert str(error)
        return
    (line,) = record.lines([(found, "")])
    assert line.isprintable() and isinstance(dict(found.costs), dict)
    assert page(found).endswith("</html>")


def test_a_record_of_a_mesofab_that_knew_no_budgets_is_read(tmp_path: Path) -> None:
    older = json.loads(written(SAMPLE))
    for holder in (*older["services"], older["tasks"]):
        del holder["budget"]
    del older["ending"]["last_words"]
    assert read(json.dumps(older)) == SAMPLE


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", "1", '{"mesofab_record": 1}', "[" * 100_000, '{"mesofab_plan": 1}', "\0"]
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(Foreign, match="it is not the record of a run"):
        read(text)


def test_a_record_of_another_format_is_named() -> None:
    with pytest.raises(Foreign, match="it is in format 2 of another version of mesofab; this one knows 1"):
        read(written(replace(SAMPLE, mesofab_record=2)))


def left(folder: Path, *made: Record) -> None:
    for each in made:
        (folder / f"{each.began}-{each.name}.json").write_text(written(each))


def test_runs_are_listed_with_what_they_cost_and_how_they_ended_the_newest_last(tmp_path: Path) -> None:
    well = replace(SAMPLE, name="zookeeper.run", hosts=(A, B))
    ended = Ending(8, "drift")
    failed = replace(well, began="2026-11-30T12:10:00.000Z", services=(), ending=ended, hosts=(A,))
    left(tmp_path, failed, well, replace(SAMPLE, began="2026-11-30T12:20:00.000Z", inventory="other.ini"))
    assert recording.last(tmp_path) == [
        "2026-11-30 12:00:00  zookeeper.run  10.70.0.10, .11  9.5 s  1 change  ZooKeeper 1.2 s  done",
        "2026-11-30 12:10:00  zookeeper.run  10.70.0.10       9.5 s  1 change  not measured     drift (8)",
    ]


def test_a_list_of_runs_names_the_page_of_each_and_can_write_them_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    left(folder, SAMPLE)
    (line,) = recording.last(folder)
    assert line.endswith("  done")
    (line,) = recording.last(folder, pages=True)
    assert line.endswith(f"  done  {folder}/2026-11-30T12:00:00.123Z-deploy-cluster.html")
    monkeypatch.chdir(tmp_path)
    (line,) = recording.last(folder)
    assert line.endswith("  done  runs/2026-11-30T12:00:00.123Z-deploy-cluster.html")


def test_a_page_that_cannot_be_written_anew_is_told_with_its_file(tmp_path: Path) -> None:
    left(tmp_path, SAMPLE)
    (tmp_path / "2026-11-30T12:00:00.123Z-deploy-cluster.html").mkdir()
    with pytest.raises(BadInput, match="deploy-cluster.html: Is a directory"):
        recording.last(tmp_path, pages=True)


def test_of_many_hosts_a_list_has_the_number() -> None:
    (line,) = record.lines([(replace(SAMPLE, hosts=tuple(f"web-{n}" for n in range(64))), "")])
    assert "  64 hosts  " in line


def test_what_is_no_record_is_a_sentence_above_the_others(tmp_path: Path) -> None:
    left(tmp_path, SAMPLE)
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "bytes.json").write_bytes(b"\xff")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe\x1b.json")
    *troubles, line = recording.last(tmp_path)
    here = tmp_path.name
    assert sorted(troubles) == [
        f"{here}/bytes.json: it is not text.",
        f"{here}/folder.json: it is not the record of a run.",
        f"{here}/gone.json: it is not the record of a run.",
        f"{here}/notes.json: it is not the record of a run.",
        f"{here}/pipe\\x1b.json: it is not the record of a run.",
    ]
    assert line.endswith("  done")


def test_only_the_last_runs_are_listed(tmp_path: Path) -> None:
    left(tmp_path, *(replace(SAMPLE, began=f"2026-11-30T12:{minute}:00.000Z") for minute in range(10, 50)))
    listed = recording.last(tmp_path)
    assert [line[14:16] for line in listed] == [str(minute) for minute in range(30, 50)]


def test_where_no_run_has_left_a_record_that_is_said(tmp_path: Path) -> None:
    none = tmp_path / "none"
    assert recording.last(none) == [f"No run on hosts.ini has left a record in {none}."]


def test_the_list_that_the_docs_show_is_that_of_runs_on_the_lab() -> None:
    shown = (ROOT / "docs/change.md").read_text().partition("    $ fab runs\n")[2].partition("\n\n")[0]
    made = map(recorded, ("three-services", "over-budget", "rolled-back"))
    pages = ((one, f"runs/{re.sub('[-:]', '', one.began)}-{one.name}.html") for one in made)
    assert [line[4:] for line in shown.splitlines()] == record.lines(pages)


# What turns have cost


def test_a_gap_counts_for_the_turn_of_which_it_has_the_most() -> None:
    assert SAMPLE.costs == {
        FOLLOWER: {"ZooKeeper": 0.4, "Mesos": 0.0},
        LEADER: {"ZooKeeper": 1.2, "Mesos": 0.0},
    }


def test_what_follows_the_last_turn_is_of_it_and_what_was_before_the_first_of_none() -> None:
    one = (Taken("replace", "zookeeper", (A,), True, True, 1.0, 2.0),)
    assert costs(one, {"ZooKeeper": [Gap(5.0, 2.0), Gap(0.0, 0.5)]}) == {LEADER: {"ZooKeeper": 2.0}}
    assert costs((), {"ZooKeeper": [Gap(5.0, 2.0)]}) == {}


def test_a_turn_of_a_member_that_did_not_serve_tells_nothing_of_others() -> None:
    down = (Taken("replace", "zookeeper", (A,), False, False, 1.0, 2.0),)
    assert costs(down, {"ZooKeeper": [Gap(1.0, 2.0)]}) == {}


def test_the_worst_of_the_last_runs_is_expected() -> None:
    runs = [{LEADER: {"ZooKeeper": float(cost), "Mesos": 0.0}} for cost in (1, 3, 2, 0, 0, 9)]
    assert expected(runs) == {LEADER: Expected(5, {"ZooKeeper": 3.0, "Mesos": 0.0})}
    assert str(expected(runs)[LEADER]) == "longest gaps in the last 5 runs: ZooKeeper 3.0 s"
    assert str(expected(runs[3:4])[LEADER]) == "no gap in the last run"
    assert expected([]) == {}


def test_what_is_expected_is_read_from_the_last_runs_on_this_inventory(tmp_path: Path) -> None:
    assert recording.expected(tmp_path) == {}
    left(tmp_path, SAMPLE, replace(SAMPLE, began="2026-11-30T12:10:00.000Z", inventory="other.ini"))
    (tmp_path / "notes.json").write_text("{}")
    assert recording.expected(tmp_path)[LEADER] == Expected(1, {"ZooKeeper": 1.2, "Mesos": 0.0})


def test_a_plan_tells_what_such_turns_have_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left(tmp_path, SAMPLE)
    found: dict[str, Any] = {}
    show_plan(Cluster(tmp_path).hosts, found, check=False, out=None, runs=tmp_path)
    told = [line.rpartition("  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert "longest gaps in the last run: ZooKeeper 0.4 s" in told
    assert found["order"][-1]["expected"] == {"runs": 1, "worst": {"ZooKeeper": 0.4, "Mesos": 0.0}}


@pytest.mark.parametrize("code, counts", [(0, True), (11, True), (5, False), (130, False)])
def test_only_runs_that_did_all_they_had_to_tell_what_turns_cost(code: int, counts: bool) -> None:
    assert bool(replace(SAMPLE, ending=Ending(code, "")).costs) == counts


def test_the_usual_time_is_the_middle_of_what_earlier_runs_took_and_did_not_fail_in() -> None:
    what = "2.5 replace zookeeper"

    def took(*seconds: float, outcome: str = "changed") -> tuple[Done, ...]:
        return tuple(Done(A, what, "2.5", "", outcome, 1.0, 1.0 + each) for each in seconds)

    runs = [
        replace(SAMPLE, done=took(1.0, 9.0)),
        replace(SAMPLE, done=took(3.0)),
        replace(SAMPLE, done=took(700.0, outcome="failed")),
        replace(SAMPLE, done=took(0.1, 0.1, outcome="interrupted")),
    ]
    assert usual(runs) == {what: 3.0}
    assert usual([]) == {}
