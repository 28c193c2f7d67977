# ruff: noqa: E402
"""The stand-ins' ACLs: which rule decides, and what becomes of what is written wrongly."""

from __future__ import annotations

import json
import sys

import pytest
from test_standin_flags import IMAGES

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path[:0] = [str(IMAGES / name) for name in ("mesos-stand-in", "stand-in")]
from mesos_standin import acls

ANN, ANY, NONE = {"values": ["ann"]}, {"type": "ANY"}, {"type": "NONE"}
ROOT = {"values": ["root"]}


def _allow(principal: str | None, user: str | None, *rules: tuple[object, object], **more: bool) -> bool:
    written = [{"principals": who, "users": what} for who, what in rules]
    return acls.load(json.dumps({"run_tasks": written, **more})).allow("run_tasks", principal, user)


def test_the_first_rule_that_fits_decides() -> None:
    for_ann = ((ANN, ROOT), (ANY, {"type": "NONE"}))
    assert _allow("ann", "root", *for_ann)
    assert not _allow("bob", "root", *for_ann)
    assert not _allow("ann", "nobody", *for_ann)
    assert not _allow("ann", "root", *reversed(for_ann))


@pytest.mark.parametrize("permissive", [True, False])
def test_where_no_rule_fits_the_default_decides(permissive: bool) -> None:
    assert _allow("bob", "root", (ANN, ROOT), permissive=permissive) is permissive
    assert acls.load(json.dumps({"permissive": permissive})).allow("view_flags", "ann") is permissive


def test_without_a_word_everything_is_allowed() -> None:
    assert acls.Acls().allow("run_tasks", None, "root")
    assert acls.load("{}").allow("run_tasks", None, "root")


def test_nobody_is_anybody() -> None:
    """Who has no principal fits rules for anybody alone, and is allowed what anybody is."""
    assert _allow(None, "root", (ANY, ANY), permissive=False)
    assert not _allow(None, "root", (NONE, ANY))
    assert not _allow(None, "root", (ANN, ANY), permissive=False)


def test_an_action_that_is_misspelt_is_passed_over() -> None:
    known = acls.load(json.dumps({"permissive": False, "run_task": [{"principals": ANY, "users": ANY}]}))
    assert not known.allow("run_tasks", "ann", "root")
    assert acls.as_text('{"permissive": false, "run_task": []}') == "permissive: false\n"


@pytest.mark.parametrize("text", ["{broken", "[]", "5", '{"run_tasks": ["ann"]}'])
def test_what_is_no_acls_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        acls.as_text(text)
