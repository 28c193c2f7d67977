"""Marathon shows its principal in the order that ends no leading master, wherever a run is cut short."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from hypothesis import given
from hypothesis import strategies as st
from samples import any_json, as_wanted

from tasks.engine import demanding, principals
from tasks.engine.performing import perform
from tasks.engine.preview import Preview, outlook, previewed
from tasks.engine.refusals import refuse
from tasks.engine.run import Run
from tasks.errors import Blocked, GateNotReached
from tasks.inventory.cluster import Cluster
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Question
from tasks.plan.look.observed import Observed
from tasks.plan.marathon import introduction
from tasks.plan.marathon.introduction import Move, Now, next_move
from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS, MARATHON, MESOS_MASTER
from tasks.plan.schedule import schedule
from tasks.plan.step import Step

A, B, C = NAMES = tuple(f"10.0.0.{last}" for last in (1, 2, 3))
IMAGES = "mesosphere/marathon:v1.5.{}"


@cache
def cluster(shown: bool, more: str = "", count: int = 3) -> Cluster:
    """A cluster whose members know each other, or one that is open."""
    hosts = "".join(f"{name} number={id}\n" for id, name in enumerate(NAMES, start=1))
    own = "".join(hosts.splitlines(keepends=True)[:count])
    security = "security=permissive\nsecrets_file=s\n" if shown else ""
    ensemble = "".join(f"{name} myid={id}\n" for id, name in enumerate(NAMES, start=1))
    text = f"[zookeeper]\n{ensemble}[mesos_master]\n{hosts}[marathon]\n{own}[all:vars]\n{security}{more}"
    known = Credentials({who: Credential(who, Secret(f"a-long-secret-of-{who}")) for who in WHO})
    return replace(parse(text), credentials=known if shown else None)


class Died(AssertionError):
    """A leading master has ended, or refused Marathon."""


@dataclass
class World:
    """Masters and Marathons as section M of the facts has them.

    `knows` is what the leading master knows of the framework: its principal, that it has none, or nothing at
    all. It is `fresh` before any Marathon came; agents, if there are `tasks`, tell the next one what they
    were `told`.
    """

    knows: bool | None = False
    fresh: bool = False
    told: bool = False
    tasks: bool = True
    masters: list[str] = field(default_factory=lambda: [B, C, A])
    line: list[str] = field(default_factory=lambda: [C, A, B])
    credentials: set[str] = field(default_factory=set)
    shows: set[str] = field(default_factory=set)
    changes: int = 0

    def subscribe(self) -> None:
        """Whoever is the first of the line leads, and comes to the leading master."""
        shows = self.line[0] in self.shows
        if shows and self.masters[0] not in self.credentials:
            raise Died("refused authentication")
        if shows and self.knows is False and not self.fresh:
            raise Died("metrics->frameworks.contains(principal.get())")
        self.knows = shows if self.knows is None else self.knows
        self.fresh, self.told = False, shows

    def make_master(self, name: str, shown: bool | None) -> None:
        """Restart a master, or make it anew with credentials or without; if it led, the next one does."""
        led = self.masters[0] == name
        self.masters = [*(each for each in self.masters if each != name), name]
        if shown is not None:
            (self.credentials.add if shown else self.credentials.discard)(name)
        if led:
            self.changes += 1
            self.knows, self.fresh = (self.told if self.tasks else None), True
            self.line = [*self.line[1:], self.line[0]]
            self.subscribe()

    def make_marathon(self, name: str, shown: bool | None) -> None:
        """Restart a Marathon, or make it anew so that it shows its principal or does not."""
        led = self.line[0] == name
        self.line = [*(each for each in self.line if each != name), name]
        if shown is not None:
            (self.shows.add if shown else self.shows.discard)(name)
        if led:
            self.subscribe()

    def says(self, question: Question) -> str:
        """Answer as the members do now."""
        if question.port == 2181:
            return ensemble_led_by(A)(question)
        if "/flags" in question.word:
            own = {"credentials": "/f"} if question.address in self.credentials else {"port": "5050"}
            return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'flags': own})}"
        return self.metrics(question.address) if question.port == 5050 else self.info()

    def metrics(self, name: str) -> str:
        leads = name == self.masters[0]
        counted = {"frameworks/marathon/messages_received": 0.0} if leads and self.knows else {}
        log = {
            "registrar/log/recovered": 1,
            "registrar/log/ensemble_size": 3,
            "registrar/registry_size_bytes": 9,
        }
        return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps({'master/elected': int(leads), **log, **counted})}"

    def info(self) -> str:
        url = f"http://{self.masters[0]}:5050/"
        known = {"leader": f"{self.line[0]}:8080", "frameworkId": "f", "version": "1.5.8"}
        return "HTTP/1.1 200 OK\r\n\r\n" + json.dumps(
            {**known, "marathon_config": {"mesos_leader_ui_url": url}}
        )

    def seen(self, name: str, shown: bool) -> Observed:
        """Look at a host: what has credentials, and what has not yet; ZooKeeper is as it is to be."""
        of_open, of_known = (
            as_wanted(one, next(node for node in one.nodes if node.name == name))
            for one in (cluster(False), cluster(True))
        )
        has = {"mesos-master-": name in self.credentials, "marathon-": name in self.shows, "zookeeper": shown}
        containers = {
            called: (
                of_known if any(called.startswith(its) and has[its] for its in has) else of_open
            ).containers[called]
            for called in of_open.containers
        }
        homes = {"mesos_master": has["mesos-master-"], "marathon": has["marathon-"], "zookeeper": shown}
        lacks = tuple(f"/etc/mesofab-secure/{role}" for role, there in homes.items() if not there)
        base = of_known if shown else of_open
        paths = {**of_known.paths, **base.paths}
        paths = {path: one for path, one in paths.items() if not path.startswith(lacks)}
        answers = {**base.answers, "mesos_master metrics": self.metrics(name), "marathon info": self.info()}
        return replace(base, containers=containers, paths=paths, answers=answers)


class WorldOfHosts(FakeHosts):
    """Hosts on which each step changes the world; Ctrl-C is typed before so many steps are done."""

    def __init__(self, of: Cluster, world: World, cut: int = -1) -> None:
        super().__init__(of, says=world.says, in_vain=True)
        self.world, self.cut = world, cut

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        for name, step in ((name, step) for name, own in steps.items() for step in own):
            if self.cut == 0:
                raise KeyboardInterrupt
            self.cut -= 1
            super().act({name: [step]})
            if step.id is Id.ZOOKEEPER_RUN and step.phase == "replace" and name == A:  # which leads
                self.world.make_marathon(self.world.line[0], None)
            makes = {Id.MASTER_RUN: self.world.make_master, Id.MARATHON_RUN: self.world.make_marathon}.get(
                step.id
            )
            if makes and step.phase in ("replace", "introduce") and "stop" not in step.title:
                anew = step.title.startswith("replace")
                makes(name, self.cluster.credentials is not None if anew else None)
        return dict.fromkeys(steps, "")


def found(world: World, shown: bool, more: str = "", cut: int = -1) -> tuple[Run, Preview]:
    run = Run(WorldOfHosts(cluster(shown, more), world, cut))
    return run, previewed(run, {name: world.seen(name, shown) for name in NAMES}, {})


def deploy(world: World, shown: bool, more: str = "", cut: int = -1) -> list[str]:
    run, preview = found(world, shown, more, cut)
    refuse(run, preview)
    perform(run, preview)
    assert isinstance(run.hosts, WorldOfHosts)
    return [each for each in run.hosts.done if " remove " not in each and " stop " not in each]


def left(world: World, shown: bool) -> list[str]:
    """What a deploy would still do, but for files and what it tidies up."""
    plans = found(world, shown)[1].plans
    return [step.title for plan in plans.values() for step in plan.in_phase("replace", "introduce")]


def test_standbys_come_first_then_another_master_leads_then_the_last_one_and_another_once_more() -> None:
    world = World()
    done = [each[5:] for each in deploy(world, True) if " re" in each]
    masters = ["replace mesos-master-01", "replace mesos-master-03", "replace mesos-master-02"]
    assert sorted(done[:3]) == sorted(masters) and done[2] == masters[2]  # which led
    assert [each.partition("-")[0] for each in done[3:]] == [
        *("replace marathon", "replace marathon", "restart mesos"),
        *("replace marathon", "restart mesos"),
    ]
    assert world.knows and world.shows == {*NAMES} and world.changes == 3
    assert left(world, True) == []
    for name in (*world.line,):
        world.make_marathon(name, None)


def test_wherever_a_run_is_cut_short_the_next_one_goes_on_and_no_master_ends() -> None:
    cut = 0
    while True:
        world = World()
        try:
            deploy(world, True, cut=cut)
            break
        except KeyboardInterrupt:
            deploy(world, True)
        assert world.knows and world.shows == {*NAMES} and left(world, True) == [], cut
        cut += 1
    assert cut > 12


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 24)), max_size=4), st.booleans())
def test_on_and_off_and_cut_anywhere_no_master_ends(runs: list[tuple[bool, int]], tasks: bool) -> None:
    world = World(tasks=tasks)
    for shown, cut in [*runs, (True, -1), (False, -1), (True, -1)]:
        try:
            deploy(world, shown, cut=cut)
        except KeyboardInterrupt:
            continue
    assert world.knows and left(world, True) == []


def test_what_would_make_marathon_fail_over_waits_if_it_was_begun() -> None:
    """A restart of ZooKeeper's leader ends every Marathon."""
    for begun in (
        World(credentials={*NAMES}, shows={A, B}),
        World(credentials={*NAMES}, shows={*NAMES}, line=[A, B, C]),
    ):
        done = deploy(begun, True, "zookeeper_sync_limit=5")
        order = [each for each in done if " re" in each and "stop" not in each]
        last = max(i for i, each in enumerate(order) if "marathon" in each or "mesos" in each)
        first = min(i for i, each in enumerate(order) if "zookeeper" in each)
        assert last < first and begun.knows
    fresh = World()
    order = [each for each in deploy(fresh, True, "zookeeper_sync_limit=5") if " replace " in each]
    assert max(i for i, each in enumerate(order) if "zookeeper" in each) < min(
        i for i, each in enumerate(order) if "marathon" in each
    )


