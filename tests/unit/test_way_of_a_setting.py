"""The way of one line of hosts.ini to the shell that carries it out is short."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from samples import TRIO

from tasks import inventory
from tasks.plan import runbook, script
from tasks.plan.runbook import CHAPTERS

VALUE = 797
MOST = 14


def carries(value: object, depth: int = 3) -> bool:
    """Tell whether something is or holds the value of the line."""
    match value:
        case str():
            return str(VALUE) in value
        case dict():
            return depth > 0 and any(carries(each, depth - 1) for each in value.values())
        case list() | tuple() | set() | frozenset():
            return depth > 0 and any(carries(each, depth - 1) for each in value)
        case _:
            return value == VALUE


def test_a_line_of_the_inventory_reaches_its_shell_through_few_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hosts.ini").write_text(f"{TRIO}[all:vars]\nzookeeper_sync_limit={VALUE}\n")
    monkeypatch.setenv("INVENTORY", str(tmp_path / "hosts.ini"))
    passed: dict[str, None] = {}

    def note(frame: FrameType, event: str, given: Any) -> None:
        module = str(frame.f_globals.get("__name__"))
        if not module.startswith("tasks."):
            return
        held = frame.f_locals.values() if event == "call" else (given,) if event == "return" else ()
        if any(map(carries, list(held))):
            passed.setdefault(module)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        cluster = inventory.load()
        shell = script.runnable(runbook.from_nothing(CHAPTERS, cluster, cluster.nodes[0]).steps)
    finally:
        sys.setprofile(before)
    assert f"syncLimit={VALUE}\n" in shell
    assert len(passed) <= MOST, list(passed)
