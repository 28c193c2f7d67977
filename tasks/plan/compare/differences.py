"""Differences told so that an operator understands them: fields of files, fields of containers."""

from collections.abc import Mapping, Sequence

from ...inventory import secret
from ..desired import Container
from ..look.docker import SeenContainer, SeenImage
from ..look.observed import Path
from . import rights

Fields = Mapping[str, str | None]
"""What has a name, and its value; None if it has none, as a flag that is only switched on."""


LONGEST = 600
"""Characters of changes that a person still reads; what differs more is another file."""


def texts(seen: str, wanted: str) -> str:
    """Say how a file differs: by the key of its `key=value` lines, other lines whole."""
    changes = ", ".join(_changes(_entries(seen), _entries(wanted)))
    if len(changes) > LONGEST:
        return f"{len(seen.splitlines())} lines -> {len(wanted.splitlines())} other lines"
    return changes or "only order, comments or spaces differ"


def _entries(text: str) -> Fields:
    lines = (line.strip() for line in text.splitlines())
    parted = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip() if sign else None for key, sign, value in parted}


def _changes(old: Fields, new: Fields) -> list[str]:
    found = [_change(key, old[key], new[key]) for key in new if key in old and old[key] != new[key]]
    found += [f"{_entry(key, new[key])} added" for key in new if key not in old]
    return found + [f"{_entry(key, old[key])} removed" for key in old if key not in new]


def _change(key: str, old: str | None, new: str | None) -> str:
    hidden = any(secret.is_secret(key, value or "") for value in (old, new))
    return f"{key} changed {secret.HIDDEN}" if hidden else f"{key} {_word(old)} -> {_word(new)}"


def _entry(key: str, value: str | None) -> str:
    return secret.shown("", key) if value is None else f"{key}={secret.shown(key, value)}"


def owner_and_mode(seen: Path, mode: str, owner: str = "") -> str:
    """Say how owner and mode of what stands at a path differ; "" if they do not, or nobody knows them."""
    rows = (("owner", seen.owner, owner), ("mode", seen.mode, mode))
    return ", ".join(f"{name} {old} -> {new}" for name, old, new in rows if old and new and old != new)


def container(wanted: Container, seen: SeenContainer, image: SeenImage | None) -> list[str]:
    """Say field by field, both ways, how docker's report on a container differs from what is wanted.

    `image` is docker's report on the wanted image, None while the host does not hold it.
    """
    found = []
    if seen.image != wanted.image:
        found.append(f"image {seen.image} -> {wanted.image}")
    elif image is not None and image.id not in seen.made_of:
        found.append(f"image {wanted.image} is another one now")
    found += _environment(wanted, seen, image)
    found += _mounts(wanted, seen)
    found += rights.compared(wanted, seen.options)
    found += _program(wanted, seen, image) if image else []
    found += _arguments(wanted, seen, image) if image else []
    return found


def settings(wanted: Container, seen: SeenContainer, image: SeenImage | None) -> list[str]:
    """Say how variables and arguments differ, which the container's label does not cover."""
    return _environment(wanted, seen, image) + (_arguments(wanted, seen, image) if image else [])


def _environment(wanted: Container, seen: SeenContainer, image: SeenImage | None) -> list[str]:
    new, old = dict(wanted.environment), seen.environment
    base = old if image is None else image.environment
    # What the image gives is nobody's change; without the image nobody knows what that is.
    return _changes({key: old[key] for key in old if key in new or old[key] != base.get(key)}, new)


def _mounts(wanted: Container, seen: SeenContainer) -> list[str]:
    new = {mount.bind for mount in wanted.mounts}
    return [f"mount {bind} added" for bind in sorted(new - seen.mounts)] + [
        f"mount {bind} removed" for bind in sorted(seen.mounts - new)
    ]


def _program(wanted: Container, seen: SeenContainer, image: SeenImage) -> list[str]:
    """Compare the program that runs, which the image gives where nothing else is wanted."""
    entrypoint = (wanted.entrypoint,) if wanted.entrypoint else image.entrypoint
    pairs = [("entrypoint", seen.entrypoint, entrypoint), ("user", seen.user, image.user)]
    return [f"{name} {_word(old)} -> {_word(new)}" for name, old, new in pairs if old != new]


def _arguments(wanted: Container, seen: SeenContainer, image: SeenImage) -> list[str]:
    """Say which flag differs, or show both lists where there is more than flags, each given once."""
    old, new = seen.arguments, wanted.arguments or (() if wanted.entrypoint else image.arguments)
    if old == new:
        return []
    before, after = _flags(old), _flags(new)
    if before is None or after is None:
        return [f"arguments {_word(old)} -> {_word(new)}"]
    changes = [f"argument {change}" for change in _changes(before, after)]
    return changes or ["only the order of the arguments differs"]


def _flags(words: Sequence[str]) -> dict[str, str | None] | None:
    found: dict[str, str | None] = {}
    flag = ""
    for word in words:
        if word.startswith("--"):
            flag, sign, value = word.partition("=")
            if flag in found:
                return None
            found[flag] = value if sign else None
        elif found.get(flag, word) is None:
            found[flag] = word
        else:
            return None
    return found


def _word(value: str | Sequence[str] | None) -> str:
    return (value if isinstance(value, str) else " ".join(secret.shown_words(value or ()))) or "none"
