"""Who takes part in the cluster and has no place in hosts.ini: who is suspected, who named, what helps."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import pytest
import recorded_mesos as recorded
from fake_hosts import FakeHosts
from marathon_world import info
from samples import SHELLS, as_wanted, run, stand_in

from tasks.engine import preflight
from tasks.engine.hosts import Inquiry
from tasks.engine.preview import plan_and_strangers
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.engine.status import look_around, raise_unless_ok
from tasks.errors import Drift
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Question
from tasks.plan.look import candidates, peers
from tasks.plan.look.observed import Observed
from tasks.plan.look.peers import Peers
from tasks.plan.membership import Stranger
from tasks.plan.preflight import Look, judge
from tasks.plan.preflight.facts import Facts
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER
from tasks.plan.zookeeper.service import Ensemble

T = TypeVar("T")

A, B, C, D, E = (f"10.70.0.{n}" for n in range(10, 15))
THREE = f"{A} myid=1\n{B} myid=2\n{C} myid=3\n"
ROLES = "[mesos_master:children]\nzookeeper\n[marathon:children]\nzookeeper\n"
TEXT = f"[zookeeper]\n{THREE}{ROLES}[mesos_agent]\n10.70.0.20\n"
CLUSTER = parse(TEXT)
FIVE = parse(TEXT.replace(THREE, f"{THREE}{D} myid=4\n{E} myid=5\n"))

MASTERS, MARATHONS = "/mesos/json.info_000000000{}", "/marathon/leader-curator/_c_9f-latch-000000000{}"

DUMP_38 = """\
SessionTracker dump:
Session Sets (4)/(2):
0 expire at Mon Nov 30 15:34:01 UTC 2026:
1 expire at Mon Nov 30 15:34:07 UTC 2026:
	0x200000e292b0000
1 expire at Mon Nov 30 15:34:09 UTC 2026:
	0x100000e28f00000
ephemeral nodes dump:
Sessions with Ephemerals (2):
0x200000e292b0000:
	/marathon/leader-curator/_c_9f-latch-0000000000
	/mesos/log_replicas/0000000000
0x100000e28f00000:
	/mesos/json.info_0000000000
Connections dump:
Connections Sets (2)/(1):
0 expire at Mon Nov 30 15:34:07 UTC 2026:
	ip: /127.0.0.1:40044 sessionId: 0x100000e28f00000
"""
"""What the leader of a real ensemble of 3.8.0 said; 3.4 ends before the connections."""


def dump(*sessions: tuple[int, str]) -> str:
    """What a leader says whose clients own these ephemeral nodes."""
    owned = "".join(f"0x{session:x}:\n\t{path}\n" for session, path in sessions)
    return (
        f"SessionTracker dump:\nephemeral nodes dump:\nSessions with Ephemerals ({len(sessions)}):\n{owned}"
    )


THREE_EACH = tuple((n, MASTERS.format(n)) for n in (1, 2, 3)) + tuple(
    (n, MARATHONS.format(n)) for n in (4, 5, 6)
)
WHERE = {f"0x{n:x}": (A, B, C)[(n - 1) % 3] for n in range(1, 7)}


def ok(body: Mapping[str, object]) -> str:
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(body)}"


def metrics(leads: bool, replicas: int) -> str:
    told = {
        "master/elected": float(leads),
        "registrar/log/recovered": 1.0,
        "registrar/log/ensemble_size": replicas,
    }
    return ok(told | {"registrar/registry_size_bytes": 1.0} if leads else told)


def slaves(*pids: str, tasks: int = 0) -> str:
    return ok({"slaves": [{"pid": f"slave(1)@{pid}", "active": True, "TASK_RUNNING": tasks} for pid in pids]})


def world(
    cluster: Cluster = CLUSTER,
    stand: tuple[tuple[int, str], ...] = THREE_EACH,
    follow: int = 2,
    replicas: int = 3,
    agents: str = slaves("10.70.0.20:5051"),
) -> dict[str, Observed]:
    """A cluster whose members are as wanted and well; the first host leads everything."""
    seen = {}
    for node in cluster.nodes:
        leads, said = node.address == A, {}
        if "zookeeper" in node.roles:
            said["zookeeper srvr"] = f"Mode: {'leader' if leads else 'follower'}\n"
        if "zookeeper" in node.roles and leads:
            said["zookeeper mntr"] = f"zk_learners\t{follow}\nzk_synced_followers\t{follow}\n"
            said["zookeeper dump"] = dump(*stand)
        if "mesos_master" in node.roles:
            said["mesos_master metrics"] = metrics(leads, replicas)
        if "marathon" in node.roles:
            said["marathon info"] = info(A, "1.5.8")
        if "mesos_agent" in node.roles:
            said[f"mesos_agent slaves-{A}"] = agents
        seen[node.name] = replace(as_wanted(cluster, node), answers=said)
    return seen


def asked(
    seen: dict[str, Observed], more: Mapping[int, str] = {}, follow: tuple[str, ...] = (B, C)
) -> dict[str, Observed]:
    """The same after the leader's host was asked who is connected; `more` sessions than the usual ones."""
    clients = WHERE | {f"0x{session:x}": address for session, address in more.items()}
    return {**seen, A: replace(seen[A], peers=Peers(clients, follow))}


