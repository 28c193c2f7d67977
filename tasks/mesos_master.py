"""Chapter 3: the Mesos masters."""

from fabric import task
from invoke.context import Context

from .launch import NO_PREFLIGHT, carry_out


@task
def pull(c: Context) -> None:
    """3.1 Pull the image, on all hosts at once."""
    carry_out(c, ["mesos_master"], "pull")


@task
def run(c: Context) -> None:
    """3.2 Run the container: all masters together at first."""
    carry_out(c, ["mesos_master"], "run", "ask")


@task
def ask(c: Context) -> None:
    """3.3 Ask every master who leads, and for its log."""
    carry_out(c, ["mesos_master"], "ask")


@task(name="deploy-mesos-master", auto_shortflags=False, help=NO_PREFLIGHT)
def deploy(c: Context, preflight: bool = True) -> None:
    """Chapters 1 and 3: masters with one leader."""
    carry_out(c, ["host", "mesos_master"], preflight=preflight)
