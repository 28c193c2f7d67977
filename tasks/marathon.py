"""Chapter 4: Marathon."""

from fabric import task
from invoke.context import Context

from .launch import DEPLOY, RECORD, Steps, carry_out

run = Steps("marathon", "run", "ask", says="4.1 Pull the image and run the container.")
ask = Steps("marathon", "ask", says="4.2 Ask every Marathon who leads.")


@task(name="deploy-marathon", auto_shortflags=False, help=DEPLOY)
def deploy(c: Context, preflight: bool = True, record: bool = True) -> None:
    """Chapters 1 and 4: Marathon, registered."""
    carry_out(c, "deploy-marathon", ["host", "marathon"], preflight=preflight, record=record)


TO = {"to": "The host whose Marathon is to lead then.", **RECORD}


@task(name="hand-over", auto_shortflags=False, help=TO)
def hand_over(c: Context, to: str | None = None, record: bool = True) -> None:
    """Have another Marathon lead, as before its host is serviced; with -H only if one of those leads."""
    from .engine import command

    command.hand_over(c, "marathon", to, command.keeping("marathon.hand-over") if record else None)


@task(auto_shortflags=False, help=RECORD)
def stop(c: Context, record: bool = True) -> None:
    """Stop every Marathon until the next deploy, as before a restore; tasks run on."""
    from .engine import command

    command.stop(c, "marathon", command.keeping("marathon.stop") if record else None)
