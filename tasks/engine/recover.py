"""ZooKeeper and the masters start again after an outage of all: those that have data first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadInput, Blocked, GateNotReached, OperatorError
from ..inventory.cluster import Node
from ..plan.look.observed import Observed
from ..plan.membership import forsaken
from ..plan.mesos_master import outage as masters
from ..plan.runbook import MESOS_MASTER, ZOOKEEPER, Chapter
from ..plan.words import capitalized, grouped, names
from ..plan.zookeeper import endings, outage
from ..plan.zookeeper.endings import Ending
from ..plan.zookeeper.outage import Remains
from ..plan.zookeeper.service import member
from . import fanout, gates, lease
from .hosts import Hosts, Inquiry
from .performing import Result, perform
from .preview import Preview, plan
from .refusals import refuse_if_blocked
from .run import Run
from .shrinking import all_forgotten

SERVERS = (ZOOKEEPER, MESOS_MASTER)

REST = "`fab deploy-cluster` does what else is missing"


@dataclass(frozen=True)
class Recovery:
    """What was seen of the servers' hosts, and what is left there; the others are `lost`."""

    hosts: Hosts
    seen: Mapping[str, Observed]
    lost: Mapping[str, OperatorError]
    members: Sequence[Remains]

    @property
    def first(self) -> list[Node]:
        """The ZooKeepers with data, the newest first."""
        return [one.node for one in self.members if one.newest is not None]

    @property
    def newest(self) -> list[Node]:
        """Those of them that have the newest data."""
        best = max((one.rank for one in self.members if one.newest is not None), default=None)
        return [one.node for one in self.members if one.newest is not None and one.rank == best]

    @property
    def later(self) -> list[Node]:
        """The ZooKeepers without data, which start one at a time."""
        return [one.node for one in self.members if one.newest is None and not one.serves]

    @property
    def astray(self) -> list[Node]:
        """Those of them that run while nobody serves: they vote."""
        served = outage.serves(self.hosts.cluster, self.members)
        return [one.node for one in self.members if one.newest is None and one.runs and not served]

    @property
    def masters(self) -> tuple[list[Node], list[Node]]:
        """The masters that start together, and those that start one at a time then."""
        having = masters.holding(self.hosts.cluster, self.seen)
        there = (n for n in MESOS_MASTER.nodes(self.hosts.cluster) if n.name in self.seen)
        return having, [node for node in there if node not in having]

    def lines(self) -> Iterator[str]:
        """Say what everybody has, and who starts when."""
        told = [*outage.told(self.members), *masters.told(self.hosts.cluster, self.seen)]
        yield from (f"{name}  {text}" for name, text in told)
        yield from grouped((name, f"not seen: {error.text}") for name, error in self.lost.items())
        having, new = self.masters
        turns = [("ZooKeeper starts", self.first, self.later), ("Mesos masters start", having, new)]
        for title, those, more in (turn for turn in turns if turn[1]):
            then = f", then {names(node.name for node in more)}, one at a time" if more else ""
            yield f"{title}: {names(node.name for node in those)}{then}."

    def refuse(self) -> None:
        """Raise Blocked if those that have data are too few."""
        cluster = self.hosts.cluster
        ensemble = outage.refusal(cluster, self.members, self.seen)
        for why, remedy in (ensemble, masters.refusal(cluster, self.masters[0], self.seen)):
            if why:
                raise Blocked(f"{capitalized(why)}. {capitalized(remedy)}. Nothing was started.")


def preview(run: Run) -> Recovery:
    """Look at the hosts of ZooKeeper and the masters, and say what is left there.

    Raises BadInput, and Unreachable if nobody can be reached.
    """
    hosts = _servers(run)
    seen, lost = hosts.look(SERVERS)
    if not seen:
        fanout.refuse(lost)
    return _found(hosts.among(seen), seen, lost)


