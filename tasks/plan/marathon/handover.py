"""A new version of Marathon is handed over: its state is migrated once, and never back.

Source: docs/upgrade of Marathon 1.5 and Migration.scala. All old instances but one stop, one new one
starts, the last old one stops, so that the new one leads and migrates; then the rest is replaced.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Leave, Set
from ..gate import Answers, Verdict
from ..look import versions
from ..look.docker import SeenContainer
from ..look.versions import Version
from ..membership import Membership, Objection, Plans, Seen, absent
from ..names import Id
from ..shell import stop
from ..step import Action, Blocker, HostPlan, Step
from ..words import names, verb
from .desired import container, name
from .service import Marathons, marathon

OLDEST = (1, 4, 0)
"""The oldest state that Marathon 1.5 migrates (Migration.scala)."""


@dataclass(frozen=True)
class Instance:
    """One Marathon: the container that was seen, the image that is wanted, and whether it leads."""

    node: Node
    found: SeenContainer
    wanted: str
    leads: bool

    @property
    def is_old(self) -> bool:
        """Tell whether it runs in a version that is not the wanted one."""
        return self.found.is_up and self.is_of_another

    @property
    def is_of_another(self) -> bool:
        """Tell whether it was made in a version that is not the wanted one, as far as the tags tell."""
        old, new = versions.of_image(self.found.image), versions.of_image(self.wanted)
        return self.found.image not in ("", self.wanted) and (old is None or old != new)


@dataclass(frozen=True)
class Roles:
    """Who does what in a hand-over; the names of nodes."""

    surplus: frozenset[str]
    first: str | None
    last: str | None


def membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Object to a version that could not read the state, and to a hand-over among some hosts only."""
    return Membership(objections=tuple(_objections(cluster, seen, plans)))


