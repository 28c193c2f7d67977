"""An INI inventory is read as Ansible reads it: held against recorded answers, and against Ansible itself."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tasks.inventory import groups, ini, merged
from tasks.inventory.names import is_ours
from tasks.inventory.raw import Raw
from tasks.inventory.values import as_text

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).with_name("recorded_inventories.jsonl").read_text()
ANSWERS: list[dict[str, Any]] = [json.loads(line) for line in RECORDED.splitlines()]


def as_ansible_tells(raw: Raw) -> dict[str, Any]:
    """Return the hosts with their groups and variables, in the form of the recorded answers."""
    return {
        name: {
            "groups": _groups(raw, name),
            "variables": {key: each.value for key, each in merged.variables(raw, name).items()},
        }
        for name in raw.hosts
    }


def _groups(raw: Raw, name: str) -> list[str]:
    found = {*raw.above(*raw.groups_of[name]), "all"}
    return sorted(found - {"ungrouped"} if found - {"all", "ungrouped"} else found)


def _as_text(hosts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {**host, "variables": {key: as_text(value) for key, value in host["variables"].items()}}
        for name, host in hosts.items()
    }


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_it_is_read_as_ansible_reads_it_or_refused(answer: dict[str, Any]) -> None:
    raw = ini.read(answer["text"])
    if answer["hosts"] is None:
        groups.roles(raw)
        assert raw.problems, "Ansible refuses it"
    elif not raw.problems:
        assert as_ansible_tells(raw) == _as_text(answer["hosts"])


def test_what_is_refused_although_ansible_takes_it_concerns_our_own_variables() -> None:
    taken = [ini.read(answer["text"]) for answer in ANSWERS if answer["hosts"] is not None]
    refused = [raw for raw in taken if raw.problems]
    assert len(refused) < len(taken) / 4
    for problem in (problem for raw in refused for problem in raw.problems):
        assert any(is_ours(word) for word in problem.what.split())


@pytest.mark.skipif(not find_spec("ansible"), reason="Ansible is not installed")
def test_the_recorded_answers_are_those_of_ansible() -> None:
    command = [sys.executable, str(ROOT / "tests/inventories.py"), "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    assert [json.loads(line) for line in told.splitlines()] == ANSWERS
