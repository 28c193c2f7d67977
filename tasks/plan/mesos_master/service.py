"""What the masters say of themselves, and what follows from it.

Source: /metrics/snapshot of Mesos 1.5.0, which every master answers for itself. /health proves
nothing: it is 200 on a master without a leader, and on one whose log never began.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from .. import http
from ..gate import Answers, Question, Questionnaire, Standing, Verdict
from ..words import names, share, verb

NONE_LEADS = "none of the masters that answer leads"
"""One that hosts.ini does not name, or that cannot be asked, may lead all the same."""


@dataclass(frozen=True)
class Master:
    """One master's answer.

    `recovered` tells whether its replica of the log is in use, `replicas` how many it sees; both
    mean something with the replicated log only. `registry` tells whether it has read the registry,
    which only a leader that works has. One that is `locked` does not take our password, or we have none.
    What is counted is the cluster's on the leader only.
    """

    present: bool = False
    elected: bool = False
    recovered: bool = False
    replicas: int = 0
    registry: bool = False
    agents: int = 0
    frameworks: int = 0
    tasks: int = 0
    locked: bool = False


def master(answers: Answers) -> Master:
    """Read the answer to /metrics/snapshot."""
    said = http.read(answers.get("metrics", ""))
    metrics = http.table(said.json)
    return Master(
        present=bool(metrics),
        elected=metrics.get("master/elected") == 1,
        recovered=metrics.get("registrar/log/recovered") == 1,
        replicas=http.count(metrics.get("registrar/log/ensemble_size")),
        registry="registrar/registry_size_bytes" in metrics,
        agents=http.count(metrics.get("master/slaves_active")),
        frameworks=http.count(metrics.get("master/frameworks_active")),
        tasks=http.count(metrics.get("master/tasks_running")),
        locked=said.status == 401,
    )


class Masters:
    """The masters' side of a run (tasks.plan.gate.Members)."""

    def questions(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask for the metrics."""
        return {
            "metrics": Question(node.address, node.settings.mesos_master_port, http.get("/metrics/snapshot"))
        }

    def vital(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask for the metrics."""
        return self.questions(cluster, node)

    def role(self, node: Node, answers: Answers) -> str:
        """Say `leader` or `follower`."""
        one = master(answers)
        return "" if not one.present else "leader" if one.elected else "follower"

    def version(self, node: Node, answers: Answers) -> str:
        """Say nothing: metrics have no version."""
        return ""

    def verdict(self, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
        """Pass if all of `needed` answer with their log in use and exactly one leads and works."""
        masters = _masters(cluster, answers)
        waiting = _waits_for_others(cluster, masters, needed)
        if waiting:
            return Verdict(True, waiting)
        if locked := [name for name in masters if name in needed and masters[name].locked]:
            told = verb(locked, "does not take", "do not take")
            return Verdict(False, f"{told} the operator's password of secrets_file, or there is none (401)")
        silent = [name for name in masters if name in needed and not masters[name].present]
        if silent:
            told = verb(silent, "does not answer", "do not answer")
            return Verdict(False, f"{_works(masters)}; {told}")
        leaders = [name for name, m in masters.items() if m.elected]
        if len(leaders) != 1:
            return Verdict(False, f"{names(leaders)} lead at the same time" if leaders else NONE_LEADS)
        trouble = _log_trouble(cluster, masters, needed)
        if trouble:
            return Verdict(False, trouble)
        if not masters[leaders[0]].registry:
            return Verdict(False, f"leader {leaders[0]} has not read the registry yet")
        return Verdict(True, _summary(masters))

    def standing(self, cluster: Cluster, answers: Mapping[str, Answers]) -> Standing:
        """Say who serves: who answers, and has its replica of the log in use where there is a log."""
        masters = _masters(cluster, answers)
        leader = next((name for name, m in masters.items() if m.elected), None)
        serving = (name for name, m in masters.items() if m.present and (m.recovered or not _logs(cluster)))
        return Standing(len(masters), len(masters) // 2 + 1, frozenset(serving), leader)


def forgotten(cluster: Cluster, answers: Mapping[str, Answers]) -> Verdict:
    """Pass if the leader sees no more replicas of the log than there are masters that answer."""
    masters = _masters(cluster, answers)
    present = sum(one.present for one in masters.values())
    more = {name: one.replicas for name, one in masters.items() if one.elected and one.replicas > present}
    if _logs(cluster) and more:
        told = ", ".join(f"{name} sees {count}" for name, count in more.items())
        return Verdict(False, f"{present} replicas of the log should be left, {told}")
    return Verdict(True, _summary(masters))


def _logs(cluster: Cluster) -> bool:
    return cluster.settings.mesos_registry == "replicated_log"


def _masters(cluster: Cluster, answers: Mapping[str, Answers]) -> dict[str, Master]:
    return {node.name: master(answers.get(node.name, {})) for node in cluster.having("mesos_master")}


def _waits_for_others(cluster: Cluster, masters: Mapping[str, Master], needed: frozenset[str]) -> str:
    """Say that the log waits for masters nobody asked for; it begins only when all are up (recover.cpp)."""
    present = [name for name, m in masters.items() if m.present]
    absent = [name for name in masters if name not in present]
    begun = any(masters[name].recovered for name in present)
    if not _logs(cluster) or begun or not present or not absent or set(absent) & needed:
        return ""
    return (
        f"{verb(present, 'runs and waits', 'run and wait')}: the log begins when all {len(masters)} masters "
        f"run; not there yet: {names(absent)}"
    )


def _log_trouble(cluster: Cluster, masters: Mapping[str, Master], needed: frozenset[str]) -> str:
    if not _logs(cluster):
        return ""
    behind = [name for name in masters if name in needed and not masters[name].recovered]
    if behind:
        logs = "log" if len(behind) == 1 else "logs"
        return f"the {logs} of {verb(behind, 'is not recovered', 'are not recovered')}"
    present = sum(m.present for m in masters.values())
    short = [f"{n} sees {m.replicas}" for n, m in masters.items() if m.present and m.replicas < present]
    return f"{present} log replicas should be seen, {', '.join(short)}" if short else ""


def _works(masters: Mapping[str, Master]) -> str:
    """Say how many answer, and who leads if one alone does."""
    leaders = [name for name, m in masters.items() if m.elected]
    told = share(sum(m.present for m in masters.values()), len(masters), "masters", "answers", "answer")
    return f"{told}, {leaders[0]} leads" if len(leaders) == 1 else told


def _summary(masters: Mapping[str, Master]) -> str:
    missing = [name for name, m in masters.items() if not m.present]
    tail = f"; not answering: {names(missing)}" if missing else ""
    seen = max((m.replicas for m in masters.values() if m.elected), default=0)
    more = f"; it sees {seen} replicas of the log" if seen > len(masters) else ""
    return _works(masters) + tail + more
