"""hosts.ini becomes a Cluster, or sentences. All that verify, lab and bench may import of tasks."""

from .errors import BadInput
from .file import (
    PRIVATE_KEY,
    ROOT,
    beside,
    check_keys,
    hosts,
    load,
    path,
    place,
    runs,
    secrets_place,
    ssh_config,
)

__all__ = [
    "PRIVATE_KEY",
    "ROOT",
    "BadInput",
    "beside",
    "check_keys",
    "hosts",
    "load",
    "path",
    "place",
    "runs",
    "secrets_place",
    "ssh_config",
]
