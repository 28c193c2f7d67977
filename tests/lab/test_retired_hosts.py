"""A cluster is taken from its hosts: a host is then as it was before the first deploy, file by file."""

import subprocess
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import requests
from operators import (
    AGENT,
    INVENTORY,
    MARATHON,
    SOON,
    TRIO,
    Run,
    inside,
    lay_bare,
    running_task,
    start,
    zookeeper,
)

from lab import faults, hosts, waiting

EVERYBODY = (*TRIO, AGENT)

LISTING = r"""
find /opt /var/lib /var/log -path /opt/containerd -prune -o -path /var/lib/docker -prune -o \
  -path /var/lib/containerd -prune -o \( -path '/opt/*' -o -path '*meso*' \) -print | sort
stat -c '%n %a %u' /etc/profile*; cat /etc/profile
ls -d /run/mesofab* 2>/dev/null
docker ps -a --format '{{.Names}}'
docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort
docker volume ls -q"""
"""All that a deploy may leave on a host."""


def listing() -> dict[str, str]:
    return {node: inside(node, LISTING) for node in EVERYBODY}


@pytest.fixture
def fresh(bare: None) -> Iterator[dict[str, str]]:
    """Have hosts without images, too, and give what is on them; bare ones again at the end."""
    for node in EVERYBODY:
        inside(node, "docker images -q | sort -u | xargs -r docker rmi -f; docker images -q | wc -l")
    yield listing()
    for node in EVERYBODY:
        faults.start(node)
    lay_bare()


def at_work(node: str) -> str | None:
    """Tell whether a run holds a host, or a step of one is under way there."""
    code, said = hosts.exec(node, ["sh", "-c", "flock -n /run/mesofab.lease flock -n /run/mesofab.lock true"])
    return f"{said} on {node}" if code else None


def launch() -> dict[str, Any]:
    """Launch one docker container through Marathon, and wait until it runs."""
    lines = INVENTORY.read_text().splitlines()
    image = next(line.partition("=")[2] for line in lines if line.startswith("mesos_image"))
    app = {
        "id": "/survivor",
        "cmd": "exec sleep 3600",
        "cpus": 0.1,
        "mem": 32,
        "container": {"type": "DOCKER", "docker": {"image": f"10.70.0.2:5000/{image}"}},
        "portDefinitions": [],
    }
    requests.post(f"{MARATHON}/v2/apps", json=app, timeout=15).raise_for_status()
    return running_task()


def deployed(fab: Run) -> None:
    done = fab("deploy-cluster")
    assert done.code == 0, done.said


def test_after_it_every_host_is_as_before_the_first_deploy(fresh: dict[str, str], fab: Run) -> None:
    deployed(fab)
    launch()
    before = listing()
    shown = fab("retire", "--dry")
    assert shown.code == 0 and "ends its 1 task: 1 of /survivor" in shown.said, shown.said
    wrong = fab("retire", "--yes", "other")
    assert wrong.code == 2 and "the cluster is called 'mesos', not 'other'" in wrong.said, wrong.said
    assert listing() == before
    done = fab("retire", "--yes", "mesos")
    assert done.code == 0, done.said
    assert listing() == fresh
    again = fab("retire", "--yes", "mesos")
    assert again.code == 0 and "Nothing to do on 4 hosts." in again.said, again.said
    assert listing() == fresh


def test_kept_data_serve_the_next_deploy_and_go_with_the_next_retirement(
    fresh: dict[str, str], fab: Run
) -> None:
    deployed(fab)
    with zookeeper() as client:
        client.create("/kept", b"data")
    kept = fab("retire", "--yes", "mesos", "--keep-data")
    assert kept.code == 0 and "/opt/zookeeper/data, /var/lib/mesos/master: --keep-data" in kept.said
    assert [inside(node, "docker ps -aq") for node in EVERYBODY] == [""] * 4
    deployed(fab)
    with zookeeper() as client:
        assert client.get("/kept")[0] == b"data"
    done = fab("retire", "--yes", "mesos")
    assert done.code == 0, done.said
    assert listing() == fresh


def test_a_host_that_is_down_is_named_and_retired_when_it_is_back(fresh: dict[str, str], fab: Run) -> None:
    deployed(fab)
    faults.stop(TRIO[1])
    refused = fab("retire", "--yes", "mesos")
    others = [node for node in EVERYBODY if node != TRIO[1]]
    assert refused.code == 3 and f"-H {','.join(others)}" in refused.said, refused.said
    done = fab("-H", ",".join(others), "retire", "--yes", "mesos")
    assert done.code == 0, done.said
    faults.start(TRIO[1])
    last = fab("-H", TRIO[1], "retire", "--yes", "mesos")
    assert last.code == 0, last.said
    assert listing() == fresh


def test_a_retirement_that_is_killed_in_each_of_its_turns_is_ended_by_the_next(
    fresh: dict[str, str], fab: Run
) -> None:
    deployed(fab)
    for title in ("remove mesos-slave", "remove marathon-", "remove mesos-master-", "remove zookeeper"):
        with start(
            ["retire", "--yes", "mesos"], INVENTORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            assert run.stdout
            for line in run.stdout:
                if title in line and "changed" in line:
                    run.kill()
                    break
            run.stdout.read()
        for node in EVERYBODY:
            waiting.until("the end of what was killed", SOON, partial(at_work, node))
    done = fab("retire", "--yes", "mesos")
    assert done.code == 0, done.said
    assert listing() == fresh


def test_servers_are_not_retired_without_the_others_and_what_is_somebody_elses_is_not_touched(
    fresh: dict[str, str], fab: Run
) -> None:
    deployed(fab)
    one = fab("-H", TRIO[0], "retire", "--yes", "mesos")
    assert one.code == 6 and one.said.count("-H does not name it") == 2, one.said
    image = inside(TRIO[0], "docker inspect -f '{{.Config.Image}}' zookeeper")
    inside(TRIO[0], f"docker run -d --name web -v /opt/zookeeper/data:/x --entrypoint sleep {image} 3600")
    foreign = fab("retire", "--yes", "mesos")
    assert foreign.code == 6 and f"{TRIO[0]}  web: the container web" in foreign.said, foreign.said
    assert fab("status").code == 0
    inside(TRIO[0], f"docker rm -f web; docker run -d --name web --entrypoint sleep {image} 3600")
    done = fab("retire", "--yes", "mesos")
    assert done.code == 0 and f"stays: image {image}: web uses it." in done.said, done.said
    assert inside(TRIO[0], "docker ps -a --format '{{.Names}}'") == "web"