def suspects(seen: Mapping[str, Observed], cluster: Cluster = CLUSTER) -> str:
    return runbook.suspicious(CHAPTERS, cluster, seen)


def found(seen: Mapping[str, Observed], cluster: Cluster = CLUSTER) -> list[Stranger]:
    return runbook.strangers(CHAPTERS, cluster, seen)


def the_one(seen: Mapping[str, Observed], cluster: Cluster = CLUSTER) -> Stranger:
    (only,) = found(seen, cluster)
    return only


# What makes suspect


def test_a_cluster_as_wanted_has_no_stranger_and_nothing_more_is_asked() -> None:
    assert (suspects(world()), found(world())) == ("", [])


@pytest.mark.parametrize("path", [MASTERS, MARATHONS])
def test_one_more_candidate_than_hosts_ini_has_members_makes_suspect(path: str) -> None:
    assert suspects(world(stand=(*THREE_EACH, (7, path.format(7))))) == A


def test_one_more_follower_than_hosts_ini_has_members_makes_suspect() -> None:
    assert suspects(world(follow=3)) == A


@pytest.mark.parametrize("answer", ["zookeeper srvr", "mesos_master metrics", "marathon info"])
def test_a_member_that_is_silent_leaves_room_for_nobody_else(answer: str) -> None:
    seen = world()
    silent = {name: text for name, text in seen[C].answers.items() if name != answer}
    assert suspects({**seen, C: replace(seen[C], answers=silent)}) == A


def test_a_member_that_could_not_be_looked_at_may_be_well() -> None:
    seen = world()
    del seen[C]
    assert suspects(seen) == ""


# Who is named


def test_a_master_that_was_taken_out_of_hosts_ini_is_named_with_what_helps() -> None:
    memory = parse(f"{TEXT}[all:vars]\nmesos_registry=in_memory\n")
    seen = asked(world(memory, (*THREE_EACH, (7, MASTERS.format(7)))), {7: D})
    one = the_one(seen, memory)
    assert (one.service, one.host, one.by) == ("mesos_master", D, A)
    assert one.seen == f"a master on {D} stands for election in ZooKeeper, hosts.ini has none there"
    assert "in [mesos_master] as before, and in [removed] beside" in one.remedy


