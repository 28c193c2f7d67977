"""Chapter 5: the Mesos agents."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Add, Change, Set
from ..desired import Checkpoint, Container, Directories, Image, Item, Mount, secrets, zookeeper_url
from ..look import by_hand
from ..look.docker import SeenContainer
from ..look.observed import Observed
from ..membership import Plans, Seen
from ..names import Id
from ..shell import SOCKET, quote, replace_container
from ..step import Action, Blocker, HostPlan
from .agent_info import refused
from .service import agent

CONTAINER = "mesos-slave"
LOG_DIR = "/var/log/mesos"

SETTINGS = {
    "MESOS_HOSTNAME": "host_ip",
    "MESOS_PORT": "mesos_agent_port",
    "MESOS_RESOURCES": "mesos_agent_resources",
    "MESOS_ATTRIBUTES": "mesos_agent_attributes",
    "MESOS_DEFAULT_ROLE": "mesos_agent_default_role",
}
"""Where hosts.ini sets the variables that an agent compares."""

POLICY = "MESOS_RECONFIGURATION_POLICY"

INCOMPATIBLE = "agent-info"
"""The objection that `--drain` overrules."""

REFUSAL = "Incompatible agent info"
"""What an agent says of a work_dir that it does not take (slave/slave.cpp)."""

DRAIN_TIMEOUT = 120
"""Seconds that an agent may take to end its tasks."""


def desired(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what chapter 5 wants of `node`, an agent."""
    s, agent = node.settings, container(cluster, node)
    return (
        Image(Id.AGENT_RUN, cluster.image(s.mesos_agent_image), _client(agent)),
        Image(Id.AGENT_RUN, cluster.image(s.mesos_image), _client(agent)),
        Directories(Id.AGENT_RUN, (s.mesos_agent_work_dir, s.mesos_agent_log_dir)),
        checkpoint(node),
        *secrets.agents(cluster, CONTAINER).items,
        agent,
    )


def checkpoint(node: Node) -> Checkpoint:
    """Return what an agent keeps of itself."""
    return Checkpoint(Id.AGENT_RUN, node.settings.mesos_agent_work_dir)


def _client(agent: Container) -> str:
    """Give the docker client that an agent runs, and its executors; "" if it runs no docker tasks."""
    environment = dict(agent.environment)
    uses = "docker" in environment["MESOS_CONTAINERIZERS"].split(",")
    return environment.get("MESOS_DOCKER", "docker") if uses else ""


def objections(cluster: Cluster, node: Node, seen: Observed) -> Iterator[Blocker]:
    """Object to a change that would make the agent refuse its own work_dir, or not find itself there."""
    if inside := moved_inside(node, seen.container(CONTAINER)):
        told = (
            f"it sees its work_dir as {inside}, its successor as {node.settings.mesos_agent_work_dir}, as "
            "the host does: paths in what it keeps there lead nowhere then, and it would be another agent"
        )
        remedy = f"deploy with --drain: that {_cost(node, seen)}"
        yield Blocker(Id.AGENT_RUN, CONTAINER, told, remedy, INCOMPATIBLE)
    if changed := _incompatible(cluster, node, seen):
        yield Blocker(
            Id.AGENT_RUN,
            CONTAINER,
            f"{', '.join(changed)}: the agent would refuse its work_dir (Incompatible agent info) and never "
            "start",
            f"deploy with --drain: that {_cost(node, seen)}",
            INCOMPATIBLE,
            _compatible(node, seen.container(CONTAINER).environment, container(cluster, node)),
        )


def _compatible(node: Node, old: Mapping[str, str], wanted: Container) -> tuple[Change, ...]:
    """Give the changes with which the agent may take its work_dir: as it was, or as one that only adds."""
    new, additive = dict(wanted.environment), f"{POLICY}=additive"
    back = [
        Set(setting, old.get(name, ""), node.name)
        for name, setting in SETTINGS.items()
        if old.get(name) != new.get(name)
    ]
    kept = (Change(tuple(back), "to keep what it was"),) if back else ()
    return (*kept, Change((Add("mesos_agent_environment", additive, node.name),), "to add it"))


