"""Inventories as people have them for Ansible: taken as meant, or refused with what to do instead."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import TRIO, messages, problems

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.names import FOREIGN, KNOWN, meant
from tasks.inventory.parse import parse
from tasks.inventory.settings import VARIABLES

ONE = "[zookeeper]\n10.70.0.10 myid=1"
"""One member, whose line goes on with what a test adds."""


def one(words: str) -> Node:
    """The member with these words on its line."""
    (node,) = parse(f"{ONE} {words}\n").nodes
    return node


def everywhere(line: str) -> Node:
    """The member with this line in [all:vars]."""
    (node,) = parse(f"{ONE}\n[all:vars]\n{line}\n").nodes
    return node


def named(cluster: Cluster, role: str) -> list[str]:
    return [node.name for node in cluster.having(role)]


# Hosts and groups


def test_hosts_may_stand_in_all_first_and_in_their_roles_by_name() -> None:
    cluster = parse(
        "[all]\na ansible_host=10.70.0.10 ansible_user=ops myid=1\nb ansible_host=10.70.0.20\n"
        "[zookeeper]\na\n[mesos_master:children]\nzookeeper\n[mesos_agent]\nb\n"
    )
    a, b = cluster.nodes
    assert (a.address, a.ssh.user, a.roles, a.myid) == ("10.70.0.10", "ops", ("zookeeper", "mesos_master"), 1)
    assert (b.address, b.roles) == ("10.70.0.20", ("mesos_agent",))


def test_hosts_may_stand_above_the_first_group_as_vagrant_writes_them() -> None:
    cluster = parse(
        "n1 ansible_host=127.0.0.1 ansible_port=2222 ansible_ssh_private_key_file='keys/n1'\n"
        "n9 ansible_host=127.0.0.1 ansible_port=2209\n"
        "[zookeeper]\nn1 myid=1 host_ip=192.168.56.11\n"
    )
    (node,) = cluster.nodes
    assert (node.address, node.ssh.port, node.ssh.key) == ("192.168.56.11", 2222, "keys/n1")


def test_groups_and_hosts_of_other_purposes_are_no_business_of_ours() -> None:
    cluster = parse(
        TRIO
        + "[bastion]\ngw.example.net ansible_connection=local\n[monitoring]\n10.70.0.40 zookeper_heap=1g\n"
        "[marathon_lb]\n10.70.0.41\n[mesos_dns]\n10.70.0.42\n[dc.eu-1:children]\nzookeeper\nbastion\n"
        "[all:children]\nzookeeper\n[bastion:vars]\nansible_become_method=su\n"
    )
    assert named(cluster, "zookeeper") == [node.name for node in cluster.nodes]
    assert len(cluster.nodes) == 3


def test_a_group_of_other_purposes_gives_its_variables_to_our_hosts_in_it() -> None:
    cluster = parse(f"{TRIO}[rack-1]\n10.70.0.10\n10.70.0.99\n[rack-1:vars]\nansible_user=ops\nlog_size=7m\n")
    users = [(node.ssh.user, node.settings.log_size) for node in cluster.nodes]
    assert users == [("ops", "7m"), (None, "50m"), (None, "50m")]


def test_ranges_name_hosts_by_number_by_letter_and_with_ports() -> None:
    cluster = parse(
        f"{TRIO}[mesos_agent]\n10.70.1.[20:29]:2222\n10.70.[2:3].[1:5:2]\n"
        "[all]\nn-[a:c] ansible_host=10.70.9.9\n"
    )
    agents = cluster.having("mesos_agent")
    assert [node.name for node in agents[:2]] == ["10.70.1.20", "10.70.1.21"]
    assert [node.name for node in agents[10:]] == [f"10.70.{i}.{j}" for i in (2, 3) for j in (1, 3, 5)]
    assert [node.ssh.port for node in agents] == [2222] * 10 + [None] * 6


def test_a_host_of_a_range_may_have_a_line_of_its_own_that_says_more() -> None:
    cluster = parse(
        f"{TRIO}[mesos_agent]\n10.70.1.[1:3] log_size=7m\n10.70.1.2 log_size=9m mesos_agent_port=5052\n"
    )
    agents = cluster.having("mesos_agent")
    assert [(a.settings.log_size, a.settings.mesos_agent_port) for a in agents] == [
        ("7m", 5051),
        ("9m", 5052),
        ("7m", 5051),
    ]


def test_agents_in_ranges_need_no_number_and_masters_outside_of_the_ensemble_do() -> None:
    text = f"{TRIO}[mesos_agent]\n10.70.1.[1:9]\n"
    assert messages(text) == []
    assert messages(f"{text}[mesos_master]\n10.70.2.[1:3]\n") == [
        "hosts.ini:8: the hosts 10.70.2.[1:3] have neither number nor myid to name its containers by; "
        "write each on a line of its own, with number=N"
    ]


def test_a_range_of_names_without_addresses_or_ids_is_told_once_for_all_its_hosts() -> None:
    assert messages("[zookeeper]\nzk[1:3].example.net\n[mesos_agent]\nagent-[a:c].example.net\n") == [
        "hosts.ini:2: the hosts zk[1:3].example.net have no IPv4 address that the cluster could use; "
        "write each on a line of its own, with host_ip=ADDRESS",
        "hosts.ini:2: the hosts zk[1:3].example.net have no myid; "
        "write each on a line of its own, with myid=N",
        "hosts.ini:4: the hosts agent-[a:c].example.net have no IPv4 address that the cluster could use; "
        "write each on a line of its own, with host_ip=ADDRESS",
    ]


BAD_RANGES = {
    "a[3:1]": "[3:1] names no host; write the smaller end first",
    "a[c:a]": "[c:a] names no host; write the smaller end first",
    "a[01:100]": "[01:100] has ends of different lengths; write both with 3 digits",
    "a[1-3]": "[1-3] is not a range; write [1:20], [01:20], [1:20:2] or [a:f]",
    "a[1:3": "'a[1:3' has a bracket too many; write a range as in web[01:20]",
    "a[1:9:0]": "[1:9:0] has a step of 0; leave the step out, or write another one",
    "a[1:999999]": "[1:999999] names more than 10000 hosts; correct the range",
    "a[1:999].[1:999]": "'a[1:999].[1:999]' names more than 10000 hosts; correct the range",
    "[fd00::1]:22": "'[fd00::1]' looks like an IPv6 address; give the host's IPv4 address",
    "10.70.0.1:": "'10.70.0.1:' ends in a colon; write the port behind it, or remove it",
    "ansible_user=ops": "'ansible_user=ops' is no host; put variables below [group:vars]",
}


@pytest.mark.parametrize("name, message", BAD_RANGES.items(), ids=BAD_RANGES)
def test_a_range_that_names_nothing_or_too_much_is_told_with_its_line(name: str, message: str) -> None:
    assert messages(f"{TRIO}[mesos_agent]\n{name}\n") == [f"hosts.ini:6: {message}"]


@pytest.mark.parametrize(
    "host, mend",
    [
        ("10.70.0.10,10.70.0.11", "holds a comma; write each host on a line of its own"),
        ("root@10.70.0.10", "holds an @; write the user as ansible_user=..."),
    ],
)
def test_what_other_tools_take_for_hosts_is_told_as_ansible_has_it(host: str, mend: str) -> None:
    assert messages(f"[mesos_agent]\n{host}\n")[0] == f"hosts.ini:2: {host!r} {mend}"


def test_two_thousand_agents_in_a_range_are_all_read() -> None:
    cluster = parse(f"{TRIO}[mesos_agent]\n10.71.[0:7].[1:250]\n")
    assert len(cluster.having("mesos_agent")) == 2000


LIKE_A_ROLE = {
    "mesos-master": "mesos_master",
    "mesos_masters": "mesos_master",
    "MesosMaster": "mesos_master",
    "mesos-slaves": "mesos_agent",
    "mesos_agent_nodes": "mesos_agent",
    "mesos.agents": "mesos_agent",
    "zookeepers": "zookeeper",
    "zookeeper_servers": "zookeeper",
    "zookeeper-ensemble": "zookeeper",
    "zk": "zookeeper",
    "zookeper": "zookeeper",
    "marathons": "marathon",
    "marthon": "marathon",
}


@pytest.mark.parametrize("name, role", LIKE_A_ROLE.items(), ids=LIKE_A_ROLE)
def test_a_group_that_only_looks_like_a_role_is_told_the_right_spelling(name: str, role: str) -> None:
    assert messages(f"{TRIO}[{name}]\n10.70.0.77\n") == [
        f"hosts.ini:5: [{name}] is neither a role nor a child of one; did you mean {role}?"
    ]


@pytest.mark.parametrize("name", ["agents", "slaves"])
def test_a_bare_word_is_a_role_only_where_that_is_lacking(name: str) -> None:
    masters = "[mesos_master:children]\nzookeeper\n"
    assert len(messages(f"{TRIO}{masters}[{name}]\n10.70.0.77\n")) == 1
    assert messages(f"{TRIO}{masters}[{name}]\n10.70.0.77\n[mesos_agent]\n10.70.0.20\n") == []
    assert messages(f"{TRIO}[{name}]\n10.70.0.77\n") == []  # no word of Mesos: it may be Jenkins'


@pytest.mark.parametrize("name", ["zookeepers", "mesos-master", "zk"])
def test_a_group_like_a_role_is_fine_above_or_below_the_role(name: str) -> None:
    above = f"{TRIO}[mesos_master:children]\nzookeeper\n[{name}:children]\nzookeeper\n"
    below = f"[zookeeper:children]\n{name}\n{TRIO.replace('zookeeper', name)}"
    assert [messages(above), messages(below)] == [[], []]


@pytest.mark.parametrize("name", ["zookeeper_exporter", "marathon-lb", "mesos_dns", "mesos", "web", "kafka"])
def test_a_group_of_another_tool_is_ignored(name: str) -> None:
    assert messages(f"{TRIO}[{name}]\n10.70.0.77\n") == []


def test_a_colon_that_is_missing_in_a_sections_name_is_told() -> None:
    assert messages(f"{TRIO}[mesos_master_children]\nzookeeper\n") == [
        "hosts.ini:5: [mesos_master_children] has no colon; did you mean [mesos_master:children]?"
    ]


def test_hosts_without_any_role_are_told() -> None:
    assert messages("gw.example.net\n[web]\n10.70.0.10\n") == [
        "hosts.ini:1: none of its hosts plays a role; put hosts below [zookeeper], [mesos_master], ..."
    ]


def test_an_id_that_another_tool_names_is_told_to_be_renamed() -> None:
    hosts = "z1 ansible_ssh_host=10.70.0.10\n[rack1]\nz1 zk_myid=1 zk_ip=10.70.0.10\n"
    text = f"{hosts}[zookeeper:children]\nrack1\n"
    assert messages(text) == ["hosts.ini:1: host z1 has no myid; rename its zk_myid on line 3 to myid"]


def test_deeper_groups_win_then_those_of_higher_priority_then_the_alphabets_last() -> None:
    text = (
        f"{TRIO}[a]\n10.70.0.10\n[b]\n10.70.0.10\n[c:children]\na\n"
        "[a:vars]\nlog_size=1m\n[b:vars]\nlog_size=2m\nansible_user=b\n"
        "[c:vars]\nlog_size=3m\nansible_user=c\n[zookeeper:vars]\nansible_user=z\n"
    )
    first = parse(text).nodes[0]
    assert (first.settings.log_size, first.ssh.user) == ("1m", "z")
    assert parse(f"{text}[b:vars]\nansible_group_priority=10\n").nodes[0].ssh.user == "b"


def test_a_setting_of_the_whole_cluster_may_stand_in_a_group_above_all_roles() -> None:
    text = f"{TRIO}[mesos_agent]\n10.70.0.20\n[ours:children]\nzookeeper\nmesos_agent\n"
    cluster = parse(f"{text}[ours:vars]\ncluster_name=east\nzookeeper_client_port=2182\n")
    assert cluster.settings.cluster_name == "east"
    assert {node.settings.zookeeper_client_port for node in cluster.having("zookeeper")} == {2182}
    assert messages(f"{text}[zookeeper:vars]\ncluster_name=east\n") == [
        "hosts.ini:11: cluster_name holds for the whole cluster; move it to [all:vars]"
    ]


# Variables of Ansible's


@pytest.mark.parametrize(
    "words, read, value",
    [
        ("ansible_ssh_host=10.70.0.9", lambda node: node.ssh.host, "10.70.0.9"),
        ("ansible_ssh_port=2222", lambda node: node.ssh.port, 2222),
        ("ansible_ssh_user=centos", lambda node: node.ssh.user, "centos"),
        ("ansible_private_key_file=~/.ssh/id", lambda node: node.ssh.key, "~/.ssh/id"),
        ("ansible_sudo=yes", lambda node: node.ssh.become, True),
        ("ansible_sudo_pass=x", lambda node: node.ssh.become_password, "x"),
        ('ansible_become_pass="x y"', lambda node: node.ssh.become_password, "x y"),
        ('ansible_become_password="pa#ss word"', lambda node: node.ssh.become_password, "pa#ss word"),
        ("ansible_become_password='a;b # c'", lambda node: node.ssh.become_password, "a;b # c"),
        ("ansible_become_password=a=b==", lambda node: node.ssh.become_password, "a=b=="),
        ("ansible_user=ops@example.net", lambda node: node.ssh.user, "ops@example.net"),
        (r"ansible_user='DOM\ops'", lambda node: node.ssh.user, r"DOM\ops"),
        (r"ansible_user=DOM\\ops", lambda node: node.ssh.user, r"DOM\ops"),
    ],
)
def test_what_is_ours_is_read_by_each_of_its_names(
    words: str, read: Callable[[Node], object], value: object
) -> None:
    assert read(one(words)) == value


@pytest.mark.parametrize(
    "line, value",
    [
        ('ansible_become_password="#1 secret ; really"', "#1 secret ; really"),
        ("ansible_become_password='it\\'s'", "it's"),
        ("ansible_become_password=a=b", "a=b"),
        ("ansible_become_password = 'x'  # mine", "x"),
        ("ansible_become_password=12345", "12345"),
    ],
)
def test_a_value_in_vars_is_a_literal_of_pythons_or_the_text_as_it_stands(line: str, value: str) -> None:
    assert everywhere(line).ssh.become_password == value


def test_several_words_in_quotes_stay_words() -> None:
    node = everywhere("""zookeeper_dir='/opt/zk'  # here""")
    assert node.settings.zookeeper_dir == "/opt/zk"
    text = f"""{TRIO}[mesos_agent]\n10.70.0.20\n[all:vars]\nmesos_agent_environment='A=b c' "D=e"\n"""
    assert parse(text).nodes[-1].settings.mesos_agent_environment == (("A", "b c"), ("D", "e"))


