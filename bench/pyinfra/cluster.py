"""What the deploys share: names, addresses, and the steps of more than one of them."""

import os
from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.operations import docker, files, server

REGISTRY = "10.70.0.2:5000"
SERVERS = {n: f"10.70.0.{n + 9}" for n in (1, 2, 3)}
ZOOKEEPER = ",".join(f"{address}:2181" for address in SERVERS.values())
SYNC_LIMIT = os.environ.get("SYNC_LIMIT", "2")
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
