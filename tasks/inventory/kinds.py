"""The kinds of values a setting may have: each turns text into a value or says what is wrong.

Every kind allows only the characters its values need. So what reaches a shell or a
config file has no metacharacter in it even before it is quoted.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Kind = Callable[[str], Any]

METACHARACTERS = set("`$;&|<>(){}*?!\\\"'~#\n\t ")
IMAGE = re.compile(
    r"^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?"  # registry
    r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"  # repository
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class Wrong(ValueError):
    """A value that is not of its kind; the two arguments are `what` and `mend`."""

    @property
    def what(self) -> str:
        """What is wrong with the value."""
        return str(self.args[0])

    @property
    def mend(self) -> str:
        """How to mend it."""
        return str(self.args[1])


def _plain(text: str) -> str:
    found = sorted(set(text) & METACHARACTERS)
    if found:
        raise Wrong(f"holds the shell metacharacter {found[0]!r}", "remove it")
    return text


def whole(low: int, high: int) -> Kind:
    """Make a kind: a whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise Wrong(f"is {text!r}", f"give a whole number from {low} to {high}")
        return int(text)

    return parse


port = whole(1, 65535)


def seconds(text: str) -> float:
    """Read a time in seconds, also parts of one."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise Wrong(f"is {text!r}", "give seconds, such as 15 or 1.5")
    return float(text)


def yes_or_no(text: str) -> bool:
    """Read Ansible's booleans, in any case."""
    word = text.lower()
    if word not in TRUE | FALSE:
        raise Wrong(f"is {text!r}", "write true or false")
    return word in TRUE


TRUE = frozenset("true yes on y t 1 1.0".split())
FALSE = frozenset("false no off n f 0 0.0".split())


@lru_cache(maxsize=10_000)  # an inventory is read with every address in it several times
def address(text: str) -> str:
    """Read a usable IPv4 address of one host."""
    try:
        parsed = ipaddress.ip_address(_plain(text))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(f"is {text!r}, not an IP address", "write four numbers from 0 to 255") from None
    if parsed.version != 4:
        raise Wrong(f"is {text!r}, an IPv6 address", "ZooKeeper 3.4 and Mesos 1.5 need IPv4 here")
    if parsed.is_loopback or parsed.is_multicast or parsed.is_reserved or parsed in THIS_NETWORK:
        raise Wrong(f"is {text!r}", "give an address that the other hosts can reach")
    return str(parsed)


THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


def networks(text: str) -> tuple[str, ...]:
    """Read IPv4 addresses and networks, with commas between them."""
    return tuple(_network(each.strip()) for each in text.split(","))


def _network(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(_plain(text))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        mend = "write addresses and networks with commas between them, as in 192.0.2.7,198.51.100.0/24"
        raise Wrong(f"has {text!r}, not an IPv4 address or network", mend) from None
    if network.prefixlen == 0:
        raise Wrong(f"has {text}, which is everybody", "leave it out, or write firewall=false")
    return str(network).removesuffix("/32")


def directory(text: str) -> str:
    """Read an absolute directory of a host, at least two levels deep, no `..`."""
    _plain(text)
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}", text):
        raise Wrong(f"is {text!r}", "give an absolute path such as /opt/zookeeper")
    if text.startswith(("/dev/", "/proc/", "/run/", "/sys/", "/var/run/")):
        raise Wrong(f"is {text!r}, which does not outlive a reboot", "give a directory on a disk")
    return text


def file_path(text: str) -> str:
    """Read a path of a file on this machine; relative means beside the inventory."""
    if re.search(r"[`$;&|<>\n]", text):
        raise Wrong(f"is {text!r}, with a shell metacharacter in it", "remove it")
    return text


def name(text: str) -> str:
    """Read a user or host name."""
    _plain(text)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text):
        raise Wrong(f"is {text!r}", "use letters, digits, '.', '_' and '-'")
    return text


def user(text: str) -> str:
    """Read the name of a user to log in as, one of a domain too: `ops@example.net`, `DOMAIN\\ops`."""
    if not re.fullmatch(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*\\)?[A-Za-z0-9_][A-Za-z0-9._@+-]*", text):
        raise Wrong(f"is {text!r}", "write a user's name such as ops, ops@example.net or DOMAIN\\ops")
    return text


def mesos_role(text: str) -> str:
    """Read a role of Mesos: `*`, or names with `/` between them, as in eng/web."""
    if text != "*" and not re.fullmatch(r"(?!-)[A-Za-z0-9_.-]+(/(?!-)[A-Za-z0-9_.-]+)*", text):
        raise Wrong(f"is {text!r}", "write * or a name such as web or eng/web")
    if {".", ".."} & set(text.split("/")):
        raise Wrong(f"is {text!r}", "Mesos refuses the names . and ..")
    return text


def image(text: str) -> str:
    """Read a pinned image: `[registry/]repository:tag` or `...@sha256:...`."""
    _plain(text)
    match = IMAGE.match(text)
    if not match:
        raise Wrong(f"is {text!r}, not an image name", "write [registry/]repository:tag")
    if match["digest"] is None and match["tag"] in (None, "latest"):
        raise Wrong(f"is {text!r}, which is not pinned", "name a tag other than latest, or a digest")
    return text


def memory(text: str) -> str:
    """Read a JVM memory size: a number with k, m or g."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}[kmgKMG]", text):
        raise Wrong(f"is {text!r}", "write a number with k, m or g, such as 512m")
    return text.lower()


def megabytes(size: str) -> int:
    """Give a memory size in MB, rounded up."""
    per_megabyte = {"k": 1024, "m": 1, "g": 1}[size[-1]]
    return -(-int(size[:-1]) // per_megabyte) * (1024 if size[-1] == "g" else 1)


def one_of(*words: str) -> Kind:
    """Make a kind: one of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise Wrong(f"is {text!r}", f"write {' or '.join(words)}")
        return text

    return parse


def security(text: str) -> str:
    """Read how a cluster is secured."""
    return str(one_of("open", "permissive", "strict")(text))


def registry(text: str) -> str:
    """Read where images come from: `host[:port][/path]`."""
    _plain(text)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9._-]+)*", text):
        raise Wrong(f"is {text!r}", "write host[:port][/path], as in 10.70.0.2:5000")
    return text


def zk_path(text: str) -> str:
    """Read a path in ZooKeeper below the root; Mesos and Marathon refuse the root itself."""
    _plain(text)
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+", text):
        raise Wrong(f"is {text!r}", "write a path such as /mesos, not the root")
    return text


def flag_names(text: str) -> tuple[str, ...]:
    """Read names of flags, with commas between them, without their dashes."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*( *, *[A-Za-z][A-Za-z0-9_]*)*", text):
        raise Wrong(
            f"is {text!r}", "write flags without dashes, commas between them, as in my_flag,other_flag"
        )
    return tuple(each.strip() for each in text.split(","))


def secret(text: str) -> str:
    """Read a password: any text."""
    return text
