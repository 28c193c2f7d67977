"""Firewalls between hosts, real ones, as the preflight tells of them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from operators import SOON, TRIO, Run, inside, lay_bare

from lab import waiting

BAD, AGENT = TRIO[1], "10.70.0.20"
DROP, PROHIBIT = "DROP", "REJECT --reject-with icmp-host-prohibited"
RESET = "REJECT --reject-with tcp-reset"
OPEN_THEM = "Open these ports in the firewalls of both hosts and of the network between them."


@contextmanager
def firewall(node: str, chain: str, ports: str, target: str) -> Iterator[None]:
    """Have a host's firewall close TCP ports to what comes in (INPUT) or leaves (OUTPUT)."""
    rule = f"{chain} -p tcp -m multiport --dports {ports} -j {target}"
    inside(node, f"iptables -I {rule}")
    try:
        yield
    finally:
        inside(node, f"iptables -D {rule}")


def flows(said: str) -> list[str]:
    """The lines that tell of closed ports."""
    return re.findall(r"^.*  warning  flow: .*$", said, re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def fresh(lab: None) -> Iterator[None]:
    """Bare hosts, on which nobody listens yet."""
    lay_bare()
    yield
    lay_bare()


def test_bare_hosts_without_a_firewall_reach_each_other(fab: Run) -> None:
    told = fab("preflight")
    assert (told.code, flows(told.said)) == (0, []), told.said


def test_a_closed_port_of_one_host_is_one_line_and_stops_nothing(fab: Run) -> None:
    with firewall(BAD, "INPUT", "5050", DROP):
        told = fab("preflight")
    assert told.code == 0, told.said
    assert flows(told.said) == [
        f"{TRIO[0]}, .12, .20  warning  flow: it cannot reach {BAD}:5050 (timed out): a firewall drops it. "
        f"{OPEN_THEM}"
    ]


def test_a_port_that_is_prohibited_is_told_as_the_kernel_tells_it(fab: Run) -> None:
    with firewall(BAD, "INPUT", "3888", PROHIBIT):
        told = fab("preflight")
    assert flows(told.said) == [
        f"{TRIO[0]}, .12  warning  flow: it cannot reach {BAD}:3888 (no route to host): a firewall rejects "
        f"it, or a route is missing. {OPEN_THEM}"
    ]


def test_an_agent_that_is_cut_off_is_told_both_ways(fab: Run) -> None:
    with ExitStack() as both:
        both.enter_context(firewall(AGENT, "OUTPUT", "2181,5050", DROP))
        both.enter_context(firewall(AGENT, "INPUT", "5051", DROP))
        told = fab("preflight")
    ports = ", ".join(f"{node}:{port}" for port in (2181, 5050) for node in TRIO)
    assert flows(told.said) == [
        f"{TRIO[0]}, .11, .12  warning  flow: it cannot reach {AGENT}:5051 (timed out): a firewall drops it. "
        f"{OPEN_THEM}",
        f"{AGENT}  warning  flow: it cannot reach {ports} (timed out): a firewall drops it. {OPEN_THEM}",
    ]


def test_a_reset_where_a_member_listens_is_told_and_where_nobody_does_is_not(fab: Run) -> None:
    with firewall(BAD, "INPUT", "3888", RESET):
        assert flows(fab("preflight").said) == []
    assert fab("deploy-zookeeper").code == 0
    line = (
        f"{TRIO[0]}, .12  warning  flow: it cannot reach {BAD}:3888 (refused, although its service runs and "
        f"listens): a firewall rejects it, or the service listens on another address. {OPEN_THEM}"
    )
    with firewall(BAD, "INPUT", "3888", RESET):  # a service that has just been started gets a moment

        def trouble() -> str | None:
            told = flows(fab("preflight").said)
            return None if told == [line] else str(told)

        waiting.until("the closed port to be told", SOON, trouble)
    assert flows(fab("preflight").said) == []
