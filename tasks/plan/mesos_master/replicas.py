"""Who has a replica of the masters' log, and the way from the quorum in use to the wanted one.

The order of a change is the operational guide's of Mesos: to grow, those that run learn the new
quorum before the new ones start; to shrink, the surplus is gone for good before the others learn it.
More than 2 x quorum - 1 replicas can corrupt the log.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Edit, Leave, Set
from ..look import by_hand
from ..look.candidates import elsewhere
from ..membership import Membership, Objection, Plans, Seen, Stage, absent, end
from ..names import Id
from ..step import Blocker
from ..words import names, verb
from .desired import data, name, quorum
from .service import master

BEGINS = (
    "Mesos masters: their registry is in memory and becomes a log, which begins when all of them run. So a "
    "deploy restarts them together, and none leads meanwhile: 12.8 s on a real cluster, which lost no task. "
    "Quotas, weights and maintenance that were set at runtime are forgotten, as with every change of the "
    "leader until now. With mesos_registry=in_memory it stays as it is."
)
"""What becomes of masters by hand, as they were published."""

FAREWELL = (
    "have hosts.ini name its host in [mesos_master] as before, and in [removed] beside, and deploy; one that "
    "has ended already is forgotten within 10 s"
)
"""How a master that hosts.ini does not have any more goes for good."""


def membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Say how the masters come to their wanted number: by two more at a time, or by what is gone already."""
    if cluster.settings.mesos_registry == "in_memory":
        return Membership()  # no log, nothing to be corrupted
    quorums = _quorums(cluster, seen)
    joining = [node for node in cluster.having("mesos_master") if _is_new(node, seen)]
    refused = tuple(_refused(cluster, seen, plans, quorums, joining))
    ignorant = [node for node, old in quorums.items() if old < quorum(cluster) and _runs(node, seen)]
    if refused:
        return Membership(objections=refused)
    if quorums and (leaving := _leaving(cluster, seen, joining)):
        return Membership((_farewell(cluster, leaving, joining),))
    return Membership((_stage(cluster, joining),)) if joining and ignorant else Membership()


def _leaving(cluster: Cluster, seen: Seen, joining: list[Node]) -> tuple[Node, ...]:
    """Give the masters in [removed], while the leader sees their replicas, or one of them may lead.

    Also one that it sees no more, while others have to learn of that: it must not come back.
    """
    stay = [node for node in cluster.having("mesos_master") if node not in joining]
    those, replicas = cluster.leaving("mesos_master"), _replicas(seen)
    if replicas is None:
        return those if not _idle(stay, seen) else ()
    olds, new = {*_quorums(cluster, seen).values()}, quorum(cluster)
    changes = any(old > new for old in olds) or (joining and olds == {new})
    fewest = len(stay) if changes else len(stay) + 1
    return those if fewest <= replicas <= len(stay) + len(those) else ()


def _idle(stay: list[Node], seen: Seen) -> list[str]:
    masters = {n.name: master(seen[n.name].said("mesos_master")) for n in stay if n.name in seen}
    return [node.name for node in stay if node.name not in masters or not masters[node.name].present]


def _farewell(cluster: Cluster, leaving: tuple[Node, ...], joining: list[Node]) -> Stage:
    new = f", then {names(node.name for node in joining)} may start" if joining else ""
    gone = f"{names(node.name for node in leaving)} {end(cluster, leaving)}"
    says = f"Of the masters {gone}, the others get quorum {quorum(cluster)}{new}"
    return Stage(cluster, says, leaving)


