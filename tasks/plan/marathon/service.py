"""What the Marathons say, and what follows from it.

Source: Marathon 1.5.8. A standby forwards every path to the leader, so /v2/info names the leader
whoever is asked, and a standby that cannot forward answers 502 or 503.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from .. import http
from ..gate import Answers, Question, Questionnaire, Standing, Verdict
from ..words import share, verb


@dataclass(frozen=True)
class Marathon:
    """One Marathon's answer.

    `leader` is `host:port`, `framework` the id it is registered under; "" what is unknown.
    `master` is the address of the master that the leader has met, by its mesos_leader_ui_url.
    """

    status: int = 0
    leader: str = ""
    framework: str = ""
    version: str = ""
    master: str = ""

    @property
    def registered(self) -> bool:
        """Tell whether the leader has met a master."""
        return bool(self.master)


def marathon(answers: Answers) -> Marathon:
    """Read the answer to /v2/info."""
    answer = http.read(answers.get("info", ""))
    info = http.table(answer.json) if answer.status == 200 else {}
    return Marathon(
        status=answer.status,
        leader=http.text(info.get("leader")),
        framework=http.text(info.get("frameworkId")),
        version=http.text(info.get("version")),
        master=http.text(http.table(info.get("marathon_config")).get("mesos_leader_ui_url")),
    )


class Marathons:
    """Marathon's side of a run (tasks.plan.gate.Members)."""

    def questions(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask for /v2/info."""
        return {"info": Question(node.address, node.settings.marathon_port, http.get("/v2/info"))}

    def vital(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask for /v2/info; a standby whose leader hangs answers after 10 s (leader_proxy_read_timeout)."""
        return self.questions(cluster, node)

    def role(self, node: Node, answers: Answers) -> str:
        """Say `leader` or `standby`, or "" while it names no leader."""
        named = marathon(answers).leader
        return "" if not named else "leader" if named == _at(node) else "standby"

    def version(self, node: Node, answers: Answers) -> str:
        """Give the leader's own word; what a standby passes on is the leader's, too."""
        return marathon(answers).version if self.role(node, answers) == "leader" else ""

    def verdict(self, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
        """Pass if all of `needed` answer, name the same leader, and that one is registered."""
        seen = _seen(cluster, answers)
        well, bad = _well(seen), {name: m for name, m in seen.items() if m.status != 200}
        if bad.keys() & needed:
            return Verdict(False, f"{_works(cluster, seen)}; {_silence(bad)}")
        unsure = [name for name, m in well.items() if not m.leader]
        if unsure or not well:
            told = verb(unsure, "names no leader", "name no leader") if well else "no Marathon answers"
            return Verdict(False, told)
        leaders = {m.leader for m in well.values()}
        if len(leaders) > 1:
            return Verdict(False, f"they name different leaders: {', '.join(sorted(leaders))}")
        if not all(m.registered and m.framework for m in well.values()):
            return Verdict(False, f"leader {leaders.pop()} is not registered with a master yet")
        return Verdict(True, _works(cluster, seen) + (f"; {_silence(bad)}" if bad else ""))

    def standing(self, cluster: Cluster, answers: Mapping[str, Answers]) -> Standing:
        """Say who answers; one is enough."""
        seen = _seen(cluster, answers)
        well = list(_well(seen))
        # While the leader is away for a moment all standbys answer 503: they are up all the same.
        serving = well or [name for name, m in seen.items() if m.status]
        return Standing(len(seen), 1, frozenset(serving), _leader(cluster, seen))


def _seen(cluster: Cluster, answers: Mapping[str, Answers]) -> dict[str, Marathon]:
    return {node.name: marathon(answers.get(node.name, {})) for node in cluster.having("marathon")}


def _well(seen: Mapping[str, Marathon]) -> dict[str, Marathon]:
    return {name: m for name, m in seen.items() if m.status == 200}


def _works(cluster: Cluster, seen: Mapping[str, Marathon]) -> str:
    """Say how many answer well, and who leads if they name one that does not fail to answer itself."""
    well = _well(seen)
    told = share(len(well), len(seen), "Marathons", "answers", "answer")
    told += " well" if any(m.status not in (0, 200) for m in seen.values()) else ""
    named = {m.leader for m in well.values()}
    leader = (_leader(cluster, seen) or named.pop()) if len(named) == 1 else ""
    return f"{told}, {leader} leads" if leader and leader not in seen.keys() - well.keys() else told


def _silence(bad: Mapping[str, Marathon]) -> str:
    by_status: dict[int, list[str]] = {}
    for name, m in bad.items():
        by_status.setdefault(m.status, []).append(name)
    return "; ".join(
        verb(those, f"answers {status}", f"answer {status}")
        if status
        else verb(those, "does not answer", "do not answer")
        for status, those in by_status.items()
    )


def _leader(cluster: Cluster, seen: Mapping[str, Marathon]) -> str | None:
    named = next((m.leader for m in seen.values() if m.leader), "")
    return next((node.name for node in cluster.having("marathon") if _at(node) == named), None)


def _at(node: Node) -> str:
    return f"{node.address}:{node.settings.marathon_port}"
