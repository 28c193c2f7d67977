"""The lab for tests: up once per session, reset where a test wants bare hosts; fab as operators type it."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import second
from operators import (
    AGENT,
    INVENTORY,
    MARATHON,
    OTHER,
    ROOT,
    SOON,
    Command,
    Inventory,
    Run,
    execute,
    inside,
    lay_bare,
    running_task,
    slaves,
)
from paramiko import Channel, SSHClient
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from lab import guard, hosts, images, waiting
from lab.access import HERE

LONGEST = (
    "cluster fault_table rolling deploy_zookeeper errors killed_anywhere lab what_a_change_costs connections "
    "cgroup2 leaving_hosts"
).split()
"""The files that take longest; they come first, or one lab would wait for the other at the end."""


ASIDE = HERE.root / "run/hosts.ini.aside"
"""Where lab/hosts.ini is, with what a person added to it, while the lab's tests run."""

BESIDE = "tests/lab/test_cgroup2.py"
"""What is tried in the world beside alone, which has cgroup v2 alone."""


BUILDS = "tests/lab/test_old_zookeeper.py"
"""What builds an image, for which the world beside has no network."""


class Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """Gives the lab's files to the two processes that have a lab, one by one, and all else to the others.

    A lab have the first process, and that in the world beside (see the program `beside`).
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/contract" if nodeid.startswith("tests/contract/") else nodeid.partition("::")[0]

    def _reschedule(self, node: WorkerController) -> None:
        if any(self._is_for(node, scope) for scope in self.workqueue):
            super()._reschedule(node)
        elif not node.shutting_down:
            node.shutdown()

    def _assign_work_unit(self, node: WorkerController) -> None:
        if scopes := [each for each in self.workqueue if self._is_for(node, each)]:
            self.workqueue.move_to_end(min(scopes, key=_rank), last=False)
            super()._assign_work_unit(node)

    def _is_for(self, node: WorkerController, scope: str) -> bool:
        if len(self.nodes) == 1:
            return True
        beside = [each for each in self.nodes if each.gateway.spec.python is not None]
        first = node.gateway.id == "gw0" and not (beside and scope == BESIDE)
        has_a_lab = first or (node in beside and scope != BUILDS)
        return has_a_lab == scope.startswith("tests/lab/")


def _rank(scope: str) -> int:
    name = Path(scope).stem.removeprefix("test_")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rooms:
    """Take the place of xdist's own scheduler, whose groups pytest 9 does not know any more."""
    return Rooms(config, log)


@pytest.fixture(scope="session")
def lab() -> Iterator[None]:
    """Have the lab up with one agent, and be sure that its addresses are reached on this machine."""
    if second.OUTSIDE:
        second.bring_images()
    _set_additions_aside()
    hosts.up(agents=1, which=images.STAND_INS)
    guard.require()
    hosts.reset()  # who worked here before, or was killed in the midst of it, may have left anything
    yield
    if second.OUTSIDE:
        hosts.down()  # the world it is in ends, too
    elif ASIDE.exists():
        HERE.inventory.unlink()
        ASIDE.replace(HERE.put_away)
        hosts.write_access()


def _set_additions_aside() -> None:
    """Have lab/hosts.ini as the lab makes it: a person may have added anything to it, and gets it back."""
    for file in (HERE.inventory, HERE.put_away):
        if file.exists() and HERE.as_written.exists() and not ASIDE.exists():
            file.replace(ASIDE)


@pytest.fixture
def bare(lab: None) -> None:
    """Have every host as freshly installed."""
    lay_bare()


@pytest.fixture
def fab(lab: None) -> Run:
    """Run fab in the checkout as an operator would."""

    def run(*words: str, inventory: Path = INVENTORY) -> Command:
        return execute([sys.executable, "-m", "fabric", *words], inventory)

    return run


