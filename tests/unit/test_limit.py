"""How long a host waits for an answer: longer where the machine shows that it is slow."""

import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from samples import SHELLS, run

from tasks.plan.look.sections import ASK, LIMIT


# How quick this machine is just now is no test's business: in a function's place nothing is started.
@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("start, limit", [(":", 2), ("sleep 0.1", 20)], ids=["quick", "slow"])
def test_it_is_2_seconds_and_grows_to_20_where_programs_are_slow_to_start(
    start: str, limit: int, shell: list[str], tmp_path: Path
) -> None:
    text = f"sh() {{ {start}; }}\n{LIMIT}echo $limit\n"
    assert min(int(run(text, tmp_path, shell=shell).stdout) for _ in range(3)) == limit


def test_a_service_that_is_slow_on_a_slow_machine_is_heard(tmp_path: Path) -> None:
    def answer() -> None:
        with listening.accept()[0] as connection:
            time.sleep(2.5)
            connection.sendall(b"imok")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        text = f"sh() {{ sleep 0.1; }}\n{LIMIT}{ASK}ask 127.0.0.1 {port} ruok\n"
        told = subprocess.run(["sh"], input=text, capture_output=True, text=True, timeout=30)
    assert told.stdout == "imok"
