"""How Marathon answers: the table of its paths, problems as JSON, Jetty's pages for the rest."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from standin import web
from standin.web import Request, Response, Stream

_log = logging.getLogger("marathon.api")
Answer = Response | Stream
Handler = Callable[..., Answer]
NO_CACHE = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache", "Expires": "0"}


class Problem(Exception):
    """A request that can't be done, as JSON: {"message": ..., ...}."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.response = web.answer({"message": message, **more}, status)


class Routes:
    """A table of functions; the first pattern that fits the whole path wins."""

    def __init__(self) -> None:
        self._table: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Answer `method` on paths like `pattern`, its groups being the function's further arguments."""
        self._table.append((method, re.compile(pattern + "/?"), handler))

    def __call__(self, request: Request) -> Answer:
        """Answer, or say what is wrong, as JSON."""
        try:
            return self._answer(request)
        except Problem as problem:
            return problem.response
        except Exception as error:
            _log.exception("%s %s", request.method, request.uri)
            return web.answer({"message": f"{type(error).__name__}: {error}"}, 500)

    def _answer(self, request: Request) -> Answer:
        fitting = [(row, match) for row in self._table if (match := row[1].fullmatch(request.path))]
        for (method, _, handler), match in fitting:
            if method == request.method:
                return handler(request, *match.groups())
        if fitting:
            raise Problem(405, "HTTP 405 Method Not Allowed")
        raise Problem(404, f"URI not found: {request.path}")


def asked(request: Request, *names: str) -> list[str]:
    """Return all that the query says under these names."""
    query = parse_qs(request.query, keep_blank_values=True)
    return [value for name in names for value in query.get(name, [])]


def wants(request: Request, name: str, default: bool = False) -> bool:
    """Read a yes or no from the query, such as force=true."""
    return asked(request, name)[0].lower() in ("true", "") if asked(request, name) else default


def body_of(request: Request) -> Any:
    """Return the request's JSON; 415 and 400 where it is not."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "HTTP 415 Unsupported Media Type")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise Problem(400, "Invalid JSON", details=str(error)) from None


def as_jetty(status: int, message: str, path: str) -> Response:
    """Answer with an HTML page, as Jetty does for what never reaches Marathon's own code."""
    said, asked_for = html.escape(message), html.escape(path)
    page = (
        f"<html>\n<head>\n<title>Error {status} {said}</title>\n</head>\n<body><h2>HTTP ERROR {status}</h2>\n"
        f"<p>Problem accessing {asked_for}. Reason:\n<pre>    {said}</pre></p>\n</body>\n</html>\n"
    )
    cached = {"Cache-Control": "must-revalidate,no-cache,no-store"}
    return Response(status, page.encode(), {**cached, "Content-Type": "text/html;charset=iso-8859-1"})


def guard(credentials: str | None, realm: str) -> Callable[[Request], Response | None]:
    """Return what refuses requests without the credentials, if there are any."""
    expected = "Basic " + base64.b64encode((credentials or "").encode()).decode()

    def refuse(request: Request) -> Response | None:
        if not credentials or request.headers.get("authorization") == expected:
            return None
        page = as_jetty(401, "Unauthorized", request.path)
        page.headers["WWW-Authenticate"] = f'Basic realm="{realm}"'
        return page

    return refuse
