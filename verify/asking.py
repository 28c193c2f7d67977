"""One HTTP request to one member of the cluster, as the operator or as nobody."""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from tasks.inventory.credentials import Credentials

from .evidence import asked


class Operator(AuthBase):
    """Says who asks, by name and password, if the cluster knows any; whoever prints it sees neither."""

    def __init__(self) -> None:
        self._known: Credentials | None = None

    def is_of(self, known: Credentials | None) -> None:
        """Have it speak for the operator of these credentials from now on."""
        self._known = known

    def __call__(self, asking: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header; requests leaves it out where a redirect leads to another host."""
        if self._known:
            asking.headers["Authorization"] = f"Basic {self._known.operator.text}"
        return asking


OPERATOR = Operator()


def as_operator(method: str, url: str, **options: Any) -> requests.Response:
    """Do as `request` does, and tell a master, an agent or a Marathon who asks; no task may be told."""
    return request(method, url, auth=OPERATOR, **options)


def request(method: str, url: str, **options: Any) -> requests.Response:
    """Do as requests.request does, but ask the address itself: no proxy or netrc of the environment counts.

    To find them, requests reads all variables, while pytest sets and removes one for every test. In another
    thread that now and then ends in KeyError: 'PYTEST_CURRENT_TEST', as journeys have shown.
    """
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, url, **options)
    asked(
        str(urlsplit(url).hostname),
        f"{method} {url}",
        f"{answer.status_code} {answer.content.decode(errors='replace')}",
    )
    return answer
