"""What is missing of images and containers."""

from .. import shell
from ..desired import Container, Image
from ..look.docker import ABSENT, GENERATIONS, SeenContainer
from ..shell import quote
from ..step import Action, Blocker, Sort, Step
from . import condition, differences, foreign, ports
from .compared import BY_HAND, Found, Host


def image(host: Host, item: Image) -> Found:
    """Compare an image: it is pulled only if the host does not hold it."""
    if host.seen.engine and item.reference not in host.seen.images:
        made = any(one.image == item.reference for one in host.seen.containers.values())
        effect = "what runs of it is replaced if it is another one by now" if made else ""
        title, text = f"pull {item.reference}", shell.noted(item)
        yield Step(item.step, Action.PULL, title, "not on this host", text, effect=effect)


def container(host: Host, wanted: Container) -> Found:
    """Compare a container by its label and field by field, both ways."""
    seen = host.seen.containers.get(wanted.name)
    if taken := condition.taken_ports(host, wanted, seen or ABSENT):
        yield from ports.blockers(host, wanted, taken)
        return
    if seen is None:
        yield _first_start(host, wanted)
        if wanted.name + ".prev" in host.seen.containers:
            yield _farewell(host, wanted)
        return
    if moved := _moved_ports(host, wanted, seen):
        yield moved
        return
    yield from foreign.container(host, wanted, seen)
    if differing := _differences(host, wanted, seen):
        yield _replacement(host, wanted, seen, differing)
        yield _farewell(host, wanted)
        return
    if (policy := seen.options.get("RestartPolicy.Name", "no")) != "always":
        title, why = f"restart policy of {wanted.name}", f"{policy} -> always"
        text = f"docker update --restart=always {quote(wanted.name)}\n"
        yield Step(wanted.step, Action.SET_POLICY, title, why, text)
    yield from _wake(host, wanted, seen)
    yield from _tidy_containers(host, wanted)


def _moved_ports(host: Host, wanted: Container, seen: SeenContainer) -> Blocker | None:
    """Refuse other ports while it runs: members on old and new ports would not find each other,
    and a service that is asked on its new port seems to be down."""
    old, new = seen.labels.get("mesofab.ports"), dict(wanted.labels)["mesofab.ports"]
    if old in (None, new) or not seen.runs:
        return None
    return Blocker(
        wanted.step,
        wanted.name,
        f"it runs on the ports {old}, hosts.ini wants {new}",
        f"ports cannot be changed one member at a time: stop it on all hosts (docker stop {wanted.name}), "
        "then deploy",
        "moved-ports",
        ports.restored(host, wanted, old or ""),
    )


def _first_start(host: Host, wanted: Container) -> Step:
    following = wanted.name + ".next"
    clear = f"docker rm -f {quote(following)}\n" if following in host.seen.containers else ""
    title, why, text = f"run {wanted.name}", "no such container", clear + shell.docker_run(wanted)
    return Step(wanted.step, Action.RUN, title, why, text, "start", after=host.before(wanted.step))


def _differences(host: Host, wanted: Container, seen: SeenContainer) -> list[str]:
    image = host.seen.images.get(wanted.image)
    found = differences.container(wanted, seen, image)
    by_hand = host.made_as_wanted(wanted) and (image is None or image.id in seen.made_of)
    if found and by_hand and not differences.settings(wanted, seen, image):
        found[0] = BY_HAND + found[0]
    found += [f"{f.name}: {host.how_differs(f)}" for f in wanted.files if host.differs(f)]
    found += [ill.seen for ill in condition.of_its_places(host, wanted) if ill.sort is Sort.LOST]
    if not seen.is_ours:
        found.append("it was run by hand: no label of mesofab tells from which settings")
    elif not found and not host.made_as_wanted(wanted):
        found.append("it was started with other settings or files than those wanted now")
    return found


def _replacement(host: Host, wanted: Container, seen: SeenContainer, differing: list[str]) -> Step:
    return Step(
        wanted.step,
        Action.REPLACE,
        f"replace {wanted.name}",
        ", ".join(differing),
        shell.replace_container(
            wanted,
            [file for file in wanted.files if host.differs(file)],
            keep_previous=wanted.name + ".prev" not in host.seen.containers,
        ),
        phase="replace" if seen.is_up else "start",
        risk="restart" if seen.is_up else "none",
        effect=host.restarts(wanted.name) if seen.is_up else "",
        after=host.before(wanted.step),
    )


def _farewell(host: Host, wanted: Container) -> Step:
    """The step that lets go of what a replacement kept, once the successor has passed its gate."""
    previous = [quote(file.previous) for file in wanted.files]
    gone = [wanted.name + ".prev"] + [wanted.name + ".failed"] * (
        wanted.name + ".failed" in host.seen.containers
    )
    title, why = f"remove {wanted.name}.prev", "kept until its successor has passed"
    text = f"docker rm -f {' '.join(quote(name) for name in gone)}\nrm -f {' '.join(previous)}\n"
    return Step(wanted.step, Action.REMOVE, title, why, text, "settle", after=frozenset({wanted.step}))


def _wake(host: Host, wanted: Container, seen: SeenContainer) -> Found:
    name, why = quote(wanted.name), ", ".join(ill.seen for ill in condition.of_the_process(host, wanted))
    if seen.status == "paused":
        title = f"unpause {wanted.name}"
        yield Step(wanted.step, Action.UNPAUSE, title, why, f"docker unpause {name}\n", "start")
    elif not seen.runs:
        title = f"start {wanted.name}"
        yield Step(wanted.step, Action.START, title, why, f"docker start {name}\n", "start")
    elif condition.hangs(host, wanted):
        # What hangs does not end by itself either; a moment is given to what only seems to.
        yield restart(wanted, why, host.restarts(wanted.name), min(wanted.grace, 5))


def restart(wanted: Container, why: str, effect: str, grace: int) -> Step:
    """Give the step that restarts a container; it has so many seconds to end by itself."""
    text = f"docker restart -t {grace} {quote(wanted.name)}\n"
    return Step(
        wanted.step, Action.RESTART, f"restart {wanted.name}", why, text, "replace", "restart", effect
    )


def _tidy_containers(host: Host, wanted: Container) -> Found:
    if host.seen.at_work:
        return  # they are that run's, which removes them
    for name in (wanted.name + end for end in GENERATIONS):
        if name in host.seen.containers:
            title, why = f"remove {name}", "left over by an earlier run"
            yield Step(wanted.step, Action.REMOVE, title, why, f"docker rm -f {quote(name)}\n", "settle")
