"""Settings written into an INI inventory's text: it then means just that, and all else stays as it was."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.inventory.edits import Change, Set, applied
from tasks.inventory.parse import parse
from tasks.inventory.written import written

TEXT = """\
# The cluster of ann; do not touch.
[zookeeper]
10.70.0.10 myid=1   # the first one
10.70.0.11 myid=2 note='some # one'
10.70.0.12 myid=3

[mesos_master]
10.70.0.[10:12]

[mesos_agent] # more to come
10.70.0.20
10.70.0.[21:23]

; old style
[all:vars]
# Where agents keep their tasks:
#mesos_agent_work_dir=/var/lib/mesos/agent
gate_timeout=90

[others]
web1 ansible_host=192.0.2.7
"""


def as_meant(text: str, *edits: Set) -> str:
    """Write settings, and see that the text then means them and nothing else."""
    new = written(text, edits)
    assert parse(new) == applied(parse(text), Change(edits))
    return new


def added(text: str, *edits: Set) -> list[str]:
    """The lines that are new, the old ones being all there, in their order."""
    new, left = as_meant(text, *edits).splitlines(), []
    old = iter(text.splitlines())
    expected = next(old)
    for line in new:
        if line == expected:
            expected = next(old, "")
        else:
            left.append(line)
    assert next(old, None) is None
    return left


def test_a_setting_of_a_host_goes_to_its_line_in_the_section_of_its_role_before_the_comment() -> None:
    new = as_meant(TEXT, Set("zookeeper_heap", "1g", "10.70.0.10"))
    assert "10.70.0.10 myid=1 zookeeper_heap=1g   # the first one\n" in new
    assert new.replace(" zookeeper_heap=1g", "") == TEXT


def test_a_setting_that_a_host_has_is_replaced_where_it_stands() -> None:
    new = as_meant(TEXT, Set("myid", "7", "10.70.0.12"))
    assert new == TEXT.replace("10.70.0.12 myid=3", "10.70.0.12 myid=7")


def test_a_host_that_only_a_range_names_gets_a_line_of_its_own() -> None:
    edit = Set("mesos_agent_work_dir", "/root/tmp/mesos", "10.70.0.22")
    assert added(TEXT, edit) == ["10.70.0.22 mesos_agent_work_dir=/root/tmp/mesos"]


def test_a_setting_of_all_goes_behind_its_own_comment() -> None:
    new = as_meant(TEXT, Set("mesos_agent_work_dir", "/root/tmp/mesos"))
    comment = "#mesos_agent_work_dir=/var/lib/mesos/agent\n"
    assert new == TEXT.replace(comment, f"{comment}mesos_agent_work_dir=/root/tmp/mesos\n")


def test_a_setting_of_all_without_a_comment_goes_to_the_end_of_all() -> None:
    new = as_meant(TEXT, Set("zookeeper_tick_time", "3000"))
    assert new == TEXT.replace("gate_timeout=90\n", "gate_timeout=90\nzookeeper_tick_time=3000\n")


def test_a_setting_that_a_group_has_is_replaced_there() -> None:
    text = f"{TEXT}[zookeeper:vars]\nzookeeper_tick_time=2500\n"
    new = as_meant(text, Set("zookeeper_tick_time", "3000"))
    assert new == text.replace("2500", "3000")


def test_an_inventory_without_variables_gets_a_section_for_them() -> None:
    text = "[zookeeper]\n10.70.0.10 myid=1\n"
    assert as_meant(text, Set("log_size", "10m")) == f"{text}\n[all:vars]\nlog_size=10m\n"


SETTINGS = st.sampled_from(
    [
        Set("zookeeper_dir", "/srv/zk"),
        Set("zookeeper_heap", "2g", "10.70.0.11"),
        Set("mesos_master_environment", "MESOS_OFFER_TIMEOUT=2hrs", "10.70.0.12"),
        Set("mesos_master_environment", "MESOS_CLUSTER='a b' MESOS_OFFER_TIMEOUT=1hrs"),
        Set("mesos_agent_attributes", "rack:a;zone:b"),
        Set("mesos_agent_attributes", "rack:c", "10.70.0.21"),
        Set("mesos_agent_environment", 'MESOS_ACLS={"permissive": false}', "10.70.0.20"),
        Set("zookeeper_adopts", "zk_1", "10.70.0.10"),
        Set("gate_timeout", "60"),
    ]
)


@given(st.lists(SETTINGS, max_size=6, unique_by=lambda edit: (edit.setting, edit.host)))
def test_any_few_settings_mean_what_they_say_and_no_comment_is_lost(edits: list[Set]) -> None:
    new = as_meant(TEXT, *edits)
    comments = [line for line in TEXT.splitlines() if line.startswith(("#", ";"))]
    assert [line for line in new.splitlines() if line.startswith(("#", ";"))] == comments
    assert "# the first one" in new and "note='some # one'" in new
