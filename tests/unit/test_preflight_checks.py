"""Every check of the preflight: silent on hosts in order, red at the fault it is for, and only then."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import with_container

from tasks.engine.preflight import unreached
from tasks.errors import Unreachable
from tasks.inventory import overruling
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.desired import Container, Image
from tasks.plan.look.docker import SeenContainer, SeenImage
from tasks.plan.look.engine import SeenEngine, offer
from tasks.plan.look.firewall import SeenFirewall
from tasks.plan.look.mounts import Held
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.look.profile import Login, Profile
from tasks.plan.preflight import CHECKS, Finding, Look, Report, judge
from tasks.plan.preflight.facts import TOOLS, Facts, Room
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER

A, B, C, AGENT = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"
THREE = f"{A}\n{B}\n{C}\n"
TEXT = (
    f"[zookeeper]\n{A} myid=1\n{B} myid=2\n{C} myid=3\n"
    f"[mesos_master]\n{THREE}[marathon]\n{THREE}[mesos_agent]\n{AGENT}\n"
)
THERE = 'HTTP/1.0 200 OK\r\n\r\n{"Platforms":[{"architecture":"amd64","os":"linux"}]}'


@dataclass
class World:
    """Bare hosts on which all is in order; a test spoils something."""

    cluster: Cluster = field(default_factory=lambda: parse(TEXT))
    lost: dict[str, Finding] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.cluster.nodes:
            images = runbook.ask(CHAPTERS, self.cluster, node).images
            facts = Facts(
                clock=1000,
                boot=f"boot of {node.name}",
                name=f"node-{node.name[-1]}",
                name_is=(node.address,),
                memory=16000,
                free_memory=8000,
                rooms={"/opt/zookeeper/data": Room("/opt/zookeeper/data", "/", 60000)},
                docker=Room("/var/lib/docker", "/", 60000),
                cgroups=(frozenset({"cpu", "cpuacct"}), frozenset({"freezer"})),
                service="enabled",
                engine=SeenEngine(oldest_api="1.12"),
                offers={image: offer(THERE) for image in images},
            )
            seen = Observed(addresses=frozenset({node.address, "127.0.0.1"}), engine=True)
            self.looks[node.name] = Look(seen, facts, sent=1000.2, arrived=1000.4)

    def report(self) -> Report:
        return judge(CHAPTERS, self.cluster, self.looks, self.lost)

    def lose(self, host: str, where: str, seen: str, remedy: str = "") -> None:
        """Have a host not be looked at, for this reason."""
        del self.looks[host]
        self.lost[host] = unreached(host, Unreachable(seen, remedy, host, where))

    def facts(self, host: str, **changes: Any) -> None:
        self.looks[host] = replace(self.looks[host], facts=replace(self.looks[host].facts, **changes))

    def engine(self, host: str, **changes: Any) -> None:
        self.facts(host, engine=replace(self.looks[host].facts.engine, **changes))

    def seen(self, host: str, **changes: Any) -> None:
        self.looks[host] = replace(self.looks[host], seen=replace(self.looks[host].seen, **changes))

    def container(self, host: str, role: str, labels: bool = True, **environment: str) -> None:
        """Have a role's container run as wanted but for its label or for some of its variables."""
        node = self.cluster.called(host)
        assert node
        items = runbook.wanted(CHAPTERS, self.cluster, node)
        one = next(item for item in items if isinstance(item, Container) and item.role == role)
        images = {item.reference: SeenImage("1") for item in items if isinstance(item, Image)}
        told = SeenContainer(
            image=one.image,
            made_of=("1",),
            status="running",
            environment=dict(one.environment) | environment,
            labels=dict(one.labels) if labels else {},
            mounts=frozenset(f"{mount.host}:{mount.inside}" for mount in one.mounts),
            options={"RestartPolicy.Name": "always", "NetworkMode": "host", "LogConfig.Type": "json-file"},
        )
        seen = self.looks[host].seen
        self.seen(host, images={**seen.images, **images}, containers={**seen.containers, one.name: told})

    def take_over(self, data: str) -> None:
        """Have a ZooKeeper by hand taken over that keeps its data there."""
        self.cluster = parse(f"{TEXT}\n[all:vars]\nzookeeper_adopts=zookeeper\n")
        self.container(B, "zookeeper", labels=False)
        self.change(B, "zookeeper", mounts=frozenset({f"{data}:/data"}))

    def change(self, host: str, name: str, **changes: Any) -> None:
        """Have docker tell something else of a container."""
        self.seen(host, **vars(with_container(self.looks[host].seen, name, **changes)))


