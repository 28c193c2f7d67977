"""Whatever a host says, to whatever question: it is read, or it is that host's trouble. No other error."""

import re
from base64 import b64encode
from dataclasses import replace
from functools import cache

import recorded_mesos as recorded
import sound_hosts
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted
from used_everywhere import everything

from tasks.engine import become
from tasks.engine.asking import Heard, Rounds
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.availability import course, services
from tasks.plan.compare import endings, remedy
from tasks.plan.desired import Container, of
from tasks.plan.gate import Question
from tasks.plan.look import candidates, lease, observed, peers
from tasks.plan.look.election import Candidacy
from tasks.plan.look.observed import Observed
from tasks.plan.look.sections import Unreadable
from tasks.plan.mesos_agent import ending, upgrade
from tasks.plan.mesos_master import candidacy
from tasks.plan.names import Id
from tasks.plan.preflight import docker, facts, flows
from tasks.plan.preflight.facts import Facts
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, HostPlan, Step

OFTEN = settings(max_examples=max(200, settings().max_examples))
"""What is tried on parsers at every run; the profile `nightly` tries more."""

CLUSTER = parse(
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[mesos_master]\n10.0.0.[1:3]\n"
    "[marathon]\n10.0.0.[1:3]\n[mesos_agent]\n10.0.0.3\n10.0.0.4\n"
)
NODE = CLUSTER.nodes[2]
"""The one that may say anything, with a member of every service; all others are sound."""

ASK = runbook.ask(CHAPTERS, CLUSTER, NODE)
BOUNDARY = "5f0c" * 8

