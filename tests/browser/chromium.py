"""Debian's Chromium, installed where it is missing, and a browser of it without a window."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from lab import machine
from lab.errors import LabError


def _program() -> str:
    """Return the program; a developer without root does without these tests, CI does not."""
    if not shutil.which("chromium"):
        try:
            machine.install("chromium", "fonts-dejavu-core")
        except LabError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
    return shutil.which("chromium") or "chromium"


@contextmanager
def started() -> Iterator[Browser]:
    """Start a browser that ends with the block."""
    program = _program()
    with sync_playwright() as playwright:
        # As root, Chromium starts only without its sandbox; it reads nothing but our own pages.
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        yield browser
        browser.close()
