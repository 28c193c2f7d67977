"""A hand-over as it is carried out: who is asked before each turn, and what is taken back if one fails."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fake_hosts import FakeHosts
from marathon_world import NEW, A, B, C, World, info, marathons, plans, three

from tasks.engine.handing_over import hand_over
from tasks.errors import GateNotReached, RolledBack, StepFailed
from tasks.inventory.cluster import Cluster, Node
from tasks.plan.gate import Question
from tasks.plan.membership import Plans
from tasks.plan.runbook import MARATHON
from tasks.plan.step import Step

UPGRADED = marathons(NEW)


class Marathons(FakeHosts):
    """Hosts whose Marathons do as real ones, but where a test wants something to go wrong.

    The steps that `fail` do; those that are `mute` say nothing in the new version; with `stale`, whoever
    leads does so in the old one.
    """

    def __init__(
        self,
        world: World,
        cluster: Cluster = UPGRADED,
        fail: str = "",
        mute: Collection[str] = (),
        stale: bool = False,
    ) -> None:
        super().__init__(cluster)
        self.world, self.fail, self.mute, self.stale = world, fail, mute, stale

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        what = "; ".join(f"{name[-3:]} {step.title}" for name, own in steps.items() for step in own)
        self.done.append(what)
        if what == self.fail:
            raise StepFailed(f"{what} failed")
        for name, (step,) in steps.items():
            self.world.act(name, step)
        return dict.fromkeys(steps, "")

    def ask(
        self,
        vantage: Node,
        questions: Sequence[Question],
        patience: float,
        enough: Callable[[Mapping[Question, str]], bool],
    ) -> None:
        heard = {question: self._answer(question.address) for question in questions}
        if answered := [question.address[-3:] for question, answer in heard.items() if answer]:
            self.done.append("ask " + ", ".join(answered))
        enough(heard)

    def _answer(self, name: str) -> str:
        image = self.world.images.get(name)  # of a Marathon; nobody else is there
        if name not in self.world.running or (name in self.mute and image == NEW):
            return ""
        assert self.world.leader
        leads = self.world.images[self.world.leader]
        return info(self.world.leader, "1.5.8" if self.stale else leads.rpartition(":v")[2])


BEFORE = [".12 stop marathon-3", ".10 replace marathon-1", "ask .10, .11", ".11 stop marathon-2"]
AFTER = ["ask .10", ".11 replace marathon-2; .12 replace marathon-3"]
TAKEN_BACK = [".10 put the previous marathon-1 back", "ask .10, .11", ".12 start marathon-3 again"]


def start(hosts: Marathons, found: Plans | None = None) -> list[str]:
    """Hand over; give what was done and who answered in between."""
    hand_over(hosts, MARATHON, found or plans(hosts.world, hosts.cluster))
    return hosts.done


def test_every_turn_waits_for_those_whose_turn_is_over() -> None:
    assert start(Marathons(three(B))) == [*BEFORE, *AFTER, "ask .10, .11, .12"]


@pytest.mark.parametrize(
    "wrong, last, told",
    [
        ({"fail": ".10 replace marathon-1"}, ".10 replace marathon-1", ".10 replace marathon-1 failed\n"),
        ({"mute": {A}}, "ask .11", "4.2 Marathon: not well after "),
    ],
)
def test_a_first_new_one_that_fails_is_put_back_and_the_leader_is_never_touched(
    wrong: dict[str, Any], last: str, told: str
) -> None:
    hosts = Marathons(three(B), **wrong)
    with pytest.raises(RolledBack) as stopped:
        start(hosts)
    assert hosts.done[hosts.done.index(last) + 1 :] == [*TAKEN_BACK, "ask .10, .11, .12"]
    assert str(stopped.value).startswith(told)
    assert f"\n{C}, .10  Marathon: the old version runs again, its state was not changed. " in str(
        stopped.value
    )


def test_titles_do_not_tell_who_is_put_back() -> None:
    hosts = Marathons(three(B), mute={A})
    found = {
        name: replace(each, steps=tuple(replace(step, title="run stop") for step in each.steps))
        for name, each in plans(hosts.world, hosts.cluster).items()
    }
    with pytest.raises(RolledBack):
        start(hosts, found)
    assert hosts.done[-4:] == [*TAKEN_BACK, "ask .10, .11, .12"]


@pytest.mark.parametrize(
    "wrong, last",
    [
        ({"fail": ".11 stop marathon-2"}, ".11 stop marathon-2"),
        ({"stale": True}, "ask .10"),
        ({"fail": AFTER[-1]}, AFTER[-1]),
        ({"mute": {C}}, "ask .10, .11"),
    ],
)
def test_once_the_last_old_one_was_stopped_nothing_is_put_back(wrong: dict[str, Any], last: str) -> None:
    hosts = Marathons(three(B), **wrong)
    with pytest.raises((GateNotReached, StepFailed), match="The old version was not put back") as stopped:
        start(hosts)
    assert not isinstance(stopped.value, RolledBack)
    assert hosts.done[-1] == last


def test_a_second_run_after_the_last_old_one_was_stopped_puts_nothing_back_either() -> None:
    world = three(A)
    world.images[A], world.running = NEW, {A, C}
    hosts = Marathons(world, mute={B})
    with pytest.raises(GateNotReached, match="The old version was not put back"):
        start(hosts)
    assert hosts.done == ["ask .10, .12", ".12 stop marathon-3", *AFTER, "ask .10, .12"]


def test_without_a_hand_over_nobody_is_asked() -> None:
    assert start(Marathons(three(), marathons("mesosphere/marathon:v1.5.8"))) == []
