"""All of the lab: up, down, reset, status, and running a command inside a host.

This is the API for tests as well; faults are in `lab.faults`. Nodes are named by their
addresses ("10.70.0.11") or their host names ("node-11").
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass

from . import access, console, container, engine, fitness, host, images, machine, network, registry, spec
from .access import HERE, Files
from .entry import Entry
from .errors import LabError
from .parallel import each
from .spec import Host

_LIST = ["timeout", "30", "docker", "ps", "-a", "--format", "{{.Names}} ({{.State}})"]

_TASK = re.compile(r"mesos-[0-9a-f]{8}-[0-9a-f]{4}-")
"""How the name of a docker task's container begins: Mesos names it by an id."""

_IMAGES = ["docker", "image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]

_WIPE = """exec 2>/dev/null
left() {
    docker ps -aq || echo no engine; docker volume ls -q; grep HOST_IP= /etc/profile
    find /opt /var/lib/mesos /var/log/mesos -mindepth 1 ! -path '/opt/containerd*'
    ls -d /run/mesofab* /var/lib/mesofab; nft list table inet mesofab
}
docker ps -aq | xargs -r docker rm -fv; docker volume ls -q | xargs -r docker volume rm
rm -rf /opt/zookeeper /var/lib/mesos /var/log/mesos /run/mesofab* /var/lib/mesofab
find /tmp -mindepth 1 -delete; nft delete table inet mesofab
sed -i /HOST_IP=/d /etc/profile; rm -f /etc/profile.before-mesofab
[ -z "$(left)" ]"""
"""Takes from a host what a deploy leaves there, and fails if that is not all."""


@dataclass(frozen=True)
class Status:
    """What there is to say about one host; `engine` is empty where nobody could ask."""

    host: Host
    state: str
    engine: str
    containers: tuple[str, ...]

    @property
    def listed(self) -> str:
        """Name its containers with their states; count those of tasks, of which an agent keeps hundreds."""
        own = [one for one in self.containers if not _TASK.match(one)]
        tasks = [one for one in self.containers if one not in own]
        running = sum(one.endswith("(running)") for one in tasks)
        counts = {"running": running, "ended": len(tasks) - running}
        told = [
            f"{count} {state} task container{'s' * (count != 1)}" for state, count in counts.items() if count
        ]
        return " and ".join([", ".join(own), *told] if own else told)


def up(agents: int = 0, which: str = "", files: Files = HERE) -> list[Status]:
    """Bring the whole lab up and healthy, whatever state it is in; return its status.

    `agents` is how many agent hosts there shall be; 0 means as many as there are, or one. `which`
    images hosts.ini names: stand-ins or hub; "" means those of the last time, or stand-ins.
    """
    which = which or access.remembered_images(files) or images.STAND_INS
    tags = images.pushed(which)
    with machine.lock():
        engine.ensure()
        # What cannot work here is told at once: images are built and pulled for minutes.
        fitness.require(which)
        network.ensure()
        if which == images.HUB:
            images.pull_hub()
        built = images.build_missing()
        registry.ensure()
        _ensure_hosts(_wanted(agents), files)
        registry.push_missing(tags)
        _forget_outdated(tags)
        if built:
            images.forget_replaced()
        access.remember_images(files, which)
        write_access(files)
    return status()


def down(volumes: bool = False, files: Files = HERE) -> None:
    """Remove hosts, registry and network; with `volumes` also image layers and pushed images.

    Images in the outer engine stay, so that the next `up` takes seconds.
    """
    with machine.lock():
        if engine.runs():
            _remove_all(volumes, files)
        access.remove(files)


def reset(files: Files = HERE) -> None:
    """Make every host as freshly installed; image layers and ssh host keys stay.

    Lifts every fault too, since it makes every host again.
    """
    with machine.lock(), console.step("reset every host"):
        entry = access.entry(files)
        each(lambda one: _make(one, entry, files), _some())
        write_access(files)


def wipe() -> bool:
    """Take from every host all that a deploy left there but image layers; tell whether they are bare then.

    Quicker than a reset. It does not undo faults, nor what else somebody has changed.
    """
    return all(each(_wipe, _some()))


def status() -> list[Status]:
    """Return what every host is and runs."""
    return each(_status, present())


def present() -> list[Host]:
    """Return the hosts that exist, running or not."""
    found = engine.get().containers.list(all=True, filters={"label": container.MADE_OF})
    names = (str(one.name) for one in found if one.name != registry.NAME)
    return sorted(Host(name.removeprefix("mesofab-")) for name in names)


def find(node: str) -> Host:
    """Return the host of that address or host name, or say which hosts there are."""
    known = _some()
    for one in known:
        if node in (one.address, one.hostname):
            return one
    names = ", ".join(one.address for one in known)
    raise LabError(f"The lab has no host {node!r}; it has {names}.")


def exec(node: str, command: list[str]) -> tuple[int, str]:
    """Run a command inside a host, not over SSH; return its exit code and what it wrote."""
    return host.execute(find(node), command)


def write_access(files: Files = HERE) -> None:
    """Write ssh_config, known_hosts and hosts.ini for the hosts that exist."""
    there = present()
    host_keys = dict(zip(there, each(host.host_key, there), strict=True))
    which = access.remembered_images(files) or images.STAND_INS
    overruled = fitness.overruled(which, engine.get().info(), platform.machine())
    access.write(files, host_keys, images.named(which) | overruled)


def _some() -> list[Host]:
    if there := present():
        return there
    raise LabError("The lab has no hosts; `fab lab.up` makes them.")


def _wanted(agents: int) -> list[Host]:
    there = sum(one.is_agent for one in present())
    return [*spec.SERVERS, *spec.agents(agents or there or 1)]


def _ensure_hosts(wanted: list[Host], files: Files) -> None:
    entry = access.entry(files)
    extra = sorted(set(present()) - set(wanted))
    if extra:
        console.say(farewell(extra))
    with console.step(f"hosts {', '.join(one.address for one in wanted)}"):
        each(lambda one: _remove(one, files), extra)
        done = each(lambda one: _ensure(one, entry, files), wanted)
    for one, what in zip([*extra, *wanted], ["removed"] * len(extra) + done, strict=True):
        if what:
            console.say(f"{one.address}: {what}")


def farewell(hosts: list[Host]) -> str:
    """Say which hosts go, before they do."""
    names = ", ".join(one.address for one in hosts)
    return f"{names}: removed now with all that is there, since fewer agents are asked for"


def _ensure(one: Host, entry: Entry, files: Files) -> str:
    """Make one host right; return what had to be done."""
    if trouble := host.outdated(one):
        _make(one, entry, files)
        return f"made, {trouble}"
    was = host.heal(one)
    taken_over = host.authorize(one, entry)
    host.wait_until_healthy(one)
    done = [f"was {was}"] * (was != "running") + ["taken over"] * taken_over
    return ", ".join(done)


def _make(one: Host, entry: Entry, files: Files) -> None:
    access.hang_up(files, one)
    host.make(one, entry)
    host.wait_until_healthy(one)


def _wipe(one: Host) -> bool:
    return host.state(one) == "running" and host.execute(one, ["sh", "-c", _WIPE])[0] == 0


def _forget_outdated(tags: list[str]) -> None:
    """Have every host forget images that the registry has of another build by now, to pull them again."""
    stored = {f"{spec.REGISTRY}/{tag}": registry.stored(tag) for tag in tags}

    def forget(one: Host) -> None:
        _, listed = host.execute(one, _IMAGES)
        held = dict(line.split() for line in listed.splitlines() if line.count(" ") == 1)
        old = [name for name, number in held.items() if stored.get(name, number) != number]
        if old:
            host.execute(one, ["docker", "image", "rm", "--force", *old])
            console.say(f"{one.address}: forgot {', '.join(old)}, of which the registry has another build")

    each(forget, present())


def _remove(one: Host, files: Files) -> None:
    access.hang_up(files, one)
    container.remove(host.get(one))


def _remove_all(volumes: bool, files: Files) -> None:
    with console.step("remove hosts, registry and network" + ", and their volumes" * volumes):
        each(lambda one: _remove(one, files), present())
        registry.remove()
        network.remove()
        for volume in engine.get().volumes.list(filters={"label": spec.LABEL}) * volumes:
            volume.remove()


def _status(one: Host) -> Status:
    state = host.state(one)
    if "frozen" in state or "stopped" in state:
        return Status(one, state, "", ())
    code, names = host.execute(one, _LIST)
    if code != 0:
        return Status(one, state, "down", ())
    return Status(one, state, "up", tuple(sorted(names.splitlines())))
