"""Hosts in [removed] that an operator says are gone for good: nobody may hear any more of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ..errors import BadInput, Blocked
from ..inventory.cluster import Node
from ..plan.gate import Answers, Question, Questionnaire
from ..plan.mesos_master.service import master
from ..plan.runbook import CHAPTERS, MESOS_MASTER, ZOOKEEPER
from ..plan.words import grouped, names
from ..plan.zookeeper.service import member
from . import fanout, gates
from .hosts import Hosts

LIVES = "A member that may still take part is never removed or replaced without being stopped first. "

AS_EVER = "Leave --gone out, and the deploy empties it as ever."

LATER = "If it has ended just now, run this again in half a minute; else stop it first."


def given_up(hosts: Hosts, typed: str) -> Hosts:
    """Give these hosts, of a cluster in which the hosts typed for `--gone` are gone for good.

    Raises BadInput; Blocked if one of them can be reached, answers or is counted on; Unreachable.
    """
    gone = _named(hosts, typed)
    if alive := [*_reached(hosts, gone), *_heard(hosts, gone), *_counted(hosts, gone)]:
        raise Blocked("\n".join([*grouped(alive), f"{LIVES}Nothing was changed."]))
    return hosts.under(replace(hosts.cluster, gone=frozenset(node.name for node in gone)))


def _named(hosts: Hosts, typed: str) -> list[Node]:
    cluster, found = hosts.cluster, list[Node]()
    for name in filter(None, (each.strip() for each in typed.split(","))):
        node = next((each for each in cluster.removed if name in each.names), None)
        if node is None:
            having = names(each.name for each in cluster.removed) or "nobody"
            raise BadInput(f"--gone {name}: only a host in [removed] can be given up; there is {having}")
        found.append(node)
    if not found:
        raise BadInput("--gone is empty; name hosts in [removed]")
    if hosts.nodes != cluster.nodes:
        raise BadInput("--gone needs all hosts of the cluster: leave out -H")
    return found


def _reached(hosts: Hosts, gone: Sequence[Node]) -> Iterator[tuple[str, str]]:
    reached, _ = fanout.attempt(gone, hosts.connect, hosts.cluster.settings.parallel)
    yield from ((name, f"it can be reached, so it is not gone. {AS_EVER}") for name in reached)


def _heard(hosts: Hosts, gone: Sequence[Node]) -> Iterator[tuple[str, str]]:
    """Tell of those of which a server of the cluster hears anything at all."""
    servers = [node for node in hosts.nodes if {"zookeeper", "mesos_master"} & {*node.roles}]
    for node in gone:
        asked = _questions(hosts, node)
        heard = hosts.each(servers or hosts.nodes[:1], partial(gates.ask_one, hosts, asked=asked))
        for at, said in heard.items():
            if what := [name for name, answer in said.items() if answer]:
                yield (
                    node.name,
                    f"{at} gets an answer from it ({', '.join(what)}), so it is not gone. {LATER}",
                )


def _questions(hosts: Hosts, node: Node) -> Questionnaire:
    own = [each for each in CHAPTERS if each.members and each.concerns(node)]
    asked = {each.title: each.members.vital(hosts.cluster, node) for each in own if each.members}
    found = {title: question for title, each in asked.items() for question in each.values()}
    return {**found, "ssh": Question(node.address, node.ssh.port or 22, "")}


def _counted(hosts: Hosts, gone: Sequence[Node]) -> Iterator[tuple[str, str]]:
    """Tell of those that a leader may count on, although nobody else hears of them."""
    for chapter, more in ((ZOOKEEPER, _followers), (MESOS_MASTER, _replicas)):
        leaving = [node for node in hosts.cluster.leaving(chapter.service) if node not in gone]
        if those := [node.name for node in gone if chapter.concerns(node)]:
            former = hosts.along([replace(node, roles=(chapter.service,)) for node in leaving])
            if told := more(gates.ask_once(former, [chapter])[chapter].values()):
                yield names(those), f"{told}. {LATER}"


def _followers(said: Collection[Answers]) -> str:
    members = [member(answers) for answers in said]
    follow = next((one.follow for one in members if one.mode == "leader"), None) or 0
    serving = sum(bool(one.mode) for one in members) - 1
    told = f"{follow} members follow ZooKeeper's leader, and only {serving} of them answer here"
    return told if follow > serving else ""


def _replicas(said: Collection[Answers]) -> str:
    masters = [master(answers) for answers in said]
    replicas = next((one.replicas for one in masters if one.elected), 0)
    present = sum(one.present for one in masters)
    told = f"the leading master sees {replicas} replicas of the log, and only {present} masters answer here"
    return told if replicas > present else ""
