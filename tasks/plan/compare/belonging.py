"""To which cluster a host belongs already: by the name on its containers, and by their ZooKeeper."""

import re
from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ...inventory.edits import Change, Set
from ..desired import Container, Item
from ..look.observed import Observed
from ..step import Blocker


def objections(cluster: Cluster, items: tuple[Item, ...], seen: Observed) -> Iterator[Blocker]:
    """Object to a host of another cluster: its containers would leave that one, or its members be mixed."""
    yield from _named_otherwise(cluster.settings.cluster_name, seen)
    for item in items:
        if isinstance(item, Container) and (url := pointed_to(seen, item.name)) and elsewhere(cluster, url):
            ours = ",".join(sorted(_ours(cluster)))
            yield Blocker(
                item.step,
                item.name,
                f"it works with the ZooKeeper of {','.join(_hosts(url))}, hosts.ini has {ours}",
                "use the hosts.ini of that cluster; if the container is to change to this one, remove it "
                f"there (docker rm -f {item.name}), then deploy",
                "cluster",
            )


def _named_otherwise(name: str, seen: Observed) -> Iterator[Blocker]:
    others: dict[str, list[str]] = {}
    for container, other in sorted(seen.clusters.items()):
        if other != name:
            others.setdefault(other, []).append(container)
    for other, containers in others.items():
        yield Blocker(
            "",
            "cluster_name",
            f"{', '.join(containers)} here belong to the cluster {other!r}, hosts.ini is that of {name!r}",
            f"use the hosts.ini of {other!r}; to take the host away from that cluster, remove them there "
            f"(docker rm -f {' '.join(containers)})",
            "cluster",
            (Change((Set("cluster_name", other),), "if this is the cluster that is meant"),),
        )


def pointed_to(seen: Observed, container: str) -> str:
    """Give the zk:// address that a master, a Marathon or an agent works with, "" if it has none."""
    one = seen.container(container)
    told, flags = one.environment, dict(zip(one.arguments, one.arguments[1:], strict=False))
    found = (told.get("MESOS_ZK"), told.get("MESOS_MASTER"), flags.get("--zk"), flags.get("--master"))
    return next((url for url in found if url and url.startswith("zk://")), "")


def elsewhere(cluster: Cluster, url: str) -> bool:
    """Tell whether most of its hosts are none of this ensemble; a change of members leaves more than half."""
    hosts = _hosts(url)
    return sum(host in _ours(cluster) for host in hosts) <= len(hosts) // 2


def _ours(cluster: Cluster) -> set[str]:
    return {node.address for node in cluster.ensemble}


def _hosts(url: str) -> list[str]:
    """Give the hosts of `zk://[user:password@]host:port,.../path`; the password is in nobody's sight."""
    listed = re.sub(r"^zk://([^/]*@)?", "", url).partition("/")[0]
    return [host.partition(":")[0] for host in listed.split(",")]
