"""A long and lossy cable: carries every frame between two interfaces, late, and some of them never.

Started by lab.cable as a program of its own. Linux has this as sch_netem, but many kernels are
built without it. These are real frames of real connections: who waits, resends and gives up is the
kernels at both ends. Ends by itself when one of the interfaces goes.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import subprocess
import sys
import time
from collections import deque

_EVERY_PROTOCOL = 0x0003
_SOL_PACKET, _VNET_HEADER, _IGNORE_OUTGOING = 263, 15, 23
# With its virtio header a frame keeps what the sending kernel left to hardware: checksum, segments.
_LARGEST = 65536 + 64


class Direction:
    """One way of the cable: frames on their way, in the order they were sent."""

    def __init__(self, source: socket.socket, target: socket.socket, delay: float, loss: float) -> None:
        self.source, self._target, self._delay, self._loss = source, target, delay, loss
        self._under_way: deque[tuple[float, bytes]] = deque()

    def take(self) -> None:
        """Take one frame in; it may be lost here."""
        frame = self.source.recv(_LARGEST)
        if random.random() >= self._loss:
            self._under_way.append((time.monotonic() + self._delay, frame))

    def deliver(self) -> float:
        """Hand over what has arrived; return the seconds until the next frame does."""
        while self._under_way:
            wait = self._under_way[0][0] - time.monotonic()
            if wait > 0:
                return wait
            self._target.send(self._under_way.popleft()[1])
        return 60.0


def carry(one: str, other: str, delay: float, loss: float) -> None:
    """Carry frames between two interfaces until one of them goes."""
    here, there = _end(one), _end(other)
    ways = [Direction(here, there, delay, loss), Direction(there, here, delay, loss)]
    while True:
        wait = min(way.deliver() for way in ways)
        readable, _, _ = select.select([here, there], [], [], wait)
        for way in ways:
            if way.source in readable:
                way.take()


def _end(name: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    end.setsockopt(_SOL_PACKET, _VNET_HEADER, struct.pack("i", 1))
    end.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, struct.pack("i", 1))
    end.bind((name, _EVERY_PROTOCOL))
    return end


if __name__ == "__main__":
    here, there, seconds, share = sys.argv[1:]
    try:
        carry(here, there, float(seconds), float(share))
    except OSError:  # the host's interface is gone, or ours
        subprocess.run(["ip", "link", "delete", "dev", there], capture_output=True, check=False)
