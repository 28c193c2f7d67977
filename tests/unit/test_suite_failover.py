"""What the failover tests take for a cluster that is whole, and how they take ZooKeeper away."""

from typing import Any, cast

import pytest
import requests
from fake_marathon import answer
from samples import TRIO
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from verify import test_failover as failover
from verify.apps import NotYet

CLUSTER = parse(
    TRIO
    + "".join(f"[{role}]\n10.70.0.10\n10.70.0.11\n10.70.0.12\n" for role in ("mesos_master", "marathon"))
    + "[mesos_agent]\n10.70.0.20\n"
)
SAID: dict[str, Any] = {
    "/metrics/snapshot": {"master/elected": 1.0, "registrar/log/ensemble_size": 3.0},
    "/slaves": {"slaves": [{"active": True}]},
}


def is_whole(*hung: tuple[str, int]) -> bool:
    """Judge a cluster in which these, by host and port, accept and answer nothing; all others are well."""

    def get(node: Node, port: int, path: str) -> requests.Response:
        if (node.name, port) in hung:
            raise requests.ReadTimeout
        return answer(200, SAID.get(path, {}))

    return failover.is_whole(CLUSTER, get, lambda *_: "Mode: follower")


def test_a_cluster_in_which_everything_answers_is_whole() -> None:
    assert is_whole()


@pytest.mark.parametrize("port, path", [(5050, "/health"), (8080, "/ping")])
def test_a_cluster_in_which_a_master_or_a_marathon_hangs_is_not_whole_and_it_is_named(
    port: int, path: str
) -> None:
    with pytest.raises(NotYet, match=f"ReadTimeout from http://10.70.0.11:{port}{path}"):
        is_whole(("10.70.0.11", port))


def test_a_host_itself_starts_the_zookeeper_again_that_the_suite_has_stopped() -> None:
    """In one command that outlives the connection: nothing is left undone if the suite is killed."""
    asked: list[tuple[str, ...]] = []

    class Asked:
        def run(self, *words: str) -> CommandResult:
            asked.append(words)
            return CommandResult(None, 0, "", "", "")

    failover.leave(cast(Host, Asked()))
    ((command, script),) = asked
    assert command.endswith("setsid sh -c %s </dev/null >/dev/null 2>&1 &")
    assert script == "docker stop -t 1 zookeeper; sleep 30; docker start zookeeper"
