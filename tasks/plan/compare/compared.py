"""One host while it is compared: what is wanted of it, what was seen, what its services are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..desired import DIGEST, Container, File, Item, of
from ..look.observed import Observed
from ..names import Id
from ..step import Blocker, Step
from . import differences

ARTICLES = {"leader": "the ", "follower": "a ", "standby": "a ", "observer": "an "}

BY_HAND = "edited by hand: "
"""Begins the reason for a step where not hosts.ini has changed, but somebody the host."""

Found = Iterator[Step | Blocker]
"""What a comparison finds: steps that are missing, and what stands in their way."""


@dataclass(frozen=True)
class Host:
    """One host while it is compared: what is wanted, what was seen, what its services are."""

    node: str
    items: tuple[Item, ...]
    seen: Observed
    role: Callable[[str], str]

    def container(self, name: str | None) -> Container | None:
        """Give the desired container of that name."""
        return next((one for one in of(Container, self.items) if one.name == name), None)

    def mounted_now(self, file: File) -> bool:
        """Tell whether a container that mounts `file` exists, so that only its restart may swap it."""
        return file.mounted_by is not None and file.mounted_by in self.seen.containers

    def differs(self, file: File) -> bool:
        """Tell whether `file` is not as wanted."""
        return not file.kept and self.seen.path(file.path).text != file.text

    def made_as_wanted(self, container: Container) -> bool:
        """Tell whether the container was made from just the form that is wanted now.

        Then hosts.ini has not changed since but for variables and arguments, and whatever else differs was
        edited by hand.
        """
        return self.seen.container(container.name).labels.get(DIGEST) == container.digest

    @property
    def ids(self) -> tuple[Id, ...]:
        """The runbook ids that are looked at, in order."""
        return tuple(dict.fromkeys(item.step for item in self.items))

    def how_differs(self, file: File) -> str:
        """Say in which way `file` is not as wanted."""
        seen = self.seen.path(file.path)
        if seen.kind == "absent":
            return "missing"
        if seen.kind == "directory":
            return "it is a directory (docker makes one where a mounted file is missing)"
        if file.sealed:
            return "other secrets than those of now"
        return (BY_HAND if self._edited(file) else "") + differences.texts(seen.text, file.text)

    def _edited(self, file: File) -> bool:
        mounting = self.container(file.mounted_by)
        # The version before it is there as long as a run has not finished with it: then it was that run.
        replaced = self.seen.path(file.previous).kind != "absent"
        return mounting is not None and self.made_as_wanted(mounting) and not replaced

    def restarts(self, container: str) -> str:
        """Say whose restart a step causes: `restarts zookeeper, a follower`."""
        role = self.role(container)
        return f"restarts {container}{', ' + ARTICLES.get(role, '') + role if role else ''}"

    def before(self, step: Id) -> frozenset[Id]:
        """Give the ids that come before `step` in its chapter."""
        ids = [id for id in self.ids if id.service == step.service]
        return frozenset(ids[: ids.index(step)])
