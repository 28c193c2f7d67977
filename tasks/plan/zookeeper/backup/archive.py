"""What is in a backup's archive: files by name, with a manifest that has the digest of each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from . import tree
from .tree import Tree, Unsound

FORMAT = 1
"""Another number says that a backup made before cannot be restored by this mesofab."""

MANIFEST, TREE = "manifest.json", "tree.json"

MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What comes of reading as a backup what is none."""


@dataclass(frozen=True)
class Roots:
    """Where Marathon's state and what masters keep begin in ZooKeeper."""

    marathon: str
    mesos: str

    def __iter__(self) -> Iterator[str]:
        """Give both."""
        return iter((self.marathon, self.mesos))


@dataclass(frozen=True)
class Backup:
    """A backup: when and by which version it was made, of which cluster, and its part of the tree.

    `marathon` is the version that led, "" if none told. `left_out` says in sentences what is not in it.
    """

    made: str
    version: str
    cluster: str
    roots: Roots
    zxid: int
    settled: bool
    marathon: str
    left_out: tuple[str, ...]
    tree: Tree


def files(backup: Backup, others: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the files of a backup's archive, the manifest first; the `others` are for people to read."""
    nodes = written({"nodes": tree.document(backup.tree)})
    kept = {TREE: nodes, **others}
    manifest = {
        "mesofab_backup": FORMAT,
        "mesofab": backup.version,
        "made": backup.made,
        "cluster": backup.cluster,
        "roots": vars(backup.roots),
        "zxid": backup.zxid,
        "settled": backup.settled,
        "marathon": backup.marathon,
        "left_out": backup.left_out,
        "files": {name: {"size": len(data), "sha256": _digest(data)} for name, data in kept.items()},
    }
    return {MANIFEST: written(manifest, indent=1), **kept}


def written(document: object, indent: int | None = None) -> bytes:
    """Give JSON as it stands in an archive."""
    return (json.dumps(document, indent=indent) + "\n").encode()


def read(found: Mapping[str, bytes]) -> Backup:
    """Read a backup of the files of its archive. Raises Unsound."""
    try:
        manifest = json.loads(found[MANIFEST])
        number = manifest["mesofab_backup"]
    except MALFORMED:
        raise Unsound("it is no backup made by `fab backup`") from None
    if number != FORMAT:
        raise Unsound(f"it has format {number!r} of another version of mesofab; this one knows {FORMAT}")
    try:
        _refuse_other_files(manifest["files"], found)
        return _backup(manifest, found[TREE])
    except Unsound:
        raise
    except MALFORMED:
        raise Unsound("its manifest or its tree cannot be read") from None


def _refuse_other_files(listed: Mapping[str, Any], found: Mapping[str, bytes]) -> None:
    for name in {**listed, **found}:
        if name == MANIFEST:
            continue
        if name not in found or name not in listed:
            raise Unsound(f"{name[:200]!r} is in its {'archive' if name in found else 'manifest'} alone")
        if listed[name] != {"size": len(found[name]), "sha256": _digest(found[name])}:
            raise Unsound(
                f"{name[:200]!r} has another digest than the manifest says: it was changed or damaged"
            )


def _backup(manifest: Any, nodes: bytes) -> Backup:
    roots = Roots(tree.text(manifest["roots"]["marathon"]), tree.text(manifest["roots"]["mesos"]))
    if not all(tree.PATH.fullmatch(root) for root in roots):
        raise Unsound("its roots are no paths of ZooKeeper")
    return Backup(
        made=tree.text(manifest["made"]),
        version=tree.text(manifest["mesofab"]),
        cluster=tree.text(manifest["cluster"]),
        roots=roots,
        zxid=tree.number(manifest["zxid"]),
        settled=bool(manifest["settled"]),
        marathon=tree.text(manifest["marathon"]),
        left_out=tuple(map(tree.text, manifest["left_out"])),
        tree=tree.read(json.loads(nodes)["nodes"], list(roots)),
    )


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
