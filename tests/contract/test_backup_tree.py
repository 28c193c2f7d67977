"""Pictures of a real ZooKeeper's tree: what is taken while others write, and made again."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from tasks.engine.tree import LISTING, Tree
from tasks.plan.zookeeper.backup import picture
from tasks.plan.zookeeper.backup.tree import OPEN, Znode, in_order


@contextmanager
def session(zookeeper: str) -> Iterator[KazooClient]:
    client = KazooClient(zookeeper)
    client.start()
    try:
        yield client
    finally:
        client.stop()
        client.close()


@pytest.fixture
def client(zookeeper: str) -> Iterator[KazooClient]:
    with session(zookeeper) as client:
        yield client


@pytest.fixture
def root() -> str:
    return f"/backup-{uuid.uuid4().hex[:8]}"


def test_a_tree_is_made_again_as_it_was(client: KazooClient, root: str) -> None:
    many = LISTING * 2 + 1
    client.create(f"{root}/state", b"\0\xff", makepath=True)
    for number in range(many):
        client.create(f"{root}/state/{number}", str(number).encode())
    own = make_digest_acl("ann", "pw", all=True)
    client.create(f"{root}/own", b"x", acl=[*client.get_acls(root)[0], own])
    client.create(f"{root}/leader", b"gone", ephemeral=True)
    taken = picture.taken(Tree(client), [root])
    assert taken.settled and len(taken.tree) == many + 3 and f"{root}/leader" not in taken.tree
    assert taken.tree[f"{root}/state"].data == b"\0\xff" and taken.tree[f"{root}/state"].acl == OPEN
    assert taken.tree[f"{root}/own"].acl[1].id == own.id.id
    client.delete(root, recursive=True)
    assert picture.taken(Tree(client), [root]).tree == {}
    Tree(client).create({path: taken.tree[path] for path in in_order(taken.tree)})
    assert picture.taken(Tree(client), [root]).tree == taken.tree


def test_what_is_there_stays_and_what_lacks_above_is_made(client: KazooClient, root: str) -> None:
    client.create(f"{root}/above/a", b"old", makepath=True)
    Tree(client).create({f"{root}/above/a": Znode(b"new"), f"{root}/other/b": Znode(b"new")})
    assert client.get(f"{root}/above/a")[0] == b"old" and client.get(f"{root}/other/b")[0] == b"new"


def test_a_picture_that_settled_shows_one_moment_whatever_is_written_meanwhile(
    zookeeper: str, client: KazooClient, root: str
) -> None:
    """A writer counts in one node, then in the other: at any moment, the first is ahead by one at most."""
    first, other = f"{root}/a/{'x' * 20}", f"{root}/b"
    for path in (first, other):
        client.create(path, b"0", makepath=True)
    over, settled = threading.Event(), 0
    with session(zookeeper) as writes:

        def write() -> None:
            number = 0
            while not over.wait(0.02 * (number % 5)):
                number += 1
                writes.set(first, str(number).encode())
                writes.create(f"{root}/b/{number}")
                writes.set(other, str(number).encode())

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(2000):
                taken = picture.taken(Tree(client), [root], rounds=3)
                ahead = int(taken.tree[first].data) - int(taken.tree[other].data)
                made = sum(path.startswith(f"{root}/b/") for path in taken.tree)
                settled += taken.settled
                assert not taken.settled or (ahead in (0, 1) and 0 <= made - int(taken.tree[other].data) <= 1)
                if settled >= 5 and made >= 20:
                    break
        finally:
            over.set()
            writer.join()
    assert settled >= 5 and made >= 20
