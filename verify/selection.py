"""Which tests of the acceptance suite concern which hosts of the inventory."""

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.settings import ROLES

UNKNOWN_HOST = "--hosts names {host}, which {source} does not have; it has {known}"


def in_suite(config: pytest.Config, item: Any) -> bool:
    """Tell whether a test is one of the suite's, which all stand in verify/."""
    return _below(config.rootpath, "verify", item.path)


@cache  # a path is taken apart slowly, and every test of a file has the same one
def _below(root: Path, folder: str, file: Path) -> bool:
    return (root / folder) in file.parents


def asks_a_host(item: Any) -> bool:
    """Tell whether a test is made for each of its hosts, or asks the cluster as a whole."""
    return "_testinfra_host" in getattr(item, "fixturenames", ())


def nodes_for(cluster: Cluster, item: Any) -> tuple[Node, ...]:
    """Return the nodes that a test concerns: those of its role, without one all."""
    role = _role(item)
    return cluster.nodes if role is None else cluster.having(role)


def _role(item: Any) -> str | None:
    mark = item.get_closest_marker("role")
    if mark is None:
        return None
    if mark.args[0] not in ROLES:
        raise pytest.UsageError(f"{item.path.name}: no role is called {mark.args[0]!r}; there are {ROLES}")
    return str(mark.args[0])


def is_chosen(config: pytest.Config, cluster: Cluster, item: pytest.Item) -> bool:
    """Tell whether a test is run: its host is one that it concerns, and the options ask for it."""
    return _concerns(cluster, item) and (
        config.option.destructive or item.get_closest_marker("destructive") is None
    )


def _concerns(cluster: Cluster, item: pytest.Item) -> bool:
    nodes, host = nodes_for(cluster, item), _host_of(item)
    if host is None:
        return not asks_a_host(item) and bool(nodes)
    return cluster.called(host) in nodes


def _host_of(item: pytest.Item) -> str | None:
    """Return the host a test was made for; None for a test that asks the cluster as a whole."""
    host: Any = getattr(getattr(item, "callspec", None), "params", {}).get("_testinfra_host")
    return host.backend.get_hostname() if hasattr(host, "backend") else None


def properties(cluster: Cluster, item: pytest.Item) -> Iterator[tuple[str, object]]:
    """Say for --junitxml which host and which step of the runbook a test is about, where it is about one."""
    if node := cluster.called(_host_of(item) or ""):
        yield "host", node.name
    yield from (("runbook", mark.args[0]) for mark in item.iter_markers("runbook"))


def check_hosts(config: pytest.Config, cluster: Cluster) -> None:
    """Refuse names in --hosts that the inventory does not have: nothing is known of them."""
    for spec in (config.option.hosts or "").split(",") if config.option.hosts else ():
        if "://" not in spec and config.option.connection is None:
            raise pytest.UsageError(f"--hosts: write ssh://{spec}; without it no host key would be checked")
        host = spec.partition("://")[2] or spec
        host = host.partition("?")[0].rpartition("@")[2].partition(":")[0]
        if cluster.called(host) is None:
            known = ", ".join(node.name for node in cluster.nodes)
            raise pytest.UsageError(UNKNOWN_HOST.format(host=host, source=cluster.source, known=known))


class Uncovered(pytest.Item):
    """A role of the inventory that the named hosts leave unchecked: always a failure."""

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    def runtest(self) -> None:
        """Fail."""
        pytest.fail(f"--hosts names no host of [{self.role}], so nothing of it was checked", pytrace=False)

    def reportinfo(self) -> tuple[str, None, str]:
        """Say where it stands, and what it is called."""
        return "verify/selection.py", None, self.name


def uncovered(
    session: pytest.Session, cluster: Cluster, items: Collection[pytest.Item], kept: Collection[pytest.Item]
) -> Iterator[Uncovered]:
    """Yield a failing test for each role of the inventory of which no test that asks a host was kept."""
    asking = [item for item in items if asks_a_host(item)]
    roles = {_role(item) for item in asking}
    covered = {_role(item) for item in asking if item in kept}
    for role in ROLES:
        if role in roles - covered and cluster.having(role):
            yield Uncovered.from_parent(session, name=f"every role is covered: {role}", role=role)
