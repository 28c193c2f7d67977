"""Docker 20.10, 25, 28 and 29: what they answer differs, what is wanted of a host does not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker_answers import INDEX, MANIFEST, REFERENCE, Answers, answers
from hypothesis import given
from hypothesis import strategies as st
from samples import run, stand_in

from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan import runbook, shell
from tasks.plan.compare import differences
from tasks.plan.compare.remedy import explain
from tasks.plan.desired import Container, Image, Mount
from tasks.plan.look import docker as of_docker
from tasks.plan.look import observed
from tasks.plan.look.observed import LOCK, Questions
from tasks.plan.names import Id
from tasks.plan.preflight import Look, docker, judge
from tasks.plan.preflight.facts import FIRST, Facts, lines, read
from tasks.plan.runbook import CHAPTERS

BOUNDARY = "5f0c" * 8
AGENT = "10.70.0.20"
WANTED = Container(
    step=Id.ZOOKEEPER_RUN,
    name="zookeeper",
    role="zookeeper",
    image=REFERENCE,
    environment=(("ZOO_TICK_TIME", "2000"),),
    mounts=(Mount("/opt/zookeeper/data", "/data"),),
)
FIELDS = {
    "Env": ["ZOO_TICK_TIME=2000"],
    "Labels": dict(WANTED.labels),
    "Binds": ["/opt/zookeeper/data:/data"],
}
ANSWERS = answers(FIELDS)
PROXIES = [f"{name}=http://proxy:3128" for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")]


def compared(told: dict[str, Any], image: dict[str, Any]) -> list[str]:
    """How the container of a report differs from what is wanted."""
    return differences.container(WANTED, of_docker.container(told), of_docker.image(image))


@pytest.fixture(params=ANSWERS)
def told(request: pytest.FixtureRequest) -> Answers:
    return ANSWERS[request.param]


def test_a_container_as_wanted_differs_in_nothing(told: Answers) -> None:
    assert compared(told.container, told.image) == []


def test_a_variable_of_clients_proxies_in_a_container_is_a_difference(told: Answers) -> None:
    proxied = answers(FIELDS | {"Env": [*FIELDS["Env"], *PROXIES]})
    for each in proxied.values():
        found = compared(each.container, each.image)
        assert sorted(found) == sorted(f"{variable} removed" for variable in PROXIES)


def test_an_image_that_somebody_pulled_again_under_the_same_tag_is_told(told: Answers) -> None:
    rebuilt = told.image | {"Id": f"sha256:{'f' * 64}"}
    assert compared(told.container, rebuilt) == [f"image {REFERENCE} is another one now"]


def test_an_index_and_the_manifest_in_it_that_a_container_has_are_one_image() -> None:
    told = ANSWERS["29.0.0"]
    assert told.container["Image"] == INDEX
    alone = told.image | {"Id": MANIFEST}
    assert compared(told.container, alone) == []


# The preflight, asked for real; docker is a stand-in that answers as the version does


def docker_of(told: Answers, speaks: str = "") -> str:
    """A docker that answers as a version does, whose agent image has a client of an API."""
    return f"""\
case "$1 $2" in
"--version ") echo 'Docker version {told.versions.split()[0]}, build 1' ;;
"info --format") cat <<'END'
{json.dumps(told.info, separators=(",", ":"))}
END
;;
"version --format") echo '{told.versions}' ;;
"run --rm")
  echo "$DOCKER_CONFIG $*" >> started; echo '{speaks}'
  echo 'Cannot connect to the Docker daemon' >&2; exit 1 ;;
