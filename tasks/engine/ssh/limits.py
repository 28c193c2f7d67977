"""How long the ways to hosts wait."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LoginLimits:
    """Seconds that a host may take to answer, unless ssh_config or fab's -t says otherwise, and an agent.

    An agent tells its keys at once; to sign, it may have to ask somebody. A host waits 10 s for it.
    """

    host: int = 10
    agents_keys: float = 5
    agents_consent: float = 9


LIMITS = LoginLimits()
