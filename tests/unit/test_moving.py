"""What a drain does next, whatever happens between two of its looks, and wherever it is cut short."""

from collections.abc import Callable

from drain_world import HERE, Wanted, World
from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.mesos_agent import moving
from tasks.plan.mesos_agent.moving import Ahead, Kill, Reserve, Scale, Unreserve, Wait
from tasks.plan.mesos_agent.picture import App, Picture
from tasks.plan.mesos_agent.room import Note, Reserved, Resource

Way = Callable[[Picture], Ahead]

CPUS, PORTS = Resource("cpus", 2000), Resource("ports", ranges=((31000, 31009),))
PORT, REST = Resource("ports", ranges=((31000, 31000),)), Resource("ports", ranges=((31001, 31009),))
NOTE = Reserved(PORT, Note("/web", 3, 2).labels)


def drained(app: App | None, *ours: Reserved, free: tuple[Resource, ...] = ()) -> Ahead:
    """What comes next for an agent with tasks of one app."""
    return moving.draining(Picture(HERE, free, ours, {app.id: app} if app else {}))


def test_first_the_agent_is_closed_and_it_is_noted_how_many_instances_each_app_has() -> None:
    app = App("/web", 3, ("a", "b"), up=3)
    assert drained(app, free=(CPUS, PORTS)) == Ahead((Reserve((NOTE, Reserved(CPUS), Reserved(REST))),))


def test_an_app_that_changes_gets_no_note_and_the_agent_is_closed_all_the_same() -> None:
    app = App("/web", 3, ("a", "b"), up=3, changing=True)
    assert drained(app, free=(CPUS,)) == Ahead((Reserve((Reserved(CPUS),)),))
    assert drained(app).waits == (Wait("/web: 3 of 3 instances are up, and a deployment of it is under way"),)


def test_then_the_app_is_scaled_up_its_tasks_there_killed_and_the_note_goes() -> None:
    assert drained(App("/web", 3, ("a", "b"), up=3), NOTE).moves == (Scale("/web", 5),)
    assert drained(App("/web", 5, ("a", "b"), up=4, changing=True), NOTE).moves == ()
    assert drained(App("/web", 5, ("a", "b"), up=5), NOTE).moves == (Kill("/web", ("a", "b")),)
    assert drained(App("/web", 3, (), up=3), NOTE).moves == (Unreserve((NOTE,)),)
    assert drained(None) == Ahead()


def test_what_a_task_that_ended_by_itself_has_left_too_many_is_scaled_back() -> None:
    assert drained(App("/web", 4, (), up=4), NOTE).moves == (Scale("/web", 3),)


def test_an_app_that_somebody_else_has_scaled_is_left_alone() -> None:
    changed = drained(App("/web", 9, ("a",), up=9), NOTE)
    assert changed.waits == (Wait("/web: somebody has changed its instances from 3 to 9"),)
    seen = Picture(HERE, (), (NOTE,), {"/web": App("/web", 9, ("a",), up=9)})
    assert moving.giving_back(seen) == Ahead((Unreserve((NOTE,)),))


def test_an_app_that_finds_no_room_says_what_it_lacks() -> None:
    (wait,) = drained(App("/web", 5, ("a",), 4, changing=True, lacks="UnfulfilledConstraint"), NOTE).waits
    said = "/web: 4 of 5 instances are up, and the offers that Marathon gets lack something: "
    assert wait == Wait(f"{said}UnfulfilledConstraint", lacking=True)


def test_what_cannot_be_moved_is_named_before_anything_is_done() -> None:
    bound = App("/db", 1, ("a",), up=1, bound=True)
    seen = Picture(HERE, apps={"/db": bound}, others=("spark-7", "spark-8"), kept_for=("db",))
    assert list(moving.obstacles(seen)) == [
        "2 tasks there belong to another framework or to a pod (spark-7, spark-8)",
        "/db has a volume there, which no other agent has",
        "resources there are reserved for db, so tasks may come at any time",
    ]


def test_an_agent_of_which_all_is_used_has_nothing_to_make_a_note_of() -> None:
    (wait,) = drained(App("/web", 1, ("a",), up=1)).waits
    assert wait == Wait("/web: nothing is free there, not one port, of which a note could be made", True)


