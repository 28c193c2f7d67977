"""What Mesos is told of a task: resources, command, container, environment, health check. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .apps import Definition, hostname_of, on_host, ports_of
from .deployments import Task
from .offers import Fit, Offer
from .options import Options

_NETWORKS = {"host": "HOST", "container/bridge": "BRIDGE", "container": "USER"}


def build(app: Definition, task: Task, offer: Offer, fit: Fit, options: Options) -> dict[str, Any]:
    """Return the TaskInfo of one task in one offer."""
    prefix = options["env_vars_prefix"] or ""
    info = {
        "name": hostname_of(app["id"]),
        "task_id": {"value": task.id},
        "agent_id": offer["agent_id"],
        "resources": fit.resources,
        "command": _command(app, environment(app, task, fit.ports, prefix)),
        "labels": {"labels": [{"key": key, "value": value} for key, value in app["labels"].items()]},
        "discovery": _discovery(app, fit.ports),
    }
    optional = {
        "container": _container(app, fit.ports),
        "health_check": _health_check(app, fit.ports),
        "kill_policy": _kill_policy(app),
    }
    return info | {name: value for name, value in optional.items() if value}


def effective_ports(app: Definition, ports: Sequence[int | None]) -> list[int]:
    """Return where each port is reached: on the host where there is one there, else in the container."""
    declared = ports_of(app)
    return [port if port is not None else declared[n]["containerPort"] for n, port in enumerate(ports)]


def environment(app: Definition, task: Task, ports: Sequence[int | None], prefix: str) -> dict[str, str]:
    """Return the task's environment; what the app itself sets has the last word."""
    own = {name: value for name, value in app.get("env", {}).items() if isinstance(value, str)}
    image = app.get("container", {}).get("docker", {}).get("image")
    return {
        "MESOS_TASK_ID": task.id,
        "MARATHON_APP_ID": app["id"],
        "MARATHON_APP_VERSION": app["version"],
        **({"MARATHON_APP_DOCKER_IMAGE": image} if image else {}),
        **{f"MARATHON_APP_RESOURCE_{n.upper()}": str(float(app[n])) for n in ("cpus", "mem", "disk", "gpus")},
        "MARATHON_APP_LABELS": " ".join(_name(key) for key in app["labels"]),
        **{f"MARATHON_APP_LABEL_{_name(key)}": value for key, value in app["labels"].items()},
        f"{prefix}HOST": task.host,
        **{prefix + name: value for name, value in _port_variables(app, effective_ports(app, ports))},
        **own,
    }


def _port_variables(app: Definition, ports: Sequence[int]) -> Iterator[tuple[str, str]]:
    if not ports:
        return
    yield "PORT", str(ports[0])
    yield "PORTS", ",".join(map(str, ports))
    for number, (port, declared) in enumerate(zip(ports, ports_of(app), strict=True)):
        asked = declared["port" if on_host(app) else "containerPort"]
        yield f"PORT{number}", str(port)
        if asked:
            yield f"PORT_{asked}", str(port)
        if declared.get("name"):
            yield f"PORT_{_name(declared['name'])}", str(port)


