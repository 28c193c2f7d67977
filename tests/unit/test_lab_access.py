"""The text of the files that lead to the lab's hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from paramiko import SSHConfig

from lab import access, keys, spec
from lab.access import Files
from lab.entry import Entry
from lab.errors import LabError
from tasks.inventory.parse import parse

HOSTS = [*spec.SERVERS, *spec.agents(2)]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path)
    yield files
    access.remove(files)


def groups(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_the_inventory_gives_every_server_its_own_myid_and_every_agent_a_line() -> None:
    told = groups(access.inventory(HOSTS, {"zookeeper_image": "lab/zk:1"}))
    servers = ["10.70.0.10", "10.70.0.11", "10.70.0.12"]
    assert told["zookeeper"] == [f"{a} myid={n}" for n, a in enumerate(servers, 1)]
    assert told["mesos_master"] == told["marathon"] == servers
    assert told["mesos_agent"] == ["10.70.0.20", "10.70.0.21"]


def test_the_inventory_does_not_depend_on_the_order_in_which_hosts_are_found() -> None:
    assert access.inventory(reversed(HOSTS), {}) == access.inventory(HOSTS, {})


def test_the_inventory_names_the_image_and_the_way_in() -> None:
    told = groups(access.inventory(HOSTS, {"zookeeper_image": "lab/zk:1"}))["all:vars"]
    assert "zookeeper_image=lab/zk:1" in told
    assert "ansible_user=root" in told
    assert "ssh_config=ssh_config" in told


def test_the_inventory_says_who_made_it() -> None:
    assert access.inventory(HOSTS, {}).startswith("# ")
    assert "fab lab.up" in access.inventory(HOSTS, {}).splitlines()[0]


@pytest.mark.parametrize("name", ["10.70.0.21", "node-21"])
def test_paramiko_reads_the_ssh_config_by_address_and_by_name(files: Files, name: str) -> None:
    told = SSHConfig.from_text(access.ssh_config(files, HOSTS)).lookup(name)
    assert told["hostname"] == "10.70.0.21"
    assert told["user"] == "root"
    assert list(told["identityfile"]) == [str(files.key)]  # it is a list, though paramiko's types say str
    assert told["userknownhostsfile"] == str(files.known_hosts)
    assert told["stricthostkeychecking"] == told["identitiesonly"] == "yes"


def test_the_ssh_config_says_nothing_about_other_hosts(files: Files) -> None:
    told = SSHConfig.from_text(access.ssh_config(files, HOSTS)).lookup("10.70.0.1")
    assert told == {"hostname": "10.70.0.1"}


def test_two_checkouts_do_not_share_connections(tmp_path: Path) -> None:
    assert Files(tmp_path / "a").sockets != Files(tmp_path / "b").sockets


def test_a_control_path_is_short_enough_for_a_socket(files: Files) -> None:
    hash_and_suffix = 40 + len(".0123456789abcdef")  # %C, and what ssh appends meanwhile
    assert len(f"{files.sockets}/") + hash_and_suffix < 104


def test_known_hosts_carries_type_and_key_without_comment() -> None:
    text = access.known_hosts({spec.SERVERS[0]: b"ssh-ed25519 AAAA root@somewhere\n"})
    assert text == "10.70.0.10,[10.70.0.10]:2222 ssh-ed25519 AAAA\n"


def test_keys_and_password_are_made_once_and_only_their_owner_can_read_them(files: Files) -> None:
    entry = access.entry(files)
    assert entry.public.startswith(b"ssh-ed25519 ")
    assert entry.public != entry.public_behind
    assert access.entry(files) == entry
    secrets = (files.key, files.key_behind, files.key.parent / "password")
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_the_key_for_behind_the_bastion_is_good_from_anywhere_only_on_the_bastion() -> None:
    entry = Entry(b"ssh-ed25519 OWN\n", b"ssh-ed25519 BEHIND\n", "secret")
    on_it = entry.files(spec.BASTION)["/etc/ssh/authorized_keys"][1]
    behind_it = entry.files(spec.SERVERS[0])["/etc/ssh/authorized_keys"][1]
    assert on_it == b"ssh-ed25519 OWN\nssh-ed25519 BEHIND\n"
    assert behind_it == b'ssh-ed25519 OWN\nfrom="10.70.0.20" ssh-ed25519 BEHIND\n'


@pytest.fixture
def written(files: Files) -> Files:
    access.entry(files)
    access.write(files, dict.fromkeys(HOSTS, b"ssh-ed25519 AAAA\n"), {"zookeeper_image": "lab/zk:1"})
    return files


def test_every_profile_is_an_inventory_that_only_its_owner_can_read(written: Files) -> None:
    found = {file.parent.name: file for file in written.profiles.glob("*/hosts.ini")}
    assert found.keys() == {"sudo", "sudo-password", "port", "agent", "bastion"}
    for file in found.values():
        assert len(parse(file.read_text()).nodes) == len(HOSTS)
        assert file.stat().st_mode & 0o777 == 0o600


def test_behind_the_bastion_are_all_hosts_but_itself(written: Files) -> None:
    config = SSHConfig.from_path(str(written.profiles / "bastion/ssh_config"))
    jumps = {host.address: config.lookup(host.address).get("proxyjump") for host in HOSTS}
    assert jumps.pop("10.70.0.20") is None
    assert set(jumps.values()) == {"deploy@10.70.0.20"}
    assert list(config.lookup("10.70.0.10")["identityfile"]) == [str(written.key_behind)]


def test_writing_the_same_again_touches_no_file(files: Files) -> None:
    host_keys = dict.fromkeys(HOSTS, b"ssh-ed25519 AAAA\n")
    access.entry(files)
    access.write(files, host_keys, {"zookeeper_image": "i"})
    written = [files.known_hosts, files.ssh_config, files.inventory]
    before = [path.stat().st_mtime_ns for path in written]
    access.write(files, host_keys, {"zookeeper_image": "i"})
    assert [path.stat().st_mtime_ns for path in written] == before


def test_what_leads_to_hosts_goes_and_the_key_stays(files: Files) -> None:
    access.entry(files)
    access.write(files, {HOSTS[0]: b"ssh-ed25519 AAAA\n"}, {"zookeeper_image": "i"})
    access.remove(files)
    left = (files.known_hosts, files.ssh_config, files.inventory, files.sockets)
    assert not [*files.profiles.glob("*/hosts.ini"), *files.profiles.glob("*/ssh_config")]
    assert not any(path.exists() for path in left)
    assert files.key.exists()


def test_an_archive_gives_back_what_was_packed() -> None:
    assert keys.unpack(keys.archive({"etc/motd": (0o644, b"hello")})) == b"hello"


@pytest.mark.parametrize("count", [0, -1, 201])
def test_a_senseless_number_of_agents_is_refused(count: int) -> None:
    with pytest.raises(LabError, match=str(count)):
        spec.agents(count)
