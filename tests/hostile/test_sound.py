"""Sound stub hosts are as wanted, for every command: what an odd one then shows is its own doing."""

from pathlib import Path

import pytest
from stage import Stage, refuse_oddities


@pytest.mark.parametrize("words", ["status", "plan --check", "preflight", "deploy-cluster"])
def test_sound_hosts_are_as_wanted(words: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    done = stage.fab(*words.split())
    stage.close()
    refuse_oddities(done)
    assert done.code == 0, done.said
