"""Chapter 2 as a whole: its members are one ensemble, and it keeps what it is given."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

from tasks.inventory.cluster import Cluster, Node

from . import proofs
from .chosen import Chosen
from .findings import LEAVE, REDO, Finding, each, finding, refuse, require
from .four_letter_words import Answers, answers, session

pytestmark = [pytest.mark.role("zookeeper"), pytest.mark.runbook("2.6")]

Said = Mapping[Node, Answers]

APART = (
    "compare zoo.cfg of all members, look at `docker logs zookeeper`: "
    "a member that is apart has another server list or cannot be reached on its peer ports"
)


@pytest.fixture(scope="module")
def members(cluster: Cluster) -> tuple[Node, ...]:
    """The inventory's members."""
    return cluster.having("zookeeper")


@pytest.fixture(scope="module")
def said(members: tuple[Node, ...], chosen: Chosen) -> Said:
    """What every member says that is judged, or serves."""
    all_say = {n: answers(n.address, n.settings.zookeeper_client_port) for n in members}
    counting = chosen.with_those_that_serve("zookeeper", all_say, lambda answer: bool(answer.mode))
    chosen.tell(silent({n: answer for n, answer in all_say.items() if n not in counting}))
    return counting


@pytest.fixture(scope="module")
def own(said: Said, chosen: Chosen) -> Said:
    """What those say that are judged one by one."""
    return {node: said[node] for node in chosen.having("zookeeper")}


@pytest.fixture(scope="module")
def clients(said: Said) -> Iterator[dict[Node, KazooClient]]:
    """A client pinned to each of these members, which all must serve for that."""
    refuse(silent(said))
    with ExitStack() as opened:
        yield {member: opened.enter_context(session(member)) for member in said}


def silent(said: Said) -> Iterator[Finding]:
    """Find the members that do not serve."""
    for node, answer in said.items():
        if not answer.mode:
            seen = f"ZooKeeper says to srvr: {answer.srvr.strip() or 'no answer'}"
            port = "; `fab preflight` looks for a closed port" * bool(answer.srvr.strip())
            yield finding(node.name, seen, "it to serve", f"look at `docker logs zookeeper` there{port}")


def test_every_member_serves(said: Said) -> None:
    refuse(silent(said))


def test_exactly_one_leads_and_all_others_follow(said: Said) -> None:
    modes = {node: answer.mode for node, answer in said.items() if answer.mode}
    wanted = ["standalone"] if len(said) == 1 else ["follower"] * (len(modes) - 1) + ["leader"]
    seen = ", ".join(f"{node.name} {mode}" for node, mode in modes.items())
    where = ", ".join(node.name for node in modes)
    as_one = f"one leader and {len(modes) - 1} followers" if len(said) > 1 else "a standalone member"
    require(not modes or sorted(modes.values()) == wanted, where, f"they are: {seen}", as_one, APART)
    refuse(silent(said))


def test_members_turn_away_who_proves_nothing_if_hosts_ini_says_so(own: Said, cluster: Cluster) -> None:
    serving = [node for node in own if own[node].mode]  # one that does not is the finding of another check
    each(serving, lambda node: proofs.found(cluster, node, own[node].mode == "leader"))


def test_every_member_goes_by_its_own_id(own: Said, members: tuple[Node, ...]) -> None:
    def under_another(node: Node) -> Iterator[Finding]:
        seen = own[node].conf.get("serverId", "none")
        if own[node].mode and len(members) > 1 and seen != str(node.myid):
            remedy = "compare its data/myid and server list with hosts.ini: a standalone member goes by 0"
            yield finding(node.name, f"it goes by the id {seen}", f"{node.myid}, its myid", remedy)

    refuse(silent(own))
    each(own, under_another)


def test_every_member_runs_with_the_settings_of_the_inventory(own: Said, members: tuple[Node, ...]) -> None:
    def otherwise(node: Node) -> Iterator[Finding]:
        s = node.settings
        wanted = {"clientPort": s.zookeeper_client_port, "tickTime": s.zookeeper_tick_time}
        wanted["maxClientCnxns"] = s.zookeeper_max_client_cnxns
        if len(members) > 1:
            wanted |= {"initLimit": s.zookeeper_init_limit, "syncLimit": s.zookeeper_sync_limit}
        for key, value in wanted.items():
            seen = own[node].conf.get(key, "none")
            if own[node].mode and seen != str(value):
                yield finding(node.name, f"it runs with {key}={seen}", str(value), REDO)

    refuse(silent(own))
    each(own, otherwise)


def test_all_followers_are_in_sync_with_the_leader(said: Said) -> None:
    counts = {n: a.mntr.get("zk_synced_followers", "0") for n, a in said.items() if a.mode == "leader"}
    synced = [int(float(count)) for count in counts.values()]
    where = ", ".join(node.name for node in counts or said)
    told = " and ".join(str(count) for count in synced)
    seen = f"{told} followers are in sync" if counts else "none leads"
    others = sum(bool(answer.mode) for answer in said.values()) - 1
    wanted = f"one leader with {others} followers in sync"
    well = len(synced) == 1 and synced[0] >= others  # strangers are a check of their own
    require(len(said) == 1 or others < 0 or well, where, seen, wanted, APART)
    refuse(silent(said))


def test_no_other_member_follows_the_leader(said: Said) -> None:
    def strangers(node: Node) -> Iterator[Finding]:
        mntr = said[node].mntr
        count = int(
            float(mntr.get("zk_learners") or mntr.get("zk_followers") or 0)
        )  # 3.4 calls them followers
        if said[node].mode == "leader" and count > len(said) - 1:
            wanted = f"{len(said) - 1}, the other members of hosts.ini"
            port = node.settings.zookeeper_peer_port
            remedy = f"`ss -tn 'sport = :{port}'` there shows from where they come; {LEAVE}"
            yield finding(node.name, f"{count} members follow the leader", wanted, remedy)

    each(said, strangers)


def test_what_is_written_through_one_member_is_read_through_every_other(
    clients: Mapping[Node, KazooClient],
) -> None:
    for writer, client in clients.items():
        path = f"/mesofab-verify-{uuid.uuid4()}"
        client.create(path, writer.name.encode(), ephemeral=True)
        refuse(lost(path, writer, clients))
        client.delete(path)


def lost(path: str, writer: Node, clients: Mapping[Node, KazooClient]) -> Iterator[Finding]:
    """Find the members through which a node that `writer` has taken cannot be read."""
    for reader, client in clients.items():
        try:
            client.sync(path)
            seen = client.get(path)[0].decode()
        except KazooException as error:
            seen = type(error).__name__
        if seen != writer.name:
            what = f"what was written through {writer.name} is read here as {seen}"
            yield finding(reader.name, what, "the same through every member", APART)


def test_a_session_survives_when_it_moves_from_member_to_member(said: Said) -> None:
    refuse(silent(said))
    path = f"/mesofab-verify-{uuid.uuid4()}"
    first, *others = said
    with ExitStack() as opened:
        client = opened.enter_context(session(first))
        client.create(path, ephemeral=True)
        for member in others:
            moved = opened.enter_context(session(member, client_id=client.client_id))
            what = "a session that moves here is lost"
            require(owns(moved, path, client.client_id[0]), member.name, what, "it to live on", APART)


def owns(client: KazooClient, path: str, session_id: int) -> bool:
    """Tell whether a client has this session still, and the session its node."""
    try:
        client.sync(path)
        stat = client.exists(path)
    except KazooException:
        return False
    return client.client_id[0] == session_id and stat is not None and stat.ephemeralOwner == session_id
