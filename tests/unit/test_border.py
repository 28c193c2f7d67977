"""What comes from outside may lie: it becomes a value of ours or the border's one error, no other."""

import json
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import recorded_mesos as recorded
import sound_hosts
from hypothesis import example, given, settings
from hypothesis import strategies as st
from marathon_world import info
from used_everywhere import everything

from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.availability.fates import fates, tasks
from tasks.plan.availability.services import listing
from tasks.plan.look import docker, engine, observed
from tasks.plan.look.sections import Unreadable
from tasks.plan.mesos_agent.service import agent
from tasks.plan.preflight.facts import Facts
from tasks.plan.runbook import CHAPTERS

OFTEN = settings(max_examples=max(200, settings().max_examples))
"""What is tried on parsers at every run; the profile `nightly` tries more."""

HOST = "10.70.0.20"
CLUSTER = parse(
    f"[zookeeper]\n{HOST} myid=1\n[mesos_master]\n{HOST}\n[marathon]\n{HOST}\n[mesos_agent]\n{HOST}\n"
)
(NODE,) = CLUSTER.nodes
ASK = runbook.ask(CHAPTERS, CLUSTER, NODE)
BOUNDARY = "5f0c" * 8


# Real answers, and how they are spoiled


@cache
def reports() -> dict[str, dict[str, Any]]:
    """What docker says of all that is asked for, by name."""
    return sound_hosts.reports(CLUSTER, NODE)


@cache
def words() -> dict[str, str]:
    """What services say, by the name of the question."""
    return {
        "zookeeper srvr": "Zookeeper version: 3.4.12-e5259e4, built on x\nMode: leader\n",
        "zookeeper mntr": "zk_version\t3.4.12\nzk_synced_followers\t2\n",
        "zookeeper dump": "nodes dump:\nSessions with Ephemerals (1):\n0x1:\n\t/mesos/json.info_01\n",
        "mesos_master metrics": recorded.LEADER_METRICS,
        "marathon info": info(HOST, "1.5.8"),
        f"mesos_agent slaves-{HOST}": recorded.LEADER_SUMMARY,
        "mesos_agent health": "HTTP/1.1 200 OK\r\n\r\n{}",
    }


def answer(objects: list[str], said: dict[str, str], files: str = "", spoilt: str = "") -> str:
    """What a host answers to a look. `files` is the text of every file on it, `spoilt` of other parts."""
    parts = {
        "lease": "",
        "user": "0",
        "addresses": f"2: eth0    inet {HOST}/24 scope global eth0",
        "profile": "whole 2",
        "logins": f"shell bash\nsays {HOST}\nended 0",
        **{
            f"path {path}": f"regular file\n{files}" for path in (*ASK.directories, *ASK.files, *ASK.unlinked)
        },
        "rights": "".join(f"644 0 {path}\n" for path in ASK.files),
        **{f"data {path}": "log.100000001" for path in ASK.holdings},
        "clusters": "".join(f"{name} mesos\n" for name in ASK.containers),
        "objects": "\n".join(objects),
        "now": "1796040067",
        "ends": f"{'e' * 64} 137",
        **{f"log {name}": "E1130 it ended" for name in ASK.containers},
        "mounts": "".join(f"is 1:2 41ed {mount.host}\nfree 1 4096 {mount.host}\n" for _, mount in ASK.kept),
        "listeners": 'LISTEN 0 50 *:2181 *:* users:(("java",pid=123,fd=46))',
        **{f"answer {name}": text for name, text in said.items()},
    }
    if spoilt:
        more = ("rights", "mounts", "now", "ends", *(f"log {name}" for name in ASK.containers))
        parts |= dict.fromkeys(
            ("lease", "user", "addresses", "profile", "logins", "clusters", "listeners", *more), spoilt
        )
    return "".join(f"\n{BOUNDARY} {name}\n{text}" for name, text in parts.items()) + f"\n{BOUNDARY} end\n"


DEEP, HUGE = "[" * 10_000 + "]" * 10_000, "9" * 5_000
JUNK: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        7.5,
        1e308,
        10**400,
        float("nan"),
        "",
        "x",
        "\ud800",
        "\x1b[31m",
        f"[1-{'9' * 5_000}]",
        "[/evil]",
        "9" * 400,
    ),
    *([], {}, [None], [{}], ["\udfff"], {"": None}, {"a": {"b": []}}, "DEEP", "HUGE"),
]
TEXTS = [
    "",
    "{",
    "{}",
    "[]",
    "null",
    '"\\ud800"',
    "\x1e",
    f"1e{'9' * 400}",
    DEEP,
    "{" + '"a":{' * 10_000,
    HUGE,
]


def text_of(value: object) -> str:
    """Its JSON, also of what Python cannot write."""
    return json.dumps(value).replace('"DEEP"', DEEP).replace('"HUGE"', HUGE)


