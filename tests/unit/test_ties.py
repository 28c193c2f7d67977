"""Before a ZooKeeper member is restarted, a Marathon that is not tied to it leads; what hangs is ended."""

import os
import random
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from json import dumps
from pathlib import Path
from typing import TypeVar, cast

import pytest
from fake_hosts import FakeHosts
from samples import TRIO, run, stand_in

from tasks.engine import marathons
from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.tree import Tree
from tasks.errors import NoTree
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.election import Candidacy
from tasks.plan.marathon import ties
from tasks.plan.marathon.ties import Ties
from tasks.plan.roll import Member, Turn
from tasks.plan.step import IDLE, Action, Step

T = TypeVar("T")
CLUSTER = parse(f"{TRIO}[marathon]\n10.70.0.[10:12]\n")
NAMES = [node.name for node in CLUSTER.nodes]
A, B, C = NAMES
SESSIONS = [(one, other) for one in NAMES for other in NAMES]
"""Where a Marathon's two sessions may be."""


def tied(*members: str) -> Ties:
    return Ties(frozenset(members), "2026-11-30T19:42:33.1Z")


def test_nobody_is_in_the_way_of_a_leader_that_is_not_tied_to_the_member() -> None:
    assert ties.in_the_way(A, [B, C], {B: tied(B, C), C: tied(A)}) == []


def test_in_the_way_is_whoever_stands_before_the_first_that_is_free() -> None:
    assert ties.in_the_way(A, [B, C], {B: tied(A), C: tied(B)}) == [B]
    assert ties.in_the_way(A, [B, C, A], {B: tied(A), C: tied(A), A: tied(B)}) == [B, C]
    assert ties.in_the_way(A, [B, C], {B: tied(A), C: tied(A, B)}) is None


@pytest.mark.parametrize("known", [{B: tied(A)}, {B: tied(A), C: tied()}, {}])
def test_nobody_is_in_the_way_while_somebodys_ties_are_unknown(known: Mapping[str, Ties]) -> None:
    assert ties.in_the_way(A, [B, C], known) == []
    assert ties.in_the_way(A, [], {}) == []


def test_the_last_standby_is_never_the_leader() -> None:
    assert ties.last_standby([A, B, C, A]) == [C]
    assert ties.last_standby([A]) == ties.last_standby([]) == []


PROCESSES = "PID\n812\n901\n"
CONNECTIONS = """\
Recv-Q Send-Q Local Address:Port Peer Address:Port Process
0 0 10.70.0.10:41234 10.70.0.11:2181 users:(("java",pid=901,fd=45))
0 0 [::ffff:10.70.0.10]:41236 [::ffff:10.70.0.12]:2181 users:(("java",pid=901,fd=46))
0 0 10.70.0.10:41238 10.70.0.10:2181 users:(("mesos-master",pid=777,fd=9))
"""


def test_the_ties_are_those_of_the_containers_own_processes() -> None:
    parts = {
        "since": "2026-11-30T19:42:33.1Z\n",
        "processes": PROCESSES,
        "connections": CONNECTIONS,
        "end": "",
    }
    answer = "".join(f"\nX {name}\n{text}" for name, text in parts.items())
    assert ties.read(answer, "X", CLUSTER) == tied(B, C)
    nothing = "\nX since\n\nX processes\n\nX connections\n\nX end\n"
    assert ties.read(nothing, "X", CLUSTER) == Ties(frozenset(), "")
    for lie in ("9" * 5000, "-1", "\u0664"):
        assert ties.read(f"\nX work\n{lie}\n{nothing}", "X", CLUSTER).work == 0


@dataclass
class World:
    """Three Marathons in line, where the sessions of each are, and what befell them.

    Those that boot slowly are not connected yet when they are asked; those that end abruptly leave their
    candidacies behind.
    """

    sessions: dict[str, tuple[str, str]]
    line: list[str] = field(default_factory=lambda: list(NAMES))
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    restarts: list[str] = field(default_factory=list)
    slowly: bool = False
    abruptly: bool = False
    booting: set[str] = field(default_factory=set)

    def restart(self, name: str) -> None:
        self.restarts.append(name)
        self.line = [each for each in self.line if each != name] + [name]
        self.booting |= {name} if self.slowly else set()
        self.sessions[name] = self.chance.choice(SESSIONS)


