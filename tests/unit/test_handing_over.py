"""A hand-over as it is carried out: what is asked before each turn, and what is taken back if one fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from marathon_world import NEW, A, B, C, marathons, plans, three

from tasks.engine import gates, handing_over
from tasks.engine.handing_over import hand_over
from tasks.errors import GateNotReached, RolledBack, StepFailed
from tasks.inventory.cluster import Node
from tasks.plan.marathon import handover
from tasks.plan.runbook import MARATHON


@dataclass
class Run:
    """Hosts on which nothing is done, and all that would have been; `fails` is where it goes wrong."""

    fails: str = ""
    log: list[str] = field(default_factory=list)

    cluster = marathons(NEW)

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.cluster.nodes

    def act(self, steps: Mapping[str, Any]) -> None:
        self._note("; ".join(f"{name[-3:]} {step.title}" for name, each in steps.items() for step in each))

    def reach(self, _: Any, __: Any, needed: frozenset[str], judge: Any = None) -> None:
        who = ", ".join(name[-3:] for name in sorted(needed))
        self._note(f"ask {who}" + (", a new one leads" if judge is handover.verdict else ""))

    def _note(self, what: str) -> None:
        self.log.append(what)
        if what == self.fails:
            raise (GateNotReached if what.startswith("ask") else StepFailed)(f"{what} failed")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    made = Run()
    monkeypatch.setattr(gates, "reach", made.reach)
    monkeypatch.setattr(
        gates, "reach_member", lambda _, __, node: made.log.append(f"ask {node.name[-3:]} alone")
    )
    monkeypatch.setattr(
        handing_over, "put_back", lambda _, __, node, ___: made.log.append(f"{node.name[-3:]} put back")
    )
    return made


BEFORE = [".12 stop marathon-3", ".10 replace marathon-1", "ask .10", ".11 stop marathon-2"]
AFTER = ["ask .10, a new one leads", ".11 replace marathon-2; .12 replace marathon-3"]


def start(run: Run) -> None:
    hand_over(run, MARATHON, plans(three(B), run.cluster))  # type: ignore[arg-type]


def test_every_turn_waits_for_those_whose_turn_is_over(run: Run) -> None:
    start(run)
    assert run.log == [*BEFORE, *AFTER, "ask .10, .11, .12, a new one leads"]


@pytest.mark.parametrize("fails", [".10 replace marathon-1", "ask .10"])
def test_a_first_new_one_that_fails_is_put_back_and_the_leader_is_never_touched(run: Run, fails: str) -> None:
    run.fails = fails
    with pytest.raises(RolledBack) as stopped:
        start(run)
    assert run.log[run.log.index(fails) + 1 :] == [
        ".10 put back",
        ".12 start marathon-3 again",
        "ask .12 alone",
    ]
    assert str(stopped.value).startswith(
        f"{fails} failed\n{C}, .10  Marathon: the old version runs again, its state was not changed. "
    )


def test_titles_do_not_tell_who_is_put_back(run: Run) -> None:
    run.fails = "ask .10"
    made = {
        name: replace(each, steps=tuple(replace(step, title="run stop") for step in each.steps))
        for name, each in plans(three(B), run.cluster).items()
    }
    with pytest.raises(RolledBack):
        hand_over(run, MARATHON, made)  # type: ignore[arg-type]
    assert run.log[-3:] == [".10 put back", ".12 start marathon-3 again", "ask .12 alone"]


@pytest.mark.parametrize("fails", [".11 stop marathon-2", *AFTER])
def test_once_the_last_old_one_was_stopped_nothing_is_put_back(run: Run, fails: str) -> None:
    run.fails = fails
    with pytest.raises((GateNotReached, StepFailed), match="The old version was not put back") as stopped:
        start(run)
    assert not isinstance(stopped.value, RolledBack)
    assert run.log[-1] == fails


def test_a_second_run_after_the_last_old_one_was_stopped_puts_nothing_back_either(run: Run) -> None:
    world = three(A)
    world.images[A], world.running = NEW, {A, C}
    found = plans(world, run.cluster)
    run.fails = "ask .10, .11, .12, a new one leads"
    with pytest.raises(GateNotReached, match="The old version was not put back"):
        hand_over(run, MARATHON, found)  # type: ignore[arg-type]
    assert run.log == [
        "ask .10, a new one leads",
        ".12 stop marathon-3",
        *AFTER,
        run.fails,
    ]


def test_without_a_hand_over_nobody_is_asked(run: Run) -> None:
    hand_over(run, MARATHON, plans(three(), marathons("mesosphere/marathon:v1.5.8")))  # type: ignore[arg-type]
    assert run.log == []
