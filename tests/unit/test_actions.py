"""What a step does is data, and all that is decided about it is decided by that: titles are for people."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marathon_world import NAMES, NEW, OLD, marathons
from marathon_world import World as Marathons
from samples import as_wanted, with_container, with_options

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Standing
from tasks.plan.look.firewall import TRIED, SeenFirewall
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.look.rights import Right, Rights
from tasks.plan.membership import Plans
from tasks.plan.names import Id
from tasks.plan.outlook import foresee
from tasks.plan.report import document, status
from tasks.plan.runbook import CHAPTERS, MARATHON
from tasks.plan.schedule import Entry, schedule
from tasks.plan.step import Action, HostPlan

SHIPPED = (Path(__file__).resolve().parents[2] / "hosts.ini").read_text()
EVERY = parse(SHIPPED)
"""Every role on some host."""

World = tuple[Cluster, Mapping[str, Observed]]
"""What is wanted, and how every host is."""

SERVICES = tuple(chapter for chapter in CHAPTERS if chapter.members)
STRICT = replace(
    parse(f"{SHIPPED}\n[all:vars]\nsecurity=strict\nsecrets_file=s\n"),
    credentials=Credentials({who: Credential(who, Secret(f"long-secret-of-{who}")) for who in WHO}),
)
OPENED: Rights = {"/mesos": (Right(31, "world", "anyone"),)}
CHANGED = parse(f"{SHIPPED}\n[all:vars]\nzookeeper_sync_limit=9\nmarathon_image=x/marathon:v1.5.9\n")
FIRST = {
    Id.SET_IP: {Action.SET_IP},
    Id.CHECK_IP: {Action.CHECK_IP},
    Id.ZOOKEEPER_MKDIRS: {Action.MAKE_DIRECTORIES},
    Id.ZOOKEEPER_CFG: {Action.WRITE},
    Id.ZOOKEEPER_MYID: {Action.WRITE},
    Id.ZOOKEEPER_PULL: {Action.PULL},
    Id.ZOOKEEPER_RUN: {Action.RUN},
    Id.MASTER_PULL: {Action.PULL},
    Id.MASTER_RUN: {Action.MAKE_DIRECTORIES, Action.RUN},
    Id.MARATHON_RUN: {Action.PULL, Action.RUN},
    Id.AGENT_RUN: {Action.PULL, Action.MAKE_DIRECTORIES, Action.RUN},
}
"""What the steps of a first deploy do."""

COMMANDS = {
    Action.SET_IP: r"export HOST_IP=(.|\n)*\nswap ",
    Action.CHECK_IP: r"login \$shell",
    Action.MAKE_DIRECTORIES: r"\A(guard .*\n(chown .*\n)?chmod .*\n)*"
    r"(guard .*\nnote_missing .*\n\(.* mkdir .*\n)?\Z",
    Action.WRITE: r"\Astage .*(.|\n)*\nswap .*\n\Z",
    Action.WRITE_BESIDE: r"\Astage \S+\.next (?!(.|\n)*^swap )",
    Action.SET_MODE: r"\Aguard .*\nchmod 644 .*\n\Z",
    Action.PULL: r"\Anote 'image .*'\ndocker pull ",
    Action.RUN: r"docker run -d",
    Action.REPLACE: r"docker create(.|\n)*docker stop(.|\n)*docker rename(.|\n)*docker start ",
    Action.DRAIN: r"docker create(.|\n)*docker kill --signal=USR1(.|\n)*docker start ",
    Action.START: r"\Adocker start \S+\n\Z",
    Action.RESTART: r"\Adocker restart -t [0-5] \S+\n\Z",
    Action.UNPAUSE: r"\Adocker unpause \S+\n\Z",
    Action.SET_POLICY: r"\Adocker update --restart=always \S+\n\Z",
    Action.STOP: r"docker stop -t 30 \S+\n\Z",
    Action.RENAME: "^docker rename ",
    Action.REMOVE: r"\A(guard .*\n)?(docker )?rm -f ",
    Action.CLOSE_DOORS: r"nft -f - (.|\n)* timeout 60s",
    Action.KEEP_DOORS: r"\Anft -f - (?!(.|\n)* timeout 60s)",
    Action.CLOSE_TREE: r"zkCli.sh (.|\n)*setAcl /mesos auth::cdrwa,world:anyone:r",
    Action.OPEN_TREE: r"zkCli.sh (.|\n)*setAcl /mesos world:anyone:cdrwa",
    Action.OPEN_DOORS: r"\Anft -f - (.|\n)*rm -f /run/mesofab.firewall\n\Z",
}
"""What the shell of an action has in it, for those that stand in a plan."""

MADE_IN_A_RUN = {Action.PUT_BACK, Action.RESERVE, Action.UNRESERVE, Action.SCALE, Action.KILL}
MADE_IN_A_RUN |= {Action.NOTE, Action.REBOOT, Action.MARK_GONE}
"""The others: a member is put back, a drain asks services for something, a host is rebooted."""


def bare(node: Node) -> Observed:
    """A host that has nothing yet."""
    return Observed(addresses=frozenset({node.address}), engine=True)


def everywhere() -> dict[str, Observed]:
    """Every host as wanted."""
    return {node.name: as_wanted(EVERY, node) for node in EVERY.nodes}


def missing(cluster: Cluster, seen: Mapping[str, Observed]) -> Plans:
    """What the comparison alone finds, before any chapter arranges it."""
    nodes = [node for node in cluster.nodes if node.name in seen]
    return {node.name: runbook.missing(CHAPTERS, cluster, node, seen[node.name]) for node in nodes}


def zookeeper(options: dict[str, str] | None = None, hanging: bool = False, **changes: Any) -> set[Action]:
    """What is done on a host whose ZooKeeper is not as wanted."""
    cluster = parse("[zookeeper]\n10.0.0.1 myid=1\n")
    seen = with_options(with_container(as_wanted(cluster, cluster.nodes[0]), **changes), **options or {})
    seen = replace(seen, hanging=frozenset({"zookeeper srvr"} if hanging else ()))
    return {step.action for step in missing(cluster, {"10.0.0.1": seen})["10.0.0.1"].steps}


def test_a_first_deploy_does_what_the_runbook_says() -> None:
    found: dict[Id, set[Action]] = {}
    for node in EVERY.nodes:
        for step in runbook.from_nothing(CHAPTERS, EVERY, node).steps:
            found.setdefault(step.id, set()).add(step.action)
    assert found == FIRST


def test_every_step_that_does_something_to_a_container_says_so_by_a_verb() -> None:
    """Files and directories are named alone; a container's name alone does not tell what is done to it."""
    cluster = parse("[zookeeper]\n10.0.0.1 myid=1\n")
    node = cluster.nodes[0]
    for how in ("paused", "exited", "created", "dead"):
        seen = with_container(as_wanted(cluster, node), status=how)
        plan = missing(cluster, {node.name: seen})[node.name]
        assert [step.title.partition(" ")[2] for step in plan.steps] == ["zookeeper"], how


