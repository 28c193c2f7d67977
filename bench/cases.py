"""What is measured: a case is some work, done by every contestant in turn and checked after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

from lab import console, faults
from lab.spec import Host

from . import field
from .contestants import Command, Contestant
from .field import CLUSTER, FLEET
from .measure import run

COLD, AGAIN, ROLL, FAR = "cold deploy", "nothing changed", "rolling change", "nothing changed, 50 ms away"
DISTANCE = 50
"""Milliseconds that a round trip takes in the last case."""

Work = Callable[[str, Contestant, int], "Result"]


@dataclass(frozen=True)
class Result:
    """One run of one contestant; `connections` and `commands` are those of the host that saw the most."""

    case: str
    contestant: str
    round: int
    seconds: float
    cpu: float
    memory: float
    connections: int
    commands: int
    restarts: int

    def as_dict(self) -> dict[str, object]:
        """Give it for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Bench:
    """The contestants, the sizes of the fleet, how many rounds, and how many before them warm up."""

    contestants: Sequence[Contestant]
    fleet: Sequence[int]
    rounds: int
    warm_up: int = 1

    def cold(self) -> Iterator[Result]:
        """Deploy the cluster on bare hosts that have the images."""
        yield from self._in_turn(COLD, _cold)

    def again(self) -> Iterator[Result]:
        """Deploy what is deployed already."""
        yield from self._in_turn(AGAIN, _again)

    def roll(self) -> Iterator[Result]:
        """Change one line of zoo.cfg, member by member."""
        yield from self._in_turn(ROLL, _roll)

    def fan_out(self) -> Iterator[Result]:
        """Change a small file, and take one step, on many hosts."""
        for count in self.fleet:
            yield from self._in_turn(f"a file on {count} hosts", partial(_file, FLEET[:count]))
            yield from self._in_turn(f"a step on {count} hosts", partial(_step, FLEET[:count]))

    def far(self) -> Iterator[Result]:
        """Deploy what is deployed already, on hosts that are far away."""
        yield from self._in_turn(FAR, _far)

    def _in_turn(self, case: str, work: Work) -> Iterator[Result]:
        for round in range(1 - self.warm_up, self.rounds + 1):
            for contestant in self.contestants:
                result = work(case, contestant, round)
                console.say(f"{case}, round {round}, {contestant.name}: {result.seconds:.2f} s")
                if round > 0:
                    yield result


CASES: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "cold": Bench.cold,
    "again": Bench.again,
    "roll": Bench.roll,
    "fan-out": Bench.fan_out,
    "far": Bench.far,
}
"""Every case by the name by which it is chosen."""


def _deployed(contestant: Contestant) -> None:
    """Have the cluster as this contestant deploys it: another one's containers are not as it wants them."""
    field.bare()
    run(contestant.deploy(2))


def _cold(case: str, contestant: Contestant, round: int) -> Result:
    field.bare()
    result = _measured(case, contestant, round, contestant.deploy(2), CLUSTER)
    field.gate(2)
    return result


def _again(case: str, contestant: Contestant, round: int) -> Result:
    _deployed(contestant)
    result = _unchanged(case, contestant, round)
    field.gate(2)
    return result


def _far(case: str, contestant: Contestant, round: int) -> Result:
    _deployed(contestant)
    with ExitStack() as distance:
        for one in CLUSTER:
            distance.enter_context(faults.slowed(one.address, DISTANCE, 0))
        result = _unchanged(case, contestant, round)
    field.gate(2)
    return result


def _roll(case: str, contestant: Contestant, round: int) -> Result:
    _deployed(contestant)
    result = _measured(case, contestant, round, contestant.roll(5), CLUSTER)
    if result.restarts != 3:
        raise RuntimeError(f"{contestant.name} restarted {result.restarts} containers, not three")
    field.gate(5)
    return result


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
