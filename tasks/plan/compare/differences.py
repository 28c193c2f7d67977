"""Differences told so that an operator understands them: fields of files, fields of containers."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...inventory import secret
from ..desired import Container

Inspect = Mapping[str, Any]
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


def container(wanted: Container, seen: Inspect, image: Inspect | None) -> list[str]:
    """Say field by field, both ways, how docker's report on a container differs from what is wanted.

    `image` is docker's report on the wanted image, None while the host does not hold it.
    """
    config, host = seen["Config"], seen["HostConfig"]
    found = []
    if config["Image"] != wanted.image:
        found.append(f"image {config['Image']} -> {wanted.image}")
    elif image is not None and not made_of(seen, image):
        found.append(f"image {wanted.image} is another one now")
    found += _environment(wanted, config, image)
    found += _mounts(wanted, host)
    found += _scalars(wanted, config, host, image)
    found += _arguments(wanted, config, image)
    return found


def made_of(seen: Inspect, image: Inspect) -> bool:
    """Tell whether a container was made of just this image.

    With the containerd image store, ids are the digests of what was pulled: of an index of several
    platforms, or of the one manifest of it which the container has, and which may be pulled alone.
    """
    manifest = seen.get("ImageManifestDescriptor") or {}
    return image["Id"] in (seen["Image"], manifest.get("digest"))


def restart_policy(seen: Inspect) -> str:
    """Give the restart policy; docker can change this one without a restart."""
    return str(seen["HostConfig"]["RestartPolicy"]["Name"])


def _environment(wanted: Container, config: Inspect, image: Inspect | None) -> list[str]:
    new, old = dict(wanted.environment), _variables(config)
    base = old if image is None else _variables(_defaults(image))
    # What the image gives is nobody's change; without the image nobody knows what that is.
    return _changes({key: old[key] for key in old if key in new or old[key] != base.get(key)}, new)


def _variables(config: Inspect) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in config.get("Env") or ())


def _defaults(image: Inspect | None) -> Inspect:
    """Give what an image says of its containers; newer engines leave out what is empty."""
    return (image or {}).get("Config") or {}


def _mounts(wanted: Container, host: Inspect) -> list[str]:
    new = {f"{mount.host}:{mount.inside}" for mount in wanted.mounts}
    old = set(host["Binds"] or ())
    return [f"mount {bind} added" for bind in sorted(new - old)] + [
        f"mount {bind} removed" for bind in sorted(old - new)
    ]


def _scalars(wanted: Container, config: Inspect, host: Inspect, image: Inspect | None) -> list[str]:
    pairs: list[tuple[str, Any, Any]] = [
        ("network", host["NetworkMode"], "host"),
        ("privileged", host["Privileged"], wanted.privileged),
        ("pid mode", host["PidMode"], "host" if wanted.host_pids else ""),
        ("log driver", host["LogConfig"]["Type"], "json-file"),
        ("log size", _log(host, "max-size"), wanted.log_size),
        ("log files", _log(host, "max-file"), str(wanted.log_files)),
        ("added capabilities", host["CapAdd"] or [], []),
        ("dropped capabilities", host["CapDrop"] or [], []),
        ("read-only root", host["ReadonlyRootfs"], False),
        ("memory limit", host["Memory"], 0),
        ("cpu limit", host["NanoCpus"], 0),
    ]
    if image is not None:
        base = _defaults(image)
        entrypoint = [wanted.entrypoint] if wanted.entrypoint else base.get("Entrypoint") or []
        pairs += [
            ("entrypoint", config["Entrypoint"] or [], entrypoint),
            ("user", config["User"], base.get("User") or ""),
        ]
    return [f"{name} {_word(old)} -> {_word(new)}" for name, old, new in pairs if old != new]


def _arguments(wanted: Container, config: Inspect, image: Inspect | None) -> list[str]:
    """Say which flag differs, or show both lists where there is more than flags, each given once."""
    if image is None:
        return []
    old = config["Cmd"] or []
    defaults = [] if wanted.entrypoint else _defaults(image).get("Cmd") or []
    new = list(wanted.arguments) or defaults
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


def _log(host: Inspect, option: str) -> str:
    return str((host["LogConfig"].get("Config") or {}).get(option, ""))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(secret.shown_words(value)) if isinstance(value, list) and value else str(value or "none")