def _name(text: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", text.upper())


def _command(app: Definition, variables: Mapping[str, str]) -> dict[str, Any]:
    command: dict[str, Any] = {
        "environment": {"variables": [{"name": name, "value": value} for name, value in variables.items()]},
        "uris": [_uri(artifact) for artifact in app.get("fetch", [])],
        **({"user": app["user"]} if "user" in app else {}),
    }
    if "cmd" in app:
        return {**command, "shell": True, "value": app["cmd"]}
    arguments = app.get("args", [])
    # Without a container somebody has to be told which program it is.
    program = {} if "docker" in app.get("container", {}) else {"value": arguments[0]}
    return {**command, "shell": False, "arguments": arguments, **program}


def _uri(artifact: Mapping[str, Any]) -> dict[str, Any]:
    named = {"output_file": artifact["destPath"]} if "destPath" in artifact else {}
    return {"value": artifact["uri"], **{n: artifact[n] for n in ("extract", "executable", "cache")}, **named}


def _container(app: Definition, ports: Sequence[int | None]) -> dict[str, Any] | None:
    container = app.get("container")
    if not container:
        return None
    volumes = [_volume(volume) for volume in container.get("volumes", [])]
    if "docker" not in container:
        return {"type": "MESOS", "volumes": volumes}
    docker, network = container["docker"], app["networks"][0]
    told = {
        "image": docker["image"],
        "network": _NETWORKS[network["mode"]],
        "privileged": docker["privileged"],
        "force_pull_image": docker["forcePullImage"],
        "parameters": docker["parameters"],
    }
    if mapped := list(_port_mappings(app, ports)):
        told["port_mappings"] = mapped
    named = {"network_infos": [{"name": network["name"]}]} if "name" in network else {}
    return {"type": "DOCKER", "docker": told, "volumes": volumes, **named}


def _volume(volume: Mapping[str, Any]) -> dict[str, Any]:
    place = {"host_path": volume["hostPath"]} if "hostPath" in volume else {}
    return {"container_path": volume["containerPath"], "mode": volume.get("mode", "RW"), **place}


def _port_mappings(app: Definition, ports: Sequence[int | None]) -> Iterator[dict[str, Any]]:
    if on_host(app):
        return
    for port, mapping in zip(ports, ports_of(app), strict=True):
        if port is not None:
            inside = mapping["containerPort"] or port
            for protocol in mapping["protocol"].split(","):
                yield {"host_port": port, "container_port": inside, "protocol": protocol}


def _health_check(app: Definition, ports: Sequence[int | None]) -> dict[str, Any] | None:
    """Return the check that the agent carries out; Marathon's own are not told to anybody."""
    for check in app.get("healthChecks", []):
        protocol = check["protocol"].removeprefix("MESOS_")
        if protocol == check["protocol"] != "COMMAND":
            continue
        times = {f"{name}_seconds": float(check[f"{each}Seconds"]) for name, each in _TIMES.items()}
        told = {"consecutive_failures": check["maxConsecutiveFailures"], **times}
        if protocol == "COMMAND":
            return {"type": "COMMAND", "command": {"shell": True, "value": check["command"]["value"]}, **told}
        return {**_probe(protocol, check, _port_inside(app, check, ports)), **told}
    return None


_TIMES = {"delay": "delay", "interval": "interval", "timeout": "timeout", "grace_period": "gracePeriod"}


def _probe(protocol: str, check: Mapping[str, Any], port: int) -> dict[str, Any]:
    if protocol == "TCP":
        return {"type": "TCP", "tcp": {"port": port}}
    return {
        "type": "HTTP",
        "http": {"port": port, "path": check.get("path", "/"), "scheme": protocol.lower()},
    }


def _port_inside(app: Definition, check: Mapping[str, Any], ports: Sequence[int | None]) -> int:
    if "port" in check:
        return int(check["port"])
    index = check["portIndex"]
    inside = 0 if on_host(app) else ports_of(app)[index]["containerPort"]
    return int(inside or ports[index] or 0)


def _discovery(app: Definition, ports: Sequence[int | None]) -> dict[str, Any]:
    declared = zip(effective_ports(app, ports), ports_of(app), strict=True)
    told = [
        {"number": port, "protocol": each["protocol"], **({"name": each["name"]} if "name" in each else {})}
        for port, each in declared
    ]
    return {"visibility": "FRAMEWORK", "name": hostname_of(app["id"]), "ports": {"ports": told}}


def _kill_policy(app: Definition) -> dict[str, Any] | None:
    grace = app.get("taskKillGracePeriodSeconds")
    return {"grace_period": {"nanoseconds": grace * 1_000_000_000}} if grace else None
