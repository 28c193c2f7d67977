"""Hosts that are as hosts.ini wants them, and what they answer to whatever script they are sent."""

import json
import re
import shlex
import time
from typing import Any

import docker_answers
import recorded_mesos as recorded
from marathon_world import info

from tasks.inventory.cluster import Cluster, Node
from tasks.plan import runbook
from tasks.plan.desired import Container, File, Identity, of
from tasks.plan.desired.every_host import profile_line
from tasks.plan.runbook import CHAPTERS

PID = 1547
"""The first process of every container."""


def container(wanted: Container) -> dict[str, Any]:
    """Return docker's report on a container that is as wanted."""
    told = docker_answers.container(
        {
            "Env": [f"{name}={value}" for name, value in wanted.environment],
            "Labels": dict(wanted.labels),
            "Binds": [f"{mount.host}:{mount.inside}" for mount in wanted.mounts],
        },
        docker_answers.INDEX,
    )
    starts: dict[str, Any] = {"Image": wanted.image}
    if wanted.entrypoint:
        starts |= {"Entrypoint": [wanted.entrypoint], "Cmd": None}
    if wanted.arguments:
        starts |= {"Cmd": [*wanted.arguments]}
    rights = {"Privileged": wanted.privileged, "PidMode": "host" if wanted.host_pids else ""}
    host = told["HostConfig"] | rights | ({"Init": True} if wanted.init else {})
    state = told["State"] | {"StartedAt": "2026-11-22T08:30:00.123456789Z"}
    return told | {
        "Name": f"/{wanted.name}",
        "State": state,
        "Config": told["Config"] | starts,
        "HostConfig": host,
    }


def reports(cluster: Cluster, node: Node) -> dict[str, dict[str, Any]]:
    """Return docker's reports on all that a host is asked for, by name."""
    told = {one.name: container(one) for one in runbook.containers(CHAPTERS, cluster, node)}
    version = docker_answers.answers({"Env": [], "Labels": {}, "Binds": []})["29.0.0"]
    return told | dict.fromkeys(runbook.ask(CHAPTERS, cluster, node).images, version.image)


def says(cluster: Cluster, address: str, port: int, word: str) -> str:
    """Return what a service says; the first of each kind leads."""
    leads = cluster.nodes[0].address == address
    request = word.partition(" HTTP/")[0]
    told = {
        "srvr": f"Zookeeper version: 3.4.12-e5259e4, built on x\nMode: {'leader' if leads else 'follower'}\n",
        "mntr": "zk_version\t3.4.12\nzk_synced_followers\t2\n" if leads else "",
        "GET /metrics/snapshot": recorded.LEADER_METRICS if leads else recorded.FOLLOWER_METRICS,
        "GET /state-summary": summary(cluster) if leads else recorded.FOLLOWER_SUMMARY,
        "GET /v2/info": info(cluster.nodes[0].address, "1.5.8"),
        "GET /health": recorded.HEALTH,
        "GET /state": recorded.AGENT_STATE,
    }
    return told.get(request, "")


def summary(cluster: Cluster) -> str:
    """Return the leading master's list, with every agent of the inventory."""
    head, _, body = recorded.LEADER_SUMMARY.partition("\r\n\r\n")
    listed = json.loads(body)
    (agent,) = listed["slaves"]
    listed["slaves"] = [
        agent | {"hostname": node.name, "pid": f"slave(1)@{node.address}:5051"}
        for node in cluster.having("mesos_agent")
    ]
    return f"{head}\r\n\r\n{json.dumps(listed)}"


