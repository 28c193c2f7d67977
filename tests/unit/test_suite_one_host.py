"""`pytest verify/ --hosts=ssh://one`: that host is judged, the others are told of. Nobody else is dialled."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from fake_members import Given, Say, nothing, on_loopback
from test_suite_report import suite

TRIO = (
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
    "[mesos_master]\n10.0.0.1\n10.0.0.2\n10.0.0.3\n[mesos_agent]\n10.0.0.1\n10.0.0.8\n"
)
ENSEMBLE = ("verify/test_zookeeper_ensemble.py", "-k", "serves or leads or own_id or sync or settings")
ONE = "--hosts=ssh://127.0.0.1"
DOWN = ("-k", "serves or leads or own_id or sync or answers or recovered or moves or every_other or clock")
COVERED = ("verify/test_host.py", "verify/test_zookeeper.py", "-k", "covered")

Suite = Callable[..., tuple[int, str]]
Serve = Callable[..., Suite]


@pytest.fixture
def run(tmp_path: Path) -> Suite:
    """Run the suite; give its exit code and what it says."""
    return lambda *words: suite(TRIO, tmp_path, *words)[:2]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Have services answer as they are told to; give what runs the suite against them."""
    with ExitStack() as opened:

        def begin(zookeeper: Say = nothing, masters: Say = nothing) -> Suite:
            cluster = opened.enter_context(on_loopback(TRIO, zookeeper, masters))
            return lambda *words: suite(TRIO, tmp_path, *words, plugins=[Given(cluster)])[:2]

        yield begin


def members(modes: Mapping[str, str], **conf: str) -> Say:
    """Have members serve in these modes, the others be silent; `conf` is what 127.0.0.2 runs with instead."""
    synced = sum(mode == "follower" for mode in modes.values())

    def say(address: str, port: int, word: str) -> str:
        mode = modes.get(address, "")
        wanted = {
            "serverId": address[-1],
            "clientPort": str(port),
            "tickTime": "2000",
            "maxClientCnxns": "60",
            "initLimit": "5",
            "syncLimit": "2",
        } | (conf if address == "127.0.0.2" else {})
        said = {
            "srvr": f"Mode: {mode}\n",
            "conf": "".join(f"{key}={value}\n" for key, value in wanted.items()),
            "mntr": f"zk_synced_followers\t{synced}\n",
        }
        return said[word] if mode else ""

    return say


def test_a_member_elsewhere_that_is_down_is_told_and_fails_nothing(serve: Serve) -> None:
    run = serve(zookeeper=members({"127.0.0.1": "leader", "127.0.0.2": "follower"}))
    code, said = run(*ENSEMBLE, ONE)
    assert code == 0, said
    assert (
        said.count("not judged, as --hosts leaves it out: 127.0.0.3: ZooKeeper says to srvr: no answer") == 1
    )


