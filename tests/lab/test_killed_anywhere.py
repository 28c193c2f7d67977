"""A run that is struck at any point, again and again, ends as one that nothing disturbed.

Struck is: fab is killed, its connection to a host is cut, or the host is powered off and on, each at
every command that changes something, and behind every step. A walk strikes a run at the first point
at which it has not struck yet, starts it again, and so on until a run ends by itself.
"""

import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import points
import pytest
from killed import nothing_is_left_at_work
from operators import COMMAND_TIMEOUT, INVENTORY, SOON, TRIO, inside, lay_bare, start, zookeeper

from lab import faults, waiting

Strike = Callable[[subprocess.Popen[str], list[str]], None]

STATE = (
    "docker ps -a --format '{{.Names}} {{.Image}} {{.Label \"mesofab.digest\"}} {{.State}}';"
    "find /opt/zookeeper -maxdepth 2 | sort; cat /opt/zookeeper/conf/zoo.cfg /opt/zookeeper/data/myid;"
    "ls /etc/profile*; grep HOST_IP /etc/profile"
)
"""Everything a deploy makes on a host, but for what ZooKeeper itself writes."""

STREAMS: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


def everywhere(look: Callable[[str], Any]) -> dict[str, Any]:
    """Do the same on all three hosts at once."""
    with ThreadPoolExecutor(len(TRIO)) as pool:
        return dict(zip(TRIO, pool.map(look, TRIO), strict=True))


def state() -> dict[str, str]:
    return everywhere(lambda node: inside(node, STATE))


def starts(node: str, since: str) -> int:
    """Give how often a container was started on a host."""
    until = "--until $(date +%s) --filter type=container --filter event=start --format x"
    return int(inside(node, f"docker events --since {since} {until} | wc -l"))


