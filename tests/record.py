"""Record a command in a terminal: python tests/record.py FILE COMMAND..., as asciicast v2.

`make record` does it with a deploy on the lab; `make docs` draws what is recorded (film.py).
"""

import codecs
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 100, 28
"""Columns and lines of the terminal."""


def recorded(command: Sequence[str], typed: str, width: int = WIDTH, height: int = HEIGHT) -> Iterator[str]:
    """Run a command in a terminal of its own, and give the lines of an asciicast, first what is `typed`."""
    yield json.dumps({"version": 2, "width": width, "height": height})
    yield json.dumps([0.0, "o", f"$ {typed}\r\n"])
    began, decoder = time.monotonic(), codecs.getincrementaldecoder("utf-8")("replace")
    for chunk in output(command, width, height):
        yield json.dumps([round(time.monotonic() - began, 3), "o", decoder.decode(chunk)])


def output(command: Sequence[str], width: int, height: int, **environment: str) -> Iterator[bytes]:
    """Give what a command writes to a terminal of this size, as it comes. Raises CalledProcessError."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    env = kept | {"TERM": "xterm-256color", **environment}
    run = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    try:
        while chunk := _read(ours):
            yield chunk
    finally:
        os.close(ours)  # which hangs up on a command that nobody listens to any more
        code = run.wait()
    if code:
        raise subprocess.CalledProcessError(code, list(command))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # as Linux has it when nobody holds the other end
        return b""


def main() -> None:
    """Record what the command line says; a command that fails leaves no recording."""
    file, *command = sys.argv[1:]
    typed = " ".join([Path(command[0]).name, *command[1:]])
    lines = [*recorded(command, typed)]
    Path(file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
