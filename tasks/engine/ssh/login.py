"""Log in: offer keys as OpenSSH does, and remember what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from paramiko import AuthenticationException, BadAuthenticationType, SSHConfig, SSHException, Transport
from paramiko.auth_strategy import AuthResult, AuthSource, AuthStrategy, InMemoryPrivateKey, Password

from .agent import AgentTrouble
from .keys import Keys
from .settings import Settings


class Silent(SSHException):
    """A host did not say in time whether it accepts a key."""


@dataclass
class NotAccepted(AuthenticationException):
    """A host lets nobody in with what was offered.

    `hung_up` tells whether it ended the connection over that, `partly` whether it wants more than what it
    has accepted, `accepts` the ways that it has instead or besides.
    """

    offered: int = 0
    hung_up: bool = False
    partly: bool = False
    accepts: tuple[str, ...] = ()


class Login(AuthStrategy):
    """Offers a host one key after another, and a password if one was typed."""

    def __init__(self, settings: Settings, keys: Keys, password: str | None) -> None:
        super().__init__(SSHConfig())
        self._settings, self._keys, self._password = settings, keys, password

    def get_sources(self) -> Iterator[AuthSource]:
        """Give what a host is offered, in order."""
        settings, password = self._settings, self._password
        if settings.offers_keys:
            for offer in self._keys.offers(settings):
                yield InMemoryPrivateKey(settings.user, offer.key)
        if password is not None:
            yield Password(settings.user, lambda: password)

    def authenticate(self, transport: Transport) -> AuthResult:
        """Log in. Raises NotAccepted, AgentTrouble or Silent."""
        failed = NotAccepted()
        for source in self.get_sources():
            wanted = isinstance(source, Password) or "publickey" in (failed.accepts or ("publickey",))
            if wanted and self._is_accepted(source, transport, failed):
                return AuthResult(self)
            if failed.hung_up:
                break
        raise failed

    def _is_accepted(self, source: AuthSource, transport: Transport, failed: NotAccepted) -> bool:
        failed.offered += 1
        try:
            more = source.authenticate(transport)
        except BadAuthenticationType as error:
            failed.accepts = tuple(error.allowed_types)
        except AgentTrouble:
            raise
        except EOFError:  # the connection ended before paramiko waited for an answer
            transport.join(1)
            if isinstance(cause := transport.get_exception(), AgentTrouble):
                raise cause from None
            failed.hung_up = True
        except SSHException as error:
            if "timeout" in str(error).lower():
                raise Silent(str(error)) from None
            failed.hung_up = not transport.is_active()
        else:
            failed.partly, failed.accepts = bool(more), tuple(more)
            return not more
        return False
