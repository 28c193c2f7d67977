"""Who may come to a master: people and frameworks over HTTP, agents, and schedulers with a driver."""

from __future__ import annotations

from standin.web import Request

from .. import credentials, daemon, doors
from ..credentials import BadCredentials
from ..doors import Door, Visitor
from ..flags import Flags
from ..resources import Json
from .state import State

DRIVER = "Stand-In-Driver"
"""The header in which a scheduler names its process that stands for one with libmesos's driver."""

_ASKED = {
    "authenticate_http_readonly": (
        "mesos-master-readonly",
        [*doors.READONLY, *"frameworks maintenance/status registrar(1)/registry roles slaves".split()]
        + ["state-summary", "tasks"],
    ),
    "authenticate_http_readwrite": (
        "mesos-master-readwrite",
        [*doors.READWRITE, *"create-volumes destroy-volumes machine/down machine/up".split()]
        + "maintenance/schedule quota reserve teardown unreserve weights".split(),
    ),
    "authenticate_http_frameworks": ("mesos-master-scheduler", ["api/v1/scheduler"]),
}


def door(flags: Flags) -> Door:
    """Return who is let in; fails with BadCredentials where the real master does not start."""
    if flags.true("authenticate_http_frameworks") and not flags.text("http_framework_authenticators"):
        why = "when HTTP framework authentication is enabled"
        raise BadCredentials(f"Missing `--http_framework_authenticators` flag {why}")
    return doors.load(flags, "credentials", _ASKED)


def tell(flags: Flags) -> None:
    """Log who has to authenticate."""
    for name, who, open_form in (
        ("authenticate_frameworks", "frameworks", "unauthenticated frameworks to register"),
        ("authenticate_agents", "agents", "unauthenticated agents to register"),
        (
            "authenticate_http_frameworks",
            "HTTP frameworks",
            "HTTP frameworks to register without authentication",
        ),
    ):
        closed_form = f"only allowing authenticated {who} to register"
        daemon.log.info("Master %s", closed_form if flags.true(name) else f"allowing {open_form}")
    daemon.warn_of(flags, "credentials")
    if flags.text("credentials") is None:
        daemon.log.warning("No credentials provided, authentication requests will be refused")
    if flags.text("acls") is not None:
        daemon.log.info("Authorization enabled")


class Refused(Exception):
    """Somebody is sent away; the sentence is the one that it hears."""


class Mismatch(Exception):
    """A framework has authenticated as another one than it is known as."""

    def __init__(self, principal: str, known: str) -> None:
        told = f"Authenticated principal '{principal}' does not match principal '{known}'"
        super().__init__(f"{told} set in `FrameworkInfo`")


def authenticated(state: State, request: Request, pid: str) -> str | None:
    """Return the principal of a process that authenticates, None if it does not try; fails with Refused.

    A Basic header stands for the exchange of CRAM-MD5.
    """
    credential = credentials.shown(request.headers)
    if not credential:
        return None
    state.counters["master/messages_authenticate"] += 1
    if not state.door.knows(credential):
        daemon.log.warning("Failed to authenticate %s: Refused authentication", pid)
        raise Refused("Master refused authentication")
    daemon.log.info("Successfully authenticated principal '%s' at %s", credential[0], pid)
    return credential[0]


def agents_fault(state: State, message: Json, principal: str | None) -> str:
    """Return why an agent that wants to register is shut down instead; "" if it is not."""
    agent_id, pid = message["info"].get("id", {}).get("value", ""), message["pid"]
    again = "re-" * bool(agent_id)
    if principal is None and state.flags.true("authenticate_agents"):
        daemon.log.warning(
            "Refusing %sregistration of agent at %s because it is not authenticated", again, pid
        )
        return "Agent is not authenticated"
    if state.door.acls.allow("register_agents", principal):
        return ""
    # Mesos itself says "with principal" twice.
    whose = f" with principal with principal '{principal}'" if principal is not None else ""
    why = f"Not authorized to {again}register as agent{whose}"
    known = f"{agent_id} at {pid} ({message['info']['hostname']})" if agent_id else f"at {pid}"
    daemon.log.warning("Refusing %sregistration of agent %s: %s", again, known, why)
    return why


def subscriber(state: State, request: Request, visitor: Visitor, info: Json) -> tuple[Json, str | None]:
    """Return what a framework is and as whom it has authenticated; fails with Refused, or with Mismatch."""
    pid = request.headers.get(DRIVER)
    if not pid:
        info, principal, why = _owned(info, visitor.principal), visitor.principal, ""
    else:
        principal = authenticated(state, request, pid)
        why = _drivers_fault(state, pid, info, principal)
    if why := why or _roles_fault(state, info):
        where = f" at {pid}" if pid else ""
        daemon.log.info("Refusing subscription of framework '%s'%s: %s", info["name"], where, why)
        raise Refused(why)
    return info, principal


def _owned(info: Json, principal: str | None) -> Json:
    """Give a framework the principal that it has authenticated with over HTTP."""
    given = info.get("principal")
    if principal is None or given == principal:
        return info
    if given is not None:
        raise Mismatch(principal, given)
    because = "because the framework authenticated with that principal but did not set it in FrameworkInfo"
    daemon.log.warning("Setting 'principal' in FrameworkInfo to '%s' %s", principal, because)
    return {**info, "principal": principal}


def _drivers_fault(state: State, pid: str, info: Json, principal: str | None) -> str:
    if principal is None and state.flags.true("authenticate_frameworks"):
        return f"Framework at {pid} is not authenticated"
    given = info.get("principal")
    if principal is not None and given is not None and given != principal:
        return f"Framework principal '{given}' does not match authenticated principal '{principal}'"
    return ""


def _roles_fault(state: State, info: Json) -> str:
    role = info.get("role", "*")
    if state.door.acls.allow("register_frameworks", info.get("principal"), role):
        return ""
    return f"Not authorized to use roles '{{ {role} }}'"
