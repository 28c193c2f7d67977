"""Collect how a cluster stands into one archive, without secrets; nothing is changed on any host."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from pathlib import Path

from ..errors import BadInput, OperatorError
from ..inventory.cluster import Node
from ..plan import runbook
from ..plan.look import collection
from ..plan.look.observed import Observed
from ..plan.membership import Plans
from ..plan.outlook import Outlook
from ..plan.preflight import Report
from ..plan.report import diagnosis, document
from ..plan.report.status import Status
from ..plan.retire.places import places
from ..plan.runbook import CHAPTERS
from ..version import VERSION
from . import fanout, moments
from . import preflight as survey
from . import status as reports
from .archive import pack
from .files import put
from .hosts import Inquiry
from .run import Run

Parts = Mapping[str, Mapping[str, str]]
"""What was collected, by host and name."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found and collected of a cluster."""

    findings: tuple[str, ...]
    files: Mapping[str, str]


def by_time() -> str:
    """Give the name of an archive that is made now, in the current directory."""
    return f"diagnosis-{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}.tar.gz"


def farewell(file: str, size: int) -> str:
    """Say where an archive is, and what to do before it is given away."""
    known = "Secrets that are called so are left out; read it before you give it to anybody"
    return f"All of it is in {file} ({size / 1000:.0f} kB, its owner's alone). {known}."


def refuse(file: str) -> None:
    """Raise BadInput if nothing can be written there, or something is there."""
    place = Path(file)
    if os.path.lexists(place):
        raise BadInput(f"--out {file}: it is there already; name another file")
    if not os.access(place.parent, os.W_OK):
        raise BadInput(f"--out {file}: nothing can be written there")


def diagnose(run: Run) -> Diagnosis:
    """Look at all hosts, judge what is seen, and collect what may tell why."""
    looked_at = moments.now()
    looks, lost = survey.look(run)
    seen = {name: look.seen for name, look in looks.items()}
    nodes = [node for node in run.hosts.nodes if node.name in seen]
    report = survey.judged(run, looks, lost)
    plans = runbook.plans(CHAPTERS, run.cluster, nodes, seen)
    status = reports.judged(run.hosts, seen, lost, looked_at)
    with run.console.spent.part("collecting"):
        parts, gone = fanout.attempt(
            nodes, lambda node: run.hosts.inquire(node, inquiry(node)), run.cluster.settings.parallel
        )
    logs = {name: collection.logs(own) for name, own in parts.items()}
    told = [diagnosis.headline(status, VERSION), *_uncollected(gone)]
    told += diagnosis.findings(status, plans, report, logs)
    text = diagnosis.cleaned("\n".join(told), diagnosis.secrets(seen.values()))
    files = {"findings.txt": text, **dict(_documents(status, plans, report)), **dict(_hosts(seen, parts))}
    return Diagnosis(tuple(text.splitlines()), files)


def _uncollected(gone: Mapping[str, OperatorError]) -> Iterator[str]:
    for name, error in gone.items():
        yield f"{name}  its logs could not be collected: {error.text.rstrip('.')}."


def inquiry(node: Node) -> Inquiry[dict[str, str]]:
    """Give what a diagnosis collects on a node."""
    logs = [place.path for place in places(node) if not place.data]
    return Inquiry.of("collect", lambda mark: collection.script(logs, mark), collection.read)


def _documents(status: Status, plans: Plans, report: Report) -> Iterator[tuple[str, str]]:
    made = {
        "status": document.status(status),
        "plan": document.plan(plans, Outlook()),
        "preflight": document.preflight(report),
    }
    for name, each in made.items():
        yield f"{name}.json", dumps({"mesofab": VERSION, **each}, indent=2) + "\n"


def _hosts(seen: Mapping[str, Observed], parts: Parts) -> Iterator[tuple[str, str]]:
    known = diagnosis.secrets(seen.values())
    for name, one in seen.items():
        yield f"{_name(name)}/look.json", dumps(diagnosis.plain(one, known), indent=2) + "\n"
    for name, own in parts.items():
        for part, text in own.items():
            yield f"{_name(name)}/{_name(part)}.txt", diagnosis.cleaned(text, known)


def _name(text: str) -> str:
    """Give a name as a file in an archive may have it, whatever a host has called it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[:70] or "nameless"


def write(file: str, found: Diagnosis) -> int:
    """Write the archive, for its owner alone; give its size. Raises BadInput."""
    top = _name(re.sub(r"\.(tar\.gz|tgz)$", "", Path(file).name))
    files = {f"{top}/{name}": text.encode(errors="backslashreplace") for name, text in found.files.items()}
    packed = pack(files, int(time.time()))
    refuse(file)
    try:
        put(Path(file), packed)
    except OSError as error:
        raise BadInput(f"--out {file}: {error.strerror}") from None
    return len(packed)
