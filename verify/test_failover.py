"""Leaders are killed, ZooKeeper is away, a host is powered off: tasks go on, the cluster heals by itself."""

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait

import pytest
import requests
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from .apps import LOGS, App, NotYet, eventually, launched
from .asking import as_operator
from .findings import require
from .four_letter_words import ask
from .journeys import able, command, docker_container
from .reach import OWN_ENGINE

pytestmark = [pytest.mark.role("marathon"), pytest.mark.destructive]

On = Callable[[Node], Host]
Measured = Callable[[str, float], None]

NEW_LEADER = 60
"""Seconds until somebody leads again: a ZooKeeper session must expire (10 s), then an election."""

HEALED = 120
"""Seconds until everything is as before: agents are back, and what was killed has restarted."""

AWAY = 30
"""Seconds that ZooKeeper is away: three times as long as the sessions of masters."""


@pytest.fixture
def app(cluster: Cluster, journeys: Mapping[str, Future[None]], note: Callable[[str], None]) -> Iterator[App]:
    """An app that runs through it all; as a docker container if it can, so that no agent takes it along."""
    wait(journeys.values())  # no leader is killed under them
    definition = docker_container if able(cluster, "docker") else command
    two = {**definition(cluster), "instances": 2}
    with launched(cluster, cluster.having("marathon")[0], two, note) as running:
        yield running


@pytest.fixture
def unharmed(app: App, cluster: Cluster) -> Iterator[None]:
    """The cluster is whole before and after, and the app's tasks are the same, reachable all the same."""
    eventually("the cluster is whole", lambda: is_whole(cluster), HEALED)
    before = {task["id"]: task for task in app.runs(2)}
    yield
    eventually("the cluster is whole again", lambda: is_whole(cluster), HEALED)
    after = {task["id"]: task for task in app.runs(2)}
    seen = f"tasks {', '.join(sorted(before))} became {', '.join(sorted(after))}"
    require(after.keys() == before.keys(), app.through.name, seen, "the same tasks", LOGS)
    for task in after.values():
        assert app.says(task) == task["id"]


def get(node: Node, port: int, path: str) -> requests.Response:
    """Ask without failing the test; whoever asks copes with silence."""
    return as_operator("GET", f"http://{node.address}:{port}{path}", timeout=3, allow_redirects=False)


Get = Callable[[Node, int, str], requests.Response]
Ask = Callable[[str, int, str, float], str]


def leading_master(cluster: Cluster, besides: Node | None = None, get: Get = get) -> Node | None:
    """Return the elected master, if there is one other than `besides`."""
    for node in cluster.having("mesos_master"):
        if node != besides:
            try:
                seen = get(node, node.settings.mesos_master_port, "/metrics/snapshot").json()
            except requests.RequestException:
                continue
            if seen.get("master/elected") == 1:
                return node
    return None


def leading_marathon(cluster: Cluster, besides: Node | None = None) -> Node | None:
    """Return the Marathon that the others name as leader, if it is another one than `besides`."""
    marathons = {f"{n.address}:{n.settings.marathon_port}": n for n in cluster.having("marathon")}
    for node in marathons.values():
        try:
            answer = get(node, node.settings.marathon_port, "/v2/leader")
        except requests.RequestException:
            continue
        if answer.status_code == 200 and (named := marathons.get(answer.json()["leader"])) != besides:
            return named
    return None


def leading_zookeeper(cluster: Cluster, besides: Node | None = None) -> Node | None:
    """Return the ensemble's leader, if there is one other than `besides`."""
    for node in cluster.having("zookeeper"):
        said = ask(node.address, node.settings.zookeeper_client_port, "srvr", 3)
        if node != besides and ("Mode: leader" in said or "Mode: standalone" in said):
            return node
    return None


def serves(node: Node, ask: Ask = ask) -> bool:
    """Tell whether a ZooKeeper has its ensemble."""
    return "Mode: " in ask(node.address, node.settings.zookeeper_client_port, "srvr", 3)


def answers(node: Node, port: int, path: str, get: Get = get) -> None:
    """Be sure of an answer. Raises NotYet: what hangs accepts a connection, and that is all."""
    try:
        seen = str(get(node, port, path).status_code)
    except requests.RequestException as error:
        seen = type(error).__name__
    if seen != "200":
        raise NotYet(f"{seen} from http://{node.address}:{port}{path}")


