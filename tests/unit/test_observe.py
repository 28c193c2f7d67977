"""The observation, run for real and read back; docker, ss, ip and timeout are stand-ins."""

import fcntl
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker_answers import container
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHELLS, run, stand_in

from tasks.plan.desired import Mount
from tasks.plan.gate import Question
from tasks.plan.look import mounts
from tasks.plan.look.docker import OF_LATE, End, SeenContainer
from tasks.plan.look.engine import HANGS, WAIT
from tasks.plan.look.mounts import Held
from tasks.plan.look.observed import LOCK, Observed, Questions, read, script
from tasks.plan.look.sections import PATIENCE, Unreadable, split

BOUNDARY = "5f0c" * 8
LINKS = """\
1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet 10.70.0.10/24 brd 10.70.0.255 scope global eth0
3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0
"""
SOCKETS = """\
LISTEN 0      50                     *:2181             *:*    users:(("java",pid=123,fd=46))
LISTEN 0      128            127.0.0.1:5050       0.0.0.0:*    users:(("mesos-master",pid=9,fd=5))
LISTEN 0      128                 [::]:22            [::]:*    users:(("sshd",pid=1,fd=4),("sshd",pid=2,fd=4))
LISTEN 0      128         [fe80::1%eth0]:8080        [::]:*
"""
DOCKER = """\
# a stand-in: answers as docker does, from files below containers/ and images/
[ ! -e broken ] || { cat broken >&2; exit 1; }
[ "$1" != ps ] || { cat clusters; exit; }
shift 3
for name; do
  for place in containers images; do
    [ ! -e "$place/$name" ] || { cat "$place/$name"; continue 2; }
  done
  missing="${missing:-}Error: No such object: $name
"
done
printf %s "${missing:-}" >&2; [ -z "${missing:-}" ]
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory with the stand-ins of a host on which all is well and nothing is deployed."""
    where = tmp_path / "host"
    make_host(where)
    return where


def make_host(where: Path) -> None:
    for directory in ("containers", "images"):
        (where / directory).mkdir(parents=True)
    (where / "clusters").touch()
    stand_in(where / "bin", "docker", DOCKER)
    stand_in(where / "bin", "ip", f"cat <<'EOF'\n{LINKS}EOF")
    stand_in(where / "bin", "ss", f"cat <<'EOF'\n{SOCKETS}EOF")
    stand_in(
        where / "bin",
        "timeout",
        '[ "${4-}" != docker ] || { shift 3; exec "$@"; }; printf "Mode: follower\\n"',
    )


def answer(host: Path, ask: Questions, shell: list[str] | None = None) -> str:
    """What a host says to the script."""
    text = script(ask, BOUNDARY)
    assert LOCK in text
    text = text.replace(LOCK, str(host / "lock")).replace("-w 5", "-w 0.01").replace("-lt 12", "-lt 2")
    done = run(text, host, host / "bin", shell)
    assert done.returncode == 0
    return done.stdout.decode("utf-8", "backslashreplace")


def look(host: Path, ask: Questions, shell: list[str] | None = None) -> Observed:
    return read(answer(host, ask, shell), BOUNDARY, ask)


def report(**state: Any) -> str:
    """What docker says of a container."""
    told = container({"Env": [], "Labels": None, "Binds": None}, "sha256:1")
    told["State"] |= state
    return json.dumps(told, separators=(",", ":")) + "\n"


def test_what_a_directory_of_data_holds_is_told_by_name(host: Path) -> None:
    (host / "version-2").mkdir()
    (host / "version-2/log.1").touch()
    asked = Questions(holdings=(f"{host}/version-2", f"{host}/none"))
    assert look(host, asked).holdings == {f"{host}/version-2": ("log.1",), f"{host}/none": ()}


def test_containers_of_all_clusters_are_told(host: Path) -> None:
    (host / "clusters").write_text("zookeeper red\nmesos-slave blue\n")
    assert look(host, DOCKERS).clusters == {"zookeeper": "red", "mesos-slave": "blue"}


