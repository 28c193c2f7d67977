"""A preflight asked for real and read back; docker and what tells of the machine are stand-ins."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHELLS, first_node, run, stand_in

from tasks.inventory.cluster import Node
from tasks.plan import http
from tasks.plan.gate import Question
from tasks.plan.look import observed
from tasks.plan.look.docker import SeenImage
from tasks.plan.look.engine import HANGS, Offer, SeenEngine
from tasks.plan.look.observed import LOCK, Observed, Questions
from tasks.plan.look.sections import Unreadable
from tasks.plan.mesos_agent import upgrade
from tasks.plan.preflight import Look, judge
from tasks.plan.preflight.facts import FIRST, Facts, Room, lines, read
from tasks.plan.preflight.facts import script as behind_a_look
from tasks.plan.preflight.flows import Flow
from tasks.plan.runbook import CHAPTERS

BOUNDARY = "5f0c" * 8
HELD, MISSING = "zookeeper:3.4.12", "registry.example:5000/x/mesos:1.5.0"
MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 31 0:39 / /elsewhere rw,relatime - cgroup cgroup rw,memory
"""
INFO = '{"Driver":"overlay2","DockerRootDir":"/var/lib/engine","SecurityOptions":["name=seccomp"]}'
DOCKER = f"""\
case "$1 $2" in
"--version ") echo Docker version 29.0.1, build eedd969 ;;
"info --format") echo '{INFO}' ;;
"version --format") echo 29.0.1 1.44 ;;
"run --rm") echo "$*" >> started; echo 1.29 ;;
"ps -a") ;;
"inspect --format")
  shift 3
  for name; do [ "$name" = {HELD} ] && echo '{{"Id":"1"}}' || echo "Error: No such object: $name" >&2; done
  ;;
"system dial-stdio")
  read -r request; echo "$request" >> asked
  while read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
  timeout 0.1 cat; [ $? = 124 ] || exit 9  # an engine that sees the end of its input gives up
  printf 'HTTP/1.0 404 Not Found\\r\\n\\r\\n{{"message":"manifest unknown"}}'
  ;;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    where = tmp_path / "host"
    make_host(where)
    return where


def make_host(where: Path) -> None:
    """Make a directory with the stand-ins of a host, and its ZooKeeper's and agent's directories in it."""
    for name, script in {
        "docker": DOCKER,
        "date": "echo 1700000000",
        "uname": '[ "$1" = -n ] && echo node-10 || echo x86_64',
        "getent": "[ $# = 2 ] && printf '127.0.1.1       STREAM node-10\\n127.0.1.1       DGRAM\\n'",
        "cat": f'[ "$1" = /proc/self/mountinfo ] || exec /bin/cat "$@"; printf %s "{MOUNTS}"',
        "df": "printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n"
        "/dev/my disk 90000000 30000000 60000000 34%% /var/lib/a place\\n'",
        "ip": "echo '2: eth0    inet 10.70.0.10/24 scope global eth0'",
    }.items():
        stand_in(where / "bin", name, script)


def node(where: Path) -> Node:
    return first_node(f"zookeeper_dir={where}/zk\nmesos_agent_work_dir={where}/agent")[1]


CLIENTS = {HELD: "docker", MISSING: "docker"}
ASK = Questions(directories=("/nowhere/at/all", "/"), containers=("zookeeper",), images=(HELD, MISSING))


def answer(where: Path, shell: list[str] | None = None) -> str:
    text = observed.script(ASK, BOUNDARY, first=FIRST, last=lines(ASK, node(where), CLIENTS, (), {}))
    done = run(text.replace(LOCK, str(where / "lock")), where, where / "bin", shell)
    assert done.returncode == 0
    return done.stdout.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_everything_a_host_says_of_itself_is_read(host: Path, sh: list[str]) -> None:
    (host / "zk/data/version-2").mkdir(parents=True)
    (host / "zk/data/version-2/log.1").touch()
    (host / "agent/meta/slaves").mkdir(parents=True)
    (host / "agent/meta/slaves/latest").symlink_to(host / "agent/meta/slaves/7f3-S0")
    facts = read(answer(host, sh), BOUNDARY, ASK)
    assert facts.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert facts.memory and facts.free_memory and facts.memory > facts.free_memory > 0
    assert replace(facts, boot="", memory=None, free_memory=None) == Facts(
        clock=1700000000,
        architecture="x86_64",
        name="node-10",
        name_is=("127.0.1.1",),
        rooms={
            "/nowhere/at/all": Room("/nowhere/at/all", "/var/lib/a place", 58593),
            "/": Room("/", "/var/lib/a place", 58593),
        },
        docker=Room("/var/lib/engine", "/var/lib/a place", 58593),
        cgroups=(frozenset({"cpu", "cpuacct"}), frozenset({"freezer"}), frozenset({"name=systemd"})),
        service=facts.service,
        engine=SeenEngine(
            version="29.0.1",
            oldest_api="1.44",
            client=f"{host}/bin/docker {host}/bin/docker Docker version 29.0.1, build eedd969",
            root="/var/lib/engine",
            security=frozenset({"seccomp"}),
            spoken={HELD: "1.29"},
        ),
        offers={HELD: Offer(), MISSING: facts.offers[MISSING]},
        agent="7f3-S0",
        ensemble=True,
    )


def test_a_size_that_no_machine_has_is_not_read(host: Path) -> None:
    huge = "9" * 400
    told = re.sub(r"(\s)[0-9]+(\s+[0-9]+% |\s+kB\n)", rf"\g<1>{huge}\g<2>", answer(host, SHELLS[0]))
    facts = read(told, BOUNDARY, ASK)
    assert huge in told and facts.clock == 1700000000
    assert (facts.docker, facts.rooms, facts.memory, facts.free_memory) == (None, {}, None, None)


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_host_that_was_just_looked_at_says_the_same_without_being_looked_at_again(
    host: Path, sh: list[str]
) -> None:
    whole = read(answer(host, sh), BOUNDARY, ASK)
    seen = Observed(engine=True, images={HELD: SeenImage("1")})
    done = run(
        behind_a_look(seen, ASK, BOUNDARY, lines(ASK, node(host), CLIENTS, (), {})), host, host / "bin", sh
    )
    facts = read(done.stdout.decode(), BOUNDARY, ASK)
    assert replace(facts, free_memory=None) == replace(whole, free_memory=None)


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_the_engine_is_asked_for_missing_images_alone_and_its_input_stays_open(
    host: Path, sh: list[str]
) -> None:
    said = read(answer(host, sh), BOUNDARY, ASK).offers[MISSING]
    assert said == Offer(refusal=("manifest unknown",))
    assert (host / "asked").read_text().split() == ["GET", f"/distribution/{MISSING}/json", "HTTP/1.0"]


def test_a_silent_registry_is_waited_for_once(host: Path) -> None:
    stand_in(
        host / "bin",
        "timeout",
        '[ "${4-}" != docker ] || { shift 3; exec "$@"; }; [ "$2" != docker ] || exit 124',
    )
    missing = tuple(f"registry.example/{name}:1" for name in "abc")
    ask = replace(ASK, images=missing)
    text = observed.script(ask, BOUNDARY, first=FIRST, last=lines(ask, node(host), {}, (), {})).replace(
        LOCK, str(host / "lock")
    )
    out = run(text, host, host / "bin").stdout.decode()
    offers = read(out, BOUNDARY, ask).offers
    assert [offers[image] for image in missing] == [Offer(late=True), Offer(), Offer()]


def test_a_bare_host_has_no_leftovers(host: Path) -> None:
    facts = read(answer(host), BOUNDARY, ASK)
    assert (facts.agent, facts.ensemble) == ("", False)


def test_the_flows_that_a_host_needs_are_tried_in_the_same_look(host: Path) -> None:
    here = replace(node(host), address="127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        last = lines(ASK, node(host), {}, [Flow(here, "zookeeper", port), Flow(here, "zookeeper", 1)], {})
        text = observed.script(ASK, BOUNDARY, first=FIRST, last=last).replace(LOCK, str(host / "lock"))
        facts = read(run(text, host, host / "bin").stdout.decode(), BOUNDARY, ASK)
    assert facts.flows == {("127.0.0.1", port): "open", ("127.0.0.1", 1): "refused"}


def test_masters_are_asked_for_their_versions_behind_a_look(host: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as request:
                assert b"\r\n" in iter(request.readline, b"")
                connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"version":"1.5.0"}')

        pool.submit(serve)
        master = Question("127.0.0.1", server.getsockname()[1], http.get("/version"))
        rest = lines(ASK, node(host), {}, (), {f"{upgrade.VERSION}m": master})
        out = behind_a_look(Observed(engine=True), ASK, BOUNDARY, rest)
        facts = read(run(out, host, host / "bin").stdout.decode(), BOUNDARY, ASK)
    assert facts.masters == {"m": "1.5.0"}


def test_an_engine_that_hung_in_the_look_is_asked_nothing_more(host: Path) -> None:
    stand_in(host / "bin", "docker", 'echo "$*" >>asked')
    rest = lines(ASK, node(host), CLIENTS, (), {})
    run(behind_a_look(Observed(engine_error=f"{HANGS} 20 s"), ASK, BOUNDARY, rest), host, host / "bin")
    assert not (host / "asked").exists()


def test_nft_is_looked_for_only_where_there_is_to_be_a_firewall(host: Path) -> None:
    for firewall in (False, True):
        one = node(host)
        one = replace(one, settings=replace(one.settings, firewall=firewall))
        text = observed.script(ASK, BOUNDARY, first=FIRST, last=lines(ASK, one, {}, (), {}))
        text = text.replace(LOCK, str(host / "lock")).replace(" nft", " no-nft")
        out = run(text, host, host / "bin").stdout.decode().replace("no-nft", "nft")
        assert ("nft" in read(out, BOUNDARY, ASK).lacking) == firewall


def test_programs_that_are_missing_are_named(host: Path) -> None:
    text = observed.script(ASK, BOUNDARY, first=FIRST, last=lines(ASK, node(host), {}, (), {}))
    stand_in(host / "bin", "nothing", "")
    lacking = text.replace(LOCK, str(host / "lock")).replace("flock ip", "no-flock ip")
    out = run(lacking, host, host / "bin").stdout.decode().replace("no-flock", "flock")
    assert read(out, BOUNDARY, ASK).lacking == ("flock",)


@pytest.mark.parametrize(
    "script, name_is",
    [("exit 2", ()), ("exit 124", ()), ("exit 127", None), ("echo '::1 STREAM x'; exit 0", None)],
)
def test_a_name_that_does_not_resolve_is_told_from_one_that_nobody_could_ask_for(
    script: str, name_is: tuple[str, ...] | None, host: Path
) -> None:
    stand_in(host / "bin", "getent", script)
    assert read(answer(host), BOUNDARY, ASK).name_is == name_is


@pytest.mark.parametrize(
    "tool, script, said",
    [
        ("flock", 'echo "flock: unrecognized option: w" >&2; echo "Usage: flock [-sxun] FD" >&2; exit 1',
         "flock: unrecognized option: w"),
        ("flock", "echo 'flock: applet not found' >&2; exit 127", "flock: applet not found"),
        ("timeout", "echo \"timeout: can't execute '-s'\" >&2; exit 126", "timeout: can't execute '-s'"),
        ("stat", "echo \"stat: invalid option -- 'L'\" >&2; exit 1", "stat: invalid option -- 'L'"),
        ("ss", "echo 'ss: cannot open netlink socket' >&2; exit 1", "ss: cannot open netlink socket"),
    ],
)  # fmt: skip
def test_programs_that_cannot_do_what_they_must_are_named_with_what_they_say(
    tool: str, script: str, said: str, host: Path
) -> None:
    stand_in(host / "bin", tool, script)
    facts = read(answer(host), BOUNDARY, ASK)
    assert facts.unfit == {tool: said}
    cluster, one = first_node()
    found = judge(CHAPTERS, cluster, {one.name: Look(Observed(engine=True), facts, 0, 1)}, {}).findings
    (line,) = [str(each) for each in found if each.check == "tool"]
    assert f"its {tool} cannot " in line and f"says {said!r}. Install that of " in line


def test_a_lock_that_is_only_not_free_in_time_is_no_fault_of_flock(host: Path) -> None:
    stand_in(host / "bin", "flock", "exit 1")
    assert read(answer(host), BOUNDARY, ASK).unfit == {}


def test_an_old_ss_that_knows_no_way_to_leave_its_header_out_is_good_enough(host: Path) -> None:
    header = "State   Recv-Q Send-Q Local Address:Port  Peer Address:Port"
    socket = 'LISTEN  0      50     *:2181              *:*    users:(("java",pid=7,fd=46))'
    refusal = "ss: invalid option -- 'H'"
    old = f"case $* in *H*) echo \"{refusal}\" >&2; exit 255 ;; esac; printf '%s\\n' '{header}' '{socket}'"
    stand_in(host / "bin", "ss", old)
    said = answer(host)
    assert read(said, BOUNDARY, ASK).unfit == {}
    assert observed.read(said, BOUNDARY, ASK).listeners == {2181: "java (pid 7)"}


def test_what_the_host_tells_docker_of_engines_is_read_before_runs_choose_its_own(host: Path) -> None:
    stand_in(
        host / "bin",
        "docker",
        DOCKER.replace("case", 'echo "$DOCKER_HOST $DOCKER_CONTEXT" >> hosts; case', 1),
    )
    (host / "client").mkdir()
    config = {"proxies": {"default": {"httpProxy": "http://u:p@proxy:3128"}}, "currentContext": "far away"}
    (host / "client/config.json").write_text(json.dumps(config, indent=8))
    told = f"export DOCKER_HOST=tcp://10.9.9.9:1 DOCKER_CONTEXT=x DOCKER_CONFIG={host}/client"
    text = observed.script(ASK, BOUNDARY, first=FIRST, last=lines(ASK, node(host), {}, (), {}))
    done = run(f"{told}\n{text}".replace(LOCK, str(host / "lock")), host, host / "bin")
    facts = read(done.stdout.decode(), BOUNDARY, ASK)
    assert facts.engine.environment == {
        "DOCKER_HOST": "tcp://10.9.9.9:1",
        "DOCKER_CONTEXT": "x",
        "currentContext": "far away",
    }
    assert set((host / "hosts").read_text().splitlines()) == {"unix:///var/run/docker.sock "}
    assert b"proxy:3128" not in done.stdout


PODMAN = """\
echo 'Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.' >&2
case "$1" in
--version) echo podman version 4.3.1 ;;
info) echo '{"host":{"arch":"amd64"},"store":{"graphRoot":"/var/lib/containers/storage"},"version":{}}' ;;
version) echo 'Error: template: version:1:2: <.Server.Version>: nil pointer evaluating' >&2; exit 125 ;;
ps) exit PS ;;
inspect) shift 3; for name; do echo "Error: no such object: \\"$name\\"" >&2; done; exit 125 ;;
esac
"""


@pytest.mark.parametrize("ps", ["0", "125"])
def test_podman_in_place_of_docker_is_one_finding_of_its_own(ps: str, host: Path) -> None:
    stand_in(host / "bin", "docker", PODMAN.replace("PS", ps))
    said = answer(host)
    cluster, one = first_node()
    look = Look(observed.read(said, BOUNDARY, ASK), read(said, BOUNDARY, ASK), 0, 1)
    found = judge(CHAPTERS, cluster, {one.name: look}, {}).findings
    assert [each.check for each in found if each.check.startswith("docker")] == ["docker-podman"]
    assert "docker is podman here (podman version 4.3.1)" in " ".join(map(str, found))


def test_without_an_engine_its_usual_directory_is_looked_at(host: Path) -> None:
    stand_in(host / "bin", "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    facts = read(answer(host), BOUNDARY, ASK)
    assert facts.docker and facts.docker.path == "/var/lib/docker"
    assert facts.engine == SeenEngine(client=facts.engine.client)
    assert facts.offers == {HELD: Offer(), MISSING: Offer()}, "nobody could tell what the host holds"


@pytest.mark.parametrize(
    "said, lost",
    {
        "Debian's, whose tini tells no commit": ('"InitBinary":"docker-init","InitCommit":{"ID":""}', ""),
        "docker-ce's": ('"InitBinary":"docker-init","InitCommit":{"ID":"de40ad0","Expected":"de40ad0"}', ""),
        "missing": ('"InitBinary":"docker-init","InitCommit":{"ID":"N/A","Expected":"N/A"}', "docker-init"),
        "an init-path that leads nowhere": ('"InitBinary":"/opt/i","InitCommit":{"ID":"N/A"}', "/opt/i"),
        "an engine that does not say": ('"InitCommit":{"ID":"N/A"}', "docker-init"),
        "no answer of this kind": ('"InitBinary":["x"],"InitCommit":[1]', ""),
    }.values(),
)
def test_an_engine_without_a_program_for_init_is_known_by_its_commit(
    said: str, lost: str, host: Path
) -> None:
    stand_in(host / "bin", "docker", DOCKER.replace(INFO, f"{INFO[:-1]},{said}}}"))
    assert read(answer(host), BOUNDARY, ASK).engine.lost_init == lost


def test_an_engine_that_does_not_say_its_oldest_api_still_has_its_version(host: Path) -> None:
    stand_in(host / "bin", "docker", DOCKER.replace("29.0.1 1.44", "19.03.15"))
    facts = read(answer(host), BOUNDARY, ASK)
    assert (facts.engine.version, facts.engine.oldest_api) == ("19.03.15", "")


def test_looking_changes_nothing(host: Path) -> None:
    stand_in(host / "bin", "docker", "exit 1")

    def tree() -> dict[str, tuple[int, int, int]]:
        stats = {str(path): path.lstat() for path in [host, *host.rglob("*")]}
        return {path: (stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}

    before = tree()
    answer(host)
    assert tree() == before


# Answers that are none


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> str:
    where = tmp_path_factory.mktemp("well")
    make_host(where)
    return answer(where)


GARBAGE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("exit 2\n", "HTTP/1.0 200 OK\r\n\r\n[]", f"\n{BOUNDARY} clock\n", "²", "\n", '{"message":1}')
    ),
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), garbage=GARBAGE)
def test_garbage_in_an_answer_is_refused_or_becomes_findings_but_never_crashes(
    data: st.DataObject, garbage: str, well: str
) -> None:
    start = data.draw(st.integers(0, len(well)))
    end = data.draw(st.integers(start, min(len(well), start + 40)))
    cluster, one = first_node()
    try:
        facts = read(well[:start] + garbage + well[end:], BOUNDARY, ASK)
    except Unreadable as error:
        assert str(error)
        return
    look = Look(Observed(engine=True), facts, 0, 1)
    assert all(str(finding) for finding in judge(CHAPTERS, cluster, {one.name: look}, {}).findings)