def test_what_is_done_to_a_container_follows_from_how_it_is() -> None:
    assert zookeeper(status="exited") == {Action.START}
    assert zookeeper(status="paused") == {Action.UNPAUSE}
    assert zookeeper(hanging=True) == {Action.RESTART}
    assert zookeeper({"RestartPolicy.Name": "no"}) == {Action.SET_POLICY}
    assert zookeeper({"Privileged": "on"}) == {Action.REPLACE, Action.REMOVE}
    assert zookeeper(environment={}, status="exited") == {Action.REPLACE, Action.REMOVE}
    assert zookeeper() == set()


def disturbed(seen: Observed) -> Observed:
    """The same host with containers that are paused, stopped, may not come back, hang; only root may read."""
    by_hand: list[dict[str, Any]] = [
        {"status": "paused"},
        {"status": "exited"},
        {"options": {**next(iter(seen.containers.values())).options, "RestartPolicy.Name": "no"}},
    ]
    for name, changes in zip(seen.containers, by_hand, strict=False):
        seen = with_container(seen, name, **changes)
    paths = {path: replace(each, mode="600") for path, each in seen.paths.items()}
    return replace(seen, paths=paths, hanging=frozenset({"marathon info"}))


@cache
def worlds() -> list[World]:
    """Hosts in many states, each with what is wanted of them."""
    well, nothing = everywhere(), {node.name: bare(node) for node in EVERY.nodes}
    return [
        (EVERY, nothing),
        (CHANGED, well),
        (CHANGED, well | {node.name: bare(node) for node in EVERY.nodes[::2]}),
        (EVERY, {name: disturbed(seen) for name, seen in well.items()}),
        (EVERY, {name: run_by_hand(seen) for name, seen in well.items()}),
        draining(),
        (parse(f"{SHIPPED}\nfirewall=true\n"), well),
        (EVERY, {name: replace(seen, firewall=SeenFirewall(TRIED)) for name, seen in well.items()}),
        (STRICT, {node.name: replace(as_wanted(STRICT, node), rights=OPENED) for node in STRICT.nodes}),
        (EVERY, {node.name: as_wanted(STRICT, node) for node in STRICT.nodes}),
    ]