@pytest.mark.parametrize("word", ["yes", "on", "y", "True", "1", "TRUE", "t", "Yes"])
def test_every_yes_of_ansibles_is_a_yes(word: str) -> None:
    assert one(f"ansible_become={word}").ssh.become and everywhere(f"ansible_become={word}").ssh.become


@pytest.mark.parametrize("word", ["no", "off", "n", "False", "0", "f"])
def test_every_no_of_ansibles_is_a_no(word: str) -> None:
    assert not one(f"ansible_become={word}").ssh.become


@pytest.mark.parametrize("word", ["2", '"yes please"', "ja", "truee"])
def test_what_is_neither_yes_nor_no_is_refused(word: str) -> None:
    assert [problem.mend for problem in problems(f"{ONE} ansible_become={word}\n")] == ["write true or false"]


TAKEN = """\
ansible_become_method=sudo
ansible_become_user=root
ansible_become_flags='-H -S -n'
ansible_connection=ssh
ansible_shell_type=sh
ansible_ssh_pipelining=true
ansible_ssh_retries=3
ansible_python_interpreter="/usr/bin/env python3"
ansible_ssh_args=-C -o ControlMaster=auto -o ControlPersist=60s
ansible_host_key_checking=true
ansible_network_os=linux
http_port=8080 # of another role
zookeeper_version=3.4.14
mesos_quorum=2
proxy={{ lookup('env', 'http_proxy') }}
empty=
ansible_ssh_common_args=
ansible_ssh_extra_args=""
ansible_become_method=''
""".splitlines()


