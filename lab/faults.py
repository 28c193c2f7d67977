"""What goes wrong with hosts: done for an operator to see, or for the length of a test.

Nodes are named by address or host name. What is so already is left as it is. Whatever
lifts a fault waits until the host is healthy, unless another fault is still on.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import access, container, host, waiting
from .access import HERE, Files
from .errors import LabError
from .hosts import find
from .spec import Host

Execute = Callable[[Host, list[str]], tuple[int, str]]
"""Runs a command inside a host; see `host.execute`."""


def stop(node: str, files: Files = HERE) -> None:
    """Shut a host down in good order, as an operator would."""
    one = find(node)
    _refuse(one, "frozen", "stopped")
    access.hang_up(files, one)
    host.stop(one)


def start(node: str) -> None:
    """Start a stopped host."""
    one = find(node)
    _refuse(one, "frozen", "started")
    container.start(host.get(one))
    _wait_unless_faulty(one)


def freeze(node: str) -> None:
    """Freeze every process of a host: it keeps its connections and answers nothing."""
    one = find(node)
    _refuse(one, "stopped", "frozen")
    insist(f"{one.address} to be frozen", lambda: _pause(one))


def _pause(one: Host) -> None:
    if "frozen" not in host.state(one):
        host.get(one).pause()


def insist(what: str, pause: Callable[[], None]) -> None:
    """Freeze processes; on a busy machine the kernel may take longer to freeze all than runc tries."""
    import docker

    def trouble() -> str | None:
        try:
            pause()
        except docker.errors.APIError as error:
            return str(error.explanation)
        return None

    waiting.until(what, 180, trouble)


def thaw(node: str) -> None:
    """Let a frozen host go on."""
    one = find(node)
    if "frozen" in host.state(one):
        host.get(one).unpause()
    _wait_unless_faulty(one)


def cut(node: str, files: Files = HERE) -> None:
    """Cut a host off the network: all that runs there goes on, no packet comes or goes.

    Stopping the host ends it: a host that starts is connected.
    """
    one = find(node)
    _refuse(one, "stopped", "cut off")
    _refuse(one, "slow", "cut off")
    access.hang_up(files, one)
    if "cut off" not in host.state(one):
        host.pull_cable(one)


def reconnect(node: str) -> None:
    """Put a host that was cut off back on the network."""
    one = find(node)
    if "cut off" in host.state(one):
        host.plug_cable(one)
    _wait_unless_faulty(one)


def slow(node: str, delay: int = 200, loss: int = 2) -> None:
    """Have every round trip take `delay` ms more, and `loss` percent of what is sent, each way, lost.

    Stopping the host ends it, as it does when a host is cut off.
    """
    one = find(node)
    if not (0 <= delay <= 10000 and 0 <= loss <= 100):
        raise LabError("--delay is 0 to 10000 (ms), --loss 0 to 100 (percent).")
    for state in ("stopped", "cut off", "slow"):
        _refuse(one, state, "made slow")
    host.lengthen_cable(one, delay / 2000, loss / 100)


def unslow(node: str) -> None:
    """Put a host that was slow directly on the network again."""
    one = find(node)
    if "slow" in host.state(one):
        host.plug_cable(one)
    _wait_unless_faulty(one)


def fail_launches(node: str, times: int = 1) -> None:
    """Have the next docker tasks on a host's agent fail to be launched, by a race that a real agent has.

    Only a stand-in does so. It ends with the agent's container, or with 0 times.
    """
    fail_next(find(node), times)


def fail_next(one: Host, times: int, execute: Execute = host.execute) -> None:
    """Tell a host's agent how many launches are to fail; see `fail_launches`."""
    if not 0 <= times <= 1000:
        raise LabError("--times is 0 to 1000.")
    tell = f"""python3 -c 'import mesos_standin' && mkdir -p /var/run/mesos && cd /var/run/mesos &&
        echo {times} >failing-launches.new && mv failing-launches.new failing-launches"""
    _run(one, f"docker exec mesos-slave sh -c {shlex.quote(tell)}", execute)


@contextmanager
def stopped(node: str) -> Iterator[None]:
    """Have a host shut down."""
    stop(node)
    try:
        yield
    finally:
        start(node)


@contextmanager
def frozen(node: str) -> Iterator[None]:
    """Have a host frozen."""
    freeze(node)
    try:
        yield
    finally:
        thaw(node)


@contextmanager
def cut_off(node: str) -> Iterator[None]:
    """Have a host cut off the network."""
    cut(node)
    try:
        yield
    finally:
        reconnect(node)


@contextmanager
def slowed(node: str, delay: int = 200, loss: int = 2) -> Iterator[None]:
    """Have a host far away, on a bad line."""
    slow(node, delay, loss)
    try:
        yield
    finally:
        unslow(node)


@contextmanager
def engine_stopped(node: str) -> Iterator[None]:
    """Have a host's docker engine, and with it its containers, stopped; sshd goes on."""
    one = find(node)
    _run(one, "lab-engine stop")
    try:
        yield
    finally:
        _run(one, "lab-engine start")
        host.wait_until_healthy(one)


@contextmanager
def disk_full_for_pulls(node: str) -> Iterator[None]:
    """Have no space on a host for what `docker pull` downloads: a real ENOSPC."""
    one = find(node)
    downloads = "/var/lib/docker/tmp"
    _run(one, f"mount -t tmpfs -o size=64k tmpfs {downloads}")
    try:
        yield
    finally:
        _run(one, f"umount {downloads}")


@contextmanager
def port_taken(node: str, port: int) -> Iterator[None]:
    """Have a stranger listen on a TCP port of a host, on all addresses."""
    one = find(node)
    pid = _run(one, f"nc -lk 0.0.0.0 {port} </dev/null >/dev/null 2>&1 & echo $!").strip()
    try:
        waiting.until(f"port {port} of {node} to be taken", 180, lambda: _free(one, port, pid))
        yield
    finally:
        _run(one, f"kill {pid} || true")


def _free(one: Host, port: int, pid: str) -> str | None:
    listeners = _run(one, f"ss -Hltnp 'sport = :{port}'")
    if f"pid={pid}," in listeners:
        return None
    if listeners:
        raise LabError(f"Port {port} of {one.address} is taken already.")
    return "nobody listens"


def _run(one: Host, script: str, execute: Execute = host.execute) -> str:
    code, output = execute(one, ["sh", "-c", script])
    if code != 0:
        raise LabError(f"`{script}` failed on {one.address}: {output.strip() or code}")
    return output


def _refuse(one: Host, state: str, wish: str) -> None:
    if state in host.state(one):
        raise LabError(f"{one.address} is {state}: it cannot be {wish}; lift that first.")


def _wait_unless_faulty(one: Host) -> None:
    # With another fault still on, being healthy is not to be expected.
    if host.state(one) == "running":
        host.wait_until_healthy(one)
