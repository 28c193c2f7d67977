"""A backup's archive: what is put in comes out, and of anything else nothing but a sentence."""

import gzip
import io
import json
import os
import tarfile
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import any_json

from tasks.engine import archive as archives
from tasks.errors import BadInput
from tasks.plan.look.rights import Right
from tasks.plan.zookeeper.backup import archive
from tasks.plan.zookeeper.backup.archive import MANIFEST, TREE, Backup, Roots
from tasks.plan.zookeeper.backup.tree import OPEN, Stamp, Unsound, Znode

OFTEN = settings(max_examples=max(200, settings().max_examples))
"""What is tried on an archive at every run; the profile `nightly` tries more."""

ROOTS = Roots("/marathon", "/mesos")
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)
NODES = st.builds(
    Znode,
    st.binary(max_size=20),
    st.lists(st.builds(Right, st.integers(0, 31), st.text(max_size=3), st.text(max_size=3))).map(tuple)
    | st.just(OPEN),
    st.builds(Stamp, *[st.integers(0, 2**63)] * 5),
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Znode]:
    """Nodes at and below the roots, each with all that are above it."""
    tree = {"/marathon": draw(NODES)}
    for _ in range(draw(st.integers(0, 8))):
        above = draw(st.sampled_from([*sorted(tree), "/mesos"]))
        path = above if above not in tree else f"{above}/{draw(NAMES)}"
        tree[path] = draw(NODES)
    return tree


def backup(tree: Mapping[str, Znode] | None = None) -> Backup:
    nodes = tree or {"/marathon": Znode(), "/marathon/state": Znode(b"x")}
    return Backup("2026-11-30T23:00:00Z", "0.1", "mesos", ROOTS, 7, True, "1.5.8", (), nodes)


def packed(**changed: bytes | None) -> bytes:
    """The archive of a backup, with other files in it; None for one that is missing."""
    files = {name.replace("__", "."): data for name, data in changed.items()}
    whole = {**archive.files(backup(), {"apps.json": b"[]\n"}), **files}
    return archives.pack({name: data for name, data in whole.items() if data is not None})


def trouble(data: bytes) -> str:
    """What is wrong with an archive, "" if it is one."""
    try:
        archive.read(archives.unpack(data))
    except Unsound as error:
        return str(error)
    return ""


@given(trees(), st.dictionaries(st.sampled_from(["apps.json", "inventory/hosts.ini"]), st.binary()))
def test_what_is_put_in_comes_out(tree: dict[str, Znode], others: dict[str, bytes]) -> None:
    made = replace(backup(tree), settled=False, left_out=("Not in the backup: apps.",))
    files = archives.unpack(archives.pack(archive.files(made, others)))
    found = archive.read(files)
    assert found == made
    assert [node.stamp for node in found.tree.values()] == [tree[path].stamp for path in found.tree]
    assert others == {name: data for name, data in files.items() if name not in (MANIFEST, TREE)}


def test_any_tar_can_open_it(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed()), mode="r:gz") as tar:
        assert tar.getnames() == [MANIFEST, TREE, "apps.json"]
        assert {one.mode for one in tar.getmembers()} == {0o600}


@OFTEN
@given(st.data())
def test_a_damaged_archive_is_the_same_backup_or_a_sentence(data: st.DataObject) -> None:
    whole = packed()
    at = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["other byte", "cut", "longer"]))
    damaged = {
        "other byte": whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :],
        "cut": whole[:at],
        "longer": whole + data.draw(st.binary(min_size=1, max_size=3)),
    }[kind]
    assert trouble(damaged) or archive.read(archives.unpack(damaged)) == backup()


@OFTEN
@given(st.data())
def test_damage_below_the_compression_is_a_backup_with_the_same_tree_or_a_sentence(
    data: st.DataObject,
) -> None:
    whole = gzip.decompress(packed())
    at = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, 511))
    damaged = gzip.compress(whole[:at] + data.draw(st.binary(min_size=1, max_size=8)) + whole[at + 1 :])
    assert trouble(damaged) or archive.read(archives.unpack(damaged)).tree == backup().tree


def manifest(**changed: object) -> bytes:
    found = json.loads(archive.files(backup(), {"apps.json": b"[]\n"})[MANIFEST])
    return json.dumps({**found, **changed}).encode()


