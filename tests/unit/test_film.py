"""A recorded terminal, drawn: what was to be read is in the picture, and nothing is loaded for it."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from film import LAST, frames, svg
from record import recorded

CAST = "\n".join(
    json.dumps(line)
    for line in (
        {"version": 2, "width": 40, "height": 5},
        [0.0, "o", "$ fab plan\r\n"],
        [1.0, "o", "10.70.0.10  look  1 s"],
        [1.05, "o", "\r\x1b[2K10.70.0.10  look  \x1b[1;31mfailed\x1b[0m & <gone>\r\n"],
        [3.0, "o", "\x1b[33mNothing\x1b[0m to do\r\n"],
    )
)
SCRIPT = "import sys, os; print('\\x1b[32mgrün\\x1b[0m', sys.stdout.isatty(), os.get_terminal_size().columns)"


def test_frames_are_what_stood_on_the_screen_and_none_is_too_short_to_be_seen() -> None:
    columns, rows, shown = frames(CAST)
    assert (columns, rows, [frame.at for frame in shown]) == (40, 5, [0.0, 1.0, 3.0])
    texts = ["".join(text for line in frame.lines for _, text, _, _ in line) for frame in shown]
    assert texts[0] == "$ fab plan"
    assert texts[1] == "$ fab plan10.70.0.10  lookfailed & <gone>"
    assert texts[2].endswith("Nothing to do")


def test_the_picture_is_one_file_that_loads_nothing_and_stands_still_for_who_wants_that() -> None:
    drawn = svg(CAST, "fab plan & more")
    root = ElementTree.fromstring(drawn)
    assert root.findtext("{*}title") == "fab plan & more"
    links = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', drawn)
    assert links and all(link[0].startswith("#l") for link in links)
    assert "prefers-reduced-motion: no-preference" in drawn and "<script" not in drawn
    assert re.search(r"#strip { transform: translateX\(-728\.0px\)", drawn)  # the last of three frames
    assert f"animation: play {3 + LAST:.2f}s" in drawn


def test_a_line_that_stays_is_drawn_once() -> None:
    drawn = svg(CAST, "")
    assert drawn.count(">$ fab plan<") == 1 and drawn.count("failed") == 1


def test_a_command_is_recorded_on_a_terminal_of_its_own_with_its_times() -> None:
    header, first, *events = map(json.loads, recorded([sys.executable, "-c", SCRIPT], "a command", 72, 9))
    assert header == {"version": 2, "width": 72, "height": 9}
    assert first == [0.0, "o", "$ a command\r\n"]
    assert "".join(text for _, _, text in events) == "\x1b[32mgrün\x1b[0m True 72\r\n"
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)


def test_a_command_that_fails_is_not_recorded() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        [*recorded([sys.executable, "-c", "raise SystemExit(3)"], "")]
