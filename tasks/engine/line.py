"""The TCP connection under SSH, which delays no small packet and no acknowledgement."""

import socket
import sys
from typing import Any


class PromptSocket(socket.socket):
    """A socket that sends at once, as ssh's does, and acknowledges at once.

    Nagle's algorithm keeps a small packet back until the one before is acknowledged, which the other
    side delays by 40 ms. Here it is off; there it is on, so that no acknowledgement of ours is delayed.
    """

    def __init__(self, line: socket.socket):
        """Take an open socket over; it is of no use any more."""
        super().__init__(line.family, line.type, line.proto, line.detach())
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *data: Any) -> int:
        """Send, as any socket; the kernel delays acknowledgements again after each, if nothing is said."""
        sent = super().send(*data)
        if sys.platform == "linux":
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return sent
