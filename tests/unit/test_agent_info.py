"""Which changes of an agent its own work_dir takes, and which it would refuse."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.mesos_agent.agent_info import refused

ADDITIVE = {"MESOS_RECONFIGURATION_POLICY": "additive"}
OFFERED = {"cpus": "2.0", "mem": "23081.0", "disk": "252899.0", "ports": "[31000-32000]"}


def environment(resources: str = "", attributes: str = "", **more: str) -> dict[str, str]:
    given = {"MESOS_RESOURCES": resources, "MESOS_ATTRIBUTES": attributes, **more}
    return {"MESOS_HOSTNAME": "10.70.0.20", **{key: value for key, value in given.items() if value}}


def judge(
    old: Mapping[str, str], new: Mapping[str, str], offered: Mapping[str, str] = OFFERED
) -> list[list[str]]:
    """What is refused under the policy `equal`, and under `additive`."""
    return [refused(old, new, offered), refused(old, {**new, **ADDITIVE}, offered)]


CPUS = '{"name":"cpus","type":"SCALAR","scalar":{"value":%s}}'
DISK = '{"name":"disk","type":"SCALAR","scalar":{"value":9},"disk":{"source":{"type":"PATH"}}}'

SAME = {
    "the form": (f"[{CPUS % 2}]", "cpus:2"),
    "the form, with a sum": (f"[{CPUS % 1}, {CPUS % '1.0'}]", "cpus:2"),
    "spaces in JSON": (f"[{DISK}]", f"[ {DISK.replace(':', ' : ')} ]"),
    "nothing given": ("", ""),
    "order": ("cpus:2;mem:512", "mem:512;cpus:2"),
    "numbers": ("cpus:2;mem:0512", "cpus:2.0; mem: 512.000"),
    "a sum": ("cpus:1;cpus:1", "cpus:2"),
    "the role that is the default": ("cpus(*):2", "cpus:2"),
    "ranges": ("ports:[1-5, 6-9]", "ports:[6-9,1-4,3-5]"),
    "sets": ("zones:{a, b}", "zones:{b,a}"),
    "an end": ("cpus:2", "cpus:2;"),
    "what was detected, pinned": ("", "cpus:2;mem:23081;disk:252899;ports:[31000-32000]"),
}


@pytest.mark.parametrize("old, new", SAME.values(), ids=SAME.keys())
def test_resources_are_compared_by_what_they_mean(old: str, new: str) -> None:
    assert judge(environment(old), environment(new)) == [[], []]


CHANGES = {
    "a number in JSON shrinks": (f"[{CPUS % 2}]", "cpus:1", *[["resource cpus 2 -> 1"]] * 2),
    "a number grows": ("cpus:2", "cpus:2.5", ["resource cpus 2 -> 2.5"], []),
    "a number shrinks": ("cpus:2", "cpus:1", ["resource cpus 2 -> 1"], ["resource cpus 2 -> 1"]),
    "more ports": ("ports:[1-5]", "ports:[0-9]", ["resource ports [1-5] -> [0-9]"], []),
    "other ports": ("ports:[1-5]", "ports:[2-9]", *[["resource ports [1-5] -> [2-9]"]] * 2),
    "a set grows": ("z:{a}", "z:{a,b}", ["resource z {a} -> {a,b}"], []),
    "a set shrinks": ("z:{a,b}", "z:{a}", *[["resource z {a,b} -> {a}"]] * 2),
    "a new resource": ("", "z:{a}", ["resource z none -> {a}"], []),
    "a resource goes": ("z:{a}", "", *[["resource z {a} -> none"]] * 2),
    "another kind": ("z:{1}", "z:1", *[["resource z {1} -> 1"]] * 2),
    "another role": (
        "z:1",
        "z(web):1",
        ["resource z 1 -> none", "resource z(web) none -> 1"],
        ["resource z 1 -> none"],
    ),
    "more than was detected": ("", "cpus:4", ["resource cpus 2 -> 4"], []),
    "less than was detected": ("", "cpus:1", *[["resource cpus 2 -> 1"]] * 2),
    "to what will be detected": ("cpus:2", "", *[["resource cpus 2 -> detected"]] * 2),
}


@pytest.mark.parametrize("old, new, equal, additive", CHANGES.values(), ids=CHANGES.keys())
def test_only_what_grows_is_additive_in_resources(
    old: str, new: str, equal: list[str], additive: list[str]
) -> None:
    assert judge(environment(old), environment(new)) == [equal, additive]


def test_what_nobody_knows_to_have_been_detected_cannot_be_pinned() -> None:
    told = ["resource cpus detected -> 2"]
    assert judge(environment(), environment("cpus:2"), {}) == [told, told]


ATTRIBUTES = {
    "order and spaces": ("rack: a;zone:1", "zone:1.0;rack:a", [], []),
    "one more": ("rack:a", "rack:a;zone:b", ["attribute zone none -> b"], []),
    "one less": ("rack:a;zone:b", "rack:a", *[["attribute zone b -> none"]] * 2),
    "another text": ("rack:a", "rack:b", *[["attribute rack a -> b"]] * 2),
    "a larger number": ("rack:1", "rack:2", *[["attribute rack 1 -> 2"]] * 2),
    "more of a range": ("ips:[1-2]", "ips:[1-3]", ["attribute ips [1-2] -> [1-3]"], []),
    "one name twice": (
        "rack:a;rack:b",
        "rack:a;rack:c",
        *[["attributes rack:a;rack:b -> rack:a;rack:c"]] * 2,
    ),
}


@pytest.mark.parametrize("old, new, equal, additive", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_attributes_may_be_added_and_their_ranges_grow(
    old: str, new: str, equal: list[str], additive: list[str]
) -> None:
    assert judge(environment(attributes=old), environment(attributes=new)) == [equal, additive]


def test_name_and_port_never_change_and_a_domain_may_only_be_added() -> None:
    moved = environment(MESOS_PORT="5052", MESOS_HOSTNAME="web1")
    told = ["hostname 10.70.0.20 -> web1", "port 5051 -> 5052"]
    assert judge(environment(), moved) == [told, told]
    domain = environment(MESOS_DOMAIN='{"fault_domain": 1}')
    assert judge(environment(), domain) == [['domain none -> {"fault_domain":1}'], []]
    assert judge(domain, environment(MESOS_DOMAIN='{"fault_domain":1}')) == [[], []]
    assert judge(domain, environment()) == [['domain {"fault_domain":1} -> none']] * 2


def test_a_default_role_counts_only_for_the_resources_it_is_given_to() -> None:
    every = "cpus(a):1;mem(a):1;disk(a):1;ports(a):[1-2]"
    web = {"MESOS_DEFAULT_ROLE": "web"}
    assert judge(environment(every), environment(every, **web)) == [[], []]
    assert judge(environment(), environment(**web)) == [["default_role * -> web"]] * 2
    assert judge(
        environment("cpus(web):2;mem(web):1;disk(web):1;ports(web):[1-2]"),
        environment("mem:1;cpus:2;disk:1;ports:[1-2]", **web),
    ) == [[], []]


def test_what_an_old_container_was_given_that_we_cannot_read_must_stay_as_it_is() -> None:
    json = environment('[{"name":"cpus"}]')
    assert judge(json, json) == [[], []]
    assert judge(json, environment("cpus:2", MESOS_ATTRIBUTES="no colon"))[1] != []


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_compared_and_equals_itself(resources: str, attributes: str) -> None:
    anything = environment(resources, attributes)
    assert judge(anything, anything) == [[], []]
    refused(anything, environment("cpus:2", "rack:a"), {})


PARTS = st.dictionaries(st.sampled_from(["cpus", "mem", "gpus"]), st.integers(1, 9).map(float))


@given(PARTS, PARTS)
def test_growing_is_allowed_one_way_only_unless_nothing_changes(
    one: dict[str, float], two: dict[str, float]
) -> None:
    texts = [";".join(f"{name}:{value}" for name, value in parts.items()) for parts in (one, two)]
    there, back = (
        refused(environment(a), {**environment(b), **ADDITIVE}, {}) for a, b in (texts, texts[::-1])
    )
    if not there and not back:
        assert refused(environment(texts[0]), environment(texts[1]), {}) == []