def recover(run: Run) -> Result:
    """Start ZooKeeper and the masters again, those that have data first.

    Raises BadInput; Blocked before anything is started; StepFailed, GateNotReached or Unreachable.
    """
    lost = preview(run).lost
    here = _servers(run).among([node.name for node in run.hosts.nodes if node.name not in lost])
    with lease.held(Run(here, SERVERS)) as leases:
        seen = leases.secure()
        found = _found(here, {node.name: seen[node.name] for node in here.nodes}, lost)
        for line in found.lines():
            run.console.say(line)
        found.refuse()
        _stop(here, found.astray)
        _start_newest(here, found.newest)
        _start(here, ZOOKEEPER, found.first, found.later)
        _start(here, MESOS_MASTER, *found.masters)
    return Result({}, (f"ZooKeeper and the masters serve again; {REST}",))


def _servers(run: Run) -> Hosts:
    if run.hosts.nodes != run.cluster.nodes:
        raise BadInput("only all hosts together tell who has the newest data: leave out -H")
    return run.hosts.among([n.name for n in run.hosts.nodes if any(one.concerns(n) for one in SERVERS)])


def _found(hosts: Hosts, seen: Mapping[str, Observed], lost: Mapping[str, OperatorError]) -> Recovery:
    there = [node for node in ZOOKEEPER.nodes(hosts.cluster) if node.name in seen]
    found = hosts.each(there, lambda node: hosts.inquire(node, _ending(node, seen[node.name])))
    return Recovery(hosts, seen, lost, outage.left(hosts.cluster, seen, found))


def _ending(node: Node, seen: Observed) -> Inquiry[Ending]:
    files = outage.files(node, seen)
    return Inquiry.of(
        "look at its last transaction", lambda mark: endings.asking(node, files, mark), endings.read
    )


def _stop(hosts: Hosts, those: Sequence[Node]) -> None:
    """Stop members without data, which vote, until the others serve."""
    steps = {}
    for node in those:
        container = hosts.container(ZOOKEEPER, node)
        steps[node.name] = [forsaken(container.step, container.name, "it has no data, and would vote")]
    hosts.act(steps)


def _start_newest(hosts: Hosts, those: Sequence[Node]) -> None:
    """Start the ZooKeepers with the newest data, and wait until they answer: no others elect before them."""

    def answer(said: gates.Said) -> bool:
        silent[:] = [node.name for node in those if not member(said[ZOOKEEPER][node.name]).present]
        return not silent

    silent = list[str]()
    found = _planned(Run(hosts.among([node.name for node in those]), [ZOOKEEPER])).plans
    hosts.act({name: each.in_phase("stage", "start") for name, each in found.items()})
    gates.ask_until(hosts, [ZOOKEEPER], answer)
    if silent:
        told = "it has the newest data, and was started, and does not answer; no other one was started"
        raise GateNotReached(
            told, "Look at `docker logs zookeeper` there; then run this again.", names(silent)
        )


def _start(hosts: Hosts, chapter: Chapter, first: Sequence[Node], later: Sequence[Node]) -> None:
    """Start members of a service together, wait until it serves, then the others one at a time."""
    up = [node.name for node in first]
    for those in ([*first], *([node] for node in later)):
        if those:
            if chapter is MESOS_MASTER and those != first:  # the log may still count what one was before
                gates.reach(hosts, MESOS_MASTER, frozenset(up), all_forgotten)
                up += (node.name for node in those)
            run = Run(hosts.among([node.name for node in those]), [chapter])
            perform(run, _planned(run))


def _planned(run: Run) -> Preview:
    """Plan what is missing; an outage is no time to change who is a member. Raises Blocked."""
    found, unchanged = plan(run), "Nothing more was started."
    refuse_if_blocked(found.plans, unchanged)
    for _, stage in found.stages:
        was = "run this with the members that hosts.ini had before"
        raise Blocked(f"hosts.ini changes who is a member ({stage.says}): {was}. {unchanged}")
    return found
