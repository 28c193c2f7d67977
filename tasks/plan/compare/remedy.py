"""What the words of a failed command mean, and what an operator can do about it."""

import re
from collections.abc import Sequence

from ...inventory.secret import redacted, without_logins
from ..shell import REFUSAL
from ..words import capitalized

PATTERNS = (
    (
        r"no space left on device|disk quota exceeded",
        "the disk is full",
        "free some space (docker system df shows docker's share)",
    ),
    (
        r"client version \S+ is too old",
        "the docker client in the image is too old for the host's engine",
        'set "min-api-version": "1.24" in the host\'s /etc/docker/daemon.json and restart docker, or name an '
        "image with a newer client in hosts.ini",
    ),
    (
        r'exec: "docker-init": executable file not found|at "/sbin/docker-init"',
        "the engine does not find docker-init, which is to be process 1 of the container",
        "install it on the host (Debian's docker.io has it from the package tini), correct "
        '"init-path" in /etc/docker/daemon.json, or set mesos_master_init=false in hosts.ini',
    ),
    (
        r"error getting credentials|docker-credential-",
        "docker's config.json names a helper for credentials that does not work there",
        "install it, or remove credsStore and credHelpers from root's ~/.docker/config.json",
    ),
    (
        r"remote trust data does not exist|no valid trust data|notary",
        "the image is not signed, and DOCKER_CONTENT_TRUST wants that",
        "unset it for root (look into /etc/environment)",
    ),
    (
        r"schema 1 (support|not supported)|manifest\.v1\+(prettyjws|json)",
        "the image has an old format (schema 1) that this engine does not read",
        "pull it with an older docker and push it again, or name a newer image in hosts.ini",
    ),
    (
        r"toomanyrequests|429 Too Many Requests|pull rate limit",
        "the registry allows no more pulls for now",
        "wait, run docker login on the host as root, or name another registry in hosts.ini",
    ),
    (
        r"proxyconnect|407 Proxy Authentication|Proxy Authentication Required",
        "the proxy that the docker engine uses does not work",
        'correct it (systemctl show -p Environment docker; "proxies" in /etc/docker/daemon.json), or list '
        "the registry in its NO_PROXY",
    ),
    (
        r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake",
        "the registry speaks plain HTTP",
        "list it under insecure-registries in the host's /etc/docker/daemon.json",
    ),
    (
        r"x509: certificate has expired or is not yet valid",
        "a certificate has expired, or the host's clock is wrong",
        "compare `date` on the host with the time; if that is right, renew the registry's certificate",
    ),
    (
        r"x509: (certificate is (not )?valid for|cannot validate certificate for|certificate relies on)",
        "the registry's certificate is for another name",
        "name the registry in hosts.ini as its certificate does, or have it made again for this name",
    ),
    (
        r"x509: |certificate verify failed|tls: bad certificate",
        "the registry's certificate is not trusted",
        "put its authority's certificate into the host's /etc/docker/certs.d/REGISTRY/ca.crt",
    ),
    (
        r"pull access denied|repository does not exist|(?<!permission )denied: |unauthorized"
        r"|authentication required|authorization failed|no basic auth|401 Unauthorized|403 Forbidden",
        "the registry has no such image, or requires a login",
        "correct the image in hosts.ini, or run docker login on the host as root",
    ),
    (
        r"no matching manifest for|no match for platform|does not (match|provide) the specified platform"
        r"|exec format error",
        "the image is made for another processor",
        "name an image for the host's platform in hosts.ini",
    ),
    (
        r"manifest for \S+ not found|manifest unknown|name unknown|failed to resolve reference .*: not found",
        "the registry has no such image",
        "correct the image in hosts.ini, or push it",
    ),
    (
        r"mount a directory onto a file|not a directory: unknown",
        "a directory and a file are mounted onto each other",
        "look at the host's path: docker makes a directory where a mounted file is missing, which rmdir "
        "removes",
    ),
    (
        r"user namespaces|userns",
        "the engine remaps users (userns-remap), with which it refuses what the runbook needs",
        "remove userns-remap from /etc/docker/daemon.json and restart docker",
    ),
    (
        r"creating mount source path .*read-only file system",
        "docker sees another file system than the host, as its snap does",
        "install the package of Docker or of the distribution instead of the snap",
    ),
    (
        r"selinux|avc: +denied|relabel failed|set(ting)? (file )?label|lsetxattr"
        r"|(error mounting|runtime create failed).*permission denied",
        "SELinux or AppArmor forbids it",
        "see what was denied (ausearch -m avc, dmesg); directories for containers are labelled "
        "container_file_t (chcon -Rt)",
    ),
    (
        r"AppArmor .*could not be loaded|apparmor_parser",
        "the engine cannot load its AppArmor profile",
        "install apparmor on the host and restart docker",
    ),
    (
        r"cgroup mountpoint does not exist|no cgroup mount found|cgroups?: .*no such file",
        "the engine does not find the host's cgroups",
        "mount /sys/fs/cgroup and restart docker",
    ),
    (
        r"annot connect to the Docker daemon|failed to connect to the docker API"
        r"|dial unix \S*docker\.sock: connect: (connection refused|no such file)",
        "the docker engine does not run",
        "start it: systemctl start docker",
    ),
    (
        r"no such host|server misbehaving|dial tcp: lookup |name resolution",
        "the registry's name cannot be resolved",
        "correct its name or DNS",
    ),
    (
        r"no route to host|connection refused|i/o timeout|network is unreachable|Client\.Timeout"
        r"|TLS handshake timeout|context deadline exceeded|connection reset by peer|unexpected EOF|: EOF$"
        r"|request canceled",
        "the registry cannot be reached",
        "start it, or name another one in the image's setting in hosts.ini",
    ),
    (
        r"50[0234] (Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
        "the registry itself has a problem",
        "look at its log, or wait",
    ),
    (
        r"Conflict\. The container name",
        "somebody made a container of that name meanwhile",
        "see docker ps -a on the host, and who else works there",
    ),
    (
        r"address already in use|port is already allocated",
        "a port that it needs is taken",
        "stop what listens there (ss -ltnp on the host shows it)",
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


def explain(code: int, words: Sequence[str]) -> tuple[str, str]:
    """Give what went wrong, with what the command said, and what to do, for a step that ended with `code`."""
    if own := next((word for word in words if word.startswith(REFUSAL)), None):
        return f"{own.removeprefix(REFUSAL).strip()}; then run again.", ""
    meaning, remedy = cause(words) or ("", "remove the cause on the host")
    # What docker says about tokens and credentials looks like secrets: of a known error only URLs have any.
    said = (without_logins if meaning else redacted)(_last(words)).rstrip(".") or "it said nothing"
    seen = f"{meaning} ({said})" if meaning else f"exit {code}: {said}"
    return seen, f"{capitalized(remedy)}; then run again."


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
