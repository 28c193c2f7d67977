"""Fresh secrets for a cluster, in a file for its owner alone."""

import os
import secrets
from pathlib import Path
from shlex import quote

from .. import inventory
from ..errors import BadInput
from ..inventory.credentials import WHO, Credential, Secret, written

BYTES = 30
"""Random bytes of a secret, which are 40 letters of base64."""


def make(out: str | None) -> str:
    """Write a file of secrets, and say what to do with it. Raises BadInput if one is there already."""
    place = Path(out).expanduser().absolute() if out else inventory.secrets_place()
    made = {who: Credential(who, Secret(secrets.token_urlsafe(BYTES))) for who in WHO}
    try:
        # Neither is another file overwritten, nor a link followed, and nobody else can ever open it.
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(
            f"{place} is there already, and secrets in use must not be lost; name another file"
        ) from None
    except OSError as error:
        raise BadInput(f"{place}: {error.strerror}") from None
    with os.fdopen(handle, "w") as file:
        file.write(written(made))
        file.flush()
        os.fsync(handle)
    return (
        f"{place} has fresh secrets for {', '.join(WHO)}. Keep a copy where only you can read it; "
        f"hosts.ini names it as secrets_file={quote(str(place))}.\n"
    )
