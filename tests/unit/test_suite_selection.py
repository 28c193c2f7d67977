"""Which tests of the suite run on which hosts. Nothing is dialled: tests are collected only."""

import contextlib
import io
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIVE = (
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
    "[mesos_agent]\n10.0.0.8\nagent9 host_ip=10.0.0.9 ansible_user=admin ansible_port=2222\n"
)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    file = tmp_path / "hosts.ini"
    file.write_text(FIVE)
    return file


COLLECT_ONLY = (
    "--collect-only -q -p no:cacheprovider -p no:hypothesispytest -p no:unraisableexception".split()
)
"""The last one would collect all garbage of this process, each time."""


@dataclass(frozen=True)
class Run:
    """How pytest ended, and all that it said."""

    code: int
    said: str

    def hosts_of(self, file: str) -> set[str]:
        """Give the hosts that the tests of a file were made for."""
        return set(re.findall(rf"{file}::\S+\[ssh://([^\]-]+)", self.said))


Collect = Callable[..., Run]


@pytest.fixture
def collect(monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Have pytest collect, as it would by itself; in this process, for starting another takes a second."""

    def run(inventory: Path, *words: str, checkout: Path = ROOT) -> Run:
        monkeypatch.setenv("INVENTORY", str(inventory))
        monkeypatch.chdir(checkout)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main([*COLLECT_ONLY, *words])
        return Run(int(code), said.getvalue())

    return run


def test_the_inventory_gives_every_role_its_hosts(inventory: Path, collect: Collect) -> None:
    run = collect(inventory, "verify")
    assert run.hosts_of("test_zookeeper.py") == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
    assert run.hosts_of("test_host.py") == {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.8", "agent9"}


@pytest.mark.parametrize("user", ["ops@example.net", "'DOM\\ops'"])
def test_a_user_of_a_domain_is_no_part_of_the_hosts_name(
    inventory: Path, collect: Collect, user: str
) -> None:
    inventory.write_text(FIVE.replace("ansible_user=admin", f"ansible_user={user}"))
    assert "agent9" in collect(inventory, "verify").hosts_of("test_host.py")


def test_hosts_behind_one_gateway_are_told_apart_by_their_ports(inventory: Path, collect: Collect) -> None:
    ways = [f"10.0.0.{n} ansible_host=gate ansible_port=220{n}" for n in (1, 2, 3)]
    members = "\n".join(f"{way} myid={n}" for n, way in enumerate(ways, 1))
    inventory.write_text(f"[zookeeper]\n{members}\n")
    whole = collect(inventory, "verify")
    assert whole.hosts_of("test_zookeeper.py") == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
    assert "every role is covered" not in whole.said
    named = collect(inventory, "verify", "--hosts=ssh://root@gate:2203,ssh://10.0.0.1:2201")
    assert named.hosts_of("test_zookeeper.py") == {"10.0.0.1", "10.0.0.3"}
    assert "--hosts names gate:2204, which" in collect(inventory, "verify", "--hosts=ssh://gate:2204").said


def test_named_hosts_narrow_each_role(inventory: Path, collect: Collect) -> None:
    run = collect(inventory, "verify", "--hosts=ssh://root@10.0.0.1,ssh://root@10.0.0.8")
    assert run.hosts_of("test_zookeeper.py") == {"10.0.0.1"}
    assert run.hosts_of("test_host.py") == {"10.0.0.1", "10.0.0.8"}


def test_a_role_that_no_named_host_covers_becomes_a_test_that_says_so(
    inventory: Path, collect: Collect
) -> None:
    run = collect(inventory, "verify", "--hosts=ssh://root@10.0.0.8")
    assert "every role is covered: zookeeper" in run.said


def test_what_asks_the_whole_service_runs_if_a_named_host_has_its_role(
    inventory: Path, collect: Collect
) -> None:
    agent = collect(inventory, "verify", "--hosts=ssh://10.0.0.8").said
    assert "test_mesos_agents.py::" in agent and "test_zookeeper_ensemble.py::" not in agent
    member = collect(inventory, "verify", "--hosts=ssh://10.0.0.2").said
    assert "test_zookeeper_ensemble.py::" in member and "test_mesos_agents.py::" not in member
    complete = collect(inventory, "verify", "--hosts=ssh://10.0.0.2", "--complete").said
    assert "test_zookeeper_ensemble.py::" in complete and "test_mesos_agents.py::" in complete


def test_no_leader_is_killed_if_a_host_is_left_out(inventory: Path, collect: Collect) -> None:
    run = collect(inventory, "verify", "--hosts=ssh://10.0.0.1", "--destructive")
    assert run.code == 4
    assert "--hosts leaves out 10.0.0.2, 10.0.0.3, 10.0.0.8, agent9; leave --hosts away, or add" in run.said
    assert collect(inventory, "verify", "--hosts=ssh://10.0.0.1", "--destructive", "--complete").code == 5


def test_a_role_that_the_inventory_does_not_have_is_said_and_not_checked(
    tmp_path: Path, collect: Collect
) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text("[zookeeper]\n10.0.0.1 myid=1\n[mesos_agent]\n10.0.0.8\n")
    run = collect(file, "verify", "-v")
    assert "no host plays marathon: not checked" in run.said
    assert "test_zookeeper" in run.said
    assert "test_marathon" not in run.said


def test_a_host_that_the_inventory_does_not_know_is_refused(inventory: Path, collect: Collect) -> None:
    run = collect(inventory, "verify", "--hosts=ssh://root@10.0.0.77")
    assert run.code != 0
    assert "--hosts names 10.0.0.77, which" in run.said


def test_a_role_with_a_typo_is_refused(inventory: Path, collect: Collect, tmp_path: Path) -> None:
    for file in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify/test_typo.py").write_text(
        "import pytest\npytestmark = pytest.mark.role('zookeper')\ndef test_it(host): pass\n"
    )
    run = collect(inventory, "verify", "--tb=native", checkout=tmp_path)
    assert run.code != 0
    assert "no role is called 'zookeper'" in run.said


def test_a_bad_inventory_ends_the_suite_with_its_line(inventory: Path, collect: Collect) -> None:
    inventory.write_text("[zookeeper]\n10.0.0.1\n")
    run = collect(inventory, "verify")
    assert run.code != 0
    assert ":2: host 10.0.0.1 has no myid; add e.g. myid=1 to its line" in run.said


def test_plain_pytest_never_collects_the_suite(inventory: Path, collect: Collect) -> None:
    run = collect(inventory, "--ignore-glob=tests/unit/test_[!s]*")
    folders = {line.partition("/")[0] for line in run.said.splitlines() if "::" in line}
    assert folders == {"tests"}


def test_hosts_without_ssh_are_refused_because_their_keys_would_not_be_checked(
    inventory: Path, collect: Collect
) -> None:
    run = collect(inventory, "verify", "--hosts=root@10.0.0.1")
    assert run.code == 4
    assert "write ssh://root@10.0.0.1" in run.said


def test_a_missing_inventory_is_one_sentence_and_not_one_per_file(tmp_path: Path, collect: Collect) -> None:
    run = collect(tmp_path / "none.ini", "verify")
    assert run.code == 4
    assert run.said.count("none.ini") == 1


@pytest.mark.parametrize("kind", ["is not a file", "does not exist"])
def test_an_ssh_config_that_ssh_would_wait_for_or_not_find_is_told_at_once(
    collect: Collect, inventory: Path, kind: str
) -> None:
    inventory.write_text(f"{FIVE}[all:vars]\nssh_config=own\n")
    if kind == "is not a file":
        os.mkfifo(inventory.with_name("own"))
    run = collect(inventory, "verify/")
    assert run.code == 4
    assert f"ssh_config names {inventory.with_name('own')}, which {kind}" in run.said
