"""ZooKeeper's tree in memory: what stands there, who stands for election, what is made."""

from collections.abc import Iterator, Mapping, Sequence

from tasks.engine.tree import Tree
from tasks.errors import NoTree
from tasks.plan.look.election import Candidacy
from tasks.plan.zookeeper.backup.picture import Content, Listed
from tasks.plan.zookeeper.backup.tree import Stamp, Znode


class FakeTree(Tree):
    """Nodes by path, none of them a session's.

    With `breaks` a session ends after so many were made. With `changes` each zxid is another one, and the
    node of that path was always written just now.
    """

    def __init__(
        self,
        nodes: Mapping[str, Znode] | None = None,
        standing: Sequence[Candidacy] = (),
        breaks: int | None = None,
        changes: str = "",
    ) -> None:
        self.nodes = dict(nodes or {})
        self._standing, self._breaks, self._changes = list(standing), breaks, changes
        self._zxid = 1

    def candidacies(self, path: str) -> list[Candidacy]:
        return [one for one in self._standing if one.path.startswith(f"{path}/")]

    def zxid(self) -> int:
        self._zxid += bool(self._changes)
        return self._zxid

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        return (self._listed(path) if path in self.nodes else None for path in paths)

    def _listed(self, path: str) -> Listed:
        below = (each.removeprefix(f"{path}/") for each in self.nodes if each.startswith(f"{path}/"))
        written = self._zxid + 1 if path == self._changes else 1
        return Listed(tuple(each for each in below if "/" not in each), Stamp(1, written, 1), True)

    def read(self, paths: Sequence[str]) -> Iterator[Content | None]:
        return (Content(self.nodes[path].data, self.nodes[path].acl, 1) for path in paths)

    def create(self, nodes: Mapping[str, Znode]) -> None:
        for path, node in nodes.items():
            if self._breaks == 0:
                raise NoTree(f"{path}: ConnectionLoss")
            self._breaks = self._breaks and self._breaks - 1
            self.nodes.setdefault(path, node)
