"""What ZooKeeper's members say of themselves, and what follows from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from ..gate import Answers, Question, Questionnaire, Standing, Verdict
from ..words import names, share, verb

NONE_LEADS = "none of the ZooKeepers that answer leads"
"""One that hosts.ini does not name, or that cannot be asked, may lead all the same."""


@dataclass(frozen=True)
class Member:
    """One member's answer. `mode` is leader, follower, standalone, ... or "" if it does not serve.

    `present` tells whether anything answered at all. `synced` is how many followers are in sync, said by
    the leader alone (mntr's zk_synced_followers; ZooKeeper 3.4 and later), as how many `follow` it at all.
    """

    present: bool
    mode: str
    synced: int | None = None
    follow: int | None = None


def member(answers: Answers) -> Member:
    """Read the answers to srvr and mntr.

    A member without a quorum answers "This ZooKeeper instance is not currently serving requests"
    (NIOServerCnxn.java): it is present and has no mode.
    """
    srvr = answers.get("srvr", "")
    mode = re.search(r"^Mode: ([a-z-]{1,20})\s*$", srvr, re.MULTILINE)
    return Member(
        present=bool(srvr.strip()),
        mode=mode[1] if mode else "",
        synced=_count("synced_followers", answers),
        follow=_count("(?:followers|learners)", answers),  # 3.4, and later ones
    )


def _count(name: str, answers: Answers) -> int | None:
    found = re.search(rf"^zk_{name}\s+([0-9]{{1,9}})(\.0*)?$", answers.get("mntr", ""), re.MULTILINE)
    return int(found[1]) if found else None


def majority(cluster: Cluster) -> int:
    """Give how many members must serve for the ensemble to serve."""
    return len(cluster.ensemble) // 2 + 1


class Ensemble:
    """ZooKeeper's side of a run (tasks.plan.gate.Members)."""

    def questions(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask srvr, which no version can switch off; and mntr, which our zoo.cfg allows, of who leads.

        It costs a member more than twice as much, and of the others nothing of it is read.
        """
        at = (node.address, node.settings.zookeeper_client_port)
        return {"srvr": Question(*at, "srvr"), "mntr": Question(*at, "mntr", behind="Mode: leader")}

    def vital(self, cluster: Cluster, node: Node) -> Questionnaire:
        """Ask srvr: a member without a quorum answers that, too."""
        return {"srvr": self.questions(cluster, node)["srvr"]}

    def role(self, node: Node, answers: Answers) -> str:
        """Say `leader`, `follower`, `observer`, `standalone`, or "" for a member that does not serve."""
        return member(answers).mode

    def version(self, node: Node, answers: Answers) -> str:
        """Read the version from srvr."""
        said = re.match(r"Zookeeper version: (\d[0-9.]*\d)", answers.get("srvr", ""))
        return said[1] if said else ""

    def verdict(self, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
        """Pass if all of `needed` serve, one leads, and the leader has all who serve in sync."""
        members = _members(cluster, answers)
        if len(members) == 1:
            return _alone(members)
        leaders = [name for name, m in members.items() if m.mode == "leader"]
        serving = [name for name, m in members.items() if m.mode in ("leader", "follower", "observer")]
        alone = [name for name, m in members.items() if m.mode == "standalone"]
        if alone:
            return Verdict(False, verb(alone, "runs standalone", "run standalone") + ", outside the ensemble")
        waiting = _waits_for_others(cluster, members, needed)
        if waiting:
            return Verdict(True, waiting)
        silent = [name for name in members if name in needed and name not in serving]
        if silent:
            return Verdict(False, f"{_works(cluster, members, serving)}; {_silence(members, silent)}")
        if len(leaders) != 1:
            told = f"{names(leaders)} lead at the same time" if leaders else NONE_LEADS
            return Verdict(False, told)
        synced, others = members[leaders[0]].synced, len(serving) - 1
        if synced is None or synced < others:
            return Verdict(False, f"leader {leaders[0]} has {synced} of {others} followers in sync")
        more = f"; {synced - others} more follow it" if synced > others else ""
        return Verdict(True, _summary(cluster, members, serving) + more)

    def standing(self, cluster: Cluster, answers: Mapping[str, Answers]) -> Standing:
        """Say who serves: a follower answers srvr with its mode only when it is in sync."""
        members = _members(cluster, answers)
        leader = next((name for name, m in members.items() if m.mode == "leader"), None)
        serving = frozenset(name for name, m in members.items() if m.mode)
        return Standing(len(members), majority(cluster), serving, leader)


def _members(cluster: Cluster, answers: Mapping[str, Answers]) -> dict[str, Member]:
    return {node.name: member(answers.get(node.name, {})) for node in cluster.ensemble}


def _alone(members: Mapping[str, Member]) -> Verdict:
    ((name, only),) = members.items()
    if only.mode == "standalone":
        return Verdict(True, f"{name} serves, the only member in hosts.ini")
    return Verdict(False, _silence(members, [name]))


def _waits_for_others(cluster: Cluster, members: Mapping[str, Member], needed: frozenset[str]) -> str:
    present = [name for name, m in members.items() if m.present]
    absent = [name for name in members if name not in present]
    if not present or set(absent) & needed or len(present) >= majority(cluster):
        return ""
    return (
        f"{verb(present, 'runs and waits', 'run and wait')}: {majority(cluster)} of {len(members)} members "
        f"must run before any serves; not there yet: {names(absent)}"
    )


def _silence(members: Mapping[str, Member], silent: list[str]) -> str:
    idle = [name for name in silent if members[name].present]
    mute = [name for name in silent if not members[name].present]
    told = [verb(idle, "runs but does not serve", "run but do not serve")] if idle else []
    told += [verb(mute, "does not answer", "do not answer")] if mute else []
    return "; ".join(told)


def _works(cluster: Cluster, members: Mapping[str, Member], serving: list[str]) -> str:
    """Say how many serve; who leads them, or how many must serve before anybody can lead."""
    leaders = [name for name in serving if members[name].mode == "leader"]
    told = share(len(serving), len(members), "ZooKeepers", "serves", "serve")
    if len(serving) < majority(cluster):
        return f"{told}, {majority(cluster)} must"
    return f"{told}, {leaders[0]} leads" if len(leaders) == 1 else told


def _summary(cluster: Cluster, members: Mapping[str, Member], serving: list[str]) -> str:
    missing = [name for name in members if name not in serving]
    tail = f"; not serving: {names(missing)}" if missing else ""
    return _works(cluster, members, serving) + tail
