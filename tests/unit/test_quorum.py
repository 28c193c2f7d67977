"""ZooKeeper's members authenticate each other: stage by stage, neighbours only, wherever a run is cut."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from threading import Thread

import pytest
from fake_ensemble import FakeEnsemble
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted
from test_members import membership_of

from tasks.engine.deploy import deploy
from tasks.engine.preview import outlook, plan
from tasks.engine.run import Run
from tasks.errors import Blocked, RolledBack
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.credentials import MEMBERS_FILE, WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.desired import Container, File, Unsealed, of
from tasks.plan.look import candidates, sealed
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.step import Action, Step
from tasks.plan.zookeeper import sasl
from tasks.plan.zookeeper.desired import ASKED, FOUR_LETTER_WORDS, data, zoo_cfg
from tasks.plan.zookeeper.service import Ensemble
from verify import proofs

JAAS = "/etc/mesofab-secure/zookeeper/jaas.conf"
SECURITY = ("open", "permissive", "strict")


@cache
def cluster(security: str, *ids: int, salt: str = "one", more: str = "") -> Cluster:
    """A cluster that hosts.ini secures so."""
    lines = "".join(f"10.0.0.{id} myid={id}\n" for id in ids or (1, 2, 3))
    found = parse(f"[zookeeper]\n{lines}[all:vars]\nlog_size=9m\n{more}")
    secrets = Credentials({who: Credential(who, Secret(f"{salt}-secret-of-{who}")) for who in WHO})
    known = None if security == "open" else secrets
    return replace(found, settings=replace(found.settings, security=security), credentials=known)


@cache
def at(stage: int, *ids: int) -> Cluster:
    """A cluster whose members have come so far."""
    return replace(cluster("strict" if stage else "open", *ids), proving=stage)


@dataclass
class State:
    """The form that each member was made in, and who is up; `cut` steps are done before Ctrl-C."""

    wanted: Cluster
    forms: dict[str, Cluster]
    leader: str
    up: set[str]
    cut: int = -1
    done: list[str] = field(default_factory=list)

    @property
    def stages(self) -> dict[str, int]:
        return {name: sasl.stage(form) for name, form in self.forms.items() if name in self.up}


def state(wanted: Cluster, *stages: int, leader: int = 1, cut: int = -1) -> State:
    """Members that run with these stages, in the order of their ids; those that have none are not there."""
    ids = range(1, len(stages) + 1)
    forms = {f"10.0.0.{id}": at(stage, *ids) for id, stage in zip(ids, stages, strict=True)}
    return State(wanted, forms, f"10.0.0.{leader}", set(forms), cut)


class Members(FakeEnsemble[State]):
    """Members that serve if all of them are neighbours."""

    def __init__(self, state: State) -> None:
        super().__init__(state.wanted, state)

    def _seen(self, node: Node) -> Observed:
        form = self.state.forms.get(node.name)
        if form is None:
            images = as_wanted(self.state.wanted, node).images
            return Observed(engine=True, addresses=frozenset({node.address}), images=images)
        seen = as_wanted(form, node)
        if node.name not in self.state.up:
            ended = replace(seen.containers["zookeeper"], status="exited")
            seen = replace(seen, containers={"zookeeper": ended})
        return replace(seen, answers=self.answers_of(node.address), holdings={data(node): ("log.1",)})

    def leader(self) -> str:
        return self.state.leader

    def do(self, name: str, step: Step) -> None:
        if step.action in (Action.RUN, Action.REPLACE):
            self.down(name)
            self.state.forms[name] = self.cluster
            self.state.up.add(name)
            self.state.done.append(f"{name[-1]}>{sasl.stage(self.cluster)}")
        elif step.action is Action.START:
            self.state.up.add(name)
        now = self.state.stages
        assert max(now.values()) - min(now.values()) <= 1, f"{now} after {self.state.done}"

    def down(self, name: str) -> None:
        self.state.up.discard(name)
        if name == self.state.leader:
            self.state.leader = min(self.state.up)
        assert len(self.state.up) > len(self.state.forms) // 2, f"no quorum after {self.state.done}"


def deployed(state: State) -> list[str]:
    with suppress(KeyboardInterrupt):
        deploy(Run(Members(state), [ZOOKEEPER]))
    return state.done


def refused(state: State, hosts: Sequence[str] = ()) -> str:
    members = Members(state)
    with pytest.raises(Blocked) as error:
        deploy(Run(members.among(hosts) if hosts else members, [ZOOKEEPER]))
    assert not state.done
    return str(error.value)


def says(state: State) -> list[str]:
    run = Run(Members(state), [ZOOKEEPER])
    return [turn.what for turn in outlook(run, plan(run)).turns if "authenticate" in turn.what]


# The way


@given(st.integers(0, 2), st.booleans(), st.integers(0, 3))
def test_every_stage_on_the_way_is_a_neighbour_of_the_one_before_and_the_last_one_of_the_wanted(
    low: int, mixed: bool, wanted: int
) -> None:
    running = {low, low + mixed}
    for number in [*sasl.way(min(running), max(running), wanted), wanted]:
        assert all(abs(number - each) <= 1 for each in running)
        running = {number}


def test_a_deploy_goes_through_all_stages_and_the_leader_restarts_last_in_each() -> None:
    there = state(cluster("strict"), 0, 0, 0)
    assert deployed(there) == ["2>1", "3>1", "1>1", "1>2", "3>2", "2>2", "2>3", "3>3", "1>3"]
    assert deployed(there)[9:] == []
    back = state(cluster("open"), 3, 3, 3, leader=3)
    assert deployed(back) == ["1>2", "2>2", "3>2", "2>1", "3>1", "1>1", "1>0", "3>0", "2>0"]
    assert [each[1:] for each in deployed(state(cluster("permissive"), 3, 3, 3))] == [">2"] * 3 + [">1"] * 3
    assert deployed(state(cluster("permissive"), 0, 0, 0)) == ["2>1", "3>1", "1>1"]


def test_a_plan_says_which_stage_is_next_and_what_follows() -> None:
    told = "ZooKeeper's members authenticate each other, stage {} of 3: each {}; they restart one by one"
    there = cluster("strict")
    last = [told.format(2, "proves who it is"), told.format(3, "demands a proof")]
    assert says(state(there, 0, 0, 0)) == [told.format(1, "accepts a proof"), *last]
    assert says(state(there, 1, 2, 1)) == last
    assert says(state(there, 2, 2, 3)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SECURITY),
    st.integers(0, 2),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.integers(1, 3),
    st.integers(0, 40),
    st.booleans(),
    st.sampled_from(SECURITY),
)
def test_from_neighbours_every_target_is_reached_wherever_runs_are_cut(
    security: str, low: int, above: list[bool], leader: int, cut: int, half: bool, then: str
) -> None:
    there = state(cluster(security), *(low + each for each in above), leader=leader, cut=cut)
    deployed(there)
    if half and there.cut == 0:  # within a replacement: the old one is stopped, the new file in its place
        down = next(name for name in there.up if name != there.leader)
        there.up.discard(down)
    there.wanted, there.cut = cluster(then), -1
    deployed(there)
    assert there.stages == dict.fromkeys(there.forms, sasl.stage(there.wanted))
    count = len(there.done)
    assert len(deployed(there)) == count, "nothing was left to do"


def test_one_that_is_two_stages_away_and_does_not_serve_is_brought_back_first() -> None:
    there = state(cluster("strict"), 1, 1, 3)
    there.up.discard("10.0.0.3")
    there.forms["10.0.0.3"] = at(3)
    assert deployed(there)[0] == "3>2"


# Members that come


@pytest.mark.parametrize("leader", [1, 3])
@pytest.mark.parametrize("running", [(1, 1, 1), (3, 3, 3), (2, 1, 2)])
def test_new_members_get_the_stage_that_runs_and_go_on_from_there(running: tuple[int], leader: int) -> None:
    there = state(cluster("strict", 1, 2, 3, 4, 5), *running, leader=leader)
    assert deployed(there)[0] == f"4>{max(running)}"
    assert there.stages == dict.fromkeys(there.forms, 3) and len(there.forms) == 5


def test_members_do_not_change_while_less_authentication_is_wanted() -> None:
    told = refused(state(cluster("permissive", 1, 2, 3, 4, 5), 3, 3, 3))
    assert "are to authenticate each other less than now" in told and "other members, or security" in told


def test_a_fresh_ensemble_starts_at_once_with_what_is_wanted() -> None:
    there = State(cluster("strict"), {}, "10.0.0.1", set())
    seen = {node.name: Members(there)._seen(node) for node in there.wanted.nodes}
    assert membership_of(there.wanted, seen).stages == ()


# What is refused


def test_a_run_of_some_hosts_goes_no_further_than_the_others_can_follow() -> None:
    told = refused(state(cluster("strict"), 0, 0, 0), ["10.0.0.1"])
    assert "this run leaves out 10.0.0.2, .3. Run without -H" in told
    one = state(cluster("permissive"), 0, 0, 0, leader=3)
    deploy(Run(Members(one).among(["10.0.0.1"]), [ZOOKEEPER]))
    assert one.done == ["1>1"]


def test_other_secrets_than_those_that_members_show_are_refused() -> None:
    class Others(Members):
        def _seen(self, node: Node) -> Observed:
            seen = super()._seen(node)
            return replace(seen, paths={**seen.paths, JAAS: replace(seen.path(JAAS), text=sealed.OTHER)})

    there = state(cluster("strict"), 3, 3, 3)
    with pytest.raises(Blocked, match="jaas.conf has other secrets than secrets_file"):
        deploy(Run(Others(there), [ZOOKEEPER]))
    there = state(cluster("permissive"), 1, 1, 1)
    deployed_others = Run(Others(there), [ZOOKEEPER])
    deploy(deployed_others)
    assert there.done == ["2>1", "3>1", "1>1"], "nobody shows any yet"


@pytest.mark.parametrize(("version", "fits"), [("3.4.9", False), ("3.4.10", True), ("3.8.0", True)])
def test_a_version_that_cannot_authenticate_members_is_refused(version: str, fits: bool) -> None:
    wanted = cluster("permissive", more=f"zookeeper_image=zookeeper:{version}\n")
    node = wanted.nodes[0]
    blockers = runbook.missing([ZOOKEEPER], wanted, node, as_wanted(wanted, node)).blockers
    assert bool(blockers) is not fits
    assert all("from 3.4.10 on, and hosts.ini wants 3.4.9" in str(each) for each in blockers)


# What a member has


def test_a_member_is_given_the_lines_of_its_stage_and_by_path_the_secret() -> None:
    for number in range(4):
        form = at(number)
        assert [line for line in zoo_cfg(form, form.nodes[0]).splitlines() if "quorum" in line] == [
            f"{key}=true" for key in sasl.KEYS[:number]
        ]
        assert sasl.runs_with(zoo_cfg(form, form.nodes[0])) == number
    (made,) = runbook.containers([ZOOKEEPER], at(1), at(1).nodes[0])
    assert made.environment == (("SERVER_JVMFLAGS", f"-Xmx512m -Djava.security.auth.login.config={JAAS}"),)
    assert f"{JAAS}:{JAAS}:ro" in [mount.bind for mount in made.mounts]
    file = next(each for each in made.files if each.sealed)
    assert (file.mode, file.owner, file.text) == ("400", "1000", f"{MEMBERS_FILE}\n")


def test_a_zookeeper_alone_has_nobody_to_prove_anything_to() -> None:
    wanted = cluster("strict", 1)
    items = runbook.wanted([ZOOKEEPER], wanted, wanted.nodes[0])
    assert "quorum" not in of(File, items)[0].text and of(Unsealed, items)


def test_on_the_way_back_to_open_the_file_stays_until_the_last_stage() -> None:
    back = replace(cluster("open"), proving=1)
    items = runbook.wanted([ZOOKEEPER], back, back.nodes[0])
    assert [file.name for file in of(File, items)] == ["zoo.cfg"] and not of(Unsealed, items)
    (there,), (before,) = of(Container, items), runbook.containers([ZOOKEEPER], at(1), at(1).nodes[0])
    assert there.digest == before.digest, "it is the same container, which need not be made anew"
    last = cluster("open")
    assert of(Unsealed, runbook.wanted([ZOOKEEPER], last, last.nodes[0]))[0].paths[0] == JAAS


def test_the_file_says_who_members_are_as_zookeeper_reads_it() -> None:
    known = cluster("strict").credentials
    assert known
    assert known.members.text == (
        "QuorumServer {\n"
        "  org.apache.zookeeper.server.auth.DigestLoginModule required\n"
        '  user_zookeeper="one-secret-of-zookeeper";\n'
        "};\n"
        "QuorumLearner {\n"
        "  org.apache.zookeeper.server.auth.DigestLoginModule required\n"
        '  username="zookeeper" password="one-secret-of-zookeeper";\n'
        "};"
    )


def test_no_step_holds_a_secret_and_the_file_is_given_to_its_user_before_it_is_in_place() -> None:
    wanted = cluster("permissive")
    steps = runbook.from_nothing([ZOOKEEPER], wanted, wanted.nodes[0]).steps
    text = "".join(step.shell for step in steps)
    assert MEMBERS_FILE in text and "secret-of" not in text
    write = next(step.shell for step in steps if MEMBERS_FILE in step.shell)
    assert write.index(f"chown 1000 {JAAS}.next") < write.index(f"swap {JAAS}.next {JAAS}")


def test_a_member_that_fails_is_put_back_and_what_may_be_wrong_is_said() -> None:
    class Deaf(Members):
        def says_of(self, address: str, word: str) -> str:
            said = super().says_of(address, word)
            return "not currently serving\n" if said and self.state.done and address == "10.0.0.2" else said

        def do(self, name: str, step: Step) -> None:
            if step.action is Action.PUT_BACK:
                self.state.forms[name] = at(0)
                self.state.done.clear()
            else:
                super().do(name, step)

    there = state(cluster("permissive", more="gate_timeout=10\n"), 0, 0, 0)
    with pytest.raises(RolledBack) as error:
        deploy(Run(Deaf(there), [ZOOKEEPER]))
    assert f"it cannot read {JAAS}, or has another secret there than the others" in str(error.value)
    assert set(there.stages.values()) == {0}
    assert "Not touched: 10.0.0.1, .3" in str(error.value)


# Four-letter words


def test_zookeeper_allows_the_words_that_we_ask_and_no_others_unless_it_is_open() -> None:
    wanted = cluster("open")
    node = wanted.nodes[0]
    ours = {question.word for question in Ensemble().questions(wanted, node).values()}
    ours |= {candidates.question(wanted, node).word}
    ours |= {question.word for question in candidates.connections(wanted).values()}
    suite = "".join(path.read_text() for path in Path("verify").rglob("*.py"))
    asked = {*re.findall(r"\bask\([^()]*,\s*\"([a-z]{4})\"", suite)}
    assert {"srvr", "conf", "mntr"} <= asked
    assert ",".join(sorted(ours | asked)) == ASKED
    allowed = [f"4lw.commands.whitelist={words}\n" for words in (FOUR_LETTER_WORDS, ASKED, ASKED)]
    for security, line in zip(("open", "permissive", "strict"), allowed, strict=True):
        assert line in zoo_cfg(cluster(security), node)


# The suite


@contextmanager
def member(hangs_up: bool) -> Iterator[tuple[str, int]]:
    """A port at which a hello is heard, and either the line cut or nothing done."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(64)
                if not hangs_up:
                    line.recv(64)  # until the other one goes

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()
        thread.join()


def test_the_suite_knocks_at_a_strict_ensemble_and_tells_of_a_port_that_lets_it_stay() -> None:
    def knocked(security: str, hangs_up: bool) -> list[str]:
        with member(hangs_up) as (address, port):
            wanted = cluster(security, more=f"zookeeper_election_port={port}\n")
            node = replace(wanted.nodes[0], address=address)
            return [str(one) for one in proofs.found(wanted, node, leads=False, patience=0.5)]

    assert knocked("strict", True) == []
    (told,) = knocked("strict", False)
    assert "lets somebody stay who proves nothing" in told
    assert [*proofs.found(cluster("permissive"), cluster("permissive").nodes[0], leads=True)] == []