def test_one_more_change_is_due_while_the_leading_master_does_not_know_it() -> None:
    world = World(credentials={*NAMES}, shows={*NAMES}, told=True)
    assert left(world, True) == ["restart mesos-master-02"]
    assert [each for each in deploy(world, True)] == [f"{B[-4:]} restart mesos-master-02"]
    assert left(world, True) == []


def test_a_framework_without_a_task_needs_one_change_alone() -> None:
    world = World(credentials={*NAMES}, tasks=False)
    deploy(world, True)
    assert world.changes == 1 and world.knows


def test_a_master_that_knows_the_principal_already_is_not_restarted() -> None:
    world = World(credentials={*NAMES}, knows=True, told=True)
    deploy(world, True)
    assert world.changes == 0 and world.shows == {*NAMES}


def test_back_marathons_come_first_then_masters() -> None:
    world = World(knows=True, told=True, credentials={*NAMES}, shows={*NAMES})
    order = [each.partition(" replace ")[2][:5] for each in deploy(world, False) if " replace " in each]
    assert order == ["marat"] * 3 + ["mesos"] * 3


def test_agents_that_never_learn_it_end_the_run_with_a_sentence() -> None:
    class Deaf(World):
        def subscribe(self) -> None:
            super().subscribe()
            self.told = False

    with pytest.raises(GateNotReached, match="also after 4 changes of the leading master"):
        deploy(Deaf(), True)


