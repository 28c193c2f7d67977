"""`preflight_ignore`: the checks of the preflight that an operator may overrule by name."""

import difflib

from .kinds import Wrong

MAY_BE = tuple(
    """
    tool same-machine hostname clock clock-drift architecture memory free-memory disk disk-reserve
    read-only unwell docker-snap docker-rootless docker-userns docker-trust docker-selinux
    docker-context docker-version docker-api docker-init docker-boot cgroups extra-flag image
    image-login flow login foreign-container stray-container stranger foreign-data same-agent foreign-agent
    mesos-version zookeeper-version tls
    """.split()
)
"""The checks that only judge: without them a run can still do its steps."""

NEVER = tuple(
    """
    connection sudo lock rights address docker docker-podman port moved-ports profile path cluster
    myid members wiped left-data zookeeper-snapshot quorum marathon-version marathon-migration agent-info
    firewall
    """.split()
)
"""Those that also stand in the way of a plan: its steps would fail, or destroy data."""


def checks(text: str) -> tuple[str, ...]:
    """Read the names of checks, with commas between them."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name in NEVER:
            raise Wrong(f"names {name!r}, which nothing overrules", "remove it, and fix what the check finds")
        if name not in MAY_BE:
            close = difflib.get_close_matches(name, (*MAY_BE, *NEVER), n=1)
            raise Wrong(
                f"names {name!r}, not a preflight check",
                f"did you mean {close[0]}?" if close else f"write any of {', '.join(MAY_BE)}",
            )
    return tuple(dict.fromkeys(names))
