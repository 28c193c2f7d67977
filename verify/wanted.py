"""The containers that the runbook puts on a host, written again: the tasks must not err for both."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.inventory.cluster import Cluster, Node

SECRETS = "/etc/mesofab-secure"
"""Where files of secrets are, below it each role's own."""


@dataclass(frozen=True)
class Wanted:
    """One container; without an entrypoint or arguments of its own it has its image's."""

    name: str
    image: str
    environment: Mapping[str, str]
    binds: frozenset[str] = frozenset()
    entrypoint: str | None = None
    arguments: tuple[str, ...] = ()
    privileged: bool = False
    pid_mode: str = ""
    init: bool = False


def zk_url(cluster: Cluster, path: str) -> str:
    """Return the address of `path` in ZooKeeper, the members by their ids."""
    members = sorted(cluster.having("zookeeper"), key=lambda node: node.myid)
    servers = ",".join(f"{node.address}:{node.settings.zookeeper_client_port}" for node in members)
    return f"zk://{servers}{path}"


PROOFS = {
    "open": (),
    "permissive": ("quorum.auth.enableSasl",),
    "strict": ("quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl", "quorum.auth.serverRequireSasl"),
}
"""The keys of zoo.cfg by which ZooKeeper's members authenticate each other, by what `security` is."""


def proofs(cluster: Cluster) -> tuple[str, ...]:
    """Return which of these are true; one ZooKeeper alone has nobody to authenticate."""
    return PROOFS[cluster.settings.security] if len(cluster.having("zookeeper")) > 1 else ()


def secret(cluster: Cluster, name: str, value: str = "") -> dict[str, str]:
    """Return what only a cluster has in which masters and agents know each other by secrets."""
    return {name: value} if cluster.settings.security != "open" else {}


def locked(cluster: Cluster, name: str, value: str = "") -> dict[str, str]:
    """Return what only a cluster has whose members demand passwords."""
    return {name: value} if cluster.settings.security == "strict" else {}


def demands(cluster: Cluster, *more: tuple[str, str]) -> dict[str, str]:
    """Return the variables by which masters and agents demand passwords."""
    both = {f"MESOS_AUTHENTICATE_HTTP_{what}": "true" for what in ("READONLY", "READWRITE")}
    return {**both, **dict(more)} if cluster.settings.security == "strict" else {}


def shown_to_masters(cluster: Cluster) -> tuple[str, ...]:
    """Return the arguments by which Marathon shows its principal; the inventory has read its name."""
    if cluster.credentials is None:
        return ()
    flag, who = "--mesos_authentication", cluster.credentials.of["marathon"].principal
    return (flag, f"{flag}_principal", who, f"{flag}_secret_file", f"{SECRETS}/marathon/secret")


def zookeeper(cluster: Cluster, node: Node) -> Wanted:
    """A member of the ensemble; if they authenticate each other, it has a file with their secret."""
    s, path = node.settings, f"{SECRETS}/zookeeper/jaas.conf"
    known = {f"{path}:{path}:ro": f" -Djava.security.auth.login.config={path}"} if proofs(cluster) else {}
    return Wanted(
        name="zookeeper",
        image=cluster.image(s.zookeeper_image),
        environment={"SERVER_JVMFLAGS": f"-Xmx{s.zookeeper_heap}{''.join(known.values())}"},
        binds=frozenset(
            {
                f"{s.zookeeper_dir}/logs:/opt/zookeeper/logs",
                f"{s.zookeeper_dir}/conf/zoo.cfg:/conf/zoo.cfg",
                f"{s.zookeeper_dir}/data:/data",
                *known,
            }
        ),
    )