def test_a_directory_made_again_under_a_running_container_is_noticed(host: Path) -> None:
    for name in ("as it was", "made again"):
        (host / name).mkdir()
    (host / "containers/zookeeper").write_text(report(Pid=os.getpid(), Error='"Pid":1'))
    seen = Mount(f"{host}/as it was", f"{host}/as it was")
    lost = Mount(f"{host}/made again", f"{host}/as it was")
    gone = Mount(f"{host}/gone", f"{host}/as it was")
    kept = tuple(("zookeeper", mount) for mount in (seen, lost, gone))
    asked = Questions(containers=("zookeeper",), kept=kept)
    held = look(host, asked).held
    assert {path: one.lost for (_, path), one in held.items()} == {
        seen.host: False,
        lost.host: True,
        gone.host: True,
    }
    assert not any(one.read_only for one in held.values())
    assert all(one.free and one.free > 0 for one in held.values())
    # As docker says of one that does not run.
    (host / "containers/zookeeper").write_text(report(Pid=0, Status="exited"))
    assert look(host, asked).held == {}


def test_a_directory_that_nobody_can_write_to_is_noticed(host: Path) -> None:
    (host / "containers/zookeeper").write_text(report(Pid=os.getpid()))
    # Nothing can be made there, and `test -w` knows that of root, too, where /sys is mounted read-only.
    fixed = next((path for path in ("/sys/kernel", "/proc/sys") if not os.access(path, os.W_OK)), None)
    if fixed is None:
        pytest.skip("this machine has no directory that root cannot write to")
    asked = Questions(containers=("zookeeper",), kept=(("zookeeper", Mount(fixed, fixed)),))
    assert look(host, asked).held["zookeeper", fixed].read_only


def test_a_mount_is_told_as_its_host_and_its_process_have_it() -> None:
    kept = (("zookeeper", Mount("/opt/data", "/data")),)
    seen = {"zookeeper": SeenContainer(status="running", pid=9)}
    inside = "is 1:2 41ed /proc/9/root/data\nfree 8000 4096 /proc/9/root/data"
    for told, held in (
        (f"{inside}\nis 1:2 41ed /opt/data", Held(free=32)),
        (f"{inside}\nis 1:2 41ed /opt/data\nfixed /opt/data", Held(read_only=True, free=32)),
        (f"{inside}\nis 1:2 41ed /opt/data\nfixed /proc/9/root/data", Held(read_only=True, free=32)),
        (f"{inside}\nis 1:3 41ed /opt/data", Held(lost=True, free=32)),
        (inside, Held(lost=True, free=32)),
    ):
        assert mounts.read(told, kept, seen) == {("zookeeper", "/opt/data"): held}
    socket = "is 1:2 c1a4 /proc/9/root/data\nis 1:2 c1a4 /opt/data\nfree 1 4096 /proc/9/root/data"
    assert mounts.read(socket, kept, seen) == {("zookeeper", "/opt/data"): Held()}  # it needs no room
    assert mounts.read("is 1:2 41ed /opt/data", kept, seen) == mounts.read(inside, kept, {}) == {}


ENDED = {"Restarting": True, "Running": True, "Status": "restarting", "ExitCode": 1, "Pid": 0}


def test_what_has_ended_tells_when_how_and_with_which_last_words(host: Path) -> None:
    stand_in(host / "bin", "timeout", 'shift; exec "$@"')
    logs = '[ "$1" != logs ] || { echo "about $4" >&2; exit; }'
    events = f"""[ "$*" = "${{*#events --since * --until}}" ] || {{ echo {"e" * 64} $(($5 - $3)); exit; }}"""
    docker = DOCKER.replace("shift 3", f"{logs}\n{events}\nshift 3")
    stand_in(host / "bin", "docker", docker)
    told = report(**ENDED, FinishedAt="2026-11-30T12:01:07.5Z", Error="", OOMKilled=True)
    (host / "containers/zookeeper").write_text(told)
    seen = look(host, DOCKERS)
    assert seen.container("zookeeper").end == End("2026-11-30T12:01:07.5Z", 1, "", True)
    assert seen.logs["zookeeper"] == ("about zookeeper",) and seen.logs["marathon-1"] == ()
    assert seen.now is not None and seen.now > 1_700_000_000
    assert seen.ends == {"e" * 64: (60 * OF_LATE,)}


def test_of_a_container_that_runs_well_no_log_is_read(host: Path) -> None:
    (host / "containers/zookeeper").write_text(report(FinishedAt="0001-01-01T00:00:00Z"))
    seen = look(host, DOCKERS)
    assert (seen.now, seen.logs["zookeeper"], seen.container("zookeeper").end) == (None, (), None)


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_vital_question_that_is_taken_and_not_answered_is_asked_again_and_told(
    host: Path, sh: list[str]
) -> None:
    stand_in(host / "bin", "timeout", 'echo "$1" >> asked; exit 124')
    words = {name: Question("10.70.0.10", 2181, name) for name in ("srvr", "mntr")}
    seen = look(host, Questions(words=words, vital=frozenset({"srvr"})), sh)
    assert seen.hanging == {"srvr"} and seen.answers == {"srvr": "", "mntr": ""}
    asked = sorted(map(int, (host / "asked").read_text().split()))
    limit = next(seconds for seconds in asked if asked.count(seconds) > 1)
    assert asked == sorted([limit, limit, min(PATIENCE, 27 - limit)])


