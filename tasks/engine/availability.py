"""Measure what a change costs those who use the cluster, while it is carried out."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Condition, Thread

from ..errors import OperatorError
from ..plan.availability import course, fates, services
from ..plan.availability.cost import Cost
from ..plan.availability.fates import Fates
from ..plan.availability.services import Sample
from ..plan.step import HostPlan
from .hearing import Bounds
from .hosts import Hosts

FIRST_ROUND = 10
"""Seconds that services may take to answer for the first time; whoever has not by then is not measured."""

SETTLING = 30
"""Seconds that services and tasks may take to be back at the end before they count as gone."""

LAST_ROUND = 15
"""Seconds that the last round may take before the host that asks counts as lost."""

LISTING = 10
"""Seconds that the leading master may take to list its tasks."""


@contextmanager
def measured(
    hosts: Hosts,
    plans: Mapping[str, HostPlan],
    first_round: float = FIRST_ROUND,
    more: bool = False,
    foretold: Collection[str] = (),
) -> Iterator[list[str]]:
    """Measure while the block runs, if a plan touches what runs; the console gets a line per service.

    What was measured in this run before is told with it. With `more`, the block may touch what no plan tells
    yet. Services with a gap `foretold` have no budget but one of hosts.ini.
    Gives a list that holds afterwards what was over its budget.
    """
    over: list[str] = []
    if not (more or any(step.risk != "none" for plan in plans.values() for step in plan.steps)):
        yield over
        return
    with hosts.console.spent.part("measuring"):
        watch = _Watch(hosts, first_round, foretold)
    patience = 0
    try:
        yield over
        patience = SETTLING
    finally:
        with hosts.console.spent.part("measuring"):
            watch.end(patience)
        cost = watch.cost()
        whole = hosts.journal.cost = cost.behind(hosts.journal.cost)
        hosts.console.measured[:] = whole.lines() + watch.loss()
        over += cost.excess(hosts.cluster.settings.lost_tasks_budget)


class _Watch:
    """Asks all services from one host of the run, over a channel of its own, until told to end."""

    def __init__(self, hosts: Hosts, first_round: float, foretold: Collection[str]) -> None:
        self._hosts, self._vantage = hosts, hosts.nodes[0]
        self._services = services.services(hosts.cluster, foretold)
        self._listing = services.listing(hosts.cluster)
        self._samples: dict[str, list[Sample]] = {service.name: [] for service in self._services}
        self._news, self._over, self._lost, self._deaf = Condition(), False, False, False
        self._fates: Fates | None = None
        self._offset = float("-inf")
        Thread(target=self._listen, daemon=True).start()
        self._wait(lambda: all(heard and heard[-1].leader for heard in self._samples.values()), first_round)
        with self._news:
            for heard in self._samples.values():
                del heard[:-1]
        self._before = self._tasks() if self._listing.members else None

    def end(self, patience: float) -> None:
        """Take a last round; wait so many seconds for services and tasks that are not back yet."""
        seen = {name: len(heard) for name, heard in self._samples.items()}
        fresh = self._wait(lambda: all(len(self._samples[name]) > seen[name] for name in seen), LAST_ROUND)
        self._lost = not fresh
        if fresh:
            self._see_them_back(patience)
            self._fates = self._see_tasks(patience)
        with self._news:
            self._over = True

    def cost(self) -> Cost:
        """Tell how every service fared, by the run's own clock, and the tasks."""
        fared = [(service, course.course(self._samples[service.name])) for service in self._services]
        own = tuple((service, one and one.since(self._offset)) for service, one in fared)
        return Cost(own, bool(self._listing.members), self._before is not None, self._fates)

    def loss(self) -> list[str]:
        """Say that measuring ended before the run did, if so."""
        return [f"Measuring ended when {self._vantage.name} stopped answering."] if self._lost else []

    def _listen(self) -> None:
        with suppress(OperatorError):
            lasting = Bounds(renewed=lambda: True)  # as long as the run; each line is a part
            self._hosts.execute(self._vantage, services.script(self._services), self._line, lasting)
        with self._news:
            self._deaf = True
            self._news.notify_all()

    def _line(self, text: str) -> bool:
        heard = services.read(text, self._services)
        with self._news:
            if heard:
                self._samples[heard[0].name].append(heard[1])
                # Whichever answer was on its way the shortest time tells best how far the clocks are apart.
                self._offset = max(self._offset, heard[1].at - self._hosts.console.elapsed)
                self._news.notify_all()
            return self._over

    def _wait(self, until: Callable[[], bool], seconds: float) -> bool:
        with self._news:
            self._news.wait_for(lambda: self._deaf or until(), seconds)
            return until()

    def _see_them_back(self, patience: float) -> None:
        def back() -> bool:
            return all(heard[-1].leader for heard in self._samples.values() if heard[0].leader)

        if patience and not back():
            self._hosts.console.begin(self._vantage.name, "wait until all services answer again")
            self._hosts.console.end(self._vantage.name, "ok" if self._wait(back, patience) else "failed")

    def _see_tasks(self, patience: float) -> Fates | None:
        """Compare tasks with before; a new leading master learns of them as agents register again."""
        if self._before is None:
            return None
        deadline = time.monotonic() + patience
        while True:
            after = self._tasks()
            became = None if after is None else fates.fates(self._before, after)
            if (became and not became.hope) or time.monotonic() > deadline:
                return became
            time.sleep(1)

    def _tasks(self) -> dict[str, str] | None:
        script = services.script([self._listing], rounds=1, patience=LISTING)
        try:
            return fates.tasks(self._hosts.execute(self._vantage, script).text, self._listing)
        except OperatorError:
            return None
