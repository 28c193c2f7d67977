"""The containers of chapters 3 to 5: the exact docker run, and what hosts.ini changes of it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import docker_gets

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import shell
from tasks.plan.desired import Container, Directories, Image
from tasks.plan.mesos_master.desired import quorum
from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS, MARATHON, MESOS_AGENT, MESOS_MASTER, Chapter, wanted

SHIPPED = (Path(__file__).resolve().parents[2] / "hosts.ini").read_text()
ZK = "zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181"

MASTER = f"""\
DOCKER_CONFIG=/nonexistent docker run -d --name mesos-master-02 \\
  --net host --restart=always \\
  --log-driver json-file --log-opt max-size=50m --log-opt max-file=5 \\
  --init \\
  --entrypoint mesos-master \\
  --label mesofab.cluster=mesos \\
  --label mesofab.role=mesos_master \\
  --label mesofab.ports=5050 \\
  --label mesofab.digest=DIGEST \\
  --env-file /dev/stdin \\
  -v /var/log/mesos/master:/var/log/mesos \\
  -v /var/lib/mesos/master:/var/tmp/mesos \\
  mesosphere/mesos-master:1.5.0 <<'END'
MESOS_PORT=5050
MESOS_HOSTNAME=10.70.0.11
MESOS_IP=10.70.0.11
MESOS_ZK={ZK}/mesos
MESOS_QUORUM=2
MESOS_REGISTRY=replicated_log
MESOS_LOG_DIR=/var/log/mesos
MESOS_WORK_DIR=/var/tmp/mesos
END
"""
MARATHON_2 = f"""\
DOCKER_CONFIG=/nonexistent docker run -d --name marathon-2 \\
  --net host --restart=always \\
  --log-driver json-file --log-opt max-size=50m --log-opt max-file=5 \\
  --label mesofab.cluster=mesos \\
  --label mesofab.role=marathon \\
  --label mesofab.ports=8080 \\
  --label mesofab.digest=DIGEST \\
  --env-file /dev/stdin \\
  mesosphere/marathon:v1.5.8 --master {ZK}/mesos --zk {ZK}/marathon <<'END'
MARATHON_HTTP_ADDRESS=10.70.0.11
MARATHON_HTTP_PORT=8080
MARATHON_HOSTNAME=10.70.0.11
LIBPROCESS_IP=10.70.0.11
JAVA_OPTS=-Xmx512m
END
"""
AGENT = f"""\
DOCKER_CONFIG=/nonexistent docker run -d --name mesos-slave \\
  --net host --restart=always \\
  --log-driver json-file --log-opt max-size=50m --log-opt max-file=5 \\
  --privileged \\
  --pid=host \\
  --label mesofab.cluster=mesos \\
  --label mesofab.role=mesos_agent \\
  --label mesofab.ports=5051 \\
  --label mesofab.digest=DIGEST \\
  --env-file /dev/stdin \\
  -v /var/log/mesos/agent:/var/log/mesos \\
  -v /var/lib/mesos/agent:/var/lib/mesos/agent \\
  -v /var/run/docker.sock:/var/run/docker.sock \\
  -v /sys:/sys \\
  mesosphere/mesos-slave:1.5.0 <<'END'
MESOS_IP=10.70.0.20
MESOS_HOSTNAME=10.70.0.20
MESOS_PORT=5051
MESOS_MASTER={ZK}/mesos
MESOS_SWITCH_USER=0
MESOS_CONTAINERIZERS=docker,mesos
MESOS_LOG_DIR=/var/log/mesos
MESOS_WORK_DIR=/var/lib/mesos/agent
MESOS_SYSTEMD_ENABLE_SUPPORT=false
MESOS_DOCKER_MESOS_IMAGE=mesosphere/mesos:1.5.0
MESOS_EXECUTOR_REGISTRATION_TIMEOUT=5mins
END
"""


def runbooks(variables: str = "") -> Cluster:
    """The runbook's four hosts, with these lines in [all:vars]."""
    return parse(f"{SHIPPED}\n{variables}\n")


def node(cluster: Cluster, name: str) -> Node:
    found = cluster.called(name)
    assert found is not None
    return found


def container(cluster: Cluster, chapter: Chapter, name: str) -> Container:
    (found,) = (i for i in chapter.desired(cluster, node(cluster, name)) if isinstance(i, Container))
    return found


def master(variables: str = "") -> Container:
    return container(runbooks(variables), MESOS_MASTER, "10.70.0.11")


