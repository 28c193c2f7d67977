"""Chapter 4: Marathon."""

from fabric import task
from invoke.context import Context

from .launch import NO_PREFLIGHT, carry_out


@task
def run(c: Context) -> None:
    """4.1 Pull the image and run the container."""
    carry_out(c, ["marathon"], "run", "ask")


@task
def ask(c: Context) -> None:
    """4.2 Ask every Marathon who leads."""
    carry_out(c, ["marathon"], "ask")


@task(name="deploy-marathon", auto_shortflags=False, help=NO_PREFLIGHT)
def deploy(c: Context, preflight: bool = True) -> None:
    """Chapters 1 and 4: Marathon, registered."""
    carry_out(c, ["host", "marathon"], preflight=preflight)
