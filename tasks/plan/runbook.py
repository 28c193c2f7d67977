"""The runbook: its chapters in order, and what each wants of a node."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain

from ..inventory.cluster import Cluster, Node
from .compare import advice, belonging
from .compare.compared import Host
from .compare.host import compare
from .compare.listening import as_it_runs
from .desired import DIGEST, Container, Item, every_host, of
from .gate import Members, Question
from .look import candidates
from .look.docker import SeenContainer
from .look.observed import Observed, Questions, questions
from .marathon import desired as marathon
from .marathon import handover, introduction
from .marathon import strangers as other_marathons
from .marathon.service import Marathons
from .membership import Left, Membership, Plans, Seen, Stage, Stranger, Strangers, left, without_place
from .mesos_agent import desired as mesos_agent
from .mesos_agent import strangers as other_agents
from .mesos_agent import upgrade as mesos_versions
from .mesos_agent.service import Agents
from .mesos_master import demands, rotation
from .mesos_master import desired as mesos_master
from .mesos_master import strangers as other_masters
from .mesos_master.service import Masters
from .names import SERVICES, Id
from .step import Blocker, HostPlan, Step
from .zookeeper import closing, ids, members, upgrade
from .zookeeper import desired as zookeeper
from .zookeeper import strangers as other_members
from .zookeeper.service import Ensemble


@dataclass(frozen=True)
class Chapter:
    """One chapter: for nodes of `role` (every node if None), with the gate that ends it, if one does.

    It leans on the chapters of a lower `rank`, and on none of its own; one that `waits` for those by itself
    may start beside them, as long as ZooKeeper serves. `gate` is the id of the question that the gate asks;
    `objections` may refuse a change of one host. `membership` sees all hosts together, where members need
    each other. `arrange` makes other steps of those that were found, where they would not do. `strangers`
    finds who takes part and is none of its members. `advise` says what leads on where one host cannot tell.
    """

    role: str | None
    rank: int
    desired: Callable[[Cluster, Node], tuple[Item, ...]]
    members: Members | None = None
    gate: Id | None = None
    waits: bool = False
    objections: Callable[[Cluster, Node, Observed], Iterable[Blocker]] = lambda cluster, node, seen: ()
    membership: Callable[[Cluster, Seen, Plans], Membership] | None = None
    arrange: Callable[[Cluster, Seen, Plans], Plans] = lambda cluster, seen, plans: plans
    strangers: Strangers | None = None
    advise: Callable[[Cluster, Seen, Node, Blocker], Blocker] = lambda cluster, seen, node, blocker: blocker

    @property
    def service(self) -> str:
        """The service's key wherever several are told apart: its role, or `host`."""
        return self.role or "host"

    @property
    def title(self) -> str:
        """What people call what the chapter brings up."""
        return SERVICES.get(self.service, "Every host")

    def holds(self, one: Step | Blocker) -> bool:
        """Tell whether a step or a blocker is of this chapter; what blocks every step is of `host`."""
        return (one.id.service if one.id else HOST.service) == self.service

    def containers(self, cluster: Cluster, node: Node) -> tuple[str, ...]:
        """Give the names of the containers that this chapter runs on `node`."""
        return tuple(each.name for each in containers([self], cluster, node))

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """Give the nodes that this chapter asks anything of."""
        return tuple(node for node in cluster.nodes if self.concerns(node))

    def concerns(self, node: Node) -> bool:
        """Tell whether this chapter asks anything of `node`."""
        return self.role is None or self.role in node.roles