def run_by_hand(seen: Observed) -> Observed:
    """The same host with a ZooKeeper, if it has one, that somebody has run by another name."""
    by_hand = {"labels": {}, "called": "zk1"}
    return with_container(seen, **by_hand) if "zookeeper" in seen.containers else seen


def draining() -> World:
    """Agents whose work_dir would not take what is wanted."""
    cluster = parse(f'{SHIPPED}\n[all:vars]\nmesos_agent_attributes="rack:b"\n')
    seen = everywhere()
    for node in cluster.having("mesos_agent"):
        latest = f"{node.settings.mesos_agent_work_dir}/meta/slaves/latest"
        paths = {**seen[node.name].paths, latest: Seen("directory")}
        seen[node.name] = replace(seen[node.name], paths=paths)
    return cluster, seen


def test_an_action_names_what_the_shell_does() -> None:
    made = [runbook.plans(CHAPTERS, cluster, cluster.nodes, seen) for cluster, seen in worlds()]
    steps = [step for plans in made for plan in plans.values() for step in plan.steps]
    assert {step.action for step in steps} == COMMANDS.keys() == {*Action} - MADE_IN_A_RUN
    for step in steps:
        assert re.search(COMMANDS[step.action], step.shell, re.MULTILINE), step


# Nothing is decided by a title


def renamed(plans: Plans, word: str) -> dict[str, HostPlan]:
    """The same plans with titles that tell nothing."""
    return {
        name: replace(plan, steps=tuple(replace(s, title=f"{word} {i}") for i, s in enumerate(plan.steps)))
        for name, plan in plans.items()
    }


def order(plans: Plans) -> list[Entry]:
    """A run's order, without titles."""
    return [
        replace(
            entry, steps={name: tuple(replace(s, title="") for s in own) for name, own in entry.steps.items()}
        )
        for entry in schedule(CHAPTERS, plans, SERVICES)
    ]


def without_titles(found: dict[str, Any]) -> dict[str, Any]:
    for host in found["hosts"].values():
        for step in host["steps"]:
            del step["title"]
    return found


def decisions(cluster: Cluster, seen: Mapping[str, Observed], plans: Plans) -> list[object]:
    """All that is decided about plans."""
    standings = {
        each.service: Standing(len(names), len(names) // 2 + 1, frozenset(names), names[0])
        for each in SERVICES
        if (names := [node.name for node in each.nodes(cluster)])
    }
    outlook = foresee(CHAPTERS, plans, standings, [node.name for node in cluster.having("marathon")])
    return [
        order(plans),
        outlook,
        without_titles(document.plan(plans, outlook)),
        [each.membership(cluster, seen, plans) for each in CHAPTERS if each.membership],
        [renamed(each.arrange(cluster, seen, plans), "") for each in CHAPTERS],
        [[s.id for s in plan.only([id]).steps] for plan in plans.values() for id in Id],
        [[b.seen for b in plan.only([id]).blockers] for plan in plans.values() for id in Id],
        [len(status.drift(plan, chapter)) for plan in plans.values() for chapter in CHAPTERS],
    ]


MISLEADING = ("replace marathon-1", "replace mesos-slave", "stop", "zoo.cfg", "")


@pytest.mark.parametrize("word", MISLEADING)
def test_titles_decide_nothing(word: str) -> None:
    for cluster, seen in worlds():
        for plans in (missing(cluster, seen), runbook.plans(CHAPTERS, cluster, cluster.nodes, seen)):
            assert decisions(cluster, seen, renamed(plans, word)) == decisions(cluster, seen, plans)


@settings(max_examples=30)
@given(
    st.fixed_dictionaries({name: st.sampled_from((OLD, NEW, "")) for name in NAMES}),
    st.sets(st.sampled_from(NAMES)),
    st.sampled_from(MISLEADING),
)
def test_titles_decide_nothing_in_a_hand_over(images: dict[str, str], up: set[str], word: str) -> None:
    running = {name for name in up if images[name]}
    leader = min((name for name in running if images[name] == OLD), default=None)
    cluster, seen = marathons(NEW), Marathons(images, running, leader).seen()
    plans = missing(cluster, seen)
    assert decisions(cluster, seen, renamed(plans, word)) == decisions(cluster, seen, plans)
    turns = runbook.plans([MARATHON], cluster, cluster.having("marathon"), seen)
    assert decisions(cluster, seen, renamed(turns, word)) == decisions(cluster, seen, turns)
