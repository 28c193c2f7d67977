"""The lab keeps its word: hosts that are real, faults that are real, and a way back."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fabric import Config, Connection

from lab import access, container, engine, faults, guard, host, hosts, images, keys, registry, waiting
from lab.access import HERE, Files
from lab.errors import LabError

NODE = "10.70.0.11"
IMAGE = images.reference(images.ZOOKEEPER)
OTHER_IMAGE = images.reference(images.MESOS)
CGROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def pulled(bare: None) -> None:
    """Have a host that has the ZooKeeper image."""
    inside(f"docker pull -q {IMAGE}")


@pytest.fixture
def server(pulled: None) -> None:
    """Have a standalone ZooKeeper, restarted always, that answers on a host."""
    run("zookeeper", "--restart always -e JVMFLAGS=-Xmx128m")
    answers("Mode: standalone")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Files]:
    """Have another checkout, which leaves the lab to this one again."""
    files = Files(tmp_path / "lab")
    yield files
    access.remove(files)
    hosts.up()


def inside(script: str, node: str = NODE) -> str:
    code, output = hosts.exec(node, ["sh", "-c", script])
    assert code == 0, f"{script}: {output}"
    return output.strip()


def run(name: str, options: str, image: str = IMAGE) -> None:
    inside(f"docker run -d --name {name} --net host {options} {image}")


def answers(expected: str, port: int = 2181) -> None:
    waiting.until(f"{expected!r} from ZooKeeper", 180, lambda: _missing(expected, port))


def _missing(expected: str, port: int) -> str | None:
    _, said = hosts.exec(NODE, ["sh", "-c", f"printf srvr | nc -w 2 127.0.0.1 {port}"])
    return None if expected in said else said.strip() or "silence"


def containers(which: str = "-a") -> list[str]:
    return inside(f"docker ps {which} --format '{{{{.Names}}}}'").split()


def state(node: str = NODE) -> str:
    return next(one.state for one in hosts.status() if one.host.address == node)


def ssh(*options: str, files: Files = HERE, node: str = NODE) -> subprocess.CompletedProcess[str]:
    command = ["ssh", "-F", str(files.ssh_config), *options, node, "hostname"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def reachable() -> bool:
    try:
        socket.create_connection((NODE, 22), timeout=1).close()
    except OSError:
        return False
    return True


def identities() -> dict[str, tuple[str, str]]:
    found = engine.get().containers.list(all=True, filters={"label": container.MADE_OF})
    return {str(one.name): (str(one.id), one.attrs["State"]["StartedAt"]) for one in found}


# Up, reset, and who may come in


def test_a_second_up_changes_nothing(lab: None) -> None:
    files = [HERE.ssh_config, HERE.known_hosts, HERE.inventory, HERE.key]
    before = identities(), [path.stat().st_mtime_ns for path in files]
    hosts.up()
    assert (identities(), [path.stat().st_mtime_ns for path in files]) == before


def test_a_second_up_builds_and_pushes_nothing(lab: None) -> None:
    assert images.build_missing() == []
    assert registry.push_missing(images.named(images.STAND_INS).values()) == []


def test_up_mends_whatever_state_hosts_are_in(bare: None) -> None:
    faults.stop("10.70.0.10")
    faults.cut("10.70.0.11")
    faults.freeze("10.70.0.12")
    hosts.exec("10.70.0.20", ["lab-engine", "stop"])
    faults.slow("10.70.0.20")
    assert [one.state for one in hosts.status()] == ["stopped", "cut off", "frozen", "slow"]
    after = hosts.up()
    assert {(one.state, one.engine) for one in after} == {("running", "up")}


def test_a_host_whose_making_was_cut_short_is_made_again(lab: None) -> None:
    one = hosts.find(NODE)
    container.remove(host.get(one))
    container.create(one.name, one.address, images.HOST, host.options(one)).start()
    assert {(each.state, each.engine) for each in hosts.up()} == {("running", "up")}
    assert host.outdated(one) is None


def test_a_slow_host_is_as_far_away_as_was_asked_and_nothing_stays_of_the_line(lab: None) -> None:
    with faults.slowed(NODE, delay=400, loss=0):
        began = time.monotonic()
        with socket.create_connection((NODE, 22), timeout=60):
            assert time.monotonic() - began >= 0.4
    assert not [name for name in os.listdir("/sys/class/net") if name.startswith("far")]
    waiting.until("the line to end", 60, lambda: "it runs" if _lines() else None)


def _lines() -> str:
    here = ("--ns", str(os.getpid()), "--nslist", "pid")  # not those of the lab in the world beside
    return subprocess.run(["pgrep", *here, "-f", "lab/slow_line.py"], capture_output=True, text=True).stdout


def test_reset_removes_containers_and_files_and_keeps_image_layers(server: None) -> None:
    inside("mkdir -p /opt/zookeeper /var/lib/mesos; echo export HOST_IP=1 >> /etc/profile")
    inside("docker volume create left; docker network create left")
    hosts.reset()
    assert containers() == []
    assert inside("docker volume ls -q") == ""
    assert "left" not in inside("docker network ls")
    assert inside("ls -d /opt/zookeeper /var/lib/mesos 2>/dev/null || true") == ""
    assert "HOST_IP" not in inside("cat /etc/profile")
    assert "Image is up to date" in inside(f"docker pull {IMAGE}")


def test_reset_lifts_every_fault(bare: None) -> None:
    faults.stop("10.70.0.10")
    faults.cut("10.70.0.11")
    faults.freeze("10.70.0.12")
    inside("mount -t tmpfs -o size=64k tmpfs /var/lib/docker/tmp", "10.70.0.20")
    hosts.reset()
    assert {(one.state, one.engine) for one in hosts.status()} == {("running", "up")}
    assert "docker/tmp" not in inside("cat /proc/mounts", "10.70.0.20")


def test_down_takes_every_way_in_along_and_up_finds_image_layers_again(pulled: None) -> None:
    hosts.down()
    assert identities() == {}
    assert not guard.carried()
    assert not HERE.ssh_config.exists()
    with pytest.raises(LabError, match=r"fab lab\.up"):
        hosts.reset()
    hosts.up()
    assert "Image is up to date" in inside(f"docker pull {IMAGE}")


def test_ssh_works_right_after_a_reset_in_spite_of_a_connection_kept_open(bare: None) -> None:
    assert ssh().stdout == "node-11\n"
    hosts.reset()
    assert ssh().stdout == "node-11\n"


def test_fabric_comes_in_by_the_same_ssh_config(lab: None) -> None:
    config = Config(runtime_ssh_path=str(HERE.ssh_config))
    with Connection("node-11", config=config) as connection:
        assert connection.run("hostname", hide=True, in_stream=False).stdout == "node-11\n"


def test_ssh_refuses_a_host_whose_key_has_changed(lab: None, tmp_path: Path) -> None:
    changed = tmp_path / "known_hosts"
    host = hosts.find(NODE)
    changed.write_text(access.known_hosts({host: keys.generate().public}))
    done = ssh("-o", f"UserKnownHostsFile={changed}", "-o", "ControlPath=none")
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_another_checkout_can_take_the_lab_over(lab: None, other: Files) -> None:
    before = identities()
    hosts.up(files=other)
    assert identities() == before
    assert ssh(files=other).stdout == "node-11\n"
    assert "Permission denied" in ssh("-o", "ControlPath=none").stderr


def test_an_unknown_node_is_answered_with_the_known_ones(lab: None) -> None:
    with pytest.raises(LabError, match=r"'10\.70\.0\.99'.*10\.70\.0\.10, 10\.70\.0\.11"):
        faults.stop("10.70.0.99")


# What a host is


def test_a_host_has_no_python(lab: None) -> None:
    assert inside("command -v python3 python perl6 || echo none") == "none"


def test_a_privileged_container_runs_inside_a_host(pulled: None) -> None:
    options = "--rm --privileged --pid host --entrypoint mount"
    inside(f"docker run {options} {IMAGE} -t tmpfs tmpfs /mnt")


def test_a_command_can_be_run_in_a_container_inside_a_host(server: None) -> None:
    assert inside("docker exec zookeeper zkServer.sh status 2>/dev/null") == "Mode: standalone"


# Faults


def test_a_restarted_host_brings_containers_back_by_their_restart_policy(server: None) -> None:
    run("once", "--restart no --init --entrypoint sleep", f"{IMAGE} infinity")
    with faults.stopped(NODE):
        assert state() == "stopped"
        assert not reachable()
    assert state() == "running"
    answers("Mode: standalone")
    assert containers("") == ["zookeeper"]
    assert sorted(containers()) == ["once", "zookeeper"]


def test_a_host_starts_again_that_was_killed_together_with_its_engine(lab: None) -> None:
    own = _cgroup(host.get(hosts.find(NODE)).attrs["State"]["Pid"])
    with faults.stopped(NODE):
        left = own / "docker/of-a-container"
        left.mkdir(parents=True)
    assert state() == "running"
    assert not left.exists()


def _cgroup(pid: int) -> Path:
    """Give the directory of a host's cgroup: in v1 that of its devices, in v2 that above its own leaf."""
    groups = dict(line.split(":", 2)[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    if (CGROUPS / "cgroup.controllers").exists():
        return CGROUPS / groups[""].lstrip("/").removesuffix("/init")
    return CGROUPS / "devices" / groups["devices"].lstrip("/")


def test_a_host_has_time_to_shut_down_when_the_machine_does(pulled: None) -> None:
    run("stubborn", "--entrypoint sh", f"""{IMAGE} -c 'trap "" TERM; while sleep 1; do :; done'""")
    machine = host.get(hosts.find(NODE))
    machine.stop()  # as an engine that shuts down: without a time of ours; it takes longer than docker's 10 s
    machine.reload()
    code = machine.attrs["State"]["ExitCode"]
    faults.start(NODE)
    assert code != 137


def test_hosts_forget_an_image_that_was_built_again_and_pull_it_again(pulled: None) -> None:
    inside(f"docker pull -q {OTHER_IMAGE}; docker tag {OTHER_IMAGE} {IMAGE}")
    hosts.up()
    assert inside(f"docker image ls -q {IMAGE}") == ""
    assert inside(f"docker image ls -q {OTHER_IMAGE}") != ""
    inside(f"docker pull -q {IMAGE}")
    hosts.up()
    assert inside(f"docker image ls -q {IMAGE}") != ""


def test_ssh_works_right_after_a_restart_in_spite_of_a_connection_kept_open(lab: None) -> None:
    assert ssh().stdout == "node-11\n"
    with faults.stopped(NODE):
        assert ssh().returncode == 255
    assert ssh().stdout == "node-11\n"


def test_a_frozen_host_says_nothing_and_goes_on_where_it_was_when_thawed(lab: None) -> None:
    pids = inside("pgrep -x dockerd; pgrep -ox sshd")
    with faults.frozen(NODE):
        assert state() == "frozen"
        connection = socket.create_connection((NODE, 22), timeout=60)
        connection.settimeout(1)
        with connection, pytest.raises(TimeoutError):
            connection.recv(1)
    assert inside("pgrep -x dockerd; pgrep -ox sshd") == pids


def test_a_host_that_was_cut_off_comes_back_with_its_address_and_all_that_ran(server: None) -> None:
    before = inside("docker inspect -f '{{.State.StartedAt}}' zookeeper")
    with faults.cut_off(NODE):
        assert state() == "cut off"
        assert not reachable()
        answers("Mode: standalone")
    waiting.until("the host to be reached", 60, lambda: None if reachable() else "it is not")
    assert inside("ip -4 -br address show dev eth0").endswith(f" {NODE}/24")
    assert inside("docker inspect -f '{{.State.StartedAt}}' zookeeper") == before


def test_a_host_outlives_its_docker_engine(server: None) -> None:
    with faults.engine_stopped(NODE):
        assert next(one.engine for one in hosts.status() if one.host.address == NODE) == "down"
        assert ssh().stdout == "node-11\n"
    answers("Mode: standalone")
    assert containers("") == ["zookeeper"]


def test_a_pull_onto_a_full_disk_fails_and_works_once_there_is_space(bare: None) -> None:
    inside(f"docker image rm -f {IMAGE} || true")
    with faults.disk_full_for_pulls(NODE):
        code, output = hosts.exec(NODE, ["docker", "pull", IMAGE])
        assert code != 0
        assert "no space left on device" in output
    inside(f"docker pull -q {IMAGE}")


def test_a_taken_port_is_really_taken_and_then_free_again(pulled: None) -> None:
    with faults.port_taken(NODE, 2181):
        run("zookeeper", "--restart no")
        inside("docker wait zookeeper")
        assert "Address already in use" in inside("docker logs zookeeper 2>&1")
    inside("docker start zookeeper")
    answers("Mode: standalone")


def test_a_port_that_is_taken_already_cannot_be_taken(lab: None) -> None:
    with pytest.raises(LabError, match=r"Port 22 .* taken already"), faults.port_taken(NODE, 22):
        pass


# The ZooKeeper image


def test_docker_logs_show_what_zookeeper_logs(server: None) -> None:
    log = inside("docker logs zookeeper 2>&1")
    assert "INFO" in log
    assert "binding to port" in log


def test_zookeeper_says_the_version_that_its_image_is_tagged_with(server: None) -> None:
    version = IMAGE.rpartition(":")[2]
    assert inside("printf srvr | nc localhost 2181").startswith(f"Zookeeper version: {version}-")


def test_zookeeper_runs_as_uid_1000_as_pid_1_and_owns_its_data(server: None) -> None:
    ask = "docker exec zookeeper sh -c"
    assert inside(f"{ask} 'cat /proc/1/comm; stat -c %u /proc/1 /data /datalog'").split() == [
        "java", "1000", "1000", "1000",
    ]  # fmt: skip


def test_zookeeper_stops_on_a_signal_rather_than_being_killed(server: None) -> None:
    inside("docker stop -t 60 zookeeper")
    assert inside("docker inspect -f '{{.State.ExitCode}}' zookeeper") == "143"


def test_a_zoo_cfg_that_is_mounted_silences_the_variables(pulled: None) -> None:
    inside("mkdir -p /opt/z; printf 'clientPort=2182\\ndataDir=/data\\n' > /opt/z/zoo.cfg")
    run("zookeeper", "-e ZOO_PORT=2999 -v /opt/z/zoo.cfg:/conf/zoo.cfg -v /opt/z/data:/data")
    answers("Mode: standalone", port=2182)
    assert inside("stat -c %u /opt/z/data") == "1000"


def test_a_myid_that_is_there_beats_the_variable(pulled: None) -> None:
    inside("mkdir -p /opt/z/data; echo 7 > /opt/z/data/myid")
    run("zookeeper", "-e ZOO_MY_ID=3 -v /opt/z/data:/data")
    answers("Mode: standalone")
    assert inside("cat /opt/z/data/myid") == "7"


def test_a_directory_in_place_of_zoo_cfg_keeps_zookeeper_from_starting(pulled: None) -> None:
    run("zookeeper", "--restart no -v /opt/missing/zoo.cfg:/conf/zoo.cfg")
    assert inside("docker wait zookeeper") != "0"
    assert "Is a directory" in inside("docker logs zookeeper 2>&1")
