"""How a file or a container differs, told so that an operator understands it."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.inventory import secret
from tasks.plan.compare import differences
from tasks.plan.desired import Container, Mount
from tasks.plan.look import docker
from tasks.plan.names import Id

WANTED = Container(
    step=Id.ZOOKEEPER_RUN,
    name="zookeeper",
    role="zookeeper",
    image="zookeeper:3.4.12",
    environment=(("HEAP", "1g"), ("MODE", "a=b")),
    mounts=(Mount("/opt/zookeeper/data", "/data"),),
)


def image(**config: Any) -> dict[str, Any]:
    """What docker says of the image."""
    default = {"Env": ["PATH=/bin", "ZOO_USER=zk"], "Entrypoint": ["/entry"], "Cmd": ["start"], "User": "zk"}
    return {"Id": "sha256:1", "Config": {**default, **config}}


IMAGE = image()


def seen(config: dict[str, Any] | None = None, host: dict[str, Any] | None = None) -> dict[str, Any]:
    """What docker says of a container that is as wanted, but for these fields."""
    return {
        "Image": "sha256:1",
        "State": {"Status": "running"},
        "Config": {
            "Image": "zookeeper:3.4.12",
            "Env": ["HEAP=1g", "MODE=a=b", "PATH=/bin", "ZOO_USER=zk"],
            "Entrypoint": ["/entry"],
            "Cmd": ["start"],
            "User": "zk",
            **(config or {}),
        },
        "HostConfig": {
            "Binds": ["/opt/zookeeper/data:/data"],
            "NetworkMode": "host",
            "Privileged": False,
            "PidMode": "",
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "50m", "max-file": "5"}},
            "CapAdd": None,
            "CapDrop": None,
            "ReadonlyRootfs": False,
            "Memory": 0,
            "NanoCpus": 0,
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
            **(host or {}),
        },
    }


def environment(*entries: str) -> dict[str, Any]:
    return seen({"Env": ["PATH=/bin", "ZOO_USER=zk", *entries]})


def log(size: str, files: str) -> dict[str, Any]:
    config = {"max-size": size, "max-file": files}
    return seen(host={"LogConfig": {"Type": "json-file", "Config": config}})


def compared(wanted: Container, told: dict[str, Any], its: dict[str, Any] | None = IMAGE) -> list[str]:
    """How the container of a report differs from what is wanted."""
    return differences.container(wanted, docker.container(told), docker.image(its) if its else None)


DIFFERENCES = {
    "a variable changed": (environment("HEAP=2g", "MODE=a=b"), ["HEAP 2g -> 1g"]),
    "a variable lacks": (environment("HEAP=1g"), ["MODE=a=b added"]),
    "a variable too many": (environment("HEAP=1g", "MODE=a=b", "DEBUG=1"), ["DEBUG=1 removed"]),
    "one of the image's overridden": (
        seen({"Env": ["HEAP=1g", "MODE=a=b", "PATH=/bin", "ZOO_USER=root"]}),
        ["ZOO_USER=root removed"],
    ),
    "another image": (
        seen({"Image": "zookeeper:3.4.11"}),
        ["image zookeeper:3.4.11 -> zookeeper:3.4.12"],
    ),
    "the same tag, pulled again": (
        {**seen(), "Image": "sha256:0"},
        ["image zookeeper:3.4.12 is another one now"],
    ),
    "a mount elsewhere": (
        seen(host={"Binds": ["/srv/data:/data"]}),
        ["mount /opt/zookeeper/data:/data added", "mount /srv/data:/data removed"],
    ),
    "no mounts": (seen(host={"Binds": None}), ["mount /opt/zookeeper/data:/data added"]),
    "a mount made read-only": (
        seen(host={"Binds": ["/opt/zookeeper/data:/data:ro"]}),
        ["mount /opt/zookeeper/data:/data added", "mount /opt/zookeeper/data:/data:ro removed"],
    ),
    "another network": (seen(host={"NetworkMode": "bridge"}), ["network bridge -> host"]),
    "privileged": (seen(host={"Privileged": True}), ["privileged on -> off"]),
    "docker-init": (seen(host={"Init": True}), ["docker-init on -> off"]),
    "the host's processes": (seen(host={"PidMode": "host"}), ["pid mode host -> none"]),
    "another log driver": (
        seen(host={"LogConfig": {"Type": "journald", "Config": {}}}),
        ["log driver journald -> json-file", "log size none -> 50m", "log files none -> 5"],
    ),
    "a log without bounds": (
        seen(host={"LogConfig": {"Type": "json-file", "Config": None}}),
        ["log size none -> 50m", "log files none -> 5"],
    ),
    "other bounds of the log": (log("10m", "5"), ["log size 10m -> 50m"]),
    "fewer files of the log": (log("50m", "3"), ["log files 3 -> 5"]),
    "a capability more": (seen(host={"CapAdd": ["NET_ADMIN"]}), ["added capabilities NET_ADMIN -> none"]),
    "a memory limit": (seen(host={"Memory": 1048576}), ["memory limit 1048576 -> none"]),
    "another entrypoint": (seen({"Entrypoint": ["sh"]}), ["entrypoint sh -> /entry"]),
    "other arguments": (seen({"Cmd": ["sleep", "9"]}), ["arguments sleep 9 -> start"]),
    "another user": (seen({"User": "root"}), ["user root -> zk"]),
}


@pytest.mark.parametrize("report, told", DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_a_container_that_differs_is_told_field_by_field(report: dict[str, Any], told: list[str]) -> None:
    assert compared(WANTED, report) == told


def test_a_container_that_is_as_wanted_has_no_differences() -> None:
    assert compared(WANTED, seen()) == []
    assert compared(WANTED, seen(), None) == []


MASTER = replace(WANTED, entrypoint="mesos-master", privileged=True, host_pids=True, init=True)
AS_THE_MASTER = (
    {"Entrypoint": ["mesos-master"], "Cmd": None},
    {"Privileged": True, "PidMode": "host", "Init": True},
)


def test_a_secret_is_told_as_changed_but_never_shown() -> None:
    old, new = "A_TOKEN=hunter2", (("A_TOKEN", "hunter3"), ("B_PASSWORD", "hunter4"))
    wanted = replace(WANTED, environment=new, arguments=("--mesos_authentication_secret", "hunter5"))
    config = {"Env": ["PATH=/bin", "ZOO_USER=zk", old, "C_SECRET=hunter6"], "Cmd": ["--http_credentials=a:b"]}
    told = compared(wanted, seen(config), image())
    assert told == [
        "A_TOKEN changed (secret, not shown)",
        "B_PASSWORD=(secret, not shown) added",
        "C_SECRET=(secret, not shown) removed",
        "argument --mesos_authentication_secret=(secret, not shown) added",
        "argument --http_credentials=(secret, not shown) removed",
    ]
    changed = seen({"Env": ["PATH=/bin", "ZOO_USER=zk"], "Cmd": ["--mesos_authentication_secret=hunter7"]})
    told = compared(replace(wanted, environment=()), changed, image())
    assert told == ["argument --mesos_authentication_secret changed (secret, not shown)"]
    mixed = seen({"Env": ["PATH=/bin", "ZOO_USER=zk"], "Cmd": ["run", "--http_credentials", "a:hunter8"]})
    assert "hunter" not in str(compared(replace(wanted, environment=()), mixed))


def test_an_entrypoint_of_our_own_drops_the_images_arguments() -> None:
    assert compared(MASTER, seen(*AS_THE_MASTER), image(Cmd=["--registry=in_memory"])) == []
    by_hand = seen({"Entrypoint": ["mesos-master"], "Cmd": ["--registry=in_memory"]}, AS_THE_MASTER[1])
    assert compared(MASTER, by_hand) == ["argument --registry=in_memory removed"]


def test_a_container_run_without_the_wanted_rights_is_told() -> None:
    assert compared(MASTER, seen()) == [
        "privileged off -> on",
        "pid mode none -> host",
        "docker-init off -> on",
        "entrypoint /entry -> mesos-master",
        "arguments start -> none",
    ]


@pytest.mark.parametrize("init", [None, False])
def test_docker_init_that_is_left_out_and_that_is_refused_are_the_same(init: bool | None) -> None:
    assert compared(WANTED, seen(host={"Init": init})) == []


def test_the_restart_policy_is_no_difference_because_it_needs_no_restart() -> None:
    by_hand = seen(host={"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}})
    assert compared(WANTED, by_hand) == []
    assert docker.container(by_hand).options["RestartPolicy.Name"] == "no"


def test_an_image_that_leaves_out_its_empty_fields_is_understood() -> None:
    report = seen({"Env": ["HEAP=1g", "MODE=a=b"], "Entrypoint": None, "Cmd": None, "User": ""})
    assert compared(WANTED, report, {"Id": "sha256:1", "Config": {}}) == []
    assert compared(WANTED, report, {"Id": "sha256:1", "Config": None}) == []


def test_an_images_default_changes_count_too() -> None:
    assert compared(WANTED, seen(), image(Cmd=["serve"], User="")) == [
        "user zk -> none",
        "arguments start -> serve",
    ]


FILES = {
    "a value": ("syncLimit=2\n", "syncLimit=5\n", "syncLimit 2 -> 5"),
    "a key more": ("a=1\n", "a=1\nb=x=y\n", "b=x=y added"),
    "a key less": ("a=1\nb=2\n", "b=2\n", "a=1 removed"),
    "all at once": ("a=1\nb=2\n", "b=3\nc=4\n", "b 2 -> 3, c=4 added, a=1 removed"),
    "an order": ("a=1\nb=2\n", "b=2\na=1\n", "only order, comments or spaces differ"),
    "a comment": ("# by hand\na=1\n", "a=1\n", "only order, comments or spaces differ"),
    "a missing line end": ("a=1", "a=1\n", "only order, comments or spaces differ"),
    "nothing yet": ("", "a=1\n", "a=1 added"),
    "a line without a key": ("a=1\nhello\n", "a=1\n", "hello removed"),
    "a server of the list": ("server.1=a:2:3\n", "server.1=b:2:3\n", "server.1 a:2:3 -> b:2:3"),
    "a secret": ("a=1\nssl.keyStore.password=x\n", "a=1\n", f"ssl.keyStore.password={secret.HIDDEN} removed"),
    "another secret": ("password=x\n", "password=y\n", f"password changed {secret.HIDDEN}"),
    "a secret in a URL": ("http://me:hush@host/\n", "a=1\n", f"a=1 added, {secret.HIDDEN} removed"),
    "another file": ("hello\n" * 9 + "world" * 200, "a=1\n", "10 lines -> 1 other lines"),
}


@pytest.mark.parametrize("old, new, told", FILES.values(), ids=FILES.keys())
def test_a_file_that_differs_is_told_by_key(old: str, new: str, told: str) -> None:
    assert differences.texts(old, new) == told


ARGUMENTS = {
    "a value": (["--zk", "a", "--master", "b"], ["argument --zk a -> c"]),
    "one more": (["--zk", "c", "--master", "b", "--ha"], ["argument --ha removed"]),
    "one less": (["--zk", "c"], ["argument --master=b added"]),
    "a switch with a value": (["--zk", "c", "--master"], ["argument --master none -> b"]),
    "their order": (["--master", "b", "--zk", "c"], ["only the order of the arguments differs"]),
    "one twice": (["--zk", "c", "--zk", "d"], ["arguments --zk c --zk d -> --zk c --master b"]),
    "a word that is none": (["run", "--zk", "c"], ["arguments run --zk c -> --zk c --master b"]),
    "a word too many": (["--zk=c", "d"], ["arguments --zk=c d -> --zk c --master b"]),
}


@pytest.mark.parametrize("old, told", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_of_the_arguments_only_that_which_differs_is_told(old: list[str], told: list[str]) -> None:
    wanted = replace(WANTED, arguments=("--zk", "c", "--master", "b"))
    assert compared(wanted, seen({"Cmd": old})) == told
