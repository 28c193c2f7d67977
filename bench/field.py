"""Where the contestants run: the lab's hosts with Python on them, and many hosts that are only reached."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import access, console, engine, guard, host, hosts, images, keys, machine, spec, waiting
from lab.parallel import each
from lab.spec import Host

RUN = Path(__file__).parent / "run"
CLUSTER = (*spec.SERVERS, *spec.agents(1))
FLEET = tuple(Host(f"10.70.0.{100 + n}") for n in range(64))
"""Hosts with sshd and nothing else."""

_MADE_HERE = "mesofab.lab.fleet"
_SSHD_LOG = "/var/log/sshd.log"


@dataclass(frozen=True)
class Wanted:
    """How the cluster is to be: what a roll changes, and the seconds that a Marathon takes to boot."""

    sync_limit: int = 2
    completed_frameworks: int = 50
    boot: int = 0


@dataclass(frozen=True)
class Traffic:
    """What a host's sshd has seen."""

    connections: int
    commands: int

    def __sub__(self, earlier: Traffic) -> Traffic:
        return Traffic(self.connections - earlier.connections, self.commands - earlier.commands)


@contextmanager
def prepared(fleet: int) -> Iterator[None]:
    """Have the lab's four hosts with Python, and `fleet` hosts with sshd; the lab as it was at the end."""
    RUN.mkdir(exist_ok=True)
    hosts.up(agents=1, which=images.STAND_INS)
    guard.require()
    try:
        with machine.lock():
            images.build_missing([images.PYTHON_HOST])
            with console.step("give the hosts Python"):
                each(_with_python, CLUSTER)
            with console.step(f"start {fleet} hosts with sshd"):
                _start_fleet(fleet)
        _write_access(fleet)
        yield
    finally:
        _remove_fleet()
        hosts.reset()


def _with_python(one: Host) -> None:
    host.make(one, access.entry(access.HERE), images.PYTHON_HOST)
    host.wait_until_healthy(one)


def _start_fleet(count: int) -> None:
    _remove_fleet()
    shared = keys.generate()
    (RUN / "fleet.pub").write_bytes(shared.public)
    each(lambda one: _start(one, shared), FLEET[:count])


def _start(one: Host, key: keys.KeyPair) -> None:
    client = engine.get()
    made = client.containers.create(
        images.PYTHON_HOST.tag,
        ["sh", "-c", f"mkdir -p /run/sshd; exec /usr/sbin/sshd -D -E {_SSHD_LOG}"],
        name=one.name,
        hostname=one.hostname,
        labels={**spec.LABELS, _MADE_HERE: "1"},
        network=spec.NETWORK,
        networking_config={spec.NETWORK: client.api.create_endpoint_config(ipv4_address=one.address)},
    )
    files = {"/etc/ssh/ssh_host_ed25519_key": (0o600, key.private), **access.entry(access.HERE).files(one)}
    made.put_archive("/", keys.archive(files))
    made.start()
    waiting.until(f"sshd of {one.address}", 60, lambda: None if _traffic(one.name) else "no log yet")


def _remove_fleet() -> None:
    # One after the other: docker 20.10 has once locked itself up over many that leave a network at once.
    for one in engine.get().containers.list(all=True, filters={"label": _MADE_HERE}):
        one.remove(force=True, v=True)


def _write_access(fleet: int) -> None:
    """Write known_hosts, an ssh_config that shares no connections, and the inventories."""
    of_fleet = access.known_hosts({one: (RUN / "fleet.pub").read_bytes() for one in FLEET[:fleet]})
    known = RUN / "known_hosts"
    known.write_text(access.HERE.known_hosts.read_text() + of_fleet)
    (RUN / "ssh_config").write_text(
        f"Host 10.70.0.*\n    User root\n    IdentityFile {access.HERE.key}\n    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {known}\n    StrictHostKeyChecking yes\n"
    )
    variables = access.HERE.inventory.read_text().partition("[all:vars]")[2]
    for count in (4, 16, 64):
        names = "\n".join(one.address for one in FLEET[:count])
        text = f"[zookeeper]\n{FLEET[0].address} myid=1\n[mesos_agent]\n{names}\n[all:vars]{variables}"
        (RUN / f"fleet-{count}.ini").write_text(text)


def inventory(wanted: Wanted) -> Path:
    """Write the inventory of the lab's four hosts with what is wanted, and give its path."""
    file = RUN / "cluster.ini"
    file.write_text(
        f"{access.HERE.inventory.read_text()}"
        f"zookeeper_sync_limit={wanted.sync_limit}\n"
        f'mesos_master_environment="MESOS_MAX_COMPLETED_FRAMEWORKS={wanted.completed_frameworks}"\n'
        f'marathon_environment="STAND_IN_BOOT={wanted.boot}"\n'
    )
    return file


def bare() -> None:
    """Take from the four hosts all that a contestant left, but for images."""
    if not hosts.wipe():
        raise RuntimeError("The last contestant left something on the hosts that cannot be wiped off.")


def containers() -> dict[str, str]:
    """Return every container's id and start on the four hosts."""
    ask = "docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' | sort"
    return dict(zip((one.address for one in CLUSTER), each(lambda h: _inside(h, ask), CLUSTER), strict=True))


def forget_host_ip(some: tuple[Host, ...]) -> None:
    """Take the HOST_IP line from hosts of the fleet."""
    for one in some:
        profile = _of(one.name, "/etc/profile")
        lines = profile.read_text().splitlines(keepends=True)
        profile.write_text("".join(line for line in lines if "HOST_IP=" not in line))


def traffic(some: tuple[Host, ...]) -> dict[str, Traffic]:
    """Return what each host's sshd has seen so far."""
    return {one.address: _traffic(one.name) or Traffic(0, 0) for one in some}


def _traffic(name: str) -> Traffic | None:
    log = _of(name, _SSHD_LOG)
    if not log.exists():
        return None
    text = log.read_text(errors="replace")
    return Traffic(text.count("Accepted publickey"), text.count("Starting session"))


def _of(name: str, path: str) -> Path:
    """Return a file of a host as this machine sees it: to start a program there takes many times as long."""
    pid = engine.get().containers.get(name).attrs["State"]["Pid"]
    return Path(f"/proc/{pid}/root{path}")


def _inside(one: Host, script: str) -> str:
    code, output = hosts.exec(one.address, ["sh", "-c", script])
    if code:
        raise RuntimeError(f"{one.address}: {script}: {output}")
    return output


def suite(wanted: Wanted) -> None:
    """Run the acceptance suite but for its journeys; raises if it is not green."""
    if said := _suite(wanted):
        raise RuntimeError(f"the suite is not green:\n{said}")


def settle(wanted: Wanted) -> None:
    """Run the suite until it is green: what a roll has ended may still boot when the roll is over."""
    waiting.until("a green suite", 120, lambda: _suite(wanted))


def _suite(wanted: Wanted) -> str | None:
    """Give what the suite says, if it is not green."""
    command = [".venv/bin/pytest", "verify/", "-q", "-m", "not journey", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "INVENTORY": str(inventory(wanted))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout if done.returncode else None