def mesos_master(cluster: Cluster, node: Node) -> Wanted:
    """A master; its entrypoint is named because the image's arguments would beat the variables.

    docker-init is process 1, since a master that is process 1 does not end when it aborts.
    """
    s = node.settings
    return Wanted(
        name=f"mesos-master-{node.number:02}",
        image=cluster.image(s.mesos_master_image),
        environment={
            "MESOS_PORT": str(s.mesos_master_port),
            "MESOS_HOSTNAME": node.address,
            "MESOS_IP": node.address,
            "MESOS_ZK": zk_url(cluster, cluster.settings.mesos_zk_path),
            "MESOS_QUORUM": str(len(cluster.having("mesos_master")) // 2 + 1),
            "MESOS_REGISTRY": cluster.settings.mesos_registry,
            "MESOS_LOG_DIR": "/var/log/mesos",
            "MESOS_WORK_DIR": "/var/tmp/mesos",
            **secret(cluster, "MESOS_CREDENTIALS", f"{SECRETS}/mesos_master/credentials.json"),
            **demands(
                cluster,
                ("MESOS_AUTHENTICATE_AGENTS", "true"),
                ("MESOS_AUTHENTICATE_FRAMEWORKS", "true"),
                ("MESOS_AUTHENTICATE_HTTP_FRAMEWORKS", "true"),
                ("MESOS_HTTP_FRAMEWORK_AUTHENTICATORS", "basic"),
            ),
            **secret(cluster, "MESOS_ZK", f"file://{SECRETS}/mesos_master/zk"),
            **dict(s.mesos_master_environment),
        },
        binds=frozenset(
            {
                f"{s.mesos_master_log_dir}:/var/log/mesos",
                f"{s.mesos_master_work_dir}:/var/tmp/mesos",
                *secret(cluster, f"{SECRETS}/mesos_master:{SECRETS}/mesos_master:ro"),
            }
        ),
        entrypoint="mesos-master",
        init=s.mesos_master_init,
    )


def marathon(cluster: Cluster, node: Node) -> Wanted:
    """A Marathon."""
    s = node.settings
    master = zk_url(cluster, cluster.settings.mesos_zk_path)
    return Wanted(
        name=f"marathon-{node.number}",
        image=cluster.image(s.marathon_image),
        environment={
            "MARATHON_HTTP_ADDRESS": node.address,
            "MARATHON_HTTP_PORT": str(s.marathon_port),
            "MARATHON_HOSTNAME": node.address,
            "LIBPROCESS_IP": node.address,
            "JAVA_OPTS": f"-Xmx{s.marathon_heap}",
            **locked(cluster, "HOOK_MARATHON_START", "/bin/true"),
            **dict(s.marathon_environment),
        },
        binds=frozenset(
            {
                *secret(cluster, f"{SECRETS}/marathon:{SECRETS}/marathon:ro"),
                *locked(cluster, f"{SECRETS}/marathon/true.env:/marathon/true.env:ro"),
            }
        ),
        arguments=(
            *("--master", master, "--zk", zk_url(cluster, s.marathon_zk_path)),
            *shown_to_masters(cluster),
            *s.marathon_arguments,
        ),
    )


def mesos_agent(cluster: Cluster, node: Node) -> Wanted:
    """An agent; with the host's process ids its docker tasks survive a restart of it."""
    s = node.settings
    chosen = {
        "MESOS_RESOURCES": s.mesos_agent_resources,
        "MESOS_ATTRIBUTES": s.mesos_agent_attributes,
        "MESOS_DEFAULT_ROLE": s.mesos_agent_default_role,
    }
    return Wanted(
        name="mesos-slave",
        image=cluster.image(s.mesos_agent_image),
        environment={
            "MESOS_IP": node.address,
            "MESOS_HOSTNAME": node.address,
            "MESOS_PORT": str(s.mesos_agent_port),
            "MESOS_MASTER": zk_url(cluster, cluster.settings.mesos_zk_path),
            "MESOS_SWITCH_USER": "0",
            "MESOS_CONTAINERIZERS": s.mesos_agent_containerizers,
            "MESOS_LOG_DIR": "/var/log/mesos",
            "MESOS_WORK_DIR": s.mesos_agent_work_dir,
            "MESOS_SYSTEMD_ENABLE_SUPPORT": "false",
            "MESOS_DOCKER_MESOS_IMAGE": cluster.image(s.mesos_image),
            "MESOS_EXECUTOR_REGISTRATION_TIMEOUT": "5mins",
            **{name: value for name, value in chosen.items() if value is not None},
            **secret(cluster, "MESOS_CREDENTIAL", f"{SECRETS}/mesos_agent/credential.json"),
            **demands(cluster, ("MESOS_HTTP_CREDENTIALS", f"{SECRETS}/mesos_agent/visitors.json")),
            **dict(s.mesos_agent_environment),
        },
        binds=frozenset(
            {
                f"{s.mesos_agent_log_dir}:/var/log/mesos",
                f"{s.mesos_agent_work_dir}:{s.mesos_agent_work_dir}",
                "/var/run/docker.sock:/var/run/docker.sock",
                "/sys:/sys",
                *secret(cluster, f"{SECRETS}/mesos_agent:{SECRETS}/mesos_agent:ro"),
            }
        ),
        privileged=True,
        pid_mode="host",
    )


ROLES = {
    "zookeeper": zookeeper,
    "mesos_master": mesos_master,
    "marathon": marathon,
    "mesos_agent": mesos_agent,
}
"""What each role of the inventory puts on its hosts."""
