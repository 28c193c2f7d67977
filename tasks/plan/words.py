"""How things are said: once if they are true of many hosts, in the form that fits their number."""

import re
from collections.abc import Collection, Iterable

NAMED = 6
"""So many hosts are told by their names where only their number matters."""


def grouped(told: Iterable[tuple[str, str]]) -> list[str]:
    """Say each text once, behind the names of all the hosts it is told of: `10.0.0.1, .2  text`."""
    hosts: dict[str, list[str]] = {}
    for host, text in told:
        hosts.setdefault(text, []).append(host)
    return [f"{names(dict.fromkeys(those))}  {text}" for text, those in hosts.items()]


def names(hosts: Iterable[str]) -> str:
    """List hosts; of an address after one in the same /24, only the last number: `10.0.0.1, .2`."""
    said, net = [], ""
    for host in hosts:
        address = re.fullmatch(r"(\d+\.\d+\.\d+)(\.\d+)", host, re.ASCII)
        said.append(address[2] if address and address[1] == net else host)
        net = address[1] if address else ""
    return ", ".join(said)


def crowd(hosts: Collection[str]) -> str:
    """Name a few hosts, and only count many."""
    return names(hosts) if len(hosts) <= NAMED else counted(len(hosts), "host")


def verb(hosts: Iterable[str], one: str, many: str) -> str:
    """Say what hosts do, in the form that fits their number: `10.0.0.1 serves`, `10.0.0.1, .2 serve`."""
    those = list(hosts)
    return f"{names(those)} {one if len(those) == 1 else many}"


def counted(number: int, thing: str) -> str:
    """Say `1 step`, `2 steps`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def capitalized(text: str) -> str:
    """Begin a remedy as a sentence, leaving the names in it as they are written."""
    return f"{text[0].upper()}{text[1:]}"


def share(some: int, total: int, things: str, one: str, many: str) -> str:
    """Say what some of all do: `1 of 3 masters serves`, `2 of 3 masters serve`."""
    return f"{some} of {total} {things} {one if some == 1 else many}"