@given(any_json("mesofab_backup", "files", "nodes", "path", "data", "acl", "roots", "marathon"))
def test_any_json_in_its_place_is_a_sentence(value: object) -> None:
    text = json.dumps(value).encode()
    assert trouble(packed(manifest__json=text))
    for key in ("files", "roots", "zxid", "left_out", "made", "cluster", "marathon"):
        told = trouble(packed(manifest__json=manifest(**{key: value})))
        assert told or key in ("zxid", "left_out", "made", "cluster", "marathon")


@given(any_json("nodes", "path", "data", "acl", "stamp"))
@example({"nodes": []})
def test_a_tree_that_says_anything_is_a_sentence(value: object) -> None:
    for text in ({"nodes": value}, {"nodes": [value]}, value):
        data = json.dumps(text).encode()
        listed = {TREE: {"size": len(data), "sha256": sha256(data).hexdigest()}}
        lying = archives.pack({MANIFEST: manifest(files=listed), TREE: data})
        assert trouble(lying)


@pytest.mark.parametrize(
    "paths, told",
    [
        (["/marathon", "/marathon/../etc"], "it has a node in a place that is not one of a backup's"),
        (["/marathon/"], "it has a node in a place"),
        (["/marathon", "/marathon//a"], "it has a node in a place"),
        (["/marathon", "/marathon/."], "it has a node in a place"),
        (["/zookeeper"], "it has a node in a place"),
        (["/marathonx"], "it has a node in a place"),
        (["/marathon", "/marathon/a/b"], "it has '/marathon/a/b' without the node above"),
        (["/marathon", "/marathon"], "it has '/marathon' twice"),
        (["/marathon", "/marathon/\ud800"], "its manifest or its tree cannot be read"),
    ],
)
def test_nodes_in_other_places_are_refused(paths: list[str], told: str) -> None:
    nodes = [{"path": path, "data": "", "acl": [], "stamp": [0] * 5} for path in paths]
    data = json.dumps({"nodes": nodes}).encode()
    listed = {TREE: {"size": len(data), "sha256": sha256(data).hexdigest()}}
    assert trouble(archives.pack({MANIFEST: manifest(files=listed), TREE: data})).startswith(told)


@pytest.mark.parametrize(
    "data, told",
    [
        (b"", "it is cut short"),
        (b"hello", "it is not gzip"),
        (gzip.compress(b"hello", mtime=0), "it is no tar archive"),
        (packed(manifest__json=None), "it is no backup made by `fab backup`"),
        (packed(manifest__json=manifest(mesofab_backup=2)), "it has format 2 of another version of mesofab"),
        (packed(apps__json=b"[1]\n"), "'apps.json' has another digest than the manifest says"),
        (packed(apps__json=None), "'apps.json' is in its manifest alone"),
        (packed(more__json=b""), "'more.json' is in its archive alone"),
        (packed(tree__json=None), "'tree.json' is in its manifest alone"),
    ],
)
def test_what_is_no_backup_is_told(data: bytes, told: str) -> None:
    assert trouble(data).startswith(told)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, b"x", b"L"]
)
def test_nothing_but_plain_files_is_read(kind: bytes) -> None:
    one = tarfile.TarInfo("/etc/passwd")
    one.type, one.linkname = kind, "../../x"
    data = gzip.compress(one.tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    assert trouble(data) == "it has something else in it than plain files, each once and whole"


@pytest.mark.parametrize("size", [-512, -1, 513, 2**40])
def test_a_size_that_is_not_so_is_no_way_out_of_the_archive(size: int) -> None:
    one = tarfile.TarInfo("tree.json")
    one.size = size
    data = gzip.compress(one.tobuf(tarfile.GNU_FORMAT) + bytes(512))
    assert trouble(data) == "it has something else in it than plain files, each once and whole"


def test_what_grows_beyond_all_bounds_is_left_before_it_does() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(Unsound, match="there are more than 1 MB in it"):
        archives.unpack(bomb, most=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, told in (("pipe", "it is not a file"), ("none", "No such file"), (".", "Is a directory")):
        with pytest.raises(BadInput, match=told):
            archives.read(str(tmp_path / name))