# Refused


def test_marathon_alone_is_refused() -> None:
    world = World(credentials={*NAMES})
    whole, _ = found(world, True)
    run = Run(whole.hosts, [MARATHON])
    preview = previewed(run, {name: world.seen(name, True) for name in NAMES}, {})
    with pytest.raises(Blocked, match="the leading master has to change twice for that"):
        refuse(run, preview)
    assert outlook(run, preview).turns  # a plan shows the rest all the same
    some = Run(whole.hosts.among([A, B]))
    with pytest.raises(Blocked, match="`fab deploy-cluster` of all hosts does it in order"):
        refuse(some, previewed(some, {name: world.seen(name, True) for name in (A, B)}, {}))


def test_masters_alone_lose_no_credentials_while_a_marathon_may_show_one() -> None:
    world = World(knows=True, credentials={*NAMES}, shows={*NAMES})
    run = Run(found(world, False)[0].hosts, [MESOS_MASTER])
    preview = previewed(run, {name: world.seen(name, False) for name in NAMES}, {})
    with pytest.raises(Blocked, match="this run does not see to all Marathons"):
        refuse(run, preview)


def test_an_only_marathon_and_another_version_are_refused() -> None:
    world = World(credentials={*NAMES}, line=[A])
    one = cluster(True, count=1)
    plans = runbook.plans(runbook.CHAPTERS, one, one.nodes, {name: world.seen(name, True) for name in NAMES})
    assert any("it is the only one" in each for each in plans[A].obstacles)
    newer = f"marathon_image={IMAGES.format(9)}\n"
    seen = {name: World().seen(name, True) for name in NAMES}
    plans = runbook.plans(runbook.CHAPTERS, cluster(True, newer), cluster(True, newer).nodes, seen)
    assert all("each needs an order of its own" in str(plan.obstacles) for plan in plans.values())


