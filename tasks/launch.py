"""What the tasks begin with: what fab says of their options, and the way into the engine.

Engine and plan are imported by the function that needs them, in `cluster.py` and for the lab, too: only
the task that runs pays for them. `fab --list`, `--help` and completion want names and docstrings alone.
"""

import gc
from collections.abc import Sequence
from typing import Literal

from invoke.context import Context

# What is imported stays. To look for garbage in it again and again costs a tenth of what a short run takes.
gc.set_threshold(100_000)

Name = Literal["host", "zookeeper", "mesos_master", "marathon", "mesos_agent"]
"""A chapter as its module and its group in hosts.ini are called; every host is in chapter `host`."""

EVERY: tuple[Name, ...] = ("host", "zookeeper", "mesos_master", "marathon", "mesos_agent")

DRAIN = {"drain": "Also make changes for which an agent must end its tasks and start over."}
"""What fab says of the option `--drain`."""

NO_PREFLIGHT = {"preflight": "Run the preflight first (the default)."}
"""What fab says of the option `--no-preflight` that every deploy has."""


def carry_out(
    context: Context,
    chapters: Sequence[Name],
    *tasks: str,
    where: Name | None = None,
    preflight: bool = False,
    plan: str | None = None,
    drain: bool = False,
) -> None:
    """Carry out these chapters, or only these of their `tasks`; `engine.command` tells of the rest."""
    from .engine import command
    from .plan.names import Id

    ids = [id for id in Id if id.service in chapters and id.task in tasks]
    command.carry_out(context, chapters, *ids, where=where, preflight=preflight, plan=plan, drain=drain)
