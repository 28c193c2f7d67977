"""Findings in the order in which they help: a host that cannot be reached is why much is said of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Told:
    """A finding, the checks that it fails, and what was seen besides that follows from it."""

    sentence: str
    checks: list[str]
    besides: list[str] = field(default_factory=list)


def told(
    checks: Mapping[str, Sequence[str]], lost: Mapping[str, str], called: Callable[[str], object]
) -> Iterator[Told]:
    """Yield each finding, those of `lost` hosts first, with whatever else is said of these alone.

    `lost` has their names by what is said of them; `called` gives the host that a name or an address means.
    """
    causes = {called(lost[one]): Told(one, list(checks[one])) for one in sorted(checks) if one in lost}
    others = []
    for sentence in sorted(checks.keys() - lost.keys()):
        where, _, rest = sentence.partition(": ")
        hosts = {called(name) for name in where.split(", ")}
        if hosts <= causes.keys():
            cause = next(one for host, one in causes.items() if host in hosts)
            cause.checks += checks[sentence]
            cause.besides.append(rest.partition("; expected ")[0])
        else:
            others.append(Told(sentence, list(checks[sentence])))
    yield from (*causes.values(), *others)