@pytest.fixture
def world() -> World:
    return World()


def told(world: World) -> list[tuple[str, str, str]]:
    """The host, the check and the evidence of every finding."""
    return [(one.host, one.check, one.evidence) for one in world.report().findings]


def test_bare_hosts_in_order_have_no_finding(world: World) -> None:
    report = world.report()
    assert report.findings == ()
    assert report.hosts == (A, B, C, AGENT)


Fault = Callable[[World], None]

LISTED = (
    'HTTP/1.0 200 OK\r\n\r\n{"slaves": '
    '[{"pid": "slave(1)@10.0.0.8:5051", "active": true, "TASK_RUNNING": 3}]}'
)
"""What a leading master lists: an agent of no host of hosts.ini."""


def _answer(status: int, message: str) -> str:
    return f'HTTP/1.0 {status} x\r\n\r\n{{"message":"{message}"}}'


def _registries(world: World, said: str) -> None:
    world.facts(B, offers={image: offer(said) for image in world.looks[B].facts.offers})


def _moved_ports(world: World) -> None:
    world.container(B, "zookeeper")
    labels = {**world.looks[B].seen.containers["zookeeper"].labels, "mesofab.ports": "2182,2888,3888"}
    world.change(B, "zookeeper", labels=labels)


def _image_with_tls(world: World) -> None:
    image = SeenImage("1", environment={"LIBPROCESS_SSL_ENABLED": "true"})
    world.seen(B, images={"mesosphere/mesos-master:1.5.0": image})


def _closed_to_us(world: World) -> None:
    world.cluster = parse(f"{TEXT}[all:vars]\nfirewall=true\n")
    world.seen(B, firewall=SeenFirewall(operator="192.0.2.7"))


def _serving_with_others(world: World) -> None:
    world.container(B, "zookeeper")
    paths = {
        "/opt/zookeeper/conf/zoo.cfg": Seen("regular file", "server.1=10.0.0.1:1:2\nserver.9=10.0.0.9:1:2\n")
    }
    world.seen(B, paths=paths, answers={"zookeeper srvr": "Mode: follower\n"})


def _wiped_beside_stopped_ones(world: World) -> None:
    for host in (A, C):
        world.seen(host, holdings={"/opt/zookeeper/data/version-2": ("log.100000001",)})


def _newer_marathon(world: World) -> None:
    for host in (A, B, C):
        world.container(host, "marathon")
    world.change(B, "marathon-2", image="mesosphere/marathon:v1.6.0")


def _other_agent(world: World) -> None:
    world.container(AGENT, "mesos_agent", MESOS_ATTRIBUTES="rack:a")
    world.seen(AGENT, paths={"/var/lib/mesos/agent/meta/slaves/latest": Seen("directory")})


def _copied_agents(world: World, running: str = "") -> None:
    """Have B and the agent's host carry one agent's id, which a master knows."""
    world.cluster = parse(TEXT.replace("[mesos_agent]\n", f"[mesos_agent]\n{B}\n"))
    for host in (B, AGENT):
        world.facts(host, agent="7f3-S0")
        world.seen(host, answers={"mesos_agent slaves-10.0.0.1": '{"id":"7f3-S0"}'})
    if running:
        world.container(running, "mesos_agent")


def _one_machine(world: World) -> None:
    """Have B and C be one machine, with the addresses of both."""
    both = world.looks[C].seen.addresses | {B}
    for host in (B, C):
        world.seen(host, addresses=both)
    world.facts(C, boot=world.looks[B].facts.boot)


def _own_build(world: World) -> None:
    text = f"{TEXT}[mesos_agent:vars]\nmesos_agent_environment=MESOS_COLOUR=red\nextra_flags=colour\n"
    world.cluster = parse(text)


def _hanging(world: World) -> None:
    world.container(B, "zookeeper")
    world.seen(B, hanging=frozenset({"zookeeper srvr"}))


def _read_only(world: World) -> None:
    world.container(B, "zookeeper")
    world.seen(B, held={("zookeeper", "/opt/zookeeper/data"): Held(read_only=True)})


def _data(world: World, *names: str) -> None:
    """Have all members have data, and B these files of them."""
    for host, own in ((A, ("snapshot.100000007",)), (B, names), (C, ("snapshot.100000007",))):
        world.seen(host, holdings={"/opt/zookeeper/data/version-2": own})


def _back_to_3_4(world: World) -> None:
    world.container(B, "zookeeper")
    world.change(B, "zookeeper", image="zookeeper:3.8.0")
    _data(world, "log.100000001", "snapshot.0")


