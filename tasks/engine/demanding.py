"""Masters demand credentials when Marathon and every agent have shown their own, by what members say."""

from collections.abc import Mapping, Sequence

from ..errors import Blocked, GateNotReached
from ..inventory.cluster import Node
from ..plan.desired import secrets
from ..plan.membership import Plans, Seen
from ..plan.mesos_agent import locking, proof
from ..plan.runbook import MARATHON, MESOS_AGENT, MESOS_MASTER, Chapter
from ..plan.schedule import Steps
from ..plan.words import capitalized, names
from . import gates, principals
from .asking import Heard
from .hosts import Hosts
from .locking import flags, proven
from .preview import Preview
from .run import Run

IN_ORDER = "`fab deploy-cluster` of all hosts does both in order."
BEFORE = "No master demands anything yet. Mend that; then run again."
NO_PRINCIPAL = (
    "the leading master does not know Marathon's principal, and one that demands it refuses Marathon"
)


def refuse(run: Run, found: Preview) -> None:
    """Raise Blocked if a run has masters demand credentials, or agents lose theirs, too early."""
    hosts, own = run.hosts, {each.service for each in run.chapters}
    whole = {MESOS_MASTER.service, MESOS_AGENT.service} <= own and run.chosen is None
    here = found.plans if whole else {}
    if _begins(hosts, found.plans, found.seen):
        those = [node for node in MESOS_AGENT.nodes(run.cluster) if node.name not in here]
        said = flags(hosts, MESOS_AGENT, those)
        if bare := [name for name, text in said.items() if not locking.runs_with(text, "mesos_agent")]:
            told = f"The agents on {names(bare)} do not say that they run with a credential (/flags)"
            raise Blocked(f"{told}, and {proof.LOSES}. {IN_ORDER}")
        if not (whole and MARATHON.service in own) and principals.unknown(hosts):
            raise Blocked(f"{capitalized(NO_PRINCIPAL)}. {IN_ORDER}")
    if _loses(hosts, found.plans, found.seen) and (wrong := _demanding(hosts, here)):
        raise Blocked(f"{_told(wrong)}. {IN_ORDER}")


def ready(hosts: Hosts, chapter: Chapter, plans: Plans, seen: Seen) -> None:
    """Look whether the next members of a chapter may be replaced, by their plans. Raises GateNotReached."""
    if chapter is MESOS_MASTER and _begins(hosts, plans, seen):
        _prove(hosts)
    if chapter is MESOS_AGENT and _loses(hosts, plans, seen) and (wrong := _demanding(hosts, {})):
        raise GateNotReached(_told(wrong), "Bring them to that, then run again.")


def starting(hosts: Hosts, steps: Steps) -> None:
    """Look whether masters may be started that demand credentials. Raises GateNotReached.

    If none leads, agents that answer must have one; where a cluster begins, none does.
    """
    begins = any(step.id is locking.MASTERS for own in steps.values() for step in own)
    if not begins or not secrets.is_strict(hosts.cluster):
        return
    if gates.standings_now(hosts, [MESOS_MASTER])[MESOS_MASTER.service].leader is not None:
        _prove(hosts)
        return
    said = gates.ask_one(hosts, hosts.nodes[0], proof.questions(hosts.cluster))
    if bare := proof.without(hosts.cluster, said):
        told = f"the agents on {names(bare)} run without a credential, and {proof.LOSES}"
        raise GateNotReached(told, "Deploy with security=permissive first.")


def _begins(hosts: Hosts, plans: Plans, seen: Seen) -> bool:
    """Tell whether plans replace a master that demands nothing by one that demands credentials."""
    return secrets.is_strict(hosts.cluster) and any(
        not locking.demands(node, seen[node.name])[locking.MASTERS]
        for node in MESOS_MASTER.nodes(hosts.cluster)
        if node.name in plans and _replaces(plans, node, locking.MASTERS)
    )


def _replaces(plans: Plans, node: Node, id: str) -> bool:
    return any(step.id == id for step in plans[node.name].in_phase("replace"))


def _loses(hosts: Hosts, plans: Plans, seen: Seen) -> bool:
    """Tell whether plans replace an agent with a credential by one without."""
    return not hosts.cluster.credentials and any(
        locking.has(node, seen[node.name])[locking.AGENTS]
        for node in MESOS_AGENT.nodes(hosts.cluster)
        if node.name in plans and _replaces(plans, node, locking.AGENTS)
    )


def _demanding(hosts: Hosts, here: Mapping[str, object]) -> list[str]:
    """Give the masters, but those `here`, that do not say that they demand nothing."""
    those: Sequence[Node] = [node for node in MESOS_MASTER.nodes(hosts.cluster) if node.name not in here]
    said = flags(hosts, MESOS_MASTER, those)
    return [name for name, text in said.items() if proof.demanded(text) is not False]


def _told(wrong: Sequence[str]) -> str:
    told = f"The masters on {names(wrong)} do not say that they demand no credentials (/flags)"
    return f"{told}, and {proof.LOSES}"


def _prove(hosts: Hosts) -> None:
    """Be sure that Marathon and all agents have authenticated with the leading master, or have to.

    Members that have just started need a moment to say so. Raises GateNotReached.
    """
    if principals.unknown(hosts):
        raise GateNotReached(NO_PRINCIPAL, BEFORE)
    cluster, asked = hosts.cluster, proof.questions(hosts.cluster)
    said, told = dict[str, str](), ""

    def enough(heard: Heard) -> bool:
        nonlocal told
        said.update({word: heard[question] for word, question in asked.items()})
        told = proof.missing(cluster, said)
        return not told

    hosts.ask(hosts.nodes[0], tuple(asked.values()), gates.settling(hosts), enough)
    if told:
        raise GateNotReached(f"{told}, and {proof.LOSES}", BEFORE)
    if not proof.leader_demands(cluster, said):
        proven(hosts, cluster.having("mesos_agent"))
