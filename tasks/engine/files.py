"""Files of the operator's own machine, whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def put(place: Path, data: bytes, like: Path | None = None) -> None:
    """Write a file beside its place, for its owner alone or with the rights of another, and move it there.

    Raises OSError. Then, or interrupted, it leaves everything as it was.
    """
    rights = like.stat() if like else None
    with NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as beside:
        try:
            if rights:
                os.fchmod(beside.fileno(), rights.st_mode & 0o7777)
                with suppress(PermissionError):
                    os.fchown(beside.fileno(), rights.st_uid, rights.st_gid)
            beside.write(data)
            beside.flush()
            os.fsync(beside.fileno())
            os.replace(beside.name, place)
        except BaseException:
            Path(beside.name).unlink(missing_ok=True)
            raise
