"""Chapter 3 as a whole: the masters are one service with one leader and one registry."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError, NoNodeError

from tasks.inventory.cluster import Cluster, Node

from . import locks
from .chosen import Chosen
from .findings import LEAVE, REDO, Finding, each, fail, finding, found_on, refuse, require
from .four_letter_words import serving, session
from .mesos import another_version, at, leader, master_says, metrics
from .wanted import mesos_master

pytestmark = [pytest.mark.role("mesos_master"), pytest.mark.runbook("3.3")]


@pytest.fixture(scope="module")
def masters(chosen: Chosen) -> tuple[Node, ...]:
    """The inventory's masters that are judged."""
    return chosen.having("mesos_master")


@pytest.fixture(scope="module")
def zookeeper(cluster: Cluster) -> Iterator[KazooClient]:
    """A client of the ensemble."""
    with session(*serving(cluster.having("zookeeper"))) as client:
        yield client


def test_every_master_answers_on_its_address(chosen: Chosen) -> None:
    def silent(node: Node) -> list[Finding]:
        metrics(node)  # one that does not answer ends this, and is a finding
        return []

    chosen.each("mesos_master", silent)


def test_exactly_one_master_is_elected_by_its_own_word(cluster: Cluster) -> None:
    leader(cluster)


def candidates(zookeeper: KazooClient, path: str) -> Counter[str]:
    """Count the candidates for the masters' leadership by address."""
    try:
        names = [name for name in zookeeper.get_children(path) if name.startswith("json.info_")]
        return Counter(json.loads(zookeeper.get(f"{path}/{name}")[0])["address"]["ip"] for name in names)
    except NoNodeError:
        return Counter()


def test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory(
    zookeeper: KazooClient, cluster: Cluster, chosen: Chosen
) -> None:
    path = cluster.settings.mesos_zk_path
    seen, wanted = candidates(zookeeper, path), {n.address for n in cluster.having("mesos_master")}
    chosen.refuse(
        (
            address,
            finding(
                address,
                f"ZooKeeper's {path} has {seen[address]} candidates of this address",
                "one" if address in wanted else "none: hosts.ini has no master there",
                "it does not run or has another MESOS_ZK or MESOS_IP; a doubled one is an old session that "
                "ends within a minute"
                if address in wanted
                else f"it is a master of hosts.ini with another MESOS_IP, or a stranger; {LEAVE}",
            ),
        )
        for address in sorted({*seen, *wanted})
        if seen[address] != (address in wanted)
    )


def test_strangers_may_not_change_the_masters_tree_if_hosts_ini_says_so(cluster: Cluster) -> None:
    if cluster.settings.security != "strict":
        return
    members = serving(cluster.having("zookeeper"))
    path = f"{cluster.settings.mesos_zk_path}/mesofab-verify"
    with session(*members) as stranger:
        try:
            stranger.create(path, ephemeral=True)
        except NoAuthError:
            return
        stranger.delete(path)
    seen = "ZooKeeper let somebody without a password make a node beside the masters' candidates"
    fail(members[0].name, seen, "only masters to be able to", "`fab deploy-cluster` closes it")


def test_every_master_points_to_the_same_leader(cluster: Cluster, masters: tuple[Node, ...]) -> None:
    chief = leader(cluster)
    wanted = f"//{chief.address}:{chief.settings.mesos_master_port}"

    def elsewhere(node: Node) -> Iterator[Finding]:
        seen = at(node, "/redirect").headers.get("Location")
        if seen != wanted:
            remedy = f"compare its MESOS_ZK with that of {chief.name}, look at its log"
            yield finding(node.name, f"the master redirects to {seen}", wanted, remedy)

    each(masters, elsewhere)


def test_the_masters_run_with_the_wanted_flags(cluster: Cluster, masters: tuple[Node, ...]) -> None:
    def otherwise(node: Node) -> Iterator[Finding]:
        flags = master_says(node, "/flags")["flags"]
        environment = mesos_master(cluster, node).environment
        for name in ("zk", "quorum", "registry", "ip", "port", "work_dir", "log_dir"):
            wanted = environment[f"MESOS_{name.upper()}"]
            if flags.get(name) != wanted:
                yield finding(node.name, f"the master's flag {name} is {flags.get(name)}", wanted, REDO)

    each(masters, otherwise)


def test_the_masters_ask_strangers_for_a_password_if_hosts_ini_says_so(
    cluster: Cluster, masters: tuple[Node, ...]
) -> None:
    each(masters, lambda node: locks.found(cluster, node, "mesos_master"))


def test_the_replicated_log_is_recovered_everywhere(cluster: Cluster, chosen: Chosen) -> None:
    if cluster.settings.mesos_registry != "replicated_log":
        pytest.skip("hosts.ini wants mesos_registry=in_memory: there is no log")
    remedy = "restart the master whose replica is missing; look at its log for `replica`"
    total, told = len(cluster.having("mesos_master")), dict[Node, dict[str, float]]()

    def ask(node: Node) -> list[Finding]:
        told[node] = metrics(node)
        return []

    silent = found_on(chosen.having("mesos_master"), ask)

    def incomplete(node: Node) -> Iterator[Finding]:
        seen = told[node]
        if seen.get("registrar/log/recovered") != 1:
            yield finding(node.name, "no recovered replica of the log", "one on every master", remedy)
        replicas = seen.get("registrar/log/ensemble_size", 0)
        if not len(told) <= replicas <= total:  # those that do not answer may lack theirs
            wanted = f"{total}, one for each master"
            yield finding(node.name, f"it sees {replicas:.0f} replicas of the log", wanted, remedy)

    refuse([*silent, *found_on(told, incomplete)])


def test_the_leader_can_read_its_registry(cluster: Cluster) -> None:
    chief = leader(cluster)
    answer = at(chief, "/api/v1", method="POST", json={"type": "GET_HEALTH"})
    read = "registrar/registry_size_bytes" in metrics(chief)
    require(
        answer.status_code == 200 and read,
        chief.name,
        f"GET_HEALTH says {answer.status_code}, the registry is {'' if read else 'not '}read",
        "the leader to have read its registry",
        f"no majority of the log may answer it: see `docker logs mesos-master-{chief.number:02}`",
    )


def test_every_master_has_the_version_of_its_image(masters: tuple[Node, ...]) -> None:
    each(
        masters,
        lambda node: another_version(
            node, master_says(node, "/version")["version"], node.settings.mesos_master_image
        ),
    )
