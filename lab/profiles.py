"""Other ways into the same hosts, as people really have them: each an inventory and an ssh_config.

`INVENTORY=lab/run/profiles/NAME/hosts.ini` tries one. No effects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import spec
from .spec import Host

BASTION = "bastion"


@dataclass(frozen=True)
class Profile:
    """A way in: what hosts.ini says of it, and the private key that ssh_config names, if any."""

    name: str
    variables: tuple[str, ...]
    key: Path | None = None


def every(key: Path, key_behind: Path, password: str) -> list[Profile]:
    """Return all profiles, given the lab's own key, the one for behind the bastion and sudo's password."""
    return [
        Profile("sudo", ("ansible_user=deploy", "ansible_become=true"), key),
        Profile("sudo-password", _asked(password), key),
        Profile("port", ("ansible_user=root", f"ansible_port={spec.SECOND_PORT}", f"{_KEY}={key}")),
        Profile("agent", ("ansible_user=root",)),
        Profile(BASTION, ("ansible_user=root",), key_behind),
    ]


_KEY = "ansible_ssh_private_key_file"


def _asked(password: str) -> tuple[str, ...]:
    return f"ansible_user={spec.OPERATOR}", "ansible_become=true", f"ansible_become_password={password}"


def ssh_config(profile: Profile, hosts: Iterable[Host], known_hosts: Path) -> str:
    """Return the text of a profile's ssh_config."""
    key = [f"IdentityFile {profile.key}", "IdentitiesOnly yes"] if profile.key else []
    common = [f"UserKnownHostsFile {known_hosts}", "StrictHostKeyChecking yes", "ConnectTimeout 5", *key]
    behind = [host.address for host in sorted(hosts) if host != spec.BASTION]
    jump = _block(behind, [f"ProxyJump deploy@{spec.BASTION.address}"]) if profile.name == BASTION else ""
    return f"# Made by `fab lab.up`: the profile {profile.name}.\n{jump}{_block(['*'], common)}"


def _block(patterns: list[str], options: list[str]) -> str:
    return f"\nHost {' '.join(patterns)}\n" + "".join(f"    {option}\n" for option in options)
