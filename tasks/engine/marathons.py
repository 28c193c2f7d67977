"""Marathon stays led while members of ZooKeeper are restarted, as far as its sessions there allow that."""

from collections.abc import Callable, Collection, Mapping, Sequence

from ..errors import NoTree, OperatorError, StepFailed
from ..inventory.cluster import Node
from ..plan.compare.containers import restart
from ..plan.look.election import Candidacy
from ..plan.marathon import ties
from ..plan.marathon.ties import Ties
from ..plan.roll import Member, Turn
from ..plan.runbook import MARATHON, ZOOKEEPER
from ..plan.step import Step
from . import gates
from .hosts import Hosts, Inquiry

TRIES = 6
"""How often standbys boot again at most so that one of them is not tied to a member."""

Seen = tuple[dict[str, Ties], list[Candidacy]]
"""How the Marathons are tied, and how they stand for election."""

After = Callable[[], None]
"""What follows right after a member was restarted."""


class Marathons:
    """Sees to the Marathons of a roll: they stay led, and none boots more often than it must.

    Whoever would be lost with the member of ZooKeeper that is restarted next is `held`, if it leads or is not
    to boot once more: stopped beforehand, so that it does not hang, nor docker starts it again. Those on the
    hosts `anew` are made anew in the roll. Each of these boots at most once until ZooKeeper's leader is
    restarted, which ends them all, and once then; unless otherwise nobody could lead.
    """

    def __init__(self, hosts: Hosts, anew: Collection[str] = ()) -> None:
        self.held: set[str] = set()
        self._hosts, self._anew, self._booted = hosts, frozenset(anew), set[str]()
        self._sees_to = len(MARATHON.nodes(hosts.cluster)) > 1 and hosts.has_all(MARATHON)
        self._booting: set[str] = set()
        self._work = 0

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
            return turn, self._made_anew(turn.members, waiting)
        if first.service != ZOOKEEPER.service or more or not self._sees_to:
            return turn, lambda: None
        (member,) = _nodes(self._hosts, [first.node])
        own = [each.node for each in waiting if each.service == MARATHON.service]
        if turn.leads:
            return turn, self._before_leader(member, own)
        seen = self._released(member, own)
        if isinstance(seen, Turn):
            return seen, self._made_anew(seen.members, waiting)
        coming = sum(each.service == ZOOKEEPER.service and each != first for each in waiting)
        return turn, self._before_follower(member, seen, own, coming)

    def see_boots(self) -> None:
        """See how much work it is to boot, of those that were started, unless it is too late for that."""
        booting, self._booting = self._booting, set()
        if booting:
            seen = _ties(self._hosts, booting, gates.settling(self._hosts))
            self._work = min((one.work for one in seen.values() if one.work), default=self._work)

    def start_held(self, but: Collection[str] = ()) -> None:
        """Have those run that are held, `but` some; where that fails, it is only told."""
        held = sorted(self.held - {*but})
        try:
            self._start(held)
        except OperatorError as error:
            self._hosts.console.say(str(error), "warning")

    def _made_anew(self, members: Sequence[Member], waiting: Sequence[Member]) -> After:
        """Note who boots in this turn; if ZooKeeper is to be restarted later, see how much work that is."""
        names = {member.node for member in members}
        self._booted |= names
        self.held -= names
        if not self._sees_to or all(each.service != ZOOKEEPER.service for each in waiting):
            return lambda: None
        self._booting |= names
        return self.see_boots

    def _before_leader(self, member: Node, own: Collection[str]) -> After:
        known, standing = _seen(self._hosts, member)
        booting = sorted(self.held)[:1] or ties.last_standby(ties.line(self._hosts.cluster, standing))
        if booting and not self._boots_on(booting):
            self._hold(booting)
            booting, standing = [], _standing(self._hosts, member)
        tied = {name: one for name, one in known.items() if name not in {*booting, *self.held}}

        def after() -> None:
            ended = [*_ended(self._hosts, tied), *self.held]
            _forget(self._hosts, member, standing, ended)
            names = [name for name in ended if name not in own]
            self.held.clear()
            if booting:  # one boots already, and several at once take longer
                _await_leader(self._hosts, self._all())
            self._start(names)

        return after

    def _boots_on(self, names: Sequence[str]) -> bool:
        """Have them boot until ZooKeeper's leader may go; tell whether they are still not connected then."""
        self._boot_again(names, "one that boots is not hit when ZooKeeper's leader is restarted next")
        work = int(self._work * ties.PART) if self._work >= ties.SLOW else 0
        seen = _ties(self._hosts, names, gates.settling(self._hosts) if work else ties.QUICK, work)
        return not any(one.members for one in seen.values())

    def _before_follower(self, member: Node, seen: Seen, own: Collection[str], coming: int) -> After:
        """Stop those that are tied to the member and not to boot twice; see `before`."""
        known, standing = seen
        running = {name: one for name, one in known.items() if name not in self.held}
        tied = {name: one for name, one in running.items() if member.name in one.members}
        done_with = [name for name in tied if name in own or not self._may_boot(name)]
        led = ties.line(self._hosts.cluster, standing)[:1]
        self._hold([name for name in done_with if name not in led])
        self._hold([name for name in done_with if name in led])

        def after() -> None:
            hit = {name: one for name, one in tied.items() if name not in done_with}
            ended = _ended(self._hosts, hit)
            _forget(self._hosts, member, standing, ended)
            self._are_held(ended)
            if self.held >= self._all() and not own:
                self.start_held(but=sorted(self.held)[1:])  # rather one boot more than nobody who answers
            elif coming != 1:  # else that is ZooKeeper's leader, which ends them all
                late = [name for name in self._all() if coming and not self._may_boot(name)]
                self.start_held(but=[*own, *late])

        return after

    def _released(self, member: Node, own: Collection[str]) -> Seen | Turn:
        """Have a Marathon lead that is not tied to the member, or give up; or give a turn to be taken first.

        Whoever stands in line before one that is free is stopped. While nobody is free, all that do not lead
        boot again, and land elsewhere, with luck; whoever is to be made anew is so instead.
        """
        for _ in range(TRIES):
            known, standing = _seen(self._hosts, member)
            line = ties.line(self._hosts.cluster, standing)
            in_the_way = ties.in_the_way(member.name, line, known)
            if in_the_way is not None:
                self._make_way(in_the_way, line)
                return known, standing
            if anew := [name for name in line[1:] if name in own]:
                return Turn((Member(MARATHON.service, anew[0]),))
            landing = sorted(self.held) or line[1:]
            self._boot_again(landing, "with the next member of ZooKeeper to be restarted nobody could lead")
            self.see_boots()
            for node in _nodes(self._hosts, landing):
                gates.reach_member(self._hosts, MARATHON, node)
        return _seen(self._hosts, member)

    def _make_way(self, in_the_way: Sequence[str], line: Sequence[str]) -> None:
        """Stop those in the way, the leader last, and wait until the next in line leads."""
        if not in_the_way:
            return
        self._hold(in_the_way[1:])
        self._hold(in_the_way[:1])
        _await_leader(self._hosts, line[len(in_the_way) :])

    def _may_boot(self, name: str) -> bool:
        return name not in self._anew or name not in self._booted

    def _all(self) -> set[str]:
        return {node.name for node in MARATHON.nodes(self._hosts.cluster)}

    def _hold(self, names: Sequence[str]) -> None:
        """Stop Marathons with time, so that one hands over what it leads."""
        nodes = _nodes(self._hosts, names)
        self._hosts.act({node.name: [ties.stop(self._hosts.container(MARATHON, node))] for node in nodes})
        self._are_held(names)

    def _are_held(self, names: Collection[str]) -> None:
        self.held |= {*names}
        self._booting -= {*names}

    def _boot_again(self, names: Sequence[str], why: str) -> None:
        held, running = ([name for name in names if (name in self.held) is held] for held in (True, False))
        self._start(held)
        nodes = _nodes(self._hosts, running)
        self._hosts.act({node.name: [_restart(self._hosts, node, why)] for node in nodes})
        self._begin(running)

    def _start(self, names: Sequence[str]) -> None:
        try:
            self._hosts.act({node.name: [ties.start(node)] for node in _nodes(self._hosts, names)})
        except StepFailed as error:  # Marathon's gate tells; it is nothing against the member of ZooKeeper
            self._hosts.console.say(str(error), "warning")
        self._begin(names)

    def _begin(self, names: Sequence[str]) -> None:
        self._booting |= {*names}
        self._booted |= {*names}
        self.held -= {*names}


