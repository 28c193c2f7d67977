"""What a lab image is built from, and a digest of it. Reads files, nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_IMAGES = Path(__file__).parent / "images"


@dataclass(frozen=True, eq=False)
class Image:
    """An image made here: its tag, its directory under lab/images, its parent.

    `arguments` are build arguments that change what comes out, so they are in the digest.
    `variable` is the setting of hosts.ini that names it, for images that go to the lab's registry.
    """

    tag: str
    parent: Image | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""

    @property
    def directory(self) -> Path:
        """Return the build context: lab/images/<name without "lab/" and version>."""
        return _IMAGES / self.tag.removeprefix("lab/").partition(":")[0]

    @property
    def generation(self) -> int:
        """Count the ancestors: images of one generation can be built at the same time."""
        return self.parent.generation + 1 if self.parent else 0

    @cached_property
    def inputs(self) -> str:
        """Return the digest of all that the image is built from, its parents' included."""
        parent = self.parent.inputs if self.parent else ""
        return digest(self.directory, self.arguments, parent)


def digest(directory: Path, arguments: Mapping[str, str], parent: str) -> str:
    """Digest a build context: names, modes and contents of files, arguments, parent's digest."""
    sha = hashlib.sha256(repr((sorted(arguments.items()), parent)).encode())
    for path in _files(directory):
        executable = os.access(path, os.X_OK)
        name = path.relative_to(directory).as_posix()
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        sha.update(repr((name, executable, content)).encode())
    return sha.hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    # Bytecode comes and goes with whoever imports the sources.
    return (p for p in sorted(directory.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
