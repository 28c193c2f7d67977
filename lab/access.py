"""The files by which people and tools reach the hosts: keys, ssh_config, hosts.ini."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from . import additions, keys, profiles, spec
from .entry import Entry
from .profiles import Profile
from .spec import Host

GAP_BUDGET = 120
"""Seconds that a change may keep a service of the lab from its users."""


@dataclass(frozen=True)
class Files:
    """Where one checkout keeps its access files; `root` is its lab directory."""

    root: Path

    @property
    def key(self) -> Path:
        """Return the path of the private key, mode 0600."""
        return self.root / "run" / "id_ed25519"

    @property
    def key_behind(self) -> Path:
        """Return the path of the private key that is good only behind the bastion."""
        return self.profiles / profiles.BASTION / self.key.name

    @property
    def known_hosts(self) -> Path:
        """Return the path of the host keys, as the Docker API told them."""
        return self.root / "run" / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """Return the path of the file for `ssh -F` and `fab -S`."""
        return self.root / "ssh_config"

    @property
    def inventory(self) -> Path:
        """Return the path of hosts.ini."""
        return self.root / "hosts.ini"

    @property
    def as_written(self) -> Path:
        """Return the path of hosts.ini as the lab wrote it last, without what a person has added since."""
        return self.root / "run" / self.inventory.name

    @property
    def put_away(self) -> Path:
        """Return the path of hosts.ini while the lab is down."""
        return self.root / "run" / "hosts.ini.kept"

    @property
    def profiles(self) -> Path:
        """Return the directory of the other ways in, one below it for each."""
        return self.root / "run" / "profiles"

    @property
    def sockets(self) -> Path:
        """Return the directory of shared connections: short, and this checkout's own.

        In /run, as what belongs to this boot: connections lead to the lab of this network.
        """
        name = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:8]
        return Path(f"/run/mesofab-{name}")


HERE = Files(Path(__file__).resolve().parent)


def entry(files: Files) -> Entry:
    """Return who this checkout comes in as; make keys and password if there are none."""
    return Entry(_public_key(files.key), _public_key(files.key_behind), _password(files))


def _public_key(private: Path) -> bytes:
    public = private.with_suffix(".pub")
    if not (private.exists() and public.exists()):
        private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pair = keys.generate()
        _write(private, pair.private, 0o600)
        _write(public, pair.public, 0o644)
    return public.read_bytes()


def _password(files: Files) -> str:
    file = files.key.parent / "password"
    if not file.exists():
        _write(file, secrets.token_urlsafe(12).encode(), 0o600)
    return file.read_text()


def write(files: Files, host_keys: Mapping[Host, bytes], variables: Mapping[str, str]) -> None:
    """Write known_hosts, ssh_config and hosts.ini for these hosts, and every profile's own.

    `variables` are those of hosts.ini that depend on images and machine. What a person has added to it stays.
    """
    files.sockets.mkdir(mode=0o700, exist_ok=True)
    _write(files.known_hosts, known_hosts(host_keys).encode(), 0o644)
    _write(files.ssh_config, ssh_config(files, host_keys).encode(), 0o644)
    _write_inventory(files, inventory(host_keys, variables))
    for profile in profiles.every(files.key.resolve(), files.key_behind.resolve(), _password(files)):
        _write_profile(files, profile, host_keys, variables)


def _write_inventory(files: Files, text: str) -> None:
    now = next((file for file in (files.inventory, files.put_away) if file.exists()), None)
    told = now.read_text() if now else text
    last = files.as_written.read_text() if files.as_written.exists() else told
    # Who has added a secret has closed the file, too.
    _write(
        files.inventory,
        additions.merged(told, last, text).encode(),
        now.stat().st_mode & 0o777 if now else 0o644,
    )
    _write(files.as_written, text.encode(), 0o644)
    files.put_away.unlink(missing_ok=True)


def _write_profile(
    files: Files, profile: Profile, hosts: Iterable[Host], variables: Mapping[str, str]
) -> None:
    directory = files.profiles / profile.name
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = inventory(hosts, variables, profile.variables)
    _write(directory / files.inventory.name, told.encode(), 0o600)
    config = profiles.ssh_config(profile, hosts, files.known_hosts.resolve())
    _write(directory / files.ssh_config.name, config.encode(), 0o600)


def remember_images(files: Files, which: str) -> None:
    """Keep which images hosts.ini names, for the next time it is written."""
    files.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    (files.key.parent / "images").write_text(which)


def remembered_images(files: Files) -> str:
    """Return which images hosts.ini named last, "" if none yet."""
    chosen = files.key.parent / "images"
    return chosen.read_text() if chosen.exists() else ""


def remove(files: Files) -> None:
    """Remove what leads to the hosts; keys stay, and what a person has added to hosts.ini.

    Once the lab is down its addresses belong to whoever has them outside this machine.
    """
    if files.inventory.exists() and files.as_written.exists():
        files.inventory.replace(files.put_away)
    ways = (files.profiles.glob(f"*/{path.name}") for path in (files.ssh_config, files.inventory))
    for path in (files.known_hosts, files.ssh_config, files.inventory, *chain(*ways)):
        path.unlink(missing_ok=True)
    shutil.rmtree(files.sockets, ignore_errors=True)


def hang_up(files: Files, host: Host) -> None:
    """Close the connection that ssh keeps open to a host, if there is one.

    A host that is stopped, cut off or made again leaves it dead; the next ssh would hang on it.
    """
    if not (files.ssh_config.exists() and files.sockets.is_dir() and any(files.sockets.iterdir())):
        return
    # This talks to the local master process only, never to the network.
    command = ["ssh", "-F", str(files.ssh_config), "-O", "exit", host.address]
    subprocess.run(command, capture_output=True, check=False, timeout=10)


def known_hosts(host_keys: Mapping[Host, bytes]) -> str:
    """Return the text of known_hosts."""
    lines = (
        f"{host.address},[{host.address}]:{spec.SECOND_PORT} {_type_and_key(key)}\n"
        for host, key in sorted(host_keys.items())
    )
    return "".join(lines)


def _type_and_key(public: bytes) -> str:
    return " ".join(public.decode().split()[:2])


def ssh_config(files: Files, hosts: Iterable[Host]) -> str:
    """Return the text of ssh_config."""
    blocks = (_ssh_block(files, host) for host in sorted(hosts))
    return "# Made by `fab lab.up`.\n" + "".join(blocks)


def _ssh_block(files: Files, host: Host) -> str:
    return f"""
