"""Containers that somebody made by hand: which names to ask for, which flags and places they have."""

from collections.abc import Mapping
from dataclasses import replace

from ..desired import Container
from .docker import SeenContainer, SeenImage


def names(wanted: Container) -> tuple[str, ...]:
    """Give the names to be asked for: of one that takes over another, also that one's, before and after.

    What is kept of a container that has no label of ours is not among those that docker finds by it.
    """
    return (wanted.name, wanted.adopts, f"{wanted.name}.prev") if wanted.adopts else (wanted.name,)


def adopted(seen: Mapping[str, SeenContainer], taken: Mapping[str, str]) -> dict[str, SeenContainer]:
    """Give those that are to be taken over the names that they are wanted by, where none has these."""
    found = dict(seen)
    for name, other in taken.items():
        if name not in found and other in found and not found[other].is_ours:
            found[name] = replace(found.pop(other), called=other)
    return found


def flags(seen: SeenContainer, prefix: str, image: SeenImage | None = None) -> dict[str, str]:
    """Give what a program of Mesos or Marathon is told, by its flags' names; an argument beats a variable.

    What the image gives to every container of it is left out. A flag without a value is "".
    """
    base = image.environment if image else {}
    told = {
        name.removeprefix(prefix).lower(): value
        for name, value in seen.environment.items()
        if name.startswith(prefix) and base.get(name) != value
    }
    return told | arguments(seen)


def arguments(seen: SeenContainer) -> dict[str, str]:
    """Give the flags among a container's arguments."""
    found: dict[str, str] = {}
    flag = ""
    for word in seen.arguments:
        if word.startswith("--"):
            flag, _, found[flag] = word[2:].partition("=")
        elif flag and not found[flag]:
            found[flag] = word
    return found


def in_memory(seen: SeenContainer) -> bool:
    """Tell whether a master keeps its registry in memory alone, so that it has nothing to be kept."""
    return flags(seen, "MESOS_").get("registry") == "in_memory"


def place(seen: SeenContainer, inside: str) -> str:
    """Give the host's path of what a container sees as `inside`; "" if it is in the container itself."""
    told = dict(bind.split(":", 2)[1::-1] for bind in seen.mounts if ":" in bind) | dict(seen.places)
    above = [each for each in told if f"{inside}/".startswith(f"{each.rstrip('/')}/")]
    if not above:
        return ""
    nearest = max(above, key=len)
    return told[nearest].rstrip("/") + inside[len(nearest.rstrip("/")) :]
