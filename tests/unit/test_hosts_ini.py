"""The shipped hosts.ini: the runbook's four hosts, and every setting with its default."""

import re
from pathlib import Path

import pytest

from tasks.inventory.parse import parse
from tasks.inventory.settings import ROLES, VARIABLES
from tasks.plan.availability.services import BUDGETS

TEXT = (Path(__file__).resolve().parents[2] / "hosts.ini").read_text()
COMMENTED = re.findall(r"^#([a-z_]+)=(.*)$", TEXT, re.MULTILINE)
OF_A_HOST = {"myid", "number", "host_ip", "ansible_host"}
"""They make no sense for a group, so hosts.ini shows them in a host's line."""


WITHOUT_DEFAULT = {name for name, variable in VARIABLES.items() if variable.default in (None, ())}
"""Nothing stands for them unless somebody sets them, so what the comment shows is an example."""


def test_the_runbooks_four_hosts_play_their_roles() -> None:
    cluster = parse(TEXT)
    trio = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
    placed = {role: tuple(node.address for node in cluster.having(role)) for role in ROLES}
    assert placed == {
        "zookeeper": trio,
        "mesos_master": trio,
        "marathon": trio,
        "mesos_agent": ("10.70.0.20",),
    }
    assert [node.myid for node in cluster.ensemble] == [1, 2, 3]


def test_the_budgets_in_comments_are_those_of_services_with_several_members() -> None:
    shown = {name.partition("_")[0]: float(text) for name, text in COMMENTED if name.endswith("_gap_budget")}
    assert shown == {service.lower(): seconds for service, seconds in BUDGETS.items()}


def test_every_variable_is_named() -> None:
    named = {name for name, _ in COMMENTED}
    assert named == VARIABLES.keys() - OF_A_HOST
    assert all(re.search(rf"^.* {name}=", TEXT, re.MULTILINE) for name in OF_A_HOST)


def test_no_variable_is_named_twice() -> None:
    assert len(COMMENTED) == len(dict(COMMENTED))


@pytest.mark.parametrize("name, text", COMMENTED)
def test_the_value_in_a_comment_is_the_default(name: str, text: str) -> None:
    value = VARIABLES[name].kind(text.strip('"'))
    assert name in WITHOUT_DEFAULT or value == VARIABLES[name].default


@pytest.mark.parametrize("name, text", COMMENTED)
def test_a_setting_may_be_uncommented_and_a_default_changes_nothing(name: str, text: str) -> None:
    cluster = parse(TEXT.replace(f"#{name}={text}\n", f"{name}={text}\n"))
    assert (cluster != parse(TEXT)) == (name in WITHOUT_DEFAULT)


def test_all_settings_with_defaults_may_be_uncommented_at_once() -> None:
    text = TEXT
    for name, value in COMMENTED:
        if name not in WITHOUT_DEFAULT:
            text = text.replace(f"#{name}={value}\n", f"{name}={value}\n")
    assert text.count("\n#") < TEXT.count("\n#")
    assert parse(text) == parse(TEXT)


def test_all_settings_may_be_uncommented_at_once() -> None:
    parse(re.sub(r"^#([a-z_]+=)", r"\1", TEXT, flags=re.MULTILINE))
