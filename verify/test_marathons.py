"""Chapter 4 as a whole: the Marathons are one framework with one leader."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
import requests
from kazoo.exceptions import NoNodeError

from tasks.inventory.cluster import Cluster, Node

from . import locks
from .chosen import Chosen
from .findings import LEAVE, Finding, each, finding, refuse, require
from .four_letter_words import session
from .mesos import another_version, as_json, at_marathon, leader, master_says, moved
from .wanted import marathon

pytestmark = [pytest.mark.role("marathon"), pytest.mark.runbook("4.2")]

Answers = Mapping[Node, requests.Response]


@pytest.fixture(scope="module")
def marathons(cluster: Cluster) -> tuple[Node, ...]:
    """The inventory's Marathons."""
    return cluster.having("marathon")


@pytest.fixture(scope="module")
def infos(marathons: tuple[Node, ...]) -> Answers:
    """What Marathons answer to /v2/info; that all of them do is a check of its own."""
    answers = {}
    for node in marathons:
        try:
            answer = at_marathon(node, "/v2/info")
            as_json(node, answer)
        except pytest.fail.Exception:
            continue
        answers[node] = answer
    where = ", ".join(node.name for node in marathons)
    require(answers, where, "none answers /v2/info", "all to answer", "look at `docker logs marathon-N`")
    return answers


def address(node: Node) -> str:
    """The name by which Marathons know each other."""
    return f"{node.address}:{node.settings.marathon_port}"


def stranger(node: Node) -> str:
    """What to do where the port is answered in another way than Marathon's."""
    return f"something else may listen there: see `ss -ltnp` and `docker logs marathon-{node.number}`"


@pytest.fixture(scope="module")
def own(infos: Answers, chosen: Chosen) -> Answers:
    """What those answer that are judged one by one."""
    return {node: info for node, info in infos.items() if node in chosen.nodes}


def test_every_marathon_answers_on_its_port(chosen: Chosen) -> None:
    def silent(node: Node) -> Iterator[Finding]:
        answer = at_marathon(node, "/ping")
        if (answer.status_code, answer.text.strip('"')) != (200, "pong"):
            seen = f"http://{address(node)}/ping says {answer.status_code}: {answer.text[:80]!r}"
            yield finding(node.name, seen, "pong", stranger(node))
        else:
            as_json(node, at_marathon(node, "/v2/info"))

    chosen.each("marathon", silent)


def test_the_marathons_ask_strangers_for_a_password_if_hosts_ini_says_so(
    cluster: Cluster, chosen: Chosen
) -> None:
    chosen.each("marathon", lambda node: locks.found(cluster, node, "marathon"))


def leads(answer: requests.Response) -> Any:
    """The leader that an answer names."""
    return answer.json().get("leader")


def test_all_name_the_same_leader_and_it_is_one_of_them(infos: Answers, marathons: tuple[Node, ...]) -> None:
    named = {node.name: leads(info) for node, info in infos.items()}
    ours = {address(node) for node in marathons}
    require(
        len(set(named.values())) == 1 and set(named.values()) <= ours,
        ", ".join(named),
        f"they name as leader {', '.join(str(one) for one in named.values())}",
        "all to name the same one of them",
        "compare their --zk in `docker inspect marathon-N`: who names another leader has another path",
    )


def candidates(cluster: Cluster, path: str) -> list[str]:
    """The addresses of all Marathons that stand for election below this path in ZooKeeper."""
    with session(*cluster.having("zookeeper")) as zookeeper:
        try:
            names = zookeeper.get_children(f"{path}/leader-curator")
        except NoNodeError:
            return []
        return [zookeeper.get(f"{path}/leader-curator/{name}")[0].decode(errors="replace") for name in names]


def strangers(
    marathons: Collection[Node], standing: Collection[str], path: str
) -> Iterator[tuple[str, Finding]]:
    """Find who stands for election and is not in hosts.ini, or has another port there; each with its host."""
    ours = {node.address: node for node in marathons}
    known = {address(node) for node in marathons}
    for one in sorted({*standing} - known):
        host = one.partition(":")[0]
        if host in ours and address(ours[host]) not in standing:
            seen, wanted = f"its Marathon stands for election as {one}", address(ours[host])
            remedy = moved("marathon_port", one)
            yield host, finding(host, seen, f"{wanted}, the port of hosts.ini", remedy)
        else:
            seen = f"a Marathon {one} stands for election in ZooKeeper's {path}"
            back = "put its host back into [marathon] of hosts.ini, or stop it"
            remedy = f"{'stop the second one' if host in ours else back} there: {LEAVE}"
            yield host, finding(host, seen, "only the Marathons of hosts.ini", remedy)


def test_no_other_marathon_stands_for_election(cluster: Cluster, chosen: Chosen) -> None:
    marathons = cluster.having("marathon")
    path = marathons[0].settings.marathon_zk_path
    chosen.refuse(strangers(marathons, candidates(cluster, path), path))


def test_a_standby_forwards_to_the_leader(own: Answers) -> None:
    def amiss(node: Node) -> Iterator[Finding]:
        via = own[node].headers.get("X-Marathon-Via", "")
        itself = leads(own[node]) == address(node)
        if itself == bool(via) or not (itself or via.endswith(address(node))):
            yield finding(
                node.name,
                f"its answer came via {via or 'nobody'}, and names {leads(own[node])} as leader",
                "a leader to answer itself and a standby to forward",
                stranger(node),
            )

    each(own, amiss)


def framework_name(cluster: Cluster, node: Node) -> str:
    """The name that hosts.ini gives the framework: Marathon's own unless it is set."""
    wanted = marathon(cluster, node)
    words = [word for argument in wanted.arguments for word in argument.split("=", 1)]
    named = words[words.index("--framework_name") + 1] if "--framework_name" in words else "marathon"
    return wanted.environment.get("MARATHON_FRAMEWORK_NAME", named)


def test_marathon_is_exactly_one_active_framework_on_the_leading_master(
    infos: Answers, cluster: Cluster
) -> None:
    chief = leader(cluster)
    name = framework_name(cluster, next(iter(infos)))
    known = master_says(chief, "/frameworks")["frameworks"]
    active = sorted(one["id"] for one in known if one["name"] == name and one["active"])
    own = sorted({str(info.json().get("frameworkId")) for info in infos.values()})
    require(
        len(active) == 1 and active == own,
        chief.name,
        f"the leading master has the active frameworks {', '.join(active) or 'none'} called {name}, "
        f"Marathon says it is {', '.join(own)}",
        "exactly one, Marathon's own",
        "with none, look at --master and --framework_name of the leading Marathon and at its log; "
        "with several, stop the one that is not of hosts.ini",
    )
    if cluster.credentials:
        wanted = cluster.credentials.of["marathon"].principal
        seen = next(one.get("principal") for one in known if one["id"] == own[0])
        require(
            seen == wanted,
            chief.name,
            f"the leading master knows Marathon {f'as {seen}' if seen else 'without a principal'}",
            f"its principal, {wanted}: a master without it would end when another Marathon leads",
            "`fab deploy-cluster` has another master lead, which learns it",
        )


def test_every_marathon_has_the_version_of_its_image(own: Answers) -> None:
    refuse(
        line
        for node, info in own.items()
        for line in another_version(node, str(info.json().get("version")), node.settings.marathon_image)
    )