def test_who_answers_late_does_not_hang(host: Path) -> None:
    stand_in(host / "bin", "timeout", "[ -e asked ] || { touch asked; exit 124; }; printf late")
    words = {"srvr": Question("10.70.0.10", 2181, "srvr")}
    seen = look(host, Questions(words=words, vital=frozenset({"srvr"})))
    assert (seen.hanging, seen.answers) == (frozenset(), {"srvr": "late"})


DOCKERS = Questions(containers=("zookeeper", "marathon-1"), images=("zookeeper:3.4.12", "m:1"))


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_hosts_own_facts_are_read(host: Path, sh: list[str]) -> None:
    ask = Questions(containers=("zookeeper",), words={"zookeeper srvr": Question("10.70.0.10", 2181, "srvr")})
    seen = look(host, ask, sh)
    assert seen.addresses == {"127.0.0.1", "10.70.0.10", "10.8.0.1"}
    assert (seen.user, seen.busy) == (os.getuid(), False)
    assert (seen.engine, seen.engine_error, seen.containers, seen.images) == (True, "", {}, {})
    assert seen.answers == {"zookeeper srvr": "Mode: follower"}


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_question_may_depend_on_the_answer_before(host: Path, sh: list[str]) -> None:
    at = ("10.70.0.10", 2181)
    words = {
        "first": Question(*at, "srvr"),
        "second": Question(*at, "mntr", behind="Mode: follower"),
        "third": Question(*at, "mntr", behind="Mode: leader"),
    }
    answers = look(host, Questions(words=words), sh).answers
    assert answers == {"first": "Mode: follower", "second": "Mode: follower", "third": ""}


def test_what_listens_on_the_loopback_alone_is_told(host: Path) -> None:
    more = "".join(
        f"LISTEN 0 128 {at} *:*\n"
        for at in ("[::1]:7001", "[::ffff:127.0.0.1]:7001", "127.0.1.1:7002", "*:7002")
    )
    stand_in(host / "bin", "ss", f"cat <<'EOF'\n{SOCKETS}{more}EOF")
    assert look(host, DOCKERS).loopback == {5050, 7001}


def test_listeners_of_all_families_are_read_with_their_process(host: Path) -> None:
    assert look(host, DOCKERS).listeners == {
        2181: "java (pid 123)",
        5050: "mesos-master (pid 9)",
        22: "sshd (pid 1)",
        8080: "an unknown process",
    }


# Files

CONTENTS = {
    "with a last line end": b"a=1\nb=2\n",
    "without": b"a=1\nb=2",
    "only line ends": b"\n\n\n",
    "begins with a line end": b"\na=1\n",
    "binary": bytes(range(1, 256)),
    "with NUL": b"a\0b\n",
    "a boundary of somebody else": b"\n0000 user\n0\n\n0000 end\n",
}


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_a_file_comes_back_exactly(content: bytes, host: Path, sh: list[str]) -> None:
    path = str(host / "it's a file")
    Path(path).write_bytes(content)
    seen = look(host, Questions(files=(path,)), sh).path(path)
    assert (seen.kind, seen.text) == ("regular file", content.decode("utf-8", "backslashreplace"))


