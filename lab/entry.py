"""Who may come into a host: the files that let them in. No effects."""

from __future__ import annotations

from dataclasses import dataclass

from . import spec
from .spec import Host

AUTHORIZED = "/etc/ssh/authorized_keys"
PASSWORDS = "/etc/lab-passwords"
"""`user:password` lines, for chpasswd."""


@dataclass(frozen=True)
class Entry:
    """What one checkout comes in with: its key, the key it has behind the bastion, a password."""

    public: bytes
    public_behind: bytes
    password: str

    def files(self, host: Host) -> dict[str, tuple[int, bytes]]:
        """Return the files of a host that let this checkout in, {path: (mode, content)}."""
        # Only so is it certain that a connection did come through the bastion.
        only = b"" if host == spec.BASTION else f'from="{spec.BASTION.address}" '.encode()
        return {
            AUTHORIZED: (0o644, self.public + only + self.public_behind),
            PASSWORDS: (0o600, f"{spec.OPERATOR}:{self.password}\n".encode()),
        }
