"""The wiring of the acceptance suite: its options, the inventory it asks about, and pytest's hooks.

Shares with the tasks nothing but the inventory, and imports nothing of Fabric.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import testinfra
import testinfra.backend
from testinfra.host import Host

from tasks import inventory
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.doors import exposure
from tasks.inventory.settings import ROLES

from . import selection
from .asking import OPERATOR
from .chosen import Chosen
from .evidence import NOTED, WITNESS, Witness
from .reach import address
from .verdict import Tally

CLUSTER = pytest.StashKey[Cluster]()
TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mesofab")
    group.addoption("--destructive", action="store_true", help="also kill leaders and stop ZooKeeper")
    group.addoption(
        "--complete",
        action="store_true",
        help="judge the whole cluster although --hosts names a part; a role without a named host fails",
    )
    group.addoption("--report", metavar="FILE", help="write an HTML page of what was checked and seen")
    group.addoption("--stop-host", metavar="COMMAND", help="how to power a host off; {host} is its name")
    group.addoption("--start-host", metavar="COMMAND", help="how to power it on again")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "role(name): the test concerns the hosts of that inventory group")
    config.addinivalue_line("markers", "journey: launches an app of its own, and removes it again")
    config.addinivalue_line("markers", "destructive: kills leaders, stops ZooKeeper; only with --destructive")
    config.addinivalue_line("markers", "runbook(id): the step of the runbook that the test checks")
    testinfra.backend.BACKENDS["ssh"] = "verify.reach.Ssh"
    config.stash[TALLY] = Tally()
    config.pluginmanager.register(config.stash[TALLY])
    is_suite = any("verify" in Path(arg.partition("::")[0]).parts for arg in config.args)
    if is_suite:
        _be_brief(config)
    if is_suite or config.option.hosts is not None or config.option.connection is not None:
        selection.check_hosts(config, cluster_of(config))
    if config.option.report is not None:
        _prepare_report(config)


def _prepare_report(config: pytest.Config) -> None:
    """Have the run noted for its report; a file that cannot be written is said before anything is asked."""
    file = Path(config.option.report)
    if not file.parent.is_dir():
        raise pytest.UsageError(f"--report={file}: there is no directory {file.parent}; make it first")
    if config.option.tx if config.pluginmanager.hasplugin("xdist") else None:
        raise pytest.UsageError("--report needs the checks in one process: leave out -n")
    from .report.recorder import Recorder  # Jinja2 takes time to import

    witness = config.stash[WITNESS] = Witness()
    config.pluginmanager.register(Recorder(file, witness, config.stash[TALLY], reach(config)))


def _be_brief(config: pytest.Config) -> None:
    """Leave the telling to verify/conftest.py, which says every finding once; --tb and -r still stand."""
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    if config.option.reportchars == "fE":
        config.option.reportchars = "N"


def cluster_of(config: pytest.Config) -> Cluster:
    """Read the inventory once per session; what is wrong with it ends the session with a sentence."""
    if CLUSTER not in config.stash:
        try:
            config.stash[CLUSTER] = inventory.load()
            inventory.check_keys()
            inventory.ssh_config(config.stash[CLUSTER])
            OPERATOR.is_of(config.stash[CLUSTER].kept)
        except inventory.BadInput as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[CLUSTER]


def _ssh_config(config: pytest.Config) -> str | None:
    own = inventory.ssh_config(cluster_of(config))
    return config.option.ssh_config or (str(own) if own else None)


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """The inventory's cluster: what verify expects, it expects of this."""
    return cluster_of(pytestconfig)


@pytest.fixture(scope="session")
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keep what fails no check and is worth telling, to be printed at the end, once."""
    noted = pytestconfig.stash.setdefault(NOTED, {})
    return lambda line: noted.setdefault(line)


@pytest.fixture(scope="session")
def chosen(pytestconfig: pytest.Config, cluster: Cluster, note: Callable[[str], None]) -> Chosen:
    """The hosts that this run judges."""
    return Chosen(cluster, selection.judged(pytestconfig, cluster), note)


@pytest.fixture(scope="session")
def on(pytestconfig: pytest.Config) -> Callable[[Node], Host]:
    """Reach any node of the inventory, for tests that ask the cluster as a whole."""
    return reach(pytestconfig)


def reach(config: pytest.Config) -> Callable[[Node], Host]:
    """Return what reaches any node of the inventory."""
    return lambda node: testinfra.get_host(address(node), ssh_config=_ssh_config(config))


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give testinfra the hosts a module's role has; --hosts, if given, stands."""
    config, test = metafunc.config, metafunc.definition
    if not selection.asks_a_host(metafunc) or not selection.in_suite(config, test):
        return
    cluster = cluster_of(config)
    config.option.ssh_config = _ssh_config(config)
    if config.option.hosts is None:
        metafunc.module.testinfra_hosts = [address(node) for node in selection.nodes_for(cluster, test)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keep each test on the hosts it concerns; a role that no named host covers becomes a test of its own."""
    ours = [item for item in items if selection.in_suite(config, item)]
    if not ours:
        return
    cluster = cluster_of(config)
    kept = {item for item in ours if selection.is_chosen(config, cluster, item)}
    for item in kept:
        item.user_properties += selection.properties(cluster, item)
    dropped = [item for item in ours if item not in kept]
    items[:] = [item for item in items if item not in dropped]
    items += (more := list(selection.uncovered(session, cluster, ours, kept)))
    config.stash[TALLY].choose(cluster, [*kept, *more], selection.files_left_out(config, ours))
    config.hook.pytest_deselected(items=dropped)


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
        exposure(cluster),
        *(f"no host plays {role}: not checked" for role in ROLES if not cluster.having(role)),
    ]
