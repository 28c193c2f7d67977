"""Docker's client as operators have it on a host: proxies for containers, a context of elsewhere, logins."""

import json
import re
from collections.abc import Iterator
from shlex import quote

import pytest
from operators import TRIO, Inventory, Run, inside, lay_bare

NODE = TRIO[1]
IMAGE = "10.70.0.2:5000/lab/zookeeper:3.8.0"
CONFIG = {
    "proxies": {"default": {"httpProxy": "http://10.70.0.99:3128", "noProxy": "10.0.0.0/8"}},
    "currentContext": "elsewhere",
}
OWN = "DOCKER_HOST=unix:///var/run/docker.sock docker"


@pytest.fixture(autouse=True)
def configured(lab: None) -> Iterator[None]:
    """Bare hosts, and on one of them a client with a configuration; bare ones again at the end."""
    lay_bare()
    inside(NODE, f"mkdir -p /root/.docker; printf %s {quote(json.dumps(CONFIG))} > /root/.docker/config.json")
    yield
    inside(NODE, "rm -r /root/.docker")
    lay_bare()


def variables(command: str) -> set[str]:
    """Give the names of the variables that a command prints, one a line, as far as they are of proxies."""
    return set(re.findall(r"^(\w+_proxy)=", inside(NODE, command), re.MULTILINE | re.IGNORECASE))


def test_proxies_for_containers_reach_none_of_ours_and_a_second_deploy_finds_nothing_to_do(
    fab: Run, inventory: Inventory
) -> None:
    of_zookeeper = f"{OWN} inspect -f '{{{{range .Config.Env}}}}{{{{println .}}}}{{{{end}}}}' zookeeper"
    first = fab("deploy-zookeeper")
    assert first.code == 0, first.said
    assert re.search(
        rf"^{NODE}  warning  docker-context: docker on this host is configured to use another engine "
        r"\(currentContext=elsewhere\)\. ",
        first.said,
        re.MULTILINE,
    )
    by_hand = variables(f"{OWN} run --rm --entrypoint env {IMAGE}")
    assert by_hand == {"HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"}, (
        "the client heeds its configuration"
    )
    assert variables(of_zookeeper) == set()
    second = fab("deploy-zookeeper")
    assert second.code == 0 and "Nothing to do on 3 hosts" in second.said, second.said
    changed = inventory("zookeeper_sync_limit=7")
    replaced = fab("deploy-zookeeper", inventory=changed)
    assert replaced.code == 0 and f"{NODE}  2.5 replace zookeeper  changed" in replaced.said, replaced.said
    assert variables(of_zookeeper) == set()
    assert "Nothing to do on 3 hosts" in fab("deploy-zookeeper", inventory=changed).said