def is_whole(cluster: Cluster, get: Get = get, ask: Ask = ask) -> bool:
    """Tell whether every service answers everywhere and the leading master has all agents active."""
    chief = leading_master(cluster, get=get)
    if chief is None or not all(serves(node, ask) for node in cluster.having("zookeeper")):
        return False
    for node in cluster.having("mesos_master"):
        answers(node, node.settings.mesos_master_port, "/health", get)
    for node in cluster.having("marathon"):
        answers(node, node.settings.marathon_port, "/ping", get)
    replicas = get(chief, chief.settings.mesos_master_port, "/metrics/snapshot").json()
    listed = get(chief, chief.settings.mesos_master_port, "/slaves").json()["slaves"]
    log = cluster.settings.mesos_registry == "in_memory" or (
        replicas.get("registrar/log/ensemble_size") == len(cluster.having("mesos_master"))
    )
    return bool(log) and sum(one["active"] for one in listed) == len(cluster.having("mesos_agent"))


def kill(host: Host, container: str) -> None:
    """Kill a container's process as a crash would; docker's own kill would keep it from restarting."""
    pid = host.check_output(f"{OWN_ENGINE}docker inspect --format %s %s", "{{.State.Pid}}", container)
    assert host.run("kill -9 %s", pid).rc == 0


def leave(host: Host) -> None:
    """Stop the host's ZooKeeper, and have the host start it again: it does so whatever becomes of us."""
    script = f"docker stop -t 1 zookeeper; sleep {AWAY}; docker start zookeeper"
    done = host.run(f"{OWN_ENGINE}setsid sh -c %s </dev/null >/dev/null 2>&1 &", script)
    assert done.rc == 0, done.stderr


def until(what: str, measured: Measured, find: Callable[[], Node | None]) -> None:
    """Wait for a new leader and keep how long it took."""
    began = time.monotonic()
    eventually(what, find, NEW_LEADER)
    measured(what, time.monotonic() - began)


def test_the_leading_master_is_killed(unharmed: None, cluster: Cluster, on: On, measured: Measured) -> None:
    chief = leading_master(cluster)
    assert chief is not None
    kill(on(chief), f"mesos-master-{chief.number:02}")
    several = len(cluster.having("mesos_master")) > 1
    until("a new leading master", measured, lambda: leading_master(cluster, chief if several else None))


def test_the_leading_marathon_is_killed(unharmed: None, cluster: Cluster, on: On, measured: Measured) -> None:
    chief = leading_marathon(cluster)
    assert chief is not None
    kill(on(chief), f"marathon-{chief.number}")
    several = len(cluster.having("marathon")) > 1
    until("a new leading Marathon", measured, lambda: leading_marathon(cluster, chief if several else None))


def test_the_zookeeper_leader_is_killed(unharmed: None, cluster: Cluster, on: On, measured: Measured) -> None:
    chief = leading_zookeeper(cluster)
    assert chief is not None
    kill(on(chief), "zookeeper")
    several = len(cluster.having("zookeeper")) > 1
    until("a new ZooKeeper leader", measured, lambda: leading_zookeeper(cluster, chief if several else None))


def test_zookeeper_is_away_for_half_a_minute(
    unharmed: None, cluster: Cluster, on: On, measured: Measured
) -> None:
    """Each master and Marathon gives up its session, ends, and is started again by docker alone."""
    members = cluster.having("zookeeper")
    for node in members:
        leave(on(node))
    eventually("ZooKeeper is away", lambda: not any(map(serves, members)), AWAY)
    eventually("ZooKeeper is back", lambda: all(map(serves, members)), AWAY + NEW_LEADER)
    until("a leading master after ZooKeeper was away", measured, lambda: leading_master(cluster))
    until("a leading Marathon after ZooKeeper was away", measured, lambda: leading_marathon(cluster))


@pytest.fixture
def power(pytestconfig: pytest.Config) -> Mapping[str, str]:
    """The commands that power a host off and on; without them nobody could switch it on again."""
    commands = {"off": pytestconfig.option.stop_host, "on": pytestconfig.option.start_host}
    if not all(commands.values()):
        pytest.skip("give --stop-host and --start-host to see a whole host powered off")
    return commands


def switch(command: str, node: Node) -> None:
    """Run a power command for a host."""
    subprocess.run([word.format(host=node.name) for word in shlex.split(command)], check=True, timeout=120)


def test_a_whole_host_is_powered_off(
    unharmed: None, cluster: Cluster, power: Mapping[str, str], measured: Measured
) -> None:
    chief = leading_master(cluster)
    assert chief is not None
    switch(power["off"], chief)
    try:
        until("a leading master without that host", measured, lambda: leading_master(cluster, chief))
        until("a leading Marathon without that host", measured, lambda: leading_marathon(cluster, chief))
    finally:
        switch(power["on"], chief)
