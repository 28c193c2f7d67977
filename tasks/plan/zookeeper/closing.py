"""The masters' tree in ZooKeeper is left to who has their password, and opened again; others may still read.

Sources: runs of Mesos 1.5.0 over such a tree. A master with a password makes its nodes its own, and the tree,
too, if that is not there; its zk:// address stands in a file. A master without it ends on a closed tree.
Whoever may write to a node may remove what is below it, whosever that is: so the tree itself is closed.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha1

from ...inventory.cluster import Cluster, Node
from ...inventory.credentials import Credentials
from ..desired import secrets
from ..look.docker import SeenContainer
from ..look.rights import Right, Rights
from ..membership import Plans, Seen
from ..names import Id
from ..shell import OWN_ENGINE, quote
from ..step import Action, Blocker, Step
from .desired import CONTAINER

READ = 1
"""The permission that everybody keeps: agents and Marathons look for the leading master there."""

OWNED = "auth::cdrwa,world:anyone:r"
ANYBODYS = "world:anyone:cdrwa"
"""The rights of a closed node, and of an open one, as ZooKeeper's own client is told of them."""


def paths(cluster: Cluster) -> tuple[str, ...]:
    """Give the nodes that outlive sessions: where masters stand for election, and where log replicas join."""
    root = cluster.settings.mesos_zk_path
    return (root, f"{root}/log_replicas") if cluster.settings.mesos_registry == "replicated_log" else (root,)


