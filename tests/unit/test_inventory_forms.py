"""Inventories of other forms than INI: read through Ansible where it is installed, else a sentence."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from tasks import inventory
from tasks.errors import BadInput
from tasks.inventory import ansible, answer, file, ini, parse
from tasks.inventory.cluster import Cluster
from tasks.inventory.raw import Raw

needs_ansible = pytest.mark.skipif(not find_spec("ansible"), reason="Ansible is not installed")

HOSTS = (
    "[zookeeper]\nz[1:3]\n[mesos_master:children]\nzookeeper\n[mesos_agent]\n10.70.1.[1:3]\n"
    "[bastion]\ngw.example.net\n"
)
YAML = """\
all:
  vars: {ansible_user: ops, ansible_become: yes}
  children:
    zookeeper:
      hosts:
        10.70.0.10: {myid: 1}
        10.70.0.11: {myid: 2, log_files: 7}
        10.70.0.12: {myid: "3"}
    mesos_agent:
      hosts: {10.70.0.20: {mesos_agent_attributes: "rack:a"}}
      vars: {ansible_user: agent}
"""
SCRIPT = """\
#!/bin/sh
echo '{"zookeeper": {"hosts": ["10.70.0.10"], "vars": {"zookeeper_heap": "1g"}},'
echo ' "_meta": {"hostvars": {"10.70.0.10": {"myid": 1}}}}'
"""


Ask = Callable[[Path, str, str], Raw]


def written(folder: Path, **texts: str) -> Path:
    """Write files below a folder; `__` in a name stands for a slash, `_yml` behind for the suffix."""
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_ini", ".ini")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def refused(path: Path, ask: Ask = ansible.ask) -> str:
    with pytest.raises(BadInput) as caught:
        inventory.load(path, ask)
    return str(caught.value)


# With Ansible


def roles(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    return {node.name: node.roles for node in cluster.nodes}


@needs_ansible
def test_yaml_is_read(tmp_path: Path) -> None:
    cluster = inventory.load(written(tmp_path, hosts_yml=YAML) / "hosts.yml")
    assert [(n.name, n.settings.myid, n.ssh.user, n.ssh.become) for n in cluster.nodes] == [
        ("10.70.0.10", 1, "ops", True),
        ("10.70.0.11", 2, "ops", True),
        ("10.70.0.12", 3, "ops", True),
        ("10.70.0.20", None, "agent", True),
    ]
    assert cluster.nodes[1].settings.log_files == 7
    assert cluster.nodes[3].settings.mesos_agent_attributes == "rack:a"


PARTS = """\
all:
  vars:
    extra_flags: [one, other]
    preflight_ignore: [cgroups]
    mesos_master_environment:
      {MESOS_ACLS: {permissive: true}, MESOS_CLUSTER: a 'b', MESOS_ROOT_SUBMISSIONS: no}
    marathon_arguments: [--task_launch_timeout, 600000, --framework_name, it's]
    mesos_agent_attributes: {rack: a, zone: 7}
    mesos_agent_resources: [{name: cpus, type: SCALAR, scalar: {value: 2}}]
  children:
    zookeeper: {hosts: {10.70.0.10: {myid: 1}}}
    mesos_master: {hosts: {10.70.0.10: }}
    marathon: {hosts: {10.70.0.10: }}
    mesos_agent: {hosts: {10.70.0.20: }}
"""


@needs_ansible
def test_lists_and_mappings_of_yaml_are_what_ini_has_in_words(tmp_path: Path) -> None:
    cluster = inventory.load(written(tmp_path, hosts_yml=PARTS) / "hosts.yml")
    master, agent = (cluster.having(role)[0].settings for role in ("mesos_master", "mesos_agent"))
    assert (master.extra_flags, cluster.settings.preflight_ignore) == (("one", "other"), ("cgroups",))
    assert dict(master.mesos_master_environment) == {
        "MESOS_ACLS": '{"permissive":true}',
        "MESOS_CLUSTER": "a 'b'",
        "MESOS_ROOT_SUBMISSIONS": "false",
    }
    assert master.marathon_arguments == ("--task_launch_timeout", "600000", "--framework_name", "it's")
    assert agent.mesos_agent_attributes == "rack:a;zone:7"
    assert agent.mesos_agent_resources and "cpus" in agent.mesos_agent_resources


def test_what_is_encrypted_within_a_mapping_is_decrypted_too() -> None:
    group = {
        "hosts": ["10.70.0.20"],
        "vars": {"mesos_agent_environment": {"A": {answer.VAULTED: "x"}, "B": "b"}},
    }
    document = {"mesos_agent": group}
    assert answer.encrypted(document) == ["x"]
    given = answer.read(document, {"x": "clear text\n"}).groups["mesos_agent"].variables
    assert given["mesos_agent_environment"].value == "'A=clear text' B=b"


@needs_ansible
def test_a_script_is_asked(tmp_path: Path) -> None:
    script = written(tmp_path, hosts=SCRIPT) / "hosts"
    script.chmod(0o755)
    (node,) = inventory.load(script).nodes
    assert (node.myid, node.settings.zookeeper_heap) == (1, "1g")


@needs_ansible
def test_a_configured_plugin_is_asked(tmp_path: Path) -> None:
    plugin = "plugin: ansible.builtin.constructed\ngroups: {zookeeper: inventory_hostname.startswith('10')}\n"
    folder = written(tmp_path, a_yml="all: {hosts: {10.70.0.10: {myid: 1}, web: {}}}\n", b_yml=plugin)
    assert roles(inventory.load(folder)) == {"10.70.0.10": ("zookeeper",)}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory with group_vars and host_vars, and passwords in a vault of either kind."""
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    (tmp_path / "password").write_text("open sesame\n")
    folder = written(
        tmp_path / "inventory",
        hosts=HOSTS,
        group_vars__all__main_yml="ansible_user: ops\nansible_become: true\ncluster_name: east\n"
        "ansible_become_password: '{{ vault_sudo }}'\nansible_ssh_private_key_file: ~/.ssh/id\n",
        group_vars__all__vault_yml="vault_sudo: hunter2\n",
        group_vars__mesos_agent_yml="mesos_agent_resources: cpus:4\nlog_size: 7m\n",
        **{f"host_vars__z{i}_yml": f"myid: {i}\nansible_host: 10.70.0.1{i}\n" for i in (1, 2, 3)},
    )
    vault = [str(Path(sys.executable).with_name("ansible-vault"))]
    subprocess.run([*vault, "encrypt", folder / "group_vars/all/vault.yml"], check=True, capture_output=True)
    encrypt = [*vault, "encrypt_string", "--stdin-name", "ansible_become_password"]
    done = subprocess.run(encrypt, input="of its own", check=True, capture_output=True, text=True)
    (folder / "host_vars/10.70.1.1.yml").write_text(done.stdout)
    return folder


@needs_ansible
def test_a_directory_is_read_with_its_group_vars_and_host_vars_and_both_kinds_of_vault(
    directory: Path,
) -> None:
    cluster = inventory.load(directory)
    members = [(n.name, n.address, n.myid, n.ssh.become_password) for n in cluster.having("zookeeper")]
    assert members == [(f"z{i}", f"10.70.0.1{i}", i, "hunter2") for i in (1, 2, 3)]
    agents = cluster.having("mesos_agent")
    assert [a.ssh.become_password for a in agents] == ["of its own", "hunter2", "hunter2"]
    assert {(a.settings.log_size, a.settings.mesos_agent_resources) for a in agents} == {("7m", "cpus:4")}
    assert cluster.settings.cluster_name == "east" and "gw.example.net" not in roles(cluster)


@needs_ansible
def test_group_vars_beside_an_ini_file_are_read_as_ansible_reads_them(directory: Path) -> None:
    ini = directory / "hosts.ini"
    (directory / "hosts").rename(ini)
    assert inventory.load(ini).nodes[0].ssh.user == "ops"


@needs_ansible
def test_a_whole_file_in_a_vault_is_read(directory: Path) -> None:
    vault = Path(sys.executable).with_name("ansible-vault")
    subprocess.run([vault, "encrypt", directory / "hosts"], check=True, capture_output=True)
    assert len(inventory.load(directory / "hosts").nodes) == 6


@needs_ansible
def test_a_key_is_looked_for_in_the_directory_and_told_with_its_place(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "group_vars/all/main.yml").write_text("ansible_ssh_private_key_file: keys/id\n")
    monkeypatch.setenv("INVENTORY", str(directory))
    inventory.load()
    with pytest.raises(BadInput) as caught:
        inventory.check_keys()
    assert f"{directory}, group all: ansible_ssh_private_key_file names {directory}/keys/id" in str(
        caught.value
    )


@needs_ansible
def test_all_problems_are_told_with_the_host_or_group_instead_of_a_line(tmp_path: Path) -> None:
    text = YAML.replace("myid: 2, log_files: 7", "log_files: many").replace(
        "ansible_user: agent", "zookeeper_heap: 1g, ansible_prot: 22"
    )
    said = refused(written(tmp_path, hosts_yml=text) / "hosts.yml").replace(f"{tmp_path}/", "")
    assert said.split("\n") == [
        "hosts.yml, host 10.70.0.11: log_files is 'many'; give a whole number from 1 to 1000",
        "hosts.yml, host 10.70.0.11: host 10.70.0.11 has no myid; add e.g. myid=2 to its variables",
        "hosts.yml, group mesos_agent: unknown variable ansible_prot; did you mean ansible_port?",
        "hosts.yml, group mesos_agent: zookeeper_heap does not belong in the variables of group mesos_agent; "
        "move it to the variables of group zookeeper",
    ]


@needs_ansible
def test_a_vault_without_its_password_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    assert refused(directory).endswith(
        "Attempting to decrypt but no vault secrets found; "
        "name the file that has its password: export ANSIBLE_VAULT_PASSWORD_FILE=FILE"
    )


@needs_ansible
def test_what_ansible_cannot_read_is_told_without_the_lines_of_the_file(tmp_path: Path) -> None:
    bad = "all:\n  vars:\n   ansible_user: ops\n    ansible_become_password: hunter2\n"
    said = refused(written(tmp_path, hosts_yml=bad) / "hosts.yml")
    assert "hosts.yml: Ansible cannot read it: " in said and "line 4" in said
    assert "hunter2" not in said and "\n" not in said


@needs_ansible
def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path).endswith("it holds nothing that Ansible can read")


