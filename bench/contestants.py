"""Who runs: each contestant's own command for each piece of work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab import access

from .field import FLEET, RUN, Wanted, inventory

ROOT = RUN.parents[1]
HERE = RUN.parent
RIVALS = ROOT / ".venv-bench/bin"


@dataclass(frozen=True)
class Command:
    """What is typed, and the environment it needs."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """A tool: how it deploys a cluster, again, and rolls it; a file and a step on many hosts.

    `roll` is for what ZooKeeper's members read, `roll_masters` for what the masters are run with.
    """

    name: str
    deploy: Callable[[Wanted], Command]
    again: Callable[[Wanted], Command]
    roll: Callable[[Wanted], Command]
    roll_masters: Callable[[Wanted], Command]
    fleet: Callable[[str, int], Command]


def _fab(hosts: Path, task: str) -> Command:
    return Command((f"{ROOT}/.venv/bin/fab", task), {"INVENTORY": str(hosts)})


def _fab_deploy(wanted: Wanted) -> Command:
    return _fab(inventory(wanted), "deploy-cluster")


MESOFAB = Contestant(
    "mesofab",
    deploy=_fab_deploy,
    again=_fab_deploy,
    roll=_fab_deploy,
    roll_masters=_fab_deploy,
    fleet=lambda what, count: _fab(
        RUN / f"fleet-{count}.ini", {"file": "host.set-ip", "step": "host.check-ip"}[what]
    ),
)


def _ansible(name: str, config: str, *options: str) -> Contestant:
    def play(book: str, hosts: Path, *more: str) -> Command:
        words = (f"{RIVALS}/ansible-playbook", "-i", str(hosts), f"{HERE}/ansible/{book}.yml")
        return Command(
            (*words, *options, *more),
            {
                "ANSIBLE_CONFIG": f"{HERE}/ansible/{config}.cfg",
                "ANSIBLE_SSH_COMMON_ARGS": f"-F {RUN}/ssh_config",
                "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{RUN}/cp",
                "ANSIBLE_LOCAL_TEMP": f"{RUN}/ansible",
                "PATH": f"{RIVALS}:{os.environ['PATH']}",
            },
        )

    def cluster(book: str) -> Callable[[Wanted], Command]:
        return lambda wanted: play(book, inventory(wanted), "-e", json.dumps(asdict(wanted)))

    return Contestant(
        name,
        deploy=cluster("site"),
        again=cluster("site"),
        roll=cluster("roll"),
        roll_masters=cluster("roll_masters"),
        fleet=lambda what, count: play(what, RUN / f"fleet-{count}.ini"),
    )


ANSIBLE = _ansible("ansible", "ansible")
TUNED = _ansible("ansible, tuned", "tuned", "-e", "facts=false", "-e", "strategy=free")


def _reach() -> dict[str, str]:
    return {
        "SSH_CONFIG": f"{RUN}/ssh_config",
        "KNOWN_HOSTS": f"{RUN}/known_hosts",
        "SSH_KEY": str(access.HERE.key),
    }


def _pyinfra(what: str, **environment: str) -> Command:
    words = (f"{RIVALS}/pyinfra", "-y", f"{HERE}/pyinfra/inventory.py", f"{HERE}/pyinfra/{what}.py")
    return Command(words, {**_reach(), **environment})


def _names(count: int) -> tuple[str, ...]:
    return tuple(one.address for one in FLEET[:count])


def _pyinfra_cluster(what: str) -> Callable[[Wanted], Command]:
    return lambda wanted: _pyinfra(what, **_capitals(wanted))


def _capitals(wanted: Wanted) -> dict[str, str]:
    return {name.upper(): str(value) for name, value in asdict(wanted).items()}


PYINFRA = Contestant(
    "pyinfra",
    deploy=_pyinfra_cluster("deploy"),
    again=_pyinfra_cluster("deploy"),
    roll=_pyinfra_cluster("roll"),
    roll_masters=_pyinfra_cluster("roll_masters"),
    fleet=lambda what, count: _pyinfra(what, HOSTS=" ".join(_names(count))),
)


def _shell(*words: str, **environment: str) -> Command:
    return Command((f"{HERE}/shell/deploy", *words), {**_reach(), **environment})


def _shell_cluster(what: str) -> Callable[[Wanted], Command]:
    return lambda wanted: _shell(what, **_capitals(wanted))


SHELL = Contestant(
    "the limit",
    deploy=_shell_cluster("cold"),
    again=_shell_cluster("true"),
    roll=_shell_cluster("roll"),
    roll_masters=_shell_cluster("roll_masters"),
    fleet=lambda what, count: _shell(what, *_names(count)),
)

ALL = (MESOFAB, ANSIBLE, TUNED, PYINFRA, SHELL)
QUICK = (MESOFAB, TUNED, PYINFRA, SHELL)