Host {host.address} {host.hostname}
    HostName {host.address}
    HostKeyAlias {host.address}
    User root
    IdentityFile {files.key.resolve()}
    IdentitiesOnly yes
    UserKnownHostsFile {files.known_hosts.resolve()}
    StrictHostKeyChecking yes
    ConnectTimeout 5
    ServerAliveInterval 5
    ServerAliveCountMax 2
    ControlMaster auto
    ControlPath {files.sockets}/%C
    ControlPersist 60s
"""


def inventory(
    hosts: Iterable[Host], variables: Mapping[str, str], reached_by: Iterable[str] = ("ansible_user=root",)
) -> str:
    """Return the text of hosts.ini, in Ansible's INI form, with these variables."""
    ordered = sorted(hosts)
    servers = [host.address for host in ordered if not host.is_agent]
    members = [f"{address} myid={n}" for n, address in enumerate(servers, 1)]
    groups = {
        "zookeeper": members,
        "mesos_master": servers,
        "marathon": servers,
        "mesos_agent": [host.address for host in ordered if host.is_agent],
        "all:vars": [
            *reached_by,
            "ssh_config=ssh_config",
            f"registry={spec.REGISTRY}",
            *(f"{variable}={value}" for variable, value in variables.items()),
            "zookeeper_heap=128m",
            # One machine carries them all, and what else it does: gaps are longer than on hosts of their own.
            *(f"{service}_gap_budget={GAP_BUDGET}" for service in ("zookeeper", "mesos", "marathon")),
            # As much on every machine, and as little as the apps of the suite need.
            "mesos_agent_resources=cpus:2;mem:1024;disk:2048;ports:[31000-32000]",
        ],
    }
    header = (
        f"# The lab's hosts on {spec.SUBNET}. Made by `fab lab.up`, which writes it again each time.\n"
        "# Lines that you add or change stay; lines that you remove come back.\n"
    )
    return header + "".join(_group(name, lines) for name, lines in groups.items())


def _group(name: str, lines: Iterable[str]) -> str:
    return f"\n[{name}]\n" + "".join(f"{line}\n" for line in lines)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, and only if it changes."""
    if path.exists() and path.read_bytes() == content:
        return
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    beside.replace(path)
