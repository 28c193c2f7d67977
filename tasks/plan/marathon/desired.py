"""Chapter 4: Marathon."""

from ...inventory.cluster import Cluster, Node
from ..desired import Container, Image, Item, secrets, zookeeper_url
from ..names import Id


def desired(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what chapter 4 wants of `node`."""
    image = Image(Id.MARATHON_RUN, cluster.image(node.settings.marathon_image))
    return (image, *secrets.marathons(cluster, name(node)).items, container(cluster, node))


def name(node: Node) -> str:
    """Give the container's name as the runbook has it: marathon-1."""
    return f"marathon-{node.number}"


def container(cluster: Cluster, node: Node) -> Container:
    """Give the container of one Marathon.

    --master and --zk stand behind the image: before it, docker itself refuses them. LIBPROCESS_IP
    keeps the scheduler's own port off the loopback, where the master could not call back.
    """
    s, kept = node.settings, secrets.marathons(cluster, name(node))
    environment = {
        "MARATHON_HTTP_ADDRESS": node.address,
        "MARATHON_HTTP_PORT": str(s.marathon_port),
        "MARATHON_HOSTNAME": node.address,
        "LIBPROCESS_IP": node.address,
        "JAVA_OPTS": f"-Xmx{s.marathon_heap}",
        **dict(s.marathon_environment),
        **dict(kept.environment),
    }
    master = zookeeper_url(cluster, cluster.settings.mesos_zk_path)
    state = zookeeper_url(cluster, s.marathon_zk_path)
    return Container(
        step=Id.MARATHON_RUN,
        name=name(node),
        role="marathon",
        adopts=s.marathon_adopts or "",
        cluster=cluster.settings.cluster_name,
        image=cluster.image(s.marathon_image),
        environment=tuple(environment.items()),
        arguments=("--master", master, "--zk", state, *kept.arguments, *s.marathon_arguments),
        mounts=kept.mounts,
        files=kept.files,
        ports=(s.marathon_port,),
        log_size=s.log_size,
        log_files=s.log_files,
    )
