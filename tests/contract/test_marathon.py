"""The stand-in for Marathon keeps to what is known of 1.5.8: arguments, election, proxying, ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from marathon_cluster import LONG_SESSION, QUICK, SMOKE, Marathons, free_port
from marathon_master import FakeMaster
from marathon_nodes import ENTRY_POINT, Marathon, ZooKeeper, until

pytest_plugins = ["marathon_cluster"]


# --- what is wrong with the arguments is said on standard output, exit code 1 -----------------------------


@pytest.mark.parametrize(
    ("environment", "arguments", "said"),
    [
        ({}, ["--zk=zk://h/m"], "Required option 'master' not found"),
        ({}, ["--master=h:1", "--xyz=1"], "Unknown option 'xyz'"),
        (
            {"MARATHON_MASTER": "a"},
            ["--master", "b"],
            "Bad arguments for option 'master': 'a b' - you should provide exactly one argument",
        ),
        ({"MARATHON_DISABLE_HA": "true"}, ["--master=h:1"], "Excess arguments provided: 'true'"),
        ({"MARATHON_HOME": "/x"}, ["--master=h:1"], "Unknown option 'home'"),
        ({}, ["--master=h:1", "--zk=zk://h:2181"], "Validation failure for 'zk' option parameters"),
        ({}, ["--master=h:1", "--max_tasks_per_offer=1"], "Unknown option 'max_tasks_per_offer'"),
    ],
)
def test_bad_arguments(environment: dict[str, str], arguments: list[str], said: str) -> None:
    command = [sys.executable, str(ENTRY_POINT), *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"[scallop] Error: {said}" in ended.stdout


def test_without_zookeeper_it_says_so_and_ends_without_ever_answering(tmp_path: Path) -> None:
    host, dead = "127.0.0.9", free_port("127.0.0.1")
    node = Marathon(
        tmp_path,
        host,
        free_port(host),
        f"zk://127.0.0.1:{dead}/marathon",
        "--master=127.0.0.1:1",
        "--zk_connection_timeout=700",
    )
    assert node.exit_code() == 137
    assert "timed out while waiting for zookeeper connection" in node.log.read_text()


# --- election, headers, proxying --------------------------------------------------------------------------


def test_the_latch_says_who_stands_and_headers_say_who_answered(
    marathons: Marathons, keeper: ZooKeeper
) -> None:
    marathons.up(2)
    leader, standby = marathons.leader(), marathons.standby()
    client = keeper.client()
    latches = client.get_children(f"{marathons.path}/leader-curator")
    assert all(re.fullmatch(r"_c_[0-9a-f-]{36}-latch-\d{10}", name) for name in latches)
    first = min(latches, key=lambda name: name[-10:])
    data, stat = client.get(f"{marathons.path}/leader-curator/{first}")
    client.stop()
    assert data.decode() == leader.address
    assert stat.ephemeralOwner
    until(lambda: leader.get("/v2/info")["frameworkId"], "registration")
    own, through = leader.ask("GET", "/v2/info"), standby.ask("GET", "/v2/info")
    assert own.headers["X-Marathon-Leader"] == through.headers["X-Marathon-Leader"] == leader.url
    assert "X-Marathon-Via" not in own.headers
    assert through.headers["X-Marathon-Via"] == f"1.1 {standby.address}"
    assert own.json() == through.json()
    assert own.json()["elected"] is True
    assert own.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"


def test_every_path_is_proxied_with_its_status_and_headers(marathons: Marathons) -> None:
    marathons.up(2)
    standby = marathons.standby()
    ping = standby.ask("GET", "/ping")
    assert (ping.text, ping.headers["Content-Type"]) == ("pong", "text/plain")
    assert standby.ask("GET", "/ping", headers={"Accept": "application/json"}).text == '"pong"'
    assert standby.ask("GET", "/ping", headers={"Accept": "image/png"}).status_code == 204
    assert standby.ask("GET", "/").headers["Location"] == "ui/"
    unknown = standby.ask("GET", "/v2/zzz")
    assert (unknown.status_code, unknown.json()) == (404, {"message": "URI not found: /v2/zzz"})
    created = standby.ask("POST", "/v2/apps", json=SMOKE)
    assert created.status_code == 201
    assert created.headers["Location"].endswith("/v2/apps/smoke")
    assert created.headers["Marathon-Deployment-Id"] == created.json()["deployments"][0]["id"]


def test_a_standby_without_a_leader_says_so_in_html_after_its_tries(marathons: Marathons) -> None:
    standby = marathons.up(2, session=LONG_SESSION).standby()
    marathons.leader().process.kill()
    refused = until(lambda: _status(standby, 502), "502 while the dead leader's node is there")
    assert "Failed to successfully establish a connection to the leader." in refused.text
    assert refused.headers["Content-Type"].startswith("text/html")
    until(standby.leads, "takeover after the session has expired")


def _status(node: Marathon, status: int) -> requests.Response | None:
    response = node.ask("GET", "/ping")
    return response if response.status_code == status else None


def test_two_with_the_same_name_never_proxy_to_each_other(
    marathons: Marathons, tmp_path: Path, fake_master: FakeMaster
) -> None:
    first = marathons.up(1).nodes[0]
    same = ("--hostname=" + first.host, f"--zk={marathons.zk}", f"--master={fake_master.address}", *QUICK)
    command = [*same, "--http_address=127.0.0.8", f"--http_port={first.port}"]
    process = subprocess.Popen([sys.executable, str(ENTRY_POINT), *command], env={})
    try:
        url = f"http://127.0.0.8:{first.port}/ping"
        response = until(lambda: requests.get(url, timeout=60), "the namesake answers")
        assert response.status_code == 503
        assert "Could not determine the current leader" in response.text
        assert response.elapsed.total_seconds() > 2
    finally:
        process.kill()
        process.wait()


def test_a_proxying_loop_is_seen(marathons: Marathons) -> None:
    standby = marathons.up(2).standby()
    looping = standby.ask("GET", "/ping", headers={"X-Marathon-Via": f"1.1 {standby.address}"})
    assert looping.status_code == 502
    assert "Detected proxying loop." in looping.text


# --- the ends of a process --------------------------------------------------------------------------------


def test_a_taken_port_ends_it(marathons: Marathons) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        node = Marathon(
            marathons._directory, "127.0.0.2", taken.getsockname()[1], marathons.zk, "--master=127.0.0.1:1"
        )
        assert node.exit_code() == 137
    assert "Failed to start all services" in node.log.read_text()


def stands(node: Marathon, marathons: Marathons, keeper: ZooKeeper) -> bool:
    """Tell whether a node stands for election: what a killed one had in ZooKeeper is there for a while."""
    latch, client = f"{marathons.path}/leader-curator", keeper.client()
    standing = [client.get(f"{latch}/{name}")[0].decode() for name in client.get_children(latch)]
    client.stop()
    return node.address in standing


def test_abdication_answers_first_and_ends_then(marathons: Marathons, keeper: ZooKeeper) -> None:
    marathons.up(2, session=LONG_SESSION)
    leader, standby = marathons.leader(), marathons.standby()
    answer = standby.ask("DELETE", "/v2/leader")
    assert (answer.status_code, answer.json()) == (200, {"message": "Leadership abdicated"})
    assert leader.exit_code() == 137
    assert not stands(leader, marathons, keeper)
    until(standby.leads, "the standby leads")


def test_sigterm_gives_way_at_once(marathons: Marathons, keeper: ZooKeeper) -> None:
    marathons.up(2, session=LONG_SESSION)
    leader, standby = marathons.leader(), marathons.standby()
    leader.process.terminate()
    assert leader.exit_code() != 0
    assert not stands(leader, marathons, keeper)
    until(standby.leads, "the standby leads")


def test_losing_the_master_ends_the_leader_and_no_standby(
    marathons: Marathons, fake_master: FakeMaster
) -> None:
    marathons.up(2)
    leader, standby = marathons.leader(), marathons.standby()
    until(lambda: leader.get("/v2/info")["frameworkId"], "registration")
    fake_master.hang_up()
    assert leader.exit_code() == 137
    until(standby.leads, "the standby leads")
    assert until(lambda: standby.get("/v2/info")["marathon_config"]["mesos_leader_ui_url"], "registration")


def test_losing_zookeeper_ends_leader_and_standby(
    tmp_path: Path, keeper: ZooKeeper, fake_master: FakeMaster
) -> None:
    # A ZooKeeper of its own: the others' tests go on with theirs.
    own = ZooKeeper()
    try:
        own.client().stop()
        marathons = Marathons(tmp_path, own, fake_master.address).up(2)
    finally:
        own.container.kill()
    assert [node.exit_code() for node in marathons.nodes] == [137, 137]


def test_a_frozen_leader_times_out_and_ends_when_it_thaws(marathons: Marathons) -> None:
    marathons.up(2, "--leader_proxy_read_timeout=400", session=LONG_SESSION)
    leader, standby = marathons.leader(), marathons.standby()
    leader.process.send_signal(signal.SIGSTOP)
    assert "Connection to leader timed out." in until(lambda: _status(standby, 504), "a timeout").text
    until(standby.leads, "the standby leads")
    leader.process.send_signal(signal.SIGCONT)
    assert leader.exit_code() == 137


def test_silence_of_the_master_is_its_loss(marathons: Marathons) -> None:
    # This master sends no heartbeats but the first.
    node = marathons.add("--mesos_heartbeat_interval=300", "--mesos_heartbeat_failure_threshold=3")
    assert node.exit_code() == 137
    assert "Disconnected from the Mesos master" in node.log.read_text()


def test_without_a_master_it_leads_and_answers(tmp_path: Path, keeper: ZooKeeper) -> None:
    marathons = Marathons(tmp_path, keeper, f"127.0.0.1:{free_port('127.0.0.1')}")
    try:
        info = marathons.up(1).leader().get("/v2/info")
        assert (info["elected"], info["frameworkId"]) == (True, None)
        assert info["marathon_config"]["mesos_leader_ui_url"] is None
    finally:
        marathons.nodes[0].stop()


# --- the version of the state -----------------------------------------------------------------------------


def test_a_newer_one_migrates_the_state_and_an_older_one_ends_at_every_election(
    marathons: Marathons, keeper: ZooKeeper
) -> None:
    old = marathons.up(1).leader()
    place, client = f"{marathons.path}/state/internal:storage:version", keeper.client()
    assert client.get(place)[0] == b"\x08\x01\x10\x05\x18\x08\x20\x01"
    newer = marathons.add(version="1.5.9")
    until(lambda: newer.ask("GET", "/ping").status_code == 200, "a standby of the next version")
    assert client.get(place)[0][5] == 8
    until(lambda: old.get("/v2/info")["frameworkId"], "registration")
    framework = old.get("/v2/info")["frameworkId"]
    old.process.send_signal(signal.SIGTERM)
    old.exit_code()
    assert marathons.leader() is newer
    assert newer.get("/v2/info")["version"] == "1.5.9"
    assert newer.get("/v2/info")["frameworkId"] == framework
    assert client.get(place)[0][5] == 9
    newer.process.send_signal(signal.SIGTERM)
    newer.exit_code()
    late = marathons.add()
    assert late.exit_code() == 137
    client.stop()
    assert "Migration from 1.5.9 is not supported as it is newer than 1.5.8" in late.log.read_text()


@pytest.mark.parametrize(
    "node, content, said",
    [
        ("migration-in-progress", b"", "Migration is already in progress"),
        (
            "internal:storage:version",
            b"\x08\x01\x10\x03\x18\x0e\x20\x00",
            "Migration from versions < 1.4.0 are not supported. Yours: 1.3.14",
        ),
    ],
    ids=["a migration that never ended", "a state that is too old"],
)
def test_a_state_that_cannot_be_migrated_ends_every_leader(
    marathons: Marathons, keeper: ZooKeeper, node: str, content: bytes, said: str
) -> None:
    client = keeper.client()
    client.create(f"{marathons.path}/state/{node}", content, makepath=True)
    client.stop()
    candidate = marathons.add()
    assert candidate.exit_code() == 137
    assert said in candidate.log.read_text()
