"""Every variable hosts.ini may hold: its kind, its default, where it may stand, what it means."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from . import kinds, mesos_values, overruling, resources
from .kinds import Kind

ROLES = ("zookeeper", "mesos_master", "marathon", "mesos_agent")
"""The roles a node can play, in the runbook's order; they are the inventory's groups."""


ADOPTS = "the container, made by hand, that a deploy takes over"
"""What the setting is for by which an operator agrees to that; `fab adopt --write` writes it."""


def _variable(
    kind: Kind, default: Any, help: str, *, scope: str = "node", name: str = "", shown: bool = True
) -> Any:
    metadata = {"kind": kind, "help": help, "scope": scope, "name": name}
    return field(default=default, metadata=metadata, repr=shown)


@dataclass(frozen=True, kw_only=True)
class Ssh:
    """How a node is reached. The names are Ansible's, so that Ansible reads the same file."""

    host: str | None = _variable(
        kinds.name, None, "where SSH connects to, if that is not the host's name", name="ansible_host"
    )
    port: int | None = _variable(kinds.port, None, "SSH port, 22", name="ansible_port")
    user: str | None = _variable(kinds.user, None, "SSH user, yours", name="ansible_user")
    key: str | None = _variable(
        kinds.file_path, None, "private key, ssh's own choice", name="ansible_ssh_private_key_file"
    )
    become: bool = _variable(kinds.yes_or_no, False, "act through sudo", name="ansible_become")
    become_password: str | None = _variable(
        kinds.secret, None, "what sudo asks for", name="ansible_become_password", shown=False
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen about a node or about the whole cluster.

    `scope` tells where a variable may stand: `node` anywhere, `role` in [all:vars] or in the
    vars of its role's group (all members must agree on it), `all` in [all:vars] alone.
    """

    cluster_name: str = _variable(kinds.name, "mesos", "names the cluster, for its whole life", scope="all")
    ssh_config: str | None = _variable(
        kinds.file_path, None, "ssh_config file to use instead of ~/.ssh/config", scope="all"
    )
    parallel: int = _variable(kinds.whole(1, 256), 16, "hosts worked on at once", scope="all")
    gate_timeout: int = _variable(
        kinds.whole(10, 3600), 120, "seconds a service may take to become well", scope="all"
    )
    step_timeout: int = _variable(
        kinds.whole(60, 86400), 1800, "seconds a step may take on a host, a pull included", scope="all"
    )
    preflight_ignore: tuple[str, ...] = _variable(
        overruling.checks,
        (),
        "checks of the preflight that stop no deploy: cgroups,docker-api ...",
        scope="all",
    )
    security: str = _variable(
        kinds.security,
        "open",
        "open; permissive: Mesos knows credentials; strict: it demands them",
        scope="all",
    )
    secrets_file: str | None = _variable(
        kinds.file_path, None, "the file with all principals and secrets, yours alone", scope="all"
    )
    firewall: bool = _variable(kinds.yes_or_no, False, "close the cluster's ports to strangers", scope="all")
    firewall_allow: tuple[str, ...] = _variable(
        kinds.networks, (), "whom the firewall lets in beside the cluster's hosts", scope="all"
    )
    zookeeper_gap_budget: float | None = _variable(
        kinds.seconds, None, "seconds that a change may keep ZooKeeper from taking writes", scope="all"
    )
    mesos_gap_budget: float | None = _variable(
        kinds.seconds, None, "seconds that a change may leave Mesos without a leading master", scope="all"
    )
    marathon_gap_budget: float | None = _variable(
        kinds.seconds, None, "seconds that a change may keep Marathon from answering", scope="all"
    )
    lost_tasks_budget: int | None = _variable(
        kinds.whole(0, 1_000_000), None, "tasks that a change may lose", scope="all"
    )
    verify_failed_launches: int = _variable(kinds.whole(0, 99), 5, "those that verify/ forgives", scope="all")
    host_ip: str | None = _variable(kinds.address, None, "address the cluster uses, if SSH uses another one")
    myid: int | None = _variable(
        kinds.whole(1, 255), None, "ZooKeeper's server id, for the host's whole life"
    )
    number: int | None = _variable(
        kinds.whole(1, 99), None, "the N of mesos-master-0N and marathon-N; the myid, if there is one"
    )
    registry: str | None = _variable(
        kinds.registry, None, "where images come from that name no registry themselves", scope="all"
    )
    extra_flags: tuple[str, ...] = _variable(
        kinds.flag_names, (), "flags that a build of yours has, and Mesos 1.5.0 and Marathon 1.5.8 lack"
    )
    log_size: str = _variable(kinds.memory, "50m", "what docker keeps of a container's output, per file")
    log_files: int = _variable(kinds.whole(1, 1000), 5, "how many such files docker keeps")

    zookeeper_adopts: str | None = _variable(kinds.name, None, ADOPTS)
    zookeeper_image: str = _variable(kinds.image, "zookeeper:3.4.12", "image")
    zookeeper_dir: str = _variable(kinds.directory, "/opt/zookeeper", "conf, data and logs live here")
    zookeeper_heap: str = _variable(kinds.memory, "512m", "limit of the Java heap")
    zookeeper_client_port: int = _variable(kinds.port, 2181, "clients connect here", scope="role")
    zookeeper_peer_port: int = _variable(kinds.port, 2888, "followers reach the leader here", scope="role")
    zookeeper_election_port: int = _variable(kinds.port, 3888, "members elect a leader here", scope="role")
    zookeeper_tick_time: int = _variable(kinds.whole(100, 60000), 2000, "one tick, in ms", scope="role")
    zookeeper_init_limit: int = _variable(
        kinds.whole(1, 1000), 5, "ticks a follower may take to join", scope="role"
    )
    zookeeper_sync_limit: int = _variable(
        kinds.whole(1, 1000), 2, "ticks a follower may lag behind", scope="role"
    )
    zookeeper_max_client_cnxns: int = _variable(
        kinds.whole(0, 100000), 60, "connections per client address, 0 for no limit", scope="role"
    )
    zookeeper_snap_retain: int = _variable(
        kinds.whole(3, 1000), 3, "snapshots that autopurge keeps", scope="role"
    )
    zookeeper_purge_interval: int = _variable(
        kinds.whole(0, 8760), 24, "hours between autopurges, 0 for never", scope="role"
    )

    mesos_zk_path: str = _variable(kinds.zk_path, "/mesos", "where masters meet in ZooKeeper", scope="all")
    mesos_registry: str = _variable(
        kinds.one_of("replicated_log", "in_memory"),
        "replicated_log",
        "where masters keep agents",
        scope="all",
    )
    mesos_image: str = _variable(
        kinds.image, "mesosphere/mesos:1.5.0", "image without entrypoint, for the agents' docker executors"
    )
    mesos_master_adopts: str | None = _variable(kinds.name, None, ADOPTS)
    mesos_master_image: str = _variable(kinds.image, "mesosphere/mesos-master:1.5.0", "image")
    mesos_master_port: int = _variable(kinds.port, 5050, "HTTP, agents and log replicas", scope="role")
    mesos_master_work_dir: str = _variable(kinds.directory, "/var/lib/mesos/master", "the log lives here")
    mesos_master_log_dir: str = _variable(kinds.directory, "/var/log/mesos/master", "log files")
    mesos_master_init: bool = _variable(
        kinds.yes_or_no, True, "docker-init is process 1, so that a master that aborts ends"
    )
    mesos_master_environment: tuple[tuple[str, str], ...] = _variable(
        mesos_values.master_environment, (), "more variables: MESOS_OFFER_TIMEOUT=1hrs ..."
    )

    marathon_adopts: str | None = _variable(kinds.name, None, ADOPTS)
    marathon_image: str = _variable(kinds.image, "mesosphere/marathon:v1.5.8", "image", scope="role")
    marathon_port: int = _variable(kinds.port, 8080, "HTTP", scope="role")
    marathon_zk_path: str = _variable(kinds.zk_path, "/marathon", "its state in ZooKeeper", scope="role")
    marathon_heap: str = _variable(kinds.memory, "512m", "limit of the Java heap")
    marathon_environment: tuple[tuple[str, str], ...] = _variable(
        mesos_values.marathon_environment, (), "more variables"
    )
    marathon_arguments: tuple[str, ...] = _variable(
        mesos_values.marathon_arguments, (), "more arguments: --task_launch_timeout 600000 ..."
    )

    mesos_agent_adopts: str | None = _variable(kinds.name, None, ADOPTS)
    mesos_agent_image: str = _variable(kinds.image, "mesosphere/mesos-slave:1.5.0", "image")
    mesos_agent_port: int = _variable(kinds.port, 5051, "HTTP")
    mesos_agent_work_dir: str = _variable(kinds.directory, "/var/lib/mesos/agent", "tasks live here")
    mesos_agent_log_dir: str = _variable(kinds.directory, "/var/log/mesos/agent", "log files")
    mesos_agent_containerizers: str = _variable(
        kinds.one_of("docker,mesos", "mesos,docker", "docker", "mesos"), "docker,mesos", "how tasks run"
    )
    mesos_agent_resources: str | None = _variable(
        resources.resources, None, "cpus:4;mem:8192;... or JSON, else detected"
    )
    mesos_agent_attributes: str | None = _variable(resources.attributes, None, "rack:a;zone:b")
    mesos_agent_default_role: str | None = _variable(kinds.mesos_role, None, "role of its resources")
    mesos_agent_environment: tuple[tuple[str, str], ...] = _variable(
        mesos_values.agent_environment, (), "more variables: MESOS_GC_DELAY=3days ..."
    )


@dataclass(frozen=True)
class Variable:
    """One variable as hosts.ini knows it; `role` is the role it belongs to, if it does."""

    name: str
    kind: Kind
    default: Any
    help: str
    scope: str
    attribute: str
    of_ssh: bool

    @cached_property
    def role(self) -> str | None:
        """The role this variable belongs to: `myid` and the `zookeeper_` ones to zookeeper."""
        if self.name == "myid":
            return "zookeeper"
        return next((role for role in ROLES if self.name.startswith(role + "_")), None)


def _table() -> dict[str, Variable]:
    table = {}
    for of_ssh, owner in ((True, Ssh), (False, Settings)):
        for item in fields(owner):
            meta = item.metadata
            name = meta["name"] or item.name
            table[name] = Variable(
                name, meta["kind"], item.default, meta["help"], meta["scope"], item.name, of_ssh
            )
    return table


VARIABLES = _table()
"""Every variable by its name in hosts.ini."""
