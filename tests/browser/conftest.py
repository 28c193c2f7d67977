"""One headless Chromium for all tests of this room."""

from collections.abc import Iterator

import chromium
import pytest
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, which ends with the session."""
    with chromium.started() as browser:
        yield browser
