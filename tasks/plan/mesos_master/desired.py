"""Chapter 3: the Mesos masters."""

from collections.abc import Iterable

from ...inventory.cluster import Cluster, Node
from ..desired import Container, Directories, Image, Item, Mount, secrets, zookeeper_url
from ..names import Id

LOG_DIR = "/var/log/mesos"
WORK_DIR = "/var/tmp/mesos"
"""Where the container sees its directories; the published paths."""


def desired(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what chapter 3 wants of `node`, a master."""
    s = node.settings
    return (
        Image(Id.MASTER_PULL, cluster.image(s.mesos_master_image)),
        Directories(Id.MASTER_RUN, (s.mesos_master_work_dir, s.mesos_master_log_dir), data=data(node)),
        *secrets.masters(cluster, name(node)).items,
        container(cluster, node),
    )


def data(node: Node) -> str:
    """Give the directory of a master's replica of the log."""
    return f"{node.settings.mesos_master_work_dir}/replicated_log"


def name(node: Node) -> str:
    """Give the container's name as the runbook has it: mesos-master-01."""
    return f"mesos-master-{node.number:02}"


def quorum(cluster: Cluster) -> int:
    """Give the quorum of the replicated log: a majority of the masters.

    Not a setting: another value never initialises the log, or lets two logs begin (recover.cpp).
    """
    return (len(cluster.having("mesos_master")) + cluster.joining) // 2 + 1


def container(cluster: Cluster, node: Node) -> Container:
    """Give the container of one master.

    The image's default argument --registry=in_memory would beat MESOS_REGISTRY; naming the
    entrypoint drops it. After a ZooKeeper outage of more than its session each following master aborts, and
    the kernel lets no signal of its own end process 1: it would hang for ever. With docker-init there it
    ends, and docker starts it again. Where it is process 1 it does not end at SIGTERM either, so nobody waits
    for that: it is made to be killed.
    """
    s, kept = node.settings, secrets.masters(cluster, name(node))
    return Container(
        step=Id.MASTER_RUN,
        name=name(node),
        role="mesos_master",
        adopts=s.mesos_master_adopts or "",
        cluster=cluster.settings.cluster_name,
        image=cluster.image(s.mesos_master_image),
        entrypoint="mesos-master",
        environment=(*_environment(cluster, node, kept.environment).items(), *s.mesos_master_environment),
        mounts=(
            Mount(s.mesos_master_log_dir, LOG_DIR, kept=True),
            Mount(s.mesos_master_work_dir, WORK_DIR, kept=True),
            *kept.mounts,
        ),
        files=kept.files,
        ports=(s.mesos_master_port,),
        init=s.mesos_master_init,
        log_size=s.log_size,
        log_files=s.log_files,
        grace=1,
    )


def _environment(cluster: Cluster, node: Node, more: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give what the runbook publishes, and beside it or in its place what a cluster with secrets has."""
    return {
        "MESOS_PORT": str(node.settings.mesos_master_port),
        "MESOS_HOSTNAME": node.address,
        "MESOS_IP": node.address,
        secrets.ADDRESS: zookeeper_url(cluster, cluster.settings.mesos_zk_path),
        "MESOS_QUORUM": str(quorum(cluster)),
        "MESOS_REGISTRY": cluster.settings.mesos_registry,
        "MESOS_LOG_DIR": LOG_DIR,
        "MESOS_WORK_DIR": WORK_DIR,
        **dict(more),
    }
