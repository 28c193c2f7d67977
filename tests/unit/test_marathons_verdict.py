"""What follows from what the Marathons say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import any_json

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan import http
from tasks.plan.gate import Question, Standing, Verdict
from tasks.plan.marathon.service import Marathon, Marathons, marathon

A, B, C = "10.70.0.10", "10.70.0.11", "10.70.0.12"
ALL = frozenset({A, B, C})
BAD_GATEWAY = (
    "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html;charset=iso-8859-1\r\n\r\n"
    "<html>\n<head/>\n\n<body><h2>HTTP ERROR: 502</h2>\n"
    "<p>Failed to successfully establish a connection to the leader.</p></body>\n</html>\n"
)
NO_LEADER = BAD_GATEWAY.replace("502 Bad Gateway", "503 Service Unavailable")


def marathons(count: int = 3) -> Cluster:
    hosts = "".join(f"10.70.0.{9 + i} number={i}\n" for i in range(1, count + 1))
    return parse(f"[zookeeper]\n10.70.1.1 myid=1\n[marathon]\n{hosts}")


def info(leader: Any = f"{C}:8080", **other: Any) -> str:
    """The answer to /v2/info of Marathon 1.5.8, the same from whoever is asked."""
    body = {
        "name": "marathon",
        "version": "1.5.8",
        "elected": True,
        "leader": leader,
        "frameworkId": "a4ac9fcc-3af0-4465-8354-30ab200092b7-0000",
        "marathon_config": {"hostname": C, "mesos_leader_ui_url": "http://10.70.0.12:5050/"},
        **other,
    }
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}"


def said(*answers: str) -> dict[str, dict[str, str]]:
    return {f"10.70.0.{10 + i}": {"info": answer} for i, answer in enumerate(answers)}


def judge(*answers: str, needed: frozenset[str] = ALL, cluster: Cluster | None = None) -> Verdict:
    """The verdict when 10.70.0.10, .11 ... answer so."""
    return Marathons().verdict(cluster or marathons(), said(*answers), needed)


def stand(*answers: str) -> Standing:
    return Marathons().standing(marathons(len(answers)), said(*answers))


# What one Marathon says


def test_v2_info_is_asked_at_the_marathons_own_address() -> None:
    cluster = marathons()
    asked = Marathons().questions(cluster, cluster.called(A) or cluster.nodes[0])
    assert asked == {"info": Question(A, 8080, http.get("/v2/info"))}


def test_an_answer_is_read() -> None:
    framework = "a4ac9fcc-3af0-4465-8354-30ab200092b7-0000"
    assert marathon({"info": info()}) == Marathon(
        200, f"{C}:8080", framework, "1.5.8", "http://10.70.0.12:5050/"
    )
    nothing = info(leader=None, frameworkId=None, version=None, marathon_config={})
    assert marathon({"info": nothing}) == Marathon(200)


@pytest.mark.parametrize(
    "text, status", [(BAD_GATEWAY, 502), (NO_LEADER, 503), ("", 0), ("SSH-2.0-x\r\n", 0)]
)
def test_a_standby_without_a_leader_is_a_status_alone(text: str, status: int) -> None:
    assert marathon({"info": text}) == Marathon(status)


def test_the_one_that_is_named_leads_and_the_others_stand_by() -> None:
    nodes = marathons().having("marathon")
    assert [Marathons().role(node, {"info": info()}) for node in nodes] == ["standby", "standby", "leader"]
    assert {Marathons().role(node, {"info": NO_LEADER}) for node in nodes} == {""}


def test_only_the_leaders_word_tells_a_version_for_standbys_forward_it() -> None:
    nodes = marathons().having("marathon")
    assert [Marathons().version(node, {"info": info()}) for node in nodes] == ["", "", "1.5.8"]


# Whether all is well


def test_all_that_name_the_same_registered_leader_pass() -> None:
    assert judge(info(), info(), info()) == Verdict(True, "3 of 3 Marathons answer, 10.70.0.12 leads")


def test_the_leader_is_named_as_hosts_ini_names_it() -> None:
    cluster = parse("[zookeeper]\n10.70.1.1 myid=1\n[marathon]\nweb1 host_ip=10.70.0.12 number=1\n")
    verdict = Marathons().verdict(cluster, {"web1": {"info": info()}}, frozenset({"web1"}))
    assert verdict.says == "1 of 1 Marathons answers, web1 leads"


def test_a_leader_that_hosts_ini_does_not_have_is_named_by_its_address() -> None:
    foreign = info(leader="10.70.0.99:8080")
    assert judge(foreign, foreign, foreign).says == "3 of 3 Marathons answer, 10.70.0.99:8080 leads"


TROUBLE = {
    "a standby that cannot reach the leader": (
        (BAD_GATEWAY, info(), info()),
        "2 of 3 Marathons answer well, 10.70.0.12 leads; 10.70.0.10 answers 502",
    ),
    "no leader, and one is down": (
        (NO_LEADER, NO_LEADER, ""),
        "0 of 3 Marathons answer well; 10.70.0.10, .11 answer 503; 10.70.0.12 does not answer",
    ),
    "a leader that is gone, of which the others do not know yet": (
        (info(), info(), ""),
        "2 of 3 Marathons answer; 10.70.0.12 does not answer",
    ),
    "two leaders": (
        (info(), info(leader=f"{A}:8080"), info()),
        "they name different leaders: 10.70.0.10:8080, 10.70.0.12:8080",
    ),
    "one that names no leader": (
        (info(), info(leader=None), info()),
        "10.70.0.11 names no leader",
    ),
    "a body cut off": (
        (info()[:200], info(), info()),
        "10.70.0.10 names no leader",
    ),
    "a leader that never met a master": (
        (info(frameworkId=None),) * 3,
        "leader 10.70.0.12:8080 is not registered with a master yet",
    ),
    "a leader that has not met a master since it leads": (
        (info(marathon_config={"mesos_leader_ui_url": None}),) * 3,
        "leader 10.70.0.12:8080 is not registered with a master yet",
    ),
}


@pytest.mark.parametrize("answers, sentence", TROUBLE.values(), ids=TROUBLE.keys())
def test_trouble_does_not_pass_and_is_told(answers: tuple[str, ...], sentence: str) -> None:
    assert judge(*answers) == Verdict(False, sentence)


def test_one_that_is_not_needed_may_be_missing_but_is_mentioned() -> None:
    leads = ", 10.70.0.12 leads; 10.70.0.11"
    verdict = judge(info(), NO_LEADER, info(), needed=ALL - {B})
    assert verdict == Verdict(True, f"2 of 3 Marathons answer well{leads} answers 503")
    verdict = judge(info(), "", info(), needed=ALL - {B})
    assert verdict == Verdict(True, f"2 of 3 Marathons answer{leads} does not answer")


def test_nobody_answering_never_passes() -> None:
    assert judge("", "", "", needed=frozenset()) == Verdict(False, "no Marathon answers")


# How they stand


def test_who_answers_serves_and_one_is_enough() -> None:
    assert stand(info(), BAD_GATEWAY, info()) == Standing(3, 1, frozenset({A, C}), C)


def test_while_the_leader_is_away_the_standbys_that_say_so_are_up_all_the_same() -> None:
    assert stand(NO_LEADER, BAD_GATEWAY, "") == Standing(3, 1, frozenset({A, B}))


# Whatever comes


KEYS = ("leader", "frameworkId", "marathon_config", "mesos_leader_ui_url")


@given(st.dictionaries(st.sampled_from(KEYS), any_json(*KEYS), max_size=4))
def test_any_json_is_judged_and_nothing_raises(body: dict[str, object]) -> None:
    answer = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(body)}"
    assert judge(answer, info(), info()).says
    assert {B, C} <= stand(answer, info(), info()).serving
