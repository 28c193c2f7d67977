"""One odd host among sound ones ends no command: the others are shown, and it is told what is odd there."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from oddities import (
    ACTS,
    AGENT,
    FIELDS,
    MEMBER,
    NO_SSH,
    falls_silent,
    goes_on_for_ever,
    keeps_its_exit_code,
    mutant,
)
from stage import TRIO, Command, NoSshd, Part, Stage, agent, refuse_oddities

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

ODD = {f"agent: {name}": (agent(0), *told) for name, told in AGENT.items()}
ODD |= {f"member: {name}": (TRIO[2], *told) for name, told in MEMBER.items()}


@pytest.mark.parametrize("host, part, codes", ODD.values(), ids=ODD)
def test_the_sound_hosts_are_shown_beside_an_odd_one(
    host: str, part: Part, codes: frozenset[int], tmp_path: Path
) -> None:
    stage = Stage(tmp_path, {host: part})
    done = stage.fab("status", "--json")
    stage.close()
    refuse_oddities(done)
    shown = json.loads(done.out)["hosts"]
    assert done.code in codes, done
    assert len(shown) == 5 and shown[host]["reachable"] == (done.code != 3)
    sound = [one for name, one in shown.items() if name != host]
    assert {each["state"] for one in sound for each in one["components"].values()} == {"running"}


CROWD = {
    agent(place): part for place, part in enumerate([*(part for part, _ in AGENT.values()), *FIELDS.values()])
}


COMMANDS = (
    "status",
    "status --json",
    "plan",
    "plan --json",
    "preflight",
    "preflight --json",
    "deploy-cluster",
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Every odd agent at once, and a member whose services lie."""
    lies = MEMBER["services say what is a leader with markup"][0]
    stage = Stage(tmp_path_factory.mktemp("crowd"), CROWD | {TRIO[2]: lies}, len(CROWD))
    yield stage
    stage.close()


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_breaks_on_a_crowd_of_odd_hosts(words: str, crowd: Stage) -> None:
    done = crowd.fab(*words.split())
    refuse_oddities(done)
    assert done.code == 3, done
    if "--json" in words:
        assert json.loads(done.out)["error"]["exit_code"] == 3


def test_a_backup_through_hosts_that_forward_nothing_ends_in_a_sentence(crowd: Stage, tmp_path: Path) -> None:
    done = crowd.fab("backup", "--out", str(tmp_path))
    refuse_oddities(done)
    assert done.code == 6 and "ZooKeeper's tree cannot be read: " in done.said, done
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("part, code", ACTS.values(), ids=ACTS)
def test_a_deploy_goes_on_or_ends_in_a_sentence_whatever_a_step_says(
    part: Part, code: int, tmp_path: Path
) -> None:
    patience = 10 if code == 5 else 20  # a gate that is not to be reached is waited for to its end
    stage = Stage(tmp_path, {agent(0): part}, settings=f"gate_timeout={patience}")
    done = stage.fab("deploy-cluster")
    stage.close()
    refuse_oddities(done)
    assert done.code == code, done
    assert len(done.said) < 5000


MUTANTS = 40
"""So many mutants of a sound answer are looked at, each by its own seed: always the same ones."""


@pytest.mark.parametrize("words", ["status --json", "preflight --json", "plan --json"])
def test_no_command_breaks_on_real_answers_with_mutations(words: str, tmp_path: Path) -> None:
    agents = {agent(seed): mutant(seed) for seed in range(MUTANTS)}
    stage = Stage(tmp_path, agents | {TRIO[2]: mutant(MUTANTS)}, MUTANTS)
    done = stage.fab(*words.split())
    stage.close()
    refuse_oddities(done)
    assert json.loads(done.out)["error"]["exit_code"] == done.code == 3, done


HANGS: dict[str, Part] = {
    "after its first bytes": falls_silent,
    "without its exit code": keeps_its_exit_code,
}


def at_once(stage: Stage, *commands: str) -> list[Command]:
    """Run commands side by side: what they wait for takes each of them its time."""
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda words: stage.fab(*words.split()), commands))


def test_hosts_that_hang_are_given_up_after_30_seconds(tmp_path: Path) -> None:
    parts = {agent(place): part for place, part in enumerate(HANGS.values())}
    stage = Stage(tmp_path, parts)
    ran = at_once(stage, *COMMANDS)
    stage.close()
    for done in ran:
        refuse_oddities(done)
        assert done.code == 3, done
        assert f"{agent(0)}  it has been silent for 30 s" in re.sub("error  connection: ", "", done.said)


def test_what_is_no_sshd_is_a_host_that_cannot_be_reached(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {agent(i): NoSshd(act) for i, act in enumerate(NO_SSH.values())}, len(NO_SSH))
    status, deployed = at_once(stage, "status --json", "deploy-cluster")
    stage.close()
    for done in (status, deployed):
        refuse_oddities(done)
        assert done.code == 3, done
    hosts = json.loads(status.out)["hosts"]
    assert [name for name in hosts if hosts[name]["reachable"]] == list(TRIO)
    assert all(len(one["trouble"] or "") < 2000 for one in hosts.values())


def test_an_answer_without_end_is_given_up_after_32_megabytes(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {agent(0): goes_on_for_ever})
    done = stage.fab("status", "--json")
    stage.close()
    refuse_oddities(done)
    assert done.code == 3, done
    assert "it has said more than 32 MB and goes on" in json.loads(done.out)["hosts"][agent(0)]["trouble"]