@settings(max_examples=15, deadline=None)
@given(contents=st.lists(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), max_size=6))
def test_any_files_come_back_exactly(contents: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    host = tmp_path_factory.mktemp("files")
    make_host(host)
    paths = tuple(str(host / f"file {i}") for i in range(len(contents)))
    for path, content in zip(paths, contents, strict=True):
        Path(path).write_bytes(content)
    seen = look(host, Questions(files=paths))
    texts = [seen.path(path).text for path in paths]
    assert texts == [content.decode("utf-8", "backslashreplace") for content in contents]


def test_what_stands_at_a_path_is_told(host: Path) -> None:
    (host / "empty").write_text("")
    (host / "directory").mkdir()
    (host / "to directory").symlink_to(host / "directory")
    (host / "to nowhere").symlink_to(host / "nowhere")
    os.mkfifo(host / "fifo")
    names = ("empty", "directory", "to directory", "to nowhere", "fifo", "missing")
    seen = look(host, Questions(files=tuple(str(host / name) for name in names)))
    assert [(name, seen.path(str(host / name)).kind) for name in names] == [
        ("empty", "regular empty file"),
        ("directory", "directory"),
        ("to directory", "directory"),
        ("to nowhere", "absent"),
        ("fifo", "fifo"),
        ("missing", "absent"),
    ]


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_the_rights_of_all_paths_are_told(host: Path, sh: list[str]) -> None:
    modes = {"open": 0o666, "closed": 0o7, "with bits": 0o4640, "directory": 0o3775}
    for name, mode in modes.items():
        (host / name).mkdir() if name == "directory" else (host / name).touch()
        (host / name).chmod(mode)
    (host / "link").symlink_to(host / "open")
    files = ("open", "with bits", "link", "missing")
    ask = Questions(
        files=tuple(str(host / name) for name in files),
        unlinked=(str(host / "closed"),),
        directories=(str(host / "directory"),),
    )
    seen = look(host, ask, sh)
    told = {name: seen.path(str(host / name)) for name in (*modes, "link", "missing")}
    assert {name: path.mode for name, path in told.items()} == {
        "open": "666",
        "closed": "007",
        "with bits": "640",
        "directory": "775",
        "link": "666",
        "missing": "",
    }
    assert {path.owner for path in told.values()} == {str(os.geteuid()), ""}


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_link_that_may_lead_anywhere_is_told_and_what_it_leads_to_is_not(host: Path, sh: list[str]) -> None:
    (host / "secret").write_text("root:x:0:0\n")
    (host / "myid").symlink_to(host / "secret")
    path = str(host / "myid")
    text = answer(host, Questions(unlinked=(path,)), sh)
    assert "root:x" not in text
    assert read(text, BOUNDARY, Questions(unlinked=(path,))).path(path).kind == "symbolic link"


def test_looking_changes_nothing(host: Path) -> None:
    (host / "zoo.cfg").write_text("a=1\n")
    (host / "lock").write_text("")
    ask = Questions(files=(str(host / "zoo.cfg"),), directories=(str(host / "data"),), containers=("z",))

    def tree() -> dict[str, tuple[int, int, int]]:
        stats = {str(path): path.lstat() for path in [host, *host.rglob("*")]}
        return {path: (stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}

    before = tree()
    look(host, ask)
    assert tree() == before


# Docker

NAMES = (*DOCKERS.containers, "zookeeper.prev", "marathon-1.next", "x.failed", *DOCKERS.images)


@settings(max_examples=15, deadline=None)
@given(there=st.sets(st.sampled_from(NAMES)))
def test_objects_are_told_apart_wherever_others_are_missing(
    there: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    host = tmp_path_factory.mktemp("objects")
    make_host(host)
    for name in there:
        if ":" in name:
            (host / "images" / name).write_text(f'{{"Id":"{name}"}}\n')
        else:
            (host / "containers" / name).write_text(report(Status=name))
    (host / "clusters").write_text("".join(f"{name} red\n" for name in there if ":" not in name))
    seen = look(host, DOCKERS)
    told = {name: one.status for name, one in seen.containers.items()}
    told |= {name: one.id for name, one in seen.images.items()}
    assert told == {name: name for name in there}


def test_an_image_called_like_a_container_is_not_taken_for_it(host: Path) -> None:
    (host / "images" / "zookeeper").write_text('{"RepoTags":["zookeeper:latest"]}\n')
    seen = look(host, DOCKERS)
    assert (seen.containers, seen.images) == ({}, {})


BROKEN = {
    "stopped": "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?",
    "forbidden": "permission denied while trying to connect to the Docker daemon socket",
}


@pytest.mark.parametrize("words", BROKEN.values(), ids=BROKEN.keys())
def test_an_engine_that_does_not_answer_is_told_in_its_own_words(words: str, host: Path) -> None:
    (host / "broken").write_text(words + "\n")
    seen = look(host, DOCKERS)
    assert (seen.engine, seen.engine_error, seen.containers) == (False, words, {})


def test_a_look_starts_dockers_client_twice(host: Path) -> None:
    stand_in(host / "bin", "docker", f'echo "$1" >> starts\n{DOCKER}')
    look(host, DOCKERS)
    assert (host / "starts").read_text().split() == ["ps", "inspect"]


def test_a_host_without_docker_is_told_by_the_shells_words(host: Path) -> None:
    text = re.sub(r"\bdocker (?=ps|inspect)", "no-such-docker ", script(DOCKERS, BOUNDARY))
    done = run(text.replace(LOCK, str(host / "lock")), host, host / "bin")
    seen = read(done.stdout.decode(), BOUNDARY, DOCKERS)
    assert not seen.engine and "not found" in seen.engine_error


HUNG = {"any question": "*)", "a question about its containers": "'inspect '*)"}


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("questions", HUNG.values(), ids=HUNG.keys())
def test_an_engine_that_hangs_is_told_in_time_and_its_client_is_gone(
    host: Path, questions: str, sh: list[str]
) -> None:
    (host / "bin/timeout").unlink()
    stand_in(host / "bin", "docker", f'case "$* " in {questions} echo $$ >>clients; exec sleep 600 ;; esac')
    last = "part last; docker ps -a || echo in vain; part again; docker version || echo in vain"
    text = script(DOCKERS, BOUNDARY, last=last).replace(LOCK, str(host / "lock"))
    assert f"KILL {WAIT} docker" in text
    said = run(text.replace(f"KILL {WAIT} docker", "KILL 0.5 docker"), host, host / "bin", sh).stdout.decode()
    seen = read(said, BOUNDARY, DOCKERS)
    assert (seen.engine, seen.engine_error, seen.containers) == (False, f"{HANGS} {WAIT} s", {})
    assert all(split(said, BOUNDARY)[part].count("in vain") == 1 for part in ("last", "again"))
    (client,) = map(int, (host / "clients").read_text().split())  # it was asked once
    with suppress(FileNotFoundError):
        assert not Path(f"/proc/{client}/cmdline").read_text(), "it is at most a zombie, which holds nothing"


def test_a_warning_of_the_docker_client_does_not_hide_the_engine(host: Path) -> None:
    warning = "echo 'WARNING: Error loading config file: permission denied' >&2"
    stand_in(host / "bin", "docker", f"{warning}\n{DOCKER}")
    (host / "clusters").write_text("zookeeper red\n")
    (host / "containers/zookeeper").write_text(report())
    seen = look(host, DOCKERS)
    assert (seen.engine, seen.clusters, set(seen.containers)) == (True, {"zookeeper": "red"}, {"zookeeper"})


def test_an_engine_that_dies_between_two_questions_is_not_taken_for_an_empty_one(host: Path) -> None:
    stand_in(host / "bin", "docker", f'[ "$1" != ps ] || exit 0; echo "{BROKEN["stopped"]}"')
    with pytest.raises(Unreadable, match="docker inspect told of 0 objects"):
        look(host, DOCKERS)


# Others at work


def test_a_lock_that_somebody_holds_means_busy(host: Path) -> None:
    with (host / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert look(host, Questions()).busy


def test_a_lock_that_nobody_holds_means_nothing(host: Path) -> None:
    (host / "lock").write_text("")
    assert not look(host, Questions()).busy


# Answers that are none


def test_an_answer_that_is_cut_off_anywhere_is_refused(host: Path) -> None:
    whole = answer(host, Questions(files=("/nowhere",)))
    end = whole.index(f"\n{BOUNDARY} end")
    for length in range(0, end + len(f"\n{BOUNDARY} end")):
        with pytest.raises(Unreadable, match="is incomplete|did not run"):
            split(whole[:length], BOUNDARY)


def test_a_user_without_a_login_shell_is_told() -> None:
    with pytest.raises(Unreadable, match=r"said: This account is .* available\. Does this user have a login"):
        split("This account is currently not available.\n", BOUNDARY)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a host on which something is deployed says."""
    host = tmp_path_factory.mktemp("well")
    make_host(host)
    (host / "containers" / "zookeeper").write_text(report())
    return answer(host, DOCKERS)


GARBAGE = st.one_of(
    st.text(max_size=20), st.sampled_from(("{", "}", "\n{[", f"\n{BOUNDARY} user\n", "²", "\n"))
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), garbage=GARBAGE)
def test_garbage_in_an_answer_is_refused_or_read_but_never_crashes(
    data: st.DataObject, garbage: str, well: str
) -> None:
    start = data.draw(st.integers(0, len(well)))
    end = data.draw(st.integers(start, min(len(well), start + 40)))
    try:
        assert isinstance(read(well[:start] + garbage + well[end:], BOUNDARY, DOCKERS), Observed)
    except Unreadable as error:
        assert str(error)
