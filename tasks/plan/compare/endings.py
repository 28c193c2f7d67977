"""Why a process ended: what the last lines of its log mean, and what an operator can do about it."""

import re
from collections.abc import Sequence

from ...inventory.printable import printable
from ...inventory.secret import redacted

FRAME = re.compile(
    r"\s*(at \S+\(|\.\.\. [0-9]+ (more|common)|@ +0x|PC: @|\*\*\*|Caused by: \S+$)|.*WARNING: Logging before"
)
"""A line that is only a part of a stack trace, or talk around one."""

QUIET = re.compile(r"I[0-9]{4} |[^A-Z]{0,60}(INFO|DEBUG|TRACE)\b")
"""A line that complains of nothing, as glog and Java's logs begin it."""

SHOWN = 240
"""Characters of a log line that are shown."""

PORT_TAKEN = r"Address already in use|BindException|Failed to bind|Cannot assign requested address"

KNOWN = (
    (
        r"Incompatible agent info",
        "the agent refuses its work_dir: its address, resources or attributes are not those of before",
        "keep the values that it had, or deploy with --drain",
    ),
    (
        r"Agent has been marked gone|marked gone",
        "the masters were told that this agent is gone for good",
        "remove meta/slaves/latest below its work_dir: it then starts as a new agent",
    ),
    (
        r"Failed to load unknown flag|\[scallop\] Error: Unknown option|Unrecognized (VM )?option"
        r"|Failed to load flag|Failed to parse flags|Required option '.*' not found",
        "it does not take one of its flags",
        "correct the flag in hosts.ini, then deploy",
    ),
    (
        r"Could not reserve enough space for|(Too small|Invalid) (maximum|initial) heap"
        r"|Could not create the Java Virtual",
        "Java cannot start with this heap",
        "give it another heap in hosts.ini, then deploy",
    ),
    (
        PORT_TAKEN,
        "an address that it listens on is taken, or is not this host's",
        "see ss -ltnp on the host for who has its port",
    ),
    (
        r"UnknownHostException|no such host|[Nn]ame or service not known|nodename nor servname"
        r"|Temporary failure in name resolution|Failed to obtain the IP address",
        "a name cannot be resolved",
        "correct the name in hosts.ini, or the host's DNS or /etc/hosts",
    ),
    (
        r"Migration is already in progress",
        "an earlier migration of Marathon's state was cut short",
        "see whether its state is whole, restore a backup if not; then delete "
        "/marathon/state/migration-in-progress in ZooKeeper",
    ),
    (
        r"Migration from .* is not supported",
        "the state in ZooKeeper was written by a Marathon that this one cannot follow",
        "name the version in hosts.ini that wrote it, or restore a backup",
    ),
    (
        r"No snapshot found, but there are log entries",
        "its data have a log and no snapshot, which ZooKeeper 3.5 and later do not read",
        "empty its data/version-2 while all others serve: it gets its data from the leader",
    ),
    (
        r"myid file is missing",
        "it has no myid",
        "deploy: that writes it",
    ),
    (
        r"My id [0-9]+ not in the peer list",
        "its myid is not among the servers of its zoo.cfg",
        "compare data/myid with zoo.cfg and hosts.ini",
    ),
    (
        r"Unable to load database on disk|Unreasonable length|Invalid magic number|CRC check|Corrupt"
        r"|at org\.apache\.zookeeper\.server\.persistence\."
        r"(FileHeader|FileSnap|FileTxnLog\$FileTxnIterator)\b",
        "it cannot read its own data",
        "if all other members serve, empty its data/version-2: it gets its data from the leader",
    ),
    (
        r"[Nn]o space left on device|[Dd]isk quota exceeded",
        "the disk is full",
        "free some space",
    ),
    (
        r"Read-only file system",
        "a file system is read-only",
        "remount it read-write and look at dmesg",
    ),
    (
        r"OutOfMemoryError|std::bad_alloc|Cannot allocate memory",
        "it has no memory left",
        "give it a larger heap in hosts.ini, or the host more memory",
    ),
    (
        r"Permission denied|AccessDeniedException",
        "it may not use a file",
        "see who owns its directories, and whether SELinux or AppArmor forbids it (dmesg)",
    ),
    (
        r"exec format error|cannot execute binary file",
        "the image is made for another processor",
        "name an image for the host's platform in hosts.ini",
    ),
    (
        r"[Nn]ot authenticated|NoAuth|AUTH_FAILED|AuthFailed|refused authentication",
        "ZooKeeper or a master does not accept what it knows it by",
        "compare its credentials with theirs",
    ),
    (
        r"Failed to locate systemd runtime|no cgroup|cgroups? .*not (mounted|found)"
        r"|Failed to create launcher",
        "it does not find what it needs of the host's cgroups",
        "run `fab preflight`, which looks at them",
    ),
)
"""What to look for in the last lines, what it means, what to do. The first one found counts.

Sources: the texts are those of ZooKeeper 3.4 and 3.8, Mesos 1.5.0, Marathon 1.5.8 and of Java.
"""


def wants_port(lines: Sequence[str]) -> bool:
    """Tell whether a log complains that a port is taken."""
    return any(re.search(PORT_TAKEN, line) for line in lines)


def cause(lines: Sequence[str]) -> tuple[str, str] | None:
    """Give what these lines of a log mean and what to do about it, if that is known."""
    for pattern, meaning, remedy in KNOWN:
        said = next((line for line in reversed(lines) if re.search(pattern, line)), None)
        if said is not None:
            return f"{meaning} ({shown(said)})", remedy
    return None


def last_word(lines: Sequence[str]) -> str:
    """Give the last line that says by itself what is wrong; "" if none does."""
    said = (line for line in reversed(lines) if line.strip() and not FRAME.match(line))
    return next((shown(line) for line in said if not QUIET.match(line)), "")


def shown(line: str) -> str:
    """Give a line as it may be shown: no control characters, no secrets, not too much of it."""
    text = " ".join(redacted(printable(line)).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