inspect*) shift 3; for name; do echo '{{"Id":"1"}}'; done ;;
esac
"""


def cluster_with(image: str) -> Any:
    return parse(
        f"[zookeeper]\n10.70.0.10 myid=1\n[mesos_master]\n10.70.0.10\n[mesos_agent]\n{AGENT}\n"
        f"[all:vars]\nmesos_agent_image={image}\nmesos_image={image}\n"
    )


def asked(where: Path, script: str, image: str = "mesosphere/mesos-slave:1.5.0") -> tuple[Any, Node, Facts]:
    """Ask an agent's host on which docker is `script`."""
    stand_in(where / "bin", "docker", script)
    cluster = cluster_with(image)
    node = cluster.called(AGENT)
    items = runbook.wanted(CHAPTERS, cluster, node)
    ask = Questions(images=tuple(dict.fromkeys(i.reference for i in items if isinstance(i, Image))))
    last = lines(ask, node, docker.clients(items), (), {})
    text = observed.script(ask, BOUNDARY, first=FIRST, last=last).replace(LOCK, str(where / "lock"))
    return cluster, node, read(run(text, where, where / "bin").stdout.decode(), BOUNDARY, ask)


def found(cluster: Any, node: Node, facts: Facts) -> list[str]:
    """The findings of the checks of docker."""
    seen = observed.Observed(engine=True, addresses=frozenset({AGENT}))
    report = judge(CHAPTERS, cluster, {node.name: Look(seen, facts, 0, 1)}, {})
    return [str(one) for one in report.findings if one.check.startswith("docker-")]


NOT_HELD = 'echo "Error: No such object: $name" >&2'
REFUSING = {"20.10.24": "", "25.0.0": "", "28.5.2": "", "29.0.0": "1.44", "29.3.0": "1.40"}


@pytest.mark.parametrize("version", ANSWERS)
def test_an_engine_that_refuses_the_published_agent_image_is_told_before_that_is_pulled(
    version: str, tmp_path: Path
) -> None:
    lines = found(*asked(tmp_path, docker_of(ANSWERS[version]).replace('echo \'{"Id":"1"}\'', NOT_HELD)))
    if not REFUSING[version]:
        assert lines == []
        return
    (line,) = lines
    assert line.startswith(
        f"{AGENT}  error  docker-api: the engine refuses docker clients below API {REFUSING[version]}, and "
        "mesosphere/mesos-slave:1.5.0 has one of 1.29: "
    )
    assert 'Set "min-api-version": "1.24" in /etc/docker/daemon.json' in line


@pytest.mark.parametrize(
    "speaks, refused", [("1.29", True), ("1.43", True), ("1.44", False), ("1.52", False)]
)
def test_an_image_of_ones_own_is_asked_what_its_docker_client_speaks(
    speaks: str, refused: bool, tmp_path: Path
) -> None:
    cluster, node, facts = asked(tmp_path, docker_of(ANSWERS["29.0.0"], speaks), "reg.example.org/mesos:7")
    assert (tmp_path / "started").read_text() == (
        "/nonexistent run --rm --net none --entrypoint docker reg.example.org/mesos:7 version "
        "--format {{.Client.APIVersion}}\n"
    )
    assert [("has one of " + speaks in line) for line in found(cluster, node, facts)] == [True] * refused


def test_a_published_image_that_was_built_again_is_believed_itself(tmp_path: Path) -> None:
    assert found(*asked(tmp_path, docker_of(ANSWERS["29.0.0"], "1.47"))) == []


def test_a_client_that_no_engine_since_25_can_be_told_to_take_needs_another_image(tmp_path: Path) -> None:
    facts = asked(tmp_path, docker_of(ANSWERS["29.3.0"], "1.23"), "reg.example.org/mesos:7")
    (line,) = found(*facts)
    assert "daemon.json" not in line
    assert line.endswith(
        "Name an image with a newer docker client in hosts.ini (mesos_agent_image, mesos_image)."
    )


@pytest.mark.parametrize("speaks", ["", "exec: docker: not found", "x1.2", "1.2.3"])
def test_nothing_is_said_of_an_image_whose_client_nobody_could_ask(speaks: str, tmp_path: Path) -> None:
    assert found(*asked(tmp_path, docker_of(ANSWERS["29.0.0"], speaks), "reg.example.org/mesos:7")) == []


@pytest.mark.parametrize("version", ["20.10.24", "25.0.0", "28.5.2"])
def test_an_engine_that_takes_every_client_starts_no_container_for_the_question(
    version: str, tmp_path: Path
) -> None:
    asked(tmp_path, docker_of(ANSWERS[version], "1.29"), "reg.example.org/mesos:7")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("version", ANSWERS)
