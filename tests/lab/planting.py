"""How faults get into the lab's cluster: who is what there now, and hands that break things."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import requests
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from operators import INVENTORY, SOON, TRIO, inside, zookeeper

from lab import waiting
from tasks import inventory
from tasks.plan import runbook, shell
from tasks.plan.desired import Container, Mount
from verify.four_letter_words import ask

AGENT = "10.70.0.20"

Who = Mapping[str, str]
"""Who is what, by name: `zk_leader`, the others `zk_a` and `zk_b`; so for master and marathon; `agent`."""

EXAMPLE: Who = {
    "agent": AGENT,
    **{
        f"{service}_{place}": address
        for service in ("zk", "master", "marathon")
        for place, address in zip(("leader", "a", "b"), TRIO, strict=True)
    },
}
"""Who is what in the documentation."""

Plant = Callable[[Who], None]


def who_is_what() -> Who:
    """Find out who leads what now."""
    modes = {node: ask(node, 2181, "srvr") for node in TRIO}
    zk = next(node for node, said in modes.items() if "Mode: leader" in said)
    redirect = requests.get(f"http://{TRIO[0]}:5050/redirect", timeout=15, allow_redirects=False)
    master = re.sub(r"^//|:\d+$", "", redirect.headers["Location"])
    marathon = requests.get(f"http://{TRIO[0]}:8080/v2/leader", timeout=15).json()["leader"].partition(":")[0]
    who = {"agent": AGENT}
    for service, leader in (("zk", zk), ("master", master), ("marathon", marathon)):
        a, b = (node for node in TRIO if node != leader)
        who |= {f"{service}_leader": leader, f"{service}_a": a, f"{service}_b": b}
    return who


def shell_in(where: str, script: str) -> Plant:
    """Run shell in a host. $N is the N of its containers' names, $HOST its address."""

    def plant(who: Who) -> None:
        host = where.format(**who)
        inside(host, f"set -e; HOST={host}; N={TRIO.index(host) + 1 if host in TRIO else 0}; {script}")

    return plant


def together(*plants: Plant) -> Plant:
    """Plant one after the other."""

    def plant(who: Who) -> None:
        for each in plants:
            each(who)

    return plant


def rerun(
    where: str,
    role: str,
    *,
    image: str = "",
    environment: Mapping[str, str | None] | None = None,
    arguments: Callable[[str], str] = str,
    more_arguments: tuple[str, ...] = (),
    mounts: tuple[tuple[str, str], ...] | None = None,
    options: str = "",
    init: bool = True,
    name: str = "",
) -> Plant:
    """Replace a container of ours as somebody would by hand, with some of it changed.

    A variable that is None is left out. `mounts` are more mounts, of which one may stand in the
    place of another one with the same path inside. Without `init` it has no docker-init either. With a
    `name` it is one more container.
    """

    def plant(who: Who) -> None:
        host = where.format(**who)
        wanted = container(host, role)
        variables = {**dict(wanted.environment), **(environment or {})}
        inner = {mount.inside: mount.host for mount in wanted.mounts} | {i: h for h, i in mounts or ()}
        changed = replace(
            wanted,
            name=name or wanted.name,
            image=re.sub(r":[^:/]*$", f":{image}", wanted.image) if image else wanted.image,
            environment=tuple((key, value) for key, value in variables.items() if value is not None),
            arguments=(*map(arguments, wanted.arguments), *more_arguments),
            mounts=tuple(Mount(outside, inside) for inside, outside in inner.items()),
            init=wanted.init and init,
        )
        retag = f"docker tag {wanted.image} {changed.image};" if image else ""
        stop = "" if name else f"docker stop -t 2 {wanted.name}; docker rm -f {wanted.name};"
        command = shell.docker_run(changed).replace("docker run -d", f"docker run -d {options}", 1)
        inside(host, f"set -e; {retag} {stop} {command}")

    return plant


def container(host: str, role: str) -> Container:
    """Give the container that the lab's inventory wants for a role on a host."""
    cluster = inventory.load(INVENTORY)
    node = cluster.called(host)
    chapter = next(each for each in runbook.CHAPTERS if each.role == role)
    assert node is not None
    return next(item for item in chapter.desired(cluster, node) if isinstance(item, Container))


def doctored(where: str, role: str, file: str) -> Plant:
    """Give the name of a role's image to another image, whose program says another version of itself."""

    def plant(who: Who) -> None:
        host = where.format(**who)
        image = container(host, role).image
        (entrypoint,) = json.loads(
            inside(host, f"docker image inspect -f '{{{{json .Config.Entrypoint}}}}' {image}")
        )
        inside(
            host,
            f"""set -e; edit='s/^VERSION = .*/VERSION = "1.4.9"/'
            docker run --name doctored --entrypoint sed {image} -i "$edit" {file}
            docker commit -c 'ENTRYPOINT ["{entrypoint}"]' -c 'CMD []' doctored {image}
            docker rm doctored""",
        )

    return plant