def _log_without_beginning(world: World) -> None:
    world.container(B, "zookeeper")
    _data(world, "log.100000007")
    world.cluster = parse(f"{TEXT}[all:vars]\nzookeeper_image=zookeeper:3.8.0\n")


def _agents_ahead(world: World) -> None:
    world.cluster = parse(f"{TEXT}[all:vars]\nmesos_agent_image=mesosphere/mesos-slave:1.6.1\n")


def _migration_cut_short(world: World) -> None:
    for number, host in enumerate((A, B, C), start=1):
        world.container(host, "marathon")
        world.change(host, f"marathon-{number}", image="mesosphere/marathon:v1.5.7")
    world.seen(B, migrating=True)


FAULTS: dict[str, tuple[str, Fault, str]] = {
    "connection": (
        B,
        lambda w: w.lose(B, "connect", f"{B}:22 does not answer", "Is it up?"),
        f"{B}:22 does not answer",
    ),
    "sudo": (
        B,
        lambda w: w.lose(B, "sudo", "it asks for a password", "Give it."),
        "it asks for a password",
    ),
    "lock": (B, lambda w: w.seen(B, busy=True), "another run is changing this host"),
    "rights": (B, lambda w: w.seen(B, user=1000), "commands run as user id 1000"),
    "tool": (B, lambda w: w.facts(B, lacking=("flock",)), "there is no flock"),
    "same-machine": (
        C,
        _one_machine,
        f"it is the same machine as {B} (one boot, the addresses {B}, {C})",
    ),
    "address": (B, lambda w: w.seen(B, addresses=frozenset({"10.9.9.9"})), "it has 10.9.9.9"),
    "hostname": (B, lambda w: w.facts(B, name_is=("127.0.1.1",)), "its own name node-2 is 127.0.1.1"),
    "clock": (B, lambda w: w.facts(B, clock=1312), "its clock is 312 s ahead of the others"),
    "clock-drift": (B, lambda w: w.facts(B, clock=991), "its clock is 8 s behind the others"),
    "architecture": (B, lambda w: w.facts(B, architecture="aarch64"), "'aarch64'"),
    "memory": (B, lambda w: w.facts(B, memory=1500), "has 1500 MB, its roles need about 1792 MB"),
    "free-memory": (B, lambda w: w.facts(B, free_memory=1000), "1000 MB are free"),
    "disk": (
        B,
        lambda w: w.facts(B, docker=Room("/var/lib/docker", "/var", 2100)),
        "/var/lib/docker has 2.1 GB free; the images to be pulled need about 3 GB",
    ),
    "disk-reserve": (
        B,
        lambda w: w.facts(B, rooms={"/opt": Room("/opt", "/opt", 400)}),
        "/opt has 0.4 GB free; the least is 0.1 GB, and 1 GB should be left",
    ),
    "docker": (B, lambda w: w.seen(B, engine=False, engine_error="docker: not found"), "there is no docker"),
    "docker-version": (B, lambda w: w.engine(B, version="19.03.15"), "the engine is 19.03.15"),
    "docker-podman": (
        B,
        lambda w: w.engine(B, client="podman version 4.9.3"),
        "docker is podman here (podman",
    ),
    "docker-snap": (
        B,
        lambda w: w.engine(B, root="/var/snap/docker/common/var-lib-docker"),
        "is the snap here",
    ),
    "docker-rootless": (B, lambda w: w.engine(B, security=frozenset({"rootless"})), "is a rootless one"),
    "docker-userns": (
        B,
        lambda w: w.engine(B, security=frozenset({"userns"})),
        "remaps users (userns-remap)",
    ),
    "docker-trust": (
        B,
        lambda w: w.engine(B, environment={"DOCKER_CONTENT_TRUST": "1"}),
        "DOCKER_CONTENT_TRUST=1 is set: docker refuses images that nobody signed",
    ),
    "docker-selinux": (
        B,
        lambda w: w.engine(B, security=frozenset({"selinux"})),
        "SELinux confines the containers",
    ),
    "docker-context": (
        B,
        lambda w: w.engine(B, environment={"DOCKER_HOST": "tcp://10.9.9.9:2375", "currentContext": "other"}),
        "another engine (DOCKER_HOST=tcp://10.9.9.9:2375, currentContext=other)",
    ),
    "docker-api": (
        AGENT,
        lambda w: w.engine(AGENT, oldest_api="1.44"),
        "below API 1.44, and ",
    ),
    "docker-init": (
        B,
        lambda w: w.engine(B, lost_init="docker-init"),
        "does not find docker-init, which is to be process 1 of mesos-master-02",
    ),
    "docker-boot": (B, lambda w: w.facts(B, service="disabled"), "does not start docker.service at boot"),
    "cgroups": (AGENT, lambda w: w.facts(AGENT, cgroups=()), "no cgroup v1 hierarchy with cpu"),
    "image": (B, lambda w: _registries(w, _answer(404, "manifest unknown")), "has no such image"),
    "image-login": (
        B,
        lambda w: _registries(
            w, _answer(403, "errors:\\ndenied: requested access to the resource is denied")
        ),
        "or requires a login",
    ),
    "port": (B, lambda w: w.seen(B, listeners={2181: "nc (pid 7)"}), "port 2181 is taken by nc (pid 7)"),
    "moved-ports": (B, _moved_ports, "it runs on the ports 2182"),
    "flow": (
        AGENT,
        lambda w: w.facts(AGENT, flows={(A, 5050): "timed out", (B, 5050): "refused", (C, 5050): "open"}),
        f"it cannot reach {A}:5050 (timed out): a firewall drops it",
    ),
    "tls": (
        B,
        _image_with_tls,
        "the image mesosphere/mesos-master:1.5.0 sets LIBPROCESS_SSL_ENABLED, which is TLS",
    ),
    "firewall": (B, _closed_to_us, "this run comes from 192.0.2.7, which neither firewall_allow names"),
    "profile": (
        B,
        lambda w: w.seen(
            B,
            profile=Profile(unreadable="sh cannot read it (line 3)"),
            logins=(Login("sh", "10.0.0.2", code=2, early=True),),
        ),
        "HOST_IP: /etc/profile breaks logins already: sh cannot read it (line 3)",
    ),
    "login": (
        B,
        lambda w: w.seen(B, logins=(Login("sh", "10.0.0.2", left=("sleep 7",)),)),
        "every login leaves a program running: sleep 7",
    ),
    "path": (
        B,
        lambda w: w.seen(B, paths={"/opt/zookeeper/data": Seen("regular file")}),
        "/opt/zookeeper/data: it is a regular file",
    ),
    "cluster": (B, lambda w: w.seen(B, clusters={"zookeeper": "other"}), "belong to the cluster 'other'"),
    "foreign-container": (
        B,
        lambda w: w.container(B, "zookeeper", labels=False),
        "the container zookeeper (of zookeeper:3.4.12) has no label",
    ),
    "left-data": (
        B,
        lambda w: w.take_over("/srv/zk/data"),
        "it keeps its data in /srv/zk/data, hosts.ini has /opt/zookeeper/data",
    ),
    "stray-container": (
        AGENT,
        lambda w: w.seen(
            AGENT, clusters=dict.fromkeys(("mesos-slave", "mesos-slave.prev", "marathon-4"), "mesos")
        ),
        "mesofab made the container marathon-4",
    ),
    "stranger": (
        AGENT,
        lambda w: w.seen(AGENT, answers={f"mesos_agent slaves-{A}": LISTED}),
        "counts the agent 10.0.0.8:5051 as active, with 3 tasks, and hosts.ini has none there",
    ),
    "foreign-data": (B, lambda w: w.facts(B, ensemble=True), "an unknown ensemble"),
    "myid": (
        B,
        lambda w: w.seen(B, paths={"/opt/zookeeper/data/myid": Seen("regular file", "7\n")}),
        "says '7', hosts.ini says '2'",
    ),
    "members": (B, _serving_with_others, "its ensemble has the ids 1, 9, hosts.ini 1, 2, 3"),
    "wiped": (B, _wiped_beside_stopped_ones, "it has no data in /opt/zookeeper/data/version-2"),
    "zookeeper-version": (B, _back_to_3_4, "its data are of 3.8.0, hosts.ini wants 3.4.12"),
    "zookeeper-snapshot": (B, _log_without_beginning, "a log that does not begin at the beginning, and no"),
    "mesos-version": (AGENT, _agents_ahead, f"of the masters that on {A} is of 1.5.0, that on {B} is of"),
    "marathon-migration": (A, _migration_cut_short, "an earlier migration of its state was cut short"),
    "quorum": (B, lambda w: w.container(B, "mesos_master", MESOS_QUORUM="1"), "run with quorum 1"),
    "marathon-version": (B, _newer_marathon, "its state is of 1.6.0, hosts.ini wants 1.5.8"),
    "agent-info": (AGENT, _other_agent, "attribute rack a -> none: the agent would refuse its work_dir"),
    "extra-flag": (
        AGENT,
        _own_build,
        "MESOS_COLOUR, not a flag of mesos-agent 1.5.0, which extra_flags lets pass",
    ),
    "same-agent": (AGENT, _copied_agents, f"its agent's id 7f3-S0 is also that of {B}"),
    "unwell": (B, _hanging, "zookeeper: it accepts connections and has answered nothing"),
    "read-only": (B, _read_only, "zookeeper: /opt/zookeeper/data is read-only for it"),
    "foreign-agent": (AGENT, lambda w: w.facts(AGENT, agent="7f3-S0"), "agent 7f3-S0, which no master"),
}