def _objections(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[Objection]:
    instances = _instances(cluster, seen)
    stored = _stored(instances, seen)
    left_out = absent(cluster, "marathon", plans)
    leaving = [node.name for node in cluster.leaving("marathon")]
    yield from _cut_short(cluster, instances, seen, plans)
    for one in (one for one in instances if one.found.image != one.wanted and one.node.name in plans):
        wanted = versions.of_image(one.wanted)
        refusal = _unreadable(stored, wanted) if stored and wanted else None
        if refusal is None and left_out and any(each.is_old for each in instances):
            refusal = (
                f"another version than that of {one.found.image} is handed over among all Marathons, and "
                f"this run does not work on {', '.join(left_out)}",
                "name all their hosts",
            )
        if refusal is None and leaving and any(each.is_old for each in instances):
            refusal = (
                f"another version than that of {one.found.image} is handed over among all Marathons, and "
                f"{verb(leaving, 'leaves', 'leave')} only afterwards: an old one there would lead instead",
                f"deploy with the old version first, and take {names(leaving)} out of hosts.ini then",
            )
        if refusal:
            changes = _changes(one, left_out)
            yield one.node.name, Blocker(Id.MARATHON_RUN, "Marathon", *refusal, "marathon-version", changes)


def changing(cluster: Cluster, seen: Seen) -> list[str]:
    """Name the hosts whose Marathon changes its version, if none of the new version leads yet."""
    return [one.node.name for one in _changing(_instances(cluster, seen))]


def _changing(instances: list[Instance]) -> list[Instance]:
    old = [one for one in instances if one.is_old]
    nobody = not any(one.found.is_up for one in instances)
    return old or [one for one in instances if nobody and one.is_of_another]


def _cut_short(cluster: Cluster, instances: list[Instance], seen: Seen, plans: Plans) -> Iterator[Objection]:
    """Object to another version on top of a migration that was cut short: no leader of it would live.

    Seen: the version that has left it is well with it.
    """
    touched = [one for one in _changing(instances) if one.node.name in plans]
    if touched and any(host.migrating for host in seen.values()):
        at = cluster.ensemble[0]
        node, server = under_way(cluster), f"{at.address}:{at.settings.zookeeper_client_port}"
        told = (
            f"an earlier migration of its state was cut short ({node} stands in ZooKeeper): every leader of "
            "another version would end at once"
        )
        remedy = (
            "see whether all apps are there, and restore a backup if not; then, on a host of ZooKeeper, "
            f"docker exec zookeeper zkCli.sh -server {server} delete {node}"
        )
        keep = _changes(touched[0], [])
        name = touched[0].node.name
        yield name, Blocker(Id.MARATHON_RUN, "Marathon", told, remedy, "marathon-migration", keep)


def under_way(cluster: Cluster) -> str:
    """Give the node that stands in ZooKeeper while Marathon migrates its state (Migration.scala)."""
    return f"{cluster.settings.marathon_zk_path}/state/migration-in-progress"


def told(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[str]:
    """Say which versions a plan leads from and to, and what that means."""
    moved = [one for one in _changing(_instances(cluster, seen)) if one.node.name in plans]
    for new in dict.fromkeys(versions.of_image(one.wanted) for one in moved):
        old = {versions.of_image(one.found.image) for one in moved}
        yield (
            f"Marathon {versions.change(old, new)}: its first new leader migrates the state, so there is no "
            "way back but a backup from before: `fab backup` makes one."
        )


def _changes(one: Instance, left_out: list[str]) -> tuple[Change, ...]:
    """Give the changes with which the state can be read: without who is gone, or with the old image."""
    gone = Change(
        tuple(Leave(name, "marathon") for name in left_out), f"if {names(left_out)} is gone for good"
    )
    keep = Change((Set("marathon_image", one.found.image),), "to keep the version")
    return (*([gone] if left_out else []), *([keep] if one.found.image else []))


def _unreadable(stored: Version, wanted: Version) -> tuple[str, str] | None:
    old, new = versions.shown(stored), versions.shown(wanted)
    if wanted < stored:
        return (
            f"its state is of {old}, hosts.ini wants {new}: it cannot be migrated back, and {new} would exit "
            "at every election",
            f"stop all Marathons, restore a backup that {new} or an older one made, remove their containers, "
            "and deploy then",
        )
    if stored < OLDEST and wanted[:2] > OLDEST[:2]:
        return (
            f"its state is of {old}, hosts.ini wants {new}, which migrates no state older than 1.4.0",
            "deploy a 1.4 first",
        )
    return None


def hand_over(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Put the steps of a new version in the order of a hand-over, however far an earlier run came."""
    instances = _instances(cluster, seen)
    if not any(one.is_old for one in instances):
        return plans
    roles = _roles(instances)
    return {
        **plans,
        **{
            one.node.name: _in_turns(one, roles, plans[one.node.name])
            for one in instances
            if _waits(one) and one.node.name in plans
        },
    }


def verdict(cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
    """Pass if all of `needed` are well and one of them leads, in the version that its image names."""
    well = Marathons().verdict(cluster, answers, needed)
    if not well.passed:
        return well
    leader = next((n for n in cluster.having("marathon") if _leads(n, answers.get(n.name, {}))), None)
    if leader is None or leader.name not in needed:
        return Verdict(False, f"{well.says}, which should have handed over")
    said, wanted = marathon(answers[leader.name]).version, versions.of_image(container(cluster, leader).image)
    if wanted not in (None, versions.of_text(said)):
        return Verdict(False, f"{leader.name} leads in version {said}")
    return well


def _leads(node: Node, answers: Answers) -> bool:
    return Marathons().role(node, answers) == "leader"


def turns(holds: Callable[[Step], bool], plans: Plans) -> list[dict[str, Step]]:
    """Give the turns of a chapter's hand-over in their order: each host's step."""
    found: dict[int, dict[str, Step]] = {}
    for host, plan in plans.items():
        for step in plan.in_phase("hand over"):
            if holds(step):
                found.setdefault(step.turn, {})[host] = step
    return [found[number] for number in sorted(found)]


def _waits(one: Instance) -> bool:
    """Tell whether an instance takes part: it is old, or does not run; new ones are settled already."""
    return one.is_old or not one.found.is_up


def _roles(instances: list[Instance]) -> Roles:
    old = [one.node.name for one in instances if one.is_old]
    leader = next((one.node.name for one in instances if one.leads), None)
    if any(one.found.is_up and not one.is_old for one in instances):
        last, first = (leader if leader in old else None), None
    else:
        last = leader if leader in old else old[-1]
        idle = [one.node.name for one in instances if not one.found.is_up]
        first = next(iter([*idle, *(each for each in old if each != last), last]))
    return Roles(frozenset(old) - {first, last}, first, last)


def _in_turns(one: Instance, roles: Roles, plan: HostPlan) -> HostPlan:
    steps: list[Step] = []
    for step in plan.steps:
        if step.id is not Id.MARATHON_RUN or step.action not in (Action.RUN, Action.REPLACE):
            steps.append(step)
        elif one.node.name == roles.first:
            steps.append(_first(one, roles, step))
        else:
            runs = f"starts {name(one.node)}"
            steps += [*_stop(one, roles), replace(step, phase="hand over", turn=4, risk="none", effect=runs)]
    return replace(plan, steps=tuple(steps))


def _first(one: Instance, roles: Roles, step: Step) -> Step:
    step = replace(step, phase="hand over", turn=2)
    last = one.node.name == roles.last
    return replace(step, risk="data", effect=f"{step.effect}; {MIGRATES}") if last else step


MIGRATES = "its state is migrated then, which cannot be undone"


def _stop(one: Instance, roles: Roles) -> Iterator[Step]:
    it = name(one.node)
    from_, to = (versions.shown(versions.of_image(image)) for image in (one.found.image, one.wanted))
    why = f"{from_} -> {to} is handed over"
    step = Step(Id.MARATHON_RUN, Action.STOP, f"stop {it}", why, stop(it), "hand over", effect=f"stops {it}")
    if one.node.name in roles.surplus:
        yield replace(step, reason=f"{why}: of the old ones only the last stays", risk="restart", turn=1)
    if one.node.name == roles.last:
        why, effect = f"{why}: a new one leads from here on", f"stops {it}; {MIGRATES}"
        yield replace(step, reason=why, effect=effect, risk="data", turn=3)


def _instances(cluster: Cluster, seen: Seen) -> list[Instance]:
    nodes = [node for node in cluster.having("marathon") if node.name in seen]
    found = {node: seen[node.name].container(name(node)) for node in nodes}
    leads = {node: _leads(node, seen[node.name].said("marathon")) for node in nodes}
    return [Instance(node, found[node], container(cluster, node).image, leads[node]) for node in nodes]


def _stored(instances: list[Instance], seen: Seen) -> Version | None:
    """Give the version of the state: the leader's, which standbys pass on, or else of the newest image."""
    said = (versions.of_text(marathon(one.said("marathon")).version) for one in seen.values())
    # A container of its name that somebody else made may be anything; its image says nothing.
    images = (versions.of_image(one.found.image) for one in instances if one.found.is_ours)
    return max(filter(None, said), default=None) or max(filter(None, images), default=None)
