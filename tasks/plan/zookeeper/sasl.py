"""How far ZooKeeper's members authenticate each other (SASL), and the lines of zoo.cfg that say so.

Each line is safe only when all members have the one before (seen with 3.8.0): first a member accepts a proof,
then it shows one, then it demands one. So there are four stages, and only neighbours serve together.
"""

import re

from ...inventory.cluster import Cluster

KEYS = ("quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl", "quorum.auth.serverRequireSasl")
"""In the order in which they come; each is `true` from its stage on (ZooKeeper 3.4.10 and later)."""

SHOWS = 2
"""The first stage in which a member shows the secret, so that all must have the same one."""

WANTED = {"open": 0, "permissive": 1, "strict": 3}
"""The stage that each `security` wants; where nobody must authenticate, nothing is shown either."""

TITLES = (
    "nobody does any more",
    "each accepts a proof",
    "each proves who it is",
    "each demands a proof",
)
"""What members do in each stage."""


def stage(cluster: Cluster) -> int:
    """Say which stage a form of the cluster has; a ZooKeeper alone has nobody to prove anything to."""
    if len(cluster.ensemble) < 2:
        return 0
    return WANTED[cluster.settings.security] if cluster.proving is None else cluster.proving


def lines(cluster: Cluster) -> str:
    """Give the lines of zoo.cfg."""
    return "".join(f"{key}=true\n" for key in KEYS[: stage(cluster)])


def runs_with(zoo_cfg: str) -> int:
    """Read the stage from the text of a zoo.cfg."""
    found = [bool(re.search(rf"^{re.escape(key)}\s*=\s*true\s*$", zoo_cfg, re.M)) for key in KEYS]
    return found.index(False) if False in found else len(KEYS)


def way(lowest: int, highest: int, wanted: int) -> list[int]:
    """Give the stages that all members must reach one after the other before the wanted one may come.

    None is ever more than one from what any member has, if they all were neighbours.
    """
    found: list[int] = []
    while max(abs(wanted - lowest), abs(wanted - highest)) > 1:
        lowest = highest = lowest + 1 if wanted > lowest else highest - 1
        found.append(lowest)
    return found
