"""What only shows when all hosts are seen together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ...inventory.edits import Change, Leave
from ..look.docker import ABSENT
from ..mesos_agent.desired import checkpoint
from .checks import Finding
from .flows import End, Flow, needed
from .subject import Subject

DRIFT = 5
"""Seconds: an NTP client keeps a clock within hundredths of one, so something is wrong with it."""

SHOWN = 6
"""How many closed ports a finding names."""

Closed = End | Literal["loopback"]
"""How a port is closed: to whom an address is refused whose service listens on the loopback alone, too."""

OPEN = "open these ports in the firewalls of both hosts and of the network between them"

CAUSES: Mapping[Closed, tuple[str, str]] = {
    "timed out": ("timed out): a firewall drops it", OPEN),
    "no route to host": ("no route to host): a firewall rejects it, or a route is missing", OPEN),
    "refused": (
        "refused, although its service runs and listens): a firewall rejects it, or the service listens on "
        "another address",
        OPEN,
    ),
    "loopback": (
        "refused): its service listens on the loopback address alone",
        "have it listen on its host's own address: `fab plan` shows whether a deploy does that",
    ),
}
"""What each of them comes from, behind its brackets, and what to do."""

SETTLED = 10
"""Seconds that a container must run: one that was just started may not have listened when it was tried."""

APART = 30
"""Seconds: no time service is at work. Marathon orders the versions of an app by its leader's clock."""


def machines(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for hosts that are one machine: the same boot of a kernel, and the same addresses.

    Clones share a machine-id, containers of one machine share a boot; only one machine has both.
    """
    first: dict[tuple[str, frozenset[str]], Subject] = {}
    for host in hosts:
        witness = (host.facts.boot, host.seen.addresses)
        if not all(witness):
            continue
        other = first.setdefault(witness, host)
        if other is not host:
            addresses = ", ".join(sorted(a for a in host.seen.addresses if not a.startswith("127.")))
            yield host.finding(
                "same-machine",
                f"it is the same machine as {other.node.name} (one boot, the addresses {addresses})",
                "have one of the two names lead to another machine (its name, or ansible_host)",
                _out(host),
                _out(other),
            )


def _out(host: Subject) -> Change:
    return Change(
        tuple(Leave(host.node.name, role) for role in host.node.roles), "if one of them is too much"
    )


def agents(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for hosts that carry one agent's id, as a cloned disk does: only one of them can be that agent.

    If one of them runs, the others are told.
    """
    first: dict[str, Subject] = {}
    own = [(host, wanted) for host in hosts if host.facts.agent and (wanted := host.playing("mesos_agent"))]
    for host, wanted in sorted(own, key=lambda each: not each[0].seen.container(each[1].name).runs):
        other = first.setdefault(host.facts.agent, host)
        if other is not host:
            latest = checkpoint(host.node).latest
            yield host.finding(
                "same-agent",
                f"its agent's id {host.facts.agent} is also that of {other.node.name}: one disk is a copy of "
                "the other",
                f"on the host that is the copy, stop {wanted.name} if it runs and remove {latest}: it then "
                "starts as a new agent",
            )


def clocks(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Compare the clocks with what most of them say, ours among them."""
    usual = _middle([host.look.ahead for host in hosts])
    for host in hosts:
        off = host.look.ahead - usual
        if abs(off) > DRIFT:
            yield host.finding(
                "clock" if abs(off) > APART else "clock-drift",
                f"its clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the others",
                "let a time service keep it (on Debian: apt-get install systemd-timesyncd)",
            )


def _middle(differences: Sequence[float]) -> float:
    """Give the median of these and of our own clock; of two in the middle, that nearer to our own."""
    ordered = sorted([0.0, *differences])
    return min(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2], key=abs)


def flows(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for closed ports between hosts that could be looked at: one that is down is no firewall.

    On a port on which nobody listens yet, a refusal shows as well as an answer that the way is open.
    Where another run is at work, services may be stopped or started at any moment.
    """
    names = {host.node.name: host for host in hosts if not (host.seen.at_work or host.seen.busy)}
    found: dict[tuple[str, int, Closed], list[Subject]] = {}
    for host in names.values():
        for flow in needed(host.cluster, host.node, [each.role for each in host.containers]):
            end, there = host.facts.flows.get((flow.to.address, flow.port)), names.get(flow.to.name)
            if end and there and _is_closed(end, flow, there):
                how: Closed = "loopback" if _is_bound_wrong(end, flow, there) else end
                found.setdefault((flow.to.address, flow.port, how), []).append(host)
    for (how, _), ports in _alike(found).items():
        cause, remedy = CAUSES[how]
        for host in found[(*ports[0], how)]:
            yield host.finding("flow", f"it cannot reach {_listed(ports)} ({cause}", remedy)


def _alike(
    found: Mapping[tuple[str, int, Closed], Sequence[Subject]],
) -> dict[tuple[Closed, tuple[str, ...]], list[tuple[str, int]]]:
    """Put ports together that are closed in the same way to the same hosts."""
    alike: dict[tuple[Closed, tuple[str, ...]], list[tuple[str, int]]] = {}
    for (address, port, how), hosts in found.items():
        alike.setdefault((how, tuple(host.node.name for host in hosts)), []).append((address, port))
    return alike


def _is_bound_wrong(end: End, flow: Flow, there: Subject) -> bool:
    return end == "refused" and flow.port in there.seen.loopback


def _is_closed(end: End, flow: Flow, there: Subject) -> bool:
    """Tell whether that is a firewall's doing: whoever else has the port may answer as it likes."""
    wanted, listens = there.playing(flow.role), flow.port in there.seen.listeners
    container = there.seen.container(wanted.name) if wanted else ABSENT
    if end == "open" or (listens and container.status != "running"):
        return False
    now = there.facts.clock
    return end != "refused" or (listens and now is not None and container.uptime(now) > SETTLED)


def _listed(ports: Sequence[tuple[str, int]]) -> str:
    said = ", ".join(f"{address}:{port}" for address, port in ports[:SHOWN])
    return said + (f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else "")
