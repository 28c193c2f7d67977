"""App definitions: what comes in becomes what Marathon 1.5 would store and return. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from . import apps_rules
from .apps_rules import Invalid
from .options import Options

Definition = dict[str, Any]
DEFAULTS: Mapping[str, Any] = {
    "backoffFactor": 1.15,
    "backoffSeconds": 1,
    "cpus": 1,
    "disk": 0,
    "executor": "",
    "gpus": 0,
    "instances": 1,
    "killSelection": "YOUNGEST_FIRST",
    "labels": {},
    "maxLaunchDelaySeconds": 3600,
    "mem": 128,
    "requirePorts": False,
    "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
    "upgradeStrategy": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1},
}
_CHECK = {
    "gracePeriodSeconds": 300,
    "intervalSeconds": 60,
    "timeoutSeconds": 20,
    "maxConsecutiveFailures": 3,
    "delaySeconds": 15,
    "protocol": "HTTP",
}
_ARTIFACT = {"extract": True, "executable": False, "cache": False}
_OLD_NETWORKS = {"HOST": "host", "BRIDGE": "container/bridge", "USER": "container"}


def path_id(text: str) -> str:
    """Make an id absolute."""
    return "/" + text.strip("/")


def create(raw: Any, options: Options, taken: Collection[int]) -> Definition:
    """Return the definition that a new app's JSON means; `taken` are service ports of other apps."""
    given = modern(raw)
    if "id" not in given:
        raise Invalid.json({"/id": "error.path.missing"})
    return _complete(given, options, taken)


def update(old: Definition, raw: Any, options: Options, taken: Collection[int]) -> Definition:
    """Return the definition after a partial update: fields that are missing keep their values."""
    given = modern(raw)
    kept = {name: value for name, value in old.items() if name not in ("version", "versionInfo")}
    if "networks" in given and given["networks"] != old["networks"]:
        kept.pop("portDefinitions", None)
    return _complete({**kept, **given}, options, taken)


def modern(raw: Any) -> Definition:
    """Check the types, forget unknown fields, and say old forms in today's."""
    given = apps_rules.typed(raw)
    container = given.get("container", {})
    docker = container.get("docker", {})
    _only_one("networks", given.get("networks"), docker.get("network") or given.get("ipAddress"))
    _only_one("container/portMappings", container.get("portMappings"), docker.get("portMappings"))
    _only_one("portDefinitions", given.get("portDefinitions"), given.get("ports"))
    _only_one("fetch", given.get("fetch"), given.get("uris"))
    if "network" in docker or "ipAddress" in given:
        given["networks"] = [_old_network(docker.get("network"), given.get("ipAddress", {}))]
    if "ports" in given:
        given["portDefinitions"] = [{"port": port} for port in given["ports"]]
    if "uris" in given:
        given["fetch"] = [{"uri": uri} for uri in given["uris"]]
    if docker:
        given["container"] = _modern_container(container)
    return {name: value for name, value in given.items() if name not in ("ports", "uris", "ipAddress")}


def _only_one(path: str, new: Any, old: Any) -> None:
    if new and old:
        raise Invalid.object({f"/{path}": "must not be given both in the old form and in the new one"})


def _old_network(network: str | None, address: Mapping[str, Any]) -> dict[str, Any]:
    if network is not None and network not in _OLD_NETWORKS:
        raise Invalid.json({"/container/docker/network": "error.unknown.enum"})
    mode = _OLD_NETWORKS.get(network or "USER", "container")
    name = address.get("networkName")
    return {"mode": mode, **({"name": name} if name and mode == "container" else {})}


def _modern_container(container: Mapping[str, Any]) -> dict[str, Any]:
    docker = dict(container["docker"])
    docker.pop("network", None)
    mappings = docker.pop("portMappings", None) or container.get("portMappings")
    docker = {"forcePullImage": False, "privileged": False, "parameters": [], **docker}
    return {
        "type": "DOCKER",
        "volumes": [],
        **container,
        "docker": docker,
        **({"portMappings": mappings} if mappings else {}),
    }


def _complete(given: Definition, options: Options, taken: Collection[int]) -> Definition:
    given = {"id": "", **DEFAULTS, **given} | {"id": path_id(given["id"])}
    networks = given.get("networks") or [{"mode": "host"}]
    given["networks"] = [_named({"mode": "container", **network}, options) for network in networks]
    _with_ports(given)
    given["healthChecks"] = [_check(check, given) for check in given.get("healthChecks", [])]
    if "fetch" in given:
        given["fetch"] = [{**_ARTIFACT, **artifact} for artifact in given["fetch"]]
    for name in ("upgradeStrategy", "unreachableStrategy"):
        if isinstance(given[name], dict):
            given[name] = {**DEFAULTS[name], **given[name]}
    apps_rules.check(given)
    _assign_service_ports(given, options, taken)
    return {name: value for name, value in given.items() if value != [] or name == "portDefinitions"}


def _named(network: dict[str, Any], options: Options) -> dict[str, Any]:
    default = options["default_network_name"]
    return {"name": default, **network} if network["mode"] == "container" and default else network


def on_host(definition: Definition) -> bool:
    """Tell whether the app shares its hosts' network."""
    return all(network["mode"] == "host" for network in definition["networks"])


def _with_ports(given: Definition) -> None:
    """One port by default: a definition on the host's network, a mapping on others."""
    if on_host(given):
        given.setdefault("portDefinitions", [{"port": 0, "name": "default"}])
        given["portDefinitions"] = [
            {"port": 0, "protocol": "tcp", **port} for port in given["portDefinitions"]
        ]
        return
    bridge = any(network["mode"] == "container/bridge" for network in given["networks"])
    container = dict(given.get("container") or {"type": "MESOS"})
    default = {"containerPort": 0, "protocol": "tcp", "servicePort": 0, **({"hostPort": 0} if bridge else {})}
    mappings = container.get("portMappings", [{"name": "default"}])
    container["portMappings"] = [{**default, **mapping} for mapping in mappings]
    given["container"], given["requirePorts"] = container, False


def _check(check: Mapping[str, Any], given: Definition) -> dict[str, Any]:
    whole = {**_CHECK, **check}
    needs_port = whole["protocol"] != "COMMAND" and "port" not in whole and "portIndex" not in whole
    return {**whole, "portIndex": 0} if needs_port and ports_of(given) else whole


def ports_of(definition: Definition) -> list[dict[str, Any]]:
    """Return the app's port definitions or mappings, whichever its networks call for."""
    if on_host(definition):
        return list(definition.get("portDefinitions", []))
    return list(definition.get("container", {}).get("portMappings", []))


def service_ports(definition: Definition) -> list[int]:
    """Return the app's service ports, in the order of its ports."""
    name = "port" if on_host(definition) else "servicePort"
    return [port.get(name, 0) for port in ports_of(definition)]


def _assign_service_ports(given: Definition, options: Options, taken: Collection[int]) -> None:
    name = "port" if on_host(given) else "servicePort"
    used = {*taken, *service_ports(given)}
    free = (
        port for port in range(options["local_port_min"], options["local_port_max"] + 1) if port not in used
    )
    for port in ports_of(given):
        if not port[name] and not given["requirePorts"]:
            port[name] = next(free)


def hostname_of(app_id: str) -> str:
    """Turn /group/app into app.group, the name of its Mesos tasks."""
    return ".".join(reversed(re.findall(r"[^/]+", app_id)))
