"""A host is drained so that a person can work on it, and used again afterwards."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..errors import Blocked, GateNotReached
from ..inventory.cluster import Node
from ..plan import roll
from ..plan.look.observed import Observed
from ..plan.mesos_agent import foreseen, moving, picture, requests
from ..plan.mesos_agent.moving import Ahead, Move
from ..plan.mesos_agent.picture import Picture, Unclear
from ..plan.names import Id
from ..plan.runbook import CHAPTERS, MARATHON, MESOS_AGENT, MESOS_MASTER, ZOOKEEPER
from ..plan.words import names
from . import gates, lease, principals, succession
from .hosts import Hosts
from .performing import Result
from .run import Run

QUORUMS = (ZOOKEEPER, MESOS_MASTER)

GOES_ON = "`fab host.drain {0}` goes on where this run stopped; `fab host.resume {0}` gives everything back."


@dataclass(frozen=True)
class Words:
    """What is said of a drain of a host, {0}: what goes on with it, and what helps where it cannot be done.

    `refused` is said before that advice, if nothing was begun.
    """

    goes_on: str
    advice: str
    refused: str = "Nothing was changed"


SERVICE = Words(
    GOES_ON, "Move or end that by hand, or have it left there, to end with the host: --drain-timeout SECONDS."
)


@dataclass(frozen=True)
class DrainLimits:
    """Seconds: between two looks, and how long nothing may be done while offers lack something, or else.

    The last one is `gate_timeout` of hosts.ini if it is not given.
    """

    pause: float = 0.3
    lacking: float = gates.SETTLING
    changing: float | None = None


class Stuck(Exception):
    """What could not be moved in time; the text says why, a sentence for each app."""


def drain(run: Run, node: Node, timeout: int | None, limits: DrainLimits = DrainLimits()) -> Result:
    """Have nothing run on a host that others could run, and nobody lead there that can hand over.

    What cannot be moved within `timeout` seconds is left there; without one, everything is given back. Raises
    Blocked if a service would stop without the host, or its tasks cannot be moved; else what a roll raises.
    """
    if _has_agent(node):
        run.hosts.journal.expect(GOES_ON.format(node.name))
    with lease.held(run) as leases:
        seen = leases.secure()
        succession.bring_back(run.hosts, node, seen[node.name])
        done = empty(run, node, seen, timeout, limits)
    ready = f"{node.name} is drained. Once the work there is done: fab host.resume {node.name}"
    return replace(done, says=(*done.says, ready))


def empty(
    run: Run,
    node: Node,
    seen: Mapping[str, Observed],
    timeout: int | None,
    limits: DrainLimits = DrainLimits(),
) -> Result:
    """Drain a host for a run that holds it and all members; `seen` are its looks. Say what was left there."""
    over: list[str] = []
    principals.refuse_if_unfinished(run, seen, f"{node.name} is not drained now")
    for line in foreseen.leaving(node, _refuse_if_needed(run, node)):
        run.console.say(f"{line}.")
    left = Agent(run.hosts, node, limits).empty(timeout) if _has_agent(node) else []
    for chapter in (each for each in (MESOS_MASTER, MARATHON) if each.concerns(node)):
        over += succession.step_down(Run(run.hosts, [chapter]), node, seen)
    return Result({}, tuple(f"{node.name}  {each}: that ends with the host" for each in left), tuple(over))


def resume(run: Run, node: Node, limits: DrainLimits = DrainLimits()) -> Result:
    """Give back what a drain has taken, also one that was cut short."""
    if not (_has_agent(node) or MESOS_MASTER.concerns(node)):
        return Result({}, (f"{node.name} has no agent, so there is nothing to give back",))
    run.hosts.journal.expect(GOES_ON.format(node.name))
    with lease.held(run) as leases:
        back = succession.bring_back(run.hosts, node, leases.secure()[node.name])
        given = give_back(run, node, limits) or back
    if not _has_agent(node):
        brought = "its master runs again" if back else "there is nothing to give back"
        return Result({}, (f"{node.name} has no agent, so {brought}",))
    return Result({}, (f"{node.name} takes tasks again" if given else f"{node.name} was not drained",))


def give_back(run: Run, node: Node, limits: DrainLimits = DrainLimits()) -> bool:
    """Give back what a drain of the host has taken; tell whether that was anything."""
    if not _has_agent(node):
        return False
    agent = Agent(run.hosts, node, limits)
    given = bool(agent.look().ours)
    agent.reach(moving.giving_back)
    return given


def preview(run: Run, node: Node, timeout: int | None = None, back: str = "") -> Result:
    """Say what a drain would do now; raise Blocked as it would. Nothing is changed.

    `back` is a host whose members all serve again by then.
    """
    lines = [*foreseen.leaving(node, _refuse_if_needed(run, node, back))]
    if not _has_agent(node):
        return Result({}, (*lines, f"{node.name} has no agent, so no task is moved"))
    agent = Agent(run.hosts, node)
    seen = agent.look()
    obstacles = [*moving.obstacles(seen)]
    if timeout is None:
        agent.refuse(obstacles, "A drain would be refused")
    left = (f"{node.name}  {each}: that ends with the host" for each in obstacles)
    return Result({}, (*foreseen.moved(node, seen), *left, *lines))


def _has_agent(node: Node) -> bool:
    return MESOS_AGENT.concerns(node)


def _refuse_if_needed(run: Run, node: Node, back: str = "") -> roll.Standings:
    """Raise Blocked if a service would stop while a person works on the host, or nobody can tell."""
    leaving = [each.name for each in run.cluster.removed if {*each.roles} & {one.role for one in QUORUMS}]
    if leaving:
        raise Blocked(
            f"{names(leaving)}  in [removed]: while a ZooKeeper or a master leaves, hosts.ini does not tell "
            "how many of them must serve. Deploy, take those lines out of hosts.ini, then run this again. "
            "Nothing was changed."
        )
    asked = [each for each in CHAPTERS if each.members and each.concerns(node)]
    standings = gates.standings_now(run.hosts, asked)
    for chapter in (each for each in asked if back in {one.name for one in each.nodes(run.cluster)}):
        now = standings[chapter.service]
        standings[chapter.service] = replace(now, serving=now.serving | {back})
    if needed := roll.needed(standings, node.name):
        raise Blocked("\n".join([*(f"{node.name}  {why}." for why in needed), "Nothing was changed."]))
    return standings


def _refused(timeout: float | None) -> str:
    return "what was asked for is refused" if timeout is None else f"{timeout:g} s were too short for that"


class Agent:
    """An agent that is looked at, and moved off, by requests from the hosts of those that lead."""

    def __init__(
        self, hosts: Hosts, node: Node, limits: DrainLimits = DrainLimits(), words: Words = SERVICE
    ) -> None:
        self._hosts, self._node, self._limits = hosts, node, limits
        self._goes_on, self._words = words.goes_on.format(node.name), words
        self._leaders: tuple[Node, Node | None] | None = None

    def refuse(self, why: list[str], then: str) -> None:
        """Raise Blocked if there is something that cannot be moved."""
        if why:
            told = (f"{self._node.name}  {each}." for each in why)
            raise Blocked("\n".join([*told, f"{then}. {self._words.advice}"]))

    def empty(self, timeout: int | None) -> list[str]:
        """Move all tasks off the agent; say what was left there. Raises Blocked."""
        obstacles = [*moving.obstacles(self.look())]
        if timeout is None:
            self.refuse(obstacles, self._words.refused)
        try:
            self._go(moving.draining, timeout)
            why = [*moving.obstacles(self.look())]  # somebody may have come before the agent was closed
        except Stuck as stuck:
            why = str(stuck).splitlines()
        if why and timeout is None:
            self._undo(why)
        for each in why:
            self._hosts.console.say(f"{self._node.name}  not moved: {each}.", "warning")
        self.reach(moving.letting_go)
        return moving.staying(self.look())

    def _undo(self, why: list[str]) -> None:
        self.reach(moving.giving_back)
        self._hosts.journal.expect(f"{self._node.name} takes tasks as before.")
        self.refuse(why, "Everything was given back; no app has other instances than before")

    def look(self) -> Picture:
        """Give the picture of now. Raises GateNotReached if somebody does not tell what must be known."""
        deadline = time.monotonic() + gates.settling(self._hosts)
        while True:
            try:
                return self._look()
            except Unclear as unclear:
                if time.monotonic() > deadline:
                    where, remedy = f"{Id.AGENT_ASK} Mesos agents", "`fab status` tells more; then run again."
                    raise GateNotReached(str(unclear), remedy, self._node.name, where) from unclear
                time.sleep(self._limits.pause)

    def _look(self) -> Picture:
        cluster = self._hosts.cluster
        said = gates.ask_one(self._hosts, MESOS_MASTER.nodes(cluster)[0], picture.who_leads(cluster))
        master, marathon = self._leaders = picture.leaders(cluster, said)
        said |= gates.ask_one(self._hosts, self._node, picture.of_agent(self._node))
        if marathon is not None:
            said |= gates.ask_one(self._hosts, marathon, picture.of_marathon(marathon))
        return picture.read(self._node, master, marathon, said)

    def reach(self, course: Callable[[Picture], Ahead]) -> None:
        """Do what needs nobody's room. Raises GateNotReached if it is refused all the same."""
        try:
            self._go(course)
        except Stuck as stuck:
            where, remedy = f"{Id.AGENT_ASK} Mesos agents", self._goes_on
            raise GateNotReached(str(stuck), remedy, self._node.name, where) from stuck

    def _go(self, course: Callable[[Picture], Ahead], timeout: float | None = None) -> None:
        """Look and do what is next until all is done. Raises Stuck if nothing more happens."""
        last: tuple[Move, ...] = ()
        since = time.monotonic()
        while (now := course(seen := self.look())) != Ahead():
            if timeout is None and now.moves not in ((), last):
                last, since = now.moves, time.monotonic()
            elif time.monotonic() - since > self._patience(now, timeout):
                raise Stuck("\n".join(wait.why for wait in now.waits) or _refused(timeout))
            self._make(now.moves, seen.agent)
            time.sleep(self._limits.pause)

    def _patience(self, now: Ahead, timeout: float | None) -> float:
        if timeout is not None:
            return timeout
        longest = self._limits.changing
        if longest is None:
            longest = self._hosts.cluster.settings.gate_timeout
        return min(self._limits.lacking, longest) if any(w.lacking for w in now.waits) else longest

    def _make(self, moves: tuple[Move, ...], agent: str) -> None:
        assert self._leaders is not None  # the look has found them
        for move in moves:
            self._hosts.act(requests.steps([move], agent, self._node.name, *self._leaders))
