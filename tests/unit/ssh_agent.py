"""An ssh-agent on a socket of our own: holds keys, and signs, or does what else a test wants."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paramiko import Message, PKey

KEYS, SIGNATURE, FAILURE = 12, 14, 5


@contextmanager
def agent(path: Path, *keys: PKey, mute: bool = False, signs: bool | None = True) -> Iterator[list[bytes]]:
    """Have an agent at `path` that holds these keys; give those that it was asked to sign with.

    A mute one answers nothing. One that `signs` not refuses to, and with None waits for somebody's consent.
    """
    used: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(50)

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=_answer, args=(line, keys, used, mute, signs), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield used
        server.shutdown(socket.SHUT_RDWR)


def _answer(
    line: socket.socket, keys: tuple[PKey, ...], used: list[bytes], mute: bool, signs: bool | None
) -> None:
    with line:
        while mute and line.recv(100):
            pass
        while size := line.recv(4):
            asked = Message(line.recv(int.from_bytes(size, "big")))
            answer = Message()
            if asked.get_byte() == b"\x0b":
                answer.add_byte(bytes([KEYS])).add_int(len(keys))
                for key in keys:
                    answer.add_string(key.asbytes()).add_string("a comment")
            else:
                blob, data = asked.get_binary(), asked.get_binary()
                used.append(blob)
                if signs is None:
                    line.recv(100)  # until whoever waits gives up
                    return
                key = next(key for key in keys if key.asbytes() == blob)
                answer.add_byte(bytes([SIGNATURE if signs else FAILURE]))
                answer.add_string(key.sign_ssh_data(data).asbytes() if signs else b"")
            line.sendall(len(answer.asbytes()).to_bytes(4, "big") + answer.asbytes())