def begins(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether masters that run with a registry in memory are to get a log: none leads meanwhile.

    The log begins only when all of them run with it, so they are replaced together.
    """
    if cluster.settings.mesos_registry == "in_memory":
        return False
    running = (node for node in cluster.having("mesos_master") if _runs(node, seen))
    return any(by_hand.in_memory(seen[node.name].container(name(node))) for node in running)


def without_log(cluster: Cluster) -> Cluster:
    """Give the cluster with a registry in memory."""
    return replace(cluster, settings=replace(cluster.settings, mesos_registry="in_memory"), raw=None)


def _stage(cluster: Cluster, joining: list[Node]) -> Stage:
    new = [node.name for node in joining]
    return Stage(
        replace(cluster.without("mesos_master", new), joining=len(new)),
        f"Masters that run get quorum {quorum(cluster)}, then {names(new)} may start",
    )


def _quorums(cluster: Cluster, seen: Seen) -> dict[Node, int]:
    """Give the quorum of every master that keeps a log, as its container says, also if it is stopped."""
    found = {}
    for node in cluster.having("mesos_master"):
        told = seen[node.name].container(name(node)).environment if node.name in seen else {}
        said = told.get("MESOS_QUORUM", "")
        if told.get("MESOS_REGISTRY") != "in_memory" and re.fullmatch("[0-9]{1,9}", said):
            found[node] = int(said)
    return found


def _is_new(node: Node, seen: Seen) -> bool:
    return node.name in seen and not _runs(node, seen) and not seen[node.name].holdings.get(data(node))


def _runs(node: Node, seen: Seen) -> bool:
    return node.name in seen and seen[node.name].container(name(node)).runs


def _refused(
    cluster: Cluster, seen: Seen, plans: Plans, quorums: dict[Node, int], joining: list[Node]
) -> Iterator[Objection]:
    if not quorums:
        return
    # What most of them have, the wanted one among equals: a single one was run by hand, and is replaced.
    counts = Counter(quorums.values())
    old = max(counts, key=lambda each: (counts[each], each == quorum(cluster)))
    number = len(cluster.having("mesos_master"))
    stay = number - len(joining)
    # A leap first: who takes out more than two at once must not be told to remove them.
    leap = _leap(old, quorum(cluster), stay)
    trouble = leap or _surplus(cluster, seen, old, joining)
    changes = _fewer(joining, old, stay) if leap and quorum(cluster) > old > 1 else ()
    left_out = absent(cluster, "mesos_master", plans)
    if not trouble and old != quorum(cluster) and left_out:
        trouble = (f"their number changes, and this run leaves out {names(left_out)}", "run without -H")
    for node in [n for n in quorums if n.name in plans] or list(quorums)[:1]:
        if trouble:
            why, remedy = trouble
            told = f"the masters run with quorum {old}, {number} of them need {quorum(cluster)}; "
            told = (told if old != quorum(cluster) else "") + why
            yield node.name, Blocker(Id.MASTER_RUN, "masters", told, remedy, "quorum", changes)


def _fewer(joining: list[Node], old: int, stay: int) -> tuple[Change, ...]:
    """Give the change that leaves out for now the new masters that must come later."""
    later = joining[max(0, _next(old, stay) - stay) :]
    return (Change(tuple(edit for node in later for edit in _leaves(node)), "to begin with"),)


def _leaves(node: Node) -> Iterator[Edit]:
    yield Leave(node.name, "mesos_master")
    if node.settings.number is not None and "marathon" not in node.roles:
        yield Set("number", "", node.name)


def _next(old: int, stay: int) -> int:
    """Give the number of masters to grow to next: two more if a majority of those is there already."""
    return 2 * old + 1 if stay > old else 2 * old - 1


def _surplus(cluster: Cluster, seen: Seen, old: int, joining: list[Node]) -> tuple[str, str] | None:
    """Object while there are replicas that hosts.ini does not know, or may be."""
    replicas, number = _replicas(seen), len(cluster.having("mesos_master"))
    known = number - len(joining)
    if leaving := _leaving(cluster, seen, joining):
        if joining and old != quorum(cluster):
            new = verb((node.name for node in joining), "joins", "join")
            return f"{names(n.name for n in leaving)} leaves while {new} and their number changes", (
                "one after the other: first as many new ones as leave, deploy, then go on"
            )
        return _unready(leaving, old, [n for n in cluster.having("mesos_master") if n not in joining], seen)
    if replicas is not None and replicas > known:
        others = names(elsewhere(cluster, seen, "mesos_master", candidates(cluster)))
        told = f"the leader sees {replicas} replicas of the log, hosts.ini knows of {known}"
        if joining:
            new = verb((node.name for node in joining), "is", "are")
            one = "one is of a master" if replicas - known == 1 else f"{replicas - known} are of masters"
            told = (
                f"hosts.ini has {number} masters, of which {new} new, and the leader still sees {replicas} "
            )
            told += f"replicas of the log: {one} that hosts.ini does not have any more"
        return told + (f" (not of {others})" if others else ""), FAREWELL
    if replicas is None and old > quorum(cluster):
        return "no leading master says how many replicas there are", (
            "start the masters as they are (docker start mesos-master-0N) until one leads, then run again"
        )
    return None


def _unready(leaving: tuple[Node, ...], old: int, stay: list[Node], seen: Seen) -> tuple[str, str] | None:
    """Object to masters that leave unless those that stay are a quorum without them, all of them well."""
    gone = verb((node.name for node in leaving), "leaves", "leave")
    if len(stay) < old:
        return f"{gone}, and the {len(stay)} with a log that stay are not a quorum of {old}", (
            "take fewer of them into [removed] for now, deploy, then go on"
        )
    if idle := _idle(stay, seen):
        return f"{gone}, and {verb(idle, 'does not answer', 'do not answer')}: all that stay must", (
            "bring them back first (`fab status` tells more), with nobody in [removed]"
        )
    return None


def _replicas(seen: Seen) -> int | None:
    leaders = [one for host in seen.values() if (one := master(host.said("mesos_master"))).elected]
    return leaders[0].replicas if len(leaders) == 1 else None


def too_many(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether the leader sees replicas that hosts.ini does not know: `membership` objects to that."""
    quorums = _quorums(cluster, seen) if cluster.settings.mesos_registry != "in_memory" else {}
    stay = [node for node in cluster.having("mesos_master") if not _is_new(node, seen)]
    return bool(quorums) and (_replicas(seen) or 0) > len(stay)


def candidates(cluster: Cluster) -> str:
    """Give what matches the paths of the masters' candidates in ZooKeeper (contender.cpp)."""
    return rf"{re.escape(cluster.settings.mesos_zk_path)}/(json\.)?info_\d+"


def _leap(old: int, new: int, stay: int) -> tuple[str, str] | None:
    """Object to a change whose quorum those that stay could not reach."""
    if old == 1 < new:
        return "a single master cannot grow while it runs: each replica would begin a log of its own", (
            "stop it and remove its replicated_log, then deploy; agents register again, quotas and weights "
            "are lost"
        )
    if old == 2 and new == 1:
        return "of three masters no one alone is a quorum, so they cannot become one while they run", (
            "keep three masters; or stop them all and remove the replicated_log of each, then deploy; agents "
            "register again, quotas and weights are lost"
        )
    if old != new and stay < max(old, new):
        number = _next(old, stay) if new > old else max(3, 2 * old - 3)
        keep = "keep those that run" if new > old else "keep or put back those that run"
        return f"the {stay} with a log in hosts.ini are not a quorum of {max(old, new)}", (
            f"change their number by two at a time, to {number} first, and {keep}"
        )
    return None
