"""Which agents the leading master counts as active.

Source: /state-summary of Mesos 1.5.0 on the leading master. The agent's own slave/registered only
means that it knows a leader. While a leader that was cut off still answers, there are two lists: an agent
must be active in both.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ...inventory.cluster import Cluster, Node
from ...inventory.resources import RANGES
from .. import http
from ..gate import Answers, Question, Questionnaire, Standing, Verdict
from ..words import share, verb
from .room import ROLE

Told = Mapping[str, object]

UNHEARD = "no leading master answers the agents' hosts"
"""Another host may hear one: nothing but a firewall may be in the way."""


class Agent(NamedTuple):
    """One agent as the leading master lists it.

    `tasks` counts those that have not ended; `resources` are texts by their names in Mesos: `cpus(web)`.
    """

    version: str
    tasks: int
    resources: Mapping[str, str]


class Agents:
    """The agents' side of a run (tasks.plan.gate.Members)."""

    def questions(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask every master for its agents; only the leader has a list."""
        return {
            f"slaves-{master.name}": Question(
                master.address,
                master.settings.mesos_master_port,
                http.get("/state-summary"),
            )
            for master in cluster.having("mesos_master")
        }

    def vital(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask the agent itself for /health; gates need not, as the leading master tells of it."""
        return {"health": Question(node.address, node.settings.mesos_agent_port, http.get("/health"))}

    def role(self, node: Node, answers: Answers) -> str:
        """Say `active` if the leading master counts it so: agents have no leader of their own."""
        return "active" if _pid(node) in (_active({node.name: answers}) or ()) else ""

    def version(self, node: Node, answers: Answers) -> str:
        """Give what the leading master knows of it."""
        known = agent(node, answers)
        return known.version if known else ""

    def verdict(self, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
        """Pass if the leading master counts all of `needed` as active."""
        active = _active(answers)
        if active is None:
            return Verdict(False, UNHEARD)
        agents = cluster.having("mesos_agent")
        missing = [node.name for node in agents if node.name in needed and _pid(node) not in active]
        count = sum(_pid(node) in active for node in agents)
        works = share(count, len(agents), "agents", "is active", "are active")
        closed = _closed(answers)
        if drained := [node.name for node in agents if _pid(node) in closed]:
            works += f"; {verb(drained, 'takes', 'take')} no new tasks until `fab host.resume HOST`"
        if missing:
            told = verb(missing, "is not active", "are not active")
            return Verdict(False, f"{works}; {told} on the leading master")
        return Verdict(True, works)

    def standing(self, cluster: Cluster, answers: Mapping[str, Answers]) -> Standing:
        """Say which agents are active; none needs another."""
        agents, active = cluster.having("mesos_agent"), _active(answers) or set()
        return Standing(len(agents), 0, frozenset(node.name for node in agents if _pid(node) in active))


def agent(node: Node, answers: Answers) -> Agent | None:
    """Read what the leading master says of the agent on `node`; None if none lists it."""
    known = (slave for text in answers.values() for slave in _listed(text) or ())
    told = next((slave for slave in known if _pid_of(slave) == _pid(node)), None)
    if told is None:
        return None
    return Agent(http.text(told.get("version")), _tasks(told), _resources(told))


def others(cluster: Cluster, answers: Answers) -> dict[str, int] | None:
    """Give how many tasks run on each active agent that is not of hosts.ini, by its `address:port`.

    None if no leading master answered.
    """
    active = _active({"": answers})
    if active is None:
        return None
    own = {_pid(node) for node in cluster.having("mesos_agent")}
    strange = {pid for pid in active - own if re.fullmatch(r"[0-9.]+:[0-9]{1,5}", pid)}
    told = (slave for text in answers.values() for slave in _listed(text) or ())
    return {pid: _tasks(slave) for slave in told if (pid := _pid_of(slave)) in strange}


def _tasks(told: Told) -> int:
    counts = (told.get(f"TASK_{state}") for state in ("STAGING", "STARTING", "RUNNING", "KILLING"))
    return sum(map(http.count, counts))


def _resources(told: Told) -> dict[str, str]:
    reserved = http.table(told.get("reserved_resources"))
    # What a drain has reserved is still what the agent offers by its own configuration.
    unreserved = told.get("resources" if set(reserved) == {ROLE} else "unreserved_resources")
    by_role = {"*": unreserved, **{role: each for role, each in reserved.items() if role != ROLE}}
    return {
        name if role == "*" else f"{name}({role})": str(value)
        for role, resources in by_role.items()
        for name, value in http.table(resources).items()
        if isinstance(value, float) or re.fullmatch(RANGES, http.text(value))
    }


def _pid(node: Node) -> str:
    return f"{node.address}:{node.settings.mesos_agent_port}"


def _active(answers: Mapping[str, Answers]) -> set[str] | None:
    """Give the `address:port` of every active agent; None if no leading master answered."""
    texts = {text for said in answers.values() for text in said.values()}
    lists = [listed for text in texts if (listed := _listed(text)) is not None]
    active = [{_pid_of(slave) for slave in listed if slave.get("active") is True} for listed in lists]
    return set.intersection(*active) if active else None


def _closed(answers: Mapping[str, Answers]) -> set[str]:
    """Give the `address:port` of every agent of which a drain has reserved something."""
    texts = {text for said in answers.values() for text in said.values()}
    told = [slave for text in texts for slave in _listed(text) or ()]
    return {_pid_of(slave) for slave in told if ROLE in http.table(slave.get("reserved_resources"))}


def _listed(text: str) -> list[Told] | None:
    """Give a leader's list; None for a follower's 307, silence or garbage."""
    answer = http.read(text)
    listed = http.table(answer.json).get("slaves") if answer.status == 200 else None
    return list(map(http.table, listed)) if isinstance(listed, list) else None


def _pid_of(slave: Told) -> str:
    return re.sub(r".*@", "", http.text(slave.get("pid")))