def test_room_is_wanted_where_the_image_store_is(version: str, tmp_path: Path) -> None:
    told = ANSWERS[version]
    _, _, facts = asked(tmp_path, docker_of(told))
    assert facts.docker
    assert facts.docker.path == (
        "/var/lib/containerd" if told.info["Driver"] == "overlayfs" else "/var/lib/docker"
    )


def test_a_containerd_of_dockers_own_has_its_images_below_dockers_directory(tmp_path: Path) -> None:
    own = {"Address": "/var/run/docker/containerd/containerd.sock"}
    told = ANSWERS["29.0.0"]
    _, _, facts = asked(tmp_path, docker_of(replace(told, info=told.info | {"Containerd": own})))
    assert facts.docker and facts.docker.path == "/var/lib/docker"


API = st.tuples(st.integers(1, 2), st.integers(0, 99))


@given(oldest=API, spoken=API)
def test_a_client_is_refused_if_and_only_if_it_is_older_than_the_oldest(
    oldest: tuple[int, int], spoken: tuple[int, int]
) -> None:
    cluster = cluster_with("reg.example.org/mesos:7")
    node = cluster.called(AGENT)
    engine = replace(
        Facts().engine,
        oldest_api=f"{oldest[0]}.{oldest[1]}",
        spoken={"reg.example.org/mesos:7": f"{spoken[0]}.{spoken[1]}"},
    )
    assert bool(found(cluster, node, Facts(engine=engine))) == (spoken < oldest)


# The image once it is pulled

PULL = shell.pull(Image(Id.AGENT_RUN, "reg.example.org/mesos:7", "docker"))


def pulled(where: Path, oldest: str, says: str) -> tuple[int, str, str]:
    """Run the pull of an image whose docker client says something to an engine; and what was started."""
    script = (
        f'case "$1" in version) echo {oldest} ;; run) echo "$*" >> started; echo "{says}" >&2; exit 1 ;; esac'
    )
    stand_in(where / "bin", "docker", script)
    done = run("set -eu\n" + PULL, where, where / "bin")
    started = where / "started"
    return done.returncode, done.stdout.decode(), started.read_text() if started.exists() else ""


TOO_OLD = (
    "Error response from daemon: client version 1.29 is too old. Minimum supported API version is 1.44, "
    "please upgrade your client to a newer version"
)


def test_a_pulled_image_whose_client_the_engine_refuses_fails_the_step_before_anything_is_stopped(
    tmp_path: Path,
) -> None:
    code, said, started = pulled(tmp_path, "1.44", TOO_OLD)
    assert (code, said.strip()) == (1, TOO_OLD)
    assert started.startswith(
        "run --rm --net none -v /var/run/docker.sock:/var/run/docker.sock --entrypoint docker"
    )
    seen, _ = explain(code, said.splitlines())
    assert seen.startswith("the docker client in the image is too old for the host's engine")


@pytest.mark.parametrize("says", ["docker: exec: not found", "Client: 1.52", ""])
def test_an_image_whose_client_is_understood_or_that_has_none_is_pulled(says: str, tmp_path: Path) -> None:
    assert pulled(tmp_path, "1.44", says)[0] == 0


@pytest.mark.parametrize("oldest", ["1.12", "1.24"])
def test_an_engine_that_takes_every_client_is_not_asked_about_a_pulled_image(
    oldest: str, tmp_path: Path
) -> None:
    assert pulled(tmp_path, oldest, TOO_OLD) == (0, "", "")


def test_only_images_whose_docker_client_an_agent_uses_are_asked() -> None:
    for containerizers, program in (("docker,mesos", "docker"), ("mesos", "")):
        text = f"[zookeeper]\n10.70.0.10 myid=1\n[mesos_master]\n10.70.0.10\n[mesos_agent]\n{AGENT}\n"
        cluster = parse(f"{text}[all:vars]\nmesos_agent_containerizers={containerizers}\n")
        for node in cluster.nodes:
            images = [i for i in runbook.wanted(CHAPTERS, cluster, node) if isinstance(i, Image)]
            assert {i.client for i in images} == ({program} if node.name == AGENT else {""})