def _restart(hosts: Hosts, node: Node, why: str) -> Step:
    container = hosts.container(MARATHON, node)
    return restart(container, why, f"restarts {container.name}", container.grace)


def _seen(hosts: Hosts, member: Node) -> Seen:
    """Give how the Marathons are tied, and how they stand for election; nothing of what nobody tells."""
    names = [node.name for node in MARATHON.nodes(hosts.cluster)]
    return _ties(hosts, names), _standing(hosts, member)


def _ties(hosts: Hosts, names: Collection[str], patience: int = 0, work: int = 0) -> dict[str, Ties]:
    """Ask these hosts of their Marathons; nothing of one that does not tell, or whose Marathon does not run.

    With `patience` wait for so many seconds until each is connected, or has done so much work.
    """

    def ask(node: Node) -> Ties | None:
        inquiry = Inquiry.of(
            "look at Marathon's sessions",
            lambda mark: ties.script(node, mark, patience, work),
            lambda text, mark: ties.read(text, mark, hosts.cluster),
        )
        try:
            return hosts.inquire(node, inquiry)
        except OperatorError:
            return None

    found = hosts.each(_nodes(hosts, names), ask)
    return {name: one for name, one in found.items() if one and one.since}


def _standing(hosts: Hosts, member: Node) -> list[Candidacy]:
    try:
        with hosts.tree(member, but=member) as tree:
            return tree.candidacies(ties.path(hosts.cluster))
    except NoTree:
        return []


def _ended(hosts: Hosts, tied: Mapping[str, Ties]) -> list[str]:
    """End those of the tied that hang, and give the hosts of all that have ended.

    What fails here is told, and does not matter: they would end by themselves.
    """
    try:
        said = hosts.act({node.name: [ties.end(node, tied[node.name].since)] for node in _nodes(hosts, tied)})
    except OperatorError as error:
        hosts.console.say(str(error), "warning")
        return []
    return [name for name, words in said.items() if ties.ENDED in words.splitlines()]


def _nodes(hosts: Hosts, names: Collection[str]) -> list[Node]:
    return [node for node in hosts.nodes if node.name in names]


def _forget(hosts: Hosts, member: Node, standing: Sequence[Candidacy], ended: Collection[str]) -> None:
    """Remove the candidacies of those that have ended, so that nobody waits for their sessions."""
    stale = [one for one in standing if {*ties.line(hosts.cluster, [one])} & {*ended}]
    if not stale:
        return
    try:
        with hosts.tree(member, but=member) as tree:
            for one in stale:
                tree.remove(one)
    except NoTree as error:
        told = f"{member.name}  another Marathon leads only when sessions have ended: {error}."
        hosts.console.say(told, "warning")


def _await_leader(hosts: Hosts, among: Collection[str]) -> None:
    def leads(said: gates.Said) -> bool:
        return gates.standings(hosts, said)[MARATHON.service].leader in among

    gates.ask_until(hosts, [MARATHON], leads)
