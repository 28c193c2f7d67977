"""A script of many steps, run for real: all or nothing when cut off, one at a time, told step by step."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import SHELLS, environment, run, stand_in

from lab import waiting
from tasks.plan.look.observed import LOCK
from tasks.plan.names import Id
from tasks.plan.script import BUSY, MARK, Progress, progress, readable, runnable
from tasks.plan.shell import FUNCTIONS, write
from tasks.plan.step import Action, Step


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def sh(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


def script(where: Path, *shells: str) -> str:
    """A runnable script of these steps, with its lock below `where`."""
    steps = [
        Step(Id.ZOOKEEPER_RUN, Action.RUN, f"step {i}", "missing", text)
        for i, text in enumerate(shells, start=1)
    ]
    text = runnable(steps)
    assert LOCK in text
    return text.replace(LOCK, str(where / "lock"))


def events(output: bytes) -> list[str]:
    """Begin and end, in order; the heartbeat left out."""
    lines = output.decode("utf-8", "backslashreplace").split("\n")
    found = [event for line in lines if (event := progress(line)) is not None]
    return [f"{event.event} {event.index}" for event in found if event.event != "alive"]


def test_every_step_tells_when_it_begins_and_ends(tmp_path: Path, sh: list[str]) -> None:
    done = run(script(tmp_path, "echo one\n", "echo two >&2\n"), tmp_path, shell=sh)
    assert done.returncode == 0
    assert events(done.stdout) == ["begin 0", "end 0", "begin 1", "end 1"]
    assert [line for line in done.stdout.decode().split("\n") if line and line[0] != MARK] == ["one", "two"]


@pytest.mark.parametrize("fails, code", [("false", 1), ("exit 3", 3), ("sh -c 'kill $$'", 143), ("$no", 0)])
def test_it_stops_at_the_first_step_that_fails_and_says_its_code(
    fails: str, code: int, tmp_path: Path, sh: list[str]
) -> None:
    done = run(script(tmp_path, "true\n", f"{fails}\ntouch went-on\n", "touch went-on\n"), tmp_path, shell=sh)
    assert done.returncode == code or (code == 0 and done.returncode != 0)
    assert events(done.stdout) == ["begin 0", "end 0", "begin 1"]
    assert not (tmp_path / "went-on").exists()


def test_a_script_that_is_cut_off_anywhere_does_nothing(tmp_path: Path, sh: list[str]) -> None:
    two = write(f"{tmp_path}/two", "a=1\n}\nb=2\n", f"{tmp_path}/two.next")
    whole = script(tmp_path, "touch one\n", two, "touch three\n").encode()
    tail = len(whole) - 60
    for end in (*range(0, tail, 9), *range(tail, len(whole) - 1)):
        run(whole[:end], tmp_path, shell=sh)
        assert not list(tmp_path.iterdir()), f"cut behind {whole[:end].decode()[-40:]!r}"
    assert run(whole, tmp_path, shell=sh).returncode == 0
    assert {file.name for file in tmp_path.iterdir()} == {"lock", "one", "two", "three"}


def test_a_program_that_reads_its_input_does_not_get_the_script(tmp_path: Path, sh: list[str]) -> None:
    done = run(script(tmp_path, "cat\n", "echo two\n"), tmp_path, shell=sh)
    assert events(done.stdout)[-1] == "end 1"
    assert b"step 2" not in done.stdout


def test_odd_bytes_and_unfinished_lines_of_programs_hide_no_event(tmp_path: Path, sh: list[str]) -> None:
    said = rb"printf '\377\000\033[1m\036odd \036begin 7 unfinished'"
    done = run(script(tmp_path, said.decode() + "\n", "true\n"), tmp_path, shell=sh)
    assert b"\xff\0\x1b[1m\x1eodd \x1ebegin 7 unfinished\n" in done.stdout
    assert events(done.stdout) == ["begin 0", "end 0", "begin 1", "end 1"]


@pytest.mark.parametrize(
    "line", ["", "begin 0", f"{MARK}", f"{MARK}begin", f"{MARK}begin x", f"x{MARK}end 0"]
)
def test_a_programs_own_words_are_no_event(line: str) -> None:
    assert progress(line) is None


def test_a_person_reads_the_same_shell_below_its_titles() -> None:
    steps = [
        Step(
            Id.ZOOKEEPER_MKDIRS, Action.MAKE_DIRECTORIES, "directory /opt/a", "missing", "mkdir -pv /opt/a\n"
        )
    ]
    assert readable(steps) == f"{FUNCTIONS}\n# 2.1  directory /opt/a\nmkdir -pv /opt/a\n"


# One at a time


@pytest.fixture
def background() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Scripts that a test runs beside itself; none outlives it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(text: str, where: Path, shell: list[str], bin: Path | None = None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        shell,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=where,
        env=environment(bin),
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    process.stdin = None
    return process


def test_every_command_asks_the_hosts_own_engine_whatever_its_environment_says(
    tmp_path: Path, sh: list[str]
) -> None:
    stand_in(tmp_path / "bin", "docker", "env | grep ^DOCKER_ | sort > asked")
    elsewhere = (
        "export DOCKER_HOST=tcp://10.9.9.9:2375 DOCKER_CONTEXT=other DOCKER_API_VERSION=1.20 "
        "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/nowhere DOCKER_DEFAULT_PLATFORM=linux/arm64 "
        "DOCKER_CONFIG=/etc/docker/client\n"
    )
    done = run(elsewhere + script(tmp_path, "docker pull x\n"), tmp_path, tmp_path / "bin", sh)
    assert done.returncode == 0
    assert (tmp_path / "asked").read_text().splitlines() == [
        "DOCKER_CONFIG=/etc/docker/client",
        "DOCKER_HOST=unix:///var/run/docker.sock",
    ]


def test_a_second_script_waits_for_the_first_and_then_goes_on(
    tmp_path: Path, sh: list[str], background: list[subprocess.Popen[bytes]]
) -> None:
    os.mkfifo(tmp_path / "go")
    os.mkfifo(tmp_path / "asked")
    os.mkfifo(tmp_path / "at work")
    stand_in(tmp_path / "bin", "flock", 'echo asked > asked; command -p flock "$@"')
    first = start(script(tmp_path, "echo > 'at work'; cat go; echo first >> log\n"), tmp_path, sh)
    background.append(first)
    (tmp_path / "at work").read_text()
    second = start(script(tmp_path, "echo second >> log\n"), tmp_path, sh, tmp_path / "bin")
    background.append(second)
    assert (tmp_path / "asked").read_text() == "asked\n"
    assert not (tmp_path / "log").exists()
    (tmp_path / "go").write_text("go\n")
    outputs = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert [events(output) for output in outputs] == [["begin 0", "end 0"]] * 2
    assert (tmp_path / "log").read_text() == "first\nsecond\n"


def test_nobody_but_its_owner_can_open_the_lock_not_even_one_that_stood_there(
    tmp_path: Path, sh: list[str]
) -> None:
    lock = tmp_path / "lock"
    for _ in range(2):
        assert run(script(tmp_path, "true\n"), tmp_path, shell=sh).returncode == 0
        assert lock.stat().st_mode & 0o777 == 0o600
        lock.chmod(0o644)


def test_a_script_that_waits_in_vain_says_so_by_its_code_and_does_nothing(
    tmp_path: Path, sh: list[str]
) -> None:
    stand_in(tmp_path / "bin", "flock", "exit 1")
    done = run(script(tmp_path, "touch went-on\n"), tmp_path, tmp_path / "bin", sh)
    assert done.returncode == BUSY
    assert events(done.stdout) == []
    assert not (tmp_path / "went-on").exists()


def test_long_work_gives_signs_of_life_and_leaves_no_shell_behind(
    tmp_path: Path, sh: list[str], background: list[subprocess.Popen[bytes]]
) -> None:
    os.mkfifo(tmp_path / "go")
    process = start(script(tmp_path, "cat go\n").replace("sleep 5", "sleep 0.02"), tmp_path, sh)
    background.append(process)
    assert process.stdout is not None
    while (event := progress(process.stdout.readline().decode().rstrip("\n"))) != Progress("alive", 0):
        assert event in (None, Progress("begin", 0))
    (tmp_path / "go").write_text("go\n")
    process.communicate(timeout=120)
    assert process.returncode == 0
    # The heart's shell has been told to end; that it does, and only that, is waited for.
    waiting.until("no shell to be left", 60, lambda: " ".join(shells_in_session(process.pid)) or None)


def shells_in_session(session: int) -> list[str]:
    return [name for name in names_in_session(session) if name != "sleep"]


def names_in_session(session: int) -> list[str]:
    """The names of the programs that run in a session, but for those that have ended."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = stat.read_text().rpartition(") ")
        except OSError:  # it ended meanwhile
            continue
        state, _, _, its_session = after.split()[:4]
        if int(its_session) == session and state != "Z":
            names.append(before.partition("(")[2])
    return names
