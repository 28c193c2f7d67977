"""What a change has cost: the services' gaps and the tasks, in sentences and against the budgets."""

from dataclasses import dataclass, replace

from . import course, fates
from .course import Course
from .fates import Fates
from .services import Service


@dataclass(frozen=True)
class Cost:
    """How each service fared, and what became of the tasks; None of one that was not up at first.

    Tasks were `asked` for if there are masters, and `counted` if one listed them when the change began.
    """

    services: tuple[tuple[Service, Course | None], ...]
    asked: bool = False
    counted: bool = False
    tasks: Fates | None = None

    def behind(self, before: "Cost | None") -> "Cost":
        """Give what two parts of a run have cost together; `before` is the first one, if there was any."""
        if before is None:
            return self
        earlier = dict(before.services)
        fared = tuple((each, course.joined(earlier.get(each), own)) for each, own in self.services)
        tasks = fates.joined(before.tasks, self.tasks)
        return replace(self, services=fared, counted=before.counted and self.counted, tasks=tasks)

    def lines(self) -> list[str]:
        """Say how every service fared, and the tasks."""
        said = [course.told(service, fared) for service, fared in self.services]
        return said + ([fates.told(self.counted, self.tasks)] if self.asked else [])

    def excess(self, lost_tasks_budget: int | None) -> list[str]:
        """Say what was over its budget."""
        said = [course.excess(service, fared) for service, fared in self.services]
        said.append(fates.excess(self.tasks, lost_tasks_budget))
        return [one for one in said if one]
