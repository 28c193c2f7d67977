"""Whether every agent has authenticated with the master that leads, before any master demands that.

An agent without a credential loses all its tasks within a second when a master leads that demands one, and
nobody is told (seen with Mesos 1.5.0). One that has a credential registers only when it has authenticated.
"""

from collections.abc import Iterator, Mapping

from ...inventory.cluster import Cluster, Node
from .. import http
from ..desired import secrets
from ..gate import Answers, Questionnaire
from ..membership import Plans, Seen
from ..words import names, verb
from . import locking
from .picture import Unclear, leading_master, who_leads

LOSES = "an agent without a credential loses all its tasks to a master that demands one"


def questions(cluster: Cluster) -> Questionnaire:
    """Ask all masters who is registered, and all members for their flags."""
    asked = {each: one for each, one in who_leads(cluster).items() if each.startswith("slaves ")}
    for role in locking.FLAGS:
        asked |= {f"{role} {node.name}": locking.question(node, role) for node in cluster.having(role)}
    return asked


COMES = (
    "Mesos masters, agents and Marathons will ask everybody for a password: programs that ask 5050, 5051 or "
    "8080 without one, as dashboards and deployments do, get 401; /health, /version and /redirect of Mesos "
    "stay open. Agents and frameworks without a credential are not let in any more."
)
"""What it costs others that masters come to demand credentials."""


def told(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[str]:
    """Say what a plan costs by which masters come to demand credentials."""
    masters = (node for node in cluster.having("mesos_master") if node.name in plans)
    replaced = (node for node in masters if locking.touches(plans[node.name], locking.MASTERS))
    if secrets.is_strict(cluster):
        comes = (not locking.demands(node, seen[node.name])[locking.MASTERS] for node in replaced)
        yield from [COMES] if any(comes) else []


def demanded(text: str) -> bool | None:
    """Read whether a master demands credentials of agents; None if it does not say."""
    flags = locking.flags(text)
    return flags.get("authenticate_agents") in (True, "true", "1") if flags else None


def missing(cluster: Cluster, answers: Answers) -> str:
    """Say what is missing for masters to demand credentials; "" if nothing, as when the leader does so."""
    try:
        leader = leading_master(cluster, answers)
    except Unclear as error:
        return f"{error}, with which agents could have authenticated"
    if leader_demands(cluster, answers):
        return ""
    said = http.table(http.read(answers.get(f"slaves {leader.name}", "")).json)
    return "; ".join((*_unfit(cluster, leader, said, answers), *_unknown(cluster, said)))


def leader_demands(cluster: Cluster, answers: Answers) -> bool:
    """Tell whether the leading master demands credentials by now: whoever is active there has shown one."""
    leader = leading_master(cluster, answers)
    return demanded(answers.get(f"mesos_master {leader.name}", "")) is True


def without(cluster: Cluster, answers: Answers) -> list[str]:
    """Give the agents that say of themselves that they run without a credential."""
    agents = (node.name for node in cluster.having("mesos_agent"))
    return [
        name
        for name in agents
        if locking.runs_with(answers.get(f"mesos_agent {name}", ""), "mesos_agent") is False
    ]


def _unfit(cluster: Cluster, leader: Node, said: Mapping[str, object], answers: Answers) -> Iterator[str]:
    listed = map(http.table, http.items(said.get("slaves")))
    active = {_place(one) for one in listed if one.get("active") is True}
    agents = cluster.having("mesos_agent")
    bare = without(cluster, answers)
    silent = [
        node.name for node in agents if f"{node.address}:{node.settings.mesos_agent_port}" not in active
    ]
    told = [
        node.name
        for node in agents
        if node.name not in {*bare, *silent}
        and not locking.runs_with(answers.get(f"mesos_agent {node.name}", ""), "mesos_agent")
    ]
    if bare:
        yield f"{verb(bare, 'runs', 'run')} without a credential"
    if silent:
        yield f"{verb(silent, 'is', 'are')} not active on the leading master, {leader.name}"
    if told:
        yield f"{verb(told, 'does', 'do')} not tell its flags"


def _unknown(cluster: Cluster, said: Mapping[str, object]) -> Iterator[str]:
    """Tell of agents that hosts.ini does not have, or that have yet to come back: none of them was proven."""
    ours = {f"{node.address}:{node.settings.mesos_agent_port}" for node in cluster.having("mesos_agent")}
    listed = [*http.items(said.get("slaves")), *http.items(said.get("recovered_slaves"))]
    others = sorted({_place(http.table(one)) for one in listed} - ours)
    if others:
        yield f"hosts.ini does not have the {'agents' if others[1:] else 'agent'} {names(others)}"


def _place(one: Mapping[str, object]) -> str:
    return http.text(one.get("pid")).rpartition("@")[2]
