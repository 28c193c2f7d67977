"""Credentials are switched on and off in the order that ends no agent, by what members say as they run."""

from collections.abc import Collection, Mapping, Sequence

from ..errors import Blocked, GateNotReached
from ..inventory.cluster import Node
from ..plan.membership import Plans, Seen
from ..plan.mesos_agent import locking
from ..plan.mesos_agent.desired import CONTAINER
from ..plan.names import Id
from ..plan.runbook import MARATHON, MESOS_AGENT, MESOS_MASTER, Chapter
from ..plan.shell import OWN_ENGINE, quote
from ..plan.words import names
from . import gates
from .hosts import Hosts
from .preview import Preview
from .run import Run

SAYS_SO = "Successfully authenticated with master master@"
"""What an agent's log says of it (slave.cpp); the address of the master follows."""

TRIES = 40
"""How often an agent's log is looked into, every quarter of a second."""

REFUSED = "whoever shows a credential to a master that has none ends at once, again and again"

SHOWING = {MESOS_AGENT: Id.AGENT_RUN, MARATHON: Id.MARATHON_RUN}
"""Whose members show a credential to masters, and the step that makes one."""

OTHERS = {
    **dict.fromkeys([each.service for each in SHOWING], MESOS_MASTER),
    MESOS_MASTER.service: MESOS_AGENT,
}


def refuse(run: Run, found: Preview) -> None:
    """Raise Blocked if a run gives somebody credentials, or takes them from masters, too early."""
    hosts, own = run.hosts, {each.service for each in run.chapters}
    for chapter in _concerned(hosts, found.plans, found.seen):
        other = OTHERS[chapter.service]
        here = found.plans if other.service in own and run.chosen is None else {}
        if wrong := _wrong(
            hosts, other, [node for node in other.nodes(run.cluster) if node.name not in here]
        ):
            raise Blocked(f"{_told(other, wrong)}. `fab deploy-cluster` of all hosts does both in order.")
        shown = {node.name for node in MARATHON.nodes(run.cluster)} if chapter is MESOS_MASTER else set()
        if shown and (MARATHON.service not in own or run.chosen is not None or shown - found.plans.keys()):
            raise Blocked(
                "Masters are to lose their credentials, and this run does not see to all Marathons: "
                f"{REFUSED}. `fab deploy-cluster` of all hosts does both in order."
            )


def _concerned(hosts: Hosts, plans: Plans, seen: Seen) -> list[Chapter]:
    """Give those chapters whose members, as they are replaced, need others to be ready for that."""
    cluster = hosts.cluster
    if cluster.credentials:
        touched = plans.values()
        return [one for one, id in SHOWING.items() if any(locking.touches(each, id) for each in touched)]
    losing = (
        node
        for node in cluster.nodes
        if node.name in plans
        and locking.touches(plans[node.name], locking.MASTERS)
        and locking.has(node, seen[node.name]).get(locking.MASTERS)
    )
    return [MESOS_MASTER] if any(losing) else []


def ready(hosts: Hosts, chapter: Chapter, plans: Plans, seen: Seen) -> None:
    """Look whether the next member's turn may be taken. Raises GateNotReached."""
    if chapter in _concerned(hosts, plans, seen):
        other = OTHERS[chapter.service]
        if wrong := _wrong(hosts, other, other.nodes(hosts.cluster)):
            raise GateNotReached(_told(other, wrong), "Bring it to that, then run again.")


def _wrong(hosts: Hosts, chapter: Chapter, nodes: Sequence[Node]) -> list[str]:
    """Give the members that do not run with credentials, if that is asked of masters; of agents, without."""
    role, wanted = chapter.service, chapter is MESOS_MASTER
    said = flags(hosts, chapter, nodes)
    return [name for name, text in said.items() if locking.runs_with(text, role) is not wanted]


def flags(hosts: Hosts, chapter: Chapter, nodes: Sequence[Node]) -> dict[str, str]:
    """Ask members on these nodes for the flags that they run with."""
    asked = {node.name: locking.question(node, chapter.service) for node in nodes}
    return gates.ask_one(hosts, hosts.nodes[0], asked)


def _told(chapter: Chapter, wrong: Collection[str]) -> str:
    if chapter is MESOS_MASTER:
        return f"The masters on {names(wrong)} do not run with credentials (/flags), and {REFUSED}"
    return (
        f"The agents on {names(wrong)} do not say that they run without credentials (/flags), and {REFUSED}"
    )


def proven(hosts: Hosts, nodes: Sequence[Node]) -> None:
    """Be sure that agents have authenticated with the master that leads now. Raises GateNotReached."""
    if not hosts.cluster.credentials or not nodes:
        return
    leader = gates.standings_now(hosts, [MESOS_MASTER])[MESOS_MASTER.service].leader
    master = next((node for node in hosts.cluster.nodes if node.name == leader), None)
    if master is None:
        raise GateNotReached("no master leads with which agents could have authenticated", "Run again.")
    words = f"{SAYS_SO}{master.address}:{master.settings.mesos_master_port}"
    loud = [node for node in nodes if not _is_quiet(hosts, node)]
    said = hosts.each(loud, lambda node: hosts.execute(node, _script(words)).text)
    for node in loud:
        if words not in said[node.name]:
            seen = f"its log does not say that it has authenticated with the leading master on {master.name}"
            anew = f"`docker restart {CONTAINER}` has it do so anew"
            remedy = f"Look at `docker logs {CONTAINER}` there; {anew}. Then run again."
            raise GateNotReached(seen, remedy, node.name, f"{MESOS_AGENT.gate} {MESOS_AGENT.title}")


def _is_quiet(hosts: Hosts, node: Node) -> bool:
    """Tell whether an agent logs no such thing; it registers only when it has authenticated."""
    variables: Mapping[str, str] = dict(hosts.container(MESOS_AGENT, node).environment)
    level = variables.get("MESOS_LOGGING_LEVEL", "INFO")
    return level != "INFO" or variables.get("MESOS_QUIET", "false") not in ("false", "0")


def _script(words: str) -> str:
    return (
        f"{OWN_ENGINE}tries={TRIES}\n"
        "while [ $tries -gt 0 ]; do\n"
        f"  docker logs --tail 5000 {CONTAINER} 2>&1 </dev/null | grep -F {quote(words)} && exit\n"
        "  tries=$((tries - 1)); sleep 0.25\n"
        "done\n"
    )


def authenticates(hosts: Hosts, plans: Plans) -> list[Node]:
    """Give the nodes of a run whose agents it has started or replaced."""
    return [
        node
        for node in hosts.nodes
        if node.name in plans and locking.touches(plans[node.name], locking.AGENTS)
    ]
