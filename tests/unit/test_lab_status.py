"""What `lab.up` and `lab.status` print of the lab's hosts."""

import pytest

from lab import console
from lab.hosts import Status, farewell
from lab.spec import agents

ENDED = tuple(f"mesos-{n:08x}-6b2c-4f0e-9d54-0123456789ab (exited)" for n in range(165))
RUNNING = "mesos-4f21aa9c-6b2c-4f0e-9d54-0123456789ab.executor (running)"


def listed(*containers: str) -> str:
    return Status(agents(1)[0], "running", "up", containers).listed


def test_the_containers_of_tasks_are_counted_and_all_others_named() -> None:
    own = "mesos-slave (running)", "mesos-master-01 (exited)", "second (running)"
    assert listed(*own) == "mesos-slave (running), mesos-master-01 (exited), second (running)"
    assert listed(*own[:1], *ENDED) == "mesos-slave (running) and 165 ended task containers"
    assert listed(*own[:1], RUNNING, ENDED[0]) == (
        "mesos-slave (running) and 1 running task container and 1 ended task container"
    )
    assert listed(*ENDED[:2]) == "2 ended task containers"
    assert listed() == ""


def test_a_host_is_one_line_where_no_terminal_has_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    row = ("10.70.0.10", "node-10", "running", "up", ", ".join(f"container-{n} (running)" for n in range(9)))
    console.table(("address", "host", "state", "docker", "containers"), [row, row])
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip().endswith("container-8 (running)") for line in lines] == [False, True, True]
    assert max(map(len, lines)) < 300


def test_hosts_that_go_are_named_before_they_do() -> None:
    assert farewell([*agents(3)[1:]]) == (
        "10.70.0.21, 10.70.0.22: removed now with all that is there, since fewer agents are asked for"
    )