def test_a_master_whose_replica_is_too_many_is_named_by_the_objection_to_it_alone() -> None:
    seen = asked(world(stand=(*THREE_EACH, (7, MASTERS.format(7))), replicas=4), {7: D})
    assert found(seen) == []
    plans = runbook.plans(CHAPTERS, CLUSTER, CLUSTER.nodes, seen)
    told = {blocker.seen for plan in plans.values() for blocker in plan.blockers}
    assert f"the leader sees 4 replicas of the log, hosts.ini knows of 3 (not of {D})" in " ".join(told)


def test_a_marathon_that_was_taken_out_of_hosts_ini_is_named_with_what_helps() -> None:
    one = the_one(asked(world(stand=(*THREE_EACH, (7, MARATHONS.format(7)))), {7: D}))
    assert one.seen == f"a Marathon on {D} stands for election in ZooKeeper, hosts.ini has none there"
    assert "into [marathon] and [removed], and deploy" in one.remedy


def test_a_second_one_on_the_host_of_a_member_is_a_stranger_too() -> None:
    one = the_one(asked(world(stand=(*THREE_EACH, (7, MARATHONS.format(7)))), {7: B}))
    assert (one.host, one.seen) == (
        B,
        f"more than a Marathon on {B} stands for election in ZooKeeper, hosts.ini has one there",
    )
    assert one.remedy.startswith("there: docker stop -t 30 the one that hosts.ini does not name, ")


@pytest.mark.parametrize(
    ("path", "name", "does"),
    [
        (MARATHONS, "marathon-9", "docker stop -t 30 marathon-9, which hands over"),
        (MASTERS, "mesos-master-09", "docker rm -f mesos-master-09; ZooKeeper forgets"),
    ],
)
def test_a_second_one_is_removed_by_the_name_of_its_own_container(path: str, name: str, does: str) -> None:
    seen = asked(world(stand=(*THREE_EACH, (7, path.format(7)))), {7: B})
    one = the_one({**seen, B: replace(seen[B], clusters={name: "mesos"})})
    assert one.remedy.startswith(f"there: {does}")


def test_a_session_that_nobody_is_connected_for_is_a_dead_processs_and_no_stranger() -> None:
    assert found(asked(world(stand=(*THREE_EACH, (7, MASTERS.format(7)))))) == []


def test_a_member_that_comes_from_another_address_of_its_host_is_no_stranger() -> None:
    seen = asked(
        world(stand=(*THREE_EACH[1:], (7, MASTERS.format(7)), (8, MASTERS.format(8)))), {7: "192.168.0.1"}
    )
    seen[A] = replace(seen[A], addresses=seen[A].addresses | {"192.168.0.1", "172.17.0.1"})
    seen[B] = replace(seen[B], addresses=seen[B].addresses | {"172.17.0.1"})
    assert found(seen) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "172.17.0.1"])
def test_an_address_that_every_host_has_names_nobody(address: str) -> None:
    seen = asked(world(stand=(*THREE_EACH, (7, MASTERS.format(7)))), {7: address}, follow=(B, C, address))
    for name in (A, B, C):
        seen[name] = replace(seen[name], addresses=seen[name].addresses | {"172.17.0.1"})
    assert found(seen) == []


def test_a_zookeeper_that_no_list_names_is_named_with_what_helps() -> None:
    one = the_one(asked(world(follow=3), follow=(B, C, D)))
    assert one.seen == f"a ZooKeeper on {D} follows the leader {A}, and hosts.ini has none there"
    assert "docker rm -f zookeeper" in one.remedy


def test_a_zookeeper_that_a_list_names_is_named_by_the_objection_to_it_alone() -> None:
    seen = asked(world(follow=3), follow=(B, C, D))
    for node in FIVE.ensemble[:3]:
        seen[node.name] = replace(seen[node.name], paths=as_wanted(FIVE, node).paths)
    assert found(seen) == []
    plans = runbook.plans(CHAPTERS, CLUSTER, CLUSTER.nodes, seen)
    told = [
        str(blocker) for plan in plans.values() for blocker in plan.blockers if blocker.check == "members"
    ]
    assert len(told) == 3 and D in told[0] and E in told[0]


