"""What is missing of /etc/profile, and of what a login shell says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...inventory.edits import Change, Set
from ...inventory.printable import printable
from .. import shell
from ..desired import FILE_MODE, LoginCheck, ProfileLine
from ..desired.every_host import profile_line as host_ip_line
from ..look.profile import LIMIT, LOGIN, UNREADABLE, Login
from ..names import Id
from ..shell import quote
from ..step import Action, Blocker, Step
from .compared import Found, Host

_QUOTED = r"'[^'\\\0]*'"
_WORDS = rf"""(?:[^'"`\\()$;&#\0]|{_QUOTED})*"""
SIMPLE = re.compile(
    rf"""[ \t]*export[ \t]+HOST_IP=(?:[\w.:/-]*|{_QUOTED}|"[^"$`\\\0]*")[ \t]*"""
    rf"""|[ \t]*export[ \t]+HOST_IP=(?:\$\({_WORDS}\)|"\$\({_WORDS}\)"|`{_WORDS}`)[ \t]*""",
    re.ASCII,
)
"""A line that sets HOST_IP and does nothing else: a plain value, or one substitution of plain words."""

SETS = re.compile(
    r"(?<![\w$])HOST_IP\+?="
    r"|\b(?:export|readonly|declare|typeset|local|unset|read|for|getopts|mapfile|printf)\b.*(?<![\w${])HOST_IP\b",
    re.ASCII,
)
"""A line that may set HOST_IP: rather one too many, as a line too many above ours does no harm."""

FREEZES = re.compile(r"\b(?:readonly\b|(?:declare|typeset)\s+-\w*r).*(?<![\w${])HOST_IP\b", re.ASCII)

DOCKER_BRIDGE = "172.17.0.1"
"""The address that every host with docker has, and that leads to itself."""

KEPT = ".before-mesofab"
"""Ends the name under which the file stays as it was before its first change."""


@dataclass(frozen=True)
class Edit:
    """How a text gets the line: which `lines` it replaces (True) or drops, and whether it comes last."""

    lines: Mapping[int, bool]
    append: bool


def edit(lines: list[str], whole: Iterable[int], line: str) -> Edit:
    """Say what has to be done so that `line` is the last one that sets HOST_IP.

    A simple one that is `whole`, a command by itself, is replaced where it stands: what reads it below stays
    right. All others are left alone; if one follows, the line has to be below that, too. Numbers begin at 1.
    """
    simple = [number for number in sorted(whole) if SIMPLE.fullmatch(lines[number - 1])]
    last = max((number for number, _ in others(lines, simple)), default=0)
    final = next((number for number in simple if number > last), None)
    keep = {*simple[:1], final}
    changes = {number: number in keep for number in simple if lines[number - 1] != line or number not in keep}
    return Edit(changes, append=final is None)


def others(lines: list[str], simple: Iterable[int]) -> list[tuple[int, str]]:
    """Give the other lines that may set HOST_IP, with their numbers."""
    numbered = [(number, line) for number, line in enumerate(lines, 1) if number not in set(simple)]
    return [(n, line) for n, line in numbered if SETS.search(line) and not line.lstrip().startswith("#")]


def profile_line(host: Host, item: ProfileLine) -> Found:
    """Compare the HOST_IP line of /etc/profile."""
    if obstacle := _obstacle(host, item):
        changes = _addresses(host) if obstacle[2] == "address" else ()
        yield Blocker(item.step, "HOST_IP", *obstacle, changes)
        return
    line, lines = host_ip_line(item.address), host.seen.path(item.path).text.split("\n")
    whole = [number for number in host.seen.profile.whole if number <= len(lines)]
    wanted = edit(lines, whole, line)
    if not wanted.lines and not wanted.append:
        return
    frozen = [(number, text) for number, text in others(lines, ()) if FREEZES.search(text)]
    if frozen or any(login.readonly for login in host.seen.logins):
        if not _says(host, item.address):
            seen = f"it is readonly, and a second line that sets it would end logins ({_shown(frozen)})"
            yield Blocker(item.step, "HOST_IP", seen, "remove `readonly` there", "profile")
    elif wanted.append and host.seen.profile.open:
        seen = f"the end of {item.path} is open: a line below it would be part of {_shown([_last(lines)])}"
        yield Blocker(item.step, "HOST_IP", seen, "complete that", "profile")
    else:
        text = change(item.path, lines, wanted, line)
        yield Step(item.step, Action.SET_IP, f"HOST_IP in {item.path}", _reason(lines, whole, wanted), text)


def _obstacle(host: Host, item: ProfileLine) -> tuple[str, str, str] | None:
    """Say what is seen that a person has to mend, the remedy, and the preflight's name for it."""
    kind, unreadable = host.seen.path(item.path).kind, host.seen.profile.unreadable
    if item.address not in host.seen.addresses:
        has = ", ".join(sorted(host.seen.addresses)) or "none"
        remedy = f"see whether it is the right machine: ssh must lead to the one that has {item.address}"
        return f"{item.address} is not an address of this host (it has {has})", remedy, "address"
    if kind not in ("absent", "regular file", "regular empty file"):
        return f"{item.path} is a {kind}, not a file", "move it out of the way", "profile"
    if unreadable:
        remedy = "correct that line; mesofab leaves the file alone until then"
        return f"{item.path} breaks logins already: {unreadable}", remedy, "profile"
    return None


def _addresses(host: Host) -> tuple[Change, ...]:
    """Give the changes to addresses that the host has, and that other hosts can reach."""
    reachable = (a for a in sorted(host.seen.addresses) if not a.startswith("127.") and a != DOCKER_BRIDGE)
    return tuple(Change((Set("host_ip", address, host.node),)) for address in reachable)


def _says(host: Host, address: str) -> bool:
    """Tell whether every login says `address`."""
    return bool(host.seen.logins) and all(login.said == address for login in host.seen.logins)


def _shown(lines: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"line {n}: {printable(line.strip())[:120]}" for n, line in lines) or "not in this file"


def _last(lines: list[str]) -> tuple[int, str]:
    """Give the last line that is not empty."""
    return next(((n, line) for n, line in reversed(list(enumerate(lines, 1))) if line.strip()), (1, ""))


def _reason(lines: list[str], whole: list[int], wanted: Edit) -> str:
    simple = [number for number in whole if SIMPLE.fullmatch(lines[number - 1])]
    alone = _alone(others(lines, simple), wanted.append)
    if not simple:
        return "missing" + alone
    if not any(wanted.lines.values()):
        return (f"it is set {len(simple)} times" if len(simple) > 1 else "it is set again below") + alone
    return f"{lines[simple[-1] - 1].strip()!r} is not the wanted line" + alone


def _alone(left: Sequence[tuple[int, str]], append: bool) -> str:
    """Say which lines stay as they are, and where the line comes that overrules them."""
    if append and left:
        return f"; a line is added behind {_shown(left)}, which {'stay' if left[1:] else 'stays'}"
    return f"; left alone: {_shown(left)}" if left else ""


def change(path: str, lines: list[str], wanted: Edit, line: str) -> str:
    """Give the shell that changes a copy, and puts that in the file's place if all shells can read it.

    A link stays one; owner, mode and context stay; the file as it was before its first change is kept.
    """
    return (
        f"{UNREADABLE}"
        f"file=$(readlink -f {quote(path)}) || refuse {quote(f'{path} leads nowhere. Correct that link')}\n"
        "next=$file.next\n"
        "( # whatever happens, no half-made copy stays\n"
        """guard "$file"\ntrap 'rm -f "$next"' EXIT\nrm -f "$next"\n"""
        f'if [ -e "$file" ]; then cp -a "$file" "$next"; else stage "$next" {FILE_MODE} </dev/null; fi\n'
        + "".join(_replace(lines, wanted.lines, line) if wanted.lines else ())
        + (_append(line) if wanted.append else "")
        + '! why=$(unreadable "$next") || refuse "it would break logins: $why. Correct that line"\n'
        f'[ ! -e "$file" ] || [ -e "$file{KEPT}" ] || ln "$file" "$file{KEPT}"\n'
        'swap "$next" "$file"\n)\n'
    )


def _replace(lines: list[str], changes: Mapping[int, bool], line: str) -> Iterable[str]:
    """Give the shell that copies the file again but for some lines, if these are still as they were seen."""
    for number in sorted(changes):
        is_same = f'[ "$(sed -n {number}p "$file")" = {quote(lines[number - 1])} ]'
        yield f'{is_same} || refuse "somebody is changing $file right now. Let them finish"\n'
    yield ': > "$next"\n'
    first = 1
    for number in sorted(changes):
        if number > first:
            yield f'tail -n +{first} "$file" | head -n {number - first} >> "$next"\n'
        if changes[number]:
            yield f'cat >> "$next" {shell.here(line + chr(10))}'
        first = number + 1
    yield f'tail -n +{first} "$file" >> "$next"\n'


def _append(line: str) -> str:
    end = '[ "$(tail -c 1 "$next" | wc -l)" -eq 1 ] || echo >> "$next"  # its last line may lack an end\n'
    return f'[ ! -s "$next" ] || {end}cat >> "$next" {shell.here(line + chr(10))}'


def login_check(host: Host, item: LoginCheck) -> Found:
    """Compare what login shells say of HOST_IP."""
    if not _says(host, item.address):
        wrong = (login for login in host.seen.logins if login.said != item.address)
        yield Step(
            item.step,
            Action.CHECK_IP,
            "HOST_IP in a login shell",
            next(wrong, Login("sh")).seen(item.address),
            LOGIN + _judge_logins(item),
            after=frozenset({Id.SET_IP}),
        )


def _judge_logins(item: LoginCheck) -> str:
    """Give the shell that fails with what is wrong with a login, and where that may come from."""
    return rf"""profile={quote(item.path)}
words() {{ printf '%s\n' "$told" | sed -n "s/^$1 *//p" | paste -sd, -; }}
lines() {{ # lines WHICH: the first of these lines of the profile
  found=$(sed -nE "/^[[:blank:]]*#/d; $1{{=;p;}}" "$profile" |
    paste -d: - - | head -n 3 | sed 's/^/line /; s/:/: /' | paste -sd, -)
  printf '%s\n' "${{found:-in a file that it reads (\`$shell -lxc true\` shows it)}}"
}}
for shell in sh bash; do
  command -v $shell >/dev/null || continue
  told=$(login $shell "$profile" || :; end_leftovers)
  said=$(words says)
  [ "$said" != {quote(item.address)} ] || continue
  [ -n "$(words ended)" ] || refuse "$shell does not come to the end of $profile within {LIMIT} s.\
 It is at: $(words left | grep . || echo 'its own commands'). Have it wait for nothing"
  ends=$(lines '/HOST_IP=/d; /(^|[^[:alnum:]_])(exit|exec|return|set -e)([^[:alnum:]_]|$)/')
  [ -z "$(words early)" ] || refuse "$shell ends in $profile (code $(words ended)), where HOST_IP is '$said'.\
 Move the line that sets HOST_IP above the one that ends it; it may be $ends"
  [ -z "$(words readonly)" ] || refuse "$shell says '$said', as HOST_IP is readonly.\
 Take readonly away: $(lines '/(readonly|declare|typeset).*HOST_IP/')"
  [ -z "$(words lacks)" ] || refuse "$shell says '$said': PATH is without $(words lacks) at its end.\
 Have $profile keep the directories of ip and awk in PATH"
  refuse "$shell says '$said', not {item.address}.\
 Move the line that sets HOST_IP above what returns or ends, and below what sets it again; it may be $ends"
done
"""
