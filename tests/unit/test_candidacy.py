"""The leading master's candidacy is removed when its process has ended, and never another one's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from json import dumps
from pathlib import Path

import pytest
from fake_hosts import FakeHosts
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHELLS, TRIO, run, stand_in

from tasks.engine import leaders
from tasks.engine.tree import Tree
from tasks.errors import NoTree
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.election import Candidacy, in_line
from tasks.plan.mesos_master import candidacy
from tasks.plan.step import Step

CLUSTER = parse(TRIO + "[mesos_master]\n10.70.0.[10:12]\n")
NODE = CLUSTER.nodes[0]
LEADS = "HTTP/1.1 200 OK\r\n\r\n" + dumps({"master/elected": 1, "registrar/registry_size_bytes": 1})


def info(id: str, pid: str = "master@10.70.0.10:5050") -> dict[str, str]:
    return {"id": id, "pid": pid}


def answer(id: str, status: int = 200, pid: str = "master@10.70.0.10:5050") -> str:
    """What a master says to GET_MASTER, as Mesos 1.5.0 does."""
    return f"HTTP/1.1 {status} OK\r\n\r\n{dumps({'get_master': {'master_info': info(id, pid)}})}"


def stands(number: int, id: str, session: int = 7, pid: str = "master@10.70.0.10:5050") -> Candidacy:
    return Candidacy(f"/mesos/json.info_{number:010}", dumps(info(id, pid)), session, number)


def test_the_smallest_number_leads_whatever_else_stands_there() -> None:
    others = [Candidacy("/mesos/log_replicas", "", 0, 1), Candidacy("/mesos/json.info_x", "", 5, 1)]
    assert in_line([*others, stands(10, "b"), stands(9, "a")], r"json\.info_")[0] == stands(9, "a")
    assert in_line(others, r"json\.info_") == []


def test_a_leader_is_known_by_the_id_that_is_its_own_alone() -> None:
    assert candidacy.of_leader(NODE, answer("a"), [stands(3, "a"), stands(4, "b")]) == stands(3, "a")


@pytest.mark.parametrize(
    ("said", "standing"),
    {
        "a dead one on the same address still stands before it": (
            answer("b"),
            [stands(3, "a"), stands(4, "b")],
        ),
        "it does not lead and points elsewhere": (answer("a", 307), [stands(3, "a")]),
        "it says nothing": ("", [stands(3, "a")]),
        "it has no id": (answer(""), [stands(3, "")]),
        "another address has that id": (answer("a"), [stands(3, "a", pid="master@10.70.0.11:5050")]),
        "another master answers there": (answer("a", pid="master@10.70.0.11:5050"), [stands(3, "a")]),
        "nobody stands": (answer("a"), []),
        "the node is no session's": (answer("a"), [stands(3, "a", session=0)]),
        "the node is no JSON": (answer("a"), [Candidacy("/mesos/json.info_0000000003", "{", 7, 3)]),
    }.values(),
)
def test_where_it_is_not_sure_nothing_is_its_candidacy(said: str, standing: list[Candidacy]) -> None:
    assert candidacy.of_leader(NODE, said, standing) is None


SECOND, THIRD = CLUSTER.nodes[1:]


def test_the_next_in_line_must_live_and_stand_there_with_its_last_process() -> None:
    leader, second = stands(3, "a"), stands(4, "b", pid="master@10.70.0.11:5050")
    third, again = (stands(n, str(n), pid=f"master@10.70.0.{last}:5050") for n, last in ((5, 12), (6, 11)))
    assert candidacy.someone_is_next([NODE, SECOND, THIRD], [leader, second, third])
    assert candidacy.someone_is_next([NODE, SECOND, THIRD], [leader, third, again])
    assert not candidacy.someone_is_next([NODE, SECOND, THIRD], [leader, second, third, again])
    assert not candidacy.someone_is_next([NODE, THIRD], [leader, second, third])
    assert not candidacy.someone_is_next([NODE, SECOND, THIRD], [leader])


@dataclass
class Process:
    """A master on the first host's address, in its container or run by somebody else."""

    id: str
    node: Candidacy
    in_container: bool
    lives: bool = True


@dataclass
class World:
    """One host's port and container, and the election; `events` happen between two things that a run does."""

    events: Iterator[Sequence[str]]
    late: bool = False
    processes: list[Process] = field(default_factory=list)
    nodes: list[Candidacy] = field(default_factory=list)
    restarts: bool = True
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    removed: list[Process] = field(default_factory=list)

    def begin(self, in_container: bool) -> None:
        if not self.listening():  # whoever finds the port taken ends at once
            number = next(self.numbers)
            self.nodes.append(node := stands(number, f"id-{number}", session=number))
            self.processes.append(Process(f"id-{number}", node, in_container))

    def listening(self) -> Process | None:
        return next((one for one in self.processes if one.lives), None)

    def happen(self) -> None:
        for event in next(self.events, ()):
            one = self.listening()
            if event == "dies" and one:
                one.lives = False
            elif event == "docker restarts" and self.restarts:
                self.begin(in_container=True)
            elif event == "somebody runs one":
                self.begin(in_container=False)
            elif event == "a session ends":
                living = [each.node for each in self.processes if each.lives]
                self.nodes = [each for each in self.nodes if each in living]

    def stop(self) -> str:
        self.restarts = False
        for one in self.processes:
            if one.in_container and not self.late:
                one.lives = False
        return "" if self.listening() else candidacy.ENDED

    def says(self, question: Question) -> str:
        if question.word == candidacy.question(NODE).word:
            self.happen()
            one = self.listening()
            leads = one is not None and in_line(self.nodes, r"json\.info_")[0] == one.node
            return answer(one.id if one else "", 200 if leads else 307) if one else ""
        return LEADS if "metrics" in question.word else ""

    def remove(self, node: Candidacy) -> bool:
        self.happen()
        if node not in self.nodes:
            return False
        self.nodes.remove(node)
        self.removed += [one for one in self.processes if one.node == node]
        assert not any(one.lives for one in self.removed), "its process lives"
        return True


