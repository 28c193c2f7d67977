"""A service is stopped until the next deploy, because an operator wants that."""

from ..inventory.cluster import Node
from ..plan import shell
from ..plan.look.observed import Observed
from ..plan.runbook import containers
from ..plan.step import Action, HostPlan, Step
from . import lease, principals
from .performing import Result
from .run import Run


def stop(run: Run) -> Result:
    """Stop the members of a chapter's service on all hosts of the run at once; a deploy starts them again.

    Raises Blocked, StepFailed or Unreachable.
    """
    (chapter,) = run.chapters
    with lease.held(run) as leases:
        seen = leases.secure()
        principals.refuse_if_unfinished(run, seen, f"{chapter.title} is not stopped now")
        plans = {node.name: _plan(run, node, seen[node.name]) for node in run.hosts.nodes}
        run.hosts.journal.plan(run.cluster, plans)
        run.hosts.act({name: plan.steps for name, plan in plans.items()})
    return Result(plans, (f"{chapter.title} is stopped until the next deploy",))


def _plan(run: Run, node: Node, seen: Observed) -> HostPlan:
    running = [one for one in containers(run.chapters, run.cluster, node) if seen.container(one.name).runs]
    why = "until the next deploy"
    steps = (
        Step(one.step, Action.STOP, f"stop {one.name}", why, shell.stop(one.name), "replace", "restart")
        for one in running
    )
    return HostPlan(node.name, (), tuple(steps))
