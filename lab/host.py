"""One lab host: its container, its state, what is done to it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from . import cable, container, engine, guard, images, keys, spec, waiting
from .context import Image
from .entry import PASSWORDS, Entry
from .errors import LabError
from .spec import Host

if TYPE_CHECKING:
    from docker.models.containers import Container

_HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"
# A machine ten times slower than usual still makes it.
_HEALTH_SECONDS = 180
# Longer than dockerd's own patience with the containers inside.
_STOP_SECONDS = 30


def options(host: Host) -> dict[str, Any]:
    """Return how a host's container is made."""
    return {
        "hostname": host.hostname,
        # Else a machine that shuts down kills its hosts after 10 s, in the midst of their own shutdown.
        "stop_timeout": _STOP_SECONDS,
        "host_config": {
            "network_mode": spec.NETWORK,
            "privileged": True,
            # In the outer namespace an agent would not find its tasks' cgroups.
            "cgroupns": "private",
            # A host that reboots itself ends so (see lab-host); one that is shut down stays as it is.
            "restart_policy": {"Name": "on-failure"},
            # As on a real machine: what is in /run does not survive a restart.
            "tmpfs": {"/run": "mode=755,exec"},
            "binds": {host.name: {"bind": "/var/lib/docker", "mode": "rw"}},
        },
    }


def outdated(host: Host) -> str | None:
    """Tell why the host must be made again, or None."""
    found = container.find(host.name)
    if not found:
        return "there was none"
    if not container.is_current(found, images.HOST, options(host)):
        return "its image or options had changed"
    if not _host_key(found):
        return "making it had been cut short"
    return None


def make(host: Host, entry: Entry, image: Image = images.HOST) -> None:
    """Make a host as it is after a fresh installation; `entry` is who may come in.

    Its image layers stay, and so does its ssh host key if it has one already. The next `up` takes
    the place of a host that was made of another image than the lab's own.
    """
    old = container.find(host.name)
    key = (_host_key(old) if old else None) or keys.generate()
    if old:
        container.remove(old)
    engine.get().volumes.create(host.name, labels=spec.LABELS)
    new = container.create(host.name, host.address, image, options(host))
    new.put_archive("/", keys.archive({**_identity(key), **entry.files(host)}))
    new.start()


def _identity(key: keys.KeyPair) -> dict[str, tuple[int, bytes]]:
    return {_HOST_KEY: (0o600, key.private), f"{_HOST_KEY}.pub": (0o644, key.public)}


def _host_key(found: Container) -> keys.KeyPair | None:
    """Read a host's key; it is given its files right after its container is made, so it may have none."""
    import docker

    try:
        return keys.pair(_read(found, _HOST_KEY))
    except docker.errors.NotFound:
        return None


def _read(found: Container, path: str) -> bytes:
    chunks, _ = found.get_archive(path)
    return keys.unpack(b"".join(chunks))


def host_key(host: Host) -> bytes:
    """Read a host's public key through the engine, not through the network."""
    return _read(get(host), f"{_HOST_KEY}.pub")


def authorize(host: Host, entry: Entry) -> bool:
    """Let in whom `entry` names, and nobody else; tell whether that was new."""
    found, files = get(host), entry.files(host)
    if all(_read(found, name) == content for name, (_, content) in files.items()):
        return False
    found.put_archive("/", keys.archive(files))
    execute(host, ["sh", "-c", f"chpasswd <{PASSWORDS}"])
    return True


def get(host: Host) -> Container:
    """Return a host's container."""
    if found := container.find(host.name):
        return found
    raise LabError(f"The lab's host {host.address} is gone; `fab lab.up` makes it again.")


def state(host: Host) -> str:
    """Return "running", or what keeps the host from it."""
    found = get(host)
    if found.status not in ("running", "paused"):
        return "stopped"
    pid = _pid(found)
    frozen, slow = found.status == "paused", cable.is_long(pid)
    cut = not slow and not cable.is_plugged(pid)
    return ", ".join(["frozen"] * frozen + ["slow"] * slow + ["cut off"] * cut) or "running"


def heal(host: Host) -> str:
    """Start, thaw and reconnect a host as needed, directly; return what it was before."""
    was = state(host)
    if "stopped" in was:
        container.start(get(host))
    if "frozen" in was:
        get(host).unpause()
    if "cut off" in was or "slow" in was:
        plug_cable(host)
    return was


def pull_cable(host: Host) -> None:
    """Cut a host off the network."""
    cable.pull(_pid(get(host)))


def plug_cable(host: Host) -> None:
    """Put a host back on the network, directly."""
    cable.plug(_pid(get(host)))


def lengthen_cable(host: Host, delay: float, loss: float) -> None:
    """Put a host at the end of a long line: `delay` in seconds, `loss` as a share, each way."""
    cable.lengthen(_pid(get(host)), delay, loss)


def _pid(found: Container) -> int:
    return int(found.attrs["State"]["Pid"])


def stop(host: Host) -> None:
    """Shut a host down in good order."""
    get(host).stop()


def execute(host: Host, command: list[str]) -> tuple[int, str]:
    """Run a command inside a host; return its exit code and what it wrote."""
    api = engine.get().api
    run = api.exec_create(str(get(host).id), command)["Id"]
    output: bytes = api.exec_start(run)
    return int(api.exec_inspect(run)["ExitCode"]), output.decode(errors="replace")


def engine_trouble(host: Host) -> str | None:
    """Return what the host's own docker engine says when it does not answer, else None."""
    # `docker info` may exit with 0 when only the client answers.
    ask = ["timeout", "30", "docker", "version", "--format", "{{.Server.Version}}"]
    code, output = execute(host, ask)
    return None if code == 0 else output.strip() or f"docker version: exit code {code}"


def wait_until_healthy(host: Host) -> None:
    """Wait for sshd's banner and for the host's docker engine; start that if it is stopped."""
    guard.require(host.address)
    what = f"{host.address} to be healthy"
    waiting.until(what, _HEALTH_SECONDS, lambda: _ssh_trouble(host) or _engine_trouble_though_started(host))


def _engine_trouble_though_started(host: Host) -> str | None:
    trouble = engine_trouble(host)
    if trouble:
        # Again each time: on a busy machine dockerd may give up on a slow containerd and exit.
        execute(host, ["lab-engine", "start"])
        _, log = execute(host, ["tail", "-n", "2", "/var/log/docker.log"])
        trouble += f"; its log ends: {log.strip()}"
    return trouble


def _ssh_trouble(host: Host) -> str | None:
    try:
        with socket.create_connection((host.address, 22), timeout=3) as connection:
            connection.settimeout(3)
            banner = connection.recv(64)
    except OSError as error:
        return f"port 22: {error}"
    return None if banner.startswith(b"SSH-2.0") else f"port 22 says {banner!r}"