@pytest.mark.parametrize("host", [A, B])
def test_a_second_zookeeper_on_the_host_of_a_member_is_a_stranger_too(host: str) -> None:
    one = the_one(asked(world(follow=3), follow=(B, C, host)))
    assert one.seen == f"more than a ZooKeeper on {host} follows the leader {A}, and hosts.ini has one there"
    assert "the container zookeeper is the host's own" in one.remedy and "docker rm" not in one.remedy


def test_a_growing_ensemble_has_no_stranger() -> None:
    seen = asked(world(FIVE, follow=4), follow=(B, C, D, E))
    for node in FIVE.ensemble[:3]:  # they do not know the newcomer yet
        seen[node.name] = replace(
            seen[node.name], paths=as_wanted(CLUSTER, CLUSTER.called(node.name) or node).paths
        )
    assert found(seen, FIVE) == []


LEAVING = ("update --restart=no", "kill -s USR1", "wait", "rm")
"""What docker is told of the container of an agent that leaves; one that still runs cannot be removed."""


def test_an_agent_that_was_taken_out_of_hosts_ini_is_named_and_goes_by_the_group_removed() -> None:
    one = the_one(world(agents=slaves("10.70.0.20:5051", "10.70.0.21:5051", tasks=2)))
    assert (one.host, one.by) == ("10.70.0.21", "10.70.0.20")
    assert one.seen == (
        "the leading master counts the agent 10.70.0.21:5051 as active, with 2 tasks, "
        "and hosts.ini has none there"
    )
    assert (
        "put it back into [mesos_agent] of hosts.ini; or, to remove it, into [mesos_agent] and [remo"
        in one.remedy
    )


def test_a_marathon_in_removed_is_named_as_on_its_way_out() -> None:
    more = f"[ninth]\n{D} number=9\n[marathon:children]\nninth\n[removed]\n{D}\n"
    leaving = parse(f"{TEXT}{more}")
    seen = asked(world(leaving, stand=(*THREE_EACH, (7, MARATHONS.format(7)))), {7: D})
    one = the_one(seen, leaving)
    assert one.seen == f"a Marathon on {D} stands for election in ZooKeeper, hosts.ini has it in [removed]"
    assert one.remedy == "`fab deploy-cluster` takes it out"


def test_an_agent_in_removed_is_named_as_on_its_way_out() -> None:
    leaving = parse(TEXT.replace("10.70.0.20\n", "10.70.0.20\n10.70.0.21\n[removed]\n10.70.0.21\n"))
    one = the_one(world(leaving, agents=slaves("10.70.0.20:5051", "10.70.0.21:5051", tasks=1)), leaving)
    assert one.host == "10.70.0.21" and one.seen.endswith(
        "with 1 task, and hosts.ini has it in [removed] there"
    )
    assert one.remedy == "`fab deploy-cluster` moves its tasks and takes it out"


def test_a_second_agent_on_an_agents_host_is_a_stranger_and_has_no_place_in_hosts_ini() -> None:
    one = the_one(world(agents=slaves("10.70.0.20:5051", "10.70.0.20:5052")))
    assert one.seen.endswith("10.70.0.20:5052 as active, with 0 tasks, and hosts.ini has another one there")
    assert "[mesos_agent]" not in one.remedy and "elsewhere (" not in one.remedy


def test_a_second_agent_leaves_by_its_own_container_and_never_by_that_of_the_hosts_own() -> None:
    seen = world(agents=slaves("10.70.0.20:5051", "10.70.0.20:5052"))
    own = dict.fromkeys(("mesos-slave", "mesos-slave-2"), "mesos")
    known = the_one({**seen, "10.70.0.20": replace(seen["10.70.0.20"], clusters=own)})
    assert [f"docker {do} mesos-slave-2" in known.remedy for do in LEAVING] == [True] * 4
    assert not re.search(r"mesos-slave(?!-2)", known.remedy)
    unknown = the_one(seen).remedy
    assert unknown.startswith("there, with X for what listens on port 5052 (mesos-slave is the host's own): ")
    assert [f"docker {do} X" in unknown for do in LEAVING] == [True] * 4


