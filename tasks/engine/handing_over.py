"""Hand a service over to a new version, turn by turn; who comes in which turn stands in the plan."""

from collections.abc import Mapping, Sequence

from ..errors import GateNotReached, OperatorError, RolledBack, StepFailed
from ..inventory.cluster import Node
from ..plan.availability.turns import Taken
from ..plan.marathon import handover
from ..plan.membership import Plans
from ..plan.runbook import Chapter
from ..plan.shell import start_again
from ..plan.step import Action, Step
from ..plan.words import names
from . import gates
from .hosts import Hosts
from .rolling import put_back

Turns = Sequence[Mapping[str, Step]]


def hand_over(hosts: Hosts, chapter: Chapter, plans: Plans) -> None:
    """Take the turns of a chapter's hand-over, each behind the gate of those that run by then.

    Raises RolledBack if it failed before the state could change, else StepFailed or GateNotReached.
    """
    turns, taken = handover.turns(chapter.holds, plans), 0
    try:
        for turn in turns:
            _reach_without(hosts, chapter, turns[taken:])
            taken += 1
            _take(hosts, chapter, turn)
        if turns:
            _reach_without(hosts, chapter, ())
    except (StepFailed, GateNotReached) as error:
        if _changes_state(turns[taken:]):
            _take_back(hosts, chapter, turns[:taken], error)
        raise type(error)(
            f"{error}\nThe old version was not put back: the state may be the new one's by now. "
            "Fix the cause; then run again."
        ) from error


def _take(hosts: Hosts, chapter: Chapter, turn: Mapping[str, Step]) -> None:
    """Take a turn; what changes the state is the last old one's, which leads."""
    places, now = tuple(node.name for node in hosts.nodes if node.name in turn), hosts.console.elapsed
    taken = Taken("hand over", chapter.service, places, _changes_state([turn]), True, now, now)
    with hosts.journal.turn(taken, lambda: hosts.console.elapsed):
        hosts.act({name: [step] for name, step in turn.items()})


def _changes_state(turns: Turns) -> bool:
    return any(step.risk == "data" for turn in turns for step in turn.values())


def _reach_without(hosts: Hosts, chapter: Chapter, later: Turns) -> None:
    """Wait until all are well whose turns are over; one of them must lead once the last old one is gone."""
    waiting = {name for turn in later for name in turn}
    needed = frozenset(node.name for node in chapter.nodes(hosts.cluster)) - waiting
    if needed:
        gates.reach(hosts, chapter, needed, None if _changes_state(later) else handover.verdict)


def _take_back(hosts: Hosts, chapter: Chapter, turns: Turns, error: OperatorError) -> None:
    """Have the old ones run again; only the last one, which leads, still does."""
    touched = {name: step for turn in turns for name, step in turn.items()}
    for node in (node for node in hosts.nodes if node.name in touched):
        if touched[node.name].action is not Action.STOP:
            put_back(hosts, chapter, node, error)
        else:
            _start_again(hosts, chapter, node)
    raise RolledBack(
        f"{error}\n{names(touched)}  {chapter.title}: the old version runs again, its state was not changed. "
        "`docker logs` of the container NAME.failed there shows why the new one failed. "
        "Correct hosts.ini; then run again."
    ) from error


def _start_again(hosts: Hosts, chapter: Chapter, node: Node) -> None:
    container = hosts.container(chapter, node)
    title, reason = f"start {container.name} again", "the hand-over failed"
    hosts.act({node.name: [Step(container.step, Action.START, title, reason, start_again(container.name))]})
    gates.reach_member(hosts, chapter, node)
