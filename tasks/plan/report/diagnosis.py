"""What a diagnosis finds, as sentences, and what it keeps of hosts, without secrets."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from ...inventory.printable import printable
from ...inventory.secret import HIDDEN, PRIVATE, is_secret, redacted, shown, shown_words
from ..compare import endings
from ..look.observed import Observed
from ..membership import Plans
from ..preflight import Report
from ..words import counted, grouped
from .status import Status

NAMED = re.compile(r"[:=]\s*$")
"""How a line ends whose value stands on the next one."""

LEAST = 4
"""Characters of a secret that is looked for as it is: a shorter one is found in any word."""


def findings(
    status: Status, plans: Plans, report: Report, logs: Mapping[str, Mapping[str, Sequence[str]]]
) -> list[str]:
    """Say what is wrong, the worst first; each once, with the hosts of which it is true."""
    found = [*_down(status), *_unwell(status), *_plans(plans), *_preflight(report), *_logs(logs)]
    return list(dict.fromkeys(found)) or ["Nothing was found that mesofab knows to be wrong."]


def _down(status: Status) -> list[str]:
    told = (host.trouble for host in status.hosts if host.trouble)
    return [one if one.endswith((".", "?")) else f"{one}." for one in told]


def _unwell(status: Status) -> Iterator[str]:
    yield from (f"{one.title}: {one.verdict.says}." for one in status.services if not one.verdict.passed)
    yield from grouped(
        (host.name, f"{one.container} is not well: {trouble.text}")
        for host in status.hosts
        for one in host.components
        for trouble in one.troubles
    )
    yield from (f"{one.seen}." for one in status.strangers)
    yield from grouped((host.name, f"{host.at_work}.") for host in status.hosts if host.at_work)


def _plans(plans: Plans) -> Iterator[str]:
    blockers = [(name, said) for name, each in plans.items() for said in each.obstacles]
    yield from (f"A deploy would be refused: {line}" for line in grouped(blockers))
    steps = [(name, str(step)) for name, each in plans.items() for step in each.steps]
    yield from (f"It is not as hosts.ini wants it: {line}." for line in grouped(steps))


def _preflight(report: Report) -> Iterator[str]:
    for severity in ("error", "warning"):
        those = (one for one in report.findings if one.severity == severity and one.host not in report.lost)
        told = ((one.about or one.host, one.text) for one in those)
        yield from (f"preflight, {severity}: {line}" for line in grouped(told))


def _logs(logs: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """Say what the last lines of logs mean, where that is known; it may be over by now."""
    return [
        f"{host}  the log of {container} says that {cause[0]}. If that is not over: {cause[1]}."
        for host, own in logs.items()
        for container, lines in own.items()
        if (cause := endings.cause(lines))
    ]


def secrets(seen: Iterable[Observed]) -> set[str]:
    """Give the secrets that containers have as variables or arguments: a log may say them without a name."""
    containers = [one for each in seen for one in each.containers.values()]
    pairs = (pair for one in containers for pair in one.environment.items())
    variables = (value for key, value in pairs if is_secret(key, value))
    words = (
        word
        for one in containers
        for word, said in zip(one.arguments, shown_words(one.arguments), strict=True)
        if said == HIDDEN
    )
    return {each for each in (*variables, *words) if len(each) >= LEAST}


def cleaned(text: str, known: Collection[str] = ()) -> str:
    """Give a text of many lines without secrets: those that are `known`, and whatever a line calls one."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return "".join(f"{line}\n" for line in _lines(text.splitlines()))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    in_key = is_next = False
    for line in lines:
        if in_key or is_next:
            in_key, is_next = in_key and "-----END" not in line, False
            yield HIDDEN
            continue
        said = redacted(line)
        in_key = bool(PRIVATE.search(line)) and "-----END" not in line
        is_next = said != line and bool(NAMED.search(line))
        yield printable(said, keep="\t")


def plain(value: object, known: Collection[str] = (), name: str = "") -> object:
    """Give what was seen as JSON can have it, without secrets."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name), known, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(inner, known, _key(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return [cleaned(each, known).rstrip("\n") for each in shown_words(value)]
    if isinstance(value, list | tuple):
        return [plain(each, known, name) for each in value]
    if isinstance(value, set | frozenset):
        return [plain(each, known, name) for each in sorted(value, key=str)]
    if isinstance(value, str):
        return cleaned(shown(name, value) if "\n" not in value else value, known).rstrip("\n")
    return value


def _key(key: object) -> str:
    return printable(" ".join(map(str, key)) if isinstance(key, tuple) else str(key))


def headline(status: Status, version: str) -> str:
    """Say of which cluster, when and by which mesofab a diagnosis was made."""
    hosts = counted(len(status.hosts), "host")
    return f"{status.source}, {hosts}, looked at {status.looked_at} by mesofab {version}: {status.state}."
