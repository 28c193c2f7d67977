"""What follows from what the masters say of themselves."""

import json
from collections.abc import Mapping

import pytest
import recorded_mesos as recorded
from hypothesis import given
from hypothesis import strategies as st
from samples import any_json

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import http
from tasks.plan.gate import Question, Standing, Verdict
from tasks.plan.mesos_master.service import Master, Masters, master

A, B, C = "10.70.0.10", "10.70.0.11", "10.70.0.12"
ALL = frozenset({A, B, C})
LEADER, FOLLOWER = recorded.LEADER_METRICS, recorded.FOLLOWER_METRICS
REDIRECTED = "HTTP/1.1 307 Temporary Redirect\r\nLocation: //10.70.0.12:5050/master/x\r\n\r\n"


def masters(count: int = 3, variables: str = "") -> Cluster:
    hosts = "".join(f"10.70.0.{9 + i} myid={i}\n" for i in range(1, count + 1))
    return parse(f"[zookeeper]\n{hosts}[mesos_master:children]\nzookeeper\n[all:vars]\n{variables}\n")


IN_MEMORY = masters(variables="mesos_registry=in_memory")


def says(text: str, **metrics: float | None) -> str:
    """A recorded answer with other metrics: `log_recovered=0`; None takes one away."""
    names = {"recovered": "registrar/log/recovered", "sees": "registrar/log/ensemble_size"}
    names |= {"elected": "master/elected", "registry": "registrar/registry_size_bytes"}
    head, _, body = text.partition("\r\n\r\n")
    told = json.loads(body) | {names[key]: value for key, value in metrics.items()}
    return f"{head}\r\n\r\n{json.dumps({key: value for key, value in told.items() if value is not None})}"


def without_log(text: str) -> str:
    return says(text, recovered=None, sees=None)


def judge(*answers: str, needed: frozenset[str] = ALL, cluster: Cluster | None = None) -> Verdict:
    """The verdict when 10.70.0.10, .11 ... answer so."""
    said = {f"10.70.0.{10 + i}": {"metrics": answer} for i, answer in enumerate(answers)}
    return Masters().verdict(cluster or masters(), said, needed)


def stand(*answers: str, cluster: Cluster | None = None) -> Standing:
    said = {f"10.70.0.{10 + i}": {"metrics": answer} for i, answer in enumerate(answers)}
    return Masters().standing(cluster or masters(), said)


LOCKED = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="mesos-master-readonly"\r\n\r\n'


def test_masters_that_do_not_take_our_password_are_not_told_as_silent() -> None:
    assert judge(LEADER, LOCKED, FOLLOWER) == Verdict(
        False, "10.70.0.11 does not take the operator's password of secrets_file, or there is none (401)"
    )


# What one master says


def test_the_metrics_are_asked_because_every_master_answers_them_for_itself() -> None:
    cluster = masters(variables="mesos_master_port=5055")
    assert Masters().questions(cluster, cluster.nodes[0]) == {
        "metrics": Question(A, 5055, http.get("/metrics/snapshot"))
    }


def test_a_real_leader_and_a_real_follower_are_read() -> None:
    assert master({"metrics": LEADER}) == Master(True, True, True, 3, True, agents=1, frameworks=1, tasks=1)
    assert master({"metrics": FOLLOWER}) == Master(True, False, True, 3, False)
    node = masters().nodes[0]
    assert Masters().role(node, {"metrics": LEADER}) == "leader"
    assert Masters().role(node, {"metrics": FOLLOWER}) == "follower"


def test_numbers_may_come_without_a_decimal_point() -> None:
    plain = LEADER.replace("1.0", "1").replace("3.0", "3")
    assert master({"metrics": plain}) == master({"metrics": LEADER})


NO_METRICS = {
    "silence": "",
    "no body": recorded.HEALTH,
    "a redirect without a body": REDIRECTED,
    "cut off": LEADER[:400],
    "ZooKeeper": "Zookeeper version: 3.4.12\nMode: leader\n",
    "another thing": "HTTP/1.1 200 OK\r\n\r\n[1.0]",
}


@pytest.mark.parametrize("answer", NO_METRICS.values(), ids=NO_METRICS.keys())
def test_what_are_no_metrics_is_no_master_and_is_named(answer: str) -> None:
    assert master({"metrics": answer}) == Master()
    assert Masters().role(masters().nodes[0], {"metrics": answer}) == ""
    assert judge(FOLLOWER, answer, LEADER) == Verdict(
        False, "2 of 3 masters answer, 10.70.0.12 leads; 10.70.0.11 does not answer"
    )


# Whether all is well


def test_a_leader_and_two_followers_with_their_log_recovered_pass() -> None:
    verdict = judge(FOLLOWER, FOLLOWER, LEADER)
    assert verdict == Verdict(True, "3 of 3 masters answer, 10.70.0.12 leads")


