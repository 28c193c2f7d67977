"""What a host lets in of whom: what its nftables tell, and what somebody finds who knocks at its ports."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, collapse_addresses, summarize_address_range

from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from .chosen import Chosen
from .findings import Finding, finding

CLOSE = "`fab host.firewall` closes it; a reboot had opened it, if it was closed before"


def wanted(cluster: Cluster, node: Node) -> dict[int, frozenset[str]]:
    """Return the ports of a host that are closed, and whom they are open for all the same."""
    s, everybody = node.settings, [*cluster.nodes, *cluster.removed]
    hosts = {
        role: frozenset(one.address for one in everybody if role in ("", *one.roles))
        for role in ("", "zookeeper", "mesos_master")
    }
    allowed = frozenset(cluster.settings.firewall_allow)
    called_back = dict(s.marathon_environment).get("LIBPROCESS_PORT", "")
    ports = {
        "zookeeper": {
            s.zookeeper_client_port: hosts[""] | allowed,
            s.zookeeper_peer_port: hosts["zookeeper"],
            s.zookeeper_election_port: hosts["zookeeper"],
        },
        "mesos_master": {s.mesos_master_port: hosts[""] | allowed},
        "marathon": {
            s.marathon_port: hosts[""] | allowed,
            **({int(called_back): hosts["mesos_master"]} if called_back.isdecimal() else {}),
        },
        "mesos_agent": {s.mesos_agent_port: hosts["mesos_master"] | allowed},
    }
    return {port: guests for role in node.roles for port, guests in ports[role].items()}


def found(host: Host, node: Node, chosen: Chosen, on: Callable[[Node], Host]) -> Iterator[Finding]:
    """Find ports that are open to strangers, and rules that nobody wants."""
    cluster = chosen.cluster
    said = host.run("nft list table inet mesofab 2>/dev/null")
    if not cluster.settings.firewall:
        if said.rc == 0:
            seen, mend = "its nftables have a table inet mesofab", "`fab host.firewall` removes it"
            yield finding(node.name, seen, "none, as firewall=false", mend)
        return
    closed, let_in = closed_ports(said.stdout), guests(said.stdout)
    for port, wanted_there in wanted(cluster, node).items():
        if port not in closed:
            yield finding(node.name, f"port {port} is open to strangers", "it closed", CLOSE)
        elif more := beyond(let_in.get(port, ""), wanted_there):
            seen = f"port {port} lets {more} in"
            yield finding(node.name, seen, "only hosts of hosts.ini and firewall_allow", CLOSE)
        elif (stranger := _stranger(chosen.nodes, node, wanted_there)) and _opened(on(stranger), node, port):
            seen = f"port {port} was opened to {stranger.name}, which has no business there"
            yield finding(node.name, seen, "it refused", "look at `nft list table inet mesofab` there")


def closed_ports(text: str) -> set[int]:
    """Return the ports that are closed for good, not on trial, of what nft says of our table."""
    inner = re.search(r"set closed \{[^{}]*elements = \{([^{}]*)\}", text)
    told = [one.strip() for one in inner[1].split(",")] if inner else []
    return {int(one) for one in told if one.isdecimal()}


def guests(text: str) -> Mapping[int, str]:
    """Return whom each port is open for, as nft says it."""
    rules = re.findall(r"tcp dport (\d+) ip saddr (?:\{ ([^{}]*) \}|(\S+)) accept", text)
    return {int(port): several or one for port, several, one in rules}


def beyond(told: str, wanted_there: frozenset[str]) -> str:
    """Return what a rule lets in beside those who are wanted, "" if nobody."""
    known = list(collapse_addresses(map(IPv4Network, wanted_there)))
    words = [word.strip() for word in told.split(",") if word.strip()]
    return ", ".join(
        word for word in words if not all(any(net.subnet_of(one) for one in known) for net in _networks(word))
    )


def _networks(word: str) -> Iterator[IPv4Network]:
    first, dash, last = word.partition("-")
    if dash:
        return summarize_address_range(IPv4Address(first), IPv4Address(last))
    return iter([IPv4Network(word)])


def _stranger(nodes: Collection[Node], node: Node, wanted_there: frozenset[str]) -> Node | None:
    """Choose another host that must not come in, to knock from; None if there is none."""
    known = [IPv4Network(each) for each in wanted_there]
    others = (one for one in nodes if one != node)
    return next((one for one in others if not any(IPv4Address(one.address) in net for net in known)), None)


def _opened(stranger: Host, node: Node, port: int) -> bool:
    knock = "timeout 5 bash -c 'exec 3<>/dev/tcp/$0/$1' %s %s 2>/dev/null"
    return bool(stranger.run(knock, node.address, str(port)).rc == 0)
