"""Chapter 1: every host knows its own address, and runs of ours what hosts.ini wants there."""

import time
from collections.abc import Callable, Collection

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from . import engine, lease, logins, walls
from .chosen import Chosen
from .findings import LEAVE, fail, finding, refuse, require
from .reach import OWN_ENGINE
from .wanted import ROLES

CLOCKS = 30
"""Seconds that a host's clock may differ from ours: beyond that, the logs of several hosts disagree."""

REMOVE = f"add its role to the host in hosts.ini, or remove it; {LEAVE}"
UNFINISHED = "a run that was cut short has left it, and `fab deploy-cluster` goes on with it"


@pytest.mark.runbook("1.1")
def test_the_last_line_that_sets_host_ip_exports_it(host: Host, node: Node) -> None:
    setting = "/^[[:space:]]*#/d; /(^|[^[:alnum:]_$])HOST_IP[+]?=/p"
    last = host.run("sed -nE %s /etc/profile | tail -n 1", setting).stdout.strip()
    seen = f"the last line of /etc/profile that sets HOST_IP is {last!r}"
    seen = seen if last else "no line of /etc/profile sets HOST_IP"
    require(last.startswith("export HOST_IP="), node.name, seen, "export HOST_IP=...", logins.SET_IP)


@pytest.mark.runbook("1.2")
def test_a_login_shell_says_the_hosts_own_address(host: Host, node: Node) -> None:
    logins.check(host, node)


@pytest.mark.runbook("1.3")
def test_strangers_are_kept_out_if_hosts_ini_says_so(
    host: Host, node: Node, chosen: Chosen, on: Callable[[Node], Host]
) -> None:
    refuse(walls.found(host, node, chosen, on))


def test_its_clock_agrees_with_ours(host: Host, node: Node) -> None:
    before = time.time()
    told = host.run("date +%s", "%s").stdout.strip()
    after = time.time()
    theirs = int(told) if told.isdigit() else 0
    ahead = max(theirs - after, 0) - max(before - theirs, 0)
    require(
        abs(ahead) <= CLOCKS,
        node.name,
        f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the one here",
        f"at most {CLOCKS} s",
        "have both set by NTP (`timedatectl`, chrony); if all hosts differ, it is the clock here",
    )


def _is_left_over(name: str, wanted: Collection[str]) -> bool:
    one, _, end = name.rpartition(".")
    return one in wanted and end in ("prev", "next")


def test_no_other_container_of_ours_is_there(host: Host, node: Node, cluster: Cluster) -> None:
    engine.refuse_again(node)
    said = host.run(f"{OWN_ENGINE}docker ps -a --filter label=mesofab.role --format %s", "{{.Names}}")
    wanted = {ROLES[role](cluster, node).name for role in node.roles}
    if said.rc != 0:
        engine.refuse(node, said.stderr.strip(), "docker does not answer")
    others = [name for name in said.stdout.split() if name not in wanted]
    if others and (at_work := lease.told(host.run(lease.ASK).stdout)):  # it has begun since we came
        fail(node.name, at_work, lease.WANTED, lease.WAIT)
    refuse(
        finding(
            node.name,
            f"there is a container {name}",
            f"only {', '.join(sorted(wanted))}",
            UNFINISHED if _is_left_over(name, wanted) else REMOVE,
        )
        for name in others
    )