@pytest.mark.parametrize("line", TAKEN)
def test_what_means_what_we_do_anyway_or_is_another_tools_changes_nothing(line: str) -> None:
    assert everywhere(line) == everywhere("")


REFUSED = {
    "ansible_connection=local": "is 'local'; remove it: mesofab reaches every host through SSH, "
    "the machine it runs on too",
    "ansible_connection=community.docker.docker": "is 'community.docker.docker'; "
    "remove it: mesofab reaches every host through SSH",
    "ansible_become_method=su": "is 'su'; write sudo: mesofab becomes root in no other way",
    "ansible_become_user=app": "is 'app'; remove it: the runbook needs root",
    "ansible_become_flags=-u app": "is '-u app'; remove it: mesofab has its own flags for sudo",
    "ansible_shell_type=powershell": "is 'powershell'; "
    "remove it: mesofab needs hosts with an ordinary Linux shell",
    "ansible_ssh_pass=hunter2": "is a password for SSH, which mesofab never sends; "
    "remove it and log in with a key; ssh-copy-id USER@HOST installs yours",
    "ansible_password=hunter2": "is a password for SSH, which mesofab never sends; "
    "remove it and log in with a key; ssh-copy-id USER@HOST installs yours",
    "ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p gw\" -o StrictHostKeyChecking=no'": "holds "
    "options for Ansible's own ssh; write them into an ssh_config file, below `Host *`, and name it with "
    "ssh_config=FILE; host keys are always checked",
    'ansible_ssh_extra_args="-o IdentitiesOnly=yes"': "holds options for Ansible's own ssh; "
    "write them into an ssh_config file, below `Host *`, and name it with ssh_config=FILE",
    "host_key_checking=false": "is 'false', but mesofab always checks host keys; remove it, and add the keys "
    "you trust to known_hosts: ssh-keyscan HOST >> ~/.ssh/known_hosts",
    "ansible_ssh_private_key_passphrase=hunter2": "holds a secret that only Ansible can use; "
    "remove it: load the key with ssh-add, or name its file",
    "ansible_user={{ lookup('env', 'USER') }}": "is a template of Ansible's that only Ansible can fill in; "
    "write the value itself",
    "ansible_become_password={{ vault_sudo }}": "is a template of Ansible's, and vault_sudo is not set; "
    "write the value itself",
    "ansible_become_password=!vault |": "is encrypted with Ansible Vault, which INI cannot hold; "
    "move it to group_vars/all.yml beside this file, as YAML",
    "ansible_user=a ansible_port=22": "is followed by ansible_port; write each variable on a line of its own",
    "ansible_become_password=hunter2 ansible_user=a": "is followed by ansible_user; "
    "write each variable on a line of its own",
    r'ansible_user="DOM\admin"': "holds the character U+0007; write it without",
}