@st.composite
def spoiled(draw: st.DrawFn, value: Any) -> str:
    """The JSON of a value of which up to three parts are missing or something else."""
    value = deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = [*_places(value)]
        if not places:
            break
        inside, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            del inside[key]
        else:
            inside[key] = deepcopy(draw(st.sampled_from(JUNK)))
    return text_of(value)


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ())
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def spoiled_http(text: str) -> st.SearchStrategy[str]:
    """An answer over HTTP whose JSON is spoiled."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    return st.sampled_from(TEXTS) | (spoiled(json.loads(body)) | st.sampled_from(TEXTS)).map(
        lambda told: f"{head}\n\n{told}"
    )


def look(text: str) -> None:
    """Read a host's answer and use it, if the border lets it pass."""
    try:
        seen = observed.read(text, BOUNDARY, ASK)
    except Unreadable as error:
        assert str(error).encode()
    else:
        everything(CLUSTER, {HOST: seen}, {HOST: Facts()})


def test_a_real_answer_becomes_containers_images_and_roles() -> None:
    seen = observed.read(answer([*map(json.dumps, reports().values())], words()), BOUNDARY, ASK)
    assert set(seen.containers) == set(ASK.containers) and set(seen.images) == set(ASK.images)
    assert {one.status for one in seen.containers.values()} == {"running"}
    assert all(one.is_ours for one in seen.containers.values())
    assert everything(CLUSTER, {HOST: seen}, {HOST: Facts()})


@OFTEN
@given(st.data())
def test_whatever_docker_says_of_an_object_is_compared_or_refused(data: st.DataObject) -> None:
    objects = {name: json.dumps(told) for name, told in reports().items()}
    name = data.draw(st.sampled_from(list(objects)))
    objects[name] = data.draw(spoiled(reports()[name]) | st.sampled_from(TEXTS))
    look(answer([*objects.values()], words()))


@OFTEN
@given(st.data())
def test_whatever_services_say_is_judged(data: st.DataObject) -> None:
    said = dict(words())
    for name in data.draw(st.sets(st.sampled_from(list(said)), min_size=1)):
        http = not name.startswith("zookeeper")
        numbers = [said[name].replace("2\n", f"{junk}\n") for junk in (HUGE, "1.2.3", "1e999", "²")]
        said[name] = data.draw(spoiled_http(said[name]) if http else st.sampled_from([*TEXTS, *numbers]))
    look(answer([*map(json.dumps, reports().values())], said))


LINES = [
    *(f"server.{HUGE}=a:1:2", "server.1=", "server.²=a", f"{HUGE}", "MESOS_QUORUM=9"),
    *("uid 0", "clientPort=", "\ud7ff", "export HOST_IP=\x1b", "\0"),
]


@OFTEN
@example(files=HUGE, spoilt="")  # as an id of ZooKeeper
@given(
    files=st.lists(st.sampled_from(LINES), max_size=3).map("\n".join),
    spoilt=st.sampled_from(["", *TEXTS, *LINES]),
)
def test_whatever_files_and_programs_say_is_compared_or_refused(files: str, spoilt: str) -> None:
    look(answer([*map(json.dumps, reports().values())], words(), files, spoilt))


def test_an_id_may_be_longer_than_python_reads() -> None:
    look(answer([*map(json.dumps, reports().values())], words(), files=HUGE))


VALUES = st.sampled_from(
    [
        *TEXTS,
        HUGE,
        "²",
        "-1",
        "zk://",
        "zk://@/",
        "[1-2",
        f"[1-{HUGE}]",
        "cpus:[a-b]",
        f"x:{HUGE}",
        f"ports:[1-{HUGE}]",
        f"rack:[1-{HUGE}]",
    ]
)
NAMES = ("QUORUM", "REGISTRY", "ZK", "MASTER", "RESOURCES", "ATTRIBUTES", "WORK_DIR", "DOMAIN", "HOSTNAME")


@OFTEN
@given(st.dictionaries(st.sampled_from(NAMES), VALUES | st.text(max_size=9), min_size=1))
def test_whatever_variables_a_container_has_it_is_compared(values: dict[str, str]) -> None:
    told = deepcopy(reports())
    for one in told.values():
        if "State" in one:
            one["Config"]["Env"] += [f"MESOS_{name}={value}" for name, value in values.items()]
    look(answer([*map(json.dumps, told.values())], words()))


# Piece by piece


PIECES: dict[str, tuple[Callable[[dict[str, Any]], object], Any]] = {
    "a container": (docker.container, reports()["zookeeper"]),
    "an image": (docker.image, reports()[ASK.images[0]]),
}


@pytest.mark.parametrize("read, real", PIECES.values(), ids=PIECES)
@OFTEN
@given(data=st.data())
def test_a_report_becomes_a_value_or_the_one_error(read: Any, real: Any, data: st.DataObject) -> None:
    told = data.draw(spoiled(real).filter(lambda text: DEEP not in text and HUGE not in text))
    try:
        assert read(json.loads(told))
    except Unreadable as error:
        assert str(error).isprintable()


