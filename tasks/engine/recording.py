"""Records of runs: each is two files in `runs`, beside the inventory, which their owner alone can read.

One is read again, the other one is its page.
"""

import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from .. import inventory
from ..errors import BadInput, Interrupted, OperatorError
from ..inventory.printable import printable
from ..plan.availability import turns
from ..plan.availability.turns import Expected, Kind
from ..plan.report import pace, record
from ..plan.report.last_words import last_words
from ..plan.report.record import Done, Ending, Foreign, Record
from ..version import VERSION
from . import moments
from .console import Row
from .files import put
from .hosts import Hosts
from .who import typed, who

LARGEST = 16_000_000
"""A file of more bytes is no record."""

MOST = 200
"""How many files are read at most, the newest first."""

LAST = 20
"""How many runs are listed."""


Put = Callable[[Path, bytes], None]
"""Writes a file, whole or not at all."""


def keep(hosts: Hosts, name: str, failure: BaseException | None, place: Path, put: Put = put) -> None:
    """Leave the record of a run by its name, which is that of its task; if that fails, only warn.

    Nothing that happens here, not even Ctrl-C, hides how the run itself has ended.
    """
    missing = "record"
    try:
        made = made_of(hosts, name, failure)
        text = record.written(made)
        file = _written(made, text, place, put)
        missing = "page"
        draw(file, record.read(text), put)
    except (Exception, KeyboardInterrupt) as error:
        hosts.console.say(f"This run has left no {missing} in {place}: {_reason(error)}.", "warning")
        if isinstance(error, KeyboardInterrupt) and failure is None:
            raise


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in line {where.lineno} of {where.filename}. Report this bug in mesofab"


def _written(made: Record, text: str, place: Path, put: Put) -> Path:
    """Write the text of a record and give its file. Raises OSError; if it is cut short, it leaves nothing."""
    time = made.began.translate({ord("-"): None, ord(":"): None})
    place.mkdir(mode=0o700, exist_ok=True)
    file = _new(place, f"{time}-{made.name}")
    try:
        put(file, text.encode())
    except BaseException:
        file.unlink()
        raise
    return file


def _new(place: Path, name: str) -> Path:
    """Make a file for a record of this name, or of the first one with a number that no run has taken."""
    for number in count(1):
        file = place / (f"{name}-{number}.json" if number > 1 else f"{name}.json")
        with suppress(FileExistsError):
            file.touch(mode=0o600, exist_ok=False)
            return file
    raise AssertionError("numbers do not end")


def draw(file: Path, made: Record, put: Put = put) -> None:
    """Write the page of a record beside its file, or write it anew. Raises OSError."""
    from .page import page  # and with it Jinja2, which takes time to import

    put(_page_of(file), page(made).encode())


def _page_of(file: Path) -> Path:
    return file.with_suffix(".html")


def made_of(hosts: Hosts, name: str, failure: BaseException | None) -> Record:
    """Make the record of a run that has ended now, with this failure if it has one."""
    console, journal = hosts.console, hosts.journal
    cost, settings = journal.cost, hosts.cluster.settings
    return Record(
        mesofab_record=record.FORMAT,
        mesofab=VERSION,
        name=name,
        command=typed(),
        who=who(),
        inventory=inventory.path().name,
        cluster=settings.cluster_name,
        hosts=tuple(node.name for node in hosts.nodes),
        began=moments.precise(console.began),
        seconds=console.elapsed,
        planned=tuple(record.planned(host, step) for host, step in journal.planned),
        done=tuple(map(_done, console.rows)),
        turns=tuple(journal.turns),
        services=tuple(record.fared(*each) for each in cost.services) if cost else (),
        tasks=record.tasks(cost.tasks, settings.lost_tasks_budget) if cost else None,
        ending=replace(_ending(failure), last_words=tuple(last_words(journal.progress)) if failure else ()),
    )


def _done(row: Row) -> Done:
    return Done(row.host, row.step, row.id or "", row.why, row.outcome, row.began, row.began + row.seconds)


def _ending(failure: BaseException | None) -> Ending:
    if failure is None:
        return Ending(0, "done")
    if isinstance(failure, KeyboardInterrupt):
        return Ending(Interrupted.exit_code, Interrupted.kind)
    if not isinstance(failure, OperatorError):
        return Ending(1, "bug", (type(failure).__name__,))
    messages = printable(str(failure), keep="\n").splitlines()
    return Ending(failure.exit_code, failure.kind, tuple(messages))


def last(place: Path, pages: bool = False) -> list[str]:
    """List the last runs on this inventory, the newest last, below what could not be read.

    With `pages` the page of each is written anew first. Raises BadInput if one cannot be.
    """
    troubles: list[str] = []
    found = [*islice(earlier(place, troubles), LAST)]
    if pages:
        _draw_all(found)
    none = f"No run on {inventory.path().name} has left a record in {place}."
    told = record.lines((made, _shown(_page_of(file))) for file, made in reversed(found))
    return [*troubles, *(told or [none])]


def _draw_all(found: Iterable[tuple[Path, Record]]) -> None:
    for file, made in found:
        try:
            draw(file, made)
        except OSError as error:
            raise BadInput(f"{_page_of(file)}: {error.strerror}") from None


def _shown(page: Path) -> str:
    """Give the path of a page as it is typed here; "" if there is none."""
    if not page.is_file():
        return ""
    near = os.path.relpath(page)
    return str(page) if near.startswith("..") else near


def expected(place: Path) -> dict[Kind, Expected]:
    """Say what turns may cost, by what they did in the last runs on this inventory."""
    return turns.expected(found.costs for _, found in islice(earlier(place, []), LAST))


def usual(place: Path) -> dict[str, float]:
    """Say how long steps took in the last runs on this inventory."""
    return pace.usual(found for _, found in islice(earlier(place, []), pace.RUNS))


def earlier(place: Path, troubles: list[str]) -> Iterator[tuple[Path, Record]]:
    """Read the records of runs on this inventory, the newest first, each with its file.

    What cannot be read, or is no record, adds a sentence to `troubles`.
    """
    try:
        files = sorted(place.glob("*.json"), reverse=True)
    except OSError as error:
        troubles.append(f"{place}: {error.strerror}.")
        return
    for file in files[:MOST]:
        try:
            found = record.read(_text(file))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            told = why if isinstance(error, OSError | Foreign) else "it is not text"
            troubles.append(printable(f"{place.name}/{file.name}: {told}."))
            continue
        if found.inventory == inventory.path().name:
            yield file, found


def _text(file: Path) -> str:
    """Read what may be a record; a pipe, which may never end, is not. Raises OSError or ValueError."""
    if not file.is_file() or file.stat().st_size > LARGEST:
        raise Foreign("it is not the record of a run")
    return file.read_text()
