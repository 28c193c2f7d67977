"""Chapter 2: the ZooKeeper ensemble."""

from fabric import task
from invoke.context import Context

from .launch import DEPLOY, Steps, carry_out

mkdirs = Steps("zookeeper", "mkdirs", says="2.1 Make the directories for conf, data and logs.")
configure = Steps("zookeeper", "configure", says="2.2 Write zoo.cfg, and 2.3 the host's myid.")
pull = Steps("zookeeper", "pull", says="2.4 Pull the image, on all hosts at once.")
run = Steps("zookeeper", "run", "ask", says="2.5 Run the container, changes one member at a time.")
ask = Steps("zookeeper", "ask", says="2.6 Ask every member who leads and who follows.")


@task(name="deploy-zookeeper", auto_shortflags=False, help=DEPLOY)
def deploy(c: Context, preflight: bool = True, record: bool = True) -> None:
    """Chapters 1 and 2: a serving ZooKeeper ensemble."""
    carry_out(c, "deploy-zookeeper", ["host", "zookeeper"], preflight=preflight, record=record)