NASTY = [
    *(
        "",
        "\0",
        "\x1b[2J",
        "\x1e",
        "\x85",
        "\u2028",
        "[/evil]",
        "²",
        "-1",
        "1e999",
        "NaN",
    ),
    *("9" * 400, "9" * 5000, "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000, "\\ud800", "null", "{}", "[]"),
    *("=", ":", "/", "\n", "\r\n", " ", "\t", '"', "'", "(", "*", "%", "server.1=", "zk://", "exit 124"),
]


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A text of which something is cut, put in, said twice or replaced, up to three times."""
    for _ in range(draw(st.integers(1, 3))):
        begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        word = draw(st.sampled_from(sorted({*re.findall(r"[\w.:/-]+|[^\w\s]", text)}) or [""]))
        other = draw(st.sampled_from(NASTY) | st.text(max_size=5))
        ways = (
            text[:begin] + other + text[end:],
            text[:begin] + text[begin:end] * 2 + text[end:],
            text.replace(word, other, 1),
            text.replace(word, other) if len(other) < 500 else other,
            "\n".join(draw(st.permutations(text.split("\n")))) if text.count("\n") < 20 else other,
        )
        text = draw(st.sampled_from(ways))
    return text


@cache
def told() -> dict[str, str]:
    """What a sound host answers to a preflight, which asks all that a look does and more."""
    items = runbook.wanted(CHAPTERS, CLUSTER, NODE)
    roles = [one.role for one in of(Container, items)]
    needed, masters = flows.needed(CLUSTER, NODE, roles), upgrade.questions(CLUSTER, NODE, roles)
    last = facts.lines(ASK, NODE, docker.clients(items), needed, masters)
    script = observed.script(ASK, BOUNDARY, first=facts.FIRST, last=last)
    return sound_hosts.asked(script, CLUSTER, sound_hosts.parts(CLUSTER, NODE))


@cache
def others() -> dict[str, Observed]:
    """The other hosts, which are as wanted."""
    return {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes if node is not NODE}


def used(text: str) -> None:
    """Read an answer and use it, if the border lets it pass."""
    try:
        seen, own = observed.read(text, BOUNDARY, ASK), facts.read(text, BOUNDARY, ASK)
    except Unreadable as error:
        assert str(error)
    else:
        every = others() | {NODE.name: seen}
        everything(CLUSTER, every, dict.fromkeys(every, Facts()) | {NODE.name: own})


def test_a_sound_host_passes() -> None:
    text = sound_hosts.joined(told(), BOUNDARY)
    seen = observed.read(text, BOUNDARY, ASK)
    plan = runbook.missing(CHAPTERS, CLUSTER, NODE, seen)
    assert not (plan.steps or plan.blockers or plan.troubles)
    used(text)


@OFTEN
@given(st.data())
def test_whatever_stands_in_the_parts_of_an_answer_is_used_or_refused(data: st.DataObject) -> None:
    parts = dict(told())
    for name in data.draw(st.sets(st.sampled_from([*parts]), min_size=1, max_size=3)):
        parts[name] = data.draw(mutated(parts[name]) | st.sampled_from(NASTY) | st.text())
    used(sound_hosts.joined(parts, BOUNDARY))


@OFTEN
@given(mutated(sound_hosts.joined(told(), BOUNDARY)))
def test_whatever_becomes_of_an_answer_on_its_way_it_is_used_or_refused(text: str) -> None:
    used(text)


HUGE = "9" * 5000


def test_a_number_in_the_name_of_a_container_may_be_longer_than_python_reads() -> None:
    parts = {
        "clusters": f"marathon-{HUGE} mesos\n",
        "objects": "".join(f"error: no such object: {name}\n" for name in (*ASK.containers, *ASK.images)),
        "listeners": 'LISTEN 0 50 *:8080 *:* users:(("java",pid=1,fd=1))\n',
    }
    used(sound_hosts.joined(told() | parts, BOUNDARY))


# Questions of their own


DUMP = (
    "SessionTracker dump:\nSession Sets (1):\n\nephemeral nodes dump:\nSessions with Ephemerals (2):\n"
    "0x16a2b0c4d5e0001:\n\t/mesos/json.info_0000000001\n0x26a2b0c4d5e0002:\n\t/marathon/leader/member_0000000002\n"
)
CONS = " /10.0.0.9:41234[1](queued=0,recved=9,sent=9,sid=0x16a2b0c4d5e0001,lop=PING,est=1)\n"
FOLLOW = "ESTAB 0 0 [::ffff:10.0.0.1]:2888 [::ffff:10.0.0.9]:51234\n"


@OFTEN
@given(mutated(DUMP), mutated(CONS), mutated(FOLLOW), st.sampled_from(["", "end"]))
def test_whatever_zookeeper_says_of_who_is_connected_names_strangers(
    dump: str, cons: str, follow: str, end: str
) -> None:
    parts = {"cons 10.0.0.1": cons, "followers": follow, end: ""}
    try:
        found = peers.read(sound_hosts.joined(parts, BOUNDARY), BOUNDARY)
    except Unreadable:
        assert not end or BOUNDARY in cons + follow
        return
    answers = {"zookeeper srvr": "Mode: leader\n", "zookeeper mntr": "zk_synced_followers\t2\n"}
    host = as_wanted(CLUSTER, CLUSTER.nodes[0])
    seen = others() | {"10.0.0.1": replace(host, peers=found, answers=answers | {"zookeeper dump": dump})}
    assert candidates.witness(seen) in ("", "10.0.0.1")
    assert all(str(one).encode() for one in runbook.strangers(CHAPTERS, CLUSTER, seen))


RESTART = Step(Id.AGENT_RUN, Action.REPLACE, "replace mesos-slave", "", "", risk="restart")


@OFTEN
@given(mutated(recorded.AGENT_STATE), mutated(recorded.LEADER_SUMMARY))
def test_whatever_an_agent_says_of_its_tasks_is_foretold(state: str, summary: str) -> None:
    seen = replace(others()["10.0.0.4"], answers={"mesos_agent slaves-10.0.0.1": summary})
    tasks = ending.read(state, NODE, seen)
    plan = ending.foretold(HostPlan(NODE.name, (), (RESTART,)), NODE, seen, tasks)
    assert "".join([plan.steps[0].effect, *ending.costs({NODE.name: plan}, {NODE.name: tasks})]).encode()


WATCHED = services.services(CLUSTER)
SAMPLES = [
    "0 100.25 10.0.0.1/2181 " + b64encode(services.SESSION_OPENED + bytes(80)).decode(),
    "1 100.25 10.0.0.1/5050 " + b64encode(b'HTTP/1.1 200 OK\r\n\r\n{"healthy":true}').decode(),
    "2 100.25 10.0.0.1/8080 " + b64encode(b'HTTP/1.1 200 OK\r\n\r\n{"leader":"10.0.0.1:8080"}').decode(),
]


@OFTEN
@given(st.lists(st.sampled_from(SAMPLES).flatmap(mutated), max_size=4))
def test_whatever_is_measured_is_a_sample_or_nothing(lines: list[str]) -> None:
    heard = [found for line in [SAMPLES[0], *lines] if (found := services.read(line, WATCHED))]
    assert all(0 <= sample.at < 1e12 for _, sample, _ in heard)
    fared = course.course([sample for _, sample, _ in heard])
    within = fared is None or fared.longest <= (WATCHED[0].budget or 0)
    assert course.told(WATCHED[0], fared) and (course.excess(WATCHED[0], fared) == "") == within


@OFTEN
@given(mutated(f"\n{BOUNDARY} 0\nMode: leader\n{BOUNDARY} 1\nMode: follower\n{BOUNDARY} end\n"))
def test_whatever_a_round_of_questions_brings_is_heard(text: str) -> None:
    questions = [Question("10.0.0.1", 2181, "srvr"), Question("10.0.0.2", 2181, "srvr")]
    heard: list[str] = []

    def enough(answers: Heard) -> bool:
        heard.extend(answers.values())
        return False

    rounds = Rounds(questions, 60, enough)
    boundary = sound_hosts.boundary(rounds.script())
    for line in text.replace(BOUNDARY, boundary).split("\n"):
        assert rounds.over(line) is False
    assert len(heard) % 2 == 0


SAID = [
    "Error response from daemon: manifest for a/b:1 not found",
    "sudo: a password is required",
    "docker: invalid reference format. See 'docker run --help'",
    "E1130 00:00:00 1 main.cpp:1] EXIT with status 1: Failed to bind: Address already in use",
    "java.net.BindException: Address already in use (Bind failed)",
]


@OFTEN
@given(st.lists(st.sampled_from(SAID).flatmap(mutated) | st.sampled_from(NASTY), max_size=4))
def test_whatever_a_program_says_at_its_end_is_explained(lines: list[str]) -> None:
    assert str((remedy.explain(1, lines), endings.cause(lines))).isprintable()
    assert str(become.refusal("\n".join(lines))).isprintable()


MASTER = 'HTTP/1.1 200 OK\r\n\r\n{"get_master":{"master_info":{"id":"a","pid":"master@10.0.0.3:5050"}}}'
INFO = '{"id":"a","pid":"master@10.0.0.3:5050"}'


@OFTEN
@given(mutated(MASTER), mutated(INFO), mutated("/mesos/json.info_0000000001"))
def test_whatever_a_master_and_its_candidacy_say_one_leads_or_nobody_knows(
    said: str, info: str, path: str
) -> None:
    standing = [Candidacy(path, info, 1, 1), Candidacy("/mesos/json.info_0000000002", INFO, 2, 2)]
    assert candidacy.of_leader(NODE, said, standing) in (None, *standing)
    assert candidacy.someone_is_next(CLUSTER.nodes, standing) in (True, False)


@OFTEN
@given(mutated("ann@laptop, since 2026-11-30 20:00:00 UTC: fab deploy-cluster\n"))
def test_whatever_a_lease_says_is_told_in_one_line(text: str) -> None:
    assert str(lease.read(text)).isprintable()
