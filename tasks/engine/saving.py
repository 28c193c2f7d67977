"""Plans in files: saved for people to judge, read again, and held against what a run finds."""

import os
from dataclasses import dataclass
from json import dumps
from pathlib import Path

from ..errors import BadInput, Blocked
from ..plan.outlook import Outlook
from ..plan.report import saved
from ..plan.report.document import Document
from ..plan.words import grouped
from ..version import VERSION
from . import moments
from .files import put
from .preview import Preview
from .run import Run


@dataclass(frozen=True)
class Promise:
    """A saved plan that a run must keep to."""

    file: str
    document: Document

    def keep(self, run: Run, found: Preview) -> None:
        """Raise Blocked if these are not just the plans that were saved; says what is different by host.

        The plans are without the objections of the checks that the run overrules.
        """
        now = saved.made(run.chapters, run.cluster, found.plans, found.seen, Outlook())
        told = grouped(saved.differences(saved.without(self.document, run.overruled), now))
        if told:
            since = f"{self.file}, saved {self.document['saved']}, no longer applies: nothing was changed. "
            other = self.document["hosts"].keys() != now["hosts"].keys()
            first = "It was made with another -H: give that one, or else " if other else ""
            raise Blocked("\n".join([*told, f"{since}{first}`fab plan --out {self.file}` makes a new plan."]))


def read(file: str) -> Promise:
    """Read a saved plan. Raises BadInput."""
    try:
        return Promise(file, saved.read(Path(file).read_text()))
    except OSError as error:
        raise BadInput(f"--plan {file}: {error.strerror}") from None
    except ValueError as error:
        foreign = isinstance(error, saved.Foreign)
        raise BadInput(f"--plan {file}: {error if foreign else 'it is not text'}") from None


def refuse_other_file(file: str) -> None:
    """Raise BadInput if a plan cannot be saved there, or would take the place of something else."""
    place = Path(file)
    if place.is_symlink():
        raise BadInput(f"--out {file}: it is a link; name {os.readlink(file)} itself, or another file")
    if not os.access(place.parent, os.W_OK):
        raise BadInput(f"--out {file}: nothing can be written there")
    if place.exists() and not _may_go(place):
        raise BadInput(
            f"--out {file}: what is there is not a saved plan and would be lost; name another file"
        )


def _may_go(place: Path) -> bool:
    if not place.is_file():  # a device is read as an empty file, and would be gone
        return False
    try:
        text = place.read_text()
    except (OSError, UnicodeDecodeError):
        return False
    return not text or saved.is_plan(text)


def save(file: str, run: Run, found: Preview, outlook: Outlook) -> None:
    """Write a plan to a file that only its owner can read; it is whole, or as it was. Raises BadInput."""
    refuse_other_file(file)  # which may be another one than when the run began
    made = saved.made(run.chapters, run.cluster, found.plans, found.seen, outlook)
    document = {"mesofab": VERSION, "saved": moments.now(), **made}
    try:
        put(Path(file), (dumps(document, indent=2) + "\n").encode())
    except OSError as error:
        raise BadInput(f"--out {file}: {error.strerror}") from None
