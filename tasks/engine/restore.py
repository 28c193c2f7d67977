"""A backup is tried out in a scratch ZooKeeper, or restored into a cluster without a Marathon."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..errors import BadInput, Blocked, NoTree, StepFailed
from ..inventory.cluster import Node
from ..plan.look.observed import Observed
from ..plan.marathon import ties
from ..plan.names import Id
from ..plan.runbook import MARATHON, ZOOKEEPER
from ..plan.step import Action, Step
from ..plan.words import counted, verb
from ..plan.zookeeper.backup import picture, restoring
from ..plan.zookeeper.backup.archive import Backup
from ..plan.zookeeper.backup.picture import TooLarge
from ..plan.zookeeper.backup.restoring import Refused
from ..plan.zookeeper.backup.tree import Tree as Nodes
from . import lease, scratch
from .hosts import Hosts
from .run import Run
from .tree import Tree

AGAIN = "Run this again: what is there already is kept."

STOP = "`fab marathon.stop` stops it until the next deploy; its tasks run on. Then run this again."


def check(hosts: Hosts, backup: Backup) -> str:
    """Restore a backup into a scratch ZooKeeper, read it back, and say how that went.

    Raises Blocked, StepFailed or Unreachable.
    """
    node = hosts.first(hosts.nodes)
    with scratch.serving(hosts, node) as port, hosts.console.looking(node.name, "restore the backup"):
        try:
            with hosts.tree_at(node, "127.0.0.1", port) as tree:
                made = _restored(tree, backup, node, tree.create)
        except NoTree as error:
            raise StepFailed(f"the scratch ZooKeeper cannot be used: {error}", host=node.name) from error
    return f"{node.name}  {made} restored into a scratch ZooKeeper and read back the same."


def restore(run: Run, backup: Backup) -> str:
    """Restore a backup while no Marathon runs, and say how that went; what is there already is kept.

    Raises BadInput, Blocked, StepFailed or Unreachable.
    """
    if not all(map(run.hosts.has_all, (ZOOKEEPER, MARATHON))):
        raise BadInput("A restore needs all hosts of [zookeeper] and [marathon]: leave out -H")
    if why := restoring.foreign(run.cluster, backup):
        raise BadInput(f"This backup cannot be restored here: {why}")
    with lease.held(run) as leases:
        _refuse_running(run.hosts, leases.secure())
        node = run.cluster.ensemble[0]
        try:
            with run.hosts.console.looking(node.name, "restore"), run.hosts.tree(node) as tree:
                _refuse_standing(run.hosts, tree)
                made = _restored(tree, backup, node, lambda nodes: _write(run.hosts, node, tree, nodes))
                return f"{made} in ZooKeeper as the backup has them."
        except NoTree as error:
            serve = (
                "ZooKeeper must serve: `fab deploy-zookeeper`. Then run this again; what is there is kept."
            )
            raise Blocked(f"ZooKeeper's tree cannot be read or written: {error}", serve, node.name) from error


def _refuse_running(hosts: Hosts, seen: Mapping[str, Observed]) -> None:
    running = [
        node.name
        for node in MARATHON.nodes(hosts.cluster)
        if node.name in seen
        for name in MARATHON.containers(hosts.cluster, node)
        if seen[node.name].container(name).runs
    ]
    if running:
        told = verb(running, "runs a Marathon", "run Marathons")
        raise Blocked(f"{told}, which would write over what is restored. {STOP}")


def _refuse_standing(hosts: Hosts, tree: Tree) -> None:
    """Refuse to write while any Marathon stands for election, also one that hosts.ini does not name."""
    if standing := [one.data for one in tree.candidacies(ties.path(hosts.cluster)) if one.session]:
        told = verb(standing, "stands for election", "stand for election")
        raise Blocked(f"A Marathon is there, which would write over what is restored: {told}. {STOP}")


def _write(hosts: Hosts, node: Node, tree: Tree, nodes: Nodes) -> None:
    """Make nodes, as a step of the run: what it has done is recorded."""
    what, why = f"restore {counted(len(nodes), 'node')}", "the backup has them, and ZooKeeper has not"
    step = Step(Id.ZOOKEEPER_ASK, Action.WRITE, what, why, "")
    hosts.journal.begin(node.name, step)
    hosts.console.begin(node.name, f"{step.id} {what}", step.id, why)
    tree.create(nodes)
    hosts.journal.end(node.name)
    hosts.console.end(node.name, "changed")


def _restored(tree: Tree, backup: Backup, node: Node, make: Callable[[Nodes], None]) -> str:
    """Make what is missing, read all of it again, and say how much that was."""
    backup = replace(backup, tree=restoring.without_rights(backup.tree, backup.roots))
    try:
        missing = restoring.lacking(backup, _there(tree, backup, node))
    except Refused as error:
        raise Blocked(str(error), f"{error.remedy}.", node.name) from error
    if missing:
        make({path: backup.tree[path] for path in missing})
    if wrong := restoring.differences(backup, _there(tree, backup, node)):
        raise StepFailed(f"{', '.join(wrong)} after the restore", AGAIN, node.name)
    kept = len(backup.tree) - len(missing)
    told = f", of which {kept} were there before" if kept else ""
    return f"{counted(len(backup.tree), 'node')}{told}"


def _there(tree: Tree, backup: Backup, node: Node) -> Nodes:
    try:
        return restoring.without_rights(picture.taken(tree, list(backup.roots)).tree, backup.roots)
    except TooLarge as error:
        raise Blocked(f"{error}, which no backup has", host=node.name) from error
