"""`pytest verify/ --hosts=ssh://one`: that host is judged, the others are told of. Nothing is dialled."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from fake_marathon import answer
from test_suite_report import suite

TRIO = (
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
    "[mesos_master]\n10.0.0.1\n10.0.0.2\n10.0.0.3\n[mesos_agent]\n10.0.0.1\n10.0.0.8\n"
)
ENSEMBLE = ("verify/test_zookeeper_ensemble.py", "-k", "serves or leads or own_id or sync or settings")
ONE = "--hosts=ssh://10.0.0.1"
COVERED = ("verify/test_host.py", "verify/test_zookeeper.py", "-k", "covered")

Suite = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Suite:
    """Run the suite; give its exit code and what it says."""
    return lambda *words: suite(TRIO, tmp_path, *words)[:2]


def members(patch: pytest.MonkeyPatch, modes: Mapping[str, str], **conf: str) -> None:
    """Have members serve in these modes, the others be silent; `conf` is what 10.0.0.2 runs with instead."""
    synced = sum(mode == "follower" for mode in modes.values())

    def ask(address: str, port: int, word: str, timeout: float = 20) -> str:
        mode = modes.get(address, "")
        wanted = {
            "serverId": address[-1],
            "clientPort": "2181",
            "tickTime": "2000",
            "maxClientCnxns": "60",
            "initLimit": "5",
            "syncLimit": "2",
        } | (conf if address == "10.0.0.2" else {})
        said = {
            "srvr": f"Mode: {mode}\n",
            "conf": "".join(f"{key}={value}\n" for key, value in wanted.items()),
            "mntr": f"zk_synced_followers\t{synced}\n",
        }
        return said[word] if mode else ""

    patch.setattr("verify.four_letter_words.ask", ask)


def test_a_member_elsewhere_that_is_down_is_told_and_fails_nothing(
    run: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(monkeypatch, {"10.0.0.1": "leader", "10.0.0.2": "follower"})
    code, said = run(*ENSEMBLE, ONE)
    assert code == 0, said
    assert (
        said.count("not judged, as --hosts leaves it out: 10.0.0.3: ZooKeeper says to srvr: no answer") == 1
    )


def test_a_service_without_a_majority_is_broken_for_every_host(
    run: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(monkeypatch, {"10.0.0.1": "leader"})
    code, said = run(*ENSEMBLE, ONE)
    assert code == 1
    assert "\n10.0.0.2: ZooKeeper says to srvr: no answer; expected it to serve" in said


def test_the_named_host_itself_is_judged_in_full(run: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    members(monkeypatch, {"10.0.0.1": "leader", "10.0.0.3": "follower"})
    code, said = run(*ENSEMBLE, "--hosts=ssh://10.0.0.2")
    assert code == 1
    assert "\n10.0.0.2: ZooKeeper says to srvr: no answer; expected it to serve" in said


def test_the_settings_of_hosts_left_out_are_their_own_gates_concern(
    run: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(
        monkeypatch, {"10.0.0.1": "leader", "10.0.0.2": "follower", "10.0.0.3": "follower"}, tickTime="3000"
    )
    assert run(*ENSEMBLE, ONE)[0] == 0
    code, said = run(*ENSEMBLE, "--hosts=ssh://10.0.0.2")
    assert code == 1 and "10.0.0.2: it runs with tickTime=3000" in said
    assert run(*ENSEMBLE, ONE, "--complete")[0] == 1
    assert run(*ENSEMBLE)[0] == 1


def masters(patch: pytest.MonkeyPatch, silent: str, agents: Mapping[str, bool]) -> None:
    """Have the masters but one answer, the first lead, and list these agents as active or not."""

    def request(method: str, url: str, **options: Any) -> requests.Response:
        where, _, path = url.removeprefix("http://").partition("/")
        if where.partition(":")[0] == silent:
            raise requests.ConnectionError
        slaves = [
            {"pid": f"slave(1)@{address}:5051", "id": address, "active": active}
            for address, active in agents.items()
        ]
        said = {
            "metrics/snapshot": {
                "master/elected": int(where == "10.0.0.1:5050"),
                "registrar/log/recovered": 1,
                "registrar/log/ensemble_size": 2,
            },
            "slaves": {"slaves": slaves},
        }
        return answer(200, said[path])

    patch.setattr("verify.mesos.request", request)


def test_a_master_elsewhere_that_is_down_is_told_with_its_replica(
    run: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    masters(monkeypatch, "10.0.0.3", {})
    chosen = ("verify/test_mesos_masters.py", "-k", "answers or elected or log")
    code, said = run(*chosen, ONE)
    assert code == 0, said
    assert said.count("not judged, as --hosts leaves it out: 10.0.0.3: http://10.0.0.3:5050 does not") == 1
    assert run(*chosen)[0] == 1


def test_an_agent_elsewhere_that_is_gone_or_strange_is_told(
    run: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    masters(monkeypatch, "", {"10.0.0.1": True, "10.0.0.9": True, "10.0.0.8": False})
    code, said = run("verify/test_mesos_agents.py", ONE)
    assert code == 0, said
    for line in (
        "10.0.0.8: the leading master 10.0.0.1 has no active agent 10.0.0.8:5051",
        "10.0.0.8: agent 10.0.0.8:5051 is registered but not active",
        "10.0.0.9: an agent 10.0.0.9:5051 is registered as 10.0.0.9",
    ):
        assert f"not judged, as --hosts leaves it out: {line}" in said
    assert run("verify/test_mesos_agents.py", "--hosts=ssh://10.0.0.8")[0] == 1
    assert run("verify/test_mesos_agents.py")[0] == 1


def test_what_the_named_hosts_leave_out_is_said_and_fails_only_with_complete(run: Suite) -> None:
    agent = "--hosts=ssh://10.0.0.8"
    code, said = run(*COVERED, agent)
    assert code == 0, said
    assert "not checked: [zookeeper]: --hosts names none of its hosts" in said
    assert (
        "not checked: --hosts leaves out 10.0.0.1 (zookeeper, mesos_master, mesos_agent), 10.0.0.2 (" in said
    )
    code, said = run(*COVERED, agent, "--complete")
    assert code == 1
    assert "--hosts names no host of [zookeeper], but --complete wants one" in said
    assert "leaves out" not in said


def test_nothing_is_said_to_be_left_out_if_every_host_is_named(run: Suite) -> None:
    everybody = ",".join(f"ssh://10.0.0.{number}" for number in (1, 2, 3, 8))
    assert "leaves out" not in run("--collect-only", "verify", f"--hosts={everybody}")[1]
