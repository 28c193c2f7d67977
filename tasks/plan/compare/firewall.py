"""What is missing of the firewall: a table of our own in nftables that closes the cluster's doors.

All else is let through, SSH above all; docker's own rules are neither read nor changed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from ...inventory.doors import Door
from ...inventory.edits import Change, Set
from .. import shell
from ..desired import Firewall
from ..look.firewall import CHANGED, FILE, TABLE, TOLD, TRIED
from ..names import Id
from ..step import Action, Blocker, Step
from .compared import Found, Host

TRIAL = 60
"""Seconds after which rules on trial let everybody in again: the kernel forgets then what is closed."""

WHY = {
    "": "missing; a reboot takes it along",
    TRIED: "an earlier run was cut short before it was kept, so that the ports are open again",
    CHANGED: "its rules were changed by hand, or are gone since a reboot",
}

REJECT = "reject with icmpx type admin-prohibited"

NEW = f"add table {TABLE}\ndelete table {TABLE}\n"
"""In one transaction with the rules behind it: no packet sees a moment without."""


def rules(doors: Sequence[Door], seconds: int = 0) -> str:
    """Give the table as nft reads it; what is closed is so for these seconds, or for good."""
    limit = f" timeout {seconds}s" if seconds else ""
    closed = ", ".join(f"{door.port}{limit}" for door in doors)
    return (
        f"table {TABLE} {{\n"
        f"  set closed {{ type inet_service; flags timeout; elements = {{ {closed} }}; }}\n"
        "  chain input {\n"
        "    type filter hook input priority -5; policy accept;\n"
        '    iifname "lo" accept\n'
        '    iifname "docker0" accept\n'
        "    ct state established,related accept\n"
        f"{''.join(map(_let_in, doors))}"
        f"    tcp dport @closed {REJECT}\n"
        "  }\n"
        "}\n"
    )


def _let_in(door: Door) -> str:
    guests = ", ".join(door.guests)
    return f"    tcp dport {door.port} ip saddr {{ {guests} }} accept\n" if guests else ""


def digest(item: Firewall) -> str:
    """Give what the rules are known by: 16 hex digits."""
    return hashlib.sha256(rules(item.doors).encode()).hexdigest()[:16]


def firewall(host: Host, item: Firewall | None) -> Found:
    """Compare the rules; without an `item`, those of an earlier deploy go."""
    seen = host.seen.firewall.rules
    if item is None and seen:
        yield Step(Id.FIREWALL, Action.OPEN_DOORS, "remove the firewall", "firewall=false", OPEN, "doors")
    if item is None:
        return
    yield from _objections(host, item)
    if seen != digest(item):
        ports = ", ".join(str(door.port) for door in item.doors)
        why = WHY.get(seen, "hosts.ini has other hosts, ports or networks by now")
        close, keep = f"close {ports} to strangers", "keep the firewall"
        yield Step(item.step, Action.CLOSE_DOORS, close, why, _try(item.doors), "doors")
        passed = f"within {TRIAL} s, once a new login and all flows between hosts have passed"
        yield Step(item.step, Action.KEEP_DOORS, keep, passed, _keep(item), "doors")


def _objections(host: Host, item: Firewall) -> Iterator[Blocker]:
    operator, listeners = host.seen.firewall.operator, host.seen.listeners
    asked = tuple(dict.fromkeys(guest for door in item.doors for guest in door.guests))
    if operator and not any(IPv4Address(operator) in IPv4Network(each) for each in asked):
        allow = Change((Set("firewall_allow", ",".join([*item.allowed, operator])),))
        seen = f"this run comes from {operator}, which neither firewall_allow names nor a host has"
        remedy = "add it, or its network, to firewall_allow: the suite asks services from there"
        yield Blocker(item.step, "firewall", seen, remedy, "firewall", (allow,))
    for door in item.doors:
        if (who := listeners.get(door.port, "")).startswith("sshd "):
            seen = f"port {door.port} is sshd's, and would be closed: {who}"
            yield Blocker(item.step, "firewall", seen, "give the service another port", "firewall")


def _try(doors: Sequence[Door]) -> str:
    """Give the shell that closes the doors for a while; the file tells of it before it is so."""
    return (
        "command -v nft >/dev/null || refuse 'there is no nft here. Install it (on Debian: apt-get install "
        "nftables)'\n"
        f"( umask 077; echo {TRIED} >{FILE} )\n"
        f"nft -f - {shell.here(NEW + rules(doors, TRIAL))}"
    )


def _keep(item: Firewall) -> str:
    return (
        f"nft -f - {shell.here(NEW + rules(item.doors))}"
        f'( umask 077; echo "{digest(item)} $({TOLD})" >{FILE} )\n'
    )


OPEN = f"nft -f - {shell.here(NEW)}rm -f {FILE}\n"
"""The shell that removes the rules."""