def test_nobody_hands_over_marathon_while_that_would_end_a_master() -> None:
    world = World(credentials={*NAMES}, shows={*NAMES})
    run, preview = found(world, True)
    with pytest.raises(
        Blocked, match="Marathon is not handed over now: the leading master knows Marathon without"
    ):
        principals.refuse_if_unfinished(run, preview.seen, "Marathon is not handed over now")
    world.knows = True
    principals.refuse_if_unfinished(run, preview.seen, "Marathon is not handed over now")
    principals.refuse_if_unfinished(found(world, False)[0], preview.seen, "Marathon is not handed over now")


# Decisions


names = st.frozensets(st.sampled_from(NAMES))


@given(names, st.sampled_from(NAMES), st.booleans())
def test_whoever_leads_and_lacks_it_is_made_anew_only_where_it_is_known(
    lacking: frozenset[str], leader: str, known: bool
) -> None:
    move = next_move(Now(lacking, leader, known))
    if move == Move(leader):
        assert known and lacking == {leader}
    if move == Move():
        assert not known and lacking <= {leader}
    assert (move is None) == (known and not lacking)


@given(any_json("leader", "frameworkId", "marathon_config", "mesos_leader_ui_url", "master/elected"))
def test_any_answer_is_read(said: object) -> None:
    text = f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(said)}"
    told = {"mesos_master": {A: {"metrics": text}}, "marathon": {A: {"info": text}}}
    assert introduction.state(cluster(True), frozenset(), told) is None
    world = World(line=[A], masters=[A])
    told = {"mesos_master": {A: {"metrics": world.metrics(A)}}, "marathon": {A: {"info": world.info()}}}
    assert introduction.state(cluster(True), frozenset(), told) == Now(frozenset(), A, False, A)


def test_the_plan_foretells_both_changes() -> None:
    run, preview = found(World(), True)
    told = [turn.what for turn in outlook(run, preview).turns]
    assert [each for each in told if "that leads" in each] == [
        "restarts the master that leads, so that Marathon shows its principal to another one",
        "restarts the master that leads then, so that the next one knows that principal",
    ]


# Masters that demand credentials of frameworks


STRICT = replace(cluster(True), settings=replace(cluster(True).settings, security="strict"))


def test_masters_demand_it_of_frameworks_when_marathon_has_shown_its_principal() -> None:
    seen = {node.name: as_wanted(cluster(False), node) for node in STRICT.nodes}
    plans = runbook.plans(CHAPTERS, STRICT, STRICT.nodes, seen)
    kinds = [entry.kind for entry in schedule(CHAPTERS, plans, ())]
    assert kinds.index("introduce") < kinds.index("roll")


def test_no_master_demands_anything_while_the_leading_one_does_not_know_marathons_principal() -> None:
    seen = {node.name: as_wanted(cluster(True), node) for node in STRICT.nodes}
    plans = runbook.plans(CHAPTERS, STRICT, STRICT.nodes, seen)
    unknown, known = World(credentials={*NAMES}), World(credentials={*NAMES}, knows=True)
    hosts = FakeHosts(STRICT, seen, says=unknown.says, in_vain=True)
    with pytest.raises(GateNotReached, match="does not know Marathon's principal"):
        demanding.ready(hosts, MESOS_MASTER, plans, seen)
    run = Run(hosts, [MESOS_MASTER])
    with pytest.raises(Blocked, match="The leading master does not know Marathon's principal"):
        demanding.refuse(run, previewed(run, seen, {}))
    hosts = FakeHosts(STRICT, seen, says=known.says, in_vain=True)
    with pytest.raises(GateNotReached, match="agents could have authenticated"):
        demanding.ready(hosts, MESOS_MASTER, plans, seen)  # the next question is that of agents
