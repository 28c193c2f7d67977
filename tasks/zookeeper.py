"""Chapter 2: the ZooKeeper ensemble."""

from fabric import task
from invoke.context import Context

from .launch import NO_PREFLIGHT, carry_out


@task
def mkdirs(c: Context) -> None:
    """2.1 Make the directories for conf, data and logs."""
    carry_out(c, ["zookeeper"], "mkdirs")


@task
def configure(c: Context) -> None:
    """2.2 Write zoo.cfg, and 2.3 the host's myid."""
    carry_out(c, ["zookeeper"], "configure")


@task
def pull(c: Context) -> None:
    """2.4 Pull the image, on all hosts at once."""
    carry_out(c, ["zookeeper"], "pull")


@task
def run(c: Context) -> None:
    """2.5 Run the container, changes one member at a time."""
    carry_out(c, ["zookeeper"], "run", "ask")


@task
def ask(c: Context) -> None:
    """2.6 Ask every member who leads and who follows."""
    carry_out(c, ["zookeeper"], "ask")


@task(name="deploy-zookeeper", auto_shortflags=False, help=NO_PREFLIGHT)
def deploy(c: Context, preflight: bool = True) -> None:
    """Chapters 1 and 2: a serving ZooKeeper ensemble."""
    carry_out(c, ["host", "zookeeper"], preflight=preflight)
