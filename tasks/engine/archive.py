"""Archives as files: a tar.gz that anybody can look into, read back without trusting anything in it."""

import gzip
import io
import os
import stat
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from ..errors import BadInput
from ..plan.shell import quote
from ..plan.zookeeper.backup import archive
from ..plan.zookeeper.backup.archive import Backup
from ..plan.zookeeper.backup.tree import Unsound

BLOCK = tarfile.BLOCKSIZE
PACKED, UNPACKED = 500_000_000, 600_000_000
"""How many bytes a file may have that is read as a backup, and how many may be in it."""


def pack(files: Mapping[str, bytes], made: int = 0) -> bytes:
    """Give the archive of files, which were `made` at this second."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode, one.mtime = len(data), 0o600, made
            tar.addfile(one, io.BytesIO(data))
    return gzip.compress(whole.getvalue(), mtime=0)


def unpack(data: bytes, most: int = UNPACKED) -> dict[str, bytes]:
    """Give the files of an archive, never more than `most` bytes. Raises Unsound.

    The library reads one header at a time; how to go from one to the next is not left to what stands there.
    """
    whole, at = _unzipped(data, most), 0
    files: dict[str, bytes] = {}
    while any(whole[at : at + BLOCK]):
        one = _header(whole[at : at + BLOCK])
        begin = at + BLOCK
        if not 0 <= one.size <= len(whole) - begin or not one.isreg() or one.name in files:
            raise Unsound("it has something else in it than plain files, each once and whole")
        files[one.name] = whole[begin : begin + one.size]
        at = begin + -(-one.size // BLOCK) * BLOCK
    return files


def _unzipped(data: bytes, most: int) -> bytes:
    unzipping = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        whole = unzipping.decompress(data, most)
    except zlib.error:
        raise Unsound("it is not gzip, or it is damaged") from None
    if unzipping.unconsumed_tail:
        raise Unsound(f"there are more than {most / 1e6:g} MB in it")
    if not unzipping.eof or unzipping.unused_data:
        raise Unsound("it is cut short, or something follows its end")
    return whole


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError):
        raise Unsound("it is no tar archive, or it is damaged") from None


def read(file: str) -> Backup:
    """Read a backup. Raises BadInput."""
    try:
        return archive.read(unpack(_bytes(file)))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    except Unsound as error:
        raise BadInput(f"{file} cannot be used: {error}") from None


def _bytes(file: str) -> bytes:
    with open(file, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as opened:
        found = os.fstat(opened.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Unsound("it is not a file")
        if found.st_size > PACKED:
            raise Unsound(f"it has more than {PACKED / 1e6:g} MB")
        return opened.read(PACKED)


def refuse_unwritable(directory: str) -> None:
    """Raise BadInput if nothing can be written to a directory."""
    if not os.path.lexists(directory):
        raise BadInput(f"--out {directory}: there is no such directory; mkdir -p {quote(directory)} makes it")
    if not Path(directory).is_dir():
        raise BadInput(f"--out {directory}: it is not a directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise BadInput(f"--out {directory}: nothing can be written there")
