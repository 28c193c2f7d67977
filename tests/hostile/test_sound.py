"""Sound stub hosts are as wanted, for every command: what an odd one then shows is its own doing."""

from pathlib import Path

import pytest
from oddities import lacks_its_container
from sshd import Sshd
from stage import TRIO, Stage, agent, refuse_oddities, soundly


@pytest.mark.parametrize("words", ["status", "plan --check", "preflight", "deploy-cluster"])
def test_sound_hosts_are_as_wanted(words: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    done = stage.fab(*words.split())
    stage.close()
    refuse_oddities(done)
    assert done.code == 0, done.said


def commands(stage: Stage, name: str) -> int:
    """Count the commands that a host was sent."""
    server = stage.servers[name]
    assert isinstance(server, Sshd)
    return len(server.commands)


def test_a_deploy_that_finds_nothing_to_do_is_one_command_a_host(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fab("deploy-cluster")
    stage.close()
    assert {name: commands(stage, name) for name in stage.servers} == dict.fromkeys(stage.servers, 1)


def test_a_deploy_with_its_preflight_is_one_command_to_look_and_one_to_act(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {agent(1): lacks_its_container(soundly)})
    done = stage.fab("deploy-cluster")
    stage.close()
    assert done.code == 0, done.said
    assert "5.2 run mesos-slave  changed" in done.said
    assert (commands(stage, agent(1)), commands(stage, TRIO[2])) == (2, 1)
