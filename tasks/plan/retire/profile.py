"""Take HOST_IP out of /etc/profile: our line, or the whole file as it was if nothing else has changed."""

import re
from collections.abc import Iterator

from ..compare.profile import KEPT, SIMPLE, Edit, change
from ..desired import PROFILE
from ..desired.every_host import profile_line
from ..look.observed import Observed
from ..names import Id
from ..shell import quote
from ..step import Action, Step
from ..words import counted

LAST = 5
"""The turn in which that is done: after all containers are gone."""

OURS = re.compile(re.escape(profile_line("0.0.0.0")).replace(re.escape("0.0.0.0"), r"[0-9.]+"), re.ASCII)
"""Our line, with whatever address."""


def steps(seen: Observed, kept: str | None) -> Iterator[Step]:
    """Say what is to be done; `kept` is the file as it was before its first change, None if there is none."""
    lines = seen.path(PROFILE).text.split("\n")
    ours = [number for number, line in enumerate(lines, 1) if OURS.fullmatch(line)]
    own = [number for number in ours if number in seen.profile.whole]
    if ours and kept is not None and _only_ours_was_changed(lines, kept):
        why = f"as it was before mesofab, which {PROFILE}{KEPT} has"
        yield _step(f"put {PROFILE} back", why, _put_back(lines, ours))
    elif own:
        why = f"remove {counted(len(own), 'line')}"
        yield _step(f"HOST_IP in {PROFILE}", why, _dropped(lines, own, kept))
    elif kept is not None and not ours and not lost(lines, kept):
        yield _step(f"remove {PROFILE}{KEPT}", "the file as it was before mesofab", _forget())


def stays(seen: Observed, kept: str | None) -> Iterator[str]:
    """Say what is left, and why."""
    lines = seen.path(PROFILE).text.split("\n")
    ours = [number for number, line in enumerate(lines, 1) if OURS.fullmatch(line)]
    if inner := [number for number in ours if number not in seen.profile.whole]:
        yield f"line {inner[0]} of {PROFILE}: it is a part of another command by now; remove it by hand"
    if kept is not None and not _only_ours_was_changed(lines, kept) and (had := lost(lines, kept)):
        told = "; ".join(line.strip() for line in had)
        yield f"{PROFILE}{KEPT}: {PROFILE} has changed since, and had {told!r} then; see which one is right"


def _only_ours_was_changed(lines: list[str], kept: str) -> bool:
    """Tell whether nothing but our line is different from the file as it was, so that it can come back."""
    simple = [line for line in lines if SIMPLE.fullmatch(line)]
    return all(map(OURS.fullmatch, simple)) and _rest(lines) == _rest(kept.split("\n"))


def _rest(lines: list[str]) -> list[str]:
    """Leave out what a deploy replaces or drops, and the empty end that it adds to an unfinished line."""
    rest = [line for line in lines if not SIMPLE.fullmatch(line)]
    while rest and not rest[-1]:
        rest.pop()
    return rest


def lost(lines: list[str], kept: str) -> list[str]:
    """Give the lines with a HOST_IP of somebody else's that a deploy has replaced."""
    had = [line for line in kept.split("\n") if SIMPLE.fullmatch(line) and not OURS.fullmatch(line)]
    return [line for line in had if line not in lines]


def _step(title: str, why: str, shell: str) -> Step:
    return Step(Id.SET_IP, Action.REMOVE, title, why, shell, "settle", turn=LAST)


FILE = f"file=$(readlink -f {PROFILE})\n"


def _put_back(lines: list[str], ours: list[int]) -> str:
    same = "".join(
        f'[ "$(sed -n {number}p "$file")" = {quote(lines[number - 1])} ] || '
        'refuse "somebody is changing $file right now. Let them finish"\n'
        for number in ours
    )
    return f'{FILE}{same}guard "$file"\nswap "$file{KEPT}" "$file"\n'


def _dropped(lines: list[str], own: list[int], kept: str | None) -> str:
    text = change(PROFILE, lines, Edit(dict.fromkeys(own, False), append=False), "")
    if kept is None and not any(line.strip() for n, line in enumerate(lines, 1) if n not in own):
        return f'{FILE}rm -f "$file"\n'  # there was none before
    return text if kept is not None and lost(lines, kept) else text + _forget()


def _forget() -> str:
    return f'{FILE}rm -f "$file{KEPT}"\n'
