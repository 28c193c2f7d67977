"""Somebody who writes into ZooKeeper all the time, and wants to read all that was acknowledged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from operators import TRIO, zookeeper

PLACE = "/writes"


@dataclass
class Written:
    """What a writer was told that ZooKeeper has, and its longest wait for that, in seconds."""

    names: list[str] = field(default_factory=list)
    longest: float = 0.0

    def must_be_there(self, *nodes: str) -> None:
        """See that each of these members has every write so far; without any, that the ensemble has."""
        wanted = {*self.names}
        asked: list[tuple[str, ...]] = [(node,) for node in nodes]
        for each in asked or [TRIO]:
            with zookeeper(each) as client:
                client.sync(PLACE)
                lost = wanted.difference(client.get_children(PLACE))
            assert wanted and not lost, f"{each}: {sorted(lost)} lost; longest wait {self.longest:.1f} s"


@contextmanager
def writing() -> Iterator[Written]:
    """Write all the time; a write counts once it was acknowledged."""
    written, over = Written(), Event()

    def write(client: Any) -> None:
        last = time.monotonic()
        while not over.wait(0.02):
            name = f"{len(written.names):06}"
            client.retry(client.ensure_path, f"{PLACE}/{name}")
            written.names.append(name)
            written.longest = max(written.longest, time.monotonic() - last)
            last = time.monotonic()

    with zookeeper() as client:
        client.ensure_path(PLACE)
        thread = Thread(target=write, args=[client])
        thread.start()
        try:
            yield written
        finally:
            over.set()
            thread.join()
