"""How slowly a Marathon begins and ends: at once, or with STAND_IN_BOOT as a real one in its Java machine.

The numbers were measured on a real 1.5.8, on two cores: 6 s until it answers if it boots alone, 15 s if three
boot at once. So a boot is work, not a pause: several at once share the machine's cores.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

_THREADS = 2
_CPU_SECONDS = 5 / 3
"""What a second of boot takes of all cores: three boots of 6 s in 15 s on two of them."""
_MOST = 2.5
"""How many times as long as alone a boot takes at most: as the slowest that was measured."""

BEFORE_ZOOKEEPER, BEFORE_ELECTION, BEFORE_HTTP = 0.55, 0.25, 0.2
"""The parts of a boot, by what follows them."""


@dataclass(frozen=True)
class Pace:
    """Seconds: of a boot on an idle machine, of an end without ZooKeeper, of the end after an abdication."""

    boot: float = 0.0
    hang: float = 0.0
    abdication: float = 0.0

    def work(self, part: float) -> None:
        """Do a part of a boot."""
        labour(self.boot * part)


REAL_HANG, REAL_ABDICATION = 10.0, 3.0


def pace(environment: Mapping[str, str]) -> Pace:
    """Read STAND_IN_BOOT: seconds that a boot takes. Whoever boots as slowly also ends as slowly."""
    boot = float(environment.get("STAND_IN_BOOT") or 0)
    return Pace(boot, REAL_HANG, REAL_ABDICATION) if boot else Pace()


def labour(seconds: float) -> None:
    """Work for so long on an idle machine, and for longer, within bounds, on one that has more to do."""
    begun = time.monotonic()
    share, end = seconds * _CPU_SECONDS / _THREADS, begun + seconds * _MOST
    threads = [threading.Thread(target=_burn, args=(share, end)) for _ in range(_THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    time.sleep(max(0.0, begun + seconds - time.monotonic()))


def _burn(seconds: float, end: float) -> None:
    while time.thread_time() < seconds and time.monotonic() < end:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10_000)  # other threads go on meanwhile