class FakeTree(Tree):
    """The tree of such a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def candidacies(self, path: str) -> list[Candidacy]:
        assert path == "/mesos"
        self._world.happen()
        return list(self._world.nodes)

    def remove(self, candidacy: Candidacy) -> bool:
        return self._world.remove(candidacy)


class Hosts(FakeHosts):
    """Three hosts, of which the first is such a world; `lost` is why ZooKeeper cannot be asked."""

    def __init__(self, world: World, lost: str = "") -> None:
        super().__init__(CLUSTER, says=world.says, in_vain=True)
        self._world, self._lost_tree = world, lost

    @contextmanager
    def tree(self, vantage: Node, but: Node | None = None) -> Iterator[Tree]:
        if self._lost_tree:
            raise NoTree(self._lost_tree)
        self._world.happen()
        yield FakeTree(self._world)

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        super().act(steps)
        self._world.happen()
        said = self._world.stop()
        self._world.happen()
        return {name: said for name in steps}


def handed_over(world: World, lost: str = "", leads: bool = True) -> Hosts:
    if not leads:
        world.nodes.append(stands(0, "another", pid="master@10.70.0.11:5050"))
    world.begin(in_container=True)
    hosts = Hosts(world, lost)
    leaders.make_way(hosts, NODE, leads)
    return hosts


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ('[ "$1" != ps ] || exit 0; exit 1', candidacy.ENDED),  # the container is gone
        ("case $1 in ps) echo 4f;; inspect) echo false;; esac", candidacy.ENDED),
        ("case $1 in ps) echo 4f;; inspect) echo true;; esac", ""),
        ("exit 1", None),  # docker cannot be asked: nothing has surely ended
    ],
)
def test_the_step_that_stops_a_master_says_whether_it_has_ended_also_of_one_that_is_gone(
    tmp_path: Path, sh: list[str], docker: str, words: str | None
) -> None:
    stand_in(tmp_path / "bin", "docker", docker)
    stand_in(tmp_path / "bin", "ss", "exit 0")
    done = run(f"set -eu\n{candidacy.stop(NODE, leads=True).shell}", tmp_path, tmp_path / "bin", sh)
    assert (done.returncode == 0) is (words is not None)
    assert done.stdout.decode().strip() == (words or "")


def test_a_leader_is_stopped_and_its_candidacy_removed() -> None:
    world = World(iter(()))
    hosts = handed_over(world)
    assert hosts.done == ["0.10 stop mesos-master-01"]
    assert [one.id for one in world.removed] == ["id-1"] and not world.nodes


def test_a_follower_is_stopped_and_all_its_candidacies_removed_so_that_nobody_waits_for_them_later() -> None:
    world = World(iter([[], ["docker restarts", "dies", "docker restarts"]]))
    hosts = handed_over(world, leads=False)
    assert hosts.done == ["0.10 stop mesos-master-01"]
    assert [one.data for one in world.nodes] == [stands(0, "another", pid="master@10.70.0.11:5050").data]


def test_where_a_follower_cannot_be_helped_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    handed_over(World(iter(())), "10.70.0.11: it forwards nothing", leads=False)
    handed_over(World(iter(()), late=True), leads=False)
    assert "session" not in capsys.readouterr().out


def test_a_leader_that_ends_late_keeps_its_candidacy(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(iter(()), late=True)
    handed_over(world)
    assert not world.removed
    assert (
        "when the session of this one ends: something still listens on port 5050." in capsys.readouterr().out
    )


def test_without_a_way_to_zookeeper_nobody_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(iter(()))
    assert handed_over(world, "10.70.0.11: it forwards nothing").done == []
    assert world.listening() and not world.removed
    assert "(10.70.0.11: it forwards nothing)" in capsys.readouterr().out


EVENTS = st.lists(
    st.sampled_from(["dies", "docker restarts", "somebody runs one", "a session ends"]), max_size=3
)


@given(st.lists(EVENTS, max_size=7), st.booleans(), st.booleans())
@settings(max_examples=600)
def test_whatever_happens_meanwhile_no_candidacy_of_a_living_master_is_removed(
    events: list[list[str]], late: bool, leads: bool
) -> None:
    handed_over(World(iter(events), late), leads=leads)
