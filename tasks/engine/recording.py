"""Records of runs: each is a file in `runs`, beside the inventory, which its owner alone can read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from .. import inventory
from ..errors import Interrupted, OperatorError
from ..inventory.printable import printable
from ..plan.availability import turns
from ..plan.availability.turns import Expected, Kind
from ..plan.report import record
from ..plan.report.record import Done, Ending, Foreign, Record
from ..version import VERSION
from .console import STYLES, Row
from .files import put
from .hosts import Hosts
from .who import typed, who

LARGEST = 16_000_000
"""A file of more bytes is no record."""

MOST = 200
"""How many files are read at most, the newest first."""

LAST = 20
"""How many runs are listed."""


def keep(hosts: Hosts, name: str, failure: BaseException | None, place: Path) -> None:
    """Leave the record of a run by its name, which is that of its task; if that fails, only warn."""
    made = made_of(hosts, name, failure)
    time = made.began.translate({ord("-"): None, ord(":"): None})
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        put(place / f"{time}-{name}.json", record.written(made).encode())
    except OSError as error:
        told = f"This run has left no record in {place}: {error.strerror}."
        hosts.console.say(told, STYLES["warning"])


def made_of(hosts: Hosts, name: str, failure: BaseException | None) -> Record:
    """Make the record of a run that has ended now, with this failure if it has one."""
    console, journal = hosts.console, hosts.journal
    cost = journal.cost
    return Record(
        mesofab_record=record.FORMAT,
        mesofab=VERSION,
        name=name,
        command=typed(),
        who=who(),
        inventory=inventory.path().name,
        cluster=hosts.cluster.settings.cluster_name,
        hosts=tuple(node.name for node in hosts.nodes),
        began=datetime.fromtimestamp(console.began, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        seconds=console.elapsed,
        planned=tuple(record.planned(host, step) for host, step in journal.planned),
        done=tuple(map(_done, console.rows)),
        turns=tuple(journal.turns),
        services=tuple(record.fared(*each) for each in cost.services) if cost else (),
        tasks=record.tasks(cost.tasks) if cost else None,
        ending=_ending(failure),
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


def last(place: Path) -> list[str]:
    """List the last runs on this inventory, the newest last, below what could not be read."""
    troubles: list[str] = []
    found = [*islice(earlier(place, troubles), LAST)]
    none = f"No run on {inventory.path().name} has left a record in {place}."
    return [*troubles, *(record.lines(reversed(found)) if found else [none])]


def expected(place: Path) -> dict[Kind, Expected]:
    """Say what turns may cost, by what they did in the last runs on this inventory."""
    return turns.expected(found.costs for found in islice(earlier(place, []), LAST))


def earlier(place: Path, troubles: list[str]) -> Iterator[Record]:
    """Read the records of runs on this inventory, the newest first.

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
            yield found


def _text(file: Path) -> str:
    """Read what may be a record; a pipe, which may never end, is not. Raises OSError or ValueError."""
    if not file.is_file() or file.stat().st_size > LARGEST:
        raise Foreign("it is not the record of a run")
    return file.read_text()
