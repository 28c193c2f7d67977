"""Masters: election, failover, the registry, and what becomes of them without a quorum or ZooKeeper."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from answers import Answer, request
from cluster import LONG_SESSION, READY_TIMEOUT, Cluster, Member, docker, until
from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

WEIGHTS = [{"role": "ads", "weight": 2.5}]


def test_failover(cluster: Cluster) -> None:
    """The dead leader's node stands until its session ends; then one leads, and it is another."""
    masters = cluster.masters(ZK_SESSION_TIMEOUT=LONG_SESSION)
    leader = cluster.leader(masters)
    before = leader.get("/state")["id"]
    leader.kill()
    follower = next(one for one in masters if one is not leader)
    assert _location(follower) == f"//{leader.address}"
    successor = cluster.leader(masters)
    assert successor.get("/state")["id"] != before
    assert sum(one.metric("master/elected") or 0 for one in masters if one is not leader) == 1.0
    again = cluster.master(int(leader.ip[-1]))
    until("place of the leader", lambda: _location(again) == f"//{successor.address}")
    until("third replica", lambda: again.metric("registrar/log/ensemble_size") == 3.0)
    assert again.metric("master/elected") == 0.0


def test_sigterm_leaves_the_session_open(cluster: Cluster) -> None:
    leader = cluster.leader([cluster.master(QUORUM="1", ZK_SESSION_TIMEOUT=LONG_SESSION)])
    assert leader.kill(signal.SIGTERM) == -signal.SIGTERM
    assert len(_candidates(cluster)) == 1
    until("end of the session", lambda: not _candidates(cluster))


def test_a_leader_whose_node_is_gone_ends(cluster: Cluster) -> None:
    """The leader exits with 1; the follower that now leads goes on."""
    first, second = cluster.master(1, QUORUM="1"), cluster.master(2, QUORUM="1")
    leader = cluster.leader([first, second])
    with _client(cluster) as client:
        client.delete(f"{cluster.path}/{_candidates(cluster)[0]}")
    assert leader.ended() == 1
    assert cluster.leader([first, second]) is not leader


def test_the_node_of_a_leader_that_has_ended_can_be_removed(cluster: Cluster) -> None:
    """Another one leads while the dead one's session still stands; nobody else is harmed."""
    masters = cluster.masters(ZK_SESSION_TIMEOUT=LONG_SESSION)
    leader = cluster.leader(masters)
    info = request(leader.address, "POST", "/api/v1", {"type": "GET_MASTER"}).body["get_master"]
    known = {one["id"]: name for name, one in _infos(cluster).items()}
    assert leader.kill(signal.SIGTERM) == -signal.SIGTERM
    with _client(cluster) as client:
        client.delete(f"{cluster.path}/{known[info['master_info']['id']]}")
    followers = [one for one in masters if one is not leader]
    successor = cluster.leader(followers)
    assert len(_children(cluster, "log_replicas")) == 3
    assert {_location(one) for one in followers} == {f"//{successor.address}"}
    assert [one.process.poll() for one in followers] == [None, None]


def test_without_zookeeper_all_masters_end(own_zookeeper: tuple[str, str], cluster: Cluster) -> None:
    """Leader: 1. Followers abort, as in this version they do, and as those below docker-init do."""
    name, cluster.zookeeper = own_zookeeper
    masters = cluster.masters()
    leader = cluster.leader(masters)
    docker("pause", name)
    assert leader.ended() == 1
    ends = {one.ended() for one in masters if one is not leader}
    docker("unpause", name)
    assert ends == {-signal.SIGABRT}


def test_without_zookeeper_following_masters_that_are_process_1_hang(
    own_zookeeper: tuple[str, str], cluster: Cluster
) -> None:
    """They accept, answer nothing and are candidates: the next leader is one of them, so nobody leads."""
    name, cluster.zookeeper = own_zookeeper
    cluster.process_1 = True
    masters = cluster.masters()
    leader = cluster.leader(masters)
    hung = [one for one in masters if one is not leader]
    before = _addresses(cluster)
    docker("pause", name)
    assert leader.ended() == 1
    until("assertion", lambda: all("does not end process 1" in one.log.read_text() for one in hung))
    docker("unpause", name)
    addresses = sorted(one.ip for one in hung)

    def joined_again() -> bool:
        """With new sessions: the old ones are listed for a moment, and who joins behind them would lead."""
        now = _addresses(cluster)
        return not now.keys() & before.keys() and sorted(now.values()) == addresses

    until("new candidates", joined_again)
    with ExitStack() as stack:
        asked = [stack.enter_context(socket.create_connection((ip, cluster.port))) for ip in addresses]
        for each in asked:
            each.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        again = cluster.master(int(leader.ip[-1]))
        until("leader that hangs", lambda: _location(again)[2:] in [one.address for one in hung])
        for each in asked:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)
    assert {one.process.poll() for one in hung} == {None}


