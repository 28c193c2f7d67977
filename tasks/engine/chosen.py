"""Which hosts a command is for: those of -H, as fab has them, or all that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fabric import Connection
from fabric.connection import derive_shorthand
from invoke.context import Context

from ..errors import BadInput
from ..inventory.cluster import Cluster, Node


def choose(cluster: Cluster, where: str, names: Sequence[str]) -> list[Node]:
    """Choose the nodes that chapter `where` concerns, among `names` if any are given."""
    concerned = [node for node in cluster.nodes if where in ("host", *node.roles)]
    if not names:
        if not concerned:
            raise BadInput(f"{cluster.source} has no host in [{where}]; add one")
        return concerned
    nodes, known = [_typed_node(cluster, name) for name in names], [each.name for each in concerned]
    for node in nodes:
        if node.name not in known:
            having = ", ".join(known) or "no host"
            raise BadInput(f"-H {node.name}: {cluster.source} has in [{where}] only {having}")
    return list({node.name: node for node in nodes}.values())


def around(cluster: Cluster, name: str, typed: Sequence[str]) -> list[Node]:
    """Choose who is to be serviced, and then all that have a member which can lead. Raises BadInput.

    It is the host of this name; without one, those of -H, or all.
    """
    if name and typed:
        raise BadInput("-H has no meaning here: the host is named behind the task")
    serviced = [named(cluster, name, name)] if name else choose(cluster, "host", typed)
    leading, names = {"zookeeper", "mesos_master", "marathon"}, {node.name for node in serviced}
    others = (each for each in cluster.nodes if each.name not in names and leading & set(each.roles))
    return [*serviced, *others]


def _typed_node(cluster: Cluster, text: str) -> Node:
    """Give the node that `[user@]host[:port]` of -H means, with the user and port that were typed."""
    try:
        typed = derive_shorthand(text)
    except ValueError:
        raise BadInput(f"-H {text}: write [user@]host[:port]") from None
    node = named(cluster, typed["host"], f"-H {text}")
    return replace(
        node,
        ssh=replace(node.ssh, user=typed["user"] or node.ssh.user, port=typed["port"] or node.ssh.port),
    )


def named(cluster: Cluster, name: str, typed: str) -> Node:
    """Give the node of this name, which was `typed` in some option. Raises BadInput."""
    node = cluster.called(name)
    if node is None:
        known = ", ".join(node.name for node in cluster.nodes)
        raise BadInput(f"{typed}: {cluster.source} has no such host; it has {known}")
    return node


def named_hosts(context: Context) -> list[str]:
    """Give the whole list of -H; empty if it was not given. Raises BadInput if it is given empty.

    Fabric calls a task once for each of them, so the list is asked of fab itself.
    """
    typed = _typed_hosts(context)
    names = _split(typed or "")
    if typed is not None and not names:
        raise BadInput("-H is empty; name hosts, or leave it out for all of the inventory")
    return names


def _typed_hosts(context: Context) -> str | None:
    typed = option("hosts")
    if typed is None and isinstance(context, Connection):  # called by something other than fab
        return str(context.original_host)
    return typed


def option(name: str) -> str | None:
    """Give what was typed for one of fab's own options, None if it was not given or nobody typed at all."""
    from fabric.main import program

    return program.args[name].value if hasattr(program, "core") else None


def _split(typed: str) -> list[str]:
    return [name.strip() for name in typed.split(",") if name.strip()]


def is_repetition(context: Context) -> bool:
    """Tell whether this is fab's call for the second or a later host of -H: the first did them all."""
    if not isinstance(context, Connection):
        return False
    names = _split(_typed_hosts(context) or "")
    this = (context.original_host or "").strip()  # fab also calls for what is empty between two commas
    return bool(names) and derive_shorthand(names[0])["host"] != this