def test_every_check_has_its_fault() -> None:
    assert FAULTS.keys() == CHECKS.keys()


@pytest.mark.parametrize("check", FAULTS)
def test_a_check_goes_red_at_its_fault_and_no_other_does(check: str, world: World) -> None:
    host, spoil, evidence = FAULTS[check]
    spoil(world)
    found = world.report().findings
    assert {(one.host, one.check) for one in found} == {(host, check)}
    assert any(evidence in one.evidence for one in found), found


@pytest.mark.parametrize("check", FAULTS)
def test_a_finding_is_a_line_with_host_severity_check_evidence_and_remedy(check: str, world: World) -> None:
    host, spoil, _ = FAULTS[check]
    spoil(world)
    for one in world.report().findings:
        assert one.severity == CHECKS[check].severity
        assert one.remedy
        line = str(one)
        assert line.startswith(f"{host}  {one.severity}  {check}: {one.evidence}. ")
        assert re.search(r"[^.?][.?]$", line) and "\n" not in line


def test_what_nobody_could_ask_for_want_of_a_program_or_of_rights_is_told_once(world: World) -> None:
    world.facts(A, lacking=("ip",))
    world.seen(A, addresses=frozenset())
    world.seen(B, user=1000, engine=False, engine_error="dial unix /var/run/docker.sock: permission denied")
    assert [(host, check) for host, check, _ in told(world)] == [(A, "tool"), (B, "rights")]


