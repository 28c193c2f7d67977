"""What is measured: a case is some work, done by every contestant in turn and checked after each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from lab import console, faults
from lab.spec import Host

from . import field as ground
from . import gaps
from .contestants import SHELL, Command, Contestant
from .field import CLUSTER, FLEET, Wanted
from .measure import OUTPUT, run

COLD, AGAIN, FAR = "cold deploy", "nothing changed", "nothing changed, 50 ms away"
ROLL = "rolling change of ZooKeeper"
ROLL_MASTERS = "rolling change of the masters, Marathons booting in 6 s"
ROLL_SLOWLY = "rolling change of ZooKeeper, Marathons booting in 6 s"
DISTANCE = 50
"""Milliseconds that a round trip takes in one case."""

BOOT = 6
"""Seconds that a Marathon takes to boot where that matters: as the real ones do."""

RESTARTS = "members' own restarts"
"""Stands beside the contestants: what the members' restarts alone took in the shell script's roll."""

Work = Callable[[str, Contestant, int], "Result"]


@dataclass(frozen=True)
class Result:
    """One run of one contestant; `connections` and `commands` are those of the host that saw the most.

    Where users were watched, `gaps` are the longest times in seconds for which a service did not serve, and
    `lost` counts the tasks that were lost.
    """

    case: str
    contestant: str
    round: int
    seconds: float
    cpu: float = 0
    memory: float = 0
    connections: int = 0
    commands: int = 0
    restarts: int = 0
    gaps: Mapping[str, float] = field(default_factory=dict)
    lost: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Bench:
    """The contestants, the sizes of the fleet, how many rounds, and how many before them warm up."""

    contestants: Sequence[Contestant]
    fleet: Sequence[int]
    rounds: int
    warm_up: int = 1

    def cluster(self) -> Iterator[Result]:
        """Deploy the cluster on bare hosts, again, again from far away, and with another syncLimit."""
        for contestant, round in self._turns():
            yield from self._told(round, _cluster(contestant, round))

    def again(self) -> Iterator[Result]:
        """Deploy what is deployed already; the limit only goes there, whoever deployed it."""
        for contestant, round in self._turns():
            if contestant is not SHELL:
                ground.bare()
                run(contestant.deploy(Wanted()))
            yield from self._told(round, [_unchanged(AGAIN, contestant, round)])
            if contestant is not SHELL:
                ground.suite(Wanted())

    def rolls(self) -> Iterator[Result]:
        """Roll a flag of the masters, then another syncLimit; Marathons boot as slowly as real ones."""
        for contestant, round in self._turns():
            yield from self._told(round, _rolls(contestant, round))

    def fan_out(self) -> Iterator[Result]:
        """Change a small file, and take one step, on many hosts."""
        for count in self.fleet:
            yield from self._in_turn(f"a file on {count} hosts", partial(_file, FLEET[:count]))
            yield from self._in_turn(f"a step on {count} hosts", partial(_step, FLEET[:count]))

    def _in_turn(self, case: str, work: Work) -> Iterator[Result]:
        for contestant, round in self._turns():
            yield from self._told(round, [work(case, contestant, round)])

    def _turns(self) -> Iterator[tuple[Contestant, int]]:
        """Yield contestants and rounds, A B C, A B C, ...; a round below 1 warms up."""
        for round in range(1 - self.warm_up, self.rounds + 1):
            for contestant in self.contestants:
                yield contestant, round

    def _told(self, round: int, results: Iterable[Result]) -> Iterator[Result]:
        for result in results:
            console.say(f"{result.case}, round {round}, {result.contestant}: {result.seconds:.2f} s")
            if round > 0:
                yield result


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "cluster": Bench.cluster,
    "rolls": Bench.rolls,
    "fan-out": Bench.fan_out,
}
"""Every case by the name by which it is chosen."""


def _cluster(contestant: Contestant, round: int) -> Iterator[Result]:
    """Have a contestant do everything to the cluster, on the deployment that it makes itself.

    Another one's containers are not as it wants them.
    """
    ground.bare()
    yield _measured(COLD, contestant, round, contestant.deploy(Wanted()), CLUSTER)
    ground.suite(Wanted())
    yield _unchanged(AGAIN, contestant, round)
    ground.suite(Wanted())
    with ExitStack() as distance:
        for one in CLUSTER:
            distance.enter_context(faults.slowed(one.address, DISTANCE, 0))
        yield _unchanged(FAR, contestant, round)
    ground.suite(Wanted())
    gaps.run_app()
    yield from _roll(ROLL, contestant, round, contestant.roll, Wanted(sync_limit=5))


def _rolls(contestant: Contestant, round: int) -> Iterator[Result]:
    """Have a contestant roll the masters, then ZooKeeper, under an app."""
    ground.bare()
    wanted = Wanted(boot=BOOT)
    run(contestant.deploy(wanted))
    gaps.run_app()
    wanted = replace(wanted, completed_frameworks=51)
    yield from _roll(ROLL_MASTERS, contestant, round, contestant.roll_masters, wanted)
    wanted = replace(wanted, sync_limit=5)
    yield from _roll(ROLL_SLOWLY, contestant, round, contestant.roll, wanted)


def _roll(
    case: str, contestant: Contestant, round: int, roll: Callable[[Wanted], Command], wanted: Wanted
) -> Iterator[Result]:
    tasks = gaps.tasks()
    with gaps.watched() as seen:
        result = _measured(case, contestant, round, roll(wanted), CLUSTER)
        ground.settle(wanted)  # what goes on behind a contestant's back is seen, too
    yield replace(result, gaps=seen, lost=len(tasks - gaps.tasks()))
    if own := re.findall(r"^restarted in ([0-9]+) ms$", OUTPUT.read_text(errors="replace"), re.MULTILINE):
        yield Result(case, RESTARTS, round, sum(map(int, own)) / 1000)


def _unchanged(case: str, contestant: Contestant, round: int) -> Result:
    result = _measured(case, contestant, round, contestant.again(Wanted()), CLUSTER)
    if result.restarts:
        raise RuntimeError(f"{contestant.name} restarted {result.restarts} containers with nothing to do")
    return result


def _file(there: tuple[Host, ...], case: str, contestant: Contestant, round: int) -> Result:
    ground.forget_host_ip(there)
    return _measured(case, contestant, round, contestant.fleet("file", len(there)), there)


def _step(there: tuple[Host, ...], case: str, contestant: Contestant, round: int) -> Result:
    return _measured(case, contestant, round, contestant.fleet("step", len(there)), there)


def _measured(
    case: str, contestant: Contestant, round: int, command: Command, there: tuple[Host, ...]
) -> Result:
    before, containers = ground.traffic(there), ground.containers()
    done = run(command)
    seen = [later - before[name] for name, later in ground.traffic(there).items()]
    return Result(
        case,
        contestant.name,
        round,
        done.seconds,
        done.cpu,
        done.memory,
        max(each.connections for each in seen),
        max(each.commands for each in seen),
        _restarts(containers, ground.containers()),
    )


def _restarts(before: dict[str, str], after: dict[str, str]) -> int:
    """Count the containers that run now and ran not, or not since then."""
    return sum(len(set(after[host].splitlines()) - set(before[host].splitlines())) for host in after)
