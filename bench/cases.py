"""What is measured: a case is some work, done by every contestant in turn and checked after each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

from lab import console, faults
from lab.spec import Host

from . import field
from .contestants import SHELL, Command, Contestant
from .field import CLUSTER, FLEET
from .measure import OUTPUT, run

COLD, AGAIN, ROLL, FAR = "cold deploy", "nothing changed", "rolling change", "nothing changed, 50 ms away"
DISTANCE = 50
"""Milliseconds that a round trip takes in the last case."""

RESTARTS = "members' own restarts"
"""Stands beside the contestants: what the members' restarts alone took in the shell script's roll."""

Work = Callable[[str, Contestant, int], "Result"]


@dataclass(frozen=True)
class Result:
    """One run of one contestant; `connections` and `commands` are those of the host that saw the most."""

    case: str
    contestant: str
    round: int
    seconds: float
    cpu: float = 0
    memory: float = 0
    connections: int = 0
    commands: int = 0
    restarts: int = 0

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
                field.bare()
                run(contestant.deploy(2))
            yield from self._told(round, [_unchanged(AGAIN, contestant, round)])
            if contestant is not SHELL:
                field.suite(2)

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


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {"cluster": Bench.cluster, "fan-out": Bench.fan_out}
"""Every case by the name by which it is chosen."""


def _cluster(contestant: Contestant, round: int) -> Iterator[Result]:
    """Have a contestant do everything to the cluster, on the deployment that it makes itself.

    Another one's containers are not as it wants them.
    """
    field.bare()
    yield _measured(COLD, contestant, round, contestant.deploy(2), CLUSTER)
    field.suite(2)
    yield _unchanged(AGAIN, contestant, round)
    field.suite(2)
    with ExitStack() as distance:
        for one in CLUSTER:
            distance.enter_context(faults.slowed(one.address, DISTANCE, 0))
        yield _unchanged(FAR, contestant, round)
    field.suite(2)
    yield from _roll(contestant, round)


def _roll(contestant: Contestant, round: int) -> Iterator[Result]:
    result = _measured(ROLL, contestant, round, contestant.roll(5), CLUSTER)
    yield result
    if own := re.findall(r"^restarted in ([0-9]+) ms$", OUTPUT.read_text(errors="replace"), re.MULTILINE):
        yield Result(ROLL, RESTARTS, round, sum(map(int, own)) / 1000)
    field.suite(5)


def _unchanged(case: str, contestant: Contestant, round: int) -> Result:
    result = _measured(case, contestant, round, contestant.again(2), CLUSTER)
    if result.restarts:
        raise RuntimeError(f"{contestant.name} restarted {result.restarts} containers with nothing to do")
    return result


def _file(there: tuple[Host, ...], case: str, contestant: Contestant, round: int) -> Result:
    field.forget_host_ip(there)
    return _measured(case, contestant, round, contestant.fleet("file", len(there)), there)


def _step(there: tuple[Host, ...], case: str, contestant: Contestant, round: int) -> Result:
    return _measured(case, contestant, round, contestant.fleet("step", len(there)), there)


def _measured(
    case: str, contestant: Contestant, round: int, command: Command, there: tuple[Host, ...]
) -> Result:
    before, containers = field.traffic(there), field.containers()
    done = run(command)
    seen = [later - before[name] for name, later in field.traffic(there).items()]
    return Result(
        case,
        contestant.name,
        round,
        done.seconds,
        done.cpu,
        done.memory,
        max(each.connections for each in seen),
        max(each.commands for each in seen),
        _restarts(containers, field.containers()),
    )


def _restarts(before: dict[str, str], after: dict[str, str]) -> int:
    """Count the containers that run now and ran not, or not since then."""
    return sum(len(set(after[host].splitlines()) - set(before[host].splitlines())) for host in after)
