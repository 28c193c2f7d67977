"""The real `fab status --watch --web` before hosts: what its page shows, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from oddities import NO_SSH
from stage import PATIENCE, ROOT, TRIO, NoSshd, Stage


@pytest.mark.parametrize("lost, state, code", [(False, "ok", 0), (True, "unreachable", 3)])
def test_the_page_shows_what_the_terminal_does_until_ctrl_c(
    lost: bool, state: str, code: int, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, {TRIO[2]: NoSshd(NO_SSH["the end"])} if lost else {})
    printed = tmp_path / "printed"
    with printed.open("w") as file:
        watch = subprocess.Popen(
            [sys.executable, "-u", "-m", "fabric", "status", "--watch", "--web"],
            cwd=ROOT,
            env=os.environ | {"INVENTORY": str(tmp_path / "hosts.ini")},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        page = waited_for(printed, state)
        assert ("wrong: finding 1" in page) == lost
        watch.send_signal(signal.SIGINT)
        assert watch.wait(PATIENCE) == code, printed.read_text()
    finally:
        watch.kill()
        stage.close()
    assert "Traceback" not in printed.read_text()


def waited_for(printed: Path, state: str) -> str:
    """Return the page as soon as it and the terminal show this state; its URL is printed before all else."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        said = printed.read_text()
        url = re.match(r"The live picture, until Ctrl-C: (http://127\.0\.0\.1:\d+/\S+/)\n", said)
        if url and f" UTC: {state}\n" in said:
            page = requests.get(url[1], timeout=PATIENCE).text
            assert f"<h1>{state}</h1>" in page
            return page
        time.sleep(0.1)
    raise AssertionError(printed.read_text())
