"""Faults of lab hosts, on an engine that is made up."""

import pytest
from docker.errors import APIError

from lab import faults
from lab.errors import LabError
from lab.spec import Host

AGENT = Host("10.70.0.20")


class Slow:
    """A container that cannot be frozen before the third time that somebody tries."""

    tries = 0

    def pause(self) -> None:
        """Fail as docker does if runc gives up on a busy machine."""
        self.tries += 1
        if self.tries < 3:
            raise APIError("500 Server Error", explanation="OCI runtime pause failed: unable to freeze")


def test_a_host_that_freezes_slowly_is_frozen_all_the_same() -> None:
    found = Slow()
    faults.insist("it to be frozen", found.pause)
    assert found.tries == 3


def test_launches_are_made_to_fail_in_the_agents_own_container() -> None:
    asked: list[list[str]] = []

    def execute(one: Host, command: list[str]) -> tuple[int, str]:
        asked.append(command)
        return 0, ""

    faults.fail_next(AGENT, 3, execute)
    ((_, _, script),) = asked
    assert script.startswith("docker exec mesos-slave sh -c ")
    assert "echo 3 >" in script


def test_an_agent_that_is_not_there_or_no_stand_in_is_not_said_to_fail() -> None:
    def refuse(one: Host, command: list[str]) -> tuple[int, str]:
        return 1, "Error: No such container: mesos-slave\n"

    with pytest.raises(LabError, match="10.70.0.20: Error: No such container: mesos-slave$"):
        faults.fail_next(AGENT, 1, refuse)
    with pytest.raises(LabError, match="--times is 0 to 1000"):
        faults.fail_next(AGENT, -1, refuse)
