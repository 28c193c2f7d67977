"""The version of the state: what is older is migrated, what is newer is refused."""

from __future__ import annotations

import logging

from . import process
from .store import Store

Version = tuple[int, ...]
_OLDEST = (1, 4, 0)
_log = logging.getLogger("marathon.migration")


def migrate(store: Store, version: str) -> None:
    """Bring the state to `version`, or end the process: the state of a newer one cannot be read."""
    own, stored = tuple(map(int, version.split("."))), store.version
    if store.migrating:
        process.die("Migration is already in progress")
    if stored and stored > own:
        process.die(f"Migration from {_shown(stored)} is not supported as it is newer than {version}.")
    if stored and stored < _OLDEST:
        process.die(f"Migration from versions < {_shown(_OLDEST)} are not supported. Yours: {_shown(stored)}")
    if stored != own:
        store.migrating = True
        store.version = own
        store.migrating = False
        _log.info("Migration from %s to %s finished", _shown(stored) if stored else "nothing", version)


def _shown(version: Version) -> str:
    return ".".join(map(str, version))
