"""What is refused while Marathon does not show its principal yet, or masters do not know it."""

from ..errors import Blocked
from ..plan.marathon import introduction
from ..plan.membership import Seen
from ..plan.runbook import MARATHON, MESOS_MASTER
from . import gates
from .hosts import Hosts
from .preview import Preview
from .run import Run

BOTH = (MESOS_MASTER, MARATHON)


def refuse(run: Run, found: Preview) -> None:
    """Raise Blocked if Marathon is to show its principal, and the run cannot keep the order for that."""
    own = [step for plan in found.plans.values() for step in plan.in_phase(introduction.PHASE)]
    if not own:
        return
    if run.chosen is not None or any(
        each not in run.chapters or not run.hosts.has_all(each) for each in BOTH
    ):
        raise Blocked(
            f"Marathon is to show its principal, and the leading master has to change twice for that: "
            f"{introduction.WHY}. `fab deploy-cluster` of all hosts does it in order. Nothing was changed."
        )


def refuse_if_unfinished(run: Run, seen: Seen, what: str) -> None:
    """Raise Blocked if it would have a Marathon come to lead that ends the leading master by that."""
    if run.cluster.credentials is None or not MARATHON.nodes(run.cluster):
        return
    if introduction.unfinished(run.cluster, seen, _heard(run.hosts)):
        raise Blocked(
            f"{what}: {introduction.WHY}. `fab deploy-cluster` of all hosts brings that to its end. "
            "Nothing was changed."
        )


def unknown(hosts: Hosts) -> bool:
    """Tell whether the leading master has a Marathon registered that does not show its principal yet."""
    return introduction.unknown(hosts.cluster, _heard(hosts))


def _heard(hosts: Hosts) -> introduction.Said:
    said = gates.ask_once(hosts, BOTH)
    return {chapter.service: said[chapter] for chapter in BOTH}