HOST = Chapter(None, 1, every_host.wanted)
ZOOKEEPER = Chapter(
    "zookeeper",
    2,
    zookeeper.desired,
    Ensemble(),
    Id.ZOOKEEPER_ASK,
    objections=upgrade.objections,
    membership=members.membership,
    arrange=upgrade.prepared,
    strangers=Strangers("zookeeper", other_members.found, other_members.suspected),
    advise=ids.advise,
)
MESOS_MASTER = Chapter(
    "mesos_master",
    3,
    mesos_master.desired,
    Masters(),
    Id.MASTER_ASK,
    objections=rotation.objections,
    membership=demands.membership,
    arrange=closing.arranged,
    strangers=Strangers("mesos-master-", other_masters.found, other_masters.suspected),
)
MARATHON = Chapter(
    "marathon",
    4,
    marathon.desired,
    Marathons(),
    Id.MARATHON_ASK,
    waits=True,
    membership=handover.membership,
    arrange=introduction.arranged,
    strangers=Strangers("marathon-", other_marathons.found, other_marathons.suspected),
)
MESOS_AGENT = Chapter(
    "mesos_agent",
    4,
    mesos_agent.desired,
    Agents(),
    Id.AGENT_ASK,
    waits=True,
    objections=mesos_agent.objections,
    arrange=mesos_versions.arranged,
    strangers=Strangers("mesos-slave", other_agents.found),
)

CHAPTERS = (HOST, ZOOKEEPER, MESOS_MASTER, MARATHON, MESOS_AGENT)

ASKING = frozenset({Id.CHECK_IP, *(chapter.gate for chapter in CHAPTERS if chapter.gate)})
"""The ids whose steps change nothing."""

UNASKED = SeenContainer(status="running", labels={DIGEST: ""})
"""A container of which nothing is known but its name."""

NAMED = {chapter.service: chapter for chapter in CHAPTERS}
"""Every chapter by the name of its module of tasks."""


