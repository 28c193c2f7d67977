"""What docker and the shell say when a step fails, and what an operator is told then."""

import pytest

from tasks.errors import StepFailed
from tasks.plan.compare.remedy import explain

REFUSED = "connect: connection refused"

# what was said (docker 20.10, docker 28, or the shell) -> how the sentence begins
SAID = {
    "manifest unknown, 20.10": (
        "Error response from daemon: manifest for 10.70.0.2:5000/lab/x:9 not found: manifest unknown: "
        "manifest unknown",
        "the registry has no such image",
    ),
    "name unknown": (
        "Error response from daemon: name unknown: repository name not known to registry",
        "the registry has no such image",
    ),
    "not found, 28 with containerd": (
        'Error response from daemon: failed to resolve reference "10.70.0.2:5000/lab/x:9": '
        "10.70.0.2:5000/lab/x:9: not found",
        "the registry has no such image",
    ),
    "access denied, 20.10": (
        "Error response from daemon: pull access denied for nobody/nothing, repository does not exist or "
        "may require 'docker login': denied: requested access to the resource is denied",
        "the registry has no such image, or requires a login",
    ),
    "access denied, 28": (
        "docker: Error response from daemon: pull access denied for nobody/nothing, repository does not "
        "exist or may require 'docker login'",
        "the registry has no such image, or requires a login",
    ),
    "no login": (
        'Error response from daemon: Head "https://reg.example.org/v2/x/manifests/1": no basic auth '
        "credentials",
        "the registry has no such image, or requires a login",
    ),
    "pull limit": (
        "Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may "
        "increase the limit by authenticating and upgrading",
        "the registry allows no more pulls for now",
    ),
    "no docker-init": (
        'docker: Error response from daemon: exec: "docker-init": executable file not found in $PATH.',
        "the engine does not find docker-init",
    ),
    "no docker-init at a start": (
        'Error response from daemon: exec: "docker-init": executable file not found in $PATH',
        "the engine does not find docker-init",
    ),
    "an init-path that is not there, 20.10": (
        "Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container "
        "process caused: process_linux.go:545: container init caused: rootfs_linux.go:76: mounting "
        '"/opt/tini" to rootfs at "/sbin/docker-init" caused: stat /opt/tini: no such file or directory: '
        "unknown",
        "the engine does not find docker-init",
    ),
    "an init-path that is not there, 28": (
        "Error response from daemon: failed to create task for container: failed to create shim task: OCI "
        "runtime create failed: runc create failed: unable to start container process: error during "
        'container init: error mounting "/opt/tini" to rootfs at "/sbin/docker-init": stat /opt/tini: no '
        "such file or directory: unknown",
        "the engine does not find docker-init",
    ),
    "no route, 20.10": (
        'Error response from daemon: Get "http://10.70.0.2:5000/v2/": dial tcp 10.70.0.2:5000: connect: '
        "no route to host",
        "the registry cannot be reached",
    ),
    "refused, 20.10": (
        f'Error response from daemon: Get "http://10.70.0.2:5000/v2/": dial tcp 10.70.0.2:5000: {REFUSED}',
        "the registry cannot be reached",
    ),
    "refused, 28": (
        'Error response from daemon: failed to resolve reference "10.70.0.2:5000/lab/x:9": failed to do '
        f'request: Head "https://10.70.0.2:5000/v2/lab/x/manifests/9": dial tcp 10.70.0.2:5000: {REFUSED}',
        "the registry cannot be reached",
    ),
    "timeout": (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled '
        "while waiting for connection (Client.Timeout exceeded while awaiting headers)",
        "the registry cannot be reached",
    ),
    "no name": (
        'Error response from daemon: Get "https://reg.example.org/v2/": dial tcp: lookup reg.example.org on '
        "10.70.0.1:53: no such host",
        "the registry's name cannot be resolved",
    ),
    "no name server": (
        'Error response from daemon: Get "https://reg.example.org/v2/": dial tcp: lookup reg.example.org on '
        f"10.70.0.1:53: read udp 10.70.0.10:40000->10.70.0.1:53: read: {REFUSED}",
        "the registry's name cannot be resolved",
    ),
    "plain http": (
        'Error response from daemon: Get "https://10.70.0.2:5000/v2/": http: server gave HTTP response to '
        "HTTPS client",
        "the registry speaks plain HTTP",
    ),
    "own certificate": (
        'Error response from daemon: Get "https://10.70.0.2:5000/v2/": x509: certificate signed by unknown '
        "authority",
        "the registry's certificate is not trusted",
    ),
    "disk full, docker": (
        "failed to register layer: write /usr/lib/x.so: no space left on device",
        "the disk is full",
    ),
    "disk full, coreutils": ("cat: write error: No space left on device", "the disk is full"),
    "no daemon, 20.10": (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "the docker engine does not run",
    ),
    "no daemon, 28": (
        "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct "
        "and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
        "the docker engine does not run",
    ),
    "daemon gone": (
        'error during connect: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix '
        f"/var/run/docker.sock: {REFUSED}",
        "the docker engine does not run",
    ),
    "not in the docker group": (
        "permission denied while trying to connect to the Docker daemon socket at "
        "unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied",
        "permission was denied",
    ),
    "name conflict": (
        'docker: Error response from daemon: Conflict. The container name "/zookeeper" is already in use by '
        'container "4f2c". You have to remove (or rename) that container to be able to reuse that name.',
        "somebody made a container of that name meanwhile",
    ),
    "port taken": (
        "Error response from daemon: driver failed programming external connectivity on endpoint zookeeper: "
        "Error starting userland proxy: listen tcp4 0.0.0.0:2181: bind: address already in use",
        "a port that it needs is taken",
    ),
    "an expired certificate, or a wrong clock": (
        'Error response from daemon: Get "https://reg.example.org/v2/": tls: failed to verify certificate: '
        "x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:02Z is before "
        "2025-06-01T00:00:00Z",
        "a certificate has expired, or the host's clock is wrong",
    ),
    "another name's certificate": (
        'Error response from daemon: Get "https://10.70.0.2:5000/v2/": tls: failed to verify certificate: '
        "x509: cannot validate certificate for 10.70.0.2 because it doesn't contain any IP SANs",
        "the registry's certificate is for another name",
    ),
    "another name's certificate, by name": (
        'Error response from daemon: Get "https://reg/v2/": x509: certificate is valid for a, b, not reg',
        "the registry's certificate is for another name",
    ),
    "proxy down": (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp '
        f"10.0.0.9:3128: {REFUSED}",
        "the proxy that the docker engine uses does not work",
    ),
    "no such proxy": (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp: '
        "lookup proxy.example.org on 10.0.0.2:53: no such host",
        "the proxy that the docker engine uses does not work",
    ),
    "a proxy that wants a login": (
        'Error response from daemon: Get "https://registry-1.docker.io/v2/": Proxy Authentication Required',
        "the proxy that the docker engine uses does not work",
    ),
    "schema 1, 28": (
        "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support "
        "is disabled by default and will be removed in an upcoming release. Suggest the author of "
        "docker.io/x/y:1 to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2.",
        "the image has an old format (schema 1)",
    ),
    "schema 1, 29 with containerd": (
        'Error response from daemon: failed to pull and unpack image "docker.io/x/y:1": not implemented: '
        'media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since '
        'containerd v2.1, please rebuild the image as "application/vnd.oci.image.manifest.v1+json"',
        "the image has an old format (schema 1)",
    ),
    "pull limit, 29 with containerd": (
        "Error response from daemon: failed to copy: httpReadSeeker: failed open: unexpected status code "
        "https://registry-1.docker.io/v2/library/zookeeper/manifests/sha256:0: 429 Too Many Requests - "
        "Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.",
        "the registry allows no more pulls for now",
    ),
    "unauthorized, 29 with containerd": (
        'Error response from daemon: failed to resolve reference "reg.example.org/x:1": failed to authorize: '
        "failed to fetch oauth token: unexpected status from GET request to https://reg.example.org/token: "
        "401 Unauthorized",
        "the registry has no such image, or requires a login",
    ),
    "insufficient scope, 29 with containerd": (
        "Error response from daemon: pull access denied, repository does not exist or may require "
        "authorization: server message: insufficient_scope: authorization failed",
        "the registry has no such image, or requires a login",
    ),
    "helper of Docker Desktop": (
        'error getting credentials - err: exec: "docker-credential-desktop": executable file not found in '
        "$PATH, out: ``",
        "docker's config.json names a helper for credentials",
    ),
    "another platform": (
        "Error response from daemon: no matching manifest for linux/amd64 in the manifest list entries",
        "the image is made for another processor",
    ),
    "another platform, 29 with containerd": (
        "Error response from daemon: no match for platform in manifest: not found",
        "the image is made for another processor",
    ),
    "plain http, 29 with containerd": (
        'Error response from daemon: failed to resolve reference "10.70.0.2:5000/x:1": failed to do request: '
        'Head "https://10.70.0.2:5000/v2/x/manifests/1": http: server gave HTTP response to HTTPS client',
        "the registry speaks plain HTTP",
    ),
    "slow line": (
        'Error response from daemon: Get "https://10.70.0.2:5000/v2/": dial tcp 10.70.0.2:5000: i/o timeout',
        "the registry cannot be reached",
    ),
    "cut line": (
        "read tcp 10.0.0.1:4000->10.0.0.2:443: read: connection reset by peer",
        "the registry cannot",
    ),
    "registry in trouble": (
        "Error response from daemon: received unexpected HTTP status: 503 Service Unavailable",
        "the registry itself has a problem",
    ),
    "an old client in the image": (
        "Error response from daemon: client version 1.29 is too old. Minimum supported API version is 1.44, "
        "please upgrade your client to a newer version",
        "the docker client in the image is too old",
    ),
    "a directory in a file's place": (
        "docker: Error response from daemon: failed to create task for container: failed to create shim "
        "task: "
        "OCI runtime create failed: runc create failed: unable to start container process: error during "
        'container init: error mounting "/opt/zookeeper/conf/zoo.cfg" to rootfs at "/conf/zoo.cfg": mount '
        "src=/opt/zookeeper/conf/zoo.cfg, dst=/conf/zoo.cfg, dstFd=/proc/thread-self/fd/11, flags=MS_BIND|"
        "MS_REC: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? "
        "Check if the specified host path exists and is the expected type",
        "a directory and a file are mounted onto each other",
    ),
    "SELinux at a mount": (
        "docker: Error response from daemon: OCI runtime create failed: runc create failed: unable to start "
        'container process: error mounting "/opt/zookeeper/data" to rootfs at "/data": permission denied: '
        "unknown",
        "SELinux or AppArmor forbids it",
    ),
    "SELinux at a label": (
        "Error response from daemon: error setting label on mount source '/opt/zookeeper/data': relabel "
        'failed "/opt/zookeeper/data": lsetxattr /opt/zookeeper/data: operation not permitted',
        "SELinux or AppArmor forbids it",
    ),
    "AppArmor": (
        "docker: Error response from daemon: AppArmor enabled on system but the docker-default profile could "
        "not be loaded: running '/sbin/apparmor_parser' failed with output: exec: no such file",
        "the engine cannot load its AppArmor profile",
    ),
    "userns-remap, network": (
        "docker: Error response from daemon: cannot share the host's network namespace when user namespaces "
        "are enabled.",
        "the engine remaps users",
    ),
    "userns-remap, privileges": (
        "docker: Error response from daemon: privileged mode is incompatible with user namespaces.  You must "
        "run the container in the host namespace when running privileged mode.",
        "the engine remaps users",
    ),
    "snap": (
        "docker: Error response from daemon: error while creating mount source path '/opt/zookeeper/data': "
        "mkdir /opt/zookeeper: read-only file system.",
        "docker sees another file system than the host",
    ),
    "content trust": (
        "Error: remote trust data does not exist for docker.io/mesosphere/marathon: notary.docker.io does "
        "not have trust data for docker.io/mesosphere/marathon",
        "the image is not signed",
    ),
    "quota": ("write /var/lib/docker/tmp/x: disk quota exceeded", "the disk is full"),
    "no cgroups": (
        "docker: Error response from daemon: cgroups: cgroup mountpoint does not exist: unknown.",
        "the engine does not find the host's cgroups",
    ),
    "read-only": ("mkdir: cannot create directory '/opt/zk': Read-only file system", "the file system is"),
    "immutable": (
        "mv: cannot move '/etc/profile.next' to '/etc/profile': Operation not permitted",
        "the host does not permit it",
    ),
    "not root": ("mkdir: cannot create directory '/opt/zk': Permission denied", "permission was denied"),
}


