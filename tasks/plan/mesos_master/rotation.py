"""Secrets that masters use are not exchanged in place: who still shows the old ones would be refused."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster, Node
from ..desired import secrets
from ..look.observed import Observed
from ..names import Id
from ..step import Blocker
from .desired import name


def objections(cluster: Cluster, node: Node, seen: Observed) -> Iterator[Blocker]:
    """Object to other secrets than those of a master that runs with some.

    Those of its zk:// address are closing's business: that file also changes with who is in the ensemble.
    """
    container = seen.container(name(node))
    if not container.runs or secrets.MASTERS not in container.environment:
        return
    for file in secrets.masters(cluster, name(node)).files[:1]:
        there = seen.path(file.path)
        if there.kind == "regular file" and there.text != file.text:
            told = (
                f"{file.path} has other secrets than secrets_file, and who shows the old ones would be "
                "refused by masters with the new ones"
            )
            remedy = (
                "give secrets_file its old secrets; or deploy with security=open, then with the new ones; "
                f"or, if somebody edited the file on the host, rm {file.path} there, and deploy"
            )
            yield Blocker(Id.MASTER_RUN, name(node), told, remedy)
