"""A leading master is replaced without the wait for its session: another one leads at once."""

from ..inventory.cluster import Node
from ..plan.mesos_master import candidacy
from ..plan.mesos_master.service import master
from ..plan.names import Id
from ..plan.runbook import MESOS_MASTER
from . import gates
from .console import STYLES
from .hosts import Hosts


def hand_over(hosts: Hosts, node: Node) -> None:
    """Stop the leading master on a node, remove its candidacy, and wait until another one leads.

    Only what surely is that process's candidacy is removed, and only once it surely has ended. Where that
    is not sure, its session ends by itself, as it does when nobody helps: slower, not wrong. Raises
    StepFailed or Unreachable.
    """
    if len(MESOS_MASTER.nodes(hosts.cluster)) == 1:
        return  # nobody could lead in its place
    if doubt := _stop(hosts, node):
        slower = "another master leads only when the session of this one ends"
        hosts.console.say(f"{node.name}  {Id.MASTER_RUN} {slower}: {doubt}.", STYLES["warning"])
    else:
        _await_another(hosts, node)


def _stop(hosts: Hosts, node: Node) -> str:
    """Stop the leader and remove its candidacy; say why not, if that would not be safe."""
    from .tree import NoTree

    try:
        with hosts.tree(node) as tree:
            said = gates.ask_member(hosts, node, candidacy.question(node))
            found = candidacy.of_leader(node, said, tree.candidacies(hosts.cluster.settings.mesos_zk_path))
            if found is None:
                return "ZooKeeper and the master do not agree on which candidacy is its own"
            words = hosts.act({node.name: [candidacy.stop(node)]})[node.name]
            if candidacy.ENDED not in words.splitlines():
                return f"something still listens on port {node.settings.mesos_master_port}"
            tree.remove(found)
            return ""
    except NoTree as error:
        return f"ZooKeeper could not be asked from here ({error})"


def _await_another(hosts: Hosts, node: Node) -> None:
    """Wait until a master leads that has read the registry; if none does in time, the gates will tell."""
    leads = False

    def enough(said: gates.Said) -> bool:
        nonlocal leads
        heard = [master(answers) for answers in said[MESOS_MASTER].values()]
        leads = any(one.elected and one.registry for one in heard)
        return leads

    hosts.console.begin(node.name, f"{Id.MASTER_ASK} wait until another master leads", Id.MASTER_ASK)
    gates.ask_until(hosts, [MESOS_MASTER], enough)
    hosts.console.end(node.name, "ok" if leads else "failed")
