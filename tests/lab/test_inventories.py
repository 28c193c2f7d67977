"""A directory as Ansible users have it, with group_vars, host_vars and a vault, deploys the lab."""

import subprocess
import sys
from pathlib import Path

import pytest
from operators import INVENTORY, Run, lay_bare

from tasks import inventory
from tasks.inventory.cluster import Cluster
from tasks.inventory.settings import ROLES

PASSWORD = "unused: the lab's root needs no sudo"


def ssh_of(line: str) -> str:
    """The same variable of hosts.ini as YAML; paths are relative to the lab's own directory."""
    name, _, value = line.partition("=")
    if name in ("ssh_config", "ansible_ssh_private_key_file"):
        value = str(INVENTORY.parent / value)
    return f"{name}: {value!r}\n"


@pytest.fixture
def directory(lab: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lab's inventory as a directory; [all:vars] stands in group_vars, beside a vaulted password."""
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    (tmp_path / "password").write_text("open sesame\n")
    cluster, folder = inventory.load(INVENTORY), tmp_path / "inventory"
    for name in ("group_vars/all", "host_vars"):
        (folder / name).mkdir(parents=True)
    (folder / "hosts").write_text(groups(cluster))
    for node in cluster.having("zookeeper"):
        (folder / f"host_vars/{node.name}.yml").write_text(f"myid: {node.myid}\n")
    common = INVENTORY.read_text().partition("[all:vars]")[2].splitlines()
    plain = [ssh_of(line) for line in common if line and not line.startswith("#")]
    secret = "ansible_become_password: '{{ vault_sudo_password }}'\n"
    (folder / "group_vars/all/main.yml").write_text("".join(plain) + secret)
    vault = folder / "group_vars/all/vault.yml"
    vault.write_text(f'vault_sudo_password: "{PASSWORD}"\n')
    program = Path(sys.executable).with_name("ansible-vault")
    subprocess.run([program, "encrypt", vault], check=True, capture_output=True)
    return folder


def groups(cluster: Cluster) -> str:
    blocks = [[f"[{role}]", *(node.name for node in cluster.having(role))] for role in ROLES]
    return "\n".join(line for block in blocks for line in block) + "\n"


def test_a_directory_with_group_vars_host_vars_and_a_vault_deploys_and_passes(
    directory: Path, fab: Run, suite: Run
) -> None:
    lay_bare()
    assert PASSWORD not in (directory / "group_vars/all/vault.yml").read_text()
    done = fab("deploy-cluster", inventory=directory)
    assert done.code == 0, done.said
    again = fab("deploy-cluster", inventory=directory)
    assert (again.code, "Nothing to do" in again.said) == (0, True), again.said
    with_lines = fab("plan", "--check", inventory=INVENTORY)
    assert with_lines.code == 0, with_lines.said
    passed = suite("-m", "not journey", inventory=directory)
    assert passed.code == 0, passed.said
    for run in (done, again, passed):
        assert PASSWORD not in run.said


def test_the_directory_is_the_same_cluster_as_the_file(directory: Path) -> None:
    by_name = {node.name: node for node in inventory.load(INVENTORY).nodes}
    for node in inventory.load(directory).nodes:
        assert (node.address, node.roles, node.settings) == (
            by_name[node.name].address,
            by_name[node.name].roles,
            by_name[node.name].settings,
        )
        assert node.ssh.become_password == PASSWORD


def test_the_password_of_the_vault_is_asked_for_by_name(
    directory: Path, fab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    done = fab("plan", inventory=directory)
    assert (done.code, "export ANSIBLE_VAULT_PASSWORD_FILE=FILE" in done.said) == (2, True), done.said
