"""How Marathon answers: the table of its paths, problems as JSON, Jetty's pages for the rest."""

from __future__ import annotations

import base64
import gzip
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
JSON = {"Content-Type": "application/json; qs=2"}
_REFUSED = (400, 405, 409, 415)


def answer(value: Any, status: int = 200, headers: web.Headers | None = None) -> Response:
    """Answer with JSON as Marathon's own code does."""
    return Response(status, web.compact(value), {**JSON, **(headers or {})}, chunked=True)


class Problem(Exception):
    """A request that can't be done, as JSON: {"message": ..., ...}.

    Most answers are Marathon's own; those of the library below it, such as that of an unknown path
    (`refused`), have a plainer content type.
    """

    def __init__(self, status: int, message: str, refused: bool = False, **more: Any) -> None:
        super().__init__(message)
        plain = web.JSON if refused or status in _REFUSED else {}
        self.response = answer({"message": message, **more}, status, plain)


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
            return answer({"message": f"{type(error).__name__}: {error}"}, 500)

    def _answer(self, request: Request) -> Answer:
        wanted = "GET" if request.method == "HEAD" else request.method
        fitting = [(row, match) for row in self._table if (match := row[1].fullmatch(request.path))]
        for (method, _, handler), match in fitting:
            if method == wanted:
                return handler(request, *match.groups())
        if fitting:
            raise Problem(405, "HTTP 405 Method Not Allowed")
        raise Problem(404, f"URI not found: {request.path}", refused=True)


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
        raise Problem(415, "Unsupported Media Type")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise Problem(400, "Invalid JSON", details=str(error)) from None


def compressed(request: Request, response: Answer) -> Answer:
    """Compress what is asked for that way, as Jetty does: bodies that GET is answered with in good order."""
    if request.method == "GET" and isinstance(response, Response) and response.status == 200:
        vary = [response.headers["Vary"]] if "Vary" in response.headers else []
        response.headers["Vary"] = ", ".join([*vary, "Accept-Encoding", "User-Agent"])
        if "gzip" in request.headers.get("accept-encoding", ""):
            response.headers["Content-Encoding"] = "gzip"
            response.body = gzip.compress(response.body, 1)
    return response


def as_jetty(status: int, message: str, path: str) -> Response:
    """Answer with an HTML page, as Jetty does for what never reaches Marathon's own code."""
    said, asked_for = html.escape(message), html.escape(path)
    kind = '<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>'
    page = (
        f"<html>\n<head>\n{kind}\n<title>Error {status} </title>\n</head>\n<body>\n"
        f"<h2>HTTP ERROR: {status}</h2>\n<p>Problem accessing {asked_for}. Reason:\n"
        f"<pre>    {said}</pre></p>\n<hr />\n</body>\n</html>\n"
    )
    cached = {"Cache-Control": "must-revalidate,no-cache,no-store", "Pragma": "no-cache"}
    return Response(status, page.encode(), {**cached, "Content-Type": "text/html;charset=iso-8859-1"})


def guard(credentials: str | None, realm: str) -> Callable[[Request], Response | None]:
    """Return what refuses requests without the credentials; what is no user:password guards nothing."""
    malformed = bool(credentials) and ":" not in (credentials or "")
    if malformed:
        _log.error("The HTTP credentials must be specified in the form of 'user:password'.")
    expected = "Basic " + base64.b64encode((credentials or "").encode()).decode()

    def refuse(request: Request) -> Response | None:
        if not credentials or malformed or request.headers.get("authorization") == expected:
            return None
        page = as_jetty(401, "Unauthorized", request.path)
        page.headers["WWW-Authenticate"] = f'Basic realm="{realm}"'
        return page

    return refuse
