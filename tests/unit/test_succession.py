"""An operator has another member lead: who leads is restarted, and nobody else without need."""

from json import dumps

import pytest
from fake_hosts import FakeHosts
from samples import TRIO, as_wanted

from tasks.engine.run import Run
from tasks.engine.succession import succeed
from tasks.errors import BadInput, Blocked
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed

CLUSTER = parse(f"{TRIO}[marathon]\n10.70.0.[10:12]\n[mesos_agent]\n10.70.0.20\n")
FIRST, SECOND, THIRD, AGENT = CLUSTER.nodes


def info(leader: str) -> str:
    """What every Marathon says to /v2/info, that an agent's master is there included."""
    known = {"leader": leader, "frameworkId": "f", "marathon_config": {"mesos_leader_ui_url": "http://m"}}
    return "HTTP/1.1 200 OK\r\n\r\n" + dumps(known)


def hosts(leader: str = "10.70.0.11:8080", silent: str = "") -> FakeHosts:
    """Three Marathons, of which one leads and perhaps one is silent."""

    def says(question: Question) -> str:
        serves = question.port == 8080 and question.address != silent
        return info(leader) if serves else ""

    def look(name: str, seen: Observed) -> Observed:
        return (
            seen if name == silent else Observed(**{**vars(seen), "answers": {"marathon info": info(leader)}})
        )

    looks = {node.name: look(node.name, as_wanted(CLUSTER, node)) for node in CLUSTER.nodes}
    return FakeHosts(CLUSTER, looks, looks, says=says, in_vain=True).among(
        [node.name for node in (FIRST, SECOND, THIRD)]
    )


def restarted(of: FakeHosts, to: str = "") -> list[str]:
    """Which hosts' Marathons are restarted so that this one leads."""
    node = CLUSTER.called(to) if to else None
    result = succeed(Run.of(of, ["marathon"]), node)
    return [name for name, plan in result.plans.items() if plan.steps]


def test_the_leader_alone_is_restarted() -> None:
    assert restarted(hosts()) == [SECOND.name]


def test_for_a_certain_successor_all_others_are_restarted_so_that_it_comes_first_in_line() -> None:
    assert restarted(hosts(), to=THIRD.name) == [FIRST.name, SECOND.name]


def test_nothing_is_done_where_it_leads_already(capsys: pytest.CaptureFixture[str]) -> None:
    assert restarted(hosts(), to=SECOND.name) == []
    assert "Marathon: 10.70.0.11 leads, so there is nothing to hand over." in capsys.readouterr().out


def test_nothing_is_done_if_none_of_the_named_hosts_leads() -> None:
    assert restarted(hosts().among([FIRST.name])) == []


@pytest.mark.parametrize(
    ("of", "to", "error", "says"),
    {
        "nobody leads": (hosts(leader=""), "", Blocked, "nobody leads"),
        "it does not serve": (
            hosts(silent=THIRD.name),
            THIRD.name,
            Blocked,
            "10.70.0.12  Marathon: it does not",
        ),
        "it is none": (hosts(), AGENT.name, BadInput, "has in [marathon] only 10.70.0.10, 10.70.0.11"),
        "not all hosts are named": (hosts().among([FIRST.name]), FIRST.name, BadInput, "leave out -H"),
    }.values(),
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    of: FakeHosts, to: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as refused:
        restarted(of, to)
    assert says in str(refused.value) and of.done == []
