"""What somebody runs by hand is recognised, kept by settings as far as can be, and taken over by a deploy."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from hypothesis import given
from samples import IMAGE, any_json, as_wanted

from tasks.engine import adopt as engine
from tasks.engine import preview
from tasks.engine.deploy import deploy
from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.errors import BadInput, Blocked, RolledBack, StepFailed, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.edits import Set
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.adopt import told
from tasks.plan.adopt.adoption import Adoption, adopt
from tasks.plan.adopt.look import Machine, read
from tasks.plan.gate import Question
from tasks.plan.look import by_hand
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed
from tasks.plan.look.sections import Unreadable
from tasks.plan.mesos_master import replicas
from tasks.plan.runbook import CHAPTERS, MESOS_MASTER
from tasks.plan.step import HostPlan, Step

T = TypeVar("T")

INI = """\
[zookeeper]
10.70.0.10 myid=1
10.70.0.11 myid=2
10.70.0.12 myid=3
[mesos_master]
10.70.0.[10:12]
[marathon]
10.70.0.[10:12]
[mesos_agent]
10.70.0.20
"""
CLUSTER = parse(INI)
TRIO = [node.address for node in CLUSTER.ensemble]
AGENT = "10.70.0.20"
SERVERS = ",".join(f"{address}:2181" for address in TRIO)
CFG = "dataDir=/data\nclientPort=2181\ninitLimit=5\nsyncLimit=2\n" + "".join(
    f"server.{n}={address}:2888:3888\n" for n, address in enumerate(TRIO, 1)
)
HOST = {"NetworkMode": "host", "RestartPolicy.Name": "always"}


def container(image: str, *words: str, **more: Any) -> SeenContainer:
    """A container that somebody has run."""
    given: dict[str, Any] = {"entrypoint": words[:1], "arguments": words[1:], "options": HOST, **more}
    binds = frozenset(f"{host}:{inside}" for inside, host in given.pop("places", {}).items())
    return SeenContainer(image=image, status="running", pid=7, mounts=binds, **given)


def zookeeper(**more: Any) -> SeenContainer:
    home = "/opt/zookeeper"
    places = {
        "/data": f"{home}/data",
        "/conf/zoo.cfg": f"{home}/conf/zoo.cfg",
        "/opt/zookeeper/logs": f"{home}/logs",
    }
    words = ("/docker-entrypoint.sh", "zkServer.sh", "start-foreground")
    return container("zookeeper:3.4.12", *words, **{"places": places, **more})


def mesos(program: str, environment: Mapping[str, str] = {}, **more: Any) -> SeenContainer:
    """A master or an agent as it was published, in the directory /root."""
    places = {"/var/log/mesos": "/root/log/mesos", "/var/tmp/mesos": "/root/tmp/mesos"}
    url = f"zk://{SERVERS}/mesos"
    of_role = (
        {"MESOS_ZK": url, "MESOS_QUORUM": "2", "MESOS_REGISTRY": "in_memory", "MESOS_PORT": "5050"}
        if program == "mesos-master"
        else {"MESOS_MASTER": url, "MESOS_SWITCH_USER": "0", "MESOS_CONTAINERIZERS": "docker,mesos"}
    )
    common = {"MESOS_LOG_DIR": "/var/log/mesos", "MESOS_WORK_DIR": "/var/tmp/mesos"}
    given = {**of_role, **common, **environment}
    words = (program, *(["--registry=in_memory"] if program == "mesos-master" else []))
    image = f"mesosphere/{program}:1.5.0"
    return container(image, *words, **{"environment": given, "places": places, **more})


def marathon(*words: str, **environment: str) -> SeenContainer:
    url = f"zk://{SERVERS}"
    words = ("--master", f"{url}/mesos", "--zk", f"{url}/marathon", *words)
    return container("mesosphere/marathon:v1.5.8", "bin/marathon", *words, environment=environment)


def machines(**changes: SeenContainer | None) -> dict[str, Machine]:
    """The published cluster by hand, every container by the runbook's name; a change is one by its name.

    In a name, `_` stands for `-`.
    """
    found: dict[str, Machine] = {}
    for n, address in enumerate(TRIO, 1):
        own = {
            "zookeeper": zookeeper(),
            f"mesos-master-0{n}": mesos("mesos-master"),
            f"marathon-{n}": marathon(),
        }
        found[address] = Machine(containers=own, configurations={7: CFG})
    found[AGENT] = Machine(containers={"mesos-slave": mesos("mesos-slave")})
    for each, changed in changes.items():
        name = each.replace("_", "-")
        for address, machine in found.items():
            if name in machine.containers:
                left = {k: v for k, v in machine.containers.items() if k != name}
                own = {name: changed} if changed else {}
                found[address] = replace(machine, containers={**left, **own})
    return found


def with_more(found: dict[str, Machine], address: str, **more: SeenContainer) -> dict[str, Machine]:
    own = {name.replace("_", "-"): one for name, one in more.items()}
    machine = found[address]
    return {**found, address: replace(machine, containers={**machine.containers, **own})}


def settings(found: Adoption) -> dict[tuple[str, str], str]:
    return {(edit.host, edit.setting): edit.value for edit in found.edits}


def test_the_published_cluster_is_kept_by_its_directories_and_nothing_else() -> None:
    found = adopt(CLUSTER, machines())
    assert settings(found) == {
        ("", "zookeeper_adopts"): "zookeeper",
        **{(a, "mesos_master_adopts"): f"mesos-master-0{n}" for n, a in enumerate(TRIO, 1)},
        ("", "mesos_master_work_dir"): "/root/tmp/mesos",
        ("", "mesos_master_log_dir"): "/root/log/mesos",
        **{(a, "marathon_adopts"): f"marathon-{n}" for n, a in enumerate(TRIO, 1)},
        ("", "mesos_agent_adopts"): "mesos-slave",
        ("", "mesos_agent_work_dir"): "/root/tmp/mesos",
        ("", "mesos_agent_log_dir"): "/root/log/mesos",
    }
    assert not found.unkept and not found.hindered


def test_what_a_take_over_changes_and_costs_is_foretold() -> None:
    found = adopt(CLUSTER, machines())
    text = "\n".join([*told.takeovers(found), *told.losses(found)])
    assert "mesos-master-01 runs by hand; a deploy replaces it: " in text
    assert "MESOS_REGISTRY in_memory -> replicated_log" in text and "none leads meanwhile" in text
    assert "pid mode none -> host" in text and "Only with --drain" in text


def test_containers_by_other_names_are_found_by_their_programs_and_by_image_and_port() -> None:
    by_image = zookeeper(entrypoint=("/my-own-start",), arguments=())
    found = machines(mesos_master_02=None, zookeeper=by_image)
    found = with_more(found, TRIO[1], the_master=mesos("mesos-master"))
    listening = {name: replace(each, listeners={2181: "java (pid 7)"}) for name, each in found.items()}
    told_of = {(one.host, one.member.name, one.member.role) for one in adopt(CLUSTER, listening).takeovers}
    assert (TRIO[1], "the-master", "mesos_master") in told_of
    assert (TRIO[0], "zookeeper", "zookeeper") in told_of
    roles = {one.member.role for one in adopt(CLUSTER, found).takeovers}
    assert "zookeeper" not in roles  # of an image that could be anything's, and nobody listens


def test_ours_and_what_an_earlier_take_over_has_left_are_none_of_those() -> None:
    ours = replace(zookeeper(), labels={"mesofab.digest": "1"})
    found = with_more(machines(zookeeper=ours), TRIO[0], **{"zookeeper.prev": zookeeper()})
    assert not [one for one in adopt(CLUSTER, found).takeovers if one.member.role == "zookeeper"]


def test_what_hosts_ini_has_settings_for_is_kept() -> None:
    more = {"MESOS_OFFER_TIMEOUT": "2hrs", "MESOS_PORT": "5060"}
    found = adopt(
        CLUSTER,
        {
            name: replace(each, configurations={7: f"{CFG}tickTime=3000\nmaxClientCnxns=100\n"})
            for name, each in machines(
                zookeeper=zookeeper(environment={"SERVER_JVMFLAGS": "-Xms1g -Xmx1g"}),
                mesos_master_01=mesos("mesos-master", more),
                mesos_master_02=mesos("mesos-master", more),
                mesos_master_03=mesos("mesos-master", more),
                mesos_slave=mesos("mesos-slave", {"MESOS_ATTRIBUTES": "rack:a", "MESOS_GC_DELAY": "3days"}),
                marathon_2=marathon("--task_launch_timeout", "600000", JAVA_OPTS="-Xmx2g"),
            ).items()
        },
    )
    kept = settings(found)
    assert kept["", "zookeeper_tick_time"] == "3000" and kept["", "zookeeper_max_client_cnxns"] == "100"
    assert kept["", "zookeeper_heap"] == "1g" and kept[TRIO[1], "marathon_heap"] == "2g"
    assert kept["", "mesos_master_port"] == "5060"
    assert kept["", "mesos_master_environment"] == "MESOS_OFFER_TIMEOUT=2hrs"
    assert kept["", "mesos_agent_attributes"] == "rack:a"
    assert kept["", "mesos_agent_environment"] == "MESOS_GC_DELAY=3days"
    assert kept[TRIO[1], "marathon_arguments"] == "--task_launch_timeout 600000"


def test_a_secret_is_named_and_never_written() -> None:
    given = {"MESOS_CREDENTIAL": '{"principal": "a", "secret": "hunter2"}', "TOKEN": "hunter2"}
    secret = marathon("--mesos_authentication_secret", "hunter2")
    found = adopt(CLUSTER, machines(mesos_slave=mesos("mesos-slave", given), marathon_1=secret))
    said = [*map(str, found.unkept), *told.takeovers(found), *told.settings(found.edits)]
    assert "hunter2" not in "\n".join([*said, str(found.edits)])
    assert {word for word in ("MESOS_CREDENTIAL", "TOKEN") for line in map(str, found.unkept) if word in line}
    assert len(found.unkept) == 3 and not found.hindered


def test_what_no_setting_keeps_is_told_and_a_login_to_zookeeper_stands_in_the_way() -> None:
    login = marathon()
    words = [word.replace("zk://", "zk://ann:hunter2@") for word in login.arguments]
    found = machines(marathon_1=replace(login, arguments=tuple(words)))
    one = found[TRIO[0]]
    found[TRIO[0]] = replace(one, configurations={7: f"{CFG}globalOutstandingLimit=10\n"})
    adoption = adopt(CLUSTER, found)
    told_of = "zookeeper: globalOutstandingLimit of its zoo.cfg goes, there is no setting for it"
    assert adoption.unkept == ((TRIO[0], told_of),)
    ((host, why),) = adoption.hindered
    assert host == TRIO[0] and "logs in to ZooKeeper with a password" in why
    assert "hunter2" not in "\n".join([why, *told.takeovers(adoption), *told.settings(adoption.edits)])


def test_members_that_know_zookeeper_by_names_are_told_of_as_a_deploy_refuses_them() -> None:
    by_name = mesos("mesos-slave", {"MESOS_MASTER": "zk://zk1:2181,zk2:2181,zk3:2181/mesos"})
    ((host, why),) = adopt(CLUSTER, machines(mesos_slave=by_name)).hindered
    assert host == AGENT and why.startswith("mesos-slave: it works with the ZooKeeper of zk1,zk2,zk3")
    seen = replace(as_wanted(CLUSTER, CLUSTER.nodes[-1]), containers={"mesos-slave": by_name})
    refused = runbook.missing(CHAPTERS, CLUSTER, CLUSTER.nodes[-1], seen).blockers
    assert "cluster" in {one.check for one in refused}


def test_data_where_no_setting_can_have_them_are_not_left_behind() -> None:
    in_itself = zookeeper(places={})
    elsewhere = zookeeper(places={"/data": "/srv/zk-data"})
    for one, where in ((in_itself, "in the container itself"), (elsewhere, "/srv/zk-data, which no setting")):
        found = adopt(CLUSTER, machines(zookeeper=one))
        assert {host for host, text in found.hindered if where in text} == {*TRIO}


def test_a_member_in_a_network_of_its_own_and_two_for_one_role_need_a_person() -> None:
    bridged = replace(marathon(), options={"NetworkMode": "bridge"})
    found = adopt(CLUSTER, with_more(machines(marathon_1=bridged), TRIO[1], other=marathon()))
    said = "\n".join(map(str, found.hindered))
    assert "on docker's network bridge" in said and "marathon-2 and other are all of [marathon]" in said


def test_another_clusters_member_beside_it_is_in_nobodys_way() -> None:
    bridged = replace(zookeeper(), options={"NetworkMode": "kafka"})
    found = with_more(with_more(machines(), TRIO[0], kafka=bridged), AGENT, kafka=bridged, other=marathon())
    adoption = adopt(CLUSTER, found)
    assert not adoption.hindered and settings(adoption)["", "zookeeper_adopts"] == "zookeeper"
    told_of = "other may be of [marathon]: if it is of this cluster, add the host"
    assert adoption.unkept == ((AGENT, told_of),)


# What a deploy makes of it


def taken_over(ini: str, **changes: SeenContainer) -> dict[str, HostPlan]:
    """The plans for hosts as they are wanted but for these containers, which somebody has run."""
    cluster = parse(ini)
    seen: dict[str, Observed] = {}
    for node in cluster.nodes:
        host = as_wanted(cluster, node)
        own = {n: one for name, one in changes.items() if (n := name.replace("_", "-")) in host.containers}
        seen[node.name] = replace(host, containers={**host.containers, **own})
    return runbook.plans(CHAPTERS, cluster, cluster.nodes, seen)


def test_a_container_by_another_name_is_renamed_before_it_is_replaced() -> None:
    plans = taken_over(INI, zookeeper=replace(zookeeper(made_of=(IMAGE.id,)), called="zk1"))
    titles = [step.title for step in plans[TRIO[0]].steps]
    assert titles == ["rename zk1 to zookeeper", "replace zookeeper", "remove zookeeper.prev"]
    assert not plans[TRIO[0]].blockers


def test_it_is_known_by_its_old_name_as_long_as_none_has_the_new_one() -> None:
    old, new = zookeeper(), replace(zookeeper(), status="exited")
    found = by_hand.adopted({"zk1": old}, {"zookeeper": "zk1"})
    assert found == {"zookeeper": replace(old, called="zk1")}
    assert by_hand.adopted({"zk1": old, "zookeeper": new}, {"zookeeper": "zk1"})["zookeeper"] == new
    assert by_hand.adopted({}, {"zookeeper": "zk1"}) == {}


def test_a_directory_full_of_data_is_never_replaced_by_another_one() -> None:
    full = zookeeper(places={"/data": "/srv/zk/data"})
    plans = taken_over(INI, zookeeper=full)
    (blocker,) = plans[TRIO[0]].blockers
    assert blocker.check == "left-data" and "/srv/zk/data, hosts.ini has /opt/zookeeper/data" in blocker.seen
    kept = taken_over(f"{INI}[all:vars]\nzookeeper_dir=/srv/zk\n", zookeeper=full)
    assert not kept[TRIO[0]].blockers
    assert not taken_over(INI, zookeeper=replace(full, status="created"))[TRIO[0]].blockers, "it never ran"


def test_a_master_in_memory_has_nothing_to_leave_behind_and_one_with_a_log_has() -> None:
    in_memory = mesos("mesos-master")
    variables = {**in_memory.environment, "MESOS_REGISTRY": "replicated_log"}
    logged = replace(in_memory, arguments=(), environment=variables)
    assert not taken_over(INI, mesos_master_01=in_memory)[TRIO[0]].blockers
    (blocker,) = taken_over(INI, mesos_master_01=logged)[TRIO[0]].blockers
    assert blocker.check == "left-data"


def test_an_agent_that_sees_its_work_dir_by_another_path_is_drained_and_never_just_replaced() -> None:
    ini = f"{INI}[all:vars]\nmesos_agent_work_dir=/root/tmp/mesos\n"
    plans = taken_over(ini, mesos_slave=mesos("mesos-slave"))
    (blocker,) = plans[AGENT].blockers
    assert blocker.check == "agent-info" and "deploy with --drain" in blocker.remedy
    (step,) = [each for each in plans[AGENT].steps if each.phase == "replace"]
    assert step.title == "drain mesos-slave and replace it"
    assert "rm -f /root/tmp/mesos/meta/slaves/latest" in step.shell


# A host's answer


def inspected(name: str, **more: Any) -> str:
    report = {
        "Name": f"/{name}",
        "State": {"Status": "running", "Pid": 7},
        "Image": "sha256:1",
        "Config": {"Image": "zookeeper:3.4.12", "Env": [], "Entrypoint": ["/x"], "Cmd": ["zkServer.sh"]},
        "HostConfig": {"NetworkMode": "host", "Binds": None},
        "Mounts": [{"Type": "volume", "Destination": "/data", "Source": "/var/lib/docker/volumes/a/_data"}],
        **more,
    }
    return json.dumps(report)


def answer(containers: str, cfg: str = CFG) -> str:
    parts = dict.fromkeys(("user", "listeners", "answers", "containers", "images"), "") | {"cfg 7": cfg}
    parts |= {"user": "0", "containers": containers, "end": ""}
    return "".join(f"\nBOUND {name}\n{text}\n" for name, text in parts.items())


def test_volumes_are_places_of_the_host_too() -> None:
    machine = read(answer(inspected("zk1")), "BOUND")
    place = by_hand.place(machine.containers["zk1"], "/data/version-2")
    assert place == "/var/lib/docker/volumes/a/_data/version-2"
    assert machine.configurations[7].startswith("dataDir")


@given(any_json("Name", "State", "Config", "HostConfig", "Mounts", "Env", "Cmd"))
def test_an_odd_report_is_that_hosts_trouble_or_changes_nothing(report: object) -> None:
    try:
        machine = read(answer(json.dumps(report)), "BOUND")
    except Unreadable:
        return
    assert not adopt(CLUSTER, {TRIO[0]: machine}).takeovers


# What is written


def on_disk(where: Path, monkeypatch: pytest.MonkeyPatch, text: str = INI) -> tuple[Path, Cluster]:
    file = where / "hosts.ini"
    file.write_text(text)
    file.chmod(0o640)
    monkeypatch.setenv("INVENTORY", str(file))
    return file, parse(text)


def test_what_it_was_is_kept_beside_and_never_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, cluster = on_disk(tmp_path, monkeypatch)
    (tmp_path / "hosts.ini.before-adopt").write_text("of last year\n")
    kept = engine.write(cluster, (Set("zookeeper_dir", "/srv/zk"),))
    assert kept == "hosts.ini.before-adopt.2" and (tmp_path / kept).read_text() == INI
    assert (tmp_path / "hosts.ini.before-adopt").read_text() == "of last year\n"
    assert "zookeeper_dir=/srv/zk" in file.read_text() and file.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir())[1:] == ["hosts.ini.before-adopt", kept]


def test_a_file_that_has_changed_meanwhile_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, cluster = on_disk(tmp_path, monkeypatch)
    file.write_text(INI.replace("myid=3", "myid=4"))
    with pytest.raises(BadInput):
        engine.write(cluster, (Set("zookeeper_dir", "/srv/zk"),))
    assert [each.name for each in tmp_path.iterdir()] == ["hosts.ini"]


# A registry in memory becomes a log


class Refusing(FakeHosts):
    """Hosts on one of which a master that is to begin the log does not start."""

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        said = super().act(steps)
        if any(each.endswith("replace mesos-master-03") for each in self.done[-1:]):
            raise StepFailed("it does not start")
        return said


def says(question: Question) -> str:
    """Masters whose registry is in memory, and an ensemble, the first of each leading."""
    if question.port != 5050:
        return ensemble_led_by(TRIO[0])(question)
    return f'HTTP/1.1 200 OK\r\n\r\n{{"master/elected": {float(question.address == TRIO[0])}}}'


def in_memory(cluster: Cluster) -> dict[str, Observed]:
    """Hosts as wanted, but for masters by hand whose registry is in memory."""
    seen: dict[str, Observed] = {}
    for n, node in enumerate(cluster.nodes, 1):
        host = as_wanted(cluster, node)
        own = replace(host.containers[f"mesos-master-0{n}"], labels={}, arguments=("--registry=in_memory",))
        seen[node.name] = replace(host, containers={**host.containers, f"mesos-master-0{n}": own})
    return seen


def test_a_plan_tells_that_none_leads_until_the_log_begins() -> None:
    cluster = parse(INI.partition("[marathon]")[0])
    run = Run(FakeHosts(cluster, in_memory(cluster), says=says), [MESOS_MASTER])
    assert preview.foretold(run, preview.plan(run)).costs == [replicas.BEGINS]


def test_masters_that_do_not_come_to_a_log_get_their_registry_in_memory_back() -> None:
    cluster = parse(INI.partition("[marathon]")[0])
    seen = in_memory(cluster)
    assert replicas.begins(cluster, seen)
    hosts = Refusing(cluster, seen, says=says)
    with pytest.raises(RolledBack, match="the previous masters are back"):
        deploy(Run(hosts, [MESOS_MASTER]))
    assert [each.partition(" ")[2] for each in hosts.done] == [
        *(f"replace mesos-master-0{n}" for n in (1, 2, 3)),
        *(f"put the previous mesos-master-0{n} back" for n in (1, 2, 3)),
    ]


# What is said


class Published(FakeHosts):
    """Hosts on which a cluster runs by hand; who is not among them is lost."""

    def __init__(self, found: Mapping[str, Machine]) -> None:
        super().__init__(CLUSTER)
        self._machines = found

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if node.name not in self._machines:
            raise Unreachable("it is gone", host=node.name)
        return cast(T, self._machines[node.name])


def said(found: Mapping[str, Machine]) -> str:
    return "\n".join(engine.lines(CLUSTER, engine.look(Published(found))))


def test_what_is_found_is_told_with_what_it_costs_and_the_settings_that_keep_the_rest() -> None:
    text = said(machines(mesos_slave=None))
    assert f"{AGENT}  no member runs of Mesos agents; a deploy starts one" in text
    assert "  [all:vars]  mesos_master_work_dir=/root/tmp/mesos\n" in text
    assert f"  {TRIO[0]}  marathon_adopts=marathon-1" in text and "none leads meanwhile" in text


def test_where_nothing_runs_by_hand_that_is_said() -> None:
    nothing = {node.name: Machine() for node in CLUSTER.nodes}
    assert said(nothing).endswith("No member of mesos was run by hand on 4 hosts.")


def test_nothing_is_written_while_a_host_is_lost_or_a_person_is_needed() -> None:
    lost = machines()
    del lost[AGENT]
    with pytest.raises(Unreachable, match=f"{AGENT}  it is gone"):
        engine.refuse(engine.look(Published(lost)))
    bridged = replace(marathon(), options={"NetworkMode": "bridge"})
    with pytest.raises(Blocked, match="run it with --net=host first"):
        engine.refuse(engine.look(Published(machines(marathon_1=bridged))))


def test_what_to_type_next_is_said() -> None:
    found = engine.look(Published(machines()))
    assert engine.next_step(CLUSTER, found, "").startswith("Nothing was changed. `fab adopt --write`")
    assert "`fab deploy-cluster --drain`" in engine.next_step(CLUSTER, found, "hosts.ini.before-adopt")