class FakeTree(Tree):
    """The Marathons' election in such a world."""

    def __init__(self, world: World, removed: list[str]) -> None:
        self._world, self._removed = world, removed

    def candidacies(self, path: str) -> list[Candidacy]:
        assert path == "/marathon/leader-curator"
        return [
            Candidacy(f"{path}/_c_0a-latch-{number:010}", f"{name}:8080", 1, number)
            for number, name in enumerate(self._world.line)
        ]

    def remove(self, candidacy: Candidacy) -> bool:
        self._removed.append(candidacy.data)
        return True


class Hosts(FakeHosts):
    """The hosts of such a world; those in `hanging` say that their Marathon was ended."""

    def __init__(self, world: World, hanging: Sequence[str] = (), lost: bool = False) -> None:
        super().__init__(CLUSTER, says=self._info)
        self.world, self._hanging, self._no_tree = world, hanging, lost
        self.removed: list[str] = []
        self.asked: list[str] = []

    def _info(self, question: Question) -> str:
        known = {"leader": f"{self.world.line[0]}:8080", "frameworkId": "f"}
        return "HTTP/1.1 200 OK\r\n\r\n" + dumps(known)

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        self.asked.append(node.name)
        if node.name in self.world.booting:
            return cast(T, Ties(frozenset(), SINCE))
        runs = node.name in self.world.sessions
        return cast(T, tied(*self.world.sessions[node.name]) if runs else Ties(frozenset(), ""))

    @contextmanager
    def tree(self, vantage: Node, but: Node | None = None) -> Iterator[Tree]:
        assert but is not None
        if self._no_tree:
            raise NoTree("it is cut off")
        yield FakeTree(self.world, self.removed)

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        super().act(steps)
        for name, own in steps.items():
            if own[0].action is Action.RESTART:
                self.world.restart(name)
            elif own[0].action is Action.STOP and ties.ENDED not in own[0].shell and not self.world.abruptly:
                self.world.line.remove(name)
        return {name: ties.ENDED if name in self._hanging else "" for name in steps}


def before(hosts: FakeHosts, leads: bool, waiting: Sequence[str]) -> Callable[[], None]:
    """See to Marathons before the first host's ZooKeeper is restarted, for which these wait."""
    turn = Turn((Member("zookeeper", A),), leads=leads)
    taken, after = marathons.Marathons(hosts, waiting).before(turn, [Member("marathon", n) for n in waiting])
    assert taken == turn
    return after


def test_wherever_six_sessions_lie_the_leader_is_free_of_the_member_in_the_end() -> None:
    member = CLUSTER.nodes[0]
    for distribution in product(SESSIONS, repeat=3):
        hosts = Hosts(World(dict(zip(NAMES, distribution, strict=True))))
        somebody_was_free = any(member.name not in each for each in hosts.world.sessions.values())
        before(hosts, leads=False, waiting=[])
        leader = hosts.world.line[0]
        gave_up = len(hosts.world.restarts) == 2 * marathons.TRIES
        assert member.name not in hosts.world.sessions[leader] or gave_up
        assert bool(hosts.world.restarts) != somebody_was_free, "nobody boots without need"


def test_a_leader_that_is_tied_is_stopped_and_the_first_that_is_free_leads() -> None:
    hosts = Hosts(World({A: (A, B), B: (B, B), C: (A, C)}))
    before(hosts, leads=False, waiting=[])()
    assert hosts.world.line == [B, C]
    assert hosts.done == ["0.10 stop marathon-1", "0.12 end marathon-3 if it hangs", "0.10 start marathon-1"]


def test_where_all_are_tied_the_standbys_boot_again_until_one_is_free_while_the_leader_leads_on() -> None:
    hosts = Hosts(World({A: (A, B), B: (A, B), C: (A, C)}, chance=random.Random(3)))
    before(hosts, leads=False, waiting=[])()
    assert hosts.done[:2] == ["0.11 restart marathon-2", "0.12 restart marathon-3"]
    assert hosts.done.index("0.10 stop marathon-1") > 1


