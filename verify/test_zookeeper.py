"""Chapter 2 on each of its hosts: what the runbook put there."""

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from . import containers, modes
from .containers import Container, inspect
from .findings import REDO, refuse, require
from .wanted import Wanted, proofs, zookeeper

WORDS = "conf,cons,crst,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs"
ASKED = "conf,cons,dump,mntr,srvr"
"""The four-letter words that an open cluster answers, and one that is not."""

pytestmark = pytest.mark.role("zookeeper")


@pytest.fixture
def container(host: Host, node: Node) -> Container:
    """The host's zookeeper container."""
    return inspect(host, node, "zookeeper")


@pytest.fixture
def wanted(cluster: Cluster, node: Node) -> Wanted:
    """The container that the inventory wants there."""
    return zookeeper(cluster, node)


@pytest.mark.runbook("2.1")
@pytest.mark.parametrize("directory", ["conf", "data", "logs"])
def test_the_directory_exists(host: Host, node: Node, directory: str) -> None:
    path = f"{node.settings.zookeeper_dir}/{directory}"
    require(host.file(path).is_directory, node.name, f"{path} is no directory", "one", REDO)


@pytest.mark.runbook("2.1")
@pytest.mark.runbook("2.2")
@pytest.mark.runbook("2.3")
def test_all_may_read_what_root_made_and_root_alone_may_change_it(host: Host, node: Node) -> None:
    home = node.settings.zookeeper_dir
    roots = dict.fromkeys([home, f"{home}/conf"], f"{modes.OPEN}, owner 0")
    # The image gives its data to its own user, and versions after 3.4 more than that.
    services = dict.fromkeys([f"{home}/data", f"{home}/logs"], modes.OPEN)
    files = dict.fromkeys([f"{home}/conf/zoo.cfg", f"{home}/data/myid"], "mode 644")
    refuse(modes.others(host, node, {**roots, **services, **files}))


def zoo_cfg(host: Host, node: Node) -> dict[str, str]:
    """Return the keys and values of a host's zoo.cfg."""
    path = f"{node.settings.zookeeper_dir}/conf/zoo.cfg"
    said = host.run("cat %s", path)
    require(said.rc == 0, node.name, f"{path} cannot be read ({said.stderr.strip()})", "the file", REDO)
    lines = (line.strip() for line in said.stdout.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def differs(node: Node, seen: dict[str, str], wanted: dict[str, str]) -> None:
    """Fail with the entries of zoo.cfg in which the two differ."""
    keys = sorted(key for key in {*seen, *wanted} if seen.get(key) != wanted.get(key))
    shown = [", ".join(f"{key}={each.get(key, '')}" for key in keys) for each in (seen, wanted)]
    require(
        not keys, node.name, f"{node.settings.zookeeper_dir}/conf/zoo.cfg says {shown[0]}", shown[1], REDO
    )


@pytest.mark.runbook("2.2")
def test_zoo_cfg_lists_the_members_of_the_inventory(host: Host, node: Node, cluster: Cluster) -> None:
    ports = f"{node.settings.zookeeper_peer_port}:{node.settings.zookeeper_election_port}"
    members = {f"server.{n.myid}": f"{n.address}:{ports}" for n in cluster.having("zookeeper")}
    seen = {key: value for key, value in zoo_cfg(host, node).items() if key.startswith("server.")}
    differs(node, seen, members)


@pytest.mark.runbook("2.2")
def test_zoo_cfg_holds_the_settings_of_the_inventory(host: Host, node: Node, cluster: Cluster) -> None:
    s = node.settings
    settings = {
        "tickTime": str(s.zookeeper_tick_time),
        "initLimit": str(s.zookeeper_init_limit),
        "syncLimit": str(s.zookeeper_sync_limit),
        "dataDir": "/data",
        "clientPort": str(s.zookeeper_client_port),
        "maxClientCnxns": str(s.zookeeper_max_client_cnxns),
        "autopurge.snapRetainCount": str(s.zookeeper_snap_retain),
        "autopurge.purgeInterval": str(s.zookeeper_purge_interval),
        "4lw.commands.whitelist": WORDS if cluster.settings.security == "open" else ASKED,
        "admin.enableServer": "false",
        **dict.fromkeys(proofs(cluster), "true"),
    }
    seen = {key: value for key, value in zoo_cfg(host, node).items() if not key.startswith("server.")}
    differs(node, seen, settings)


@pytest.mark.runbook("2.3")
def test_myid_is_the_inventorys(host: Host, node: Node) -> None:
    path = f"{node.settings.zookeeper_dir}/data/myid"
    said = host.run("cat %s", path)
    seen = said.stdout.split("\n")[0]
    require(
        seen == str(node.myid),
        node.name,
        f"{path} says {seen!r}" if said.rc == 0 else f"{path} cannot be read ({said.stderr.strip()})",
        f"{node.myid}, the myid of hosts.ini",
        "an id is never changed under existing data: `fab plan` compares all members and says which of the "
        "two is wrong; if it is missing, `fab deploy-zookeeper` writes it",
    )


@pytest.mark.runbook("2.4")
def test_it_runs_the_pinned_image(container: Container, wanted: Wanted) -> None:
    refuse(containers.of_another_image(container, wanted))


@pytest.mark.runbook("2.5")
def test_the_container_runs(container: Container) -> None:
    refuse(containers.not_running(container))


@pytest.mark.runbook("2.5")
def test_it_comes_back_after_a_reboot(container: Container) -> None:
    refuse(containers.not_restarted(container))


@pytest.mark.runbook("2.5")
def test_it_is_on_the_hosts_network_and_has_no_other_rights(container: Container, wanted: Wanted) -> None:
    refuse([*containers.on_another_network(container), *containers.with_other_rights(container, wanted)])


@pytest.mark.runbook("2.5")
def test_its_variables_and_arguments_are_as_wanted(container: Container, wanted: Wanted) -> None:
    refuse(containers.otherwise_configured(container, wanted))


@pytest.mark.runbook("2.5")
def test_its_configuration_and_data_live_on_the_host(
    host: Host, container: Container, wanted: Wanted
) -> None:
    refuse(containers.with_other_mounts(host, container, wanted))
