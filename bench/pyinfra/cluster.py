"""What the deploys share: names, addresses, and the steps of more than one of them."""

import os
from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.operations import docker, files, server

REGISTRY = "10.70.0.2:5000"
SERVERS = {n: f"10.70.0.{n + 9}" for n in (1, 2, 3)}
ZOOKEEPER = ",".join(f"{address}:2181" for address in SERVERS.values())
SYNC_LIMIT, COMPLETED_FRAMEWORKS, BOOT = (
    os.environ.get(name, "") for name in ("SYNC_LIMIT", "COMPLETED_FRAMEWORKS", "BOOT")
)
GATES = str(Path(__file__).parents[1] / "gates.sh")

ZOO_CFG = f"""tickTime=2000
initLimit=5
syncLimit={SYNC_LIMIT}
dataDir=/data
clientPort=2181
maxClientCnxns=60
autopurge.snapRetainCount=3
autopurge.purgeInterval=24
4lw.commands.whitelist=conf,cons,crst,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs
admin.enableServer=false
""" + "".join(f"server.{n}={address}:2888:3888\n" for n, address in SERVERS.items())


def bring_gates():
    """Put the gates' script on the host."""
    files.put(name="Bring the gates", src=GATES, dest="/tmp/gates.sh", mode="755")


def asking(name, *arguments):
    """Give the command that waits until a service is well."""
    return " ".join(["/tmp/gates.sh", name, host.name, *arguments])


def gate(name, *arguments):
    """Wait until a service is well."""
    server.shell(name=f"Wait for {name}", commands=[asking(name, *arguments)])


def settle():
    """Wait until all that leans on what was changed is well."""
    if "servers" in host.groups:
        gate("masters", "3")
        gate("marathon", "3")
    if "agents" in host.groups:
        gate("agent", SERVERS[1])


def host_ip():
    """Write the HOST_IP line into /etc/profile."""
    files.line(
        name="HOST_IP in /etc/profile",
        path="/etc/profile",
        line="export HOST_IP=.*",
        replace="export HOST_IP=$(ip -o -4 addr show | "
        f"""awk '{{ split($4, a, "/"); if (a[1] == "{host.name}") {{ print a[1]; exit }} }}')""",
    )


def check_ip():
    """Ask a login shell for HOST_IP."""
    ask = f"""[ "$(sh -lc 'echo $HOST_IP')" = {host.name} ]"""
    server.shell(name="HOST_IP in a login shell", commands=[ask])


def zookeeper_files():
    """Write zoo.cfg and myid; tell whether zoo.cfg changes."""
    for directory in ("conf", "data", "logs"):
        files.directory(name=f"Directory {directory}", path=f"/opt/zookeeper/{directory}")
    files.put(name="myid", src=StringIO(f"{host.data.number}\n"), dest="/opt/zookeeper/data/myid", mode="644")
    return files.put(name="zoo.cfg", src=StringIO(ZOO_CFG), dest="/opt/zookeeper/conf/zoo.cfg", mode="644")


def container(name, image, **options):
    """Run a container as the runbook does."""
    docker.container(
        name=f"Run {name}",
        container=name,
        image=f"{REGISTRY}/{image}",
        networks=["host"],
        restart_policy="always",
        extra_args=["--log-opt", "max-size=50m", "--log-opt", "max-file=5", *options.pop("more", [])],
        **options,
    )


def master(**options):
    """Run this host's master."""
    container(
        f"mesos-master-0{host.data.number}",
        "lab/mesos-master-stand-in:1.5.0",
        entrypoint="mesos-master",
        more=["--init"],
        env_vars=[
            "MESOS_PORT=5050",
            f"MESOS_HOSTNAME={host.name}",
            f"MESOS_IP={host.name}",
            f"MESOS_ZK=zk://{ZOOKEEPER}/mesos",
            "MESOS_QUORUM=2",
            "MESOS_REGISTRY=replicated_log",
            "MESOS_LOG_DIR=/var/log/mesos",
            "MESOS_WORK_DIR=/var/tmp/mesos",
            f"MESOS_MAX_COMPLETED_FRAMEWORKS={COMPLETED_FRAMEWORKS}",
        ],
        volumes=["/var/log/mesos/master:/var/log/mesos", "/var/lib/mesos/master:/var/tmp/mesos"],
        **options,
    )