def test_without_zookeeper_at_start_they_wait(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody.settimeout(READY_TIMEOUT)
        master = cluster.master(ZK=f"zk://127.0.0.1:{nobody.getsockname()[1]}/mesos")
        for _ in range(3):
            nobody.accept()[0].close()  # it tries again and again, and is there all the while
    for path in ("/state", "/redirect", "/master/slaves"):
        answer = request(master.address, "GET", path)
        assert (answer.status, answer.text) == (503, "No leader elected")
    assert master.process.poll() is None


def test_ip_is_the_only_address_that_listens(cluster: Cluster) -> None:
    master = cluster.master(2)
    until("health", lambda: request(master.address, "GET", "/health").status == 200)
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.1", cluster.port))


def test_the_log_begins_only_with_everybody(cluster: Cluster) -> None:
    """A lone leader answers /state and /health, but is no leader that works; it aborts."""
    alone = cluster.master(1, REGISTRY_FETCH_TIMEOUT="15secs")
    until("leader", lambda: alone.metric("master/elected") == 1.0)
    state = request(alone.address, "GET", "/state")
    assert (state.status, state.body["slaves"]) == (200, [])
    answer = request(alone.address, "POST", "/api/v1", {"type": "GET_HEALTH"})
    assert (answer.status, answer.text) == (503, "Master has not finished recovery")
    assert (_location(alone), alone.get("/registrar(1)/registry")) == (f"//{alone.address}", {})
    assert alone.metric("registrar/log/recovered") == 0.0
    assert alone.metric("registrar/registry_size_bytes") is None
    assert alone.ended() == -signal.SIGABRT
    assert "Failed to perform fetch within 15secs" in alone.log.read_text()


def test_two_of_three_begin_nothing_but_go_on(cluster: Cluster) -> None:
    """Two cannot begin; once three have begun, two are enough, and an empty one catches up."""
    impatient = cluster.master(1, REGISTRY_FETCH_TIMEOUT="15secs")
    until("leader", lambda: impatient.metric("master/elected") == 1.0)
    second = cluster.master(2)
    until("two replicas", lambda: second.metric("registrar/log/ensemble_size") == 2.0)
    assert impatient.ended() == -signal.SIGABRT
    assert second.metric("registrar/log/recovered") == 0.0
    first, third = cluster.master(1), cluster.master(3)
    leader = cluster.leader([first, second, third])
    assert _put_weights(leader).status == 200
    lost = next(one for one in (first, second, third) if one is not leader)
    lost.kill()
    number = int(lost.ip[-1])
    shutil.rmtree(cluster.directory / f"master-{number}")
    back = cluster.master(number)
    until("recovered log", lambda: back.metric("registrar/log/recovered") == 1.0)
    leader.kill()
    assert cluster.leader([first, second, third, back]).get("/weights") == WEIGHTS


def test_a_leader_without_a_majority_fails_at_its_next_write(cluster: Cluster) -> None:
    masters = cluster.masters(REGISTRY_STORE_TIMEOUT="10secs")
    leader = cluster.leader(masters)
    for one in masters:
        if one is not leader:
            one.kill()
    until("end of their sessions", lambda: len(_candidates(cluster)) == 1)
    assert leader.metric("master/elected") == 1.0
    with pytest.raises(OSError):
        _put_weights(leader)
    assert leader.ended() == -signal.SIGABRT
    assert "Failed to perform store within 10secs" in leader.log.read_text()


@pytest.mark.parametrize("registry", ["replicated_log", "in_memory"])
def test_what_a_failover_forgets(cluster: Cluster, registry: str) -> None:
    """in_memory forgets the operators' wishes; agents keep their ids either way."""
    masters = cluster.masters(REGISTRY=registry)
    leader = cluster.leader(masters)
    cluster.agent()
    agent_id = cluster.registered(leader)["id"]
    durable = registry == "replicated_log"
    assert (leader.metric("registrar/log/recovered") == 1.0) is durable
    assert bool(_children(cluster, "log_replicas")) is durable
    assert _put_weights(leader).status == 200
    assert _post_quota(leader).status == 200
    assert _post_quota(leader).status == 400
    leader.kill()
    successor = cluster.leader(masters)
    assert successor.get("/weights") == (WEIGHTS if durable else [])
    assert [one["role"] for one in successor.get("/quota").get("infos", [])] == ["ads"] * durable
    slave = cluster.registered(successor)
    assert slave["id"] == agent_id
    assert "reregistered_time" in slave


def test_a_dead_agent_is_remembered_by_a_new_leader(cluster: Cluster) -> None:
    masters = cluster.masters()
    leader = cluster.leader(masters)
    agent = cluster.agent(ATTRIBUTES="rack:2;zone:a")
    agent_id = cluster.registered(leader)["id"]
    agent.kill()
    leader.kill()
    found = cluster.leader(masters).get("/slaves")
    assert found["slaves"] == []
    assert [one["id"] for one in found["recovered_slaves"]] == [agent_id]
    assert found["recovered_slaves"][0]["attributes"] == {"rack": 2.0, "zone": "a"}


def test_one_without_zookeeper_leads_alone(cluster: Cluster) -> None:
    """As the image does with no variable but the address: its argument says in_memory."""
    unset = {"ZK": "-", "QUORUM": "-", "WORK_DIR": "-", "ZK_SESSION_TIMEOUT": "-", "LOG_DIR": "-"}
    master = cluster.master(1, ("--registry=in_memory",), REGISTRY="replicated_log", **unset)
    assert cluster.leader([master]).get("/flags")["flags"]["registry"] == "in_memory"
    assert "log_dir" not in master.get("/state")


def test_one_whose_zk_was_forgotten_elects_itself(cluster: Cluster) -> None:
    """It recovers its own log, but is one replica where two are wanted: no registry."""
    master = cluster.master(1, ZK="-", ZK_SESSION_TIMEOUT="-")
    until("leader", lambda: master.metric("master/elected") == 1.0)
    until("recovered log", lambda: master.metric("registrar/log/recovered") == 1.0)
    assert master.metric("registrar/registry_size_bytes") is None


def test_the_log_is_written(cluster: Cluster) -> None:
    cluster.leader([cluster.master(QUORUM="1")])
    link = cluster.directory / "log-1" / "mesos-master.INFO"
    assert link.is_symlink() and "Flags at startup" in link.read_text()


def test_several_zookeepers_and_a_password(cluster: Cluster, zookeeper: str) -> None:
    """The password opens the door; the nodes are readable for all, and writable for those who know it."""
    cluster.path = cluster.path.replace("/mesos", "-closed")
    master = cluster.master(QUORUM="1", ZK=f"zk://user:secret@{zookeeper},127.0.0.1:1{cluster.path}")
    cluster.leader([master])
    with _client(cluster) as client:
        acls, _ = client.get_acls(f"{cluster.path}/{_candidates(cluster)[0]}")
    assert sorted((one.id.scheme, one.perms) for one in acls) == [("digest", 31), ("world", 1)]


def _location(member: Member) -> str:
    return request(member.address, "GET", "/redirect").headers.get("Location", "")


def _put_weights(leader: Member) -> Answer:
    return request(leader.address, "PUT", "/weights", WEIGHTS)


def _post_quota(leader: Member) -> Answer:
    guarantee: list[dict[str, Any]] = [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}]
    return request(leader.address, "POST", "/quota", {"role": "ads", "guarantee": guarantee})


@contextmanager
def _client(cluster: Cluster) -> Iterator[KazooClient]:
    client = KazooClient(cluster.zookeeper)
    client.start()
    try:
        yield client
    finally:
        client.stop()
        client.close()


def _children(cluster: Cluster, below: str = "") -> list[str]:
    path = f"{cluster.path}/{below}".rstrip("/")
    with _client(cluster) as client:
        return sorted(client.get_children(path)) if client.exists(path) else []


def _candidates(cluster: Cluster) -> list[str]:
    return [name for name in _children(cluster) if name.startswith("json.info_")]


def _addresses(cluster: Cluster) -> dict[str, str]:
    """The addresses of the masters that stand for election, by their nodes."""
    return {name: str(info["address"]["ip"]) for name, info in _infos(cluster).items()}


def _infos(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """What the masters that stand for election say of themselves, by their nodes."""
    found = {}
    with _client(cluster) as client:
        for name in _candidates(cluster):
            with suppress(NoNodeError):  # its session has ended meanwhile
                found[name] = json.loads(client.get(f"{cluster.path}/{name}")[0])
    return found
