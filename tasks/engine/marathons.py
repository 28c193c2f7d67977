"""Marathon stays led while members of ZooKeeper are restarted, as far as its sessions there allow that."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence

from ..errors import OperatorError, StepFailed
from ..inventory.cluster import Node
from ..plan.compare.containers import restart
from ..plan.look.election import Candidacy
from ..plan.look.sections import last_line
from ..plan.marathon import ties
from ..plan.marathon.ties import Ties
from ..plan.runbook import MARATHON, containers
from . import gates
from .console import STYLES
from .hosts import Hosts, Inquiry, NoTree

TRIES = 6
"""How many Marathons are restarted at most so that the leader is not tied to a member."""


def before(hosts: Hosts, member: Node, leads: bool, waiting: Collection[str]) -> Callable[[], None]:
    """See to Marathon before a ZooKeeper member is restarted; give what is to be done right after it.

    Only if all Marathons are in this run. Before: another Marathon leads, if the leader would be lost with
    the member. The restart of ZooKeeper's leader drops all clients, so all Marathons are lost with it; a
    standby that boots meanwhile comes to its ZooKeeper when there is one again. After: those that only hang
    are ended, and their candidacies removed, so that nobody waits for either; and run again, but for those on
    hosts that are `waiting` for their Marathon's own turn. Raises StepFailed, GateNotReached or Unreachable.
    """
    if len(MARATHON.nodes(hosts.cluster)) < 2 or not hosts.has_all(MARATHON):
        return lambda: None
    if not leads:
        known, standing = _released(hosts, member)
        tied = {name: one for name, one in known.items() if member.name in one.members}
        return lambda: _run_again(hosts, _ended(hosts, member, tied, standing), waiting, wait=False)
    known, standing = _seen(hosts, member)
    booting = ties.last_standby(ties.line(hosts.cluster, standing))
    for node in _nodes(hosts, booting):
        _restart(hosts, node, "one that boots meanwhile is not hit when ZooKeeper's leader is restarted next")
    others = {name: one for name, one in known.items() if name not in booting}
    return lambda: _run_again(hosts, _ended(hosts, member, others, standing), waiting, wait=bool(booting))


def _released(hosts: Hosts, member: Node) -> tuple[dict[str, Ties], list[Candidacy]]:
    """Have a Marathon lead that is not tied to the member, or give up; see `_seen`."""
    for _ in range(TRIES):
        known, standing = _seen(hosts, member)
        name = ties.next_restart(member.name, ties.line(hosts.cluster, standing), known)
        if name is None:
            return known, standing
        (node,) = _nodes(hosts, [name])
        _restart(hosts, node, "the next member of ZooKeeper to be restarted would take the leader with it")
        gates.reach_member(hosts, MARATHON, node)
    return _seen(hosts, member)


def _seen(hosts: Hosts, member: Node) -> tuple[dict[str, Ties], list[Candidacy]]:
    """Give how the Marathons are tied, and how they stand for election; nothing of what nobody tells."""
    return _ties(hosts), _standing(hosts, member)


def _restart(hosts: Hosts, node: Node, why: str) -> None:
    (container,) = containers([MARATHON], hosts.cluster, node)
    hosts.act({node.name: [restart(container, why, f"restarts {container.name}", container.grace)]})


def _ties(hosts: Hosts) -> dict[str, Ties]:
    """Ask every Marathon's host; nothing of one that does not tell, or whose Marathon does not run."""

    def ask(node: Node) -> Ties | None:
        boundary = secrets.token_hex(16)
        inquiry = Inquiry(
            "look at Marathon's sessions",
            ties.script(node, boundary),
            last_line(boundary),
            lambda text: ties.read(text, boundary, hosts.cluster),
        )
        try:
            return hosts.inquire(node, inquiry)
        except OperatorError:
            return None

    found = hosts.each(MARATHON.nodes(hosts.cluster), ask)
    return {name: one for name, one in found.items() if one and one.since}


def _standing(hosts: Hosts, member: Node) -> list[Candidacy]:
    try:
        with hosts.tree(member, but=member) as tree:
            return tree.candidacies(ties.path(hosts.cluster))
    except NoTree:
        return []


def _ended(hosts: Hosts, member: Node, tied: Mapping[str, Ties], standing: Sequence[Candidacy]) -> list[str]:
    """End those of the tied that hang, remove the candidacies of all that have ended, and give their hosts.

    What fails here is told, and does not matter: they would end by themselves.
    """
    try:
        said = hosts.act({node.name: [ties.end(node, tied[node.name].since)] for node in _nodes(hosts, tied)})
    except OperatorError as error:
        hosts.console.say(str(error), STYLES["warning"])
        return []
    ended = [name for name, words in said.items() if ties.ENDED in words.splitlines()]
    _remove(hosts, member, [one for one in standing if {*ties.line(hosts.cluster, [one])} & {*ended}])
    return ended


def _run_again(hosts: Hosts, ended: Sequence[str], waiting: Collection[str], wait: bool) -> None:
    """Have Marathons run again, but for those `waiting`: one at once, the others when one leads.

    With `wait` all of them only when one leads: another one boots already, and several take longer.
    """
    ended = [name for name in ended if name not in waiting]
    at_once, later = ([], ended) if wait else (ended[:1], ended[1:])
    _start(hosts, at_once)
    if later:
        _await_leader(hosts)
        _start(hosts, later)


def _start(hosts: Hosts, names: Collection[str]) -> None:
    try:
        hosts.act({node.name: [ties.start(node)] for node in _nodes(hosts, names)})
    except StepFailed as error:  # Marathon's gate tells; it is nothing against the member of ZooKeeper
        hosts.console.say(str(error), STYLES["warning"])


def _nodes(hosts: Hosts, names: Collection[str]) -> list[Node]:
    return [node for node in hosts.nodes if node.name in names]


def _remove(hosts: Hosts, member: Node, stale: Sequence[Candidacy]) -> None:
    if not stale:
        return
    try:
        with hosts.tree(member, but=member) as tree:
            for one in stale:
                tree.remove(one)
    except NoTree as error:
        told = f"{member.name}  another Marathon leads only when sessions have ended: {error}."
        hosts.console.say(told, STYLES["warning"])


def _await_leader(hosts: Hosts) -> None:
    def leads(said: gates.Said) -> bool:
        return gates.standings(hosts, said)[MARATHON.service].leader is not None

    gates.ask_until(hosts, [MARATHON], leads)
