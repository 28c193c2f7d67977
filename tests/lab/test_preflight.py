"""The preflight on real hosts, each with one real fault; nothing is ever changed by it."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fabric.main import program
from operators import (
    COMMAND_TIMEOUT,
    INVENTORY,
    ROOT,
    TRIO,
    Command,
    Inventory,
    Run,
    environment,
    inside,
    lay_bare,
)

from lab import container, faults, registry

BAD = "10.70.0.11"
AGENT = "10.70.0.20"
EVERYBODY = (*TRIO, AGENT)
IMAGE = "10.70.0.2:5000/lab/zookeeper:3.8.0"


@pytest.fixture(scope="module", autouse=True)
def fresh(lab: None) -> Iterator[None]:
    """Bare hosts, and bare ones again at the end: whatever a test has left cannot mislead others."""
    lay_bare()
    yield
    lay_bare()


def state() -> dict[str, str]:
    """Give all that a run changes; a deploy's first look leaves an empty lease, on a disk in memory."""
    ask = (
        "ls -AR /opt /var/lib/mesos /run/mesofab.lock 2>&1; docker ps -aq; docker images -q | sort;"
        "cat /etc/profile"
    )
    return {node: inside(node, ask) for node in EVERYBODY}


@contextmanager
def spoilt(node: str, spoil: str, mend: str) -> Iterator[None]:
    """Have a fault that one shell line makes and another one mends."""
    inside(node, spoil)
    try:
        yield
    finally:
        inside(node, mend)


def found(preflight: Command) -> list[str]:
    """The lines that tell of findings, but for those that lab/hosts.ini overrules on cgroup v2."""
    return re.findall(
        r"^10\.[\d., ]+  (?:error|warning)  (?!.*Overruled by preflight_ignore).*$",
        preflight.said,
        re.MULTILINE,
    )


def the_one(preflight: Command) -> str:
    (line,) = found(preflight)
    return line


