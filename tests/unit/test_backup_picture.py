"""A picture of a tree that changes under it: one moment if it says so, and an end in any case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from fake_tree import FakeTree
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.plan.zookeeper.backup.picture import Content, Listed, PictureLimits, TooLarge, taken
from tasks.plan.zookeeper.backup.tree import OPEN, Stamp, Znode

PATHS = ["/r", "/r/a", "/r/b", "/r/e", "/r/a/x", "/r/a/y"]
SESSIONS = "/r/e"
"""What is a session's there, and goes with it."""


@dataclass
class World:
    """A tree to which something is done before each answer, while there is something to do."""

    todo: list[tuple[str, str]]
    zxid_: int = 1
    nodes: dict[str, tuple[bytes, Stamp]] = field(default_factory=lambda: {"/r": (b"", Stamp(1, 1, 1))})
    history: dict[int, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._note()

    def _note(self) -> None:
        self.history[self.zxid_] = {p: data for p, (data, _) in self.nodes.items() if p != SESSIONS}

    def _go_on(self) -> None:
        if not self.todo:
            return
        what, path = self.todo.pop()
        above = path.rpartition("/")[0]
        now = self.zxid_ + 1
        there, parent = path in self.nodes, above in self.nodes and above != SESSIONS
        if what == "write" and there:
            stamp = self.nodes[path][1]
            self.nodes[path] = (str(now).encode(), stamp._replace(written=now, version=stamp.version + 1))
        elif what == "make" and not there and parent:
            self.nodes[path] = (str(now).encode(), Stamp(now, now, now))
        elif what == "remove" and there and not any(each.startswith(f"{path}/") for each in self.nodes):
            del self.nodes[path]
        else:
            return
        if what != "write" and above in self.nodes:
            data, stamp = self.nodes[above]
            self.nodes[above] = (data, stamp._replace(children=now))
        self.zxid_ = now
        self._note()

    def zxid(self) -> int:
        self._go_on()
        return self.zxid_

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        return map(self._listed, paths)

    def _listed(self, path: str) -> Listed | None:
        self._go_on()
        if path not in self.nodes:
            return None
        names = [each.removeprefix(f"{path}/") for each in self.nodes if each.startswith(f"{path}/")]
        below = tuple(name for name in names if "/" not in name)
        return Listed(below, self.nodes[path][1], path != SESSIONS)

    def read(self, paths: Sequence[str]) -> Iterator[Content | None]:
        return map(self._read, paths)

    def _read(self, path: str) -> Content | None:
        self._go_on()
        if path not in self.nodes:
            return None
        data, stamp = self.nodes[path]
        return Content(data, OPEN, stamp.written)


DEEDS = st.tuples(st.sampled_from(["write", "make", "make", "remove"]), st.sampled_from(PATHS[1:]))


GONE_MEANWHILE = [("remove", "/r/a"), *[("remove", "/r/b")] * 5]
"""After the node above has told of it, and before it is asked itself; what is done first stands last."""


@settings(max_examples=500)
@example(GONE_MEANWHILE, [("make", "/r/a")], 1)
@given(st.lists(DEEDS, max_size=40), st.lists(DEEDS, max_size=10), st.integers(1, 6))
def test_a_picture_that_settled_is_the_tree_as_it_was_at_its_zxid(
    meanwhile: list[tuple[str, str]], before: list[tuple[str, str]], rounds: int
) -> None:
    world = World(before)
    while world.todo:
        world.zxid()
    world.todo = meanwhile
    picture = taken(world, ["/r", "/none"], rounds=rounds)
    if picture.settled:
        assert {p: node.data for p, node in picture.tree.items()} == world.history[picture.zxid]


@given(st.lists(DEEDS, max_size=40))
def test_it_settles_once_nothing_is_written_any_more(meanwhile: list[tuple[str, str]]) -> None:
    world = World(meanwhile)
    picture = taken(world, ["/r"], rounds=len(meanwhile) + 2)
    assert picture.settled


def test_a_tree_that_never_holds_still_is_told_and_has_an_end() -> None:
    picture = taken(FakeTree({"/r": Znode(), "/r/a": Znode(b"x")}, changes="/r/a"), ["/r"])
    assert not picture.settled and picture.tree["/r/a"].data == b"x"


@pytest.mark.parametrize(
    "limits, told",
    [
        (PictureLimits(nodes=1), "ZooKeeper has more than 1 nodes there"),
        (PictureLimits(size=3), "more than 3e-06 MB there"),
    ],
)
def test_a_tree_beyond_the_limits_is_refused(limits: PictureLimits, told: str) -> None:
    tree = FakeTree({"/r": Znode(), "/r/a": Znode(b"xx"), "/r/b": Znode(b"xx")})
    with pytest.raises(TooLarge, match=told):
        taken(tree, ["/r"], limits)


class Flood(FakeTree):
    """A member that never comes to an end with what it says is below a node, or in it."""

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        self.nodes |= {f"{path}/{name}": Znode(b"x" * 100) for path in paths for name in range(10)}
        return super().listed(paths)


@pytest.mark.parametrize(
    "limits", [PictureLimits(nodes=1000), PictureLimits(size=10_000)], ids=["nodes", "size"]
)
def test_a_member_that_tells_of_ever_more_is_left(limits: PictureLimits) -> None:
    tree = Flood({"/r": Znode()})
    with pytest.raises(TooLarge):
        taken(tree, ["/r"], limits)
    assert len(tree.nodes) < 20_000
