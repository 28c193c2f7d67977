"""Chapter 3: the Mesos masters."""

from fabric import task
from invoke.context import Context

from .launch import DEPLOY, RECORD, Steps, carry_out

pull = Steps("mesos_master", "pull", says="3.1 Pull the image, on all hosts at once.")
run = Steps("mesos_master", "run", "ask", says="3.2 Run the container: all masters together at first.")
ask = Steps("mesos_master", "ask", says="3.3 Ask every master who leads, and for its log.")


@task(name="deploy-mesos-master", auto_shortflags=False, help=DEPLOY)
def deploy(c: Context, preflight: bool = True, record: bool = True) -> None:
    """Chapters 1 and 3: masters with one leader."""
    carry_out(c, "deploy-mesos-master", ["host", "mesos_master"], preflight=preflight, record=record)


@task(name="hand-over", auto_shortflags=False, help=RECORD)
def hand_over(c: Context, record: bool = True) -> None:
    """Have another master lead, as before its host is serviced; with -H only if one of those leads."""
    from .engine import command

    keep = command.keeping("mesos-master.hand-over") if record else None
    command.hand_over(c, "mesos_master", None, keep)