@pytest.fixture
def commands(lab: None, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the commands that each host is sent; for fab in this process, on the lab's inventory.

    fab makes the connections itself, and paramiko calls nobody when it sends a command or connects.
    """
    sent: Counter[str] = Counter()
    execute = Channel.exec_command

    def count(channel: Channel, command: str) -> None:
        sent[channel.get_transport().getpeername()[0]] += 1
        execute(channel, command)

    monkeypatch.setattr(Channel, "exec_command", count)
    monkeypatch.setenv("INVENTORY", str(INVENTORY))
    monkeypatch.chdir(ROOT)
    return sent


@pytest.fixture
def connections(commands: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the connections to each host beside the commands, in the same way."""
    made: Counter[str] = Counter()
    connect = SSHClient.connect

    def count(client: SSHClient, hostname: str, **options: Any) -> Any:
        made[hostname] += 1
        return connect(client, hostname, **options)

    monkeypatch.setattr(SSHClient, "connect", count)
    return made


@pytest.fixture
def suite(lab: None) -> Run:
    """Run the acceptance suite in the checkout."""

    def run(*words: str, inventory: Path = INVENTORY) -> Command:
        command = [sys.executable, "-m", "pytest", "verify", "-q", "-p", "no:cacheprovider", *words]
        return execute(command, inventory)

    return run


@pytest.fixture
def ensemble(lab: None, fab: Run) -> None:
    """Have the ensemble deployed and serving; a deploy that has nothing to do is quick."""
    done = fab("deploy-zookeeper")
    assert done.code == 0, done.said


@pytest.fixture
def cluster(lab: None, fab: Run) -> None:
    """Have the whole cluster deployed; a deploy that has nothing to do is quick."""
    done = fab("deploy-cluster")
    assert done.code == 0, done.said


@pytest.fixture
def two(cluster: None, fab: Run, inventory: Inventory) -> Iterator[Path]:
    """A cluster with two agents, which has one again afterwards."""
    text = INVENTORY.read_text()
    text = text.replace("[mesos_agent]\n", f"[mesos_agent]\n{OTHER}\n")
    both = inventory("gate_timeout=60", text=text)  # for so long it is hoped that room is found
    assert fab("deploy-cluster", inventory=both).code == 0
    yield both
    leave = "docker update --restart=no mesos-slave; docker kill -s USR1 mesos-slave; docker wait mesos-slave"
    inside(OTHER, f"{leave}; docker rm mesos-slave; rm -rf /var/lib/mesos/agent")
    waiting.until("one active agent", SOON, _other_agents)


def _other_agents() -> str | None:
    active = {each["hostname"] for each in slaves() if each["active"]}
    return None if active == {AGENT} else f"active are {active}"


@pytest.fixture
def docker_app(cluster: None) -> Iterator[dict[str, Any]]:
    """One docker container that runs through Marathon."""
    image = next(
        line.partition("=")[2]
        for line in INVENTORY.read_text().splitlines()
        if line.startswith("mesos_image")
    )
    app = {
        "id": "/survivor",
        "cmd": "exec sleep 3600",
        "cpus": 0.1,
        "mem": 32,
        "container": {"type": "DOCKER", "docker": {"image": f"10.70.0.2:5000/{image}"}},
        "portDefinitions": [],
    }
    _remove_survivor()  # a test that failed may have left it
    requests.post(f"{MARATHON}/v2/apps", json=app, timeout=15).raise_for_status()
    yield running_task()
    _remove_survivor()


def _remove_survivor() -> None:
    requests.delete(f"{MARATHON}/v2/apps//survivor?force=true", timeout=15)
    # Until then, nobody could launch it again.
    waiting.until("the end of /survivor", SOON, _deployments)


def _deployments() -> str | None:
    return requests.get(f"{MARATHON}/v2/deployments", timeout=15).text.replace("[]", "") or None


@pytest.fixture
def inventory(lab: None, tmp_path: Path) -> Callable[..., Path]:
    """Write a variation of the lab's inventory: extra [all:vars], or other text altogether."""

    def write(extra: str = "", text: str | None = None) -> Path:
        file = tmp_path / "hosts.ini"
        text = INVENTORY.read_text() if text is None else text
        text = text.replace("ssh_config=ssh_config", f"ssh_config={ROOT / 'lab/ssh_config'}")
        file.write_text(f"{text}\n{extra}\n")
        return file

    return write