def test_findings_stand_in_the_order_of_the_inventory_with_errors_first(world: World) -> None:
    world.facts(AGENT, architecture="armv7l")
    world.facts(A, name_is=(), lacking=("ss", "ip"))
    assert [(host, check) for host, check, _ in told(world)] == [
        (A, "tool"),
        (A, "tool"),
        (A, "hostname"),
        (AGENT, "architecture"),
    ]


# Machines and clocks


def test_hosts_that_share_a_kernel_or_a_cloned_image_are_different_machines(world: World) -> None:
    for host in world.looks:
        world.facts(host, boot="one kernel, as in a lab of containers")
    assert world.report().findings == ()
    world = World()
    for host in world.looks:
        world.seen(host, addresses=frozenset({"172.17.0.1"}))
    assert "same-machine" not in {check for _, check, _ in told(world)}


def test_nothing_is_said_of_machines_whose_addresses_are_unknown(world: World) -> None:
    for host in (A, B):
        world.facts(host, boot="x", lacking=("ip",))
        world.seen(host, addresses=frozenset())
    assert {check for _, check, _ in told(world)} == {"tool"}


def test_a_slow_answer_is_not_taken_for_a_wrong_clock(world: World) -> None:
    world.looks[B] = replace(world.looks[B], sent=980.0, arrived=1020.0)
    assert told(world) == []


def test_a_wrong_clock_of_ours_is_not_blamed_on_the_hosts(world: World) -> None:
    for host in world.looks:
        world.facts(host, clock=5000)
    assert told(world) == []


def test_the_one_host_there_is_is_compared_with_us(world: World) -> None:
    world.looks = {B: world.looks[B]}
    world.facts(B, clock=1100)
    assert [check for _, check, _ in told(world)] == ["clock"]


@given(clock=st.integers(0, 3000), sent=st.floats(0, 3000), trip=st.floats(0, 60), when=st.floats(0, 1))
def test_a_clock_that_is_right_is_never_called_wrong(
    clock: int, sent: float, trip: float, when: float
) -> None:
    moment = sent + trip * when
    look = Look(Observed(), Facts(clock=int(moment)), sent, sent + trip)
    assert look.ahead == 0
    off = replace(look, facts=Facts(clock=clock)).ahead
    assert abs(off) <= abs(clock - moment) + 1


# Docker


def test_images_with_one_cause_are_told_in_one_finding(world: World) -> None:
    _registries(world, _answer(500, "dial tcp: lookup hub on 10.0.0.2:53: no such host"))
    ((host, check, evidence),) = told(world)
    assert (host, check) == (B, "image")
    assert evidence.startswith(
        "zookeeper:3.4.12, mesosphere/mesos-master:1.5.0, mesosphere/marathon:v1.5.8: "
    )
    assert "the registry's name cannot be resolved (dial tcp: lookup hub" in evidence