def test_before_zookeepers_leader_goes_the_last_in_line_begins_to_boot_and_the_others_wait_for_it() -> None:
    hosts = Hosts(World({A: (A, A), B: (A, A), C: (A, A)}, slowly=True), hanging=[A, B])
    before(hosts, leads=True, waiting=[])()
    assert hosts.done == [
        "0.12 restart marathon-3",
        "0.10 end marathon-1 if it hangs",
        "0.11 end marathon-2 if it hangs",
        "0.10 start marathon-1",
        "0.11 start marathon-2",
    ]


def test_one_that_is_connected_before_zookeepers_leader_goes_is_stopped_and_boots_with_the_others() -> None:
    hosts = Hosts(World({A: (A, A), B: (A, A), C: (A, A)}), hanging=[A, B])
    before(hosts, leads=True, waiting=[])()
    assert hosts.done == [
        "0.12 restart marathon-3",
        "0.12 stop marathon-3",
        "0.10 end marathon-1 if it hangs",
        "0.11 end marathon-2 if it hangs",
        "0.10 start marathon-1",
        "0.11 start marathon-2",
        "0.12 start marathon-3",
    ]


def test_one_that_was_stopped_as_it_came_leaves_no_candidacy_for_which_the_others_would_wait() -> None:
    hosts = Hosts(World({A: (A, A), B: (A, A), C: (A, A)}, abruptly=True), hanging=[A, B])
    before(hosts, leads=True, waiting=[])()
    assert hosts.removed == [f"{name}:8080" for name in NAMES]


def test_what_hangs_is_ended_and_started_again_and_its_candidacy_removed() -> None:
    hosts = Hosts(World({A: (B, B), B: (C, A), C: (C, B)}), hanging=[B])
    before(hosts, leads=False, waiting=[])()
    assert hosts.done == ["0.11 end marathon-2 if it hangs", "0.11 start marathon-2"]
    assert hosts.removed == ["10.70.0.11:8080"]


def test_where_several_hang_one_is_started_before_the_others() -> None:
    hosts = Hosts(World({A: (B, B), B: (A, A), C: (A, B)}), hanging=[B, C])
    before(hosts, leads=False, waiting=[])()
    assert hosts.done[2:] == ["0.11 start marathon-2", "0.12 start marathon-3"]
    assert hosts.removed == [f"{name}:8080" for name in (B, C)]


def test_what_would_end_and_waits_for_its_own_turn_is_stopped_and_not_started_before_that() -> None:
    hosts = Hosts(World({A: (B, B), B: (A, A), C: (A, B)}), hanging=[B, C])
    before(hosts, leads=False, waiting=[A, B])()
    assert hosts.done == ["0.11 stop marathon-2", "0.12 end marathon-3 if it hangs", "0.12 start marathon-3"]


def test_where_zookeeper_cannot_be_asked_nobody_is_restarted(capsys: pytest.CaptureFixture[str]) -> None:
    hosts = Hosts(World({A: (A, A), B: (B, B), C: (B, B)}), hanging=[A], lost=True)
    before(hosts, leads=False, waiting=[])()
    assert hosts.done == ["0.10 end marathon-1 if it hangs", "0.10 start marathon-1"]


def test_a_marathon_that_does_not_run_is_left_alone() -> None:
    hosts = Hosts(World({A: (A, A)}, line=[]), hanging=[A])
    before(hosts, leads=True, waiting=[])()
    assert hosts.done == ["0.10 end marathon-1 if it hangs", "0.10 start marathon-1"]


@pytest.mark.parametrize(("service", "asked"), [("zookeeper", [A]), ("mesos-master", [])])
def test_the_boot_of_one_that_was_made_anew_is_seen_while_zookeeper_is_still_to_be_restarted(
    service: str, asked: list[str]
) -> None:
    hosts = Hosts(World({A: (A, B), B: (B, C), C: (C, A)}))
    own = Member("marathon", A)
    taken, after = marathons.Marathons(hosts, [A]).before(Turn((own,)), [own, Member(service, B)])
    assert (taken, hosts.asked) == (Turn((own,)), [])
    after()
    assert hosts.asked == asked


def test_nothing_is_done_where_not_all_marathons_are_in_the_run() -> None:
    hosts = Hosts(World({A: (A, A), B: (B, B), C: (B, B)})).among([A, B])
    before(hosts, leads=False, waiting=[])()
    assert hosts.done == []


