"""Comparing JSON by shape: keys and types count, values do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Yield what of `actual` has another shape than `expected`: an element, than all of the expected."""
    if type(expected) is not type(actual):
        yield f"{path or '/'}: expected {_kind(expected)}, found {_kind(actual)} ({actual!r:.60})"
    elif isinstance(expected, dict):
        yield from (f"{path}/{name}: missing" for name in sorted(expected.keys() - actual.keys()))
        yield from (f"{path}/{name}: unknown" for name in sorted(actual.keys() - expected.keys()))
        for name in expected.keys() & actual.keys():
            yield from differences(expected[name], actual[name], f"{path}/{name}")
    elif isinstance(expected, list) and expected:
        if not actual:
            yield f"{path}: expected elements, found none"
        for number, element in enumerate(actual):
            yield from _element(expected, element, f"{path}[{number}]")


def _element(expected: list[Any], actual: Any, path: str) -> list[str]:
    found = [list(differences(one, actual, path)) for one in expected]
    return min(found, key=len)


def _kind(value: Any) -> str:
    return type(value).__name__
