"""SSH keys, and files to put into a container. No effects."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyPair:
    """An ed25519 key in OpenSSH's own formats."""

    private: bytes
    public: bytes


def generate() -> KeyPair:
    """Make a new key pair."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return pair(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption()))


def pair(private: bytes) -> KeyPair:
    """Complete a key pair."""
    from cryptography.hazmat.primitives import serialization as form

    key = form.load_ssh_private_key(private, None).public_key()
    return KeyPair(private, key.public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH) + b"\n")


def archive(files: dict[str, tuple[int, bytes]]) -> bytes:
    """Pack root's files, {path: (mode, content)}, as the Docker API takes them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, (mode, content) in files.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.mode, entry.size = mode, len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def unpack(packed: bytes) -> bytes:
    """Return the content of the one file in an archive."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read() if file else b""