@pytest.fixture(scope="module")
def trio(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write an inventory of the ensemble alone, with extra [all:vars]: nobody waits for other services."""
    groups, _, variables = INVENTORY.read_text().partition("[all:vars]")
    variables = variables.replace("ssh_config=", f"ssh_config={INVENTORY.parent}/")

    def write(extra: str = "") -> Path:
        file = tmp_path_factory.mktemp("trio") / "hosts.ini"
        file.write_text(f"{groups.partition('[mesos')[0]}[all:vars]{variables}\n{extra}\n")
        return file

    return write


# The ways to strike


def kill(run: subprocess.Popen[str], nodes: list[str]) -> None:
    """Kill fab; no host is told."""
    run.kill()


def cut(run: subprocess.Popen[str], nodes: list[str]) -> None:
    """Kill the sshds that the run talks to on these hosts."""
    for node in nodes:
        points.hang_up(node)


def power_cycle(run: subprocess.Popen[str], nodes: list[str]) -> None:
    """Power a host off and on."""
    for node in nodes:
        faults.stop(node)
        faults.start(node)


NOTES = "mkdir -p /var/lib/mesofab"
"""The point at which a first deploy makes what tells `fab retire` what it has made."""

CODES: dict[Strike, int] = {kill: -9, cut: 3, power_cycle: 3}
"""How a run ends that is struck so."""


@dataclass
class Walk:
    """One run after another, each struck at points that were not `met` before, in the given ways by turns.

    `others` are points that a host leaves to the others: in a first deploy, all come to them together.
    """

    ways: Sequence[Strike]
    others: Mapping[str, set[str]] = field(default_factory=dict)
    strikes: int = 0
    met: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def deploy(self, inventory: Path) -> None:
        """Run again until a run ends by itself."""
        while self._is_struck(inventory):
            assert self.strikes < 50, "it never ends"
        self.passed |= {point for each in everywhere(points.passed).values() for point in each}

    def _is_struck(self, inventory: Path) -> bool:
        way = self.ways[self.strikes % len(self.ways)]
        everywhere(lambda node: points.arm(node, self.met | self.others.get(node, set())))
        said: list[str] = []
        with start(["deploy-zookeeper", "--no-preflight"], inventory, **STREAMS) as run:
            reader = Thread(target=listen, args=(run, said))
            reader.start()
            try:
                struck = self._next(run, said, way is kill)
                print(way.__name__, struck or "nobody")
                if struck:
                    self.strikes += 1
                    self.met |= set(struck.values())
                    way(run, [node for node in struck if node])
            finally:
                everywhere(points.release)  # else it would be waited for in vain
            code = run.wait(COMMAND_TIMEOUT)
            reader.join()
        may_end_well = not struck or "" in struck
        assert code == CODES[way] if code else may_end_well, f"{code} {struck}: {''.join(said)}"
        return code != 0

    def _next(self, run: subprocess.Popen[str], said: list[str], ends_count: bool) -> dict[str, str]:
        """Give the hosts that wait, each with its point; none if the run has ended.

        The end of a step may be a point, too, of no host; the run may then end before it is struck.
        """
        found: dict[str, str] = {}

        def trouble() -> str | None:
            nonlocal found
            ended = {match[1] for line in tuple(said) if (match := ENDED.match(line))} - self.met
            if ended and ends_count:
                found = {"": min(ended)}
                return None
            held = {node: point for node, point in everywhere(points.held).items() if point}
            all_there, found = held == found, held
            return None if all_there and (held or run.poll() is not None) else "it goes on"

        waiting.until("a point, or the end of the run", SOON, trouble)
        return found


ENDED = re.compile(r"[\d.]+  (2\.[56] .*)  [\d.]+ s$")
"""A line that tells of the end of a step which starts, asks or tidies up."""


def listen(run: subprocess.Popen[str], said: list[str]) -> None:
    assert run.stdout
    for line in run.stdout:
        said.append(line)


# What must hold


@pytest.fixture
def watched(lab: None) -> Iterator[None]:
    """Have the programs back in their places when the test is over."""
    yield
    everywhere(points.unwatch)


@pytest.fixture(scope="module")
def undisturbed(trio: Callable[[str], Path]) -> tuple[dict[str, str], list[str]]:
    """How hosts are after a first deploy that nothing disturbed, and the points that it passed on each."""
    lay_bare()
    everywhere(points.watch)
    without_the_image()
    run = start(["deploy-zookeeper", "--no-preflight"], trio(""), **STREAMS)
    said = run.communicate()[0]
    assert run.returncode == 0, said
    return state(), points.passed(TRIO[0])


def without_the_image() -> None:
    """Have something to pull."""
    everywhere(lambda node: inside(node, "docker rmi -f 10.70.0.2:5000/lab/zookeeper:3.8.0"))


@pytest.mark.parametrize("way", [kill, cut])
def test_a_first_deploy_struck_everywhere_ends_as_one_that_nothing_disturbed(
    undisturbed: tuple[dict[str, str], list[str]],
    trio: Callable[[str], Path],
    bare: None,
    watched: None,
    way: Strike,
) -> None:
    as_it_was, all_points = undisturbed
    first_step = all_points[:3]
    others = {node: set(first_step) - {point} for node, point in zip(TRIO, first_step, strict=True)}
    for node in TRIO[1:]:  # as the step that begins with it is ended, too, they wait at its next point
        others[node].add(NOTES)
    everywhere(lambda node: points.watch(node, wait="."))
    without_the_image()
    walk = Walk([way], others)
    walk.deploy(trio(""))
    # The first step, which the struck run's hosts end by themselves, has more points than there are hosts.
    everywhere(lambda node: inside(node, "mv /etc/profile.before-mesofab /etc/profile"))
    walk.others = {}
    walk.deploy(trio(""))
    assert set(all_points) <= walk.met
    assert state() == as_it_was
    nothing_is_left_at_work()


@contextmanager
def witness() -> Iterator[None]:
    """See that two members always serve clients, and that no session is lost, while the block runs.

    Members are tried one after another, so that two refusals may be of different moments: one serves again
    when the next one stops. They count if the next look finds the same two.
    """
    over = Event()
    too_few: list[set[str]] = []

    def look() -> None:
        before: set[str] = set()
        while not over.wait(0.1):
            missing = {node for node, accepts in everywhere(accepts_clients).items() if not accepts}
            if len(missing & before) > 1:
                too_few.append(missing)
            before = missing

    looking = Thread(target=look)
    with zookeeper() as client:
        client.create("/a-session", ephemeral=True)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()
            there = client.retry(client.exists, "/a-session")
    assert not too_few
    assert there, "the session was lost"


def accepts_clients(node: str) -> bool:
    try:
        socket.create_connection((node, 2181), timeout=1).close()
    except OSError:
        return False
    return True


ROLLS: dict[str, tuple[list[Strike], str]] = {
    "killed and cut off": ([kill, cut], "."),
    "powered off and on": ([power_cycle], "^docker (stop|rename|start)"),
}
"""How a rolling change is struck, and at which points."""


@pytest.mark.parametrize("ways, where", ROLLS.values(), ids=ROLLS)
def test_a_rolling_change_struck_everywhere_ends_as_one_that_nothing_disturbed(
    ways: list[Strike],
    where: str,
    undisturbed: tuple[dict[str, str], list[str]],
    ensemble: None,
    watched: None,
    trio: Callable[[str], Path],
) -> None:
    everywhere(lambda node: points.watch(node, wait=where))
    walk = Walk(ways)
    strikes, unmet = -1, {"all"}
    with witness():
        while unmet and strikes < walk.strikes:
            strikes = walk.strikes
            for target in (trio("zookeeper_sync_limit=7"), trio("")):
                since = everywhere(lambda node: inside(node, "date +%s.%N"))
                walk.deploy(target)
                if power_cycle not in ways:
                    assert [starts(node, since[node]) for node in TRIO] == [1, 1, 1]
            unmet = {point for point in walk.passed if re.search(where, point)} - walk.met
    assert state() == undisturbed[0]
    nothing_is_left_at_work()
