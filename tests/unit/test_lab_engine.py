"""How the lab starts an engine; none is started here."""

import subprocess
from pathlib import Path
from typing import cast

import pytest

from lab import engine
from lab.errors import LabError


class Started:
    """A dockerd that was started, and has ended with `code` if that is not None."""

    def __init__(self, code: int | None) -> None:
        self.returncode = code

    def poll(self) -> int | None:
        return self.returncode


def test_it_knows_nothing_of_the_login_it_was_started_from() -> None:
    proxy = {"HTTPS_PROXY": "http://proxy.example:3128"}
    assert engine.surroundings({"XDG_RUNTIME_DIR": "/run/user/0", **proxy}) == proxy


@pytest.mark.parametrize("last, times", [(engine.GAVE_UP, 2), ("no such option", 1)])
def test_one_that_gave_up_on_a_slow_containerd_is_started_again_and_no_other(
    last: str, times: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    started: list[Started] = []

    def start() -> "subprocess.Popen[bytes]":
        log.write_text(f"msg=starting\n{'failed to start containerd: ' * (not started)}{last}\n")
        started.append(Started(1 if not started else None))
        return cast("subprocess.Popen[bytes]", started[-1])

    def start_it() -> None:
        engine.start_until_it_answers(start, lambda: len(started) == 2, log)

    if times == 1:
        with pytest.raises(LabError, match="ended with exit code 1.*no such option"):
            start_it()
    else:
        start_it()
    assert len(started) == times
