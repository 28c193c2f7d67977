"""What an operator sees when a run is cut short, and when nobody listens any more."""

import re
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from tasks.engine.command import closing_table
from tasks.engine.console import Console, Row
from tasks.engine.journal import Journal
from tasks.engine.stopwatch import Stopwatch
from tasks.errors import StepFailed
from tasks.plan.names import Id

ROOT = Path(__file__).resolve().parents[2]
TALK = """
import sys
from invoke.exceptions import Exit
from tasks.engine.command import operators_errors
from tasks.engine.console import Console
try:
    with operators_errors():
        console = Console()
        while not console.terminal.lost:
            console.say("another line")
        console.raise_if_lost()
except Exit as end:
    sys.exit(end.code)
"""


def test_a_run_that_is_interrupted_tells_what_it_did_and_what_it_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console()
    with pytest.raises(KeyboardInterrupt), closing_table(console, Journal()):
        console.begin("10.0.0.1", "2.1 directories")
        console.end("10.0.0.1", "changed")
        console.begin("10.0.0.2", "2.4 pull zookeeper")
        raise KeyboardInterrupt
    table = capsys.readouterr().out.partition("host      step")[2].splitlines()
    assert table[1].split()[:-1] == "10.0.0.1 2.1 directories changed".split()
    assert table[2].split()[:-1] == "10.0.0.2 2.4 pull zookeeper interrupted".split()
    console.end("10.0.0.2", "failed")  # the connection is closed only now
    console.begin("10.0.0.2", "2.5 run zookeeper")  # its thread does not know yet
    console.end("10.0.0.2", "changed")
    assert capsys.readouterr().out == ""


def test_a_row_knows_the_step_that_it_tells_of() -> None:
    console = Console()
    for what, id in (("whatever people read", Id.ZOOKEEPER_RUN), ("wait", None)):
        console.begin("10.0.0.1", what, id)
        console.end("10.0.0.1", "ok")
    assert [row.id for row in console.rows] == [Id.ZOOKEEPER_RUN, None]


def test_a_run_that_fails_before_its_first_step_prints_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepFailed), closing_table(Console(), Journal()):
        raise StepFailed("no")
    assert capsys.readouterr().out == ""


def test_a_table_that_a_program_reads_has_its_rows_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table([Row("zookeeper-1.prod.example.org", "2.4 pull " + "registry/" * 30, "changed", 1.0)])
    _, row, time = capsys.readouterr().out.splitlines()
    assert row.endswith("changed      1.0")
    assert re.fullmatch(r"Time, in seconds: the rest \d\.\d; \d\.\d in all\.", time)


def test_all_the_time_of_a_run_is_counted_once_for_the_innermost_part() -> None:
    now = 0.0
    watch = Stopwatch(lambda: now)
    now = 1.0
    with watch.part("measuring"):
        now = 3.0
        with watch.part("steps"):
            now = 7.0
        now = 15.0
    now = 31.0
    assert watch.parts() == {"measuring": 10.0, "steps": 4.0, "the rest": 17.0}
    assert list(watch.parts()) == ["measuring", "steps", "the rest"]


def test_what_other_threads_do_meanwhile_is_not_counted_twice() -> None:
    now = 0.0
    watch = Stopwatch(lambda: now)

    def work() -> None:
        nonlocal now
        with watch.part("steps"):
            now = 2.0

    with watch.part("looking"):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert watch.parts() == {"looking": 2.0, "the rest": 0.0}


def test_whoever_stops_reading_lines_ends_the_run_with_141() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TALK], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout and run.stderr
        assert run.stdout.readline() == "another line\n"
        run.stdout.close()
        assert run.stderr.read() == ""
        assert run.wait(120) == 141


def test_for_machines_all_that_people_read_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console(json=True).say("a line")
    assert capsys.readouterr() == ("", "a line\n")


WORK = """
import sys
from invoke.exceptions import Exit
from tasks.engine.command import operators_errors
from tasks.engine.console import Console
try:
    with operators_errors():
        console = Console()
        for number in range(3):
            console.begin("10.0.0.1", "2.5 run zookeeper")
            console.end("10.0.0.1", "changed")
            print("worked", file=sys.stderr)
        console.table(console.rows)
        console.raise_if_lost()
except Exit as end:
    print(end.message, file=sys.stderr)
    sys.exit(end.code)
"""
WENT_ON = "The run went on to its end all the same: `fab status` shows what runs now.\n"


@pytest.mark.parametrize("why", ["No space left on device", "Broken pipe"])
def test_a_run_goes_on_to_its_end_when_its_output_cannot_be_written(why: str) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.Popen(
            [sys.executable, "-c", WORK],
            cwd=ROOT,
            stdout=full if why.startswith("No space") else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    with run:
        if run.stdout:
            run.stdout.close()
        assert run.stderr and run.stderr.read() == (
            "worked\n" * 3 + f"The output cannot be written: {why}. {WENT_ON}"
        )
        assert run.wait(120) == 141


DOCUMENT = (
    TALK.partition("    with")[0]
    + """    with operators_errors(json=True) as found:
        found["hosts"] = []
except Exit as end:
    print(end.message, file=sys.stderr)
    sys.exit(end.code)
"""
)


FULL = {
    "text": ["-m", "fabric", "runbook"],
    "json": ["-c", DOCUMENT],
    "list": ["-m", "fabric", "--list"],
    "help of a task": ["-m", "fabric", "--help", "plan"],
}


@pytest.mark.parametrize("words", FULL.values(), ids=FULL.keys())
def test_a_full_disk_behind_standard_output_is_a_sentence(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (141, "The output cannot be written: No space left on device.\n")
