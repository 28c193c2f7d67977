"""Members that are not well: a deploy may mend that, or not get far."""

from collections.abc import Iterator

from ..step import Sort, Trouble
from .checks import Finding
from .subject import Subject

TOLD_ELSEWHERE = (Sort.PORT, Sort.FULL)
"""What stands in the way of the plan, and what the disks tell."""


def troubles(host: Subject, found: tuple[Trouble, ...]) -> Iterator[Finding]:
    """Give what the plan knows of members that are not well."""
    for one in found:
        if one.sort not in TOLD_ELSEWHERE:
            check = "read-only" if one.sort is Sort.READ_ONLY else "unwell"
            remedy = "the deploy mends that" if one.mended else one.remedy
            yield host.finding(check, f"{one.container}: {one.seen}", remedy)