def marathon(variables: str = "") -> Container:
    return container(runbooks(variables), MARATHON, "10.70.0.11")


def agent(variables: str = "") -> Container:
    return container(runbooks(variables), MESOS_AGENT, "10.70.0.20")


def run(made: Container) -> str:
    return re.sub(r"mesofab\.digest=[0-9a-f]{16}", "mesofab.digest=DIGEST", shell.docker_run(made))


@given(secrets=st.lists(st.tuples(st.sampled_from(["-Dzk.password=", ""]), st.text(min_size=1)), max_size=3))
def test_no_label_tells_what_a_variable_or_an_argument_is(secrets: list[tuple[str, str]]) -> None:
    told = tuple("".join(each) for each in secrets)
    other = replace(marathon(), environment=tuple(("JAVA_OPTS", each) for each in told), arguments=told)
    assert other.labels == marathon().labels


def words(made: Container) -> list[str]:
    """What docker gets: its words, and behind them the variables on its input."""
    command, variables = docker_gets(shell.docker_run(made))
    return command + variables


@pytest.mark.parametrize(
    "chapter, host, text",
    [
        (MESOS_MASTER, "10.70.0.11", MASTER),
        (MARATHON, "10.70.0.11", MARATHON_2),
        (MESOS_AGENT, "10.70.0.20", AGENT),
    ],
    ids=["a master", "a Marathon", "an agent"],
)
def test_the_runbooks_containers_are_run_exactly_so(chapter: Chapter, host: str, text: str) -> None:
    assert run(container(runbooks(), chapter, host)) == text


def test_every_directory_that_is_mounted_is_made_first_and_every_image_pulled() -> None:
    cluster = runbooks()
    for each in cluster.nodes:
        items = wanted(CHAPTERS[2:], cluster, each)
        made = {path for i in items if isinstance(i, Directories) for path in i.paths}
        pulled = {i.reference for i in items if isinstance(i, Image)}
        for item in (i for i in items if isinstance(i, Container)):
            assert {m.host for m in item.mounts} - made <= {"/sys", "/var/run/docker.sock"}
            assert item.image in pulled
            assert dict(item.environment).get("MESOS_DOCKER_MESOS_IMAGE", item.image) in pulled


# Masters


def masters(count: int, variables: str = "") -> Cluster:
    hosts = "".join(f"10.70.1.{i} number={i}\n" for i in range(1, count + 1))
    return parse(f"[zookeeper]\n10.70.0.10 myid=1\n[mesos_master]\n{hosts}[all:vars]\n{variables}\n")


@pytest.mark.parametrize("count, majority", [(1, "1"), (3, "2"), (5, "3")])
def test_the_quorum_is_a_majority_of_the_masters(count: int, majority: str) -> None:
    cluster = masters(count)
    environments = [dict(container(cluster, MESOS_MASTER, n.name).environment) for n in cluster.nodes[1:]]
    assert [environment["MESOS_QUORUM"] for environment in environments] == [majority] * count
    assert str(quorum(cluster)) == majority


def test_the_number_names_a_container_and_the_myid_does_where_there_is_none() -> None:
    text = "[zookeeper]\n10.70.0.10 myid=7\n10.70.0.11 myid=8 number=2\n10.70.0.12 myid=200\n"
    roles = "[mesos_master:children]\nzookeeper\n[marathon:children]\nzookeeper\n"
    cluster = parse(text + roles)
    names = [
        (container(cluster, MESOS_MASTER, n.name).name, container(cluster, MARATHON, n.name).name)
        for n in cluster.nodes
    ]
    assert names == [
        ("mesos-master-07", "marathon-7"),
        ("mesos-master-02", "marathon-2"),
        ("mesos-master-200", "marathon-200"),
    ]


def test_a_registry_in_memory_is_a_setting_and_still_needs_no_argument() -> None:
    made = master("mesos_registry=in_memory")
    assert dict(made.environment)["MESOS_REGISTRY"] == "in_memory"
    assert (made.entrypoint, made.arguments) == ("mesos-master", ())


def test_docker_init_is_process_1_of_a_master_unless_hosts_ini_leaves_it_out() -> None:
    assert master().init and "--init" in words(master())
    made = master("mesos_master_init=false")
    assert not made.init and "--init" not in words(made)
    assert made.digest != master().digest
    assert not marathon().init and not agent().init


def test_more_variables_of_a_master_come_behind_mesofabs_own() -> None:
    text = "mesos_master_environment=MESOS_OFFER_TIMEOUT=1hrs MESOS_CLUSTER='my cluster'"
    made = master(text)
    assert made.environment[:-2] == master().environment
    assert words(made).count("MESOS_CLUSTER=my cluster") == 1