def test_a_note_is_made_of_what_was_reserved_where_nothing_is_free() -> None:
    app, plain = App("/web", 1, ("a",), up=1), Reserved(Resource("cpus", 1500), principal="ops")
    given_back = Unreserve((Reserved(Resource("cpus", 1), principal="ops"),))
    assert drained(app, plain) == Ahead((given_back,))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Three agents, and apps that run on them."""
    rooms = {name: draw(st.integers(1, 5)) for name in (HERE, "S1", "S2")}
    apps = {
        f"/{name}": Wanted(draw(st.integers(0, 4)), unique=draw(st.booleans()))
        for name in "abc"[: draw(st.integers(1, 3))]
    }
    world = World(rooms, apps, ports=draw(st.booleans()))
    world.begin()
    for app in apps.values():
        app.instances = len(app.tasks)
    return world


def played(
    world: World, way: Way, data: st.DataObject, wanted: dict[str, int], *, cut: bool, crashes: bool = False
) -> bool:
    """Go on that way until it is done, or nothing happens any more; whether it was done.

    Anything may happen between a look and what follows from it. If it is to be `cut`, that is anywhere.
    No app has ever fewer tasks than are `wanted` that run, but for what has ended by itself.
    """
    for _ in range(400):
        course = way(world.look())
        for move in course.moves:
            _pass_time(world, data, crashes)
            if cut and data.draw(st.booleans()):
                return False
            world.do(move)
            below = [name for name, app in world.apps.items() if app.running + world.crashes < wanted[name]]
            assert not below
        if course == Ahead():
            return True
        waiting = world.happenings()
        if not course.moves and not waiting:
            return False
        if waiting:
            world.happen(*data.draw(st.sampled_from(waiting)))
    raise AssertionError("it comes to no end")


def _pass_time(world: World, data: st.DataObject, crashes: bool) -> None:
    if crashes and world.crashes < 3 and data.draw(st.booleans()):
        world.crash(data.draw(st.sampled_from(list(world.apps.values()))))
    for _ in range(data.draw(st.integers(0, 2))):
        if waiting := world.happenings():
            world.happen(*data.draw(st.sampled_from(waiting)))


def settle(world: World) -> None:
    """Have Marathon do all that it can."""
    while waiting := world.happenings():
        world.happen(*waiting[0])


@given(worlds(), st.data(), st.booleans())
def test_no_app_is_ever_below_its_instances_and_all_ends_clean_wherever_it_is_cut(
    world: World, data: st.DataObject, resumed: bool
) -> None:
    wanted = {name: app.instances for name, app in world.apps.items()}
    for _ in range(data.draw(st.integers(0, 3))):
        way = data.draw(st.sampled_from([moving.draining, moving.giving_back]))
        played(world, way, data, wanted, cut=True)
    is_drained = not resumed and played(world, moving.draining, data, wanted, cut=False)
    if not is_drained:
        assert played(world, moving.giving_back, data, wanted, cut=False)
    settle(world)
    assert {name: app.instances for name, app in world.apps.items()} == wanted
    assert {name: app.running for name, app in world.apps.items()} == wanted
    there = [task for app in world.apps.values() for task in app.tasks if task.agent == HERE]
    assert not (is_drained and (there or world.free() or any(part.note for part in world.reserved)))
    assert is_drained or world.reserved == []


@given(worlds(), st.data())
def test_an_agent_is_drained_if_the_others_have_room_also_while_tasks_end_by_themselves(
    world: World, data: st.DataObject
) -> None:
    for app in world.apps.values():
        app.unique = False
    world.rooms["S1"], world.ports = 30, True
    wanted = {name: app.instances for name, app in world.apps.items()}
    assert played(world, moving.draining, data, wanted, cut=False, crashes=True)
    settle(world)
    assert {name: app.running for name, app in world.apps.items()} == wanted
    assert not any(task.agent == HERE for app in world.apps.values() for task in app.tasks)


@given(worlds(), st.data())
def test_what_cannot_be_moved_is_left_there(world: World, data: st.DataObject) -> None:
    wanted = {name: app.instances for name, app in world.apps.items()}
    played(world, moving.draining, data, wanted, cut=True)
    for _ in range(100):
        course = moving.letting_go(world.look())
        for move in course.moves:
            world.do(move)
    assert course == Ahead()
    settle(world)
    assert {name: app.running for name, app in world.apps.items()} == wanted
    assert not world.free() and not any(part.note for part in world.reserved)