@needs_ansible
def test_a_script_that_fails_is_told_with_what_it_says(tmp_path: Path) -> None:
    script = written(tmp_path, hosts="#!/bin/sh\necho no credentials >&2\nexit 3\n") / "hosts"
    script.chmod(0o755)
    assert "no credentials" in refused(script)


@needs_ansible
def test_what_a_script_says_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    script = written(tmp_path, hosts="#!/bin/sh\necho password=hunter2 >&2\nexit 3\n") / "hosts"
    script.chmod(0o755)
    assert "(secret, not shown)" in refused(script) and "hunter2" not in refused(script)


@needs_ansible
def test_a_broken_ansible_cfg_is_told_without_pythons_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nbad\n")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "ansible.cfg"))
    said = refused(written(tmp_path, hosts_yml=YAML) / "hosts.yml")
    assert f"Ansible cannot read it: Error reading config file ({tmp_path}/ansible.cfg)" in said


# Without Ansible, or with one that misbehaves


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Nothing of Ansible's beside Python or on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return partial(ansible.ask, python=f"{tmp_path}/bin/python")


@pytest.fixture
def stand_in(tmp_path: Path) -> "StandIn":
    """A stand-in for ansible-inventory."""
    (tmp_path / "bin").mkdir()
    return StandIn(tmp_path / "bin")