def wanted(chapters: Iterable[Chapter], cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Give everything `chapters` want of `node`, in the runbook's order."""
    return tuple(i for chapter in chapters if chapter.concerns(node) for i in chapter.desired(cluster, node))


def containers(chapters: Iterable[Chapter], cluster: Cluster, node: Node) -> list[Container]:
    """Give the containers among what `chapters` want of `node`."""
    return of(Container, wanted(chapters, cluster, node))


def lost_images(chapters: Iterable[Chapter], cluster: Cluster, node: Node, seen: Observed) -> list[str]:
    """Give images of which containers of `node` were made and that it holds no more by these names."""
    return [
        one.image
        for one in containers(chapters, cluster, node)
        if one.image not in seen.images and seen.container(one.name).image == one.image
    ]


def ask(chapters: Iterable[Chapter], cluster: Cluster, node: Node) -> Questions:
    """Give what has to be asked of `node` before these chapters can be compared."""
    chapters = tuple(chapters)
    words: dict[str, Question] = {}
    vital: dict[str, Question] = {}
    for chapter in chapters:
        if chapter.members is not None and chapter.concerns(node):
            own, first = chapter.members.questions(cluster, node), chapter.members.vital(cluster, node)
            words |= {f"{chapter.role} {name}": question for name, question in {**own, **first}.items()}
            vital |= {f"{chapter.role} {name}": question for name, question in first.items()}
    if ZOOKEEPER in chapters and ZOOKEEPER.concerns(node):
        words["zookeeper dump"] = candidates.question(cluster, node)
    return questions(wanted(chapters, cluster, node), words, frozenset(vital))


def suspicious(chapters: Iterable[Chapter], cluster: Cluster, seen: Seen) -> str:
    """Name the node to be asked about strangers that a look makes suspect; "" if it suspects none."""
    suspected = any(each.suspected(cluster, seen) for each in _strangers(chapters).values())
    return candidates.witness(seen) if suspected or _left(cluster, seen) else ""


def strangers(chapters: Iterable[Chapter], cluster: Cluster, seen: Seen) -> list[Stranger]:
    """Give everybody who has no place in hosts.ini, of these chapters' services, whatever ports it has."""
    running = as_it_runs(cluster, seen, lambda node: containers(CHAPTERS, cluster, node))
    return without_place(_strangers(chapters), running, seen, _left(cluster, seen))


def _strangers(chapters: Iterable[Chapter]) -> dict[str, Strangers]:
    return {each.service: each.strangers for each in chapters if each.strangers}


def _left(cluster: Cluster, seen: Seen) -> Left:
    return left(cluster, seen, lambda node: [one.name for one in containers(CHAPTERS, cluster, node)])


def plans(
    chapters: Iterable[Chapter], cluster: Cluster, nodes: Iterable[Node], seen: Seen
) -> dict[str, HostPlan]:
    """Give the plan of every one of `nodes`; `seen` may tell of more, on whom it depends who may join."""
    chapters = tuple(chapters)
    found = unadvised(chapters, cluster, nodes, seen)
    told = advice.advised(
        cluster,
        seen,
        {name: plan.blockers for name, plan in found.items()},
        lambda after: refused(chapters, after, [*found], seen),
    )
    return {name: replace(plan, blockers=told[name]) for name, plan in found.items()}


def unadvised(
    chapters: Iterable[Chapter], cluster: Cluster, nodes: Iterable[Node], seen: Seen
) -> dict[str, HostPlan]:
    """Give the same plans, but with changes of hosts.ini that nobody has tried yet."""
    chapters, nodes = tuple(chapters), tuple(nodes)
    found = {node.name: missing(chapters, cluster, node, seen[node.name]) for node in nodes}
    for chapter in chapters:
        for name, blocker in _membership(chapter, cluster, seen, found).objections:
            found[name] = replace(found[name], blockers=(*found[name].blockers, blocker))
        found = dict(chapter.arrange(cluster, seen, found))
        for node in (node for node in nodes if found[node.name].blockers):
            blockers = tuple(chapter.advise(cluster, seen, node, one) for one in found[node.name].blockers)
            found[node.name] = replace(found[node.name], blockers=blockers)
    return found


def supposed(cluster: Cluster, seen: Seen) -> dict[str, Observed]:
    """Give what would be seen with another hosts.ini: who is to log in by sudo would be root.

    Of containers that nobody asked for, as they had other names, it is known that they are there.
    """
    become = {node.name for node in cluster.nodes if node.ssh.become}
    return {
        name: replace(
            each,
            user=0 if name in become else each.user,
            containers={**dict.fromkeys(each.clusters, UNASKED), **each.containers},
        )
        for name, each in seen.items()
    }


def refused(
    chapters: Iterable[Chapter], cluster: Cluster, names: Iterable[str], seen: Seen
) -> set[tuple[str, tuple[str, ...]]]:
    """Give what would be refused on these hosts with another hosts.ini, the hosts being as they were seen."""
    nodes = [node for node in cluster.nodes if node.name in {*names} & seen.keys()]
    plans = unadvised(chapters, cluster, nodes, supposed(cluster, seen))
    return {(name, blocker.what) for name, plan in plans.items() for blocker in plan.blockers}


def stages(
    chapters: Iterable[Chapter], cluster: Cluster, seen: Seen, plans: Plans
) -> list[tuple[Chapter, Stage]]:
    """Give the clusters that a change of members goes through before the wanted one, in order."""
    return [(each, stage) for each in chapters for stage in _membership(each, cluster, seen, plans).stages]


def _membership(chapter: Chapter, cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Ask a chapter, if it has any member in the run; what was seen elsewhere is told of the run's first."""
    here = [node.name for node in chapter.nodes(cluster) if node.name in plans]
    if chapter.membership is None or not here:
        return Membership()
    told = chapter.membership(cluster, seen, plans)
    objections = (
        (name, blocker) if name in plans else (here[0], replace(blocker, seen=f"of {name}, {blocker.seen}"))
        for name, blocker in told.objections
    )
    return replace(told, objections=tuple(objections))


def missing(chapters: Iterable[Chapter], cluster: Cluster, node: Node, seen: Observed) -> HostPlan:
    """Give the plan for `node`: what these chapters want and the host does not have."""
    chapters = tuple(chapters)

    def role(container: str) -> str:
        for chapter in chapters:
            if chapter.members is not None and container in chapter.containers(cluster, node):
                return chapter.members.role(node, seen.said(chapter.role))
        return ""

    items = wanted(chapters, cluster, node)
    plan = compare(Host(node.name, items, seen, role))
    own = (chapter.objections(cluster, node, seen) for chapter in chapters if chapter.concerns(node))
    strange = belonging.objections(cluster, items, seen)
    return replace(plan, blockers=(*plan.blockers, *strange, *chain.from_iterable(own)))


def from_nothing(chapters: Iterable[Chapter], cluster: Cluster, node: Node) -> HostPlan:
    """Give every step for a host that has nothing yet but its address and a docker engine."""
    return missing(chapters, cluster, node, Observed(addresses=frozenset({node.address}), engine=True))
