"""What the lab consists of: addresses, names, labels. No effects."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import LabError

NETWORK = "mesofab-lab"
BRIDGE = "mesofab0"
SUBNET = "10.70.0.0/24"
GATEWAY = "10.70.0.1"
REGISTRY_ADDRESS = "10.70.0.2"
REGISTRY = f"{REGISTRY_ADDRESS}:5000"

# Everything made in the outer engine carries it: only what carries it is ever listed or removed.
LABEL = "mesofab.lab"
LABELS = {LABEL: "1"}

_FIRST_AGENT = 20
_MOST_AGENTS = 200


@dataclass(frozen=True, order=True)
class Host:
    """One lab host, known by its address."""

    address: str

    @property
    def name(self) -> str:
        """Name the host's container and its docker volume."""
        return f"mesofab-{self.address}"

    @property
    def hostname(self) -> str:
        """Name the machine as it names itself."""
        return "node-" + self.address.rsplit(".", 1)[1]

    @property
    def is_agent(self) -> bool:
        """Tell agents from the three hosts that form quorums."""
        return int(self.address.rsplit(".", 1)[1]) >= _FIRST_AGENT


OPERATOR = "operator"
"""The user of every host whose sudo asks for a password."""

SECOND_PORT = 2222
"""Where sshd listens beside 22."""

SERVERS = tuple(Host(f"10.70.0.{last}") for last in (10, 11, 12))


def agents(count: int) -> tuple[Host, ...]:
    """Return the first `count` agent hosts: 10.70.0.20 and up."""
    if not 1 <= count <= _MOST_AGENTS:
        raise LabError(f"The lab can have 1 to {_MOST_AGENTS} agents, not {count}.")
    return tuple(Host(f"10.70.0.{_FIRST_AGENT + n}") for n in range(count))


BASTION = agents(1)[0]
"""The host through which the profile `bastion` reaches all others."""
