"""Chapter 5: the Mesos agents."""

from fabric import task
from invoke.context import Context

from .engine.command import DRAIN, NO_PREFLIGHT, carry_out
from .plan.runbook import HOST, MESOS_AGENT


@task(name="set-ip")
def set_ip(c: Context) -> None:
    """5.1 As 1.1, on the agents: HOST_IP in /etc/profile."""
    carry_out(c, [HOST], "1.1", "1.2", where=MESOS_AGENT)


@task
def run(c: Context) -> None:
    """5.2 Pull the images and run the container."""
    carry_out(c, [MESOS_AGENT], "5.2", "5.3")


@task
def ask(c: Context) -> None:
    """5.3 Ask the leading master for its agents."""
    carry_out(c, [MESOS_AGENT], "5.3")


@task(
    name="deploy-mesos-agent",
    aliases=["deploy-mesos-slave"],
    auto_shortflags=False,
    help=NO_PREFLIGHT | DRAIN,
)
def deploy(c: Context, preflight: bool = True, drain: bool = False) -> None:
    """Chapters 1 and 5: agents, active on the leader."""
    carry_out(c, [HOST, MESOS_AGENT], preflight=preflight, drain=drain)
