"""Which journeys a cluster's agents can run, and on which of them their tasks are kept."""

from pathlib import Path

import pytest
from test_suite_report import suite

from tasks.inventory.parse import parse
from verify.journeys import JOURNEYS, able, command, docker_container

TEXT = "[zookeeper]\n10.0.0.1 myid=1\n[mesos_master]\n10.0.0.1\n[marathon]\n10.0.0.1\n[mesos_agent]\n"
DOCKER = [name for name in JOURNEYS if "docker" in name]
COMMAND = [name for name in JOURNEYS if "docker" not in name]


def obstacles(agents: str) -> dict[str, str]:
    """What keeps journeys from being made, by name; without those that nothing does."""
    cluster = parse(TEXT + agents if agents else TEXT.replace("[mesos_agent]\n", ""))
    return {name: why for name, each in JOURNEYS.items() if (why := each.obstacle(cluster))}


def test_all_journeys_are_made_where_agents_have_both_containerizers() -> None:
    assert obstacles("10.0.0.8\n") == {}


@pytest.mark.parametrize("has, lacks", [("mesos", DOCKER), ("docker", COMMAND)])
def test_those_without_their_containerizer_are_left_out(has: str, lacks: list[str]) -> None:
    assert list(obstacles(f"10.0.0.8 mesos_agent_containerizers={has}\n")) == lacks


def test_none_is_made_without_an_agent() -> None:
    assert obstacles("").keys() == JOURNEYS.keys()


def test_an_image_is_that_of_an_agent_that_runs_containers_and_tasks_are_kept_on_such() -> None:
    cluster = parse(
        f"{TEXT}10.0.0.7 mesos_agent_containerizers=mesos mesos_image=a:1\n"
        "10.0.0.8 mesos_image=b:1\n10.0.0.9 mesos_agent_containerizers=docker\n"
    )
    app = docker_container(cluster)
    assert app["container"]["docker"]["image"] == "b:1"
    assert app["constraints"] == [["hostname", "LIKE", r"10\.0\.0\.8|10\.0\.0\.9"]]
    assert command(cluster)["constraints"] == [["hostname", "LIKE", r"10\.0\.0\.7|10\.0\.0\.8"]]
    assert [node.name for node in able(cluster, "docker")] == ["10.0.0.8", "10.0.0.9"]


def test_tasks_may_run_anywhere_where_all_agents_can_run_them() -> None:
    assert "constraints" not in docker_container(parse(f"{TEXT}10.0.0.8\n10.0.0.9\n"))


def test_the_suite_says_what_it_left_out_and_why(tmp_path: Path) -> None:
    text = f"{TEXT}10.0.0.8 mesos_agent_containerizers=mesos\n"
    code, said, _ = suite(text, tmp_path, "verify/test_journey.py", "-k", "docker")
    assert code == 0
    assert "2 skipped" in said
    for name in DOCKER:
        assert f"not checked: {name}: {tmp_path}/hosts.ini has no agent with docker in " in said
