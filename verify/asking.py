"""One HTTP request to one member of the cluster."""

from typing import Any

import requests


def request(method: str, url: str, **options: Any) -> requests.Response:
    """Do as requests.request does, but ask the address itself: no proxy or netrc of the environment counts.

    To find them, requests reads all variables, while pytest sets and removes one for every test. In another
    thread that now and then ends in KeyError: 'PYTEST_CURRENT_TEST', as journeys have shown.
    """
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, **options)