def test_bare_hosts_are_asked_once_each_and_are_not_changed(
    commands: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = state()
    program.run(["fab", "preflight"], exit=False)
    said = capsys.readouterr().out
    assert re.search(r"^4 hosts, \d+ checks: 0 errors, ", said, re.MULTILINE)
    assert found(Command(0, said)) == []
    assert commands == Counter({node: 1 for node in EVERYBODY})
    assert state() == before


def test_a_host_that_is_down_is_a_finding_and_the_others_are_told_all_the_same(fab: Run) -> None:
    with faults.stopped(BAD), faults.port_taken(TRIO[0], 5050):
        told = fab("preflight")
    assert told.code == 3
    first, second = found(told)
    assert re.match(rf"{TRIO[0]}  error  port: mesos-master-01: port 5050 is taken by nc \(pid \d+\)", first)
    assert re.match(rf"{BAD}  error  connection: {BAD}:22\b.* Is the host up", second)
    assert re.search(r"^4 hosts, \d+ checks: 2 errors, ", told.said, re.MULTILINE)


def test_a_stopped_engine_is_one_finding(fab: Run) -> None:
    with faults.engine_stopped(BAD):
        told = fab("preflight")
    assert told.code == 6
    assert the_one(told).startswith(f"{BAD}  error  docker: the docker engine does not run. Start it")


LINES = {
    "a clock five minutes ahead": (
        'printf \'#!/bin/sh\\nexec /bin/date -d "+312 seconds" "$@"\\n\' > /usr/local/bin/date;'
        "chmod +x /usr/local/bin/date",
        "rm /usr/local/bin/date",
        r"error  clock: its clock is (2[89]|3[0-4])\d s ahead of the others\. Let a time service keep it",
    ),
    "a name that is the loopback": (
        "cp /etc/hosts /root/hosts; sed 's/^10\\.70\\.0\\.11/127.0.1.1/' /root/hosts > /etc/hosts",
        "cat /root/hosts > /etc/hosts; rm /root/hosts",
        r"warning  hostname: its own name node-11 is 127\.0\.1\.1, .* Write `10\.70\.0\.11 node-11` into its",
    ),
    "a program that is missing": (
        "mv /usr/bin/flock /usr/bin/flock.away",
        "mv /usr/bin/flock.away /usr/bin/flock",
        r"error  tool: there is no flock, .* \(on Debian: apt-get install util-linux\)",
    ),
    "an engine without docker-init": (
        "mv /usr/bin/docker-init /usr/bin/docker-init.away",
        "mv /usr/bin/docker-init.away /usr/bin/docker-init",
        r"error  docker-init: the engine does not find docker-init, .* of mesos-master-02\. .* or install it",
    ),
    "BusyBox's flock": (
        'printf \'#!/bin/sh\\ncase $* in *-w*) echo "flock: unrecognized option: w" >&2; exit 1;; esac\\n'
        'exec /usr/bin/flock "$@"\\n\' > /usr/local/bin/flock; chmod +x /usr/local/bin/flock',
        "rm /usr/local/bin/flock",
        r"error  tool: its flock cannot wait for a lock .* says 'flock: unrecognized option: w'\. Install",
    ),
    "podman in docker's place": (
        'printf \'#!/bin/sh\\n[ "$1" = --version ] && exec echo podman version 4.3.1\\n'
        'echo "Error: no container engine" >&2; exit 125\\n\' > /usr/local/bin/docker;'
        "chmod +x /usr/local/bin/docker",
        "rm /usr/local/bin/docker",
        r"error  docker-podman: docker is podman here \(podman version 4\.3\.1\): .* Remove podman-docker, ",
    ),
    "a context of elsewhere": (
        'mkdir /root/.docker; echo \'{"currentContext":"elsewhere"}\' > /root/.docker/config.json',
        "rm -r /root/.docker",
        r"warning  docker-context: docker on this host is configured .* \(currentContext=elsewhere\)\. ",
    ),
    "a small disk": (
        "mkdir /opt/zookeeper; mount -t tmpfs -o size=50m tmpfs /opt/zookeeper",
        "umount /opt/zookeeper; rmdir /opt/zookeeper",
        r"error  disk: /opt/zookeeper has 0\.1 GB free; .* Free some space on /opt/zookeeper",
    ),
    "data of another ensemble": (
        "mkdir -p /opt/zookeeper/data/version-2 /opt/zookeeper/conf;"
        "touch /opt/zookeeper/data/version-2/snapshot.0; echo 2 > /opt/zookeeper/data/myid;"
        "echo server.2=10.9.9.9:2888:3888 > /opt/zookeeper/conf/zoo.cfg",
        "rm -r /opt/zookeeper",
        r"error  foreign-data: /opt/zookeeper/data/version-2 holds data of server\.2=10\.9\.9\.9\. If it may",
    ),
    "somebody else's container": (
        f"docker create --name marathon-2 {IMAGE} true",
        "docker rm -f marathon-2",
        r"error  foreign-container: the container marathon-2 \(of \S+\) has no label mesofab\.digest",
    ),
    "a file in a directory's place": (
        "mkdir -p /var/lib/mesos; touch /var/lib/mesos/master",
        "rm -r /var/lib/mesos",
        r"error  path: /var/lib/mesos/master: it is a regular empty file, not a directory",
    ),
}


@pytest.mark.parametrize("fault", LINES)
def test_a_fault_of_a_host_is_the_one_finding(fault: str, fab: Run) -> None:
    spoil, mend, line = LINES[fault]
    with spoilt(BAD, spoil, mend):
        told = fab("preflight")
    assert re.match(rf"{BAD}  {line}", the_one(told)), told.said
    assert told.code == (6 if "  error  " in the_one(told) else 0)


def test_an_agents_work_dir_of_another_cluster_is_a_warning(fab: Run) -> None:
    slaves = "/var/lib/mesos/agent/meta/slaves"
    leave = f"mkdir -p {slaves}/7f3-S0; ln -s {slaves}/7f3-S0 {slaves}/latest"
    with spoilt(AGENT, leave, "rm -r /var/lib/mesos"):
        told = fab("preflight")
    assert told.code == 0
    assert f"{AGENT}  warning  foreign-agent: /var/lib/mesos/agent is that of agent 7f3-S0" in the_one(told)


def test_a_container_of_ours_without_a_role_is_a_warning(fab: Run) -> None:
    labels = "--label mesofab.digest=1 --label mesofab.cluster=mesos"
    make = f"docker create --name marathon-4 {labels} {IMAGE} true"
    with spoilt(AGENT, make, "docker rm -f marathon-4"):
        told = fab("preflight")
    assert told.code == 0
    assert f"{AGENT}  warning  stray-container: mesofab made the container marathon-4" in the_one(told)


def test_one_machine_under_two_names_is_told(fab: Run, inventory: Inventory) -> None:
    text = INVENTORY.read_text().replace("10.70.0.12", "twin")
    text = text.replace("twin", "twin ansible_host=node-20 host_ip=10.70.0.12", 1)
    told, refused = (fab(task, inventory=inventory(text=text)) for task in ("preflight", "deploy-cluster"))
    assert (told.code, refused.code) == (6, 6), told.said + refused.said
    for said in (told.said, refused.said):
        assert f"{AGENT}  error  same-machine: it is the same machine as twin (one boot, " in said


def test_images_that_no_registry_has_are_told_with_the_cause(fab: Run, inventory: Inventory) -> None:
    text = re.sub(r"zookeeper_image=.*", "zookeeper_image=10.70.0.2:5000/lab/nosuch:1", INVENTORY.read_text())
    text = re.sub(r"marathon_image=.*", "marathon_image=10.70.0.20:5000/lab/marathon:1", text)
    told = fab("preflight", inventory=inventory(text=text))
    assert told.code == 6
    first, second = found(told)
    members = "10.70.0.10, .11, .12  error  image: "
    assert first.startswith(f"{members}10.70.0.2:5000/lab/nosuch:1: the registry has no such image (manifest")
    assert second.startswith(f"{members}10.70.0.20:5000/lab/marathon:1: the registry cannot be reached (")


@pytest.fixture
def silent_registry(lab: None) -> Iterator[None]:
    """Have the lab's registry stopped."""
    found = container.find(registry.NAME)
    assert found
    found.stop(timeout=1)
    yield
    registry.ensure()


def test_a_stopped_registry_is_told_where_an_image_is_missing(silent_registry: None, fab: Run) -> None:
    image = "10.70.0.2:5000/lab/marathon-stand-in:1.5.8"  # a small one: later tests pull it again
    inside(BAD, f"docker rmi -f {image} || true")
    told = fab("-H", BAD, "preflight")
    assert told.code == 6
    assert re.match(rf"{BAD}  error  image: 10\.70\.0\.2:5000/lab/\S+: the registry ", the_one(told))


# Before a deploy


def test_a_deploy_is_refused_with_every_finding_before_anything_is_changed(fab: Run) -> None:
    before = state()
    spoil, mend, _ = LINES["a name that is the loopback"]
    with spoilt(BAD, spoil, mend), faults.port_taken(BAD, 3888):
        refused = fab("deploy-zookeeper")
    assert refused.code == 6
    assert [line.split(": ")[0] for line in found(refused)] == [
        f"{BAD}  error  port",
        f"{BAD}  warning  hostname",
    ]
    assert "Nothing was changed." in refused.said
    assert state() == before


def test_warnings_are_told_and_the_deploy_goes_on_and_without_preflight_nothing_is_told(fab: Run) -> None:
    spoil, mend, _ = LINES["a name that is the loopback"]
    with spoilt(BAD, spoil, mend):
        silent = fab("-H", BAD, "host.set-ip")
        inside(BAD, "sed -i /HOST_IP/d /etc/profile")
        warned = fab("-H", BAD, "deploy-zookeeper")
        again = fab("-H", BAD, "deploy-zookeeper")
    assert (silent.code, found(silent)) == (0, [])
    assert warned.code == 0, warned.said
    assert "  warning  hostname: " in the_one(warned)
    assert (again.code, found(again)) == (0, [])
    assert "Nothing to do on 1 host" in again.said


def test_somebody_elses_container_is_replaced_only_without_preflight(fab: Run) -> None:
    node = TRIO[2]
    inside(node, f"docker create --name zookeeper {IMAGE} true")
    assert fab("-H", node, "deploy-zookeeper").code == 6
    taken_over = fab("-H", node, "deploy-zookeeper", "--no-preflight")
    assert taken_over.code == 0, taken_over.said
    label = "docker inspect -f '{{index .Config.Labels \"mesofab.role\"}}' zookeeper"
    assert inside(node, label) == "zookeeper"


def test_the_document_has_findings_by_host_and_the_error_beside_them() -> None:
    with faults.port_taken(AGENT, 5051):
        done = subprocess.run(
            [sys.executable, "-m", "fabric", "preflight", "--json"],
            cwd=ROOT,
            env=environment(INVENTORY),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == document["error"]["exit_code"] == 6
    (finding,) = (one for one in document["hosts"][AGENT]["findings"] if one["check"] != "cgroups")
    assert (finding["check"], finding["severity"]) == ("port", "error")
    assert document["summary"]["errors"] == 1
    assert f"{AGENT}  error  port: mesos-slave: port 5051" in done.stderr
