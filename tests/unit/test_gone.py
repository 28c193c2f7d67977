"""`--gone`: an operator says that a host is gone for good, and nobody may hear any more of it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from json import dumps

import pytest
from fake_hosts import FakeHosts
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO

from tasks.engine.command import but_gone
from tasks.engine.gone import given_up
from tasks.errors import BadInput, Blocked, Unreachable
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question

NEW = "10.70.0.13 myid=3\n"
AGENTS = "[mesos_agent]\n10.70.0.12\n10.70.0.20\n"
CLUSTER = parse(f"{TRIO}{NEW}[mesos_master:children]\nzookeeper\n{AGENTS}[removed]\n10.70.0.12\n")
(DEAD,) = CLUSTER.removed


class Hosts(FakeHosts):
    """A cluster of which 10.70.0.12 has died, unless ssh or something else of it answers."""

    def __init__(
        self,
        up: Collection[str] = (),
        says: Callable[[Question], str] = lambda question: "",
        follow: int = 1,
        replicas: int = 2,
    ) -> None:
        super().__init__(CLUSTER, {}, says=self._answer, in_vain=True)
        self._up, self._more, self._follow, self._replicas = up, says, follow, replicas

    def connect(self, node: Node) -> None:
        if node.name not in self._up:
            raise Unreachable("no answer", host=node.name)

    def _answer(self, question: Question) -> str:
        if question.address in (DEAD.address, "10.70.0.13"):
            return self._more(question) if question.address == DEAD.address else ""
        leads = question.address == "10.70.0.10"
        if question.word == "srvr":
            return f"Mode: {'leader' if leads else 'follower'}\n"
        if question.word == "mntr":
            return f"zk_synced_followers\t{self._follow}\nzk_followers\t{self._follow}\n" if leads else ""
        told = {"master/elected": float(leads), "registrar/log/ensemble_size": float(self._replicas)}
        return f"HTTP/1.1 200 OK\r\n\r\n{dumps(told)}"


def test_a_host_of_which_nobody_hears_any_more_is_given_up() -> None:
    hosts = but_gone(Hosts(), "10.70.0.12")
    assert hosts.cluster.gone == {"10.70.0.12"} and hosts.nodes == CLUSTER.nodes
    assert hosts.cluster.removed == (DEAD,)
    assert but_gone(hosts, None) is hosts


@pytest.mark.parametrize(
    ("hosts", "why"),
    [
        (Hosts(up=["10.70.0.12"]), "it can be reached, so it is not gone. Leave --gone out"),
        (
            Hosts(says=lambda question: "SSH-2.0-x" if question.port == 22 else ""),
            "10.70.0.10 gets an answer from it (ssh), so it is not gone.",
        ),
        (
            Hosts(says=lambda question: "not serving" if question.word == "srvr" else ""),
            "10.70.0.10 gets an answer from it (ZooKeeper)",
        ),
        (Hosts(follow=2), "2 members follow ZooKeeper's leader, and only 1 of them answer here"),
        (Hosts(replicas=3), "the leading master sees 3 replicas of the log, and only 2 masters answer here"),
    ],
)
def test_one_that_may_still_live_is_never_given_up(hosts: Hosts, why: str) -> None:
    with pytest.raises(Blocked) as refused:
        given_up(hosts, "10.70.0.12")
    assert f"10.70.0.12  {why}" in str(refused.value).replace("10.70.0.10, .11  ", "")
    assert str(refused.value).endswith("Nothing was changed.")


@given(st.sampled_from(["srvr", "ssh", "GET /health", "GET /metrics"]), st.text(min_size=1))
def test_whatever_it_answers_on_whichever_port_it_lives(word: str, answer: str) -> None:
    def says(question: Question) -> str:
        return answer if (question.word or "ssh").startswith(word) else ""

    with pytest.raises(Blocked, match="so it is not gone"):
        given_up(Hosts(says=says), "10.70.0.12")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("10.70.0.11", r"only a host in \[removed\] can be given up; there is 10.70.0.12"),
        ("10.70.0.12,nobody", "--gone nobody"),
        (" , ", "--gone is empty"),
    ],
)
def test_only_hosts_in_removed_can_be_given_up(typed: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        given_up(Hosts(), typed)


def test_whoever_is_given_up_all_others_must_be_in_the_run() -> None:
    with pytest.raises(BadInput, match="leave out -H"):
        given_up(Hosts().among(["10.70.0.10"]), "10.70.0.12")
    elsewhere = replace(DEAD, ssh=replace(DEAD.ssh, port=2222))
    asked: list[int] = []

    class Noting(Hosts):
        def _answer(self, question: Question) -> str:
            asked.extend([question.port] if question.address == DEAD.address else [])
            return super()._answer(question)

    hosts = Noting()
    hosts.cluster = replace(CLUSTER, removed=(elsewhere,))
    given_up(hosts, "10.70.0.12")
    assert {2222, 2181, 5050, 5051} == {*asked}