def concerns(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether it matters who owns the tree: as it is to be closed, or masters may have closed it."""
    return cluster.settings.security == "strict" or any(map(_knows, _masters(seen)))


def _masters(seen: Seen) -> list[SeenContainer]:
    """Give the masters' containers that are there."""
    return [
        one
        for host in seen.values()
        for one in host.containers.values()
        if secrets.ADDRESS in one.environment
    ]


def _knows(master: SeenContainer) -> bool:
    """Tell whether a master has the password."""
    return master.environment.get(secrets.ADDRESS, "").startswith("file://")


def arranged(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Have the tree closed behind all else, or opened before any master loses the password."""
    if not concerns(cluster, seen):
        return plans
    rights = next((host.rights for host in seen.values() if host.rights is not None), None)
    strange = _of_others(cluster.credentials, rights) if cluster.credentials and rights else []
    able = [node for node in cluster.having("mesos_master") if "zookeeper" in node.roles]
    node = next((node for node in able if node.name in plans), None)
    todo = _todo(cluster, seen, rights)
    if strange:
        return _with(plans, _foreign(strange))
    if todo and node is None:
        return _with(plans, _nobody(able)) if todo is Action.OPEN_TREE or not able else plans
    if todo and node:
        own = plans[node.name]
        return {**plans, node.name: replace(own, steps=(*own.steps, _step(todo, cluster, node)))}
    return plans


def _todo(cluster: Cluster, seen: Seen, rights: Rights | None) -> Action | None:
    """Say whether the tree is to be closed or opened; what is not known counts as what does more harm."""
    masters, security = _masters(seen), cluster.settings.security
    if security == "strict":
        is_closed = not any(map(_is_open, rights.values())) if rights else rights is None and bool(masters)
        return None if is_closed else Action.CLOSE_TREE
    if security == "open" and (rights is None or not all(map(_is_open, rights.values()))):
        return Action.OPEN_TREE
    return None


def _is_open(rights: tuple[Right, ...]) -> bool:
    return any(one.scheme == "world" and one.permissions & ~READ for one in rights)


def _step(todo: Action, cluster: Cluster, node: Node) -> Step:
    root = cluster.settings.mesos_zk_path
    if todo is Action.CLOSE_TREE:
        title, why = f"close {root} in ZooKeeper", "only masters may write there: security=strict"
        return Step(Id.MASTER_RUN, todo, title, why, _closing(cluster, node), "settle")
    title, why = f"open {root} in ZooKeeper", "masters without its password would end: security=open"
    return Step(Id.MASTER_RUN, todo, title, why, _opening(cluster, node))


def _with(plans: Plans, blocker: Blocker) -> Plans:
    """Object to it wherever something is done about a master."""
    return {
        name: replace(plan, blockers=(*plan.blockers, blocker))
        if any(step.id is Id.MASTER_RUN for step in plan.steps)
        else plan
        for name, plan in plans.items()
    }


def digest(credentials: Credentials) -> str:
    """Give by what ZooKeeper knows the owner: NAME and a hash of NAME:SECRET (its provider `digest`)."""
    owner = credentials.owner.text
    return f"{owner.partition(':')[0]}:{b64encode(sha1(owner.encode()).digest()).decode()}"


def _of_others(credentials: Credentials, rights: Rights) -> list[str]:
    """Give the nodes that only somebody with another password may change."""
    mine = digest(credentials)
    return [
        path
        for path, those in rights.items()
        if not _is_open(those) and not any((one.scheme, one.id) == ("digest", mine) for one in those)
    ]


def _foreign(strange: Sequence[str]) -> Blocker:
    told = f"{', '.join(strange)} in ZooKeeper can be changed by who has another password only"
    remedy = (
        "give secrets_file the secret of zookeeper by which it was closed; docs/security.md says what to do "
        "if that is lost"
    )
    return Blocker(Id.MASTER_RUN, "ZooKeeper", told, remedy)


def _nobody(able: Sequence[Node]) -> Blocker:
    """Object to a change of masters without a host that has ZooKeeper's own client and a master's file."""
    if able:
        told, remedy = "the masters' tree in ZooKeeper is to be opened first", f"include {able[0].name} in -H"
    else:
        told = "no host is in both [zookeeper] and [mesos_master], and only such a one can close their tree"
        remedy = "have one that is, or write security=permissive"
    return Blocker(Id.MASTER_RUN, "ZooKeeper", told, remedy)


def _client(node: Node) -> str:
    """Give the shell of ZooKeeper's own client as the owner, who is named on standard input alone."""
    _, file = secrets.paths("mesos_master")
    server = f"127.0.0.1:{node.settings.zookeeper_client_port}"
    return f"""\
{OWN_ENGINE}owner=$(sed -n 's,^zk://\\([^@/]*\\)@.*,\\1,p' {quote(file)})
client() {{ # client LINE...: what ZooKeeper's own client answers
  printf '%s\\n' "addauth digest $owner" "$@" quit |
    timeout 60 docker exec -i {CONTAINER} zkCli.sh -server {server} 2>&1 || true
}}
everybody() {{ # everybody RIGHTS: how many of the nodes whose rights are told give everybody just these
  grep -A1 -F "'world,'anyone" | grep -cxF ": $1" || true
}}
"""


def _opening(cluster: Cluster, node: Node) -> str:
    return f"{_client(node)}said=$(client {_lines(cluster, ANYBODYS)})\n{_judged(cluster, 'cdrwa')}"


def _closing(cluster: Cluster, node: Node) -> str:
    """Have every master's node shown to be the owner's before anybody loses a right."""
    below = zip(paths(cluster), ("json.info_", ""), strict=False)
    nodes = "; ".join(f"below {quote(path)} {quote(called)}" for path, called in below)
    return f"""\
{_client(node)}\
below() {{ # below PATH NAME: the nodes of masters there, which are called so and have a number
  client "ls $1" | tr '[],' '\\n\\n\\n' | tr -d ' ' | grep -xE "$2[0-9]+" | sed "s,^,$1/,"
}}
nodes=$({nodes})
set --
for one in $nodes; do set -- "$@" "getAcl $one" "setAcl $one {OWNED}"; done
said=$(client "$@")
if [ "$(printf '%s\\n' "$said" | everybody cdrwa)" != 0 ]; then
  echo "a master is there without the password, which would end on the closed tree" >&2; exit 1
fi
case $said in *'Insufficient permission'*|*'uthentication is not valid'*|*NoAuth*)
  echo "a master is there with another password, which would end on the closed tree" >&2; exit 1 ;;
esac
said=$(client {_lines(cluster, OWNED)})
{_judged(cluster, "r")}"""


def _lines(cluster: Cluster, rights: str) -> str:
    """Give the words of the shell that give all nodes these rights, and then ask which they have."""
    giving = [f"setAcl {path} {rights}" for path in reversed(paths(cluster))]
    return " ".join(map(quote, [*giving, *(f"getAcl {path}" for path in paths(cluster))]))


def _judged(cluster: Cluster, rights: str) -> str:
    return f"""\
if [ "$(printf '%s\\n' "$said" | everybody {rights})" != {len(paths(cluster))} ]; then
  printf '%s\\n' "$said" | grep -E "permission|valid|xception|exist|efused" | tail -n 3 >&2 || true
  echo "its rights are not those that were asked for" >&2; exit 1
fi
"""