def test_an_image_for_another_processor_only_is_no_image(world: World) -> None:
    _registries(world, THERE.replace("amd64", "arm64"))
    assert told(world)[0][2].endswith("the registry has it for arm64 only")


def test_a_registry_that_does_not_answer_in_time_is_told(world: World) -> None:
    _registries(world, "exit 124")
    assert "the registry does not answer in time" in told(world)[0][2]


@pytest.mark.parametrize(
    "said",
    ["exit 1", "", "HTTP/1.0 400 x\r\n\r\nno JSON", 'HTTP/1.0 500 x\r\n\r\n{"message":"page not found"}'],
)
def test_nothing_is_said_of_an_image_when_nobody_could_tell(said: str, world: World) -> None:
    _registries(world, said)
    assert told(world) == []


def test_a_failure_that_nobody_foresaw_is_told_in_the_engines_own_words(world: World) -> None:
    _registries(world, _answer(500, "gremlins"))
    assert told(world)[0][1:] == (
        "image",
        f"{', '.join(world.looks[B].facts.offers)}: docker says 'gremlins'",
    )


def test_an_image_that_the_host_holds_needs_no_registry_and_no_room(world: World) -> None:
    world.seen(B, images=dict.fromkeys(world.looks[B].facts.offers, SeenImage("1")))
    _registries(world, _answer(404, "manifest unknown"))
    world.facts(B, docker=Room("/var/lib/docker", "/var", 1200))
    assert told(world) == []


def test_podman_behind_dockers_own_client_is_told(world: World) -> None:
    world.engine(B, client="/usr/bin/docker Docker version 28.5.2", root="/var/lib/containers/storage")
    ((_, check, evidence),) = told(world)
    assert check == "docker-podman" and evidence.startswith("podman listens on /var/run/docker.sock: ")


def test_a_rootless_engine_in_place_of_the_hosts_own_is_told_instead_of_a_missing_one(world: World) -> None:
    error = "failed to connect to the docker API at unix:///var/run/docker.sock"
    world.seen(B, engine=False, engine_error=error)
    assert [check for _, check, _ in told(world)] == ["docker"]
    world.engine(B, sockets=("/run/user/1000/docker.sock",))
    ((_, check, evidence),) = told(world)
    assert check == "docker-rootless" and "(/run/user/1000/docker.sock)" in evidence


def test_a_rootless_engine_beside_the_hosts_own_is_nobodys_business(world: World) -> None:
    world.engine(B, sockets=("/run/user/1000/docker.sock",))
    assert told(world) == []


def test_a_snap_that_does_not_even_run_is_told_as_a_snap(world: World) -> None:
    world.seen(B, engine=False, engine_error="Cannot connect to the Docker daemon")
    world.engine(B, client="/snap/bin/docker /usr/bin/snap Docker version 28.4.0, build 1")
    assert [check for _, check, _ in told(world)] == ["docker-snap"]


@pytest.mark.parametrize(
    "environment",
    [
        {"DOCKER_HOST": "unix:///var/run/docker.sock"},
        {"DOCKER_HOST": "unix:///run/docker.sock", "DOCKER_CONTEXT": "default"},
        {"currentContext": "default", "DOCKER_CONTENT_TRUST": "0"},
    ],
)
def test_an_environment_that_means_the_hosts_own_engine_is_in_order(
    environment: dict[str, str], world: World
) -> None:
    world.engine(B, environment=environment)
    assert told(world) == []


def test_a_flock_that_cannot_wait_is_told_instead_of_another_run(world: World) -> None:
    world.facts(B, unfit={"flock": "flock: unrecognized option: w"})
    world.seen(B, busy=True)
    ((_, check, evidence),) = told(world)
    assert (check, evidence) == (
        "tool",
        "its flock cannot wait for a lock with a time limit: `flock -s -w 1 / true` says 'flock: "
        "unrecognized option: w'",
    )


def test_a_client_of_the_hosts_own_that_its_engine_refuses_is_told(world: World) -> None:
    said = "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44"
    world.seen(B, engine=False, engine_error=said)
    ((_, check, evidence),) = told(world)
    assert check == "docker" and "its own docker client is too old for the engine" in evidence


