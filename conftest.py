"""Make `pytest verify/` know hosts.ini: which hosts to ask, which tests concern which of them.

Shares with the tasks nothing but the inventory, and imports nothing of Fabric.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import testinfra
import testinfra.backend
from testinfra.host import Host

from tasks import inventory
from tasks.errors import BadInput
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.settings import ROLES

CLUSTER = pytest.StashKey[Cluster]()
UNKNOWN_HOST = "--hosts names {host}, which {source} does not have; it has {known}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "role(name): the test concerns the hosts of that inventory group")
    config.addinivalue_line("markers", "journey: launches an app of its own, and removes it again")
    config.addinivalue_line("markers", "destructive: kills leaders; only with --destructive")
    if any("verify" in Path(arg.partition("::")[0]).parts for arg in config.args):
        cluster_of(config)
        testinfra.backend.BACKENDS["ssh"] = "verify.reach.Ssh"
        _be_brief(config)
    config.addinivalue_line("markers", "runbook(id): the step of the runbook that the test checks")


def _be_brief(config: pytest.Config) -> None:
    """Leave the telling to verify/conftest.py, which says every finding once; --tb and -r still stand."""
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    if config.option.reportchars == "fE":
        config.option.reportchars = "N"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mesofab")
    group.addoption("--destructive", action="store_true", help="also kill leaders and see the cluster heal")
    group.addoption("--stop-host", metavar="COMMAND", help="how to power a host off; {host} is its name")
    group.addoption("--start-host", metavar="COMMAND", help="how to power it on again")


def cluster_of(config: pytest.Config) -> Cluster:
    """Read the inventory once per session; what is wrong with it ends the session with a sentence."""
    if CLUSTER not in config.stash:
        try:
            config.stash[CLUSTER] = inventory.load()
            inventory.check_keys()
            inventory.ssh_config(config.stash[CLUSTER])
        except BadInput as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[CLUSTER]


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """The inventory's cluster: what verify expects, it expects of this."""
    return cluster_of(pytestconfig)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give testinfra the hosts a module's role has; --hosts, if given, stands."""
    if "_testinfra_host" not in metafunc.fixturenames or not _in_verify(metafunc.config, metafunc.definition):
        return
    cluster = cluster_of(metafunc.config)
    metafunc.config.option.ssh_config = _ssh_config(metafunc.config)
    if metafunc.config.option.hosts is None:
        nodes = _concerned(cluster, _role(metafunc.definition))
        metafunc.module.testinfra_hosts = [_address(node) for node in nodes]


def _ssh_config(config: pytest.Config) -> str | None:
    own = inventory.ssh_config(cluster_of(config))
    return config.option.ssh_config or (str(own) if own else None)


@pytest.fixture(scope="session")
def on(pytestconfig: pytest.Config) -> Callable[[Node], Host]:
    """Reach any node of the inventory, for tests that ask the cluster as a whole."""
    return lambda node: testinfra.get_host(_address(node), ssh_config=_ssh_config(pytestconfig))


def _address(node: Node) -> str:
    """Give testinfra's name for a node, with all that hosts.ini says of reaching it."""
    user = f"{quote(node.ssh.user, safe='')}@" if node.ssh.user else ""
    port = f":{node.ssh.port}" if node.ssh.port else ""
    key = node.ssh.key and quote(str(inventory.beside(node.ssh.key)))
    options = [f"ssh_identity_file={key}"] if key else []
    options += ["sudo=true"] if node.ssh.become else []
    return f"ssh://{user}{node.ssh.host or node.name}{port}{'?' if options else ''}{'&'.join(options)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keep each test on the hosts it concerns; a role that no named host covers becomes a failure."""
    ours = [item for item in items if _in_verify(config, item)]
    if not ours:
        return
    cluster = cluster_of(config)
    _check_hosts(config, cluster)
    kept = {item for item in ours if _concerns(cluster, item) and _is_wanted(config, item)}
    asking = [item for item in ours if _asks_a_host(item)]
    roles = {role for item in asking if (role := _role(item))}
    covered = {role for item in asking if item in kept and (role := _role(item))}
    uncovered = [role for role in ROLES if role in roles - covered and cluster.having(role)]
    for item in kept:
        item.user_properties += _properties(cluster, item)
    dropped = [item for item in ours if item not in kept]
    items[:] = [item for item in items if item not in dropped]
    items += [
        Uncovered.from_parent(session, name=f"every role is covered: {role}", role=role) for role in uncovered
    ]
    config.hook.pytest_deselected(items=dropped)