@pytest.mark.parametrize("line, message", REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_honoured_is_refused_with_what_to_do_instead(line: str, message: str) -> None:
    key = re.split("=", line)[0]
    told = messages(f"{ONE}\n[all:vars]\n{line}\n")
    assert told == [f"hosts.ini:4: {key} {message}"] and "hunter2" not in told[0]


def test_the_lines_of_an_encrypted_value_are_told_as_one() -> None:
    vault = (
        "ansible_become_password=!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n  6364\nansible_user=ops\n"
    )
    assert len(messages(f"{ONE}\n[all:vars]\n{vault}")) == 1


def test_a_template_that_names_another_variable_is_filled_in() -> None:
    text = f"{ONE}\n[all:vars]\nansible_become_password={{{{ sudo }}}}\nsudo=a-{{{{ b }}}}\nb=secret\n"
    assert parse(text).nodes[0].ssh.become_password == "a-secret"
    host = (
        "[zookeeper]\nz1 myid=1 host_ip=10.70.0.10\n[all:vars]\nansible_host={{ inventory_hostname }}.net\n"
    )
    assert parse(host).nodes[0].ssh.host == "z1.net"


@pytest.mark.parametrize("text", ["{{ a }}", "{{ b }}", "{{ c }}{{ c }}{{ c }}"])
def test_a_template_that_refers_to_itself_ends(text: str) -> None:
    variables = f"a={{{{ a }}}}\nb=x{{{{ a }}}}\nc={'{{ c }}' * 40}\n"
    found = problems(f"{ONE}\n[all:vars]\nansible_user={text}\n{variables}")
    assert [problem.mend for problem in found] == ["write the value itself"]


def test_two_names_of_one_setting_that_disagree_are_told() -> None:
    text = f"{ONE} ansible_user=a\n[all:vars]\nansible_ssh_user=b\n"
    assert messages(text) == [
        "hosts.ini:2: ansible_user and ansible_ssh_user on line 4 are one setting; keep one of the two"
    ]
    assert messages(text.replace("=b", "=a")) == []


NEAR = {
    "ansible_prot": "ansible_port",
    "zookeper_heap": "zookeeper_heap",
    "zookeeper-heap": "zookeeper_heap",
    "ansible_becom": "ansible_become",
    "ansible_ssh_commom_args": "ansible_ssh_common_args",
    "marathon_arguements": "marathon_arguments",
    "hostip": "host_ip",
    "MESOS_AGENT_RESOURCES": "mesos_agent_resources",
    "ansible_hots": "ansible_host",
}


@pytest.mark.parametrize("name, right", NEAR.items(), ids=NEAR)
def test_a_slip_in_a_name_of_ours_is_told_with_the_right_spelling(name: str, right: str) -> None:
    assert messages(f"{ONE}\n[all:vars]\n{name}=1\n") == [
        f"hosts.ini:4: unknown variable {name}; did you mean {right}?"
    ]


@pytest.mark.parametrize(
    "name",
    "zookeeper_id zookeeper_data_dir zookeeper_version marathon_host mesos_version log_level "
    "log_file host_id ansible_ssh_pass ansible_facts node_ip my_ip http_proxy java_home "
    "ansible_winrm_transport".split(),
)
def test_another_meaning_is_no_slip(name: str) -> None:
    assert meant(name) == ""


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(VARIABLES)), st.integers(0, 40))
def test_a_letter_that_is_missing_anywhere_is_a_slip(name: str, place: int) -> None:
    short = name[: place % len(name)] + name[place % len(name) + 1 :]
    assert short in KNOWN or short in FOREIGN or meant(short) != ""
