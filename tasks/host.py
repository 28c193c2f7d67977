"""Chapter 1: every host knows its own address; and what is done before and after a person works on one."""

from fabric import task
from invoke.context import Context

from .launch import RECORD, Steps

set_ip = Steps("host", "set-ip", says="1.1 Write the HOST_IP line into /etc/profile.")
check_ip = Steps("host", "check-ip", says="1.2 Check what a login shell says of HOST_IP.")

firewall = Steps(
    "host", "firewall", says="1.3 Close the cluster's ports to strangers, or open them, as hosts.ini says."
)

DRAIN = {
    "host": "The host, by its name or address in hosts.ini.",
    "preview": "Only say what that would do now.",
    "drain-timeout": "Seconds after which tasks that cannot be moved are left; else all is given back.",
    **RECORD,
}


@task(auto_shortflags=False, positional=["host"], help=DRAIN)
def drain(
    c: Context, host: str, preview: bool = False, drain_timeout: str | None = None, record: bool = True
) -> None:
    """Move a host's tasks and leaders elsewhere, so that a person can work on it."""
    from .engine import command, servicing

    servicing.drain(c, host, preview, drain_timeout, command.keeping("host.drain") if record else None)


@task(auto_shortflags=False, positional=["host"], help={"host": DRAIN["host"], **RECORD})
def resume(c: Context, host: str, record: bool = True) -> None:
    """Put a drained host back into use, also after a drain that was cut short."""
    from .engine import command, servicing

    servicing.resume(c, host, command.keeping("host.resume") if record else None)


REBOOT = {
    "preview": DRAIN["preview"],
    "drain-timeout": "Seconds after which tasks of a host that cannot be moved are left, to end with it.",
    "within": "Seconds in which a host must be back from its reboot (600 by default).",
    **RECORD,
}


@task(auto_shortflags=False, help=REBOOT)
def reboot(
    c: Context,
    preview: bool = False,
    drain_timeout: str | None = None,
    within: str | None = None,
    record: bool = True,
) -> None:
    """Reboot all hosts, or those of -H, one after the other, each drained before and well afterwards."""
    from .engine import command, servicing

    keep = command.keeping("reboot") if record else None
    servicing.reboot(c, preview, drain_timeout, within, keep)
