"""An ssh-agent at any socket, with an end to every wait.

The one place that uses what paramiko keeps to itself (and its types leave out): its own Agent finds
$SSH_AUTH_SOCK alone, waits for ever, and lets only one thread talk at a time.
"""

import socket
from typing import Any

from paramiko import AgentKey, SSHException
from paramiko.agent import AgentSSH
from paramiko.pkey import PublicBlob

from .limits import LIMITS, LoginLimits

CERTIFICATE = "-cert-v01@openssh.com"


class AgentTrouble(SSHException):
    """An agent is of no use; `str()` tells why."""


class HeldKey(AgentKey):
    """A key in an agent, or a certificate, which paramiko would send as the plain key inside."""

    def __init__(self, agent: AgentSSH, blob: bytes, comment: str) -> None:
        super().__init__(agent, blob, comment)
        if self.name.endswith(CERTIFICATE):
            self.public_blob = PublicBlob(self.name, blob)  # type: ignore[assignment]

    def sign_ssh_data(self, data: Any, algorithm: str | None = None) -> Any:
        """Have the agent sign. Raises AgentTrouble."""
        try:
            return super().sign_ssh_data(data, algorithm)
        except AgentTrouble:
            raise
        except SSHException:
            at = self.agent.path  # type: ignore[attr-defined]
            raise AgentTrouble(
                f"the agent at {at} does not sign with its key {self.comment!r}: is it locked (ssh-add -X)?"
            ) from None


class Agent(AgentSSH):
    """Holds keys; each message goes over a connection of its own, so that no thread waits for another's.

    Raises AgentTrouble.
    """

    def __init__(self, path: str, limits: LoginLimits = LIMITS) -> None:
        super().__init__()
        self.path, self._patience = path, limits.agents_keys
        try:
            self._connect(None)  # type: ignore[attr-defined]
            self._patience = limits.agents_consent
        except AgentTrouble:
            raise
        except Exception as error:  # whatever an answer can be that is no list of keys
            raise self._trouble(f"does not answer as an agent does ({error})") from None

    @property
    def held(self) -> tuple[HeldKey, ...]:
        """The keys, in the agent's order."""
        return tuple(HeldKey(self, key.blob, key.comment) for key in self.get_keys())

    def _send_message(self, msg: Any) -> Any:
        line = AgentSSH()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._patience)
                connection.connect(self.path)
                line._conn = connection  # type: ignore[attr-defined]
                return line._send_message(msg)  # type: ignore[attr-defined]
        except TimeoutError:
            raise self._trouble(f"does not answer within {self._patience} s") from None
        except ConnectionRefusedError:
            raise self._trouble("is gone: nobody listens there any more") from None
        except FileNotFoundError:
            raise self._trouble("does not exist") from None
        except OSError as error:
            raise self._trouble(f"cannot be used ({error.strerror or error})") from None

    def _trouble(self, why: str) -> AgentTrouble:
        return AgentTrouble(f"the agent at {self.path} {why}")