# Containers that are left


def test_a_container_of_ours_without_a_place_is_told_wherever_strangers_are() -> None:
    seen = world()
    seen[B] = replace(
        seen[B], clusters={"marathon-9": "mesos", "zookeeper.prev": "mesos", "zookeeper": "mesos"}
    )
    one = the_one(seen)
    assert str(one) == (
        f"mesofab made the container marathon-9 on {B}, and hosts.ini has no place for it there. Give the "
        "host its role, if that is what it lacks; if not, remove it there: docker stop -t 30 marathon-9, "
        "then docker rm marathon-9."
    )
    assert look_around(Asked(CLUSTER, seen)).state == "drift"
    assert plan_and_strangers(Run(Asked(CLUSTER, seen))).strangers == (one,)


def test_a_container_without_a_place_makes_suspect_though_one_of_the_others_is_elsewhere() -> None:
    """So that who takes part by it is told of as that: the number of candidates is right by chance."""
    seen = world(stand=(*THREE_EACH[:-1], (7, MARATHONS.format(7))))
    seen[B] = replace(seen[B], clusters={"marathon-9": "mesos"})
    assert suspects(seen) == A
    (one,) = found(asked(seen, {7: B}))
    assert one.seen.startswith(f"more than a Marathon on {B} stands for election")


def test_a_container_of_another_cluster_is_no_concern_of_this_one() -> None:
    seen = world()
    seen[B] = replace(seen[B], clusters={"marathon-9": "red"})
    assert found(seen) == []


def test_what_is_listed_and_not_active_does_not_take_part() -> None:
    inactive = json.loads(slaves("10.70.0.20:5051", "10.70.0.21:5051").partition("\r\n\r\n")[2])
    inactive["slaves"][1]["active"] = False
    assert found(world(agents=ok(inactive))) == []


def test_a_leading_masters_list_that_makes_no_sense_names_nobody() -> None:
    assert found(world(agents=ok({"slaves": [{"pid": "\x1b[31m", "active": True}, None, 7]}))) == []


# What ZooKeeper says


def test_what_a_real_leader_dumps_is_read() -> None:
    seen = {A: Observed(answers={"zookeeper dump": DUMP_38})}
    assert candidates.candidates(seen, r"/mesos/json\.info_\d+") == {"0x100000e28f00000"}
    assert candidates.candidates(seen, r"/marathon/leader-curator/[^/]+") == {"0x200000e292b0000"}
    assert candidates.witness({B: Observed(), **seen}) == A


@pytest.mark.parametrize("text", ["", "dump is not executed because it is not in the whitelist.\n", "\x00"])
def test_one_that_does_not_dump_makes_nobody_suspect(text: str) -> None:
    seen = world()
    seen[A] = replace(seen[A], answers={**seen[A].answers, "zookeeper dump": text})
    assert suspects(seen) == ""


def test_the_leader_is_asked_for_its_dump_behind_what_only_a_leader_says() -> None:
    node = CLUSTER.nodes[0]
    words = runbook.ask([ZOOKEEPER], CLUSTER, node).words
    assert list(words) == ["zookeeper srvr", "zookeeper mntr", "zookeeper dump"]
    assert words["zookeeper dump"] == Question(A, 2181, "dump", "zk_synced_followers")
    alone = parse(f"[zookeeper]\n{A} myid=1\n")
    assert (
        runbook.ask([ZOOKEEPER], alone, alone.nodes[0]).words["zookeeper dump"].behind == "Mode: standalone"
    )


