"""What docker and the shell say when a step fails, and what an operator is told then."""

import pytest

from tasks.plan.remedy import explain
from tasks.plan.step import Step

STEP = Step("2.4", "pull zookeeper:3.4.12", "not on this host", "docker pull zookeeper:3.4.12\n")
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
        "the registry has no such image, or wants a login",
    ),
    "access denied, 28": (
        "docker: Error response from daemon: pull access denied for nobody/nothing, repository does not "
        "exist or may require 'docker login'",
        "the registry has no such image, or wants a login",
    ),
    "no login": (
        'Error response from daemon: Head "https://reg.example.org/v2/x/manifests/1": no basic auth '
        "credentials",
        "the registry has no such image, or wants a login",
    ),
    "pull limit": (
        "Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may "
        "increase the limit by authenticating and upgrading",
        "the registry allows no more pulls for now",
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
    "read-only": ("mkdir: cannot create directory '/opt/zk': Read-only file system", "the file system is"),
    "immutable": (
        "mv: cannot move '/etc/profile.next' to '/etc/profile': Operation not permitted",
        "the host does not permit it",
    ),
    "not root": ("mkdir: cannot create directory '/opt/zk': Permission denied", "permission was denied"),
}


@pytest.mark.parametrize("said, meaning", SAID.values(), ids=SAID.keys())
def test_a_known_error_becomes_a_sentence_with_a_remedy(said: str, meaning: str) -> None:
    told = explain(STEP, 1, ["3.4.12: Pulling from library/zookeeper", said])
    assert told.startswith(meaning)
    assert f" ({said}). " in told
    assert told.endswith("; then run again.")


@pytest.mark.parametrize(
    "hint", ["See 'docker run --help'.", "Run 'docker run --help' for more information", ""]
)
def test_dockers_hint_at_its_help_is_not_taken_for_the_error(hint: str) -> None:
    told = explain(STEP, 125, ["docker: Error response from daemon: something new.", "", hint])
    assert told.startswith("exit 125: docker: Error response from daemon: something new. Mend")


def test_an_error_without_words_is_told_by_its_exit_code() -> None:
    assert explain(STEP, 137, []).startswith("exit 137: it said nothing. ")


def test_a_steps_own_sentence_counts_more_than_what_programs_said() -> None:
    words = ["ip: permission denied", "mesofab: sh says '', not 10.0.0.1. Move the line", "exit"]
    assert explain(STEP, 1, words) == "sh says '', not 10.0.0.1. Move the line; then run again."
