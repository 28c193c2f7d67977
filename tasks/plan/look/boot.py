"""Which boot of a host this is, and the note of a reboot there, by which a run that was cut short goes on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ..http import items, parsed, table, text
from ..shell import REBOOTING, quote, write
from .sections import Unreadable, script, split

ASK = f"""\
part boot; cat /proc/sys/kernel/random/boot_id # in a container that is its machine's, so this, too:
sed 's/.*) //' /proc/1/stat | cut -d' ' -f20 # when the first process began
part note; cat {REBOOTING} 2>/dev/null"""


@dataclass(frozen=True)
class Note:
    """What stands on the host whose turn it is: its boot before, all hosts of the run, those to come."""

    boot: str
    hosts: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class Boot:
    """A boot of a host, which no other one is called like, and the note that was found there."""

    id: str
    note: Note | None = None


@dataclass(frozen=True)
class Order:
    """Which hosts are to be rebooted, in order; the one that `awaited` names was, and is not used again yet.

    `done` were rebooted by the run that this one goes on with, and are used again.
    """

    due: tuple[str, ...]
    awaited: str = ""
    done: tuple[str, ...] = ()


def asking(boundary: str) -> str:
    """Give the script that asks a host for its boot and the note there."""
    return script(boundary, "", ASK)


def read(output: str, boundary: str) -> Boot:
    """Read the answer. Raises Unreadable."""
    parts = split(output, boundary)
    words = parts.get("boot", "").split()
    if len(words) != 2:
        raise Unreadable("it does not tell which boot this is")
    return Boot("/".join(words), _note(parts.get("note", "")))


def _note(said: str) -> Note | None:
    told = table(parsed(said))
    hosts, left = (tuple(map(text, items(told.get(name)))) for name in ("hosts", "left"))
    boot = text(told.get("boot"))
    return Note(boot, hosts, left) if boot and hosts else None


def noting(note: Note) -> str:
    """Give the shell that leaves a note."""
    directory = REBOOTING.rpartition("/")[0]
    text = f"{json.dumps(asdict(note))}\n"
    return f"[ -d {directory} ] || ( umask 077; mkdir -p {directory} )\n" + write(
        REBOOTING, text, f"{REBOOTING}.next"
    )


FORGETTING = f"rm -f {REBOOTING} {REBOOTING}.next\n"
"""Removes the note."""


def course(hosts: Sequence[str], boots: Mapping[str, Boot]) -> Order:
    """Say which of `hosts`, in the order of a new run, are due.

    A run over the same hosts that was cut short is continued. The newest of its notes tells how far it came:
    each is written before its host is touched, and gone only when the next one stands or all is done.
    """
    notes = {name: note for name in hosts if (note := boots[name].note) and {*note.hosts} == {*hosts}}
    if not notes:
        return Order(tuple(hosts))
    newest = min(notes, key=lambda name: len(notes[name].left))
    left = tuple(name for name in notes[newest].left if name in hosts and name != newest)
    done = tuple(name for name in hosts if name not in (newest, *left))
    if boots[newest].id == notes[newest].boot:
        return Order((newest, *left), done=done)
    return Order(left, newest, done)


REBOOT = f"""\
command -v reboot >/dev/null || command -v systemctl >/dev/null || refuse "no program there reboots it"
setsid sh -c {quote('while kill -0 "$0" 2>/dev/null; do sleep 1; done; reboot || systemctl reboot')} $$ \\
  >/dev/null 2>&1 </dev/null 9>&- &
"""
"""Reboots a host once this very shell has told of its end: a connection lost before means something else."""