def test_an_agent_without_the_docker_containerizer_needs_no_cpu_hierarchy() -> None:
    text = f"{TEXT}[mesos_agent:vars]\nmesos_agent_containerizers=mesos\n"
    world = World(parse(text))
    world.facts(AGENT, cgroups=(frozenset({"freezer"}),), engine=SeenEngine(oldest_api="1.44"))
    assert told(world) == []
    world.facts(AGENT, cgroups=(frozenset({"freezer", "pids"}),))
    assert "with freezer alone" in told(world)[0][2]


def test_an_agent_with_the_posix_launcher_needs_no_freezer() -> None:
    text = f"{TEXT}[mesos_agent:vars]\nmesos_agent_environment=MESOS_LAUNCHER=posix\n"
    world = World(parse(text))
    world.facts(AGENT, cgroups=(frozenset({"cpu"}),))
    assert told(world) == []


# Leftovers


def test_a_container_that_somebody_else_made_says_nothing_of_marathons_state(world: World) -> None:
    world.container(B, "marathon", labels=False)
    world.change(B, "marathon-2", image="zookeeper:3.8.0")
    assert "marathon-version" not in [check for _, check, _ in told(world)]


def test_data_of_our_own_ensemble_is_no_leftover(world: World) -> None:
    world.facts(B, ensemble=True)
    servers = "".join(f"server.{i}=10.0.0.{i}:2888:3888\n" for i in (3, 1, 2))
    world.seen(B, paths={"/opt/zookeeper/conf/zoo.cfg": Seen("regular file", servers)})
    assert told(world) == []
    other = servers.replace("10.0.0.3", "10.0.0.7")
    world.seen(B, paths={"/opt/zookeeper/conf/zoo.cfg": Seen("regular file", other)})
    assert "holds data of server.1=10.0.0.1, server.2=10.0.0.2, server.3=10.0.0.7" in told(world)[0][2]


def test_an_agent_that_a_master_knows_is_no_leftover(world: World) -> None:
    world.facts(AGENT, agent="7f3-S0")
    world.seen(AGENT, answers={"mesos_agent slaves-10.0.0.1": 'HTTP/1.0 200 OK\r\n\r\n{"id":"7f3-S0"}'})
    assert told(world) == []


def test_an_agent_of_another_cluster_is_told_by_its_master(world: World) -> None:
    world.container(AGENT, "mesos_agent", MESOS_MASTER="zk://10.9.9.9:2181/mesos")
    ((_, check, evidence),) = told(world)
    assert check == "cluster"
    assert evidence.startswith(
        "mesos-slave: it works with the ZooKeeper of 10.9.9.9, hosts.ini has 10.0.0.1,"
    )
    world.container(AGENT, "mesos_agent", MESOS_MASTER="zk://10.0.0.1:2181/elsewhere")
    ((_, check, evidence),) = told(world)
    assert check == "foreign-agent"
    assert evidence.startswith("mesos-slave is an agent of zk://10.0.0.1:2181/elsewhere")


def test_of_two_agents_with_one_id_the_one_that_does_not_run_is_told(world: World) -> None:
    _copied_agents(world, running=AGENT)
    (found,) = world.report().findings
    assert (found.host, found.check) == (B, "same-agent")
    assert AGENT in found.evidence and "/var/lib/mesos/agent/meta/slaves/latest" in found.remedy


def test_what_an_agent_has_left_on_a_host_that_plays_none_now_is_no_copy(world: World) -> None:
    world.facts(B, agent="7f3-S0")
    world.facts(AGENT, agent="7f3-S0")
    assert [check for _, check, _ in told(world)] == ["foreign-agent"]


def test_a_copied_disk_of_a_zookeeper_is_told_by_its_myid(world: World) -> None:
    for host in (A, B):
        world.seen(host, paths={"/opt/zookeeper/data/myid": Seen("regular file", "1\n")})
    ((host, check, evidence),) = told(world)
    assert (host, check) == (B, "myid") and "says '1', hosts.ini says '2'" in evidence


# What is overruled


def test_a_check_that_hosts_ini_overrules_stops_nothing_and_is_told_all_the_same() -> None:
    world = World(parse(f"{TEXT}[all:vars]\npreflight_ignore=cgroups, memory\n"))
    world.facts(AGENT, cgroups=(frozenset({"freezer"}),), service="disabled")
    report = world.report()
    assert report.having("error") == []
    assert [str(one) for one in report.findings if one.check == "cgroups"] == [
        f"{AGENT}  warning  cgroups: there is no cgroup v1 hierarchy with cpu, and the docker containerizer "
        "does not start without. Overruled by preflight_ignore."
    ]
    assert [one.check for one in report.findings if not one.overruled] == ["docker-boot"]


