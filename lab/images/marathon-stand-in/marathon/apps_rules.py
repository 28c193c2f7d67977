"""What an app definition may be: types first, rules then. Every breach at once, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Shape = Any  # types of a leaf, {name: shape} of an object, {"*": shape} of a map, [shape] of an array.
_TEXT, _NUMBER, _WHOLE, _BOOL, _OBJECT = (str,), (int, float), (int,), (bool,), (dict,)
_PORT = {"name": _TEXT, "protocol": _TEXT, "labels": {"*": _TEXT}}
_MAPPING = {**_PORT, **dict.fromkeys(("containerPort", "hostPort", "servicePort"), _WHOLE)}
_SECONDS = ("gracePeriodSeconds", "intervalSeconds", "timeoutSeconds", "delaySeconds")
_CHECK = {
    **dict.fromkeys((*_SECONDS, "maxConsecutiveFailures", "port", "portIndex"), _WHOLE),
    **dict.fromkeys(("protocol", "path"), _TEXT),
    "command": {"value": _TEXT},
}
_DOCKER = {
    **dict.fromkeys(("image", "network"), _TEXT),
    **dict.fromkeys(("privileged", "forcePullImage"), _BOOL),
    "parameters": [{"key": _TEXT, "value": _TEXT}],
    "portMappings": [_MAPPING],
}
_ARTIFACT = {"uri": _TEXT, "destPath": _TEXT, **dict.fromkeys(("extract", "executable", "cache"), _BOOL)}
TYPES: Mapping[str, Shape] = {
    **dict.fromkeys(["id", "cmd", "executor", "killSelection", "user", "version"], _TEXT),
    **dict.fromkeys(
        ["cpus", "mem", "disk", "backoffSeconds", "backoffFactor", "maxLaunchDelaySeconds"], _NUMBER
    ),
    **dict.fromkeys(["gpus", "instances", "taskKillGracePeriodSeconds"], _WHOLE),
    **dict.fromkeys(["args", "acceptedResourceRoles", "dependencies", "uris"], [_TEXT]),
    **dict.fromkeys(["residency", "secrets", "ipAddress"], _OBJECT),
    "requirePorts": _BOOL,
    "ports": [_WHOLE],
    "labels": {"*": _TEXT},
    "env": {"*": (str, dict)},
    "constraints": [(list,)],
    "readinessChecks": [_OBJECT],
    "networks": [{"mode": _TEXT, "name": _TEXT, "labels": {"*": _TEXT}}],
    "portDefinitions": [{**_PORT, "port": _WHOLE}],
    "healthChecks": [_CHECK],
    "fetch": [_ARTIFACT],
    "upgradeStrategy": {"*": _NUMBER},
    "unreachableStrategy": (dict, str),
    "container": {
        "type": _TEXT,
        "docker": _DOCKER,
        "portMappings": [_MAPPING],
        "volumes": [dict.fromkeys(("containerPath", "hostPath", "mode"), _TEXT)],
    },
}
_EXPECTED = {str: "jsstring", int: "jsnumber", list: "jsarray", dict: "jsobject", bool: "jsboolean"}
_SEGMENT = r"([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])"
ID = rf"(/{_SEGMENT}(\.{_SEGMENT})*)+"
OPERATORS = ("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER")
MODES = ("host", "container", "container/bridge")
PROTOCOLS = ("HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP")
LEFT_OUT = ("residency", "secrets", "readinessChecks", "dependencies")
Breaches = Iterator[tuple[str, str]]


class Invalid(Exception):
    """A definition that is refused, with the reasons by path."""

    def __init__(self, message: str, errors: Mapping[str, str]) -> None:
        super().__init__(message)
        self.message = message
        self.details = [{"path": path, "errors": [error]} for path, error in errors.items()]

    @classmethod
    def json(cls, errors: Mapping[str, str]) -> Invalid:
        """Say that the JSON has not the shape of an app."""
        return cls("Invalid JSON", errors)

    @classmethod
    def object(cls, errors: Mapping[str, str]) -> Invalid:
        """Say that the app breaks a rule."""
        return cls("Object is not valid", errors)


def typed(raw: Any) -> dict[str, Any]:
    """Return the known fields that are given; null is as good as absent."""
    given = _without_nulls(raw)
    wrong = dict(_misshapen(given, TYPES, "")) or dict(_unreadable(given))
    if wrong:
        raise Invalid.json(wrong)
    return {name: given[name] for name in TYPES if name in given}


def _unreadable(given: Mapping[str, Any]) -> Breaches:
    """Yield the id if no app could have it; an absolute one is made of what remains later."""
    if not re.fullmatch(f"{ID}|/", "/" + given.get("id", "").strip("/")):
        yield "/id", "error.pattern"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


def _misshapen(value: Any, shape: Shape, path: str) -> Breaches:
    """Yield what has another type than it should, deep down; what nobody knows may be anything."""
    if isinstance(shape, tuple):
        if not isinstance(value, shape) or (isinstance(value, bool) and shape != _BOOL):
            yield path, f"error.expected.{_EXPECTED[shape[0]]}"
    elif not isinstance(value, type(shape)):
        yield path, f"error.expected.{_EXPECTED[type(shape)]}"
    elif isinstance(shape, list):
        for number, each in enumerate(value):
            yield from _misshapen(each, shape[0], f"{path}({number})")
    else:
        for name, each in value.items():
            if name in shape or "*" in shape:
                yield from _misshapen(each, shape.get(name, shape.get("*")), f"{path}/{name}")


def check(app: Mapping[str, Any]) -> None:
    """Refuse a completed definition that breaks a rule."""
    rules = (_identity, _what_to_run, _amounts, _networks, _checks, _constraints, _not_here)
    breaches = {path: error for rule in rules for path, error in rule(app)}
    if breaches:
        raise Invalid.object(breaches)


def _identity(app: Mapping[str, Any]) -> Breaches:
    if not re.fullmatch(ID, app["id"]):
        yield "/id", f"must fully match regular expression '^{ID}$'"


def _what_to_run(app: Mapping[str, Any]) -> Breaches:
    docker = app.get("container", {}).get("docker")
    if "cmd" in app and len(app["cmd"]) < 2:
        yield "/cmd", "must be longer than 1 character"
    if ("cmd" in app and "args" in app) or not ("cmd" in app or app.get("args") or docker):
        yield "/", "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."
    if docker is not None and not docker.get("image"):
        yield "/container/docker/image", "must not be empty"
    if docker and "credential" in docker:
        yield "/container/docker/credential", "must be empty"


def _amounts(app: Mapping[str, Any]) -> Breaches:
    for name in ("cpus", "mem", "disk", "gpus", "instances", "backoffSeconds", "maxLaunchDelaySeconds"):
        if app[name] < 0:
            yield f"/{name}", f"got {app[name]}, expected 0 or more"
    strategy = app["unreachableStrategy"]
    numbers = strategy.values() if isinstance(strategy, dict) else [0 if strategy == "disabled" else -1]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        yield "/unreachableStrategy", "must be numbers of seconds, or disabled"
    if app["killSelection"] not in ("YOUNGEST_FIRST", "OLDEST_FIRST"):
        yield "/killSelection", "must be one of YOUNGEST_FIRST, OLDEST_FIRST"
    if app["backoffFactor"] < 1:
        yield "/backoffFactor", f"got {app['backoffFactor']}, expected 1 or more"
    for name, value in app["upgradeStrategy"].items():
        if not 0 <= value <= 1:
            yield f"/upgradeStrategy/{name}", f"got {value}, expected between 0 and 1"


def _networks(app: Mapping[str, Any]) -> Breaches:
    modes = [network["mode"] for network in app["networks"]]
    container = app.get("container", {})
    if not set(modes) <= set(MODES):
        yield "/networks", f"mode must be one of {', '.join(MODES)}"
    if len(modes) > 1 and set(modes) != {"container"}:
        yield "/networks", "may consist of one host or one container/bridge network, or of container networks"
    if "host" in modes and container.get("portMappings"):
        yield "/container/portMappings", "must be empty with host networking"
    if "host" not in modes and app.get("portDefinitions"):
        yield "/portDefinitions", "must be empty without host networking"
    if any(network["mode"] == "container" and not network.get("name") for network in app["networks"]):
        yield "/networks", "a container network needs a name"
    if modes.count("container") > 1 and container.get("docker"):
        yield "/networks", "the DOCKER engine knows at most one container network"


def _checks(app: Mapping[str, Any]) -> Breaches:
    checks = app["healthChecks"]
    if any(check["protocol"] not in PROTOCOLS for check in checks):
        yield "/healthChecks", f"protocol must be one of {', '.join(PROTOCOLS)}"
    if sum(check["protocol"].startswith("MESOS_") for check in checks) > 1:
        yield "/healthChecks", "AppDefinition can contain at most one Mesos health check"
    if any(check["protocol"] == "COMMAND" and not check.get("command", {}).get("value") for check in checks):
        yield "/healthChecks", "COMMAND needs a command"
    ports = app.get("portDefinitions") or app.get("container", {}).get("portMappings") or []
    for number, each in enumerate(checks):
        if not 0 <= each.get("portIndex", 0) < max(1, len(ports)) or ("portIndex" in each and not ports):
            yield f"/healthChecks({number})", "portIndex must name one of the app's ports"
        if not ("port" in each or "portIndex" in each or each["protocol"] == "COMMAND"):
            yield f"/healthChecks({number})", "a port or a portIndex is needed"


def _constraints(app: Mapping[str, Any]) -> Breaches:
    for number, rule in enumerate(app.get("constraints", [])):
        texts = isinstance(rule, list) and len(rule) in (2, 3) and all(isinstance(part, str) for part in rule)
        if not texts:
            yield f"/constraints({number})", "must be an array of 2 or 3 strings"
        elif rule[1] not in OPERATORS:
            yield f"/constraints({number})", f"operator must be one of {', '.join(OPERATORS)}"
        elif not _usable(rule[1], rule[2] if len(rule) == 3 else None):
            yield f"/constraints({number})", f"{rule[1]} has not the value it needs"


def _usable(operator: str, value: str | None) -> bool:
    if operator in ("LIKE", "UNLIKE"):
        try:
            return value is not None and bool(re.compile(value))
        except re.error:
            return False
    if operator in ("MAX_PER", "GROUP_BY"):
        return value.isdigit() if value is not None else operator == "GROUP_BY"
    return operator == "CLUSTER" or value is None


def _not_here(app: Mapping[str, Any]) -> Breaches:
    container = app.get("container", {})
    if any(check["protocol"] == "HTTPS" for check in app["healthChecks"]):
        yield "/healthChecks", "the stand-in for Marathon does not check over HTTPS"
    for name in LEFT_OUT:
        if app.get(name):
            yield f"/{name}", "the stand-in for Marathon does not have this"
    if not all(isinstance(value, str) for value in app.get("env", {}).values()):
        yield "/env", "the stand-in for Marathon does not have secrets"
    if any("containerPath" not in volume for volume in container.get("volumes", [])):
        yield "/container/volumes", "containerPath is needed"
    if any("persistent" in volume or "external" in volume for volume in container.get("volumes", [])):
        yield "/container/volumes", "the stand-in for Marathon only has host volumes"
    if not container.get("docker") and any(network["mode"] != "host" for network in app["networks"]):
        yield "/networks", "the stand-in for Marathon has other networks than the host's with DOCKER only"
    if container.get("docker") and container.get("type") != "DOCKER":
        yield "/container/type", "the stand-in for Marathon runs images with DOCKER only"