@dataclass
class StandIn:
    """A program beside Python that is called ansible-inventory, and does what a test says."""

    folder: Path

    def does(self, text: str, patience: float = ansible.PATIENCE) -> Ask:
        """Have it be this program; give how an inventory is read through it."""
        program = self.folder / "ansible-inventory"
        program.write_text(text)
        program.chmod(0o755)
        return partial(ansible.ask, python=str(self.folder / "python"), patience=patience)


@pytest.mark.parametrize(
    "name, text, what",
    [
        ("hosts.yml", YAML, "is YAML"),
        ("hosts", YAML, "is YAML"),
        ("hosts", "---\n# none\n", "is YAML"),
        ("hosts.json", "{}", "is JSON"),
        ("hosts.ini", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "is encrypted with Ansible Vault"),
        ("hosts.py", "#!/usr/bin/env python3\n", "is a script"),
        ("group_vars/all.yml", "", "has group_vars/ beside it"),
    ],
)
def test_a_form_that_only_ansible_reads_is_told_with_how_to_install_it(
    tmp_path: Path, without: Ask, name: str, text: str, what: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    if "/" in name:
        path = tmp_path / "hosts.ini"
        path.write_text(HOSTS)
    assert refused(path, without) == (
        f"{path} {what}, so mesofab reads it through ansible-inventory, which is not installed; "
        f"{tmp_path}/bin/python -m pip install ansible-core"
    )


def test_a_directory_without_ansible_is_told_too(tmp_path: Path, without: Ask) -> None:
    assert f"{tmp_path} is a directory, so mesofab reads it through ansible-inventory" in refused(
        tmp_path, without
    )


def test_an_ini_file_never_needs_ansible_executable_or_not(tmp_path: Path, without: Ask) -> None:
    path = written(tmp_path, hosts="[zookeeper]\n10.70.0.10 myid=1\n") / "hosts"
    path.chmod(0o755)
    assert len(inventory.load(path, without).nodes) == 1


def test_yaml_in_a_file_called_ini_is_told_to_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path, hosts_ini=f"# ours\n\n{YAML}") / "hosts.ini"
    assert "looks like YAML; Ansible reads YAML only from .yml and .yaml: rename it" in refused(path)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_could_be_read_for_ever_is_refused_unread(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "hosts" if kind == "pipe" else Path("/dev/zero")
    if kind == "pipe":
        os.mkfifo(path)
    assert refused(path) == f"{path} is a pipe or a device; write the inventory into a file of its own"


@pytest.mark.parametrize("named", ["x" * 300, "x/" * 3000], ids=["a long name", "a long path"])
def test_a_name_that_no_file_can_have_is_told(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVENTORY", named)
    assert "File name too long" in refused(inventory.path())


@pytest.mark.parametrize(
    "line, told",
    [
        ('foo bar baz [ ] = "', ":1: it cannot be split into words (No closing quotation); close the quote"),
        ("[a:b:c]", ":1: '[a:b:c]' is not a section; write [group], [group:vars] or [group:children]"),
        ("h{}", f":1: it names more than {ini.MOST_HOSTS} hosts; is it another file that you mean?"),
    ],
)
def test_rubbish_is_not_read_to_its_end(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "hosts"
    path.write_text("\n".join(line.format(number) for number in range(150_000)))
    first, *others = refused(path).split("\n")
    assert first == f"{path}{told}"
    assert not others or int(others[-1].split()[-4]) <= ini.MOST_PROBLEMS, others[-1]


def test_json_in_a_file_called_ini_is_told_to_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path, hosts_ini='\n{"zookeeper": {}}\n') / "hosts.ini"
    assert refused(path).endswith("looks like JSON; Ansible reads JSON only from .json: rename it")


def test_a_private_key_in_place_of_an_inventory_is_told_and_not_shown(tmp_path: Path) -> None:
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA=\n-----END OPENSSH PRIVATE KEY-----\n"
    path = written(tmp_path, hosts_ini=text) / "hosts.ini"
    assert refused(path) == (
        f"{path} is a private key; an inventory names it as ansible_ssh_private_key_file"
    )


def test_a_script_that_is_not_executable_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, hosts=SCRIPT) / "hosts"
    assert refused(path).endswith(f"is a script, but not executable; chmod +x {path}")


def test_mistakes_of_an_ini_file_are_told_with_lines_although_group_vars_are_beside(tmp_path: Path) -> None:
    folder = written(tmp_path, hosts_ini="[zookeeper]\n10.70.0.[3:1]\n10.70.0.9\n", group_vars__all_yml="")
    said = refused(folder / "hosts.ini")
    assert said == f"{folder}/hosts.ini:2: [3:1] names no host; write the smaller end first"


def test_an_answer_that_never_comes_is_given_up_with_all_that_it_started(
    tmp_path: Path, stand_in: StandIn
) -> None:
    ask = stand_in.does(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/pid\nwait\n", patience=0.5)
    told = refused(tmp_path, ask)
    assert "ansible-inventory gave no answer within 0.5 s; try: ansible-inventory -i" in told
    pid = (tmp_path / "pid").read_text().strip()
    deadline = time.monotonic() + 30
    while _lives(pid):
        assert time.monotonic() < deadline, "the script still runs"
        time.sleep(0.05)


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_that_cannot_be_started_is_told(tmp_path: Path, stand_in: StandIn) -> None:
    ask = stand_in.does("#!/no/such/python\n")
    assert refused(tmp_path, ask).endswith("ansible-inventory cannot be started: No such file or directory")


@pytest.mark.parametrize("told", ["", "no JSON", "{", "Using /etc/ansible/ansible.cfg as config file"])
def test_an_answer_that_is_no_json_is_told(tmp_path: Path, stand_in: StandIn, told: str) -> None:
    ask = stand_in.does(f"#!/bin/sh\necho '{told}'\n")
    assert "ansible-inventory's answer is not JSON; try: ansible-inventory -i" in refused(tmp_path, ask)


@pytest.mark.parametrize("told", ['{"_meta": 1}', '{"zookeeper": []}', '{"zookeeper": {"hosts": {"a": 1}}}'])
def test_an_answer_of_another_shape_names_no_host(tmp_path: Path, stand_in: StandIn, told: str) -> None:
    ask = stand_in.does(f"#!/bin/sh\necho '{told}'\n")
    assert "Ansible finds no host in it; put hosts below zookeeper" in refused(tmp_path, ask)


def test_an_ini_file_that_ansible_ignores_in_a_directory_is_told(tmp_path: Path, stand_in: StandIn) -> None:
    ask = stand_in.does("#!/bin/sh\necho '{}'\n")
    assert refused(written(tmp_path, hosts_ini=HOSTS), ask).endswith(
        "Ansible finds no host in it, and ignores hosts.ini, as any .ini file in a directory; "
        "rename it to hosts"
    )


OLD = """\
[WARNING]:  * Failed to parse /x/hosts.yml with auto plugin: Syntax Error while
loading YAML.   mapping values are not allowed in this context  The error appears to be in
'/x/hosts.yml': line 4, column 13, but may be elsewhere  The offending line appears to be:
ansible_user: ops     password: hunter2             ^ here
[WARNING]:  * Failed to parse /x/hosts.yml with ini plugin: Invalid host pattern
ERROR! Completely failed to parse inventory source /x/hosts.yml
"""


def test_older_versions_reasons_are_understood(tmp_path: Path, stand_in: StandIn) -> None:
    ask = stand_in.does(f"#!/bin/sh\ncat >&2 <<'E'\n{OLD}E\nexit 1\n")
    assert refused(tmp_path, ask).endswith(
        "Ansible cannot read it: Syntax Error while loading YAML. "
        "mapping values are not allowed in this context (/x/hosts.yml, line 4)"
    )


def test_what_is_in_force_is_asked_of_what_was_read_and_not_of_ansible_again(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = '{"all": {"vars": {"ssh_config": "x"}}, "zookeeper": {"hosts": ["10.70.0.1"]}, '
    own = '"_meta": {"hostvars": {"10.70.0.1": {"myid": 1}}}}'
    ask = stand_in.does(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho '{hosts}{own}'\n")
    monkeypatch.setenv("INVENTORY", str(tmp_path))
    inventory.load(ask=ask)
    inventory.check_keys()
    assert inventory.place("ssh_config").endswith(", group all")
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_values_of_every_type_become_text() -> None:
    values = {"myid": 1, "ansible_become": True, "log_files": 5.0, "zookeeper_heap": "1g\n", "ssh": None}
    document = {"zookeeper": {"hosts": ["10.70.0.1"]}, "_meta": {"hostvars": {"10.70.0.1": values}}}
    raw = answer.read(document, {})
    given = {key: each.value for key, each in raw.hosts["10.70.0.1"].items()}
    assert given == {
        "myid": "1",
        "ansible_become": "True",
        "log_files": "5.0",
        "zookeeper_heap": "1g",
        "ssh": "",
    }
    del raw.hosts["10.70.0.1"]["log_files"]
    (node,) = parse.cluster(raw, "x").nodes
    assert node.ssh.become and node.settings.zookeeper_heap == "1g"


def test_resources_given_as_a_list_are_json() -> None:
    document = {
        "mesos_agent": {"vars": {"mesos_agent_resources": [{"name": "cpus", "scalar": {"value": 8}}]}}
    }
    raw = answer.read(document, {})
    text = raw.groups["mesos_agent"].variables["mesos_agent_resources"].value
    assert text == '[{"name":"cpus","scalar":{"value":8}}]'


def test_a_secret_in_an_open_ini_file_is_still_refused(tmp_path: Path) -> None:
    path = written(tmp_path, hosts="[zookeeper]\n10.70.0.1 myid=1 ansible_become_password=x\n") / "hosts"
    os.chmod(path, stat.S_IRUSR | stat.S_IROTH)
    assert ":2: ansible_become_password holds a secret, and others than its owner can read" in refused(path)
    path.chmod(0o600)
    assert file.load(path).nodes[0].ssh.become_password == "x"
