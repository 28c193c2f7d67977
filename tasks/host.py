"""Chapter 1: every host knows its own address."""

from fabric import task
from invoke.context import Context

from .launch import carry_out


@task(name="set-ip")
def set_ip(c: Context) -> None:
    """1.1 Write the HOST_IP line into /etc/profile."""
    carry_out(c, ["host"], "set-ip")


@task(name="check-ip")
def check_ip(c: Context) -> None:
    """1.2 Check what a login shell says of HOST_IP."""
    carry_out(c, ["host"], "check-ip")
