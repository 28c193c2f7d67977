"""The order of a run: everything once, what others lean on first, what is changed is checked."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS, MARATHON, MESOS_MASTER, ZOOKEEPER, Chapter
from tasks.plan.schedule import Entry, schedule
from tasks.plan.step import Action, HostPlan, Phase, Step

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
SERVICES = tuple(chapter for chapter in CHAPTERS if chapter.members)
STEPS = {id.service: id for id in Id}
"""A step of each service, whichever."""

ORDER: tuple[Phase, ...] = ("stage", "start", "replace", "settle")

steps = st.builds(
    lambda chapter, phase: Step(STEPS[chapter.service], Action.RUN, "step", "why", "true\n", phase),
    st.sampled_from(SERVICES),
    st.sampled_from(ORDER),
)
plans = st.fixed_dictionaries(
    {
        host: st.lists(steps, max_size=8).map(lambda own, host=host: HostPlan(host, (), tuple(own)))  # type: ignore[misc]
        for host in HOSTS
    }
)


def told(entries: list[Entry]) -> list[str]:
    return [f"{entry.kind} {', '.join(chapter.title for chapter in entry.chapters)}" for entry in entries]


def plan(host: str, *steps: tuple[Chapter, Phase]) -> HostPlan:
    made = (Step(STEPS[each.service], Action.RUN, "step", "", "true\n", phase) for each, phase in steps)
    return HostPlan(host, (), tuple(made))


def test_a_first_deploy_starts_all_else_as_soon_as_zookeeper_serves_and_checks_in_the_runbooks_order() -> (
    None
):
    first = {host: plan(host, *((each, "start") for each in SERVICES)) for host in HOSTS}
    assert told(list(schedule(CHAPTERS, first, SERVICES))) == [
        "stage ",
        "start ZooKeeper",
        "check ZooKeeper",
        "start Mesos masters, Marathon, Mesos agents",
        "check Mesos masters",
        "check Marathon",
        "check Mesos agents",
        "settle ",
    ]


def test_what_starts_at_once_on_a_host_is_one_command_there() -> None:
    first = {host: plan(host, *((each, "start") for each in SERVICES)) for host in HOSTS}
    starts = [entry for entry in schedule(CHAPTERS, first, SERVICES) if entry.kind == "start"]
    assert [len(entry.steps[host]) for entry in starts for host in HOSTS] == [1, 1, 1, 3, 3, 3]


def test_nothing_starts_beside_masters_that_are_still_to_be_replaced() -> None:
    mixed = {
        HOSTS[0]: plan(HOSTS[0], (MESOS_MASTER, "start"), (MARATHON, "start")),
        HOSTS[1]: plan(HOSTS[1], (MESOS_MASTER, "replace"), (MARATHON, "start")),
    }
    assert told(list(schedule(CHAPTERS, mixed, SERVICES))) == [
        "stage ",
        "start Mesos masters",
        "roll Mesos masters",
        "start Marathon",
        "check Marathon",
        "check ZooKeeper, Mesos masters, Marathon, Mesos agents",
        "settle ",
    ]


def test_what_a_start_leans_on_is_rolled_before_it_and_all_else_behind_it_together() -> None:
    mixed = {
        HOSTS[0]: plan(HOSTS[0], (ZOOKEEPER, "replace"), (MESOS_MASTER, "start")),
        HOSTS[1]: plan(HOSTS[1], (MESOS_MASTER, "replace"), (MARATHON, "replace")),
    }
    found = list(schedule(CHAPTERS, mixed, SERVICES))
    assert [line for line in told(found) if line.startswith(("roll", "start"))] == [
        "roll Every host, ZooKeeper",
        "start Mesos masters",
        "roll Mesos masters, Marathon, Mesos agents",
    ]
    assert told(found)[-2:] == ["check ZooKeeper, Mesos masters, Marathon, Mesos agents", "settle "]


@given(plans, st.sets(st.sampled_from(SERVICES)))
def test_every_step_is_done_once_and_in_the_order_of_its_phases(
    made: dict[str, HostPlan], asked: set[Chapter]
) -> None:
    found = list(schedule(CHAPTERS, made, asked))
    assert (found[0].kind, found[-1].kind) == ("stage", "settle")
    for phase in ("stage", "start", "settle"):
        done = [
            step for entry in found if entry.kind == phase for own in entry.steps.values() for step in own
        ]
        assert sorted(done, key=str) == sorted(
            (step for each in made.values() for step in each.in_phase(phase)), key=str
        )
    rolled = [member for entry in found for member in entry.members]
    assert len(set(rolled)) == len(rolled)
    assert {(member.service, member.node) for member in rolled} == {
        (chapter.service, host)
        for host, each in made.items()
        for chapter in SERVICES
        for step in each.in_phase("replace")
        if chapter.holds(step)
    }


@given(plans, st.sets(st.sampled_from(SERVICES)))
def test_a_service_whose_members_do_not_wait_starts_when_all_it_leans_on_was_seen_well(
    made: dict[str, HostPlan], asked: set[Chapter]
) -> None:
    found = list(schedule(CHAPTERS, made, asked))
    starts = [(place, entry) for place, entry in enumerate(found) if entry.kind == "start"]
    for _, entry in starts:
        assert all(each.waits or each.rank == entry.chapters[0].rank for each in entry.chapters)
    for chapter, other in product(SERVICES, SERVICES):
        own = [place for place, entry in starts if chapter in entry.chapters]
        if own and other.rank < chapter.rank and not chapter.waits:
            rolled = [
                p for p, entry in enumerate(found) if any(m.service == other.service for m in entry.members)
            ]
            started = [p for p, entry in starts if other in entry.chapters]
            assert max([*rolled, *started], default=-1) < own[0]


@given(plans, st.sets(st.sampled_from(SERVICES)))
def test_every_service_that_is_asked_is_checked_after_its_last_change(
    made: dict[str, HostPlan], asked: set[Chapter]
) -> None:
    found = list(schedule(CHAPTERS, made, asked))
    for chapter in asked:
        touched = [
            place
            for place, entry in enumerate(found)
            if (entry.kind == "start" and chapter in entry.chapters)
            or any(member.service == chapter.service for member in entry.members)
        ]
        checks = [
            place for place, entry in enumerate(found) if entry.kind == "check" and chapter in entry.chapters
        ]
        assert checks and checks[-1] > max(touched, default=-1)
