"""The masters' tree in ZooKeeper: when it is closed and opened, by whom, and what its shell makes sure of."""

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SHELLS, as_wanted, run

from tasks.inventory.cluster import Cluster
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.look.rights import Right, Rights
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, Step
from tasks.plan.zookeeper import closing

A, B, C = (f"10.0.0.{last}" for last in (1, 2, 3))
KNOWN = Credentials({who: Credential(who, Secret(f"long-secret-of-{who}")) for who in WHO})
OTHERS = Credentials({who: Credential(who, Secret(f"other-secret-of-{who}")) for who in WHO})
MOVES = (Action.CLOSE_TREE, Action.OPEN_TREE)
OPENED = (Right(31, "world", "anyone"),)


def cluster(security: str, roles: str = "zookeeper mesos_master") -> Cluster:
    groups = "".join(f"[{role}]\n{A} myid=1\n{B} myid=2\n{C} myid=3\n" for role in roles.split())
    found = parse(f"{groups}[all:vars]\nsecurity={security}\nsecrets_file=s\n")
    return replace(found, kept=KNOWN, credentials=None if security == "open" else KNOWN)


def closed(by: Credentials) -> tuple[Right, ...]:
    return Right(31, "digest", closing.digest(by)), Right(1, "world", "anyone")


def seen(was: str, rights: Rights | None) -> dict[str, Observed]:
    """Every host as a deploy has left it, and the tree as it was found."""
    found = {node.name: as_wanted(cluster(was), node) for node in cluster(was).nodes}
    return {**found, A: replace(found[A], rights=rights)}


def moves(was: str, wanted: str, rights: Rights | None, *hosts: str) -> list[tuple[str, Step]]:
    now = cluster(wanted)
    nodes = [node for node in now.nodes if node.name in (hosts or (A, B, C))]
    plans = runbook.plans(CHAPTERS, now, nodes, seen(was, rights))
    return [(name, step) for name, plan in plans.items() for step in plan.steps if step.action in MOVES]


def blockers(was: str, wanted: str, rights: Rights | None, *hosts: str) -> list[str]:
    now = cluster(wanted)
    nodes = [node for node in now.nodes if node.name in (hosts or (A, B, C))]
    plans = runbook.plans(CHAPTERS, now, nodes, seen(was, rights))
    return [str(blocker) for plan in plans.values() for blocker in plan.blockers]


def tree(rights: tuple[Right, ...]) -> Rights:
    return dict.fromkeys(closing.paths(cluster("strict")), rights)


def test_it_is_closed_once_behind_all_else() -> None:
    ((host, step),) = moves("open", "strict", tree(OPENED))
    assert (host, step.phase, step.action) == (A, "settle", Action.CLOSE_TREE)
    assert not moves("strict", "strict", tree(closed(KNOWN)))


def test_it_is_opened_before_a_master_loses_the_password() -> None:
    ((host, step),) = moves("strict", "open", tree(closed(KNOWN)))
    assert (host, step.phase, step.action) == (A, "stage", Action.OPEN_TREE)
    assert not moves("strict", "open", tree(OPENED)) and not moves("open", "open", None)


@pytest.mark.parametrize("rights", [tree(OPENED), tree(closed(KNOWN)), {}, None])
def test_who_must_show_nothing_may_have_it_either_way(rights: Rights | None) -> None:
    assert not moves("strict", "permissive", rights) and not moves("open", "permissive", rights)


def test_what_nobody_could_ask_for_is_opened_but_not_closed_anew() -> None:
    assert [step.action for _, step in moves("permissive", "open", None)] == [Action.OPEN_TREE]
    assert not moves("strict", "strict", None)


def test_a_first_deploy_closes_it_when_masters_have_made_it() -> None:
    now = cluster("strict")
    plan = runbook.from_nothing(CHAPTERS, now, now.nodes[0])
    nothing = {node.name: Observed(addresses=frozenset({node.address}), engine=True) for node in now.nodes}
    plans = runbook.plans(CHAPTERS, now, now.nodes, nothing)
    assert plan.steps and plans[A].steps[-1].action is Action.CLOSE_TREE


def test_another_host_does_it_where_the_first_is_none_of_the_run() -> None:
    assert [host for host, _ in moves("open", "strict", tree(OPENED), B, C)] == [B]


def test_a_tree_that_has_another_owner_is_in_the_way_of_masters_only_where_they_change() -> None:
    (told, *_) = blockers("open", "strict", tree(closed(OTHERS)))
    assert "/mesos, /mesos/log_replicas in ZooKeeper can be changed by who has another password only" in told
    assert "long-secret" not in told and not blockers("strict", "strict", tree(closed(OTHERS)))


def test_a_cluster_whose_masters_have_no_zookeeper_beside_them_cannot_be_closed() -> None:
    text = f"[zookeeper]\n{A} myid=1\n[mesos_master]\n{B} number=1\n[all:vars]\nsecurity=strict\n"
    now = replace(parse(f"{text}secrets_file=s\n"), credentials=KNOWN)
    nothing = {node.name: Observed(addresses=frozenset({node.address}), engine=True) for node in now.nodes}
    told = [
        str(one)
        for plan in runbook.plans(CHAPTERS, now, now.nodes, nothing).values()
        for one in plan.blockers
    ]
    assert any("no host is in both [zookeeper] and [mesos_master]" in each for each in told)


