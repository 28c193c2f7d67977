"""A saved plan: for people to read, and for a later run to be held against.

It holds no shell: what is done is always made again from hosts.ini. A digest for each host stands for
all that no reason tells.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ...inventory.cluster import Cluster, Node
from ...inventory.printable import printable
from .. import runbook, script
from ..look.observed import Observed
from ..outlook import Outlook
from ..runbook import Chapter
from ..step import HostPlan
from . import document
from .document import Document

FORMAT = 1
"""Another number says that plans saved before cannot be compared any more."""

AS_IT_STOOD = ("effect",)
"""What of a step may be another one when it is carried out: who leads is asked again then anyway."""

OTHER_COMMANDS = (
    "the same steps for the same reasons, but with other commands: "
    "a secret, the container itself or mesofab has changed"
)


MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What comes of reading as a plan what is none."""


class Foreign(ValueError):
    """A text that is no plan of this format; says what it is instead."""


def made(
    chapters: Sequence[Chapter],
    cluster: Cluster,
    plans: Mapping[str, HostPlan],
    seen: Mapping[str, Observed],
    outlook: Outlook,
) -> Document:
    """Give the plan of these hosts as it is saved; never with a secret in it."""
    found = document.plan(plans, outlook)
    for node in cluster.nodes:
        if node.name in plans:
            found["hosts"][node.name]["digest"] = _digest(
                chapters, cluster, node, plans[node.name], seen[node.name]
            )
    return {"mesofab_plan": FORMAT, "inventory": cluster.source, **found}


def _digest(chapters: Sequence[Chapter], cluster: Cluster, node: Node, plan: HostPlan, seen: Observed) -> str:
    """Give the digest of what would be done on a host, secrets included, but so that nobody can guess them.

    A short password is soon found by whoever tries them all. So the digest has a key: the ids of the host's
    containers, random numbers that only those know who may ask its docker for the password itself.
    On a host without containers secrets are left out.
    """
    ids = "".join(sorted(each.id for each in seen.containers.values()))
    shown = runbook.containers(chapters, cluster, node)
    shell = "".join(step.shell for step in plan.steps) if ids else script.readable(plan.steps, shown)
    if ids and cluster.credentials:
        shell = cluster.credentials.put_into(shell)
    turns = "".join(f"{step.turn}\n" for step in plan.steps)
    key = hashlib.sha256(ids.encode()).digest()
    return hashlib.blake2b((turns + shell).encode(), key=key, digest_size=16).hexdigest()


def read(text: str) -> Document:
    """Read a saved plan. Raises Foreign."""
    try:
        found: Document = json.loads(text)
        written = found["mesofab_plan"]
        if written == FORMAT:
            for each in found["hosts"].values():
                _compared(each)
                _lines(each)
            without(found, ())
            return {**found, "saved": printable(str(found["saved"]))}
    except MALFORMED:
        raise Foreign("it is not a plan saved by `fab plan --out`") from None
    raise Foreign(
        f"it was saved in format {written!r} by another version of mesofab; this one knows {FORMAT}"
    )


def is_plan(text: str) -> bool:
    """Tell whether a text is a saved plan, of any format."""
    try:
        return "mesofab_plan" in dict(json.loads(text))
    except MALFORMED:
        return False


def without(saved: Document, checks: Collection[str]) -> Document:
    """Leave out the blockers of these checks."""
    hosts = {
        name: {**host, "blockers": [each for each in host["blockers"] if each["check"] not in checks]}
        for name, host in saved["hosts"].items()
    }
    return {**saved, "hosts": hosts}


def differences(saved: Document, now: Document) -> Iterator[tuple[str, str]]:
    """Say of each host what is not as in the saved plan; nothing if all is."""
    old, new = saved["hosts"], now["hosts"]
    for name in {**new, **old}:
        if name not in old:
            yield name, "it is not in the plan"
        elif name not in new:
            yield name, "it is in the plan, but not among the hosts of this run"
        elif _compared(old[name]) != _compared(new[name]):
            yield from ((name, line) for line in _changes(old[name], new[name]))


def _changes(old: Document, new: Document) -> list[str]:
    before, after = _lines(old), _lines(new)
    gone = [f"no longer: {line}" for line in before if line not in after]
    return gone + [f"now: {line}" for line in after if line not in before] or [OTHER_COMMANDS]


def _compared(host: Document) -> Any:
    steps = [{key: step[key] for key in step if key not in AS_IT_STOOD} for step in host["steps"]]
    return steps, host["blockers"], host["digest"]


def _lines(host: Document) -> list[str]:
    lines = [f"{step['id']} {step['title']}: {step['reason']}" for step in host["steps"]]
    lines += [f"{blocker['id']} {blocker['title']}: {blocker['seen']}" for blocker in host["blockers"]]
    return [printable(line) for line in lines]
