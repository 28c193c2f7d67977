"""What a look may have found of clusters: statuses for the live picture, made without a lab."""

from collections.abc import Iterator

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.gate import Verdict
from tasks.plan.look.lease import Lease
from tasks.plan.mesos_master.service import Master
from tasks.plan.names import Id
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.step import Sort, Trouble

TRIO = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
LEADERS = {"zookeeper": 2, "mesos_master": 0, "marathon": 1}
NAMES = {"zookeeper": "zookeeper", "mesos_master": "mesos-master-0{}", "marathon": "marathon-{}"}
ENDED = "it is exited (exit code 1); its log ends with: My id 7 not in the peer list"
OFF = "10.70.1.1  connect: nobody answers on port 22. See whether it is up"


def cluster(agents: int) -> Cluster:
    """The inventory of the trio and so many agents."""
    trio = "\n".join(f"{host} myid={number} number={number}" for number, host in enumerate(TRIO, 1))
    those = "\n".join(TRIO)
    return parse(
        f"[zookeeper]\n{trio}\n[mesos_master]\n{those}\n[marathon]\n{those}\n[mesos_agent]\n"
        + "\n".join(f"10.70.1.{place}" for place in range(1, agents + 1))
    )


def status(agents: int, ill: bool = False) -> Status:
    """The trio and so many agents; if it is ill, a member is down, a host lost, and things differ."""
    says = f"2 of 3 ZooKeepers serve; {TRIO[1]} does not answer" if ill else "3 of 3 ZooKeepers serve"
    active = f"{agents - ill} of {agents} agents are active" + "; 10.70.1.1 is not active" * ill
    return Status(
        source="hosts.ini",
        looked_at="2026-12-01T01:02:03Z",
        hosts=(*_trio(ill), *_agents(agents, ill)),
        services=(
            Service("zookeeper", "ZooKeeper", Verdict(not ill, says), 3, 3 - ill, TRIO[2]),
            Service("mesos_master", "Mesos masters", Verdict(True, "3 of 3 masters answer"), 3, 3, TRIO[0]),
            Service("marathon", "Marathon", Verdict(True, "3 of 3 Marathons answer"), 3, 3, TRIO[1]),
            Service("mesos_agent", "Mesos agents", Verdict(not ill, active), agents, agents - ill, ""),
        ),
        master=Master(True, True, agents=agents, frameworks=1, tasks=3 * agents),
    )


def _trio(ill: bool) -> Iterator[HostStatus]:
    for place, host in enumerate(TRIO):
        components = [_component(place, role, ill and (place, role) == (1, "zookeeper")) for role in NAMES]
        drift = ("HOST_IP in a login shell: it says '', not 10.70.0.12",) if ill and place == 2 else ()
        lease = Lease("ann on desk", "2026-12-01T01:00:00Z", "deploy") if ill and place == 0 else None
        yield HostStatus(host, tuple(components), drift, at_work=lease)


def _component(place: int, role: str, ended: bool) -> Component:
    name, leads = NAMES[role].format(place + 1), LEADERS[role] == place
    if ended:
        trouble = Trouble(Id.ZOOKEEPER_RUN, name, Sort.DOWN, ENDED, "look at `docker logs zookeeper` there")
        return Component(role, name, "exited", troubles=(trouble,))
    part = "leader" if leads else "standby" if role == "marathon" else "follower"
    return Component(role, name, "running", role=part)


def _agents(agents: int, ill: bool) -> Iterator[HostStatus]:
    for place in range(1, agents + 1):
        lost = ill and place == 1
        drift = ("replace mesos-slave: MESOS_ATTRIBUTES: rack:1 -> rack:2",) if ill and place == 2 else ()
        agent = Component(
            *("mesos_agent", "mesos-slave", "unreachable" if lost else "running"),
            role="" if lost else "active",
            drift=drift,
            tasks=None if lost else place % 6,
        )
        yield HostStatus(f"10.70.1.{place}", (agent,), trouble=OFF if lost else "")
