"""What an operator reserves of an agent: the arithmetic of it, and what becomes of it in a running cluster.

Nothing of this was recorded. The form of the messages, and that reservations with other labels are not added
up, is what the documentation of Mesos 1.5 says; 202 and 409 were seen on the real one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from cluster import Cluster, Member, until
from scheduler import Scheduler

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "lab/images/mesos-stand-in"))

from mesos_standin import reservations  # noqa: E402

GIVEN = "cpus:4;mem:1024;disk:100;ports:[31000-31009]"
NOTE = {"labels": {"labels": [{"key": "app", "value": "/web"}]}}


def cpus(amount: float, **mark: Any) -> dict[str, Any]:
    """So many cpus, reserved."""
    scalar = {"value": amount}
    return {"name": "cpus", "type": "SCALAR", "scalar": scalar, "role": "ours", "reservation": mark}


def port(number: int, **mark: Any) -> dict[str, Any]:
    """One port, reserved."""
    ranges = {"range": [{"begin": number, "end": number}]}
    return {"name": "ports", "type": "RANGES", "ranges": ranges, "role": "ours", "reservation": mark}


def test_what_is_reserved_with_the_same_mark_adds_up_and_can_be_given_back_in_parts() -> None:
    reserved = reservations.added(reservations.added([], [cpus(1.5)]), [cpus(0.5), cpus(1.0, **NOTE)])
    assert reserved == [cpus(2.0), cpus(1.0, **NOTE)]
    assert reservations.taken(reserved, [cpus(0.5), cpus(1.0, **NOTE)]) == [cpus(1.5)]
    assert reservations.taken(reserved, [cpus(1.5, **NOTE)]) is None


def test_endpoints_show_both_forms() -> None:
    (shown,) = reservations.by_role([cpus(1.0, **NOTE)])["ours"]
    assert shown == {
        **cpus(1.0, **NOTE),
        "reservations": [{"type": "DYNAMIC", "role": "ours", **NOTE}],
    }


def asked(leader: Member, verb: str, agent: str, *parts: dict[str, Any]) -> int:
    """Ask the leading master, and give the status of its answer."""
    form = urlencode({"slaveId": agent, "resources": json.dumps(parts)})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return requests.post(f"http://{leader.address}/{verb}", form, headers=headers, timeout=15).status_code


def test_what_is_reserved_is_offered_to_nobody_and_survives_master_and_agent(cluster: Cluster) -> None:
    masters = cluster.masters()
    leader = cluster.leader(masters)
    agent = cluster.agent(RESOURCES=GIVEN)
    id = cluster.registered(leader)["id"]
    scheduler = Scheduler(leader.address)
    scheduler.wait("OFFERS")
    assert asked(leader, "reserve", id, cpus(5.0)) == 409
    assert asked(leader, "reserve", id, cpus(3.0), port(31000, **NOTE)) == 202  # the offer is taken back
    assert asked(leader, "reserve", id, cpus(2.0)) == 409
    assert asked(leader, "unreserve", id, port(31000)) == 409
    assert asked(leader, "reserve", "nobody", cpus(1.0)) == 400
    shown = leader.get("/slaves")["slaves"][0]
    assert (shown["unreserved_resources"]["cpus"], shown["reserved_resources"]["ours"]["cpus"]) == (1.0, 3.0)
    assert shown["unreserved_resources"]["ports"] == "[31001-31009]"
    until("checkpoint", lambda: agent.get("/state")["reserved_resources_full"])
    leader.kill()
    cluster.lose(agent, cluster.leader(masters))
    cluster.agent(RESOURCES=GIVEN)
    successor = cluster.leader(masters)
    again = cluster.registered(successor)
    assert (again["id"], again["reserved_resources_full"]) == (id, shown["reserved_resources_full"])
    assert asked(successor, "unreserve", id, cpus(3.0), port(31000, **NOTE)) == 202
    assert successor.get("/slaves")["slaves"][0]["reserved_resources"] == {}
