"""Who is let in over HTTP, and who may see what: Basic authentication by realm, and ACLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from standin import web
from standin.web import Request, Response

from . import acls, credentials
from .acls import Acls
from .credentials import BadCredentials
from .flags import Flags

READONLY = """
files/browse files/debug files/download files/read flags metrics/snapshot state
""".split()
READWRITE = "api/v1 logging/toggle profiler/start profiler/stop".split()
# What is answered with 403 to who may not, whatever else is asked for: the action.
_FORBIDDEN = {
    **dict.fromkeys(("files/browse", "files/download", "files/read"), "access_mesos_logs"),
    **dict.fromkeys(("files/debug", "logging/toggle", "metrics/snapshot"), "get_endpoints"),
    **dict.fromkeys(("containers", "monitor/statistics"), "get_endpoints"),
    "flags": "view_flags",
}


@dataclass(frozen=True)
class Visitor:
    """Who asks: a principal if it had to say so, and what it may."""

    acls: Acls = field(default_factory=Acls)
    principal: str | None = None

    def may(self, action: str, thing: str | None = None) -> bool:
        """Tell whether it may do something to a thing, or to any."""
        return self.acls.allow(action, self.principal, thing)


@dataclass(frozen=True)
class Door:
    """Whose secrets are known, which realm each path asks them for, and what people may."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    realms: Mapping[str, str] = field(default_factory=dict)
    acls: Acls = field(default_factory=Acls)

    def visitor(self, name: str, request: Request) -> Visitor | Response:
        """Return who asks for a path, or the answer to who is not let in: 401 comes before 403."""
        visitor = Visitor(self.acls)
        if realm := self.realms.get(name):
            # A secret with a colon passes with agents and drivers, but never here.
            credential = credentials.shown(request.headers)
            if not credential or ":" in credential[1] or not self.knows(credential):
                return Response(401, b"", {"WWW-Authenticate": f'Basic realm="{realm}"'})
            visitor = Visitor(self.acls, credential[0])
        action = _FORBIDDEN.get(name)
        if action and not visitor.may(action, f"/{name}" if action == "get_endpoints" else None):
            return web.error(403)
        return visitor

    def knows(self, credential: credentials.Credential) -> bool:
        """Tell whether a secret is a principal's."""
        return self.secrets.get(credential[0]) == credential[1]


def load(flags: Flags, people: str, asked: Mapping[str, tuple[str, list[str]]]) -> Door:
    """Return the door of a program; fails with BadCredentials where the real program does not start.

    `people` is the flag that names the file with the secrets; `asked` has, by flag, a realm and its paths.
    """
    path = flags.text(people)
    secrets = credentials.several(path) if path is not None else {}
    realms = [pair for name, pair in asked.items() if flags.true(name)]
    _check_module(flags, [realm for realm, _ in realms], path)
    given = flags.meaning("acls")
    return Door(
        secrets,
        {path: realm for realm, paths in realms for path in paths},
        acls.load(given) if given is not None else Acls(),
    )


def _check_module(flags: Flags, realms: list[str], path: str | None) -> None:
    name = flags.text("http_authenticators") or "basic"
    failed = f"Failed to create HTTP authenticator module '{name}'"
    if realms and name != "basic":
        raise BadCredentials(f"{failed}: Module '{name}' unknown")
    if realms and path is None:
        why = f"No credentials provided for the default 'basic' HTTP authenticator for realm '{realms[0]}'"
        raise BadCredentials(f"{failed}: {why}")
