"""What a host says is shown, and no terminal acts upon it; rich takes none of it for markup."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoke.exceptions import Exit

from tasks.engine.command import operators_errors
from tasks.engine.console import Console, Row
from tasks.engine.screen import screen
from tasks.errors import StepFailed
from tasks.inventory.printable import printable
from tasks.plan.gate import Verdict
from tasks.plan.membership import Stranger
from tasks.plan.names import Id
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.step import Sort, Trouble

ROOT = Path(__file__).resolve().parents[2]
EVIL = "a[/evil]b[red]c:smile:\x1b]0;owned\x07\x1b[2Jd\x9b31m\r\u202e\udc80\ud800"
SHOWN = r"a[/evil]b[red]c:smile:\x1b]0;owned\x07\x1b[2Jd\x9b31m\x0d\u202e\x80\ud800"


@given(st.text())
def test_every_text_is_shown_without_control_characters_and_twice_is_once(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)
    assert printable(text, keep="\n").count("\n") == text.count("\n")


def test_what_can_be_shown_is_shown_as_it_is() -> None:
    assert printable("grün 日本 [/x] \\x1b 'q'") == "grün 日本 [/x] \\x1b 'q'"
    assert (printable("\x1b[2J\n"), printable("\x1b\n", keep="\n")) == (r"\x1b[2J\x0a", "\\x1b\n")
    assert printable("\U000e0001\u2028\xad") == r"\U000e0001\u2028\xad"


def begun_and_ended(console: Console) -> None:
    console.begin(EVIL, EVIL)
    console.end(EVIL, "changed")


@pytest.mark.parametrize(
    "tell",
    [
        lambda console: console.say(EVIL, "error"),
        lambda console: console.table([Row(EVIL, EVIL, "changed", 1.0)]),
        begun_and_ended,
        lambda console: console.show(screen(status_of(EVIL))),
    ],
    ids=["say", "table", "end", "status"],
)
def test_whatever_a_console_tells_no_terminal_acts_upon_it(
    capsys: pytest.CaptureFixture[str], tell: Callable[[Console], None]
) -> None:
    tell(Console())
    said = capsys.readouterr().out
    assert SHOWN in said
    assert printable(said, keep="\n") == said


def status_of(text: str) -> Status:
    """A status in which everything that a host may tell is `text`."""
    trouble = Trouble(Id.ZOOKEEPER_RUN, text, Sort.DOWN, text, text)
    one = Component(text, text, text, text, text, text, (text,), (trouble,))
    unknown, absent = replace(one, state="unknown"), replace(one, state="absent", blocked=(text,))
    return Status(
        source=text,
        looked_at=text,
        hosts=(HostStatus(text, (one, unknown, absent), drift=(text,)),),
        master=None,
        services=tuple(Service(text, text, Verdict(passed, text), 1, 1, text) for passed in (True, False)),
        strangers=(Stranger(text, text, text, text, text),),
    )


def test_what_a_host_does_right_now_is_drawn_as_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.begin(EVIL, EVIL)
    console.alive(EVIL, EVIL)
    console.show(console.now())
    drawn = capsys.readouterr().out
    assert drawn.count(SHOWN) == 3
    assert printable(drawn, keep="\n") == drawn


def test_an_error_is_told_without_control_characters_and_with_its_lines() -> None:
    with pytest.raises(Exit) as told, operators_errors():
        raise StepFailed(f"{EVIL}\n{EVIL}")
    assert told.value.message == f"{SHOWN}\n{SHOWN}"


def test_only_one_module_makes_what_rich_shows() -> None:
    made = re.compile(r"^from rich\.(?:text|table|markup|panel) |^import rich", re.MULTILINE)
    files = [file for file in (ROOT / "tasks").rglob("*.py") if made.search(file.read_text())]
    assert [file.name for file in files] == ["terminal.py"]
