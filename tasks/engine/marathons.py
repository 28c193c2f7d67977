"""Marathon stays led while members of ZooKeeper are restarted, as far as its sessions there allow that."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence

from ..errors import NoTree, OperatorError, StepFailed
from ..inventory.cluster import Node
from ..plan.compare.containers import restart
from ..plan.look.election import Candidacy
from ..plan.look.sections import last_line
from ..plan.marathon import ties
from ..plan.marathon.ties import Ties
from ..plan.roll import Member, Turn
from ..plan.runbook import MARATHON, ZOOKEEPER, containers
from . import gates
from .console import STYLES
from .hosts import Hosts, Inquiry

TRIES = 6
"""How many Marathons are restarted at most so that the leader is not tied to a member."""

Seen = tuple[dict[str, Ties], list[Candidacy]]
"""How the Marathons are tied, and how they stand for election."""

After = Callable[[], None]
"""What follows right after a member was restarted."""


class Marathons:
    """Sees to the Marathons of a roll: they stay led, and none boots more often than it must.

    Those on the hosts `anew` are made anew in it. Each of these boots at most once until ZooKeeper's leader
    is restarted, which ends them all, and once then. Whoever has booted and is tied to a member that is to be
    restarted is `held` until then: stopped beforehand, so that it does not hang, nor docker starts it again.
    """

    def __init__(self, hosts: Hosts, anew: Collection[str] = ()) -> None:
        self.held: set[str] = set()
        self._hosts, self._anew, self._booted = hosts, frozenset(anew), set[str]()
        self._sees_to = len(MARATHON.nodes(hosts.cluster)) > 1 and hosts.has_all(MARATHON)

    def before(self, turn: Turn, waiting: Sequence[Member]) -> tuple[Turn, After]:
        """See to Marathon before a turn: give that turn, or one to be taken first, and what follows after it.

        Only if all Marathons are in this run, and a member of ZooKeeper is to be restarted. Before a follower
        is, another Marathon leads, if the leader would be lost with it. The restart of ZooKeeper's leader
        drops all clients, so all Marathons are lost with it; one that boots meanwhile comes to its ZooKeeper
        when there is one again. After: those that only hang are ended, and their candidacies removed, so that
        nobody waits for either; and run again, but for those `waiting` for their own turn. Raises StepFailed,
        GateNotReached or Unreachable.
        """
        (first, *more) = turn.members
        if first.service == MARATHON.service:
            self._made_anew(turn.members)
        if first.service != ZOOKEEPER.service or more or not self._sees_to:
            return turn, lambda: None
        (member,) = _nodes(self._hosts, [first.node])
        own = [each.node for each in waiting if each.service == MARATHON.service]
        if turn.leads:
            return turn, self._before_leader(member, own)
        seen = self._released(member, own)
        if isinstance(seen, Turn):
            self._made_anew(seen.members)
            return seen, lambda: None
        coming = sum(each.service == ZOOKEEPER.service and each != first for each in waiting)
        return turn, self._before_follower(member, seen, own, coming)

    def start_held(self, but: Collection[str] = ()) -> None:
        """Have those run that are held, `but` some; where that fails, it is only told."""
        held = sorted(self.held - {*but})
        self.held -= {*held}
        try:
            self._start(held)
        except OperatorError as error:
            self._hosts.console.say(str(error), STYLES["warning"])

    def _made_anew(self, members: Sequence[Member]) -> None:
        names = {member.node for member in members}
        self._booted |= names
        self.held -= names

    def _before_leader(self, member: Node, own: Collection[str]) -> After:
        known, standing = _seen(self._hosts, member)
        booting = sorted(self.held)[:1] or ties.last_standby(ties.line(self._hosts.cluster, standing))
        why = "one that boots meanwhile is not hit when ZooKeeper's leader is restarted next"
        for node in _nodes(self._hosts, booting):
            self._start(booting) if node.name in self.held else self._restart(node, why)
        self.held -= {*booting}
        tied = {name: one for name, one in known.items() if name not in booting}

        def after() -> None:
            ended = [*_ended(self._hosts, member, tied, standing), *self.held]
            self.held.clear()
            self._run_again(ended, own, wait=bool(booting))

        return after

    def _before_follower(self, member: Node, seen: Seen, own: Collection[str], coming: int) -> After:
        """Stop those that are tied to the member and not to boot twice, the leader last; see `before`."""
        known, standing = seen
        tied = {name: one for name, one in known.items() if member.name in one.members}
        for name in reversed(ties.line(self._hosts.cluster, standing)):
            if name in tied and (name in own or not self._may_boot(name)):
                self._hold(name)
                del tied[name]

        def after() -> None:
            ended = _ended(self._hosts, member, tied, standing)
            self._run_again(ended, own, wait=False)
            if not coming:
                self.start_held(but=own)
            elif self.held >= self._all() and not own:
                self.start_held(but=sorted(self.held)[1:])  # rather one boot more than nobody who answers

        return after

    def _released(self, member: Node, own: Collection[str]) -> Seen | Turn:
        """Have a Marathon lead that is not tied to the member, or give up; or give the turn that leads there.

        Whoever is to be made anew is so instead of being restarted; whoever has booted is stopped.
        """
        for _ in range(TRIES):
            known, standing = _seen(self._hosts, member)
            line = ties.line(self._hosts.cluster, standing)
            if len(line) == 1 and self.held and _is_tied(line[0], member, known):
                self._start_one_held()
                continue
            name = ties.next_restart(member.name, line, known)
            if name is None:
                return known, standing
            if name in own:
                return Turn((Member(MARATHON.service, name),), leads=name == line[0])
            self._make_way(name, name == line[0] or len(line) > 2)
        return _seen(self._hosts, member)

    def _make_way(self, name: str, others: bool) -> None:
        """Have a Marathon go to the end of the line; out of it, if it has booted and `others` can lead."""
        if others and not self._may_boot(name):
            self._hold(name)
            return
        (node,) = _nodes(self._hosts, [name])
        self._restart(node, "the next member of ZooKeeper to be restarted would take the leader with it")
        gates.reach_member(self._hosts, MARATHON, node)

    def _start_one_held(self) -> None:
        """Have one of the held run again, where otherwise nobody could lead but the one who is to go."""
        (node,) = _nodes(self._hosts, sorted(self.held)[:1])
        self.start_held(but=self.held - {node.name})
        gates.reach_member(self._hosts, MARATHON, node)

    def _may_boot(self, name: str) -> bool:
        return name not in self._anew or name not in self._booted

    def _all(self) -> set[str]:
        return {node.name for node in MARATHON.nodes(self._hosts.cluster)}

    def _hold(self, name: str) -> None:
        """Stop a Marathon with time, so that it hands over what it leads."""
        (node,) = _nodes(self._hosts, [name])
        (container,) = containers([MARATHON], self._hosts.cluster, node)
        self._hosts.act({name: [ties.stop(container)]})
        self.held.add(name)

    def _restart(self, node: Node, why: str) -> None:
        (container,) = containers([MARATHON], self._hosts.cluster, node)
        step = restart(container, why, f"restarts {container.name}", container.grace)
        self._hosts.act({node.name: [step]})
        self._booted.add(node.name)

    def _run_again(self, ended: Sequence[str], own: Collection[str], wait: bool) -> None:
        """Have Marathons run again, but for those with a turn of their `own`: one at once, others later.

        With `wait` all of them only when one leads: another one boots already, and several take longer.
        """
        names = [name for name in ended if name not in own]
        at_once, later = ([], names) if wait else (names[:1], names[1:])
        self._start(at_once)
        if later:
            _await_leader(self._hosts)
            self._start(later)

    def _start(self, names: Collection[str]) -> None:
        self._booted |= {*names}
        try:
            self._hosts.act({node.name: [ties.start(node)] for node in _nodes(self._hosts, names)})
        except StepFailed as error:  # Marathon's gate tells; it is nothing against the member of ZooKeeper
            self._hosts.console.say(str(error), STYLES["warning"])


def _is_tied(name: str, member: Node, known: Mapping[str, Ties]) -> bool:
    return name in known and member.name in known[name].members


def _seen(hosts: Hosts, member: Node) -> Seen:
    """Give how the Marathons are tied, and how they stand for election; nothing of what nobody tells."""
    return _ties(hosts), _standing(hosts, member)


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
