"""What the words of a failed command mean, and what an operator can do about it."""

import re
from collections.abc import Sequence

from .shell import REFUSAL
from .step import Step

PATTERNS = (
    (
        r"no space left on device",
        "the disk is full",
        "free some space (docker system df shows docker's share)",
    ),
    (
        r"pull access denied|repository does not exist|denied: requested access|unauthorized:|no basic auth",
        "the registry has no such image, or wants a login",
        "correct the image in hosts.ini, or run docker login on the host",
    ),
    (
        r"manifest for \S+ not found|manifest unknown|name unknown|failed to resolve reference .*: not found",
        "the registry has no such image",
        "correct the image in hosts.ini, or push it",
    ),
    (
        r"toomanyrequests",
        "the registry allows no more pulls for now",
        "wait, run docker login on the host, or name another registry in hosts.ini",
    ),
    (
        r"server gave HTTP response to HTTPS client",
        "the registry speaks plain HTTP",
        "list it under insecure-registries in the host's /etc/docker/daemon.json",
    ),
    (
        r"x509: ",
        "the registry's certificate is not trusted",
        "put its authority's certificate into the host's /etc/docker/certs.d/REGISTRY/ca.crt",
    ),
    (
        r"annot connect to the Docker daemon"
        r"|dial unix \S*docker\.sock: connect: (connection refused|no such file)",
        "the docker engine does not run",
        "start it: systemctl start docker",
    ),
    (
        r"no such host|server misbehaving|dial tcp: lookup ",
        "the registry's name cannot be resolved",
        "correct its name or DNS",
    ),
    (
        r"no route to host|connection refused|i/o timeout|network is unreachable|Client\.Timeout"
        r"|TLS handshake timeout|context deadline exceeded",
        "the registry cannot be reached",
        "start it, or name another one in the image's setting in hosts.ini",
    ),
    (
        r"Conflict\. The container name",
        "somebody made a container of that name meanwhile",
        "see docker ps -a on the host, and who else works there",
    ),
    (
        r"address already in use|port is already allocated",
        "a port that it needs is taken",
        "see ss -ltnp on the host, or give the service another port in hosts.ini",
    ),
    (r"read-only file system", "the file system is read-only", "remount it read-write and look at dmesg"),
    (
        r"operation not permitted",
        "the host does not permit it",
        "see whether the file is marked as immutable (`lsattr` shows an i, `chattr -i` takes it off)",
    ),
    (r"permission denied", "permission was denied", "run as root, or set ansible_become=true"),
)
"""What to look for, whatever its case; what it means; what to do. The first one found counts."""

HELP = re.compile(r"(See|Run) 'docker .*--help'")
"""How docker ends its errors: 20.10 says See, 28 says Run."""


def explain(step: Step, code: int, words: Sequence[str]) -> str:
    """Give `what went wrong (what the command said). What to do.` for a step that ended with `code`."""
    if own := next((word for word in words if word.startswith(REFUSAL)), None):
        return f"{own.removeprefix(REFUSAL).strip()}; then run again."
    if known := cause(words):
        meaning, remedy = known
        return f"{meaning} ({_last(words)}). {remedy[0].upper()}{remedy[1:]}; then run again."
    said = _last(words).rstrip(".") or "it said nothing"
    return f"exit {code}: {said}. Mend the cause on the host; then run again."


def cause(words: Sequence[str]) -> tuple[str, str] | None:
    """Give what these words mean and what to do about it, if that is known."""
    text = " ".join(line.strip() for line in words if line.strip())
    for pattern, meaning, remedy in PATTERNS:
        if re.search(pattern, text, re.IGNORECASE):
            return meaning, remedy
    return None


def _last(words: Sequence[str]) -> str:
    lines = [line.strip() for line in words if line.strip() and not HELP.match(line.strip())]
    return lines[-1] if lines else ""