def drained(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Have agents that would refuse their work_dir unregister and forget it: the objection's other way."""
    agents = {node.name: node for node in cluster.having("mesos_agent")}
    return {
        name: _drained(cluster, agents[name], seen[name], plan) if name in agents else plan
        for name, plan in plans.items()
    }


def _drained(cluster: Cluster, node: Node, seen: Observed, plan: HostPlan) -> HostPlan:
    if _has_lost_its_work_dir(node, seen):
        return _changed(plan, risk="data", effect=_cost(node, seen))
    if not (_incompatible(cluster, node, seen) or moved_inside(node, seen.container(CONTAINER))):
        return plan
    agent = container(cluster, node)
    shell = replace_container(
        agent,
        [file for file in agent.files if seen.path(file.path).text != file.text],
        keep_previous=CONTAINER + ".prev" not in seen.containers,
        ending=leave(node),
    )
    title, effect = f"drain {CONTAINER} and replace it", _cost(node, seen)
    return _changed(plan, action=Action.DRAIN, title=title, shell=shell, risk="data", effect=effect)


def _has_lost_its_work_dir(node: Node, seen: Observed) -> bool:
    held = seen.held.get((CONTAINER, node.settings.mesos_agent_work_dir))
    return held is not None and held.lost


def _changed(plan: HostPlan, **other: Any) -> HostPlan:
    """Give the plan with another replacement of the agent's container, if it has one."""
    steps = (
        replace(step, **other) if step.id is Id.AGENT_RUN and step.action is Action.REPLACE else step
        for step in plan.steps
    )
    return replace(plan, steps=tuple(steps))


def leave(node: Node) -> str:
    """Give the shell that ends an agent for good.

    SIGUSR1 has it unregister, end its tasks and exit (slave.cpp); whether the engine or a reboot comes
    between, it does not come back, because its restart policy has been taken away by then.
    """
    return (
        f"docker kill --signal=USR1 {CONTAINER} || true # one that does not run has nothing to unregister\n"
        f"timeout {DRAIN_TIMEOUT} docker wait {CONTAINER} || "
        f"{{ echo 'its tasks have not ended within {DRAIN_TIMEOUT} s'; exit 1; }}\n"
        f"rm -f {quote(checkpoint(node).latest)}\n"
    )


def moved_inside(node: Node, old: SeenContainer) -> str:
    """Give how a running agent sees its work_dir, if it is to see that very directory by another path."""
    wanted = node.settings.mesos_agent_work_dir
    inside = by_hand.flags(old, "MESOS_").get("work_dir", wanted)
    return inside if old.runs and inside != wanted and by_hand.place(old, inside) == wanted else ""


def _cost(node: Node, seen: Observed) -> str:
    known = agent(node, seen.answers)
    number = "tasks" if known is None else "1 task" if known.tasks == 1 else f"{known.tasks} tasks"
    return farewell(number)


def farewell(tasks: str) -> str:
    """Say what a drain costs an agent that has these tasks."""
    return f"ends its {tasks} and makes it a new agent"


def _incompatible(cluster: Cluster, node: Node, seen: Observed) -> list[str]:
    """Say which changes the agent would refuse; none if it finds no trace of who it was.

    After a reboot it becomes a new agent by itself instead (slave.cpp). What it refuses already is not what
    its work_dir knows, so nobody can tell what a change of that would meet.
    """
    old, new = seen.container(CONTAINER).environment, dict(container(cluster, node).environment)
    checkpoint = Checkpoint(Id.AGENT_RUN, new["MESOS_WORK_DIR"])
    before, now = (seen.path(path).text.strip() for path in checkpoint.boots)
    elsewhere = old.get("MESOS_WORK_DIR") != new["MESOS_WORK_DIR"]
    rebooted = before and before != now
    refuses = any(REFUSAL in line for line in seen.logs.get(CONTAINER, ()))
    if elsewhere or rebooted or refuses or seen.path(checkpoint.latest).kind == "absent":
        return []
    known = agent(node, seen.answers)
    return refused(old, new, known.resources if known else {})


def container(cluster: Cluster, node: Node) -> Container:
    """Give the container of one agent.

    work_dir has the same path inside and outside, because docker resolves sandbox paths on the
    host. --pid=host and MESOS_DOCKER_MESOS_IMAGE, an image without entrypoint, let docker tasks
    survive a restart of the agent (both seen on the real 1.5.0: without them every task dies).
    """
    s, kept = node.settings, secrets.agents(cluster, CONTAINER)
    environment = {**_published(cluster, node), **_chosen(cluster, node), **dict(kept.environment)}
    environment |= dict(s.mesos_agent_environment)
    return Container(
        step=Id.AGENT_RUN,
        name=CONTAINER,
        role="mesos_agent",
        adopts=s.mesos_agent_adopts or "",
        cluster=cluster.settings.cluster_name,
        image=cluster.image(s.mesos_agent_image),
        environment=tuple(environment.items()),
        mounts=(
            Mount(s.mesos_agent_log_dir, LOG_DIR, kept=True),
            Mount(s.mesos_agent_work_dir, s.mesos_agent_work_dir, kept=True),
            Mount(SOCKET, SOCKET, kept=True),
            Mount("/sys", "/sys"),
            *kept.mounts,
        ),
        files=kept.files,
        privileged=True,
        host_pids=True,
        ports=(s.mesos_agent_port,),
        log_size=s.log_size,
        log_files=s.log_files,
    )


def _published(cluster: Cluster, node: Node) -> dict[str, str]:
    s = node.settings
    return {
        "MESOS_IP": node.address,
        "MESOS_HOSTNAME": node.address,
        "MESOS_PORT": str(s.mesos_agent_port),
        "MESOS_MASTER": zookeeper_url(cluster, cluster.settings.mesos_zk_path),
        "MESOS_SWITCH_USER": "0",
        "MESOS_CONTAINERIZERS": s.mesos_agent_containerizers,
        "MESOS_LOG_DIR": LOG_DIR,
        "MESOS_WORK_DIR": s.mesos_agent_work_dir,
        "MESOS_SYSTEMD_ENABLE_SUPPORT": "false",
    }


def _chosen(cluster: Cluster, node: Node) -> dict[str, str]:
    s = node.settings
    chosen = {
        "MESOS_DOCKER_MESOS_IMAGE": cluster.image(s.mesos_image),
        # Pulling a task's image counts into this; the default of one minute is too short for that.
        "MESOS_EXECUTOR_REGISTRATION_TIMEOUT": "5mins",
        "MESOS_RESOURCES": s.mesos_agent_resources,
        "MESOS_ATTRIBUTES": s.mesos_agent_attributes,
        "MESOS_DEFAULT_ROLE": s.mesos_agent_default_role,
    }
    # An empty value is a value to Mesos, so what is not chosen is left out.
    return {key: value for key, value in chosen.items() if value is not None}
