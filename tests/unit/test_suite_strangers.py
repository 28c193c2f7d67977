"""What the suite says of agents and Marathons that are not where hosts.ini has them."""

from samples import TRIO

from tasks.inventory.parse import parse
from verify import test_marathons as marathons
from verify import test_mesos_agents as agents

ALL = "".join(f"[{role}]\n10.70.0.10\n10.70.0.11\n10.70.0.12\n" for role in ("mesos_master", "marathon"))
CLUSTER = parse(f"{TRIO}{ALL}[mesos_agent]\n10.70.0.20\n")


def said(known: dict[str, bool]) -> set[str]:
    """What all checks of agents say of those that the leading master knows, by whether they are active."""
    told = {pid: {"id": "S7", "active": active} for pid, active in known.items()}
    missing = agents.missing(CLUSTER, told, "10.70.0.10")
    gone = [(pid, agents.inactive(pid)) for pid, active in known.items() if not active]
    return {str(one) for _, one in (*missing, *agents.strangers(CLUSTER, told), *gone)}


def test_an_agent_whose_host_is_gone_is_one_sentence_and_not_to_be_put_into_hosts_ini() -> None:
    (told,) = said({"10.70.0.20:5051": True, "10.70.0.21:5051": False})
    assert told.startswith("10.70.0.21: agent 10.70.0.21:5051 is registered but not active; expected ")
    assert told.endswith("if its host is gone, wait: it is removed after about 75 s")


def test_an_agent_of_hosts_ini_that_is_lost_is_one_sentence() -> None:
    (told,) = said({"10.70.0.20:5051": False})
    assert told.startswith("10.70.0.20: agent 10.70.0.20:5051 is registered but not active")


def test_an_agent_on_another_port_is_no_stranger_and_no_deploy_is_advised() -> None:
    assert said({"10.70.0.20:5052": True}) == {
        "10.70.0.20: its agent is registered as 10.70.0.20:5052; expected 10.70.0.20:5051, the port of "
        "hosts.ini; set mesos_agent_port back to 5052 in hosts.ini, or move all of them at once: "
        "`fab plan` says how"
    }


def test_an_agent_that_nobody_knows_and_one_too_many_are_told_as_they_are() -> None:
    (told,) = said({})
    assert "has no active agent 10.70.0.20:5051" in told
    twin, stranger = sorted(
        said(dict.fromkeys(("10.70.0.20:5051", "10.70.0.20:5052", "10.70.0.21:5051"), True))
    )
    assert "10.70.0.20:5052 is registered as S7 beside the host's own" in twin
    assert "add its host to [mesos_agent] of hosts.ini, or drain it and have it unregister" in stranger


def standing(*candidates: str) -> list[str]:
    """What is said of Marathons that stand for election at these addresses."""
    return [str(one) for _, one in marathons.strangers(CLUSTER.having("marathon"), candidates, "/marathon")]


def test_a_marathon_on_another_port_than_hosts_ini_says_is_no_stranger() -> None:
    found = standing("10.70.0.10:8081", "10.70.0.11:8080", "10.70.0.12:8080")
    assert found == [
        "10.70.0.10: its Marathon stands for election as 10.70.0.10:8081; expected 10.70.0.10:8080, the port "
        "of hosts.ini; set marathon_port back to 8081 in hosts.ini, or move all of them at once: "
        "`fab plan` says how"
    ]


def test_a_second_marathon_on_a_host_is_to_be_stopped_and_one_elsewhere_may_be_put_back() -> None:
    twin, stranger = standing("10.70.0.10:8080", "10.70.0.10:8081", "10.70.0.13:8080")
    assert "; stop the second one there: docs/members.md" in twin
    assert "; put its host back into [marathon] of hosts.ini, or stop it there: docs/members.md" in stranger