# Marathon


def test_marathons_own_arguments_stand_behind_the_image() -> None:
    made = marathon("marathon_arguments=--access_control_allow_origin '*' --disable_checkpoint")
    command, _ = docker_gets(shell.docker_run(made))
    behind = command[command.index("mesosphere/marathon:v1.5.8") + 1 :]
    assert behind == [
        *("--master", f"{ZK}/mesos", "--zk", f"{ZK}/marathon"),
        *("--access_control_allow_origin", "*", "--disable_checkpoint"),
    ]


def test_a_variable_that_hosts_ini_gives_marathon_takes_the_place_of_mesofabs_own() -> None:
    given_once = [
        word for word in words(marathon("marathon_environment=JAVA_OPTS=-Xmx1g")) if "JAVA_OPTS" in word
    ]
    assert given_once == ["JAVA_OPTS=-Xmx1g"]


def test_both_paths_in_zookeeper_are_settings() -> None:
    made = marathon("mesos_zk_path=/prod/mesos\nmarathon_zk_path=/prod/marathon")
    assert made.arguments == ("--master", f"{ZK}/prod/mesos", "--zk", f"{ZK}/prod/marathon")
    assert dict(agent("mesos_zk_path=/prod/mesos").environment)["MESOS_MASTER"] == f"{ZK}/prod/mesos"


# Agents


def test_an_agents_work_dir_has_the_same_path_on_both_sides_wherever_it_is() -> None:
    made = agent("mesos_agent_work_dir=/srv/mesos/work")
    assert [(m.host, m.inside) for m in made.mounts if "work" in m.host] == [("/srv/mesos/work",) * 2]
    assert dict(made.environment)["MESOS_WORK_DIR"] == "/srv/mesos/work"


def test_an_agent_without_cgroup_sees_the_hosts_processes_its_docker_and_sys() -> None:
    made = agent()
    assert made.privileged and made.host_pids
    assert {m.host for m in made.mounts} >= {"/sys", "/var/run/docker.sock"}
    assert not [m for m in made.mounts if "cgroup" in m.host]


def test_what_is_not_set_is_left_out_and_never_empty() -> None:
    names = dict(agent().environment)
    assert not names.keys() & {"MESOS_RESOURCES", "MESOS_ATTRIBUTES", "MESOS_DEFAULT_ROLE"}
    for made in (master(), marathon(), agent()):
        assert all(value for _, value in made.environment)


def test_resources_and_attributes_reach_docker_as_one_word_each() -> None:
    resources = "cpus(web):4;mem:8192;ports:[21000-24000,31000-32000];disks:{a,b}"
    made = agent(
        f"mesos_agent_resources={resources}\nmesos_agent_attributes=rack:a;zone:b\nmesos_agent_default_role=web"
    )
    assert set(words(made)) >= {
        f"MESOS_RESOURCES={resources}",
        "MESOS_ATTRIBUTES=rack:a;zone:b",
        "MESOS_DEFAULT_ROLE=web",
    }


def test_an_agents_registration_timeout_can_be_set_and_is_given_once() -> None:
    made = agent("mesos_agent_environment=MESOS_EXECUTOR_REGISTRATION_TIMEOUT=10mins MESOS_GC_DELAY=3days")
    timeouts = [value for key, value in made.environment if "REGISTRATION_TIMEOUT" in key]
    assert timeouts == ["10mins"]
    assert dict(made.environment)["MESOS_GC_DELAY"] == "3days"


def test_two_quoted_words_in_a_groups_variables_are_two_words() -> None:
    made = agent("""mesos_agent_environment='TZ_A=1 2' "TZ_B=3 4\"""")
    assert made.environment[-2:] == (("TZ_A", "1 2"), ("TZ_B", "3 4"))


def test_a_hosts_own_line_may_hold_quoted_words_too() -> None:
    variables = """mesos_agent_environment="TZ_A='1 2' TZ_B=3" mesos_agent_resources=cpus:4;mem:8192"""
    cluster = parse(SHIPPED.replace("\n10.70.0.20\n", f"\n10.70.0.20 {variables}\n"))
    made = container(cluster, MESOS_AGENT, "10.70.0.20")
    assert made.environment[-2:] == (("TZ_A", "1 2"), ("TZ_B", "3"))
    assert ("MESOS_RESOURCES", "cpus:4;mem:8192") in made.environment


