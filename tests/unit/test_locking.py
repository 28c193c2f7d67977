"""Credentials: masters before agents, back in the other order, and no secret in any step."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from fake_hosts import FakeHosts
from hypothesis import given
from samples import SHELLS, any_json, as_wanted, run

from tasks.engine import locking as gate
from tasks.engine.preview import previewed
from tasks.engine.run import Run
from tasks.errors import Blocked, GateNotReached
from tasks.inventory.cluster import Cluster
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import InventoryError, parse
from tasks.plan import runbook, script
from tasks.plan.desired import File, Unsealed, of, secrets
from tasks.plan.gate import Question, Standing
from tasks.plan.look import observed, sealed
from tasks.plan.look.observed import Observed, Questions
from tasks.plan.look.observed import Path as Seen
from tasks.plan.mesos_agent import locking
from tasks.plan.outlook import foresee
from tasks.plan.runbook import CHAPTERS, MARATHON, MESOS_AGENT, MESOS_MASTER
from tasks.plan.step import Action, HostPlan

A, B, C, D = (f"10.0.0.{last}" for last in (1, 2, 3, 9))
MASTERS_FILE = "/etc/mesofab-secure/mesos_master/credentials.json"
ADDRESS_FILE = "/etc/mesofab-secure/mesos_master/zk"
BOTH = (MESOS_MASTER, MESOS_AGENT)


def credentials(salt: str = "one") -> Credentials:
    return Credentials({who: Credential(who, Secret(f"{salt}-secret-of-{who}")) for who in WHO})


@cache
def cluster(kept: str = "", more: str = "") -> Cluster:
    """A cluster with these secrets, or one that is open."""
    hosts = "".join(f"{name} number={id}\n" for id, name in enumerate((A, B, C), start=1))
    security = "security=permissive\nsecrets_file=s\n" if kept else ""
    variables = f"[all:vars]\n{security}{more}"
    found = parse(f"[zookeeper]\n{A} myid=1\n[mesos_master]\n{hosts}[mesos_agent]\n{A}\n{D}\n{variables}")
    return replace(found, credentials=credentials(kept) if kept else None)


def seen_in(was: Cluster) -> dict[str, Observed]:
    """Every host as a deploy of that cluster has left it."""
    return {node.name: as_wanted(was, node) for node in was.nodes}


def plans(was: Cluster, wanted: Cluster) -> Mapping[str, HostPlan]:
    return runbook.plans(BOTH, wanted, wanted.nodes, seen_in(was))


def order(was: Cluster, wanted: Cluster) -> list[tuple[str, ...]]:
    masters = Standing(3, 2, frozenset({A, B, C}), A)
    standings = {"mesos_master": masters, "mesos_agent": Standing(2, 0, frozenset({A, D}))}
    turns = foresee(BOTH, plans(was, wanted), standings, ()).turns
    return [(turn.service, *turn.hosts) for turn in turns if turn.phase == "replace"]


FIRST = [("mesos_master", B), ("mesos_master", C), ("mesos_master", A)]
THEN = [("mesos_agent", A), ("mesos_agent", D)]


def test_masters_get_credentials_first_and_agents_lose_them_first() -> None:
    assert order(cluster(), cluster("one")) == FIRST + THEN
    assert order(cluster("one"), cluster()) == THEN + FIRST
    assert order(cluster("one"), cluster("one")) == []


def test_other_changes_of_a_cluster_with_credentials_roll_as_ever() -> None:
    assert ("mesos_agent", A) in order(cluster("one"), cluster("one", "log_size=7m"))[:3]


def test_another_version_that_needs_the_opposite_order_is_refused() -> None:
    older = "mesos_master_image=mesosphere/mesos-master:1.4.0\nmesos_agent_image=mesosphere/mesos-slave:1.4.0"
    told = [str(one) for plan in plans(cluster(), cluster("one", older)).values() for one in plan.blockers]
    assert told and all("another version of Mesos needs the opposite order" in each for each in told)


def test_no_plan_runbook_or_saved_plan_holds_a_secret_and_the_sent_script_does() -> None:
    wanted = cluster("one")
    found = plans(cluster(), wanted)
    node = wanted.nodes[0]
    shell = script.runnable(found[node.name].steps)
    texts = [shell, repr(wanted), repr(found), repr(runbook.wanted(CHAPTERS, wanted, node))]
    texts += [script.readable(runbook.from_nothing(CHAPTERS, wanted, each).steps) for each in wanted.nodes]
    texts += [repr(runbook.ask(CHAPTERS, wanted, node))]
    assert not [text for text in texts if "secret-of" in text]
    text = credentials().put_into(shell)
    assert f"\n{credentials().masters.text}\n" in text and f"\n{credentials().agents.text}\n" in text


def test_a_label_does_not_tell_of_secrets() -> None:
    one, other = (
        [
            each.labels
            for node in cluster(kept).nodes
            for each in runbook.containers(BOTH, cluster(kept), node)
        ]
        for kept in ("one", "two")
    )
    assert one == other


def test_secrets_in_use_are_not_exchanged_in_place() -> None:
    seen = seen_in(cluster("one"))
    for name in (A, B, C):
        paths = {**seen[name].paths, MASTERS_FILE: Seen("regular file", sealed.OTHER, "400", "0")}
        seen[name] = replace(seen[name], paths=paths)
    found = runbook.plans(BOTH, cluster("two"), cluster("two").nodes, seen)
    told = [str(one) for plan in found.values() for one in plan.blockers]
    assert len(told) == 3 and all("has other secrets than secrets_file" in each for each in told)


@pytest.mark.parametrize("rights, why", [(("644", "0"), "mode 644 -> 400"), (("400", "7"), "owner 7 -> 0")])
def test_a_file_of_secrets_that_others_may_read_is_given_back_to_root(
    rights: tuple[str, str], why: str
) -> None:
    seen = seen_in(cluster("one"))
    paths = {**seen[B].paths, MASTERS_FILE: Seen("regular file", seen[B].paths[MASTERS_FILE].text, *rights)}
    node = next(each for each in cluster("one").nodes if each.name == B)
    (step,) = runbook.missing(BOTH, cluster("one"), node, replace(seen[B], paths=paths)).steps
    assert step.action is Action.SET_MODE and step.reason == why
    assert step.shell.endswith(f"chown 0 {MASTERS_FILE}\nchmod 400 {MASTERS_FILE}\n")


def test_secrets_that_nobody_needs_any_more_go_when_nobody_mounts_them() -> None:
    (step,) = (each for each in plans(cluster("one"), cluster())[B].steps if MASTERS_FILE in each.title)
    assert step.phase == "settle" and f"rm -f {MASTERS_FILE} {ADDRESS_FILE}\n" in step.shell


def test_marathon_learns_whom_to_let_in_by_a_file_that_its_launcher_reads() -> None:
    text = f"[zookeeper]\n{A} myid=1\n[mesos_master]\n{A}\n[marathon]\n{A}\n[all:vars]\nsecurity=strict\n"
    strict = replace(parse(f"{text}secrets_file=s\n"), credentials=credentials())
    (made,) = runbook.containers([MARATHON], strict, strict.nodes[0])
    assert ("HOOK_MARATHON_START", "/bin/true") in made.environment
    file = f"{secrets.HOME}/marathon/true.env"
    assert f"{file}:/marathon/true.env:ro" in [mount.bind for mount in made.mounts]
    (sealed,) = (each.sealed for each in made.files if each.path == file)
    assert sealed and sealed.text == "export MESOSPHERE_HTTP_CREDENTIALS='operator:one-secret-of-operator'"
    with pytest.raises(InventoryError, match="sets HOOK_MARATHON_START, which security=strict needs"):
        parse(f"{text}secrets_file=s\nmarathon_environment=HOOK_MARATHON_START=/bin/false\n")


# The look


@pytest.mark.parametrize("shell", SHELLS)
def test_a_look_tells_whether_a_file_has_the_secrets_and_nothing_of_them(
    shell: list[str], tmp_path: Path
) -> None:
    place = tmp_path / "credentials.json"
    file = of(File, secrets.masters(cluster("one"), "m").items)[0]
    file = replace(file, path=str(place))
    (tmp_path / "link").symlink_to(place)
    place.write_text(f"{credentials().masters.text}\n")
    (tmp_path / "other").write_text("another-long-secret\n")
    ask: dict[str, File | None] = {
        str(place): file,
        str(tmp_path / "other"): file,
        str(tmp_path / "link"): file,
    }
    ask |= {str(tmp_path / "gone"): file, str(tmp_path): None}
    asked = Questions(sealed=ask)
    said = run(observed.script(asked, "salt" * 8, waits=False), tmp_path, shell=shell).stdout.decode()
    assert "secret" not in said.replace(str(tmp_path), "")
    paths = observed.read(said, "salt" * 8, asked).paths
    told = {path.rpartition("/")[2]: (each.kind, each.text == file.text) for path, each in paths.items()}
    assert told.pop(tmp_path.name) == ("directory", False)
    assert told == {
        "credentials.json": ("regular file", True),
        "other": ("regular file", False),
        "link": ("symbolic link", False),
        "gone": ("absent", False),
    }


def test_an_open_cluster_looks_for_secrets_that_were_left() -> None:
    items = runbook.wanted(BOTH, cluster(), cluster().nodes[0])
    assert sealed.asked(items) == dict.fromkeys(path for each in of(Unsealed, items) for path in each.paths)
    assert len(sealed.asked(items)) == 12


# By what members say as they run


def flags(**flags: str) -> str:
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'flags': flags})}"


def test_flags_tell_who_runs_with_credentials() -> None:
    assert locking.runs_with(flags(credentials="/f"), "mesos_master") is True
    assert locking.runs_with(flags(credential="/f"), "mesos_agent") is True
    assert locking.runs_with(flags(port="5050"), "mesos_master") is False
    assert locking.runs_with("HTTP/1.1 401 Unauthorized\r\n\r\n", "mesos_master") is None
    assert locking.runs_with("", "mesos_agent") is None


@given(any_json("flags", "credential", "credentials"))
def test_any_answer_is_read(said: object) -> None:
    text = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(said)}"
    assert locking.runs_with(text, "mesos_master") in (True, False, None)


def hosts(was: Cluster, wanted: Cluster, **said: str) -> FakeHosts:
    def says(question: Question) -> str:
        return said["master" if question.port == 5050 else "agent"] if "/flags" in question.word else ""

    return FakeHosts(wanted, seen_in(was), says=says)


def test_agents_alone_get_no_credential_while_a_master_has_none() -> None:
    those, found = hosts(cluster(), cluster("one"), master=flags(port="5050")), seen_in(cluster())
    run = Run(those, [MESOS_AGENT])
    preview = previewed(run, found, {})
    with pytest.raises(Blocked, match=r"The masters on 10\.0\.0\.1, \.2, \.3 do not run with credentials"):
        gate.refuse(run, preview)
    with pytest.raises(GateNotReached, match="do not run with credentials"):
        gate.ready(those, MESOS_AGENT, preview.plans, found)
    ready = hosts(cluster(), cluster("one"), master=flags(credentials="/f"))
    gate.refuse(Run(ready, [MESOS_AGENT]), preview)
    gate.ready(ready, MESOS_AGENT, preview.plans, found)


def test_masters_alone_lose_no_credentials_while_an_agent_may_show_one() -> None:
    found = seen_in(cluster("one"))
    for said in (flags(credential="/f"), ""):
        those = hosts(cluster("one"), cluster(), agent=said)
        preview = previewed(Run(those, [MESOS_MASTER]), found, {})
        with pytest.raises(Blocked, match=r"The agents on 10\.0\.0\.1, \.9 do not say that they run without"):
            gate.refuse(Run(those, [MESOS_MASTER]), preview)
    gate.refuse(Run(hosts(cluster("one"), cluster(), agent=flags(port="5051")), [MESOS_MASTER]), preview)


def test_whoever_does_both_is_not_refused_and_an_open_cluster_is_not_asked() -> None:
    for was, wanted in ((cluster(), cluster("one")), (cluster("one"), cluster())):
        those = FakeHosts(wanted, seen_in(was), says=lambda question: pytest.fail("somebody was asked"))
        gate.refuse(Run(those, BOTH), previewed(Run(those, BOTH), seen_in(was), {}))


def test_an_agent_that_its_log_does_not_say_has_authenticated_is_not_believed() -> None:
    leads = json.dumps({"master/elected": 1, "registrar/log/recovered": 1})

    def says(question: Question) -> str:
        return f"HTTP/1.1 200 OK\r\n\r\n{leads}" if question.address == A else ""

    those = FakeHosts(cluster("one"), {}, says=says)
    agents = [node for node in those.cluster.nodes if "mesos_agent" in node.roles]
    with pytest.raises(GateNotReached, match="does not say that it has authenticated with the leading"):
        gate.proven(those, agents)
    with pytest.raises(GateNotReached, match="does not say that it has authenticated with the leading"):
        gate.proven(
            FakeHosts(cluster("one"), {}, says=says).among([D]), agents[-1:]
        )  # no master is in the run
    gate.proven(FakeHosts(cluster(), {}), agents)
    quiet = FakeHosts(cluster("one", "mesos_agent_environment=MESOS_LOGGING_LEVEL=WARNING"), {}, says=says)
    gate.proven(quiet, [node for node in quiet.cluster.nodes if "mesos_agent" in node.roles])
