"""The shell of single steps, run for real: files, HOST_IP's line, docker's words (docker is a stand-in)."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHELLS, run, stand_in

from tasks.plan import shell
from tasks.plan.desired import Container, File, Image, Mount
from tasks.plan.desired.every_host import profile_line
from tasks.plan.names import Id

ADDRESS = "10.70.0.10"

LINE = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\n")),
    st.sampled_from(
        (
            "END",
            "END_",
            "END__",
            " END",
            "\\",
            "$(touch hit)",
            "`touch hit`",
            "${HOME}",
            "'\"",
            "\x01\x7f\x81\\\x01",
        )
    ),
)
TEXT = st.lists(LINE, max_size=8).map(lambda lines: "".join(line + "\n" for line in lines))


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def sh(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


# The profile


INTERFACES = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 110.70.0.10/24 brd 10.70.0.10 scope global eth0\\       valid_lft forever
2: eth0    inet 10.70.0.100/24 brd 10.70.0.255 scope global secondary eth0\\       valid_lft forever
3: eth1    inet {}/24 brd 10.70.0.255 scope global eth1\\       valid_lft forever
3: eth1    inet {}/32 scope global eth1\\       valid_lft forever
"""


@pytest.mark.parametrize("own, said", [(ADDRESS, ADDRESS), ("10.70.0.1", ""), ("10.70.0.101", "")])
def test_a_shell_that_reads_the_profile_gets_the_address_and_no_neighbour(
    own: str, said: str, tmp_path: Path, sh: list[str]
) -> None:
    stand_in(tmp_path / "bin", "ip", f"cat <<'EOF'\n{INTERFACES.format(own, own)}EOF")
    (tmp_path / "profile").write_text(profile_line(ADDRESS) + "\n")
    done = run('. ./profile\nprintf %s "$HOST_IP"\n', tmp_path, tmp_path / "bin", sh)
    assert done.stdout.decode() == said


# Docker's words

WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
RECORD = "for word; do printf '%s\\0' \"$word\"; done; case $* in *--env-file*) cat;; esac"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(WORD, LINE), max_size=3),
    st.lists(WORD, max_size=3),
    WORD,
    st.none() | WORD,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_docker_gets_exactly_the_words_that_were_meant(
    variables: list[tuple[str, str]],
    arguments: list[str],
    path: str,
    entrypoint: str | None,
    privileged: bool,
    host_pids: bool,
    init: bool,
) -> None:
    container = Container(
        step=Id.ZOOKEEPER_RUN,
        name="zookeeper",
        role="zookeeper",
        image="zookeeper:3.4.12",
        environment=tuple(variables),
        mounts=(Mount(path, "/data"),),
        entrypoint=entrypoint,
        arguments=tuple(arguments),
        privileged=privileged,
        host_pids=host_pids,
        init=init,
        log_size="7m",
        log_files=3,
    )
    text = f"docker() {{ {RECORD}; }} # a stand-in that records its words\n{shell.docker_run(container)}"
    *words, given = run(text, Path("/")).stdout.decode().split("\0")
    assert given == "".join(f"{key}={value}\n" for key, value in variables)
    assert words == [
        *shlex.split("run -d --name zookeeper --net host --restart=always"),
        *shlex.split("--log-driver json-file --log-opt max-size=7m --log-opt max-file=3"),
        *(["--privileged"] if privileged else []),
        *(["--pid=host"] if host_pids else []),
        *(["--init"] if init else []),
        *(["--entrypoint", entrypoint] if entrypoint else []),
        *("--label", "mesofab.cluster=mesos"),
        *("--label", "mesofab.role=zookeeper", "--label", "mesofab.ports="),
        *("--label", f"mesofab.digest={container.digest}"),
        *(["--env-file", "/dev/stdin"] if variables else []),
        *("-v", f"{path}:/data", "zookeeper:3.4.12", *arguments),
    ]


def test_a_replacement_makes_the_new_container_before_it_stops_the_old_one(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "docker", 'echo "docker $1 $2 $3" >> calls')
    zoo_cfg = File(Id.ZOOKEEPER_CFG, str(tmp_path / "zoo.cfg"), "a=2\n", mounted_by="zookeeper")
    container = Container(Id.ZOOKEEPER_RUN, "zookeeper", "zookeeper", "zookeeper:3.4.12", files=(zoo_cfg,))
    (tmp_path / "zoo.cfg").write_text("a=1\n")
    (tmp_path / "zoo.cfg.next").write_text("a=2\n")
    text = f"set -eu\n{shell.FUNCTIONS}" + shell.replace_container(container, [zoo_cfg], keep_previous=True)
    assert run(text, tmp_path, tmp_path / "bin").returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == [
        "docker rm -f zookeeper.next",
        "docker create --name zookeeper.next",
        "docker update --restart=no zookeeper",
        "docker stop -t 30",
        "docker rename zookeeper zookeeper.prev",
        "docker rename zookeeper.next zookeeper",
        "docker start zookeeper ",
    ]
    assert (tmp_path / "zoo.cfg").read_text() == "a=2\n"
    assert (tmp_path / "zoo.cfg.prev").read_text() == "a=1\n"


def test_only_making_a_container_goes_without_the_configuration_of_the_client(tmp_path: Path) -> None:
    """Its `proxies` would become variables of the container; a pull needs the logins that are in it."""
    stand_in(tmp_path / "bin", "docker", 'echo "$1 ${DOCKER_CONFIG:-own}" >> calls')
    container = Container(Id.ZOOKEEPER_RUN, "zookeeper", "zookeeper", "zookeeper:3.4.12")
    text = shell.pull(Image(Id.ZOOKEEPER_PULL, "zookeeper:3.4.12")) + shell.docker_run(container)
    text += shell.replace_container(container, [], keep_previous=True)
    assert run(f"set -eu\n{text}", tmp_path, tmp_path / "bin").returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert {call for call in calls if not call.endswith(" own")} == {
        "run /nonexistent",
        "create /nonexistent",
    }
    assert {"pull own", "start own"} <= set(calls)


def test_a_replacement_that_docker_refuses_leaves_the_old_container_alone(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "docker", 'echo "$1" >> calls; [ "$1" != create ]')
    container = Container(Id.ZOOKEEPER_RUN, "zookeeper", "zookeeper", "zookeeper:3.4.12")
    text = "set -eu\n" + shell.replace_container(container, [], keep_previous=True)
    assert run(text, tmp_path, tmp_path / "bin").returncode == 1
    assert (tmp_path / "calls").read_text().splitlines() == ["rm", "create"]


# At once


def test_pieces_run_at_the_same_time_and_each_ones_words_stay_together(sh: list[str], tmp_path: Path) -> None:
    met = "; ".join(f"until [ -e {name} ]; do sleep 0.01; done" for name in "abc")
    pieces = [f"echo {name} 1; : > {name}; {met}; echo {name} 2" for name in "abc"]
    done = run(shell.at_once(pieces), tmp_path, shell=["timeout", "120", *sh])
    assert done.returncode == 0
    assert done.stdout.decode().split("\n")[:-1] == ["c 1", "c 2", "b 1", "b 2", "a 1", "a 2"]


def test_no_piece_reads_what_another_says_and_nothing_of_much_is_lost(sh: list[str], tmp_path: Path) -> None:
    much = "head -c 300000 /dev/zero | tr '\\0' x; echo"
    done = run(shell.at_once([f"cat; {much}"] * 3), tmp_path, shell=["timeout", "120", *sh])
    assert (done.returncode, done.stdout) == (0, (b"x" * 300000 + b"\n") * 3)
