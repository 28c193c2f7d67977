"""The whole cluster: pyinfra -y inventory.py deploy.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import (
    BOOT,
    REGISTRY,
    SERVERS,
    ZOOKEEPER,
    bring_gates,
    check_ip,
    container,
    gate,
    host_ip,
    master,
    zookeeper_files,
)
from pyinfra import host
from pyinfra.operations import docker, files

ME = host.name

host_ip()
check_ip()
bring_gates()

if "servers" in host.groups:
    zookeeper_files()
    container(
        "zookeeper",
        "lab/zookeeper:3.8.0",
        env_vars=["SERVER_JVMFLAGS=-Xmx128m"],
        volumes=[
            "/opt/zookeeper/logs:/opt/zookeeper/logs",
            "/opt/zookeeper/conf/zoo.cfg:/conf/zoo.cfg",
            "/opt/zookeeper/data:/data",
        ],
    )
    gate("zookeeper", "3")

    for directory in ("/var/lib/mesos/master", "/var/log/mesos/master"):
        files.directory(name=f"Directory {directory}", path=directory)
    master()
    gate("masters", "3")

    container(
        f"marathon-{host.data.number}",
        "lab/marathon-stand-in:1.5.8",
        env_vars=[
            f"MARATHON_HTTP_ADDRESS={ME}",
            "MARATHON_HTTP_PORT=8080",
            f"MARATHON_HOSTNAME={ME}",
            f"LIBPROCESS_IP={ME}",
            "JAVA_OPTS=-Xmx512m",
            f"STAND_IN_BOOT={BOOT}",
        ],
        command=f"--master zk://{ZOOKEEPER}/mesos --zk zk://{ZOOKEEPER}/marathon",
    )
    gate("marathon", "3")

if "agents" in host.groups:
    for directory in ("/var/lib/mesos/agent", "/var/log/mesos/agent"):
        files.directory(name=f"Directory {directory}", path=directory)
    docker.image(name="Pull the executors' image", image=f"{REGISTRY}/lab/mesos-stand-in:1.5.0")
    container(
        "mesos-slave",
        "lab/mesos-slave-stand-in:1.5.0",
        privileged=True,
        more=["--pid=host"],
        env_vars=[
            f"MESOS_IP={ME}",
            f"MESOS_HOSTNAME={ME}",
            "MESOS_PORT=5051",
            f"MESOS_MASTER=zk://{ZOOKEEPER}/mesos",
            "MESOS_SWITCH_USER=0",
            "MESOS_CONTAINERIZERS=docker,mesos",
            "MESOS_LOG_DIR=/var/log/mesos",
            "MESOS_WORK_DIR=/var/lib/mesos/agent",
            "MESOS_SYSTEMD_ENABLE_SUPPORT=false",
            f"MESOS_DOCKER_MESOS_IMAGE={REGISTRY}/lab/mesos-stand-in:1.5.0",
            "MESOS_EXECUTOR_REGISTRATION_TIMEOUT=5mins",
            "MESOS_RESOURCES=cpus:2;mem:1024;disk:2048;ports:[31000-32000]",
        ],
        volumes=[
            "/var/log/mesos/agent:/var/log/mesos",
            "/var/lib/mesos/agent:/var/lib/mesos/agent",
            "/var/run/docker.sock:/var/run/docker.sock",
            "/sys:/sys",
        ],
    )
    gate("agent", SERVERS[1])
