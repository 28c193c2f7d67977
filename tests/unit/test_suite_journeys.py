"""Which journeys a cluster's agents can run, where their tasks are kept, and how the suite tells of them."""

import re
from pathlib import Path

import pytest
from fake_marathon import AGENT, Marathon
from test_suite_report import suite

from tasks.inventory.parse import parse
from verify.chosen import Chosen
from verify.journeys import JOURNEYS, able, command, docker_container

TEXT = "[zookeeper]\n10.0.0.1 myid=1\n[mesos_master]\n10.0.0.1\n[marathon]\n10.0.0.1\n[mesos_agent]\n"
DOCKER = [name for name in JOURNEYS if "docker" in name]
MARATHONS = "[marathon]\n" + "".join(f"10.0.0.{number} number={number}\n" for number in (1, 2, 3))
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
    assert code == 5
    assert "2 skipped" in said
    for name in DOCKER:
        assert f"not checked: {name}: {tmp_path}/hosts.ini has no agent with docker in " in said


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_on_which_launches_fail_arrives_and_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    marathon, noted = Marathon("No such object", "No such object"), list[str]()
    marathon.plant(monkeypatch)
    cluster = parse(f"{TEXT}{AGENT}\n")
    JOURNEYS[name].travel(Chosen(cluster, cluster.nodes, noted.append))
    assert not marathon.apps
    (line,) = noted
    assert f": 2 launches failed on {AGENT} before they ran" in line


@pytest.mark.parametrize("down", ("10.0.0.1", "10.0.0.2"))
def test_a_journey_goes_through_a_marathon_that_answers(down: str, monkeypatch: pytest.MonkeyPatch) -> None:
    marathon = Marathon()
    marathon.silent = {down}
    marathon.plant(monkeypatch)
    others = TEXT.replace("10.0.0.1", "10.0.0.9").replace("[marathon]\n10.0.0.9", MARATHONS)
    cluster = parse(f"{others}{AGENT}\n")
    JOURNEYS[COMMAND[0]].travel(Chosen(cluster, cluster.nodes, print))
    assert [one for one in marathon.asked if one.startswith("POST")]
    assert not [one for one in marathon.asked if re.match(f"(POST|GET|PUT) {down}:8080/v2/apps", one)]


def test_a_journey_without_a_marathon_that_answers_is_the_finding_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marathon = Marathon()
    marathon.silent = {"10.0.0.1"}
    marathon.plant(monkeypatch)
    cluster = parse(f"{TEXT}{AGENT}\n")
    with pytest.raises(pytest.fail.Exception, match=r"^10\.0\.0\.1: http://10\.0\.0\.1:8080 does not answer"):
        JOURNEYS[COMMAND[0]].travel(Chosen(cluster, cluster.nodes, print))


def test_the_suite_is_green_with_a_failed_launch_and_tells_of_it_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Marathon("No such object: mesos-4ad5\n").plant(monkeypatch)
    code, said, _ = suite(f"{TEXT}{AGENT}\n", tmp_path, "verify/test_journey.py")
    assert code == 0, said
    told = rf"mesofab-verify-\w+: 1 launch failed on {AGENT} before it ran \(.*\): No such object: mesos-4ad5"
    assert len([line for line in said.splitlines() if re.fullmatch(told, line)]) == 1, said
    assert "what is wrong" not in said


def test_the_suite_is_red_with_more_than_are_allowed_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marathon = Marathon("No such object")
    marathon.plant(monkeypatch)
    text = f"{TEXT}{AGENT}\n[all:vars]\nverify_failed_launches=0\n"
    code, said, _ = suite(text, tmp_path, "verify/test_journey.py", "-k", DOCKER[0])
    assert (code, marathon.apps) == (1, {}), said
    assert said.count("1 launch of /mesofab-verify-") == 1
    assert "the last task became TASK_FAILED: No such object; expected at most 0 (verify_failed_la" in said
    assert "before it ran" not in said


def test_an_app_of_the_failover_tests_that_does_not_run_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marathon = Marathon(always="No such object")
    marathon.plant(monkeypatch)
    text = f"{TEXT}{AGENT}\n[all:vars]\nverify_failed_launches=1\n"  # each takes a second of waiting
    code, said, _ = suite(text, tmp_path, "verify/test_failover.py", "--destructive")
    assert (code, marathon.apps) == (1, {}), said
    assert "2 launches of /mesofab-verify-" in said


def test_an_app_of_the_failover_tests_is_not_left_behind_if_somebody_presses_ctrl_c_while_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marathon = Marathon(error=KeyboardInterrupt)
    marathon.plant(monkeypatch)
    code, said, _ = suite(f"{TEXT}{AGENT}\n", tmp_path, "verify/test_failover.py", "--destructive")
    assert (code, marathon.apps) == (2, {}), said
    assert "POST 10.0.0.1:8080/v2/apps" in marathon.asked