def without(host: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Have ssh not reach that host, and the others know the time."""
    answers = f"*{host}*) echo timed out >&2; exit 255 ;; *date*) date +%s ;;"
    (folder / "ssh").write_text(f"#!/bin/sh\ncase $* in {answers} esac\n")
    (folder / "ssh").chmod(0o700)
    patch.setenv("PATH", str(folder), prepend=":")


def test_a_host_that_is_down_is_told_first_and_what_follows_from_it_only_with_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without("127.0.0.2", tmp_path, monkeypatch)
    run = serve(
        zookeeper=members({"127.0.0.1": "leader", "127.0.0.3": "follower"}),
        masters=masters("127.0.0.2", {"127.0.0.1": True, "127.0.0.8": True}),
    )
    code, said = run(*ENSEMBLE[:1], "verify/test_mesos_masters.py", "verify/test_host.py", *DOWN)
    _, _, told = said.partition("what is wrong")
    lines = [line for line in told.splitlines() if line.startswith(("127.", "    "))]
    assert code == 1 and lines[0].startswith("127.0.0.2: it cannot be reached over SSH: timed out"), said
    assert lines[1] == "    besides: ZooKeeper says to srvr: no answer"
    assert re.fullmatch(r"    besides: http://127\.0\.0\.2:\d+ does not answer \(ConnectionError\)", lines[2])
    assert lines[3].startswith("    fails ") and "test_its_clock_agrees_with_ours" in lines[3]
    for check in ("all_others_follow", "in_sync_with", "log_is_recovered", "moves_from", "every_other"):
        assert re.search(rf"test_\w*{check}", lines[3]), check
    assert len([line for line in lines if "fails" in line]) == 1, said
    assert "restart the master" not in said and "compare zoo.cfg" not in said


def test_a_service_without_a_majority_is_broken_for_every_host(serve: Serve) -> None:
    run = serve(zookeeper=members({"127.0.0.1": "leader"}))
    code, said = run(*ENSEMBLE, ONE)
    assert code == 1
    assert "\n127.0.0.2: ZooKeeper says to srvr: no answer; expected it to serve" in said


def test_the_named_host_itself_is_judged_in_full(serve: Serve) -> None:
    run = serve(zookeeper=members({"127.0.0.1": "leader", "127.0.0.3": "follower"}))
    code, said = run(*ENSEMBLE, "--hosts=ssh://127.0.0.2")
    assert code == 1
    assert "\n127.0.0.2: ZooKeeper says to srvr: no answer; expected it to serve" in said


def test_the_settings_of_hosts_left_out_are_their_own_gates_concern(serve: Serve) -> None:
    run = serve(
        zookeeper=members(
            {"127.0.0.1": "leader", "127.0.0.2": "follower", "127.0.0.3": "follower"}, tickTime="3000"
        )
    )
    assert run(*ENSEMBLE, ONE)[0] == 0
    code, said = run(*ENSEMBLE, "--hosts=ssh://127.0.0.2")
    assert code == 1 and "127.0.0.2: it runs with tickTime=3000" in said
    assert run(*ENSEMBLE, ONE, "--complete")[0] == 1
    assert run(*ENSEMBLE)[0] == 1


def masters(silent: str, agents: Mapping[str, bool]) -> Say:
    """Have the masters but one answer, the first lead, and list these agents as active or not."""

    def say(address: str, port: int, path: str) -> str:
        slaves = [
            {"pid": f"slave(1)@{agent}:5051", "id": agent, "active": active}
            for agent, active in agents.items()
        ]
        said = {
            "/metrics/snapshot": {
                "master/elected": int(address == "127.0.0.1"),
                "registrar/log/recovered": 1,
                "registrar/log/ensemble_size": 2,
            },
            "/slaves": {"slaves": slaves},
        }
        return "" if address == silent else json.dumps(said[path])

    return say


def test_a_master_elsewhere_that_is_down_is_told_with_its_replica(serve: Serve) -> None:
    run = serve(masters=masters("127.0.0.3", {}))
    chosen = ("verify/test_mesos_masters.py", "-k", "answers or elected or log")
    code, said = run(*chosen, ONE)
    assert code == 0, said
    told = r"not judged, as --hosts leaves it out: 127\.0\.0\.3: http://127\.0\.0\.3:\d+ does not"
    assert len(re.findall(told, said)) == 1
    assert run(*chosen)[0] == 1


def test_an_agent_elsewhere_that_is_gone_or_strange_is_told(serve: Serve) -> None:
    run = serve(masters=masters("", {"127.0.0.1": True, "127.0.0.9": True, "127.0.0.8": False}))
    code, said = run("verify/test_mesos_agents.py", ONE)
    assert code == 0, said
    for line in (
        "127.0.0.8: agent 127.0.0.8:5051 is registered but not active",
        "127.0.0.9: an agent 127.0.0.9:5051 is registered as 127.0.0.9",
    ):
        assert f"not judged, as --hosts leaves it out: {line}" in said
    assert run("verify/test_mesos_agents.py", "--hosts=ssh://127.0.0.8")[0] == 1
    assert run("verify/test_mesos_agents.py")[0] == 1


def test_what_the_named_hosts_leave_out_is_said_and_fails_only_with_complete(run: Suite) -> None:
    agent = "--hosts=ssh://10.0.0.8"
    code, said = run(*COVERED, agent)
    assert code == 5, said
    assert said.splitlines()[-1].startswith("Nothing was checked on 1 of 4 hosts of ")
    assert "\n1 skipped, not checked: [zookeeper]: --hosts names none of its hosts" in said
    assert (
        "not checked: --hosts leaves out 10.0.0.1 (zookeeper, mesos_master, mesos_agent), 10.0.0.2 (" in said
    )
    code, said = run(*COVERED, agent, "--complete")
    assert code == 1
    assert "--hosts names no host of [zookeeper], but --complete wants one" in said


def test_hosts_that_complete_judges_without_a_login_are_neither_counted_nor_passed_over(serve: Serve) -> None:
    run = serve(zookeeper=members({"127.0.0.1": "leader", "127.0.0.2": "follower", "127.0.0.3": "follower"}))
    code, said = run(*ENSEMBLE, ONE, "--complete")
    assert code == 0, said
    assert re.search(r"^\d+ checks on 1 of 4 hosts of ", said.splitlines()[-1]), said
    left = "127.0.0.2 (zookeeper, mesos_master), 127.0.0.3 (zookeeper, mesos_master), 127.0.0.8 (mesos_agent)"
    assert f"not checked: --hosts leaves out {left}; only their services were asked" in said


def test_nothing_is_said_to_be_left_out_if_every_host_is_named(run: Suite) -> None:
    everybody = ",".join(f"ssh://10.0.0.{number}" for number in (1, 2, 3, 8))
    assert "leaves out" not in run("--collect-only", "verify", f"--hosts={everybody}")[1]
