"""One headless Chromium for all tests of this room: Debian's, which is installed where it is missing."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from lab import machine
from lab.errors import LabError


def chromium() -> str:
    """Return the program; a developer without root does without these tests, CI does not."""
    if not shutil.which("chromium"):
        try:
            machine.install("chromium", "fonts-dejavu-core")
        except LabError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
    return shutil.which("chromium") or "chromium"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, which ends with the session."""
    program = chromium()
    with sync_playwright() as playwright:
        # As root, Chromium starts only without its sandbox; it reads nothing but our own pages.
        started = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        yield started
        started.close()
