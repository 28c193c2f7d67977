"""What a person adds to lab/hosts.ini outlives every `lab.up`; nothing else does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import access, spec
from lab.access import Files
from lab.additions import merged
from tasks.inventory.parse import parse

HOSTS = [*spec.SERVERS, *spec.agents(1)]
KEYS = dict.fromkeys(HOSTS, b"ssh-ed25519 AAAA\n")
OLD = access.inventory(HOSTS, {"zookeeper_image": "lab/zk:1"})
NEW = access.inventory([*HOSTS, *spec.agents(2)[1:]], {"zookeeper_image": "lab/zk:2"})


def test_what_nobody_has_touched_is_written_as_it_should_be_now() -> None:
    assert merged(OLD, OLD, NEW) == NEW


def test_a_line_at_the_end_stays_there() -> None:
    assert merged(f"{OLD}zookeeper_sync_limit=5\n", OLD, NEW) == f"{NEW}zookeeper_sync_limit=5\n"


def test_a_value_that_was_changed_stays_in_the_place_of_ours() -> None:
    changed = OLD.replace("zookeeper_heap=128m", "zookeeper_heap=256m")
    assert merged(changed, OLD, NEW) == NEW.replace("zookeeper_heap=128m", "zookeeper_heap=256m")


def test_an_address_with_more_behind_it_and_one_that_is_new_stay() -> None:
    changed = OLD.replace("[mesos_agent]\n10.70.0.20\n", "[mesos_agent]\n10.70.0.20 mesos_agent_port=5052\n")
    changed = changed.replace("[marathon]\n", "[marathon]\n10.70.0.20 number=9\n")
    cluster = parse(merged(changed, OLD, NEW))
    assert [node.settings.mesos_agent_port for node in cluster.having("mesos_agent")] == [5052, 5051]
    assert "10.70.0.20" in [node.name for node in cluster.having("marathon")]


def test_sections_and_comments_stay_and_what_was_removed_comes_back() -> None:
    changed = (
        OLD.replace("zookeeper_heap=128m\n", "; a note\n") + "\n[mesos_agent:vars]\n# why\nlog_files=2\n"
    )
    new = merged(changed, OLD, NEW)
    assert new == f"{NEW}; a note\n\n[mesos_agent:vars]\n# why\nlog_files=2\n"
    assert parse(new).having("mesos_agent")[0].settings.log_files == 2


def test_a_host_that_is_gone_from_the_lab_is_gone_from_the_file() -> None:
    assert merged(NEW, NEW, OLD) == OLD


@given(
    lines=st.lists(st.sampled_from(["[all:vars]", "[x]", "a=1", "a=2", "b c=d", "# z", "", "[x:vars]"])),
    last=st.sampled_from([OLD, NEW]),
)
def test_to_write_it_twice_changes_nothing_more(lines: list[str], last: str) -> None:
    once = merged("\n".join([OLD, *lines]), last, NEW)
    assert merged(once, NEW, NEW) == once


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path)
    access.entry(files)
    access.write(files, KEYS, {"zookeeper_image": "lab/zk:1"})
    return files


def test_additions_outlive_a_lab_that_is_down_for_a_while(files: Files) -> None:
    with files.inventory.open("a") as file:
        file.write("ansible_become_password=secret\n")
    files.inventory.chmod(0o600)
    access.remove(files)
    assert not files.inventory.exists()
    access.write(files, KEYS, {"zookeeper_image": "lab/zk:2"})
    text = files.inventory.read_text()
    assert text.endswith("ansible_become_password=secret\n")
    assert "lab/zk:2" in text and "lab/zk:1" not in text
    assert files.inventory.stat().st_mode & 0o777 == 0o600


def test_a_file_of_an_older_lab_that_kept_no_record_is_written_as_it_should_be(files: Files) -> None:
    files.as_written.unlink()
    access.write(files, KEYS, {"zookeeper_image": "lab/zk:2"})
    assert files.inventory.read_text() == access.inventory(HOSTS, {"zookeeper_image": "lab/zk:2"})
