"""Files of the operator's own machine, whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def put(place: Path, data: bytes) -> None:
    """Write a file beside its place, for its owner alone, and move it there.

    Raises OSError, and nothing is changed then.
    """
    with NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as beside:
        try:
            beside.write(data)
            beside.flush()
            os.fsync(beside.fileno())
            os.replace(beside.name, place)
        except OSError:
            os.unlink(beside.name)
            raise
