"""Chapter 2: the ZooKeeper ensemble."""

from ...inventory.cluster import Cluster, Node
from ..desired import Container, Directories, File, Identity, Image, Item, Mount, secrets
from ..names import Id
from . import sasl

CONTAINER = "zookeeper"

ASKED = "conf,cons,dump,mntr,srvr"
"""What mesofab and its suite ask, and nothing else; srvr is answered by every version in any case."""

FOUR_LETTER_WORDS = "conf,cons,crst,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs"
"""All but wchc and wchp: what ZooKeeper 3.4 allows by itself (ServerCnxn.java), 3.5+ only if told to."""

JAAS = "-Djava.security.auth.login.config"
"""Names the file with the secrets of a JVM's."""


def desired(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what chapter 2 wants of `node`, a member of the ensemble."""
    home = node.settings.zookeeper_dir
    configuration = File(Id.ZOOKEEPER_CFG, cfg(node), zoo_cfg(cluster, node), mounted_by=CONTAINER)
    return (
        Directories(
            Id.ZOOKEEPER_MKDIRS,
            (f"{home}/conf", f"{home}/data", f"{home}/logs"),
            data=data(node),
            roots=(home, f"{home}/conf"),  # the image gives data to its own user
        ),
        configuration,
        Identity(Id.ZOOKEEPER_MYID, f"{home}/data/myid", str(node.myid), remedy=_MYID),
        Image(Id.ZOOKEEPER_PULL, cluster.image(node.settings.zookeeper_image)),
        *_secrets(cluster).items,
        container(cluster, node, configuration),
    )


def data(node: Node) -> str:
    """Give the directory of a member's snapshots and logs."""
    return f"{node.settings.zookeeper_dir}/data/version-2"


def cfg(node: Node) -> str:
    """Return the path of a member's zoo.cfg."""
    return f"{node.settings.zookeeper_dir}/conf/zoo.cfg"


def zoo_cfg(cluster: Cluster, node: Node) -> str:
    """Give the text of zoo.cfg: one file that serves ZooKeeper 3.4 and 3.5+.

    `admin.enableServer` keeps the 3.5+ AdminServer off Marathon's port 8080; 3.4 ignores the key
    (QuorumPeerConfig.java turns unknown keys into Java properties).
    """
    s = node.settings
    servers = "".join(
        f"server.{member.myid}={member.address}:{s.zookeeper_peer_port}:{s.zookeeper_election_port}\n"
        for member in cluster.ensemble
    )
    return (
        f"tickTime={s.zookeeper_tick_time}\n"
        f"initLimit={s.zookeeper_init_limit}\n"
        f"syncLimit={s.zookeeper_sync_limit}\n"
        "dataDir=/data\n"
        f"clientPort={s.zookeeper_client_port}\n"
        f"maxClientCnxns={s.zookeeper_max_client_cnxns}\n"
        f"autopurge.snapRetainCount={s.zookeeper_snap_retain}\n"
        f"autopurge.purgeInterval={s.zookeeper_purge_interval}\n"
        f"4lw.commands.whitelist={_words(cluster)}\n"
        "admin.enableServer=false\n"
        f"{sasl.lines(cluster)}"
        f"{servers}"
    )


def _words(cluster: Cluster) -> str:
    """Give the words that members answer; on the way back to an open cluster no more until its last stage."""
    return ASKED if cluster.settings.security != "open" or sasl.stage(cluster) else FOUR_LETTER_WORDS


def container(cluster: Cluster, node: Node, configuration: File) -> Container:
    """Give the container of one member.

    SERVER_JVMFLAGS comes behind the image's own -Xmx (3.5+ sets one), and Java takes the last.
    """
    s, kept = node.settings, _secrets(cluster)
    home = s.zookeeper_dir
    flags = [f"-Xmx{s.zookeeper_heap}", *(f"{JAAS}={file.path}" for file in kept.files)]
    return Container(
        step=Id.ZOOKEEPER_RUN,
        name=CONTAINER,
        role="zookeeper",
        adopts=s.zookeeper_adopts or "",
        cluster=cluster.settings.cluster_name,
        image=cluster.image(s.zookeeper_image),
        log_size=s.log_size,
        log_files=s.log_files,
        environment=(("SERVER_JVMFLAGS", " ".join(flags)),),
        mounts=(
            Mount(f"{home}/logs", "/opt/zookeeper/logs", kept=True),
            Mount(configuration.path, "/conf/zoo.cfg"),
            Mount(f"{home}/data", "/data", kept=True),
            *kept.mounts,
        ),
        # The leader alone listens on the peer port, but any member may become leader.
        ports=(s.zookeeper_client_port, s.zookeeper_peer_port, s.zookeeper_election_port),
        files=(configuration, *kept.files),
    )


def _secrets(cluster: Cluster) -> secrets.Kept:
    return secrets.members(cluster, CONTAINER, sasl.stage(cluster))


_MYID = "an id belongs to its data for life: compare zoo.cfg of the other members, which says who is who"