# Images


REFERENCES = {
    "zookeeper:3.4.12": "10.70.0.2:5000/zookeeper:3.4.12",
    "mesosphere/mesos:1.5.0": "10.70.0.2:5000/mesosphere/mesos:1.5.0",
    "a/b/c:1": "10.70.0.2:5000/a/b/c:1",
    "quay.io/mesosphere/mesos:1.5.0": "quay.io/mesosphere/mesos:1.5.0",
    "registry:5000/mesos:1.5.0": "registry:5000/mesos:1.5.0",
    "localhost/mesos:1.5.0": "localhost/mesos:1.5.0",
    "Registry/mesos:1.5.0": "Registry/mesos:1.5.0",
}


@pytest.mark.parametrize("reference, full", REFERENCES.items())
def test_the_registry_is_put_before_images_that_name_none(reference: str, full: str) -> None:
    assert runbooks("registry=10.70.0.2:5000").image(reference) == full
    assert runbooks().image(reference) == reference


def test_every_image_comes_from_the_registry() -> None:
    cluster = runbooks("registry=10.70.0.2:5000/mirror")
    for each in cluster.nodes:
        for item in wanted(CHAPTERS, cluster, each):
            if isinstance(item, Container | Image):
                name = item.image if isinstance(item, Container) else item.reference
                assert name.startswith("10.70.0.2:5000/mirror/")
    made = container(cluster, MESOS_AGENT, "10.70.0.20")
    assert ("MESOS_DOCKER_MESOS_IMAGE", "10.70.0.2:5000/mirror/mesosphere/mesos:1.5.0") in made.environment


# Of the file, only what it says counts


@pytest.mark.parametrize("chapter", [MESOS_MASTER, MARATHON, MESOS_AGENT], ids=lambda chapter: chapter.role)
def test_the_logs_bounds_are_a_setting_of_every_container(chapter: Chapter) -> None:
    cluster = runbooks("log_size=7m\nlog_files=2")
    for each in cluster.having(chapter.role or ""):
        made = container(cluster, chapter, each.name)
        assert (made.log_size, made.log_files) == ("7m", 2)
        assert made.digest != container(runbooks(), chapter, each.name).digest


HOSTS = [f"10.70.0.1{i} myid={i + 1}" for i in range(3)]
AGENTS = [f"10.70.0.2{i}" for i in range(3)]


@given(
    st.permutations(HOSTS),
    st.permutations(["mesos_master", "marathon"]),
    st.permutations(AGENTS),
    st.booleans(),
)
def test_order_and_comments_of_hosts_ini_change_no_container(
    hosts: list[str], roles: list[str], agents: list[str], vars_first: bool
) -> None:
    def text(hosts: list[str], roles: list[str], agents: list[str], comment: str, vars_first: bool) -> str:
        variables = f"[all:vars]\n{comment}mesos_agent_resources=cpus:4\nmarathon_heap=1g\n"
        groups = "".join(f"[{role}]\n" + "".join(f"{h.split()[0]}\n" for h in hosts) for role in roles)
        body = "[zookeeper]\n" + "\n".join(hosts) + f"\n{groups}[mesos_agent]\n" + "\n".join(agents) + "\n"
        return variables + body if vars_first else body + variables

    plain = parse(text(HOSTS, ["mesos_master", "marathon"], AGENTS, "", vars_first=False))
    other = parse(text(hosts, roles, agents, "# a comment\n\n; another\n", vars_first))
    for each in plain.nodes:
        assert wanted(CHAPTERS, other, node(other, each.name)) == wanted(CHAPTERS, plain, each)


def test_zookeepers_members_are_named_in_the_order_of_their_myid() -> None:
    cluster = parse(
        "[mesos_agent]\n10.70.0.20\n"
        "[zookeeper]\n10.70.0.12 myid=3\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n"
        "[zookeeper:vars]\nzookeeper_client_port=2182\n"
    )
    made = container(cluster, MESOS_AGENT, "10.70.0.20")
    assert dict(made.environment)["MESOS_MASTER"] == ZK.replace("2181", "2182") + "/mesos"


def test_only_the_step_and_the_ports_are_no_part_of_a_containers_digest() -> None:
    made = agent()
    assert replace(made, step=Id.ZOOKEEPER_RUN, ports=()).digest == made.digest
    for change in ({"privileged": False}, {"host_pids": False}, {"entrypoint": "x"}, {"log_files": 6}):
        assert replace(made, **change).digest != made.digest
    assert replace(made, init=True).digest != made.digest