def parts(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return the parts of a host's answer to a look and to a preflight, but for what services say."""
    items, ask = runbook.wanted(CHAPTERS, cluster, node), runbook.ask(CHAPTERS, cluster, node)
    files = {item.path: item.text for item in of(File, items)}
    files |= {item.path: f"{item.value}\n" for item in of(Identity, items)}
    files |= {"/etc/profile": f"umask 022\n{profile_line(node.address)}\n"}
    paths = dict.fromkeys(ask.files, "") | {path: f"regular file\n{text}" for path, text in files.items()}
    directories = {path: "" if path.endswith("/latest") else "directory\n" for path in ask.directories}
    return {
        "lease": "",
        "user": "0\n",
        "addresses": f"2: eth0    inet {node.address}/24 scope global eth0\n",
        "profile": "whole 2\n",
        "logins": f"shell bash\nsays {node.address}\nended 0\n",
        **{
            f"path {path}": text
            for path, text in (dict.fromkeys(ask.unlinked, "") | directories | paths).items()
        },
        "rights": "".join(
            [*(f"755 0 {path}\n" for path in ask.directories), *(f"644 0 {path}\n" for path in files)]
        ),
        **{f"data {path}": "log.100000001\n" for path in ask.holdings},
        "clusters": "".join(f"{name} mesos\n" for name in ask.containers),
        "objects": "".join(f"{json.dumps(told)}\n" for told in reports(cluster, node).values()),
        "mounts": "".join(
            f"is 1:2 41ed {mount.host}\nis 1:2 41ed /proc/{PID}/root{mount.inside}\n" for _, mount in ask.kept
        ),
        "listeners": 'LISTEN 0 50 *:2181 *:* users:(("java",pid=1547,fd=46))\n',
        **facts(node),
        **{
            f"room {path}": f"{path}\n/dev/sda1 99000000 9000000 90000000 10% /\n" for path in ask.directories
        },
        **{f"image {reference}": "" for reference in ask.images},
    }


CGROUP = "30 24 0:26 / /sys/fs/cgroup/{0} rw,nosuid shared:9 - cgroup cgroup rw,{0}\n"


def facts(node: Node) -> dict[str, str]:
    """Return what a preflight alone asks."""
    return {
        "clock": f"{time.time():.0f}\n",
        "environment": "DOCKER_HOST=\nDOCKER_CONTEXT=\nDOCKER_CONTENT_TRUST=\n",
        "architecture": "x86_64\n",
        "boot": f"{node.name}\n",
        "tools": "",
        "unfit": "",
        "name": f"{node.name}\n{node.address}       STREAM {node.name}\n",
        "memory": "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n",
        "cgroups": "".join(CGROUP.format(name) for name in ("cpu", "cpuacct", "memory", "freezer")),
        "service": "enabled\n",
        "agent": f"../slaves/{node.name}\n",
        "ensemble": "version-2\n",
        "client": "/usr/bin/docker\n/usr/bin/docker\nDocker version 28.5.2, build 1\n",
        "sockets": "",
        "versions": "28.5.2 1.24\n",
        "info": json.dumps({"DockerRootDir": "/var/lib/docker", "SecurityOptions": ["name=seccomp"]}) + "\n",
        "docker": "/var/lib/docker\n/dev/sda1 99000000 9000000 90000000 10% /\n",
    }


ASKS = re.compile(
    r"^part ('[^']*'|[^\s;]+)(?:; (?:case [^\n]*?\) )?ask (\S+) ([0-9]+) ('[^']*'|[^\s;]+))?", re.M
)
TRIES = re.compile(r"^try (\S+) ([0-9]+) &$", re.M)
STEPS = re.compile(r"^say (begin|end) ([0-9]+)$", re.M)


def boundary(script: str) -> str:
    """Return by what a script parts its answer; "" if it has no parts."""
    found = re.search(r"^part\(\) \{ printf '\\n%s %s\\n' (\w+) ", script, re.M)
    return found[1] if found else ""


def asked(script: str, cluster: Cluster, known: dict[str, str]) -> dict[str, str]:
    """Return what a script is answered, by its parts in order."""
    known = known | {"flows": "".join(f"{' '.join(flow)} 0 \n" for flow in TRIES.findall(script))}
    told: dict[str, str] = {}
    for quoted, address, port, word in ASKS.findall(script):
        name = shlex.split(quoted)[0]
        if address:
            told[name] = says(cluster, address, int(port), shlex.split(word)[0])
        elif name in known:
            told[name] = known[name]
    return told | {"end": ""}


def joined(told: dict[str, str], boundary: str) -> str:
    """Return the parts as a host sends them."""
    return "".join(f"\n{boundary} {name}\n{text}" for name, text in told.items())


def steps(script: str) -> list[str]:
    """Return what a script that acts tells of its steps, line by line."""
    return [f"\x1e{event} {index}" for event, index in STEPS.findall(script)]