def test_errors_of_other_checks_stop_a_deploy_as_ever() -> None:
    world = World(parse(f"{TEXT}[all:vars]\npreflight_ignore=memory\n"))
    world.facts(AGENT, cgroups=())
    assert {one.check for one in world.report().having("error")} == {"cgroups"}


def _one_master_older(demands: tuple[str, ...]) -> World:
    world = World(parse(f"{TEXT}[all:vars]\nmesos_master_image=mesosphere/mesos-master:1.8.1\n"))
    world.container(B, "mesos_master")
    world.change(B, "mesos-master-02", image="mesosphere/mesos-master:1.9.0")
    for host in (A, C):
        world.container(host, "mesos_master")
    world.facts(C, demands=demands)
    return world


def test_a_master_too_old_for_what_the_registry_demands_is_refused_with_what_is_to_be_given_up() -> None:
    found = [
        one for one in _one_master_older(("QUOTA_V2",)).report().findings if one.check == "mesos-version"
    ]
    assert [one.host for one in found] == [B]
    assert found[0].evidence == (
        "its master is to be of 1.8.1, and the registry demands QUOTA_V2, which masters have since 1.9.0"
    )
    assert found[0].remedy.startswith("give the roles in the registry's quota_configs their default quota")
    assert "mesos-version" not in {check for _, check, _ in told(_one_master_older(()))}


def test_every_check_may_be_overruled_or_not() -> None:
    assert sorted([*overruling.MAY_BE, *overruling.NEVER]) == sorted(CHECKS)


# Whatever is said


TEXTS = st.text(max_size=8) | st.sampled_from([THERE, "exit 1", "exit 124", "disabled", "1.44", "127.0.0.1"])
SIZES = st.none() | st.integers(0, 10**6)
ROOMS = st.builds(Room, TEXTS, TEXTS, st.integers(0, 10**6))
ANY_ENGINE = st.builds(
    SeenEngine,
    version=TEXTS,
    oldest_api=TEXTS,
    client=TEXTS | st.just("podman version 5.0.0"),
    root=TEXTS | st.just("/var/snap/docker"),
    security=st.frozensets(st.sampled_from(["userns", "rootless", "selinux", "seccomp"])),
    environment=st.dictionaries(st.sampled_from(["DOCKER_HOST", "DOCKER_CONTENT_TRUST"]), TEXTS),
    sockets=st.lists(TEXTS, max_size=2).map(tuple),
    spoken=st.dictionaries(st.sampled_from(["mesosphere/mesos:1.5.0", "x:1"]), TEXTS),
)
ANY_FACTS = st.builds(
    Facts,
    clock=SIZES,
    architecture=TEXTS,
    boot=TEXTS,
    lacking=st.lists(st.sampled_from(list(TOOLS)), max_size=3).map(tuple),
    name=TEXTS,
    name_is=st.none() | st.lists(TEXTS, max_size=2).map(tuple),
    memory=SIZES,
    free_memory=SIZES,
    rooms=st.dictionaries(TEXTS, ROOMS, max_size=3),
    docker=st.none() | ROOMS,
    cgroups=st.lists(st.frozensets(st.sampled_from(["cpu", "freezer", "x"])), max_size=3).map(tuple),
    service=TEXTS,
    engine=ANY_ENGINE,
    offers=st.dictionaries(
        st.sampled_from(["zookeeper:3.4.12", "mesosphere/marathon:v1.5.8"]), TEXTS.map(offer)
    ),
    agent=TEXTS,
    ensemble=st.booleans(),
    masters=st.dictionaries(TEXTS, TEXTS | st.just("1.4.0"), max_size=2),
    demands=st.lists(TEXTS | st.just("QUOTA_V2"), max_size=2).map(tuple),
)


@settings(max_examples=20, deadline=None)
@given(facts=st.lists(ANY_FACTS, min_size=4, max_size=4), why=TEXTS)
def test_whatever_hosts_say_becomes_findings_of_known_checks(facts: list[Facts], why: str) -> None:
    world = World()
    for host, own in zip(world.looks, facts, strict=True):
        world.looks[host] = replace(world.looks[host], facts=own)
    world.lose(C, "look", why)
    report = world.report()
    assert all(one.check in CHECKS and one.host in report.hosts for one in report.findings)
    assert all(str(one) for one in report.findings)
    assert report.lost == (C,)


def test_a_deploy_of_one_chapter_asks_for_that_chapter_alone(world: World) -> None:
    world.facts(AGENT, cgroups=())
    report = judge([ZOOKEEPER], world.cluster, world.looks, {})
    assert report.findings == ()
