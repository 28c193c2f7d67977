"""Which tests of the acceptance suite concern which hosts of the inventory."""

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.settings import ROLES

UNKNOWN_HOST = "--hosts names {host}, which {source} does not have; it has {known}"
OTHER_WAY = "{option}: the suite asks hosts over ssh:// alone, which checks their keys"
WHOLE = (
    "--destructive kills leaders, wherever they are, and --hosts leaves out {rest}; leave --hosts away, "
    "or add --complete to judge them all the same"
)


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
    role = role_of(item)
    return cluster.nodes if role is None else cluster.having(role)


def role_of(item: Any) -> str | None:
    """Return the role that a test concerns; None if it concerns every host."""
    mark = item.get_closest_marker("role")
    if mark is None:
        return None
    if mark.args[0] not in ROLES:
        raise pytest.UsageError(f"{item.path.name}: no role is called {mark.args[0]!r}; there are {ROLES}")
    return str(mark.args[0])


def is_complete(config: pytest.Config) -> bool:
    """Tell whether the whole cluster is judged, and a role that no host covers is a failure."""
    return bool(config.option.complete or config.option.hosts is None)


def judged(config: pytest.Config, cluster: Cluster) -> tuple[Node, ...]:
    """Return the hosts that the run judges: all, unless --hosts names some and --complete is not given."""
    return cluster.nodes if is_complete(config) else visited(config, cluster)


def visited(config: pytest.Config, cluster: Cluster) -> tuple[Node, ...]:
    """Return the hosts that the run logs in to and checks themselves: those of --hosts, without it all."""
    named = {cluster.reached_at(host) for host in _named(config)}
    return tuple(node for node in cluster.nodes if config.option.hosts is None or node in named)


def is_chosen(config: pytest.Config, cluster: Cluster, item: pytest.Item) -> bool:
    """Tell whether a test is run: it concerns a host that is judged, and the options ask for it."""
    return _concerns(config, cluster, item) and (
        config.option.destructive or item.get_closest_marker("destructive") is None
    )


def _concerns(config: pytest.Config, cluster: Cluster, item: pytest.Item) -> bool:
    nodes, host = nodes_for(cluster, item), _host_of(item)
    if host is None:
        return not asks_a_host(item) and not set(nodes).isdisjoint(judged(config, cluster))
    return cluster.called(host) in nodes


def _host_of(item: pytest.Item) -> str | None:
    """Return the host a test was made for; None for a test that asks the cluster as a whole."""
    host: Any = getattr(getattr(item, "callspec", None), "params", {}).get("_testinfra_host")
    return host.backend.get_hostname() if hasattr(host, "backend") else None


def hosts_of(items: Iterable[pytest.Item]) -> dict[str, Host]:
    """Return every host that tests were made for, by its name."""
    return {name: item.callspec.params["_testinfra_host"] for item in items if (name := _host_of(item))}  # type: ignore[attr-defined]


def properties(cluster: Cluster, item: pytest.Item) -> Iterator[tuple[str, object]]:
    """Say for --junitxml which host and which step of the runbook a test is about, where it is about one."""
    if node := cluster.called(_host_of(item) or ""):
        yield "host", node.name
    yield from (("runbook", mark.args[0]) for mark in item.iter_markers("runbook"))


def check_hosts(config: pytest.Config, cluster: Cluster) -> None:
    """Refuse what --hosts cannot mean: names that the inventory does not have, and leaders of a part.

    Hosts are asked over ssh:// alone: every other way may ask another machine, or one with another key.
    """
    if config.option.connection is not None:
        raise pytest.UsageError(OTHER_WAY.format(option=f"--connection={config.option.connection}"))
    if config.option.hosts is not None and not _named(config):
        raise pytest.UsageError("--hosts is empty; name hosts, or leave it out for all of the inventory")
    for spec, host in _named_as(config).items():
        way, separator, name = spec.partition("://")
        if not separator:
            raise pytest.UsageError(f"--hosts: write ssh://{spec}; without it no host key would be checked")
        if way != "ssh":
            raise pytest.UsageError(f"{OTHER_WAY.format(option=f'--hosts={spec}')}: write ssh://{name}")
        if cluster.reached_at(host) is None:
            known = ", ".join(node.name for node in cluster.nodes)
            raise pytest.UsageError(UNKNOWN_HOST.format(host=host, source=cluster.source, known=known))
    if config.option.destructive and (rest := left_out(config, cluster)) and not is_complete(config):
        raise pytest.UsageError(WHOLE.format(rest=", ".join(node.name for node in rest)))


def files_left_out(config: pytest.Config, items: Collection[pytest.Item]) -> int:
    """Return how many files of the suite have no test among `items`, because they were not to be read."""
    files = set((config.rootpath / "verify").glob("test_*.py"))
    return len(files - {item.path for item in items})


def left_out(config: pytest.Config, cluster: Cluster) -> tuple[Node, ...]:
    """Return the hosts that the run does not log in to."""
    there = visited(config, cluster)
    return tuple(node for node in cluster.nodes if node not in there)


def told_left_out(config: pytest.Config, cluster: Cluster) -> str:
    """Say which hosts the run does not log in to; "" if it does to all."""
    rest = ", ".join(f"{node.name} ({', '.join(node.roles)})" for node in left_out(config, cluster))
    part = "; only their services were asked" * is_complete(config)
    return f"not checked: --hosts leaves out {rest}{part}" if rest else ""


def _named(config: pytest.Config) -> Collection[str]:
    return _named_as(config).values()


def _named_as(config: pytest.Config) -> dict[str, str]:
    """Return `name` or `name:port` of the hosts in --hosts, each by what stands there: `ssh://user@name:port?options`."""
    specs = config.option.hosts.split(",") if config.option.hosts else ()
    hosts = {spec: spec.partition("://")[2] or spec for spec in specs}
    return {spec: host.partition("?")[0].rpartition("@")[2] for spec, host in hosts.items()}


class Uncovered(pytest.Item):
    """A role of the inventory that the named hosts leave unchecked: a failure if all must be covered."""

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    def runtest(self) -> None:
        """Fail with --complete; else say that the role was left out."""
        if is_complete(self.config):
            pytest.fail(f"--hosts names no host of [{self.role}], but --complete wants one", pytrace=False)
        pytest.skip(f"[{self.role}]: --hosts names none of its hosts")

    def reportinfo(self) -> tuple[str, None, str]:
        """Say where it stands, and what it is called."""
        return "verify/selection.py", None, self.name


def uncovered(
    session: pytest.Session, cluster: Cluster, items: Collection[pytest.Item], kept: Collection[pytest.Item]
) -> Iterator[Uncovered]:
    """Yield a test for each role of the inventory of which no test that asks a host was kept."""
    asking = [item for item in items if asks_a_host(item)]
    roles = {role_of(item) for item in asking}
    covered = {role_of(item) for item in asking if item in kept}
    for role in ROLES:
        if role in roles - covered and cluster.having(role):
            yield Uncovered.from_parent(session, name=f"every role is covered: {role}", role=role)
