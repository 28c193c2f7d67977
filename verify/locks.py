"""Whether masters, agents and Marathons ask for a password what must be asked for, and let in whoever has it.

Sources: every endpoint of Mesos 1.5.0 with and without a password; Marathon 1.5.8, which guards every path. A
member that does not answer is the finding of another check.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from tasks.inventory.cluster import Cluster, Node

from .asking import OPERATOR, request
from .findings import REDO, Finding, finding

STARTING = (404, 503)
"""What a member answers that has just started: it is asked again."""

REFUSED = (401, 403)
"""What whoever is let in is not answered."""

PATIENCE = 10
"""Seconds that it may take to start."""

WRONG = HTTPBasicAuth("operator", "no-password-of-this-cluster")
LOCKS = {
    "mesos_master": (
        "mesos-master",
        ("/state", "/flags", "/metrics/snapshot", "/slaves", "/registrar(1)/registry"),
    ),
    "mesos_agent": ("mesos-agent", ("/state", "/flags", "/metrics/snapshot", "/containers")),
    "marathon": ("", ("/ping", "/v2/info", "/v2/apps")),
}
"""How the realms of a role begin, and what is asked for with GET, which reads only.

Marathon's realm is a setting of its own, `--http_realm`.
"""

CALL = {"type": "GET_HEALTH"}


@dataclass(frozen=True)
class Door:
    """One thing to ask a member for, and the realm whose password it takes."""

    url: str
    path: str
    realm: str
    call: dict[str, str] | None = None

    @property
    def method(self) -> str:
        """GET, or POST for a call of the API, which counts as writing, whatever it asks for."""
        return "POST" if self.call else "GET"


def found(cluster: Cluster, node: Node, role: str) -> Iterator[Finding]:
    """Find doors of a node's member that are not locked as hosts.ini says."""
    for door in doors(node, role):
        try:
            yield from _locked(node, door) if cluster.settings.security == "strict" else _open(node, door)
        except requests.RequestException:
            return


def doors(node: Node, role: str) -> Iterator[Door]:
    """Give the doors of a node's member of a role."""
    s, (realm, paths) = node.settings, LOCKS[role]
    ports = {
        "mesos_master": s.mesos_master_port,
        "mesos_agent": s.mesos_agent_port,
        "marathon": s.marathon_port,
    }
    url = f"http://{node.address}:{ports[role]}"
    if role == "marathon":
        yield from (Door(url, path, "") for path in paths)
    else:
        yield from (Door(url, path, f"{realm}-readonly") for path in paths)
        yield Door(url, "/api/v1", f"{realm}-readwrite", CALL)
    if role == "mesos_master":
        yield Door(url, "/api/v1/scheduler", f"{realm}-scheduler")


def _open(node: Node, door: Door) -> Iterator[Finding]:
    if _asked(door, None).status_code == 401:
        seen = f"{door.url}{door.path} asks for a password"
        yield finding(node.name, seen, "none to be asked for, as hosts.ini is not security=strict", REDO)


def _locked(node: Node, door: Door) -> Iterator[Finding]:
    place, wanted = f"{door.url}{door.path}", f'401, Basic realm="{door.realm}"' if door.realm else "401"
    for who, auth in (("nobody", None), ("a wrong password", WRONG)):
        answer = _answer(door, auth)
        realm = answer.headers.get("WWW-Authenticate") if door.realm else ""
        seen = ", ".join((str(answer.status_code), *filter(None, [realm])))
        if seen != wanted:
            yield finding(node.name, f"{place} answers {who} with {seen}", wanted, REDO)
    if (code := _asked(door, OPERATOR).status_code) in REFUSED:
        remedy = "compare the operator's secret in secrets_file with the file of secrets on its host"
        seen, let_in = f"{place} answers the operator with {code}", "the operator to be let in"
        yield finding(node.name, seen, let_in, remedy)


def _answer(door: Door, auth: AuthBase | None) -> requests.Response:
    """Ask at a door; again while the member is starting."""
    until = time.monotonic() + PATIENCE
    while (answer := _asked(door, auth)).status_code in STARTING and time.monotonic() < until:
        time.sleep(0.25)
    return answer


def _asked(door: Door, auth: AuthBase | None) -> requests.Response:
    url = f"{door.url}{door.path}"
    return request(door.method, url, auth=auth, json=door.call, timeout=20, allow_redirects=False)
