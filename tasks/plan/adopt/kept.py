"""Which settings of hosts.ini have a member stay as somebody runs it by hand."""

import re
from collections.abc import Iterator, Mapping
from shlex import quote

from ...inventory.cluster import Cluster, Node
from ..compare.foreign import keeps
from ..look import by_hand
from .members import PORTS, PREFIXES, Member

Wish = tuple[str, str]
"""A setting, and the value that would keep things as they are."""

ZOO_CFG = {
    "tickTime": "zookeeper_tick_time",
    "initLimit": "zookeeper_init_limit",
    "syncLimit": "zookeeper_sync_limit",
    "maxClientCnxns": "zookeeper_max_client_cnxns",
    "autopurge.snapRetainCount": "zookeeper_snap_retain",
    "autopurge.purgeInterval": "zookeeper_purge_interval",
}
"""The keys of zoo.cfg that hosts.ini has settings for; what is not in it stays at the setting's default."""

GIVEN = r"dataDir|dataLogDir|clientPort|server\.\d+|4lw\.commands\.whitelist|admin\.enableServer"
"""The keys that mesofab writes by itself."""

HEAPS = {"zookeeper": ("SERVER_JVMFLAGS", "JVMFLAGS"), "marathon": ("JAVA_OPTS",)}
"""The variables in which a heap is given, the one that wins first."""

BY_SETTING = {
    "mesos_master": {},
    "mesos_agent": {
        "containerizers": "mesos_agent_containerizers",
        "resources": "mesos_agent_resources",
        "attributes": "mesos_agent_attributes",
        "default_role": "mesos_agent_default_role",
    },
    "marathon": {},
}
"""Flags that have a setting of their own, with the same value."""

OURS = {
    "mesos_master": set("port hostname ip zk quorum registry log_dir work_dir".split()),
    "mesos_agent": set("port hostname ip master log_dir work_dir systemd_enable_support".split()),
    "marathon": set("http_address http_port hostname master zk".split()),
}
"""Flags that mesofab gives by itself, so that no setting keeps another value."""

DEFAULTS = {"mesos_agent": {"switch_user": ("0", "false"), "executor_registration_timeout": ("5mins",)}}
"""Values that mesofab gives as well."""


def wishes(cluster: Cluster, node: Node, member: Member) -> Iterator[Wish]:
    """Give the settings for one member, each with a value as hosts.ini has it, most needed first."""
    role = member.role
    yield f"{role}_adopts", member.name
    yield f"{role}_image", _reference(cluster, member.seen.image)
    yield from _places(member)
    yield PORTS[role], str(member.port)
    if heap := _heap(member):
        yield f"{role}_heap", heap
    if image := member.flags.get("docker_mesos_image"):
        yield "mesos_image", _reference(cluster, image)
    yield from {"zookeeper": _zookeeper, "marathon": _marathon}.get(role, _mesos)(node, member)


def _reference(cluster: Cluster, image: str) -> str:
    """Give an image as hosts.ini has it, which may name a registry for all of them."""
    prefix = f"{cluster.settings.registry}/" if cluster.settings.registry else ""
    short = image.removeprefix(prefix)
    return short if cluster.image(short) == image else image


def _places(member: Member) -> Iterator[Wish]:
    if member.role == "marathon":
        return
    work = by_hand.place(member.seen, keeps(member.role, member.seen))
    if member.role == "zookeeper":
        if work.endswith("/data"):
            yield "zookeeper_dir", work.removesuffix("/data")
        return
    logs = by_hand.place(member.seen, member.flags["log_dir"]) if "log_dir" in member.flags else ""
    for setting, place in (("work_dir", work), ("log_dir", logs)):
        if place:
            yield f"{member.role}_{setting}", place


def _heap(member: Member) -> str:
    given = [member.seen.environment.get(name, "") for name in HEAPS.get(member.role, ())]
    found = [heap for text in given for heap in re.findall(r"-Xmx([0-9]+[kmgKMG])\b", text)[-1:]]
    return found[0].lower() if found else ""


def unknown(member: Member) -> list[str]:
    """Give the keys of a zoo.cfg that hosts.ini has no settings for."""
    return [key for key in member.cfg if key not in ZOO_CFG and not re.fullmatch(GIVEN, key)]


def _zookeeper(node: Node, member: Member) -> Iterator[Wish]:
    for key, setting in ZOO_CFG.items():
        if key in member.cfg:
            yield setting, member.cfg[key]
    own = {id: address for id, address, _ in servers(member) if address == node.address}
    for id, _, ports in servers(member):
        if id in own and len(own) == 1:
            yield "myid", id
            yield from zip(("zookeeper_peer_port", "zookeeper_election_port"), ports, strict=False)


def servers(member: Member) -> list[tuple[str, str, list[str]]]:
    """Give the server list in a zoo.cfg: ids, addresses, ports for peers and for elections."""
    told = [
        (key[7:], *value.split(";")[0].partition(":")[::2])
        for key, value in member.cfg.items()
        if re.fullmatch(r"server\.[0-9]{1,3}", key)
    ]
    return [(id, address, re.findall("[0-9]{1,5}", ports)) for id, address, ports in told]


def _mesos(node: Node, member: Member) -> Iterator[Wish]:
    yield from _path("mesos_zk_path", member.flags.get("zk") or member.flags.get("master", ""))
    for flag, setting in BY_SETTING[member.role].items():
        if flag in member.flags:
            yield setting, member.flags[flag]


def _marathon(node: Node, member: Member) -> Iterator[Wish]:
    yield from _path("mesos_zk_path", member.flags.get("master", ""))
    yield from _path("marathon_zk_path", member.flags.get("zk", ""))


def _path(setting: str, url: str) -> Iterator[Wish]:
    if url.startswith("zk://"):
        yield setting, "/" + url.removeprefix("zk://").partition("/")[2].rstrip("/")


def variables(member: Member) -> dict[str, str]:
    """Give the variables that hosts.ini can only keep among a member's further ones."""
    if member.role == "zookeeper":
        return {}
    prefix = PREFIXES[member.role]
    as_flags = {} if member.role == "marathon" else by_hand.arguments(member.seen)
    given = dict(member.variables) | {f"{prefix}{flag.upper()}": value for flag, value in as_flags.items()}
    return {name: value for name, value in given.items() if not _is_given(member.role, name, value)}


def arguments(member: Member) -> list[str]:
    """Give the words that hosts.ini can only keep among Marathon's further arguments."""
    told = by_hand.arguments(member.seen) if member.role == "marathon" else {}
    more = {flag: value for flag, value in told.items() if flag not in OURS["marathon"]}
    return [word for flag, value in more.items() for word in (f"--{flag}", value) if word]


def _is_given(role: str, name: str, value: str) -> bool:
    """Tell whether mesofab gives a variable by itself, or by a setting of its own."""
    if name == "JAVA_OPTS":
        return not re.sub(r"-Xmx\S+", "", value).strip()
    flag = name.removeprefix(PREFIXES[role]).lower() if name.startswith(PREFIXES[role]) else ""
    known = OURS[role] | {*BY_SETTING[role], "docker_mesos_image"}
    return name == "LIBPROCESS_IP" or flag in known or value in DEFAULTS.get(role, {}).get(flag, ())


def assigned(variables: Mapping[str, str]) -> str:
    """Write variables as a setting that holds several; JSON keeps its quotes there."""
    return " ".join(
        f"{name}={value if value[:1] in ('[', '{') else quote(value)}" for name, value in variables.items()
    )
