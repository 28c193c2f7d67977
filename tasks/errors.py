"""Everything that stops a run, as sentences an operator can act on, and the exit code of each.

The first line of a class's docstring is what its exit code means: the documentation is made of it.
`kind` names the class in JSON, where a name must stay.
"""

from .inventory.errors import BadInput as BadInput
from .inventory.errors import OperatorError as OperatorError


class Unreachable(OperatorError, exit_code=3, kind="unreachable"):
    """A host cannot be reached or trusted, or the connection to it was lost."""


class StepFailed(OperatorError, exit_code=4, kind="step_failed"):
    """A step was tried on a host and its command failed."""


class GateNotReached(OperatorError, exit_code=5, kind="gate_not_reached"):
    """A service did not become well in the stated time."""


class Blocked(OperatorError, exit_code=6, kind="blocked"):
    """Something must be fixed by a person first; no affected service was touched."""


class Degraded(OperatorError, exit_code=7, kind="degraded"):
    """A service of the cluster is not well."""


class Drift(OperatorError, exit_code=8, kind="drift"):
    """Every service is well, but something differs from hosts.ini: a deploy would change it."""


class RolledBack(OperatorError, exit_code=10, kind="rolled_back"):
    """A member did not come back from a change; it was put back as it was, and no further one was touched."""


class OverBudget(OperatorError, exit_code=11, kind="over_budget"):
    """Everything was carried out, but it cost more than a budget in hosts.ini allows."""


class Interrupted(OperatorError, exit_code=130, kind="interrupted"):
    """The run was interrupted with Ctrl-C; it is safe to run it again."""


class OutputLost(OperatorError, exit_code=141, kind="output_lost"):
    """What it prints could not be written: its reader closed it, as `head` does, or its disk is full."""


class NoTree(Exception):
    """ZooKeeper's tree could not be asked, and the text says why; whoever needs it says what that means."""


OTHER_CODES = {
    0: "Nothing to do, or everything was carried out and its gates passed.",
    1: "fab finds no fabfile, or its own option before the task has no value it can use, which ends "
    "in fab's own words; any other traceback is a bug in mesofab.",
    9: "The lab cannot be built or driven on this machine.",
}
"""The exit codes that no class stands for."""


def exit_codes() -> dict[int, str]:
    """Give every exit code of fab and what it means, in order."""
    meanings = {one.exit_code: str(one.__doc__).splitlines()[0] for one in OperatorError.__subclasses__()}
    return dict(sorted({**OTHER_CODES, **meanings}.items()))
