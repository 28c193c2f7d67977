"""What is said of a backup: what is in it, what is not, and what comes next."""

from collections.abc import Iterator, Mapping

from ...words import counted
from .archive import Backup

SECRETS = (
    "It holds secrets: hosts.ini, and what apps have in their environment. Only its owner may read it (0600)."
)

NEXT = "`fab deploy-cluster` starts Marathon, which finds its apps and its framework id."


def made(file: str, size: int, backup: Backup, others: Mapping[str, bytes]) -> Iterator[str]:
    """Say what was written, and what it is good for."""
    beside = ", ".join(sorted(others))
    yield f"Wrote {file} ({size / 1e3:.1f} kB): {contents(backup)}, and beside that {beside}."
    yield SECRETS
    yield f"`fab backup.check {file}` tries it out."


def contents(backup: Backup) -> str:
    """Say what of ZooKeeper is in a backup."""
    nodes = counted(len(backup.tree), "node")
    return f"{nodes} of ZooKeeper's below {' and '.join(backup.roots)}, as of zxid {backup.zxid:#x}"


def origin(file: str, backup: Backup) -> str:
    """Say where a backup comes from."""
    marathon = f", with Marathon {backup.marathon}" if backup.marathon else ""
    return (
        f"{file}: made {backup.made} by mesofab {backup.version} of the cluster {backup.cluster}{marathon}; "
        f"{contents(backup)}. Its digests are right."
    )


def warnings(backup: Backup) -> Iterator[str]:
    """Say what is wrong with a backup although it is sound."""
    yield from backup.left_out
    if not backup.settled:
        yield (
            "ZooKeeper never held still for as long as it took to read it: some nodes in the backup are "
            "newer than others. Make another one when fewer apps are deployed."
        )
