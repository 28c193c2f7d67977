"""Whether the members on a host are well, and if not, why: what status, plan, preflight and gates say."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..desired import Container, of
from ..look.docker import OF_LATE, End, SeenContainer
from ..look.sections import PATIENCE
from ..step import Sort, Step, Trouble
from . import endings, ports, rights
from .compared import Host

FULL = 100
"""MB without which a directory counts as full."""

OFTEN = 3
"""Ends of late after which nobody expects another start to help."""

YOUNG = 60
"""Seconds that a container which has ended must run to count as well: docker waits as long at most."""

SIGNALLED = (130, 137, 143)
"""Exit codes of what a signal from outside has ended: its log tells how it fared, and not why it ended."""

BY_A_PERSON = (Sort.PORT, Sort.READ_ONLY, Sort.FULL)
"""What no step of a deploy can mend."""


class Ill(NamedTuple):
    """One thing that is wrong with a member."""

    sort: Sort
    seen: str
    remedy: str


def troubles(host: Host, steps: Sequence[Step]) -> tuple[Trouble, ...]:
    """Say of each container of ours why its member is not well; `steps` are what a deploy would do."""
    return tuple(
        Trouble(wanted.step, wanted.name, ill.sort, ill.seen, ill.remedy, _is_mended(wanted, ill, steps))
        for wanted in of(Container, host.items)
        if host.seen.container(wanted.name).is_ours
        for ill in (*of_the_process(host, wanted), *of_its_places(host, wanted), *_unknown(host, wanted))
    )


def _is_mended(wanted: Container, ill: Ill, steps: Sequence[Step]) -> bool:
    own = (step for step in steps if step.id.service == wanted.step.service and step.phase != "settle")
    return ill.sort not in BY_A_PERSON and any(own)


def of_the_process(host: Host, wanted: Container) -> Iterator[Ill]:
    """Say what is wrong with a member's process."""
    name, seen = wanted.name, host.seen.container(wanted.name)
    if taken := taken_ports(host, wanted, seen):
        told = ", ".join(f"port {port} is taken by {process}" for port, process in taken.items())
        yield Ill(Sort.PORT, told, "; ".join(dict.fromkeys(map(ports.freed, taken.values()))))
    elif _starts_again(host, wanted):
        yield _again(host, name)
    elif seen.status == "paused":
        yield Ill(Sort.DOWN, "it is paused", f"let it go on: docker unpause {name}")
    elif seen.status != "running":
        why, remedy = _why(host, name)
        yield Ill(Sort.DOWN, f"{_how_down(seen)}{why}", remedy)
    elif hangs(host, wanted):
        told = f"it accepts connections and has answered nothing for more than {PATIENCE} s"
        yield Ill(Sort.HANGS, told, f"restart it: docker restart {name}")


def hangs(host: Host, wanted: Container) -> bool:
    """Tell whether a member runs, and answers nothing although it is asked."""
    asked = any(question.partition(" ")[0] == wanted.role for question in host.seen.hanging)
    return host.seen.container(wanted.name).status == "running" and asked


def of_its_places(host: Host, wanted: Container) -> Iterator[Ill]:
    """Look at the directories in which a running member keeps what it must not lose."""
    own = host.seen.container(wanted.name).mounts
    for mount in wanted.mounts:
        held = host.seen.held.get((wanted.name, mount.host))
        if held is None or mount.bind not in own:
            continue
        if held.lost:
            told = f"it does not see {mount.host}, which was removed or replaced after its start"
            yield Ill(Sort.LOST, told, "deploy: that makes it again and replaces the container")
        elif held.read_only:
            remedy = f"remount it read-write (dmesg tells why it is not), then docker restart {wanted.name}"
            yield Ill(Sort.READ_ONLY, f"{mount.host} is read-only for it", remedy)
        elif held.free is not None and held.free < FULL:
            told = f"{mount.host} is full: {held.free} MB are left, it needs {FULL}"
            yield Ill(Sort.FULL, told, "free some space there")


def _unknown(host: Host, wanted: Container) -> Iterator[Ill]:
    """Tell of rights that nobody can judge; an engine may have given them by itself, and would again."""
    if unknown := rights.unknown(host.seen.container(wanted.name).options):
        told = f"docker runs it with options that mesofab does not know ({', '.join(unknown)})"
        remedy = (
            f"if it was run by hand, docker rm -f {wanted.name} there, then deploy; else docker sets them"
        )
        yield Ill(Sort.UNKNOWN, told, remedy)


def taken_ports(host: Host, wanted: Container, seen: SeenContainer) -> dict[int, str]:
    """Give who listens on the ports of a container whose member takes no part.

    One that is started again and again may just have them itself, unless it complains of that.
    """
    complains = endings.wants_port(host.seen.logs.get(wanted.name, ()))
    if seen.runs and (not complains or host.role(wanted.name)):
        return {}
    others = {port: host.seen.listeners[port] for port in wanted.ports if port in host.seen.listeners}
    return {port: who for port, who in others.items() if not seen.pid or f"(pid {seen.pid})" not in who}


def _starts_again(host: Host, wanted: Container) -> bool:
    """Tell whether docker starts a container again; one whose member takes part has come back for good."""
    seen, now = host.seen.container(wanted.name), host.seen.now
    if seen.status != "running":
        return seen.status == "restarting"
    is_young = now is not None and seen.uptime(now) < YOUNG
    return seen.restarts >= OFTEN and is_young and not host.role(wanted.name)


def _again(host: Host, name: str) -> Ill:
    """Tell what ends again and again from what has ended and may well come back.

    How often docker has ever started it again says nothing of today.
    """
    seen, now = host.seen.container(name), host.seen.now
    codes = host.seen.ends.get(seen.id, ())
    is_new = now is not None and seen.age(now) < 60 * OF_LATE
    often = seen.restarts if is_new else min(seen.restarts, len(codes))
    at = _at(seen.end, codes)
    if often >= OFTEN:
        why, remedy = _why(host, name)
        told = f"it ends again and again ({often} times in {OF_LATE} minutes{', last' if at else ''}{at})"
        return Ill(Sort.ENDS, f"{told}{why}", remedy)
    wait = f"give it a minute; if it does not serve by then, {_look(name)}"
    return Ill(Sort.STARTING, f"it ended{at} and is starting again", wait)


def _how_down(seen: SeenContainer) -> str:
    return f"it is {seen.status}" + (f" (last{_at(seen.end)})" if seen.end else "")


def _at(end: End | None, codes: Sequence[int] = ()) -> str:
    """Say when and how a process ended; while it runs again, only the event has its exit code."""
    if end is None:
        return ""
    code = _code(end, codes)
    how = "" if code is None else f" with exit code {code}"
    memory = ", out of memory" if end.memory else ""
    return f" at {end.at[:19].replace('T', ' ')} UTC{how}{memory}"


def _code(end: End | None, codes: Sequence[int]) -> int | None:
    return next((each for each in (end.code if end else None, *reversed(codes)) if each is not None), None)


def _why(host: Host, name: str) -> tuple[str, str]:
    """Give why a container ended, behind a colon, and what to do."""
    seen, lines = host.seen.container(name), host.seen.logs.get(name, ())
    if _code(seen.end, host.seen.ends.get(seen.id, ())) in SIGNALLED:
        lines = ()
    error = [seen.end.error] if seen.end and seen.end.error else []
    if known := endings.cause([*lines, *error]):
        return f": {known[0]}", known[1]
    word = endings.last_word([*lines, *error])
    return f": {word}" if word else "", _look(name)


def _look(name: str) -> str:
    return f"look at `docker logs {name}` there"
