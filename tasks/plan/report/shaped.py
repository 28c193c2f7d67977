"""What came out of a JSON document, given the shape of a dataclass; what has another shape is refused."""

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

MOST = 1e12
"""A number is smaller: what is not is no time of anybody's, and neither is NaN."""


class Misshapen(Exception):
    """A value that has not the shape it was to have."""


def shaped(kind: type[T], value: object) -> T:
    """Make a dataclass of a JSON object. Its fields are texts, numbers, dataclasses, tuples of them, or None.

    Fields that it does not have are left out; one with a default may be missing. Raises Misshapen.
    """
    made: T = _shaped(kind, value)
    return made


def _shaped(kind: Any, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value)
    if get_origin(kind) is tuple:
        _require(isinstance(value, list))
        return tuple(_shaped(get_args(kind)[0], each) for each in value)
    if get_origin(kind) is Literal:
        _require(value in get_args(kind))
    elif kind is float:
        return _number(value)
    elif type(None) in get_args(kind):
        return None if value is None else _shaped(get_args(kind)[0], value)
    else:
        # A bool is an int to Python, and to nobody else.
        _require(type(value) is kind)
    return value


def _object(kind: type, value: Any) -> Any:
    _require(isinstance(value, dict) and all(each.name in value for each in fields(kind) if _needed(each)))
    hints = get_type_hints(kind)
    there = (each.name for each in fields(kind) if each.name in value)
    return kind(**{name: _shaped(hints[name], value[name]) for name in there})


def _needed(each: "Field[Any]") -> bool:
    return each.default is MISSING


def _number(value: Any) -> float:
    _require(type(value) in (int, float) and abs(value) < MOST)
    return float(value)


def _require(so: bool) -> None:
    if not so:
        raise Misshapen