def _properties(cluster: Cluster, item: pytest.Item) -> Iterator[tuple[str, object]]:
    """Say for --junitxml which host and which step of the runbook a test is about, where it is about one."""
    if node := cluster.called(_host_of(item) or ""):
        yield "host", node.name
    yield from (("runbook", mark.args[0]) for mark in item.iter_markers("runbook"))


class Uncovered(pytest.Item):
    """A role of the inventory that the named hosts leave unchecked: always a failure."""

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    def runtest(self) -> None:
        pytest.fail(f"--hosts names no host of [{self.role}], so nothing of it was checked", pytrace=False)

    def reportinfo(self) -> tuple[str, None, str]:
        return "conftest.py", None, self.name


def _in_verify(config: pytest.Config, item: Any) -> bool:
    return _below(config.rootpath, "verify", item.path)


@cache  # a path is taken apart slowly, and every test of a file has the same one
def _below(root: Path, folder: str, file: Path) -> bool:
    return (root / folder) in file.parents


def _role(item: Any) -> str | None:
    mark = item.get_closest_marker("role")
    if mark is None:
        return None
    if mark.args[0] not in ROLES:
        raise pytest.UsageError(f"{item.path.name}: no role is called {mark.args[0]!r}; there are {ROLES}")
    return str(mark.args[0])


def _concerned(cluster: Cluster, role: str | None) -> tuple[Node, ...]:
    return cluster.nodes if role is None else cluster.having(role)


def _host_of(item: pytest.Item) -> str | None:
    """Give the host a test was made for; None for a test that asks the cluster as a whole."""
    host: Any = getattr(getattr(item, "callspec", None), "params", {}).get("_testinfra_host")
    return host.backend.get_hostname() if hasattr(host, "backend") else None


def _is_wanted(config: pytest.Config, item: pytest.Item) -> bool:
    return config.option.destructive or item.get_closest_marker("destructive") is None


def _asks_a_host(item: pytest.Item) -> bool:
    return "_testinfra_host" in getattr(item, "fixturenames", ())


def _concerns(cluster: Cluster, item: pytest.Item) -> bool:
    role = _role(item)
    host = _host_of(item)
    if host is None:
        return not _asks_a_host(item) and bool(_concerned(cluster, role))
    return cluster.called(host) in _concerned(cluster, role)


def _check_hosts(config: pytest.Config, cluster: Cluster) -> None:
    """Refuse names in --hosts that the inventory does not have: nothing is known of them."""
    for spec in (config.option.hosts or "").split(",") if config.option.hosts else ():
        if "://" not in spec and config.option.connection is None:
            raise pytest.UsageError(f"--hosts: write ssh://{spec}; without it no host key would be checked")
        host = spec.partition("://")[2] or spec
        host = host.partition("?")[0].rpartition("@")[2].partition(":")[0]
        if cluster.called(host) is None:
            known = ", ".join(node.name for node in cluster.nodes)
            raise pytest.UsageError(UNKNOWN_HOST.format(host=host, source=cluster.source, known=known))


def pytest_report_header(config: pytest.Config) -> Iterator[str] | list[str]:
    """Say which cluster is asked, and which images it is meant to run."""
    if not any("verify" in str(arg) for arg in config.args):
        return []
    cluster = cluster_of(config)
    images = {
        cluster.image(getattr(node.settings, f"{role}_image"))
        for role in ROLES
        for node in cluster.having(role)
    }
    return [
        f"inventory: {cluster.source}, {len(cluster.nodes)} hosts",
        f"images: {', '.join(sorted(images)) or 'none'}",
        *(f"no host plays {role}: not checked" for role in ROLES if not cluster.having(role)),
    ]
