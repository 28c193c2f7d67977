"""What lies in an archive beside the tree, for people to read: services' answers, and what runs where."""

from collections.abc import Mapping

from ....inventory.cluster import Cluster
from ... import http
from ...gate import Question
from ...look.observed import Observed
from ...look.sections import ASK, asking, part_function, split
from ...shell import at_once
from .archive import written

LONG = 25
"""Seconds for an answer, which may be large; a host that is silent for 30 s is given up."""

TITLES = {
    "info": "what Marathon says of itself",
    "apps": "Marathon's apps as JSON",
    "registry": "the masters' registry",
}
"""What is asked for, and what it is called."""


Asked = Mapping[str, Question]


def questions(cluster: Cluster, leaders: Mapping[str, str | None]) -> Asked:
    """Say what to ask the leaders of Marathon and of the masters, by what an archive calls it."""
    asked: dict[str, Question] = {}
    for node in cluster.nodes:
        if node.name == leaders.get("marathon"):
            for name, path in (("info", "/v2/info"), ("apps", "/v2/apps")):
                asked[name] = Question(node.address, node.settings.marathon_port, http.get(path))
        if node.name == leaders.get("mesos_master"):
            path = "/registrar(1)/registry"
            asked["registry"] = Question(node.address, node.settings.mesos_master_port, http.get(path))
    return asked


def script(asked: Asked, boundary: str) -> str:
    """Give the script that asks all of it; `boundary` must be random."""
    return (
        f"export LC_ALL=C\n{part_function(boundary)}{ASK}limit={LONG}\n"
        f"{{\n{at_once([*asking(asked), ':'])}\npart end\n}} </dev/null\n"
    )


def read(text: str, boundary: str, asked: Asked) -> dict[str, http.Answer]:
    """Read what was answered. Raises Unreadable."""
    parts = split(text, boundary)
    return {name: http.read(parts.get(name, "")) for name in asked}


def answers(said: Mapping[str, http.Answer]) -> tuple[dict[str, bytes], list[str]]:
    """Give the files of what was answered, and in sentences what was not."""
    files: dict[str, bytes] = {}
    left_out = []
    for name, title in TITLES.items():
        answer = said.get(name, http.Answer())
        if answer.status == 200 and (data := _written(answer.json)):
            files[f"{name}.json"] = data
        else:
            why = _why(answer) if name in said else "None leads that could be asked"
            left_out.append(f"Not in the backup: {title}. {why}.")
    return files, left_out


def _written(json: object) -> bytes:
    """Give an answer's JSON as it stands in an archive, nothing for what is none, or too deep for us."""
    try:
        return b"" if json is None else written(json)
    except RecursionError:
        return b""


def marathon(files: Mapping[str, bytes]) -> str:
    """Give the version that the leading Marathon told, "" if it told none."""
    return http.text(http.table(http.parsed(files.get("info.json", b"").decode())).get("version"))


def _why(answer: http.Answer) -> str:
    if not answer.status:
        return f"The leader did not answer within {LONG} s"
    return f"The leader answered {answer.status}" + (" without JSON" if answer.status == 200 else "")


def hosts(cluster: Cluster, seen: Mapping[str, Observed]) -> bytes:
    """Give what each host is, and what ran there; null where nobody could look."""
    return written(
        {
            node.name: {
                "address": node.address,
                "roles": node.roles,
                "myid": node.settings.myid,
                "number": node.settings.number,
                "containers": _containers(seen[node.name]) if node.name in seen else None,
            }
            for node in cluster.nodes
        }
    )


def _containers(seen: Observed) -> dict[str, object]:
    return {
        name: {"image": one.image, "ids": one.made_of, "status": one.status, "since": one.since}
        for name, one in seen.containers.items()
    }