TROUBLE = {
    "a log that is not recovered": (
        (FOLLOWER, says(FOLLOWER, recovered=0.0), LEADER),
        "the log of 10.70.0.11 is not recovered",
    ),
    "no log on any, although one is wanted": (
        (without_log(FOLLOWER), without_log(FOLLOWER), without_log(LEADER)),
        "the logs of 10.70.0.10, .11, .12 are not recovered",
    ),
    "a replica that sees two of three": (
        (FOLLOWER, says(FOLLOWER, sees=2.0), LEADER),
        "3 log replicas should be seen, 10.70.0.11 sees 2",
    ),
    "replicas that see each a lone log": (
        (says(FOLLOWER, sees=1.0), says(FOLLOWER, sees=1.0), says(LEADER, sees=1.0)),
        "3 log replicas should be seen, 10.70.0.10 sees 1, 10.70.0.11 sees 1, 10.70.0.12 sees 1",
    ),
    "no leader": ((FOLLOWER, FOLLOWER, FOLLOWER), "none of the masters that answer leads"),
    "two leaders": ((LEADER, FOLLOWER, LEADER), "10.70.0.10, .12 lead at the same time"),
    "a leader that has not read the registry": (
        (FOLLOWER, FOLLOWER, says(LEADER, registry=None)),
        "leader 10.70.0.12 has not read the registry yet",
    ),
}


@pytest.mark.parametrize("answers, sentence", TROUBLE.values(), ids=TROUBLE.keys())
def test_trouble_does_not_pass_and_is_told(answers: tuple[str, ...], sentence: str) -> None:
    assert judge(*answers) == Verdict(False, sentence)


def test_a_master_that_is_not_needed_may_be_missing_but_is_mentioned() -> None:
    verdict = judge(says(FOLLOWER, sees=2.0), "", says(LEADER, sees=2.0), needed=ALL - {B})
    assert verdict == Verdict(True, "2 of 3 masters answer, 10.70.0.12 leads; not answering: 10.70.0.11")


def test_a_replica_that_hosts_ini_does_not_know_is_told_and_breaks_nothing_yet() -> None:
    verdict = judge(FOLLOWER, FOLLOWER, says(LEADER, sees=4.0))
    assert verdict == Verdict(True, "3 of 3 masters answer, 10.70.0.12 leads; it sees 4 replicas of the log")


def test_a_leader_among_those_that_are_not_needed_counts() -> None:
    assert judge(FOLLOWER, FOLLOWER, LEADER, needed=frozenset({A})).passed
    assert not judge(LEADER, FOLLOWER, LEADER, needed=frozenset({A})).passed


def test_one_master_alone_passes_if_hosts_ini_has_no_other() -> None:
    alone = frozenset({A})
    assert judge(says(LEADER, sees=1.0), needed=alone, cluster=masters(1)).passed
    assert not judge(says(LEADER, sees=1.0, recovered=0.0), needed=alone, cluster=masters(1)).passed


def test_a_registry_in_memory_needs_no_log() -> None:
    answers = (without_log(FOLLOWER), without_log(FOLLOWER), without_log(LEADER))
    assert judge(*answers, cluster=IN_MEMORY) == Verdict(True, "3 of 3 masters answer, 10.70.0.12 leads")
    only = judge(without_log(LEADER), "", "", needed=frozenset({A}), cluster=IN_MEMORY)
    assert only.says == "1 of 3 masters answers, 10.70.0.10 leads; not answering: 10.70.0.11, .12"


# The first day


NOT_BEGUN = says(LEADER, recovered=0.0, sees=1.0, registry=None)


def test_the_first_of_three_masters_is_done_when_it_waits_for_the_others() -> None:
    verdict = judge(NOT_BEGUN, "", "", needed=frozenset({A}))
    assert verdict == Verdict(
        True,
        "10.70.0.10 runs and waits: the log begins when all 3 masters run; not there yet: 10.70.0.11, .12",
    )


def test_two_of_three_masters_wait_too_because_a_majority_begins_no_log() -> None:
    assert judge(NOT_BEGUN, says(FOLLOWER, recovered=0.0, sees=2.0), "", needed=frozenset({A, B})).passed


def test_nobody_running_is_not_waiting() -> None:
    assert judge("", "", "", needed=frozenset({A})) == Verdict(
        False, "0 of 3 masters answer; 10.70.0.10 does not answer"
    )


def test_a_master_that_was_asked_for_is_not_waited_for() -> None:
    assert judge(NOT_BEGUN, "", "") == Verdict(
        False, "1 of 3 masters answers, 10.70.0.10 leads; 10.70.0.11, .12 do not answer"
    )


def test_three_masters_whose_log_has_not_begun_are_not_waiting() -> None:
    new = says(FOLLOWER, recovered=0.0)
    assert not judge(new, new, NOT_BEGUN).passed


def test_a_log_that_has_begun_is_not_waited_for() -> None:
    lone = says(LEADER, sees=1.0, registry=None)
    verdict = judge(lone, "", "", needed=frozenset({A}))
    assert verdict == Verdict(False, "leader 10.70.0.10 has not read the registry yet")


# How they stand


def test_who_answers_with_its_log_in_use_serves_and_a_majority_of_the_log_must() -> None:
    assert stand(FOLLOWER, FOLLOWER, LEADER) == Standing(3, 2, ALL, C)
    assert stand(FOLLOWER, says(FOLLOWER, recovered=0.0), "") == Standing(3, 2, frozenset({A}))


def test_with_a_registry_in_memory_whoever_answers_serves() -> None:
    standing = stand(without_log(FOLLOWER), "", without_log(LEADER), cluster=IN_MEMORY)
    assert standing == Standing(3, 2, frozenset({A, C}), C)


# Whatever comes


METRICS = ("master/elected", "registrar/log/recovered", "registrar/log/ensemble_size", "other")


@given(st.dictionaries(st.sampled_from(METRICS), any_json("a"), max_size=4))
def test_any_metrics_are_judged_and_nothing_raises(metrics: Mapping[str, object]) -> None:
    answer = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(metrics)}"
    assert not judge(answer, answer, answer).passed
    assert stand(answer, answer, answer).total == 3
