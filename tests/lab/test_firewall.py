"""A cluster closes its doors under an app, and opens them again: a stranger's packets, runs that are cut."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import killed
import pytest
from operators import AGENT, SOON, TRIO, Inventory, Run, inside, start

from verify.apps import eventually

STRANGER = "10.70.0.222"
"""An address of the lab's network that no host has."""

DOORS = [(node, port) for node in TRIO for port in (2181, 2888, 3888, 5050, 8080)] + [(AGENT, 5051)]


@pytest.fixture
def stranger(lab: None) -> Iterator[None]:
    """Have this machine own one more address beside that of the operator."""
    way = subprocess.run(["ip", "-j", "route", "get", AGENT], capture_output=True, check=True)
    bridge = json.loads(way.stdout)[0]["dev"]
    subprocess.run(["ip", "address", "add", f"{STRANGER}/32", "dev", bridge], check=True)
    yield
    subprocess.run(["ip", "address", "del", f"{STRANGER}/32", "dev", bridge], check=True)


@pytest.fixture
def walled(cluster: None, fab: Run, inventory: Inventory) -> Iterator[Path]:
    """The inventory with a firewall; afterwards there is none."""
    yield inventory("firewall=true\nfirewall_allow=10.70.0.1")
    done = fab("host.firewall")
    assert done.code == 0, done.said
    assert all("mesofab" not in inside(node, "nft list tables") for node in (*TRIO, AGENT))


EVERY = 3
"""How many steps a run goes on before it is killed; `nightly` kills it at each."""

RULES = "nft -s list table inet mesofab 2>/dev/null; ls /run/mesofab*"


def knock(node: str, port: int, source: str) -> str:
    """Try to connect from an address; give how that ended, "" if it did connect."""
    script = f"import socket; socket.create_connection(({node!r}, {port}), 5, ({source!r}, 0)).close()"
    done = subprocess.run(["python3", "-c", script], capture_output=True, text=True, timeout=30, check=False)
    return done.stderr.strip().rpartition("\n")[2]


def answering(source: str) -> list[tuple[str, int]]:
    """Give the doors at which something answers; nobody listens at those of ZooKeeper's followers."""
    return [(node, port) for node, port in DOORS if port != 2888 and not knock(node, port, source)]


def test_doors_close_under_an_app_and_nothing_is_lost(
    stranger: None, docker_app: dict[str, Any], walled: Path, fab: Run, suite: Run
) -> None:
    everything = [door for door in DOORS if door[1] != 2888]
    assert answering(STRANGER) == everything
    done = fab("deploy-cluster", inventory=walled)
    assert done.code == 0 and "1.3 keep the firewall" in done.said, done.said
    assert answering(STRANGER) == []
    assert answering("10.70.0.1") == [door for door in everything if door[1] != 3888]
    assert all("No route to host" in knock(*door, STRANGER) for door in DOORS)
    assert all(knock(node, 22, STRANGER) == "" for node in (*TRIO, AGENT))
    told = fab("status", inventory=walled)
    assert told.code == 0 and "4 of 4 hosts keep strangers out." in told.said, told.said
    assert "tasks lost" not in done.said and "1 task" in told.said
    assert "Nothing to do" in fab("deploy-cluster", inventory=walled).said
    judged = suite("-m", "not destructive", inventory=walled)
    assert judged.code == 0, judged.said


def test_a_run_killed_on_trial_leaves_every_door_open_and_killed_runs_close_them(
    stranger: None, walled: Path, fab: Run
) -> None:
    run = start(["host.firewall"], walled, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.stdout is not None
    for line in run.stdout:
        if re.search(r"1\.3 close .* changed", line):
            break
    run.kill()
    run.wait()
    eventually("open doors", lambda: len(answering(STRANGER)) == len(DOORS) - 3 or None, SOON)
    told = fab("plan", inventory=walled)
    assert "an earlier run was cut short before it was kept" in told.said, told.said
    done, kills = killed.throughout(["host.firewall"], walled, EVERY)
    assert done.code == 0 and kills and answering(STRANGER) == [], done.said
    kept = {node: inside(node, RULES) for node in (*TRIO, AGENT)}
    assert fab("host.firewall").code == 0
    done = fab("host.firewall", inventory=walled)
    assert done.code == 0 and {node: inside(node, RULES) for node in kept} == kept, done.said


def test_a_flow_that_the_rules_would_cut_opens_the_doors_again(
    stranger: None, walled: Path, fab: Run
) -> None:
    """A host that goes out with an address that hosts.ini does not give it, as one of two networks may."""
    route = "ip route replace 10.70.0.10/32 dev eth0 src 10.70.0.223"
    inside(AGENT, f"ip address add 10.70.0.223/24 dev eth0; {route}")
    try:
        done = fab("host.firewall", inventory=walled)
        assert done.code == 4 and "it does not reach 10.70.0.10:" in done.said, done.said
        assert len(answering(STRANGER)) == len(DOORS) - 3
    finally:
        inside(AGENT, "ip route del 10.70.0.10/32; ip address del 10.70.0.223/24 dev eth0")
