"""Chapter 5: the Mesos agents."""

from fabric import task
from invoke.context import Context

from .launch import DRAIN, NO_PREFLIGHT, carry_out


@task(name="set-ip")
def set_ip(c: Context) -> None:
    """5.1 As 1.1, on the agents: HOST_IP in /etc/profile."""
    carry_out(c, ["host"], "set-ip", "check-ip", where="mesos_agent")


@task
def run(c: Context) -> None:
    """5.2 Pull the images and run the container."""
    carry_out(c, ["mesos_agent"], "run", "ask")


@task
def ask(c: Context) -> None:
    """5.3 Ask the leading master for its agents."""
    carry_out(c, ["mesos_agent"], "ask")


@task(
    name="deploy-mesos-agent",
    aliases=["deploy-mesos-slave"],
    auto_shortflags=False,
    help=NO_PREFLIGHT | DRAIN,
)
def deploy(c: Context, preflight: bool = True, drain: bool = False) -> None:
    """Chapters 1 and 5: agents, active on the leader."""
    carry_out(c, ["host", "mesos_agent"], preflight=preflight, drain=drain)
