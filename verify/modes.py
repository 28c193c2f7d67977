"""Who may read and change what the runbook puts on a host."""

from collections.abc import Iterator, Mapping

from testinfra.host import Host

from tasks.inventory.cluster import Node

from .findings import REDO, Finding, finding

OPEN = "mode 755"
"""A directory that everybody may look into: the users of services, too, whom root's umask leaves out."""


def others(host: Host, node: Node, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """Find paths whose mode, or owner where one is wanted, is another; one that is missing is no finding."""
    words = " ".join(["%s"] * len(wanted))
    said = host.run(f"stat -Lc %s {words}", "%a %u %n", *wanted)
    for line in said.stdout.splitlines():
        mode, owner, path = line.split(" ", 2)
        seen = f"mode {int(mode, 8) & 0o777:03o}"
        seen += f", owner {owner}" if "owner" in wanted[path] else ""
        if seen != wanted[path]:
            yield finding(node.name, f"{path} has {seen}", wanted[path], REDO)
