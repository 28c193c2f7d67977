"""Doors that stand open in a locked cluster, and locked ones in an open one, as the suite finds them."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from verify import locks
from verify.asking import OPERATOR

TEXT = "[zookeeper]\n10.0.0.1 myid=1\n[mesos_master]\n10.0.0.1\n[mesos_agent]\n10.0.0.1\n[all:vars]\n"
OPEN, STRICT = (parse(f"{TEXT}security={word}\nsecrets_file=s\n") for word in ("open", "strict"))
LET_IN = f"Basic {b64encode(b'operator:the-secret-of-operator').decode()}"


class Member(BaseHTTPRequestHandler):
    """A member whose doors `unlocked` stand open; it gives `starting` answers of one that starts."""

    unlocked: frozenset[str] = frozenset()
    begins = "mesos-master"
    refuses_all = False
    starting = 0

    def do_GET(self) -> None:
        self._answer("scheduler" if self.path.endswith("scheduler") else "readonly")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("readwrite")

    def _answer(self, kind: str) -> None:
        known = self.headers["Authorization"] == LET_IN and not self.refuses_all
        if type(self).starting:
            type(self).starting -= 1
            self.send_response(503)
        elif known or self.path in self.unlocked:
            self.send_response(200)
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", f'Basic realm="{self.begins}-{kind}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def member() -> Iterator[tuple[type[Member], Node]]:
    class One(Member):
        pass

    OPERATOR.is_of(Credentials({who: Credential(who, Secret(f"the-secret-of-{who}")) for who in WHO}))
    with HTTPServer(("127.0.0.1", 0), One) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        node, port = STRICT.nodes[0], server.server_address[1]
        settings = replace(node.settings, mesos_master_port=port, mesos_agent_port=port, marathon_port=port)
        yield One, replace(node, address="127.0.0.1", settings=settings)
        server.shutdown()
    OPERATOR.is_of(None)


def told(cluster: Cluster, node: Node, role: str = "mesos_master") -> list[str]:
    return [
        str(one).replace(str(node.settings.mesos_master_port), "PORT")
        for one in locks.found(cluster, node, role)
    ]


def test_a_locked_member_is_as_wanted(member: tuple[type[Member], Node]) -> None:
    one, node = member
    assert told(STRICT, node) == []
    one.begins = "mesos-agent"
    assert told(STRICT, node, "mesos_agent") == []
    one.starting = 2
    assert told(STRICT, node, "mesos_agent") == []


def test_marathon_may_call_its_realm_as_it_likes_and_guards_every_path(
    member: tuple[type[Member], Node],
) -> None:
    one, node = member
    one.begins = "Mesosphere"
    assert told(STRICT, node, "marathon") == []
    one.unlocked = frozenset({"/v2/apps"})
    assert [each.partition(" answers ")[2][:22] for each in told(STRICT, node, "marathon")] == [
        "nobody with 200; expec",
        "a wrong password with ",
    ]
    assert told(OPEN, node, "marathon"), "an open one asks for none"


def test_a_door_that_stands_open_is_a_finding(member: tuple[type[Member], Node]) -> None:
    one, node = member
    one.unlocked = frozenset({"/flags", "/api/v1"})
    found = told(STRICT, node)
    realm = 'expected 401, Basic realm="mesos-master-readonly"'
    assert len(found) == 4
    assert found[0].startswith(f"10.0.0.1: http://127.0.0.1:PORT/flags answers nobody with 200; {realm}")


def test_another_realm_and_an_operator_who_is_not_let_in_are_findings(
    member: tuple[type[Member], Node],
) -> None:
    one, node = member
    assert any("answers nobody with 401, Basic realm" in text for text in told(STRICT, node, "mesos_agent"))
    one.refuses_all = True
    found = told(STRICT, node)
    assert len(found) == 7 and all("answers the operator with 401" in text for text in found)
    assert "secret-of" not in str(found)


def test_whoever_asks_for_a_password_in_an_open_cluster_is_a_finding(
    member: tuple[type[Member], Node],
) -> None:
    one, node = member
    assert len(told(OPEN, node)) == 7
    one.unlocked = frozenset({"/api/v1", "/api/v1/scheduler", *locks.LOCKS["mesos_master"][1]})
    assert told(OPEN, node) == []


def test_whoever_does_not_answer_is_the_finding_of_another_check(member: tuple[type[Member], Node]) -> None:
    node = replace(member[1], address="127.0.0.2")
    assert told(STRICT, node) == told(OPEN, node) == []