@given(st.sampled_from(["open", "permissive", "strict"]), st.sampled_from(["open", "permissive", "strict"]))
def test_no_secret_is_in_any_step(was: str, wanted: str) -> None:
    now = cluster(wanted)
    plans = runbook.plans(CHAPTERS, now, now.nodes, seen(was, tree(OPENED)))
    for step in (step for plan in plans.values() for step in plan.steps):
        assert not any(one.secret.text in f"{step}{step.shell}" for one in KNOWN.of.values())


# The shell, with a client that answers as ZooKeeper's own does


CLIENT = """\
#!/bin/sh
cat >"$0.said.$$"; cat "$0.said.$$" >>"$0.heard"
while read -r word path rights; do
  case $word in
    ls) cat "$0.ls$(echo "$path" | tr / _)" ;;
    getAcl) cat "$0.acl$(echo "$path" | tr / _)" ;;
    setAcl) if [ -e "$0.owned$(echo "$path" | tr / _)" ]; then echo "Insufficient permission : $path"
      else printf "'world,'anyone\\n: %s\\n" "${rights##*:}" >"$0.acl$(echo "$path" | tr / _)"; fi ;;
  esac
done <"$0.said.$$"
"""
MINE = "'digest,'zookeeper:x\n: cdrwa\n'world,'anyone\n: r\n"
ANYBODYS = "'world,'anyone\n: cdrwa\n"
NODES: Mapping[str, str] = {
    "/mesos": ANYBODYS,
    "/mesos/log_replicas": ANYBODYS,
    "/mesos/json.info_0000000003": MINE,
    "/mesos/json.info_0000000004": MINE,
    "/mesos/log_replicas/0000000007": MINE,
}


def heard(
    tmp_path: Path, shell: list[str], wanted: str, nodes: Mapping[str, str], owned: tuple[str, ...] = ()
) -> tuple[int, str, list[str]]:
    """Run the step that brings about what is wanted; give its code, its words, and what the client heard."""
    ((_, step),) = moves("permissive", wanted, None if wanted == "open" else tree(OPENED))
    client = tmp_path / "client"
    client.write_text(CLIENT)
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "zk").write_text("zk://zookeeper:long-secret@10.0.0.1:2181/mesos\n")
    for path, rights in nodes.items():
        (tmp_path / f"client.acl{path.replace('/', '_')}").write_text(rights)
    for path in owned:
        (tmp_path / f"client.owned{path.replace('/', '_')}").touch()
    for root in ("/mesos", "/mesos/log_replicas"):
        names = [path.removeprefix(f"{root}/") for path in nodes if path.rpartition("/")[0] == root]
        (tmp_path / f"client.ls{root.replace('/', '_')}").write_text(f"[{', '.join(names)}]\n")
    docker = f'docker() {{ shift 4; "{client}" "$@"; }}\ntimeout() {{ shift; "$@"; }}\n'
    text = step.shell.replace("/etc/mesofab-secure/mesos_master/zk", str(tmp_path / "zk"))
    done = run(f"set -eu\n{docker}{text}", tmp_path, shell=shell)
    heard = (tmp_path / "client.heard").read_text().split("\n")
    return done.returncode, done.stdout.decode(), heard


@pytest.mark.parametrize("shell", SHELLS)
def test_every_masters_node_is_shown_to_be_its_owners_before_anybody_loses_a_right(
    shell: list[str], tmp_path: Path
) -> None:
    code, words, said = heard(tmp_path, shell, "strict", NODES)
    assert (code, words) == (0, "")
    asked = [line for line in said if line.startswith("setAcl")]
    assert [line.split()[1] for line in asked] == [*list(NODES)[2:], "/mesos/log_replicas", "/mesos"]
    assert said[0] == "addauth digest zookeeper:long-secret"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_master_without_the_password_or_with_another_one_keeps_it_open(
    shell: list[str], tmp_path: Path
) -> None:
    candidate = "/mesos/json.info_0000000004"
    code, words, said = heard(tmp_path, shell, "strict", {**NODES, candidate: ANYBODYS})
    assert code == 1 and "a master is there without the password" in words
    assert "setAcl /mesos auth::cdrwa,world:anyone:r" not in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_master_with_another_password_keeps_it_open(shell: list[str], tmp_path: Path) -> None:
    code, words, said = heard(tmp_path, shell, "strict", NODES, ("/mesos/json.info_0000000003",))
    assert code == 1 and "a master is there with another password" in words
    assert "setAcl /mesos auth::cdrwa,world:anyone:r" not in said


@pytest.mark.parametrize("shell", SHELLS)
def test_what_strangers_call_a_node_is_told_to_no_client(shell: list[str], tmp_path: Path) -> None:
    _, _, said = heard(tmp_path, shell, "strict", {**NODES, "/mesos/x\nrmr /marathon": MINE})
    assert not any("marathon" in line for line in said)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tree_that_stays_closed_although_it_is_to_be_opened_ends_the_run(
    shell: list[str], tmp_path: Path
) -> None:
    assert heard(tmp_path, shell, "open", NODES)[0] == 0
    shut = {**NODES, "/mesos": MINE}
    code, words, _ = heard(tmp_path, shell, "open", shut, ("/mesos",))
    assert code == 1 and "Insufficient permission : /mesos" in words
