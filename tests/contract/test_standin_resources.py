"""The Mesos stand-ins' arithmetic with resources."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

# Nothing may be left in a directory whose files decide whether images are built again.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "lab/images/mesos-stand-in"))

from mesos_standin import resources  # noqa: E402

PAIRS = st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))
PORTS = st.lists(PAIRS, max_size=5).map(
    lambda pairs: resources.total([{"ports": tuple(pairs)}]) if pairs else {}
)


def numbers(some: resources.Resources) -> set[int]:
    """Return the single ports."""
    return {port for begin, end in some.get("ports", ()) for port in range(begin, end + 1)}


@given(PORTS, PORTS)
def test_ports_are_sets(one: resources.Resources, other: resources.Resources) -> None:
    assert numbers(resources.total((one, other))) == numbers(one) | numbers(other)
    assert numbers(resources.without(one, other)) == numbers(one) - numbers(other)
    assert resources.contains(one, other) == (numbers(other) <= numbers(one))


@given(PORTS)
def test_resources_survive_the_wire(some: resources.Resources) -> None:
    there = resources.ordered({**some, "cpus": 1.5, "mem": 64.0})
    assert resources.load(resources.dump(there)) == there


def test_tenths_add_up() -> None:
    used = resources.total([{"cpus": 0.1}] * 3)
    assert used == {"cpus": 0.3}
    assert resources.without({"cpus": 2.0}, used) == {"cpus": 1.7}


def test_text() -> None:
    found = resources.parse("cpus:2;mem:1024; ports:[1-2, 5-5]")
    assert found == {"cpus": 2.0, "mem": 1024.0, "ports": ((1, 2), (5, 5))}
    assert resources.parse('[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]') == {"cpus": 1.0}


@pytest.mark.parametrize("text", ["cpus", "cpus:", "cpus:two", "ports:[x]"])
def test_bad_text(text: str) -> None:
    with pytest.raises(ValueError):
        resources.parse(text)


def test_what_is_not_given_is_detected(tmp_path: Path) -> None:
    found = resources.detect({"cpus": 7.0}, tmp_path)
    assert (found["cpus"], found["ports"]) == (7.0, ((31000, 32000),))
    assert found["mem"] > 0 and found["disk"] > 0


def test_shown() -> None:
    assert resources.show({"cpus": 1.0, "ports": ((1, 2), (5, 5))}) == {
        "disk": 0.0,
        "mem": 0.0,
        "gpus": 0.0,
        "cpus": 1.0,
        "ports": "[1-2, 5-5]",
    }


def test_attributes() -> None:
    found = resources.attributes("rack:2;zone:a;span:[1-3]")
    assert resources.show_attributes(found) == {"rack": 2.0, "zone": "a", "span": "[1-3]"}
    with pytest.raises(ValueError):
        resources.attributes("rack")
