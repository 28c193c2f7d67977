"""Who runs: each contestant's own command for each piece of work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab import access

from .field import FLEET, RUN

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
    """A tool: how it deploys a cluster, again, with another syncLimit; a file and a step on many hosts."""

    name: str
    deploy: Callable[[int], Command]
    again: Callable[[int], Command]
    roll: Callable[[int], Command]
    fleet: Callable[[str, int], Command]


def _fab(inventory: str, task: str) -> Command:
    return Command((f"{ROOT}/.venv/bin/fab", task), {"INVENTORY": f"{RUN}/{inventory}.ini"})


def _fab_deploy(limit: int) -> Command:
    return _fab(f"sync-{limit}", "deploy-cluster")


MESOFAB = Contestant(
    "mesofab",
    deploy=_fab_deploy,
    again=_fab_deploy,
    roll=_fab_deploy,
    fleet=lambda what, count: _fab(f"fleet-{count}", {"file": "host.set-ip", "step": "host.check-ip"}[what]),
)


def _ansible(name: str, config: str, *options: str) -> Contestant:
    def play(book: str, inventory: str, *more: str) -> Command:
        words = (f"{RIVALS}/ansible-playbook", "-i", f"{RUN}/{inventory}.ini", f"{HERE}/ansible/{book}.yml")
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

    def site(limit: int) -> Command:
        return play("site", f"sync-{limit}", "-e", f"sync_limit={limit}")

    return Contestant(
        name,
        deploy=site,
        again=site,
        roll=lambda limit: play("roll", f"sync-{limit}", "-e", f"sync_limit={limit}"),
        fleet=lambda what, count: play(what, f"fleet-{count}"),
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


PYINFRA = Contestant(
    "pyinfra",
    deploy=lambda limit: _pyinfra("deploy", SYNC_LIMIT=str(limit)),
    again=lambda limit: _pyinfra("deploy", SYNC_LIMIT=str(limit)),
    roll=lambda limit: _pyinfra("roll", SYNC_LIMIT=str(limit)),
    fleet=lambda what, count: _pyinfra(what, HOSTS=" ".join(_names(count))),
)


def _shell(*words: str) -> Command:
    return Command((f"{HERE}/shell/deploy", *words), _reach())


SHELL = Contestant(
    "the limit",
    deploy=lambda limit: _shell("cold", str(limit)),
    again=lambda limit: _shell("true"),
    roll=lambda limit: _shell("roll", str(limit)),
    fleet=lambda what, count: _shell(what, *_names(count)),
)

ALL = (MESOFAB, ANSIBLE, TUNED, PYINFRA, SHELL)
QUICK = (MESOFAB, TUNED, PYINFRA, SHELL)
