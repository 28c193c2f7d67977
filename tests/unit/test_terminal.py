"""What is shown on terminals of every kind, and where there is none: colours, motion, widths, threads."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pyte
import pytest
from record import output

from tasks.engine.terminal import STYLES

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import threading
from tasks.engine.console import Console
from tasks.plan.names import Id
console = Console(usual=lambda: {"2.4 pull zookeeper": 41.0})
drawn = threading.Event()

def shown():
    if threading.current_thread() is not threading.main_thread():
        drawn.set()
    return console.now()

with console.live(shown):
    for host in ("10.70.0.10", "10.70.0.11", "host-with-a-long-name.example.net"):
        console.begin(host, "2.4 pull zookeeper", Id.ZOOKEEPER_PULL)
    console.say("a warning that is longer than forty columns of a narrow terminal", "warning")
    if console.terminal.moves:
        drawn.wait()
    console.end("10.70.0.10", "changed")
    console.end("10.70.0.11", "failed")
    console.end("host-with-a-long-name.example.net", "interrupted")
console.table(console.rows)
"""
"""A run that lasts until it has been drawn once, where it is drawn at all."""


def on_a_terminal(script: str, columns: int = 80, **environment: str) -> tuple[list[str], str]:
    """Run a script on a terminal; give what stays to be read there, and all that was written to it."""
    written = b"".join(output([sys.executable, "-c", script], columns, 24, **environment)).decode()
    screen = pyte.HistoryScreen(columns, 24, history=1000)
    pyte.Stream(screen).feed(written)
    above = ["".join(row[column].data for column in range(columns)) for row in screen.history.top]
    return [line.rstrip() for line in (*above, *screen.display) if line.strip()], written


def in_a_pipe(script: str, **environment: str) -> str:
    """Run a script whose output is read by a program."""
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_what_is_drawn_while_a_run_goes_on_is_gone_at_its_end() -> None:
    stays, written = on_a_terminal(RUN)
    assert "s, usually 41 s" in written and not [line for line in stays if "usually" in line]
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is back
    assert [line for line in stays if line.startswith("10.70.0.10  2.4 pull zookeeper  changed")]


@pytest.mark.parametrize("columns", [80, 40, 25])
def test_no_line_is_left_twice_on_a_terminal_of_any_width(columns: int) -> None:
    stays, _ = on_a_terminal(RUN, columns)
    told = " ".join(stays)
    assert told.count("a warning that is longer") == 1
    table = told.partition("outcome")[2]
    for outcome in ("changed", "failed", "interrupted"):
        assert told.count(outcome) == 2 and table.count(outcome) == 1


def test_no_color_leaves_the_words_and_no_colour() -> None:
    coloured = re.compile(r"\x1b\[[\d;]*3\d")
    assert coloured.search(on_a_terminal(RUN)[1])
    stays, written = on_a_terminal(RUN, NO_COLOR="1")
    assert not coloured.search(written) and any("failed" in line for line in stays)


def test_a_dumb_terminal_gets_lines_and_nothing_else() -> None:
    _, written = on_a_terminal(RUN, TERM="dumb")
    assert "\x1b" not in written and written.count("changed") == 2


@pytest.mark.parametrize("force", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CI"])
def test_a_log_is_never_drawn_over_though_its_ci_wants_colours(force: str) -> None:
    said = in_a_pipe(RUN, **{force: "1"})
    assert not re.search(r"\x1b\[(?![\d;]*m)", said)
    assert said.count("changed") == 2


COLLISION = """
import threading, time
from tasks.engine.console import Console
console, drawing = Console(), threading.Event()

def shown():
    if threading.current_thread() is not threading.main_thread():
        drawing.set()
        time.sleep(0.1)  # by then the other thread prints
    return console.now()

with console.live(shown):
    console.begin("10.70.0.10", "2.1 directories")
    drawing.wait()
    console.end("10.70.0.10", "ok")
"""


def test_a_step_that_ends_while_the_view_is_drawn_does_not_wait_for_it_for_ever() -> None:
    stays, _ = on_a_terminal(COLLISION)
    assert any("directories  ok" in line for line in stays)


WATCH = """
import threading
from rich.console import Group
from tasks.engine.console import Console
from tasks.engine.terminal import text
console, drawn, times = Console(), threading.Event(), iter(range(100))

def shown():
    if next(times) > 3:
        drawn.set()
    return Group(text("3 of 3 ZooKeepers serve, 10.70.0.12 leads, and so on to its end"), console.now())

with console.live(shown, stays=True):
    drawn.wait()
"""


def test_what_is_drawn_again_and_again_stays_once_though_it_is_wider_than_the_terminal() -> None:
    stays, _ = on_a_terminal(WATCH, 40)
    assert " ".join(stays).count("3 of 3 ZooKeepers") == 1 and " ".join(stays).count("to its end") == 1


COLOURS = {"red", "green", "yellow", "blue", "magenta", "cyan", "white", "black", "bold", "dim", "italic"}


@pytest.mark.parametrize("room", ["tasks", "lab"])
def test_one_table_names_all_colours(room: str) -> None:
    for file in (ROOT / room).rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        named = {text for text in texts if text.split() and set(text.split()) <= COLOURS}
        assert not named or file == ROOT / "tasks/engine/terminal.py", (file, named)


def test_every_colour_has_one_meaning() -> None:
    kinds = {
        "well": ("ok",),
        "done": ("changed", "prepared"),
        "look": ("drift", "warning", "late"),
        "wrong": ("failed", "interrupted", "degraded", "unreachable", "error"),
        "aside": ("aside",),
        "": ("",),
    }
    assert sorted(STYLES) == sorted(meaning for meanings in kinds.values() for meaning in meanings)
    colours = [{STYLES[meaning] for meaning in meanings} for meanings in kinds.values()]  # type: ignore[index]
    assert [len(each) for each in colours] == [1] * len(kinds)
    assert len(set.union(*colours)) == len(kinds)