def undoctored(where: str, role: str) -> Plant:
    """Take the name from that image, so that a deploy pulls the right one."""

    def heal(who: Who) -> None:
        host = where.format(**who)
        inside(host, f"docker rmi -f {container(host, role).image}")

    return heal


def delete_replica(who: Who) -> None:
    """Delete what the master `b` has put into ZooKeeper for its replica of the log."""
    with zookeeper() as client:
        path = "/mesos/log_replicas"
        for name in client.get_children(path):
            if who["master_b"].encode() in client.get(f"{path}/{name}")[0]:
                client.delete(f"{path}/{name}")


def python_in(where: str, name: str, program: str) -> Plant:
    """Have a program of ours answer on Marathon's port of a host, in a container that is none of ours."""

    def plant(who: Who) -> None:
        host = where.format(**who)
        text = program.replace("HOST", host).replace("LEADER", who["marathon_leader"])
        image = container(host, "marathon").image
        run = f"docker run -d --net host --name {name} --entrypoint python3 {image} -c {shell.quote(text)}"
        inside(host, run)
        waiting.until(f"{name} on {host}", SOON, lambda: None if _answers(host) else "nobody answers")

    return plant


def facts(who: Who) -> dict[str, object]:
    """Say in a few numbers how the services are, to wait for what a fault or its end brings about."""
    leader = who["master_leader"]
    slaves = _get(leader, 5050, "/slaves").get("slaves", [])
    active = sum(one["active"] for one in slaves)
    frameworks = _get(leader, 5050, "/frameworks").get("frameworks", [])
    infos = [info for node in TRIO if (info := _get(node, 8080, "/v2/info"))]
    return {
        **{name: _mode(who[name]) for name in ("zk_leader", "zk_a", "zk_b")},
        "candidates": _candidates(),
        "latches": _latches(),
        "learners": _learners(who["zk_leader"]),
        "elected": sum(_get(node, 5050, "/metrics/snapshot").get("master/elected", 0) for node in TRIO),
        "replicas": _get(leader, 5050, "/metrics/snapshot").get("registrar/log/ensemble_size"),
        "active": active,
        "inactive": len(slaves) - active,
        "frameworks": sum(one["active"] and one["name"] == "marathon" for one in frameworks),
        "marathons": len(infos),
        "leaders": len({info.get("leader") for info in infos}),
    }


WELL = {
    "zk_leader": "leader",
    "zk_a": "follower",
    "zk_b": "follower",
    "candidates": 3,
    "latches": 3,
    "learners": 2,
    "elected": 1,
    "replicas": 3,
    "active": 1,
    "inactive": 0,
    "frameworks": 1,
    "marathons": 3,
    "leaders": 1,
}
"""The facts of a cluster that is well."""


def not_yet(wanted: Mapping[str, object], who: Who | None = None) -> str | None:
    """Say which facts are not as wanted, None if all are."""
    try:
        seen = facts(who or who_is_what())
    except (requests.RequestException, KazooException, KazooTimeoutError, LookupError, ValueError) as error:
        return repr(error)
    except StopIteration:
        return "nobody leads"
    others = {key: seen[key] for key, value in wanted.items() if seen[key] != value}
    return str(others) if others else None


def _answers(node: str) -> bool:
    try:
        return bool(requests.get(f"http://{node}:8080/ping", timeout=3).status_code)
    except requests.RequestException:
        return False


def _get(node: str, port: int, path: str) -> dict[str, Any]:
    try:
        answer = requests.get(f"http://{node}:{port}{path}", timeout=3, allow_redirects=False)
        return dict(answer.json()) if answer.status_code == 200 else {}
    except (requests.RequestException, ValueError):
        return {}


def _mode(node: str) -> str:
    said = ask(node, 2181, "srvr", 3)
    mode = re.search(r"^Mode: (\S+)", said, re.MULTILINE)
    return mode[1] if mode else said.strip() or "no answer"


def _candidates() -> int:
    with zookeeper() as client:
        return sum(name.startswith("json.info_") for name in client.get_children("/mesos"))


def _latches() -> int:
    with zookeeper() as client:
        return len(client.get_children("/marathon/leader-curator"))


def _learners(node: str) -> int:
    told = re.search(r"^zk_(?:learners|followers)\t(\d+)", ask(node, 2181, "mntr", 3), re.MULTILINE)
    return int(told[1]) if told else 0