LISTENS = "State Recv-Q\nLISTEN 0 128 10.70.0.10:8080\n"
SINCE = "2026-11-30T19:42:33.1Z"
GONE = [ties.ENDED, IDLE]


@pytest.mark.parametrize(
    ("running", "listening", "stopped", "says"),
    {
        "it serves": (f"true {SINCE}", LISTENS, False, [IDLE]),
        "it hangs": (f"true {SINCE}", "State Recv-Q\n", True, [ties.ENDED]),
        "docker has started it again": ("true 2026-11-30T19:59:01Z", "State Recv-Q\n", False, GONE),
        "it has ended": (f"false {SINCE}", "State Recv-Q\n", False, GONE),
    }.values(),
)
def test_only_what_runs_on_with_its_port_closed_is_ended(
    running: str, listening: str, stopped: bool, says: list[str], tmp_path: Path
) -> None:
    bin = tmp_path / "bin"
    docker = f"case $1 in inspect) echo '{running}';; *) echo \"$@\" >>{tmp_path}/done;; esac"
    for name, text in {"docker": docker, "ss": f"printf %s {shlex.quote(listening)}"}.items():
        stand_in(bin, name, text)
    ran = run(f"set -eu\n{ties.end(CLUSTER.nodes[0], SINCE).shell}", tmp_path, bin)
    assert (ran.returncode, ran.stdout.decode().splitlines()) == (0, says)
    assert (tmp_path / "done").exists() == stopped


@pytest.mark.parametrize(
    ("connections", "work", "rounds"),
    {
        "it is connected": ('users:(("java",pid=PID,fd=45))', 0, 0),
        "another process is": ('users:(("java",pid=PID2,fd=45))', 0, 6),
        "none is": ("", 0, 6),
        "it has not done enough": ("", 1_000_000_000, 6),
        "it has done enough": ("", 1, 0),
    }.values(),
)
def test_a_boot_is_waited_for_until_the_process_is_connected_or_has_done_enough_and_not_for_ever(
    connections: str, work: int, rounds: int, tmp_path: Path
) -> None:
    bin, own = tmp_path / "bin", os.getpid()  # a process that has worked
    top = f"case $1 in top) echo '    PID'; echo '      {own}'; echo '  99999999';; esac"
    shown = shlex.quote(connections.replace("PID", str(own)))
    for name, text in {"docker": top, "ss": f"echo {shown}", "sleep": f"echo >>{tmp_path}/rounds"}.items():
        stand_in(bin, name, text)
    ran = run(ties.script(CLUSTER.nodes[0], "X", patience=2, work=work), tmp_path, bin)
    waited = tmp_path / "rounds"
    assert (len(waited.read_text()) if waited.exists() else 0) == rounds
    assert ties.read(ran.stdout.decode(), "X", CLUSTER).work == 0, "it was too late, or in vain"


def test_a_boot_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    bin = tmp_path / "bin"
    top = f"[ ! -e {tmp_path}/rounds ] || exit 1; echo PID; echo {os.getpid()}"
    for name, text in {"docker": top, "ss": "", "sleep": f"echo >>{tmp_path}/rounds"}.items():
        stand_in(bin, name, text)
    ran = run(ties.script(CLUSTER.nodes[0], "X", patience=2), tmp_path, bin)
    assert (tmp_path / "rounds").read_text() == "\n"
    assert ties.read(ran.stdout.decode(), "X", CLUSTER).work == 0


def test_what_a_boot_has_used_is_told_of_one_that_was_waited_for(tmp_path: Path) -> None:
    bin, own = tmp_path / "bin", os.getpid()
    connected = f"[ ! -e {tmp_path}/rounds ] || echo 'users:((\"java\",pid={own},fd=45))'"
    top = f"case $1 in top) echo PID; echo {own};; esac"
    for name, text in {"docker": top, "ss": connected, "sleep": f"echo >>{tmp_path}/rounds"}.items():
        stand_in(bin, name, text)
    ran = run(ties.script(CLUSTER.nodes[0], "X", patience=2), tmp_path, bin)
    assert ties.read(ran.stdout.decode(), "X", CLUSTER).work > 0
