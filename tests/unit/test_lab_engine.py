"""How the lab starts an engine; none is started here."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab import engine
from lab.errors import LabError


class Started:
    """A dockerd that was started, and has ended with `code` if that is not None."""

    def __init__(self, code: int | None) -> None:
        self.returncode = code

    def poll(self) -> int | None:
        return self.returncode


def test_it_knows_nothing_of_the_login_it_was_started_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/0")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setattr(engine, "LOG", tmp_path / "log")
    monkeypatch.setattr("lab.machine.lacks_capabilities", lambda: False)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: given.update(options))
    engine._spawn()
    assert "XDG_RUNTIME_DIR" not in given["env"]
    assert given["env"]["HTTPS_PROXY"] == "http://proxy.example:3128"


@pytest.mark.parametrize("last, times", [(engine._GAVE_UP, 2), ("no such option", 1)])
def test_one_that_gave_up_on_a_slow_containerd_is_started_again_and_no_other(
    last: str, times: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    started: list[Started] = []

    def start() -> Started:
        log.write_text(f"msg=starting\n{'failed to start containerd: ' * (not started)}{last}\n")
        started.append(Started(1 if not started else None))
        return started[-1]

    monkeypatch.setattr(engine, "LOG", log)
    monkeypatch.setattr(engine, "_start", start)
    monkeypatch.setattr(engine, "_reached", lambda: object() if len(started) == 2 else None)
    if times == 1:
        with pytest.raises(LabError, match="ended with exit code 1.*no such option"):
            engine._start_until_it_answers()
    else:
        engine._start_until_it_answers()
    assert len(started) == times
