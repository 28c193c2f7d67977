"""The real fab before hosts that are stub sshds on the loopback: sound ones, and some that play odd parts."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import sound_hosts
from paramiko import Channel
from sshd import Sshd, end

from tasks.engine.lease import MORE
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse

ROOT = Path(__file__).resolve().parents[2]
TRIO = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
"""Sound hosts, each with a ZooKeeper, a master and a Marathon."""


def agent(place: int) -> str:
    """Return the name of an agent's host."""
    return f"10.0.1.{place + 1}"


PATIENCE = 300
"""Seconds after which a command of fab hangs: several times what the longest takes."""

LEASED = "held\n"
STAY = (b"\nmesofab\n", b"\nstay; exit 0\n")
"""How scripts end that keep the host for a run."""


@dataclass
class Scene:
    """A script that a host was sent, and what a sound one answers to it, part by part."""

    script: str
    told: dict[str, str]
    boundary: str
    more: Callable[[Channel], object]
    """What the host does if it is asked more by a script that stays."""

    @property
    def is_lease(self) -> bool:
        """Tell whether the script takes the lease of the host."""
        return "echo held;" in self.script

    @property
    def stays(self) -> bool:
        """Tell whether the script stays, to keep the host for a run."""
        return self.script.encode().endswith(STAY)

    @property
    def steps(self) -> list[str]:
        """Return what a script that acts tells of its steps; nothing for one that asks."""
        return sound_hosts.steps(self.script)

    def answer(self) -> str:
        """Return what a sound host says."""
        if self.steps:
            return "".join(f"\n{line}\n" for line in self.steps)
        return LEASED * self.is_lease + sound_hosts.joined(self.told, self.boundary)


Part = Callable[[Channel, Scene], None]
"""What a host does for one script."""


def soundly(channel: Channel, scene: Scene) -> None:
    """Answer as a host does that is as wanted."""
    say(channel, scene, scene.answer())


def say(channel: Channel, scene: Scene, text: str | bytes, code: int = 0) -> None:
    """Answer with this, and end as a host does; a lease is kept until nobody wants it any more."""
    channel.sendall(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    while scene.stays and (said := channel.recv(1)):
        if said == MORE.encode():
            scene.more(channel)
            return
    end(channel, code)


def _heard(channel: Channel) -> str:
    """Return the script; that of one that stays is over before its input is."""
    script = b""
    while not script.endswith(STAY) and (chunk := channel.recv(65536)):
        script += chunk
    return script.decode()


def play(part: Part, cluster: Cluster, node: Node, known: Mapping[str, str], channel: Channel) -> None:
    """Hear a script, and have the part answer it."""
    script = _heard(channel)
    told = sound_hosts.asked(script, cluster, dict(known))
    with suppress(OSError, EOFError):
        more = partial(play, part, cluster, node, known)
        part(channel, Scene(script, told, sound_hosts.boundary(script), more))


@dataclass(frozen=True)
class Command:
    """How a command of fab ended, and what it printed."""

    words: str
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Return all that it printed."""
        return self.out + self.err


@dataclass
class NoSshd:
    """What listens where an sshd should, and does something else for whoever connects."""

    act: Callable[[socket.socket], object]

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._act, args=(self.socket.accept()[0],), daemon=True).start()

    def _act(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.act(connection)

    def line(self) -> str:
        """Return a line of known_hosts, which is of no use."""
        return ""

    def close(self) -> None:
        """Listen to nobody any more."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@dataclass
class Stage:
    """A cluster of three members and so many agents; hosts in `odd` play a part, all others are sound."""

    directory: Path
    odd: Mapping[str, Part | NoSshd] = field(default_factory=dict)
    agents: int = 2
    settings: str = ""

    def __post_init__(self) -> None:
        ids, members = (
            "\n".join(f"{name} {what}={name[-1]}" for name in TRIO) for what in ("myid", "number")
        )
        agents = "\n".join(map(agent, range(self.agents)))
        self.text = (
            f"[zookeeper]\n{ids}\n[mesos_master]\n{members}\n[marathon]\n{members}\n[mesos_agent]\n{agents}\n"
        )
        cluster = parse(f"{self.text}[all:vars]\n{self.settings}\n")
        self.servers: dict[str, Sshd | NoSshd] = {}
        for node in cluster.nodes:
            part = self.odd.get(node.name, soundly)
            if isinstance(part, NoSshd):
                self.servers[node.name] = part
            else:
                known = sound_hosts.parts(cluster, node)
                self.servers[node.name] = Sshd(self.directory, partial(play, part, cluster, node, known))
        self._write_access()

    def _write_access(self) -> None:
        """Write the inventory that says where the hosts are, and the ssh_config by which they are known."""
        ways = "".join(
            f"{name} ansible_host=127.0.0.1 ansible_port={sshd.port}\n" for name, sshd in self.servers.items()
        )
        known = "".join(sshd.line() for sshd in self.servers.values())
        (self.directory / "known_hosts").write_text(known)
        (self.directory / "ssh_config").write_text(
            f"Host *\n  UserKnownHostsFile {self.directory}/known_hosts\n  GlobalKnownHostsFile none\n"
            f"  IdentityFile {self.directory}/key\n  IdentityAgent none\n"
        )
        settings = f"{self.settings}\nssh_config={self.directory}/ssh_config\n"
        (self.directory / "hosts.ini").write_text(f"{ways}{self.text}[all:vars]\n{settings}")

    def close(self) -> None:
        """Have every host hang up."""
        for server in self.servers.values():
            server.close()

    def fab(self, *words: str) -> Command:
        """Run fab as an operator would."""
        done = subprocess.run(
            [sys.executable, "-m", "fabric", *words],
            cwd=ROOT,
            env=os.environ | {"INVENTORY": str(self.directory / "hosts.ini")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return Command(" ".join(words), done.returncode, done.stdout.decode(), done.stderr.decode())


def refuse_oddities(command: Command) -> None:
    """Fail if a command ended with a traceback or without a reason, or printed what a terminal acts upon."""
    assert "Traceback" not in command.said, command.said
    assert command.code != 1, command
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", command.said), (
        command.said
    )