CONS = """\
 /10.70.0.12:56668[1](queued=0,recved=29,sent=29,sid=0x1000030c6860003,lop=PING,est=1795365502103,to=10000)
 /10.70.0.1:48736[0](queued=0,recved=1,sent=0)

"""
ESTABLISHED = """\
State Recv-Q Send-Q      Local Address:Port       Peer Address:Port Process
ESTAB 0      0      [::ffff:10.70.0.10]:2888 [::ffff:10.70.0.11]:55126
ESTAB 0      0               10.70.0.10:2888          10.70.0.13:52738
"""


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_who_is_connected_is_asked_in_one_command(tmp_path: Path, sh: list[str]) -> None:
    stand_in(tmp_path / "bin", "timeout", f"cat <<'EOF'\n{CONS}EOF")
    stand_in(tmp_path / "bin", "ss", f"[ \"$*\" = '-tn sport = :2888' ] && cat <<'EOF'\n{ESTABLISHED}EOF")
    script = peers.script(candidates.connections(CLUSTER), 2888, "b0")
    done = run(script, tmp_path, tmp_path / "bin", sh)
    assert peers.read(done.stdout.decode(), "b0") == Peers({"0x1000030c6860003": C}, (B, D))


# Who says so


class Asked(FakeHosts):
    """Hosts that can be asked who is connected."""

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        assert (node.name, inquiry.what) == (A, "look for strangers")
        return cast(T, Peers(WHERE | {"0x7": D}))


def test_status_calls_a_stranger_drift_and_names_it() -> None:
    seen = world(stand=(*THREE_EACH, (7, MARATHONS.format(7))))
    found = look_around(Asked(CLUSTER, seen))
    assert ([one.host for one in found.strangers], found.state) == ([D], "drift")
    with pytest.raises(
        Drift,
        match=rf"Every service is well, but a member that .* does not name, .* takes part on {D}\.",
    ):
        raise_unless_ok(found)


def test_a_plan_names_a_stranger_and_has_nothing_to_do_about_it() -> None:
    preview = plan_and_strangers(Run(Asked(CLUSTER, world(stand=(*THREE_EACH, (7, MARATHONS.format(7)))))))
    assert [one.host for one in preview.strangers] == [D]
    assert not any(plan.steps or plan.blockers for plan in preview.plans.values())
    assert str(preview.strangers[0]).startswith(f"a Marathon on {D} stands for election")


def test_a_preflight_warns_of_a_stranger_and_of_its_container_only_by_it() -> None:
    seen = world(agents=slaves("10.70.0.20:5051", f"{C}:5051"))
    seen[C] = replace(seen[C], clusters={"mesos-slave": "mesos", "marathon-9": "mesos"})
    looks = {name: Look(each, Facts(clock=0), 0, 0) for name, each in seen.items()}
    report = judge(CHAPTERS, CLUSTER, looks, {})
    told = [one for one in report.findings if one.check.startswith("stra")]
    assert [(one.host, one.check, one.severity) for one in told] == [
        (C, "stray-container", "warning"),
        ("10.70.0.20", "stranger", "warning"),
    ]
    assert "marathon-9" in told[0].evidence
    (line,) = [line for _, line in preflight.lines(report) if "stranger:" in line]
    assert line.startswith(f"{C}  warning  stranger: the leading master counts the agent {C}:5051")


# A service that has more members than hosts.ini is well


def test_more_followers_or_replicas_than_hosts_ini_has_do_not_make_a_service_unwell() -> None:
    answers = {name: each.said("zookeeper") for name, each in world(follow=3).items()}
    verdict = Ensemble().verdict(CLUSTER, answers, frozenset({A, B, C}))
    assert (verdict.passed, verdict.says) == (True, f"3 of 3 ZooKeepers serve, {A} leads; 1 more follow it")


def test_the_recorded_leading_master_lists_no_stranger() -> None:
    assert found(world(agents=recorded.LEADER_SUMMARY)) == []
