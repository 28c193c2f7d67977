"""Masters are replaced without a wait for their sessions: when the leader goes, another one leads at once."""

from collections.abc import Callable, Mapping, Sequence

from ..errors import NoTree
from ..inventory.cluster import Node
from ..plan.gate import Answers
from ..plan.look.election import Candidacy
from ..plan.mesos_master import candidacy
from ..plan.mesos_master.service import master
from ..plan.names import Id
from ..plan.runbook import MESOS_MASTER
from . import gates
from .hosts import Hosts


def make_way(hosts: Hosts, node: Node, leads: bool) -> None:
    """Stop the master on a node, which is to be made anew, and remove its candidacy.

    If it leads, wait before that for a living one next in line, and after it until that one leads. Only what
    surely is of a process there is removed, and only once none surely lives. Where that is not sure, its
    session ends by itself, as it does when nobody helps: slower, not wrong. Raises StepFailed or Unreachable.
    """
    if len(MESOS_MASTER.nodes(hosts.cluster)) == 1:
        return  # nobody could lead in its place
    doubt = _stop(hosts, node, leads)
    if leads and doubt:
        slower = "another master leads only when the session of this one ends"
        hosts.console.say(f"{node.name}  {Id.MASTER_RUN} {slower}: {doubt}.", "warning")
    elif leads:
        _await_another(hosts, node)


def _stop(hosts: Hosts, node: Node, leads: bool) -> str:
    """Stop a master and remove its candidacy; say why not, if that would not be safe."""
    path = hosts.cluster.settings.mesos_zk_path
    try:
        with hosts.tree(node) as tree:
            if leads:
                _await_successor(hosts, node, lambda: tree.candidacies(path))
            found = _own(hosts, node, tree.candidacies(path), leads)
            if not found:
                return "ZooKeeper and the master do not agree on which candidacy is its own"
            words = hosts.act({node.name: [candidacy.stop(node, leads)]})[node.name]
            if candidacy.ENDED not in words.splitlines():
                return f"something still listens on port {node.settings.mesos_master_port}"
            for each in found:
                tree.remove(each)
            return ""
    except NoTree as error:
        return f"ZooKeeper could not be asked from here ({error})"


def _own(hosts: Hosts, node: Node, standing: Sequence[Candidacy], leads: bool) -> Sequence[Candidacy]:
    if not leads:
        return candidacy.of_followers(node, standing)
    leading = candidacy.of_leader(node, gates.ask_member(hosts, node, candidacy.question(node)), standing)
    return [leading] if leading else []


def _await_successor(hosts: Hosts, node: Node, standing: Callable[[], Sequence[Candidacy]]) -> None:
    """Wait until the next in line lives: those restarted before stand twice until their session ends."""

    def ready(said: Mapping[str, Answers]) -> bool:
        nodes = [each for each in MESOS_MASTER.nodes(hosts.cluster) if master(said[each.name]).present]
        try:
            return candidacy.someone_is_next(nodes, standing())
        except NoTree:
            return True  # it is asked once more, and told then

    _await(hosts, node, "wait for a living master next in line", ready)


def _await_another(hosts: Hosts, node: Node) -> None:
    """Wait until a master leads that has read the registry; if none does in time, the gates will tell."""

    def ready(said: Mapping[str, Answers]) -> bool:
        heard = [master(answers) for answers in said.values()]
        return any(one.elected and one.registry for one in heard)

    _await(hosts, node, "wait until another master leads", ready)


def _await(hosts: Hosts, node: Node, what: str, ready: Callable[[Mapping[str, Answers]], bool]) -> None:
    done = False

    def enough(said: gates.Said) -> bool:
        nonlocal done
        done = ready(said[MESOS_MASTER])
        return done

    hosts.console.begin(node.name, f"{Id.MASTER_ASK} {what}", Id.MASTER_ASK)
    gates.ask_until(hosts, [MESOS_MASTER], enough)
    hosts.console.end(node.name, "ok" if done else "failed")
