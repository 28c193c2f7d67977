"""Versions: what an image's tag says, or a program of itself."""

import re
from collections.abc import Iterable

from ...inventory.kinds import IMAGE

Version = tuple[int, int, int]

NUMBERS = re.compile(r"v?([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})(?!\.?[0-9])")


def of_text(text: str) -> Version | None:
    """Read `1.5.8`, `v1.5.8` or `1.5.8-rc1-dirty`; None if it does not begin with three numbers.

    What follows the numbers does not count: Marathon's storage version leaves it out, too
    (StorageVersions.scala).
    """
    match = NUMBERS.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def of_image(reference: str) -> Version | None:
    """Read the version from an image's tag; None if it has no tag or the tag names none."""
    match = IMAGE.match(reference)
    return of_text(match["tag"] or "") if match else None


def shown(version: Version | None) -> str:
    """Write a version for people."""
    return ".".join(map(str, version)) if version else "a version that its tag does not tell"


def change(old: Iterable[Version | None], new: Version | None) -> str:
    """Say from which versions to which members go: `3.4.13 and 3.4.14 -> 3.8.0`."""
    told = " and ".join(map(shown, sorted({*old} - {new}, key=lambda each: each or (0, 0, 0))))
    return f"{told} -> {shown(new)}"
