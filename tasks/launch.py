"""What the tasks begin with: what fab says of their options, and the way into the engine.

Engine and plan are imported by the function that needs them, in `cluster.py` and for the lab, too: only
the task that runs pays for them. `fab --list`, `--help` and completion want names and docstrings alone.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from fabric import Task
from invoke.context import Context

if TYPE_CHECKING:
    from .plan.names import Id

# What is imported stays. To look for garbage in it again and again costs a tenth of what a short run takes.
gc.set_threshold(100_000)

Name = Literal["host", "zookeeper", "mesos_master", "marathon", "mesos_agent"]
"""A chapter as its module and its group in hosts.ini are called; every host is in chapter `host`."""

EVERY: tuple[Name, ...] = ("host", "zookeeper", "mesos_master", "marathon", "mesos_agent")

DRAIN = {"drain": "Also make changes for which an agent must end its tasks and start over."}
"""What fab says of the option `--drain`."""

GONE = {"gone": "Hosts in [removed] that are gone for good, HOST[,HOST]: nobody waits for them."}
"""What fab says of the option `--gone`."""

RECORD = {"record": "Leave a record of what the run changes, for `fab runs` (the default)."}
"""What fab says of the option `--no-record` that every task has which changes something."""

DEPLOY = {"preflight": "Run the preflight first (the default).", **RECORD}
"""What fab says of the options `--no-preflight` and `--no-record` that every deploy has."""


class Steps(Task):
    """The task of one step of a chapter: it carries that out, with the steps that belong to it."""

    def __init__(self, chapter: Name, *tasks: str, says: str, where: Name | None = None) -> None:
        def body(context: Context, record: bool = True) -> None:
            named = f"{where or chapter}.{tasks[0]}"
            carry_out(context, named, [chapter], self.ids, where, record=record)

        body.__doc__ = says
        super().__init__(body, name=tasks[0], auto_shortflags=False, help=RECORD)
        self._chapter, self._tasks = chapter, tasks

    @property
    def ids(self) -> list[Id]:
        """The ids of its steps in the runbook."""
        from .plan.names import Id

        return [id for id in Id if id.service == self._chapter and id.task in self._tasks]


def carry_out(
    context: Context,
    task: str,
    chapters: Sequence[Name],
    ids: Sequence[Id] = (),
    where: Name | None = None,
    preflight: bool = False,
    plan: str | None = None,
    drain: bool = False,
    gone: str | None = None,
    record: bool = True,
) -> None:
    """Carry out these chapters, or only these of their steps; `engine.command` tells of the rest.

    With `record`, what the run changes is recorded by the name of its task.
    """
    from .engine import command

    keep = command.keeping(task.replace("_", "-")) if record else None
    command.carry_out(
        context,
        chapters,
        *ids,
        where=where,
        preflight=preflight,
        plan=plan,
        drain=drain,
        gone=gone,
        keep=keep,
    )
