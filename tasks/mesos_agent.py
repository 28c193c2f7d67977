"""Chapter 5: the Mesos agents."""

from fabric import task
from invoke.context import Context

from .launch import DEPLOY, DRAIN, Steps, carry_out

set_ip = Steps(
    "host",
    "set-ip",
    "check-ip",
    says="5.1 As 1.1, on the agents: HOST_IP in /etc/profile.",
    where="mesos_agent",
)
run = Steps("mesos_agent", "run", "ask", says="5.2 Pull the images and run the container.")
ask = Steps("mesos_agent", "ask", says="5.3 Ask the leading master for its agents.")


@task(
    name="deploy-mesos-agent",
    aliases=["deploy-mesos-slave"],
    auto_shortflags=False,
    help=DEPLOY | DRAIN,
)
def deploy(c: Context, preflight: bool = True, drain: bool = False, record: bool = True) -> None:
    """Chapters 1 and 5: agents, active on the leader."""
    carry_out(
        c, "deploy-mesos-agent", ["host", "mesos_agent"], preflight=preflight, drain=drain, record=record
    )
