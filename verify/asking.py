"""One HTTP request to one member of the cluster."""

from typing import Any
from urllib.parse import urlsplit

import requests

from .evidence import asked


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
