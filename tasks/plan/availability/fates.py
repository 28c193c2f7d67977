"""What became of the tasks that ran before a change."""

from collections.abc import Mapping
from dataclasses import dataclass

from .. import http
from .apps import by_app
from .services import Service, read


@dataclass(frozen=True)
class Fates:
    """What became of the tasks that ran at first: still running, ended as somebody wished, or lost.

    `hope` tells whether some of the lost may turn up yet: their agent may still have to register again.
    """

    running: frozenset[str]
    ended: frozenset[str]
    lost: frozenset[str]
    hope: bool = False

    def __str__(self) -> str:
        total = len(self.running) + len(self.ended) + len(self.lost)
        if not total:
            return "Tasks: none ran when the change began."
        ended = f", {len(self.ended)} finished or killed" if self.ended else ""
        names = f": {by_app(self.lost)}" if self.lost else ""
        return f"Tasks: {len(self.running)} of {total} run on{ended}, {len(self.lost)} lost{names}."


def joined(one: Fates | None, later: Fates | None) -> Fates | None:
    """Tell what became of the tasks of the first of two parts of a run, and of those lost in the second.

    Which ran at the end of the first and not when the second began has ended in between.
    """
    if one is None or later is None:
        return None
    between = one.running - later.running - later.ended - later.lost
    ended = one.ended | between | (later.ended & one.running)
    return Fates(one.running & later.running, ended, one.lost | later.lost, later.hope)


def told(counted: bool, fates: Fates | None) -> str:
    """Say in one line what became of the tasks, or that nobody could tell, as at first if not `counted`."""
    if not counted or fates is None:
        when = "at the end" if counted else "when the change began"
        return f"Tasks were not counted: no leading master listed them {when}."
    return str(fates)


def excess(fates: Fates | None, budget: int | None) -> str:
    """Say by how many the lost tasks are over their budget; "" if they are not."""
    if fates is None or budget is None or len(fates.lost) <= budget:
        return ""
    return f"{len(fates.lost)} tasks were lost, and lost_tasks_budget allows {budget}"


def tasks(output: str, asked: Service) -> dict[str, str] | None:
    """Read the state of every task from what the script said of `listing`; None if no leader answered."""
    for line in output.splitlines():
        answer = read(line, [asked])
        if answer and answer[1].leader:
            said = http.table(http.read(answer[2].decode(errors="replace")).json)
            listed = map(http.table, http.items(said.get("tasks")))
            return {http.text(task.get("id")): http.text(task.get("state")) for task in listed}
    return None


def fates(before: Mapping[str, str], after: Mapping[str, str]) -> Fates:
    """Tell what became of the tasks that ran before.

    One that finished or was killed ended as it or somebody wished. One that no master remembers
    counts as lost.
    """
    ran = [id for id, state in before.items() if state == "TASK_RUNNING"]
    running = frozenset(id for id in ran if after.get(id) == "TASK_RUNNING")
    ended = frozenset(id for id in ran if after.get(id) in ("TASK_FINISHED", "TASK_KILLING", "TASK_KILLED"))
    lost = frozenset(ran) - running - ended
    return Fates(running, ended, lost, any(after.get(id) in (None, "TASK_UNREACHABLE") for id in lost))