def sentence(code: int, words: list[str]) -> str:
    """What an operator reads of a step that failed."""
    return StepFailed(*explain(code, words)).text


@pytest.mark.parametrize("said, meaning", SAID.values(), ids=SAID.keys())
def test_a_known_error_becomes_a_sentence_with_a_remedy(said: str, meaning: str) -> None:
    told = sentence(1, ["3.4.12: Pulling from library/zookeeper", said])
    assert told.startswith(meaning)
    assert f" ({said.rstrip('.')}). " in told
    assert told.endswith("; then run again.")


@pytest.mark.parametrize(
    "hint", ["See 'docker run --help'.", "Run 'docker run --help' for more information", ""]
)
def test_dockers_hint_at_its_help_is_not_taken_for_the_error(hint: str) -> None:
    told = sentence(125, ["docker: Error response from daemon: something new.", "", hint])
    assert told.startswith("exit 125: docker: Error response from daemon: something new. Remove")


def test_an_error_without_words_is_told_by_its_exit_code() -> None:
    assert sentence(137, []).startswith("exit 137: it said nothing. ")


def test_a_steps_own_sentence_counts_more_than_what_programs_said() -> None:
    words = ["ip: permission denied", "mesofab: sh says '', not 10.0.0.1. Move the line", "exit"]
    assert sentence(1, words) == "sh says '', not 10.0.0.1. Move the line; then run again."