MISSING = {
    "no state": ("State", None),
    "no words of its state": ("State", {}),
    "a state that is a text": ("State", "running"),
    "no config": ("Config", None),
    "variables that are no texts": ("Config", {"Image": "x", "Env": [1]}),
    "variables that are a number": ("Config", {"Image": "x", "Env": 7}),
    "labels that are a list": ("Config", {"Image": "x", "Labels": []}),
    "rights that are a text": ("HostConfig", "all"),
}


@pytest.mark.parametrize("name, value", MISSING.values(), ids=MISSING)
def test_what_docker_must_say_of_a_container_is_missed(name: str, value: object) -> None:
    objects = reports() | {"zookeeper": {**reports()["zookeeper"], name: value}}
    with pytest.raises(Unreadable, match="^docker inspect zookeeper: its [A-Z][A-Za-z]+ is "):
        observed.read(answer([*map(json.dumps, objects.values())], words()), BOUNDARY, ASK)


def test_an_answer_that_cannot_be_read_shows_no_secret_in_it() -> None:
    told = deepcopy(reports())
    told["zookeeper"]["Args"] += ["--password", "correct-horse"]
    told["zookeeper"]["Config"]["Env"] += ["SECRET=correct-horse"]
    objects = [*map(json.dumps, told.values())]
    whole = answer(objects, words())
    end = whole.index("correct-horse") + len("correct-horse")
    later = whole.index("correct-horse", end) + len("correct-horse")
    spoilt = [objects[:1], [f"{objects[0]} and"], [objects[0], "docker: --password correct-horse"]]
    for text in (whole[:end], whole[:later], *(answer(each, words()) for each in spoilt)):
        with pytest.raises(Unreadable) as caught:
            observed.read(text, BOUNDARY, ASK)
        assert "correct-horse" not in str(caught.value)


def test_options_that_nobody_knows_are_kept_and_empty_ones_are_not() -> None:
    told = {"Known": False, "New": {"In": {"Side": 7}, "Empty": []}, "Devices": [{"PathOnHost": "/dev/kmsg"}]}
    found = docker.container({**reports()["zookeeper"], "HostConfig": told}).options
    assert found == {"New.In.Side": "7", "Devices": "PathOnHost=/dev/kmsg"}


def test_words_inside_of_a_report_are_no_words_of_dockers_own() -> None:
    told = deepcopy(reports())
    told["zookeeper"]["Config"]["Env"] += ["A=error: no such object: zookeeper", "B=\x85\x1e\u2028\r"]
    objects = [json.dumps(each, ensure_ascii=False) for each in told.values()]
    seen = observed.read(answer(objects, words()), BOUNDARY, ASK).container("zookeeper")
    assert seen.environment["B"] == "\x85\x1e\u2028\r"


def test_labels_may_be_missing() -> None:
    told = reports()["zookeeper"]
    assert not docker.container({**told, "Config": told["Config"] | {"Labels": None}}).is_ours


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "{}"])
def test_an_answer_of_docker_that_is_no_report_makes_the_host_unreadable(text: str) -> None:
    objects = [text, *[json.dumps(told) for told in reports().values()][1:]]
    with pytest.raises(Unreadable):
        observed.read(answer(objects, words()), BOUNDARY, ASK)


@OFTEN
@given(
    spoiled({"DockerRootDir": "/var/lib/docker", "SecurityOptions": ["name=seccomp"]})
    | st.sampled_from(TEXTS)
)
@example('{"DockerRootDir": ["a"], "SecurityOptions": {"name=userns": 1}}')
def test_whatever_the_engine_says_of_itself_is_read(info: str) -> None:
    parts = dict.fromkeys(("versions", "client", "environment", "sockets"), "") | {"info": info}
    assert str(engine.read(parts)).encode()


PLATFORMS = 'HTTP/1.0 200 OK\r\n\r\n{"Platforms":[{"architecture":"amd64","os":"linux"}]}'
REFUSED = 'HTTP/1.0 404 Not Found\r\n\r\n{"message":"manifest unknown"}'


@OFTEN
@given(spoiled_http(PLATFORMS) | spoiled_http(REFUSED))
def test_whatever_an_engine_says_of_a_registry_is_read(text: str) -> None:
    assert str(engine.offer(text)).encode()


@OFTEN
@given(spoiled_http(recorded.LEADER_SUMMARY))
def test_whatever_a_master_says_of_an_agent_is_read(text: str) -> None:
    assert str(agent(NODE, {"x": text})).encode()


LISTING = 'HTTP/1.1 200 OK\n\n{"tasks":[{"id":"a.1","state":"TASK_RUNNING"}]}'


@OFTEN
@given(spoiled_http(LISTING))
def test_whatever_a_master_says_of_tasks_is_read(text: str) -> None:
    asked = listing(CLUSTER)
    line = f"0 1.5 {HOST}/5050 {b64encode(text.encode(errors='replace')).decode()}"
    before = tasks(line, asked)
    assert str(before and fates(before, {})).encode()
