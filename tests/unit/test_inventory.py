"""hosts.ini read: every mistake told with its line and remedy, every good form understood."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import TRIO, docker_gets, messages, problems

from tasks import inventory
from tasks.errors import BadInput
from tasks.inventory import overruling
from tasks.inventory.kinds import METACHARACTERS, file_path, secret, user
from tasks.inventory.parse import parse
from tasks.inventory.resources import attributes, resources
from tasks.inventory.settings import ROLES, VARIABLES
from tasks.plan import shell
from tasks.plan.desired import Container
from tasks.plan.runbook import CHAPTERS, from_nothing, wanted

SOME = settings(max_examples=25, deadline=None)

# text -> the one message; {TRIO} ends on line 4
MISTAKES = {
    "a host twice in a group": (
        TRIO + "10.70.0.10 myid=1\n",
        "5: host 10.70.0.10 appears twice in [zookeeper] (first on line 2); remove one of the two lines",
    ),
    "the same myid twice": (
        TRIO + "10.70.0.13 myid=2\n10.70.0.14 myid=5\n",
        "5: myid=2 is taken by host 10.70.0.11; give every ZooKeeper host an id of its own",
    ),
    "myid 0": (
        "[zookeeper]\n10.70.0.10 myid=0\n",
        "2: myid is '0'; give a whole number from 1 to 255",
    ),
    "myid 256": (
        "[zookeeper]\n10.70.0.10 myid=256\n",
        "2: myid is '256'; give a whole number from 1 to 255",
    ),
    "no myid": (
        "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11\n10.70.0.12 myid=2\n",
        "3: host 10.70.0.11 has no myid; add e.g. myid=3 to its line",
    ),
    "myid for a group": (
        TRIO + "[zookeeper:vars]\nmyid=1\n",
        "6: myid belongs to one host; move it to the host's line",
    ),
    "myid for all": (
        TRIO + "[all:vars]\nmyid=1\n",
        "6: myid belongs to one host; move it to the host's line",
    ),
    "host_ip for all": (
        TRIO + "[all:vars]\nhost_ip=10.70.0.10\n",
        "6: host_ip belongs to one host; move it to the host's line",
    ),
    "an even number of masters": (
        TRIO + "[mesos_master]\n10.70.0.10\n10.70.0.11\n",
        "5: 2 masters: the replicated log begins only with 2 x quorum - 1 of them; use 1 or 3",
    ),
    "no ZooKeeper": (
        "[mesos_agent]\n10.70.0.20\n10.70.0.21\n",
        "2: there is no [zookeeper], which Mesos and Marathon need; add its hosts",
    ),
    "a master without a number": (
        TRIO + "[mesos_master]\n10.70.0.20\n",
        "6: host 10.70.0.20 has neither number nor myid to name its containers by; add number=N to its line",
    ),
    "a Marathon without a number": (
        TRIO + "[marathon]\n10.70.0.10\n10.70.0.20\n",
        "7: host 10.70.0.20 has neither number nor myid to name its containers by; add number=N to its line",
    ),
    "a number that is another's myid": (
        TRIO + "[marathon]\n10.70.0.11\n10.70.0.20 number=2\n",
        "7: number 2 is taken by host 10.70.0.11; add another number=N",
    ),
    "a number for all": (
        TRIO + "[all:vars]\nnumber=1\n",
        "6: number belongs to one host; move it to the host's line",
    ),
    "number 0": (
        TRIO + "[marathon]\n10.70.0.20 number=0\n",
        "6: number is '0'; give a whole number from 1 to 99",
    ),
    "a log without a unit": (
        TRIO + "[all:vars]\nlog_size=50\n",
        "6: log_size is '50'; write a number with k, m or g, such as 512m",
    ),
    "a registry with a scheme": (
        TRIO + "[all:vars]\nregistry=https://10.70.0.2:5000\n",
        "6: registry is 'https://10.70.0.2:5000'; write host[:port][/path], as in 10.70.0.2:5000",
    ),
    "the root of ZooKeeper": (
        TRIO + "[all:vars]\nmesos_zk_path=/\n",
        "6: mesos_zk_path is '/'; write a path such as /mesos, not the root",
    ),
    "resources without a value": (
        TRIO + "[all:vars]\nmesos_agent_resources=cpus:4;mem\n",
        "6: mesos_agent_resources is 'cpus:4;mem'; "
        "write name:value parts with ';' between them: numbers, [1-9] or {a,b}",
    ),
    "a number in resources that Mesos cannot read": (
        TRIO + "[all:vars]\nmesos_agent_resources=cpus:4²\n",
        "6: mesos_agent_resources is 'cpus:4²'; "
        "write name:value parts with ';' between them: numbers, [1-9] or {a,b}",
    ),
    "attributes without a name": (
        TRIO + "[all:vars]\nmesos_agent_attributes=rack:a;b\n",
        "6: mesos_agent_attributes is 'rack:a;b'; write name:value parts with ';' between them",
    ),
    "a role in resources that is none": (
        TRIO + "[all:vars]\nmesos_agent_resources=cpus(we b):4\n",
        "6: mesos_agent_resources is 'cpus(we b):4'; "
        "write name:value parts with ';' between them: numbers, [1-9] or {a,b}",
    ),
    "an even number": (
        "# two\n[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n",
        "2: 2 ZooKeeper hosts: an even number tolerates no more failures than 1; use 1 or 3",
    ),
    "an unknown variable": (
        TRIO + "[zookeeper:vars]\nzookeeper_dri=/opt/zk\n",
        "6: unknown variable zookeeper_dri; did you mean zookeeper_dir?",
    ),
    "an unknown group": (
        TRIO + "[mesos_agents]\n10.70.0.20\n",
        "5: [mesos_agents] is neither a role nor a child of one; did you mean mesos_agent?",
    ),
    "an unknown group that holds role variables": (
        "[zookeper]\n10.70.0.10 myid=1 zookeeper_dir=/opt/zk\n",
        "1: [zookeper] is neither a role nor a child of one; did you mean zookeeper?",
    ),
    "a check misspelt": (
        TRIO + "[all:vars]\npreflight_ignore=cgroups,docker-apy\n",
        "6: preflight_ignore names 'docker-apy', not a preflight check; did you mean docker-api?",
    ),
    "a check that guards data": (
        TRIO + "[all:vars]\npreflight_ignore=quorum\n",
        "6: preflight_ignore names 'quorum', which nothing overrules; "
        "remove it, and fix what the check finds",
    ),
    "a check like no other": (
        TRIO + "[all:vars]\npreflight_ignore=everything\n",
        f"6: preflight_ignore names 'everything', not a preflight check; "
        f"write any of {', '.join(overruling.MAY_BE)}",
    ),
    "a list of checks with nothing between commas": (
        TRIO + "[all:vars]\npreflight_ignore=cgroups,,memory\n",
        f"6: preflight_ignore names '', not a preflight check; write any of {', '.join(overruling.MAY_BE)}",
    ),
    "checks overruled for one host": (
        "[zookeeper]\n10.70.0.10 myid=1 preflight_ignore=memory\n",
        "2: preflight_ignore of host 10.70.0.10 must be the same everywhere; move it to [all:vars]",
    ),
    "no section": (
        TRIO + "[mesos agent]\n10.70.0.20\n",
        "5: '[mesos agent]' is not a section; write [group], [group:vars] or [group:children]",
    ),
    "a section kind like no other": (
        TRIO + "[zookeeper:var]\nzookeeper_dir=/opt/zk\n",
        "5: '[zookeeper:var]' is not a section; write [group], [group:vars] or [group:children]",
    ),
    "an address with 300": (
        TRIO + "[mesos_agent]\n10.70.0.300\n",
        "6: host is '10.70.0.300', not an IP address; write four numbers from 0 to 255",
    ),
    "an address of three numbers": (
        TRIO + "[mesos_agent]\n10.70.0\n",
        "6: host is '10.70.0', not an IP address; write four numbers from 0 to 255",
    ),
    "an IPv6 host": (
        TRIO + "[mesos_agent]\nfd00::1\n",
        "6: 'fd00::1' looks like an IPv6 address; give the host's IPv4 address",
    ),
    "an IPv6 host_ip": (
        TRIO + "[mesos_agent]\nweb1 host_ip=fd00::1\n",
        "6: host_ip is 'fd00::1', an IPv6 address; ZooKeeper 3.4 and Mesos 1.5 need IPv4 here",
    ),
    "loopback": (
        TRIO + "[mesos_agent]\n127.0.0.1\n",
        "6: host is '127.0.0.1'; give an address that the other hosts can reach",
    ),
    "0.0.0.0": (
        TRIO + "[mesos_agent]\nweb1 host_ip=0.0.0.0\n",
        "6: host_ip is '0.0.0.0'; give an address that the other hosts can reach",
    ),
    "an address that lost its first digit": (
        TRIO + "[mesos_agent]\n0.70.0.20\n",
        "6: host is '0.70.0.20'; give an address that the other hosts can reach",
    ),
    "a broadcast address": (
        TRIO + "[mesos_agent]\n255.255.255.255\n",
        "6: host is '255.255.255.255'; give an address that the other hosts can reach",
    ),
    "a name without an address": (
        TRIO + "[mesos_agent]\nweb1.example.org\n",
        "6: web1.example.org has no IPv4 address that the cluster could use; add host_ip=ADDRESS to its line",
    ),
    "a name without an address beside another problem": (
        TRIO + "[mesos_agent]\nweb1 ansible_port=22\n[marathon]\nweb1\n",
        "6: web1 has no IPv4 address that the cluster could use; add host_ip=ADDRESS to its line",
    ),
    "a bad host_ip on the host's second line": (
        TRIO + "[mesos_agent]\nweb1\n[marathon]\nweb1 host_ip=10.70.0\n",
        "8: host_ip is '10.70.0', not an IP address; write four numbers from 0 to 255",
    ),
    "two hosts with one address": (
        TRIO + "[mesos_agent]\nweb1 host_ip=10.70.0.12\n",
        "6: hosts 10.70.0.12 and web1 are both 10.70.0.12; remove one, or correct its address",
    ),
    "CRLF": (
        TRIO.replace("\n", "\r\n"),
        "1: the line ends in CRLF (a Windows line end); "
        "save the file with Unix line ends, e.g. sed -i 's/\\r$//' FILE",
    ),
    "one CRLF": (
        TRIO.replace("myid=3\n", "myid=3\r\n"),
        "4: the line ends in CRLF (a Windows line end); "
        "save the file with Unix line ends, e.g. sed -i 's/\\r$//' FILE",
    ),
    "a byte order mark": (
        "\ufeff" + TRIO,
        "1: the file begins with a byte order mark; save it as UTF-8 without one",
    ),
    "NUL": (
        TRIO.replace("myid=2", "my\0id=2"),
        "3: it holds the character U+0000; retype the line",
    ),
    "a no-break space": (
        TRIO.replace(" myid=2", "\u00a0myid=2"),
        "3: it holds the character U+00A0; retype the line",
    ),
    "a zero-width space in a section": (
        TRIO.replace("[zoo", "[\u200bzoo"),
        "1: it holds the character U+200B; retype the line",
    ),
    "an empty group": (
        TRIO + "[mesos_agent]\n# none yet\n",
        "5: [mesos_agent] is empty; name its hosts or remove the section",
    ),
    "vars without the group": (
        TRIO + "[mesos_agent:vars]\nansible_user=root\n",
        "5: [mesos_agent:vars] has no [mesos_agent]; add the group's hosts",
    ),
    "an undefined child": (
        TRIO + "[mesos_agent:children]\nzookeeper\nrack2\n",
        "7: group 'rack2' is not defined; define it",
    ),
    "a misspelt child": (
        TRIO + "[mesos_agent:children]\nzookeper\n",
        "6: group 'zookeper' is not defined; did you mean zookeeper?",
    ),
    "a circle": (
        TRIO + "[mesos_agent:children]\nrack\n[rack:children]\nmesos_agent\n",
        "5: [mesos_agent] is a child of itself; break the circle",
    ),
    "a range": (
        TRIO + "[mesos_agent]\nnode[01:04]\n",
        "6: the hosts node[01:04] have no IPv4 address that the cluster could use; "
        "write each on a line of its own, with host_ip=ADDRESS",
    ),
    "no port behind the host": (
        TRIO + "[mesos_agent]\n10.70.0.20:99999\n",
        "6: ansible_port is '99999'; give a whole number from 1 to 65535",
    ),
    "an unclosed quote": (
        TRIO + "[mesos_agent]\n10.70.0.20 ansible_user='root\n",
        "6: it cannot be split into words (No closing quotation); close the quote",
    ),
    "a comment behind a value": (
        TRIO + "[zookeeper:vars]\nzookeeper_heap=1g # more\n",
        "6: zookeeper_heap has a comment behind its value; give the comment a line of its own",
    ),
    "a comment instead of a value": (
        TRIO + "[all:vars]\nssh_config= # none\n",
        "6: ssh_config has a comment behind its value; give the comment a line of its own",
    ),
    "no value": (
        TRIO + "[zookeeper:vars]\nzookeeper_heap=\n",
        "6: zookeeper_heap has no value; give it one or remove it",
    ),
    "no value on a host": (
        "[zookeeper]\n10.70.0.10 myid=\n",
        "2: myid has no value; give it one or remove it",
    ),
    "no equals sign": (
        TRIO + "[zookeeper:vars]\nzookeeper_heap 1g\n",
        "6: 'zookeeper_heap 1g' is not name=value; write name=value on one line",
    ),
    "spaces around the equals sign of a host": (
        "[mesos_agent]\n10.70.0.10 ansible_user = root\n",
        "2: 'ansible_user' is not name=value; write name=value without spaces around '='",
    ),
    "a variable twice": (
        TRIO + "[zookeeper:vars]\nzookeeper_heap=1g\nzookeeper_heap=2g\n",
        "7: zookeeper_heap is '2g' here and '1g' on line 6 in [zookeeper:vars]; keep one of the two",
    ),
    "a variable of another role on a host": (
        TRIO + "[mesos_agent]\n10.70.0.20 zookeeper_dir=/opt/zk\n",
        "6: zookeeper_dir has no effect: host 10.70.0.20 is not in [zookeeper]; remove it",
    ),
    "a variable of another role in a group": (
        TRIO + "[mesos_agent]\n10.70.0.20\n[mesos_agent:vars]\nzookeeper_heap=1g\n",
        "8: zookeeper_heap does not belong in [mesos_agent:vars]; move it to [zookeeper:vars]",
    ),
    "a variable of a role on a member": (
        "[zookeeper]\n10.70.0.10 myid=1 zookeeper_client_port=2182\n",
        "2: zookeeper_client_port of host 10.70.0.10 must be the same everywhere; "
        "move it to [zookeeper:vars]",
    ),
    "a variable of a role on a stranger": (
        TRIO + "[mesos_agent]\n10.70.0.20 zookeeper_client_port=2182\n",
        "6: zookeeper_client_port of host 10.70.0.20 must be the same everywhere; "
        "move it to [zookeeper:vars]",
    ),
    "a variable of a role in a child group": (
        "[zookeeper:children]\nrack\n[rack]\n10.70.0.10 myid=1\n[rack:vars]\nzookeeper_tick_time=100\n",
        "6: zookeeper_tick_time must be the same on every zookeeper host; move it to [zookeeper:vars]",
    ),
    "a variable of the cluster in a group": (
        TRIO + "[zookeeper:vars]\nparallel=4\n",
        "6: parallel holds for the whole cluster; move it to [all:vars]",
    ),
    "a variable of the cluster on a host": (
        "[zookeeper]\n10.70.0.10 myid=1 parallel=4\n",
        "2: parallel of host 10.70.0.10 must be the same everywhere; move it to [all:vars]",
    ),
    "two equal ports": (
        TRIO + "[all:vars]\nzookeeper_client_port=3888\n",
        "6: zookeeper_client_port and zookeeper_election_port are both 3888 on host 10.70.0.10; "
        "give one of them another port",
    ),
    "two services on one port": (
        TRIO + "[marathon:children]\nzookeeper\n[marathon:vars]\nmarathon_port=2181\n",
        "8: zookeeper_client_port and marathon_port are both 2181 on host 10.70.0.10; "
        "give one of them another port",
    ),
    "an agent on its master's port": (
        TRIO + "[mesos_master]\n10.70.0.10\n[mesos_agent]\n10.70.0.10 mesos_agent_port=5050\n",
        "8: mesos_master_port and mesos_agent_port are both 5050 on host 10.70.0.10; "
        "give one of them another port",
    ),
    "a master and an agent in one directory": (
        TRIO + "[mesos_master]\n10.70.0.10\n[mesos_agent]\n10.70.0.10\n"
        "[all:vars]\nmesos_master_work_dir=/data/mesos\nmesos_agent_work_dir=/data/mesos\n",
        "11: mesos_master_work_dir and mesos_agent_work_dir are both /data/mesos on host 10.70.0.10; "
        "give each a directory of its own: they would destroy each other's data",
    ),
    "an agent inside of ZooKeeper's directory": (
        TRIO + "[mesos_agent]\n10.70.0.12 mesos_agent_work_dir=/opt/zookeeper/data\n",
        "6: zookeeper_dir=/opt/zookeeper and mesos_agent_work_dir=/opt/zookeeper/data of host 10.70.0.12 "
        "are one inside the other; give each a directory of its own: clearing the outer one loses both",
    ),
    "data in memory": (
        TRIO + "[all:vars]\nzookeeper_dir=/run/zookeeper\n",
        "6: zookeeper_dir is '/run/zookeeper', which does not outlive a reboot; give a directory on a disk",
    ),
    "a number that names nothing": (
        TRIO + "[mesos_agent]\n10.70.0.20 number=4\n",
        "6: number has no effect: host 10.70.0.20 is in neither [mesos_master] nor [marathon]; remove it",
    ),
    "a misspelt flag of the agent": (
        TRIO + "[mesos_agent]\n10.70.0.20 mesos_agent_environment='MESOS_GC_DELEY=3days'\n",
        "6: mesos_agent_environment sets MESOS_GC_DELEY, not a flag of mesos-agent 1.5.0; "
        "did you mean MESOS_GC_DELAY? If your build has it, add extra_flags=gc_deley",
    ),
    "a misspelt beginning": (
        TRIO + "[mesos_agent]\n10.70.0.20 mesos_agent_environment='MESO_GC_DELAY=3days'\n",
        "6: mesos_agent_environment sets MESO_GC_DELAY, not a flag of mesos-agent 1.5.0; "
        "did you mean MESOS_GC_DELAY? If your build has it, add extra_flags=MESO_GC_DELAY",
    ),
    "an agent's flag on a master": (
        TRIO + "[mesos_master]\n10.70.0.10\n[all:vars]\nmesos_master_environment=MESOS_GC_DELAY=3days\n",
        "8: mesos_master_environment sets MESOS_GC_DELAY, not a flag of mesos-master 1.5.0; "
        "it is one of mesos-agent: move it to mesos_agent_environment; "
        "or, if your build has it, add extra_flags=gc_delay",
    ),
    "a misspelt flag of Marathon": (
        TRIO + "[marathon]\n10.70.0.10\n[all:vars]\nmarathon_arguments=--task_lanch_timeout 600000\n",
        "8: marathon_arguments sets --task_lanch_timeout, not a flag of marathon 1.5.8; "
        "did you mean --task_launch_timeout? If your build has it, add extra_flags=task_lanch_timeout",
    ),
    "a Marathon that asks for a password": (
        TRIO + "[marathon]\n10.70.0.10\n[all:vars]\nmarathon_arguments=--http_credentials user:word\n",
        "8: marathon_arguments sets --http_credentials; "
        "mesofab asks without a password, so no gate would ever be reached: remove it",
    ),
    "a role of Mesos that is none": (
        TRIO + "[mesos_agent]\n10.70.0.20 mesos_agent_default_role=eng//web\n",
        "6: mesos_agent_default_role is 'eng//web'; write * or a name such as web or eng/web",
    ),
    "a secret without quotes": (
        TRIO + "[all:vars]\nmesos_agent_environment=A_PASSWORD=one two\n",
        "6: mesos_agent_environment holds (secret, not shown); write NAME=value words",
    ),
    "a secret argument without quotes": (
        TRIO + "[all:vars]\nmarathon_arguments=--ssl_keystore_password one two\n",
        "6: marathon_arguments holds (secret, not shown) behind no flag that takes it; "
        "write --flag value, each flag once",
    ),
    "two secrets at odds": (
        TRIO + "[all:vars]\nmesos_agent_environment=A_TOKEN=one\nmesos_agent_environment=A_TOKEN=two\n",
        "7: mesos_agent_environment is (secret, not shown) here and (secret, not shown) on line 6 "
        "in [all:vars]; keep one of the two",
    ),
    "an image that is not pinned": (
        TRIO + "[all:vars]\nzookeeper_image=zookeeper\n",
        "6: zookeeper_image is 'zookeeper', which is not pinned; name a tag other than latest, or a digest",
    ),
    "an image that is none": (
        TRIO + "[all:vars]\nzookeeper_image=Zoo//keeper:1\n",
        "6: zookeeper_image is 'Zoo//keeper:1', not an image name; write [registry/]repository:tag",
    ),
    "a relative directory": (
        TRIO + "[all:vars]\nzookeeper_dir=zookeeper\n",
        "6: zookeeper_dir is 'zookeeper'; give an absolute path such as /opt/zookeeper",
    ),
    "a directory that leads elsewhere": (
        TRIO + "[all:vars]\nzookeeper_dir=/opt/../etc\n",
        "6: zookeeper_dir is '/opt/../etc'; give an absolute path such as /opt/zookeeper",
    ),
    "an empty file": (
        "",
        "1: it names no host; put hosts below [zookeeper], [mesos_master], ...",
    ),
    "only comments": (
        "# nothing\n; here\n\n",
        "1: it names no host; put hosts below [zookeeper], [mesos_master], ...",
    ),
}


@pytest.mark.parametrize("text, message", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_once_with_its_line_and_remedy(text: str, message: str) -> None:
    assert messages(text) == [f"hosts.ini:{message}"]


@pytest.mark.parametrize("character", sorted(METACHARACTERS - set("\n\t ")))
@pytest.mark.parametrize("place", ["host", "group"])
def test_a_shell_metacharacter_in_a_value_is_refused(character: str, place: str) -> None:
    value = f"zookeeper_dir=/opt/zoo{character}keeper"
    line = f"10.70.0.10 myid=1 {value}" if place == "host" else f"10.70.0.10 myid=1\n[all:vars]\n{value}"
    found = problems(f"[zookeeper]\n{line}\n")
    assert [problem.line for problem in found] == [2 if place == "host" else 4]


@pytest.mark.parametrize("character", "`$;&|<>")
def test_a_shell_metacharacter_in_a_path_of_this_machine_is_refused(character: str) -> None:
    assert len(problems(f"{TRIO}[all:vars]\nssh_config=a{character}b\n")) == 1


def test_quotes_around_a_value_are_not_part_of_it() -> None:
    one = parse(f"{TRIO}[all:vars]\nzookeeper_dir='/opt/zk'\n")
    other = parse(f'{TRIO}[all:vars]\nzookeeper_dir = "/opt/zk"\n')
    assert {n.settings.zookeeper_dir for n in (*one.nodes, *other.nodes)} == {"/opt/zk"}


def test_all_mistakes_are_told_in_the_order_of_their_lines() -> None:
    text = (
        "[zookeeper]\n"
        "10.70.0.10 myid=1 ansible_prt=22\n"
        "10.70.0.11 myid=1\n"
        "10.70.0.12\n"
        "[mesos_agent]\n"
        "10.70.0.300\n"
        "10.70.0.10 parallel=3\n"
        "[all:vars]\n"
        "zookeeper_heap=lots\n"
        "ssh_config=\n"
    )
    assert [(p.line, p.what.split()[0]) for p in problems(text)] == [
        (2, "unknown"),
        (3, "myid=1"),
        (4, "host"),
        (6, "host"),
        (7, "parallel"),
        (9, "zookeeper_heap"),
        (10, "ssh_config"),
    ]


def test_hosts_without_a_myid_are_each_told_a_free_one() -> None:
    found = problems("[zookeeper]\n10.70.0.10\n10.70.0.11 myid=1\n10.70.0.12\n")
    assert [p.mend for p in found] == ["add e.g. myid=2 to its line", "add e.g. myid=3 to its line"]


def test_a_mistake_in_a_groups_variable_is_told_once_for_all_its_hosts() -> None:
    assert len(problems(f"{TRIO}[zookeeper:vars]\nzookeeper_tick_time=fast\n")) == 1


def test_more_hosts_than_there_are_ids_are_told_and_do_not_crash() -> None:
    hosts = "".join(f"10.70.1.{i} myid={i}\n" for i in range(1, 255))
    found = problems(f"[zookeeper]\n{hosts}10.70.2.1 myid=255\n10.70.2.2\n10.70.2.3\n")
    assert [problem.line for problem in found] == [257, 258]


# Good files


def test_ansibles_forms_are_understood() -> None:
    cluster = parse(
        "; both kinds of comment\n"
        "[zookeeper]  # behind a section\n"
        "web1 ansible_host=web1.example.org host_ip=10.70.0.10 myid=1 # and behind a host\n"
        "\t10.70.0.11   myid='2'\tansible_port=2222\n"
        '10.70.0.12 "myid=3" ansible_python_interpreter=/usr/bin/python3\n'
        "[mesos_master:children]\n"
        "zookeeper # the same three\n"
        "[zookeeper:vars]\n"
        "ansible_user = deploy\n"
        "[all:vars]\n"
        "ansible_become=yes\n"
    )
    web1, second, _ = cluster.nodes
    assert (web1.address, web1.ssh.host, web1.myid) == ("10.70.0.10", "web1.example.org", 1)
    assert (second.ssh.port, second.myid) == (2222, 2)
    assert {n.roles for n in cluster.nodes} == {("zookeeper", "mesos_master")}
    assert {(n.ssh.user, n.ssh.become) for n in cluster.nodes} == {("deploy", True)}


def test_a_group_may_stand_in_two_parts_and_its_variables_first() -> None:
    cluster = parse(
        "[zookeeper:vars]\nzookeeper_heap=1g\n"
        "[zookeeper]\n10.70.0.10 myid=1\n"
        "[mesos_agent]\n10.70.0.20\n"
        "[zookeeper]\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
    )
    assert [n.settings.zookeeper_heap for n in cluster.having("zookeeper")] == ["1g"] * 3


def test_a_host_overrides_its_group_and_the_group_overrides_all() -> None:
    cluster = parse(
        "[zookeeper]\n10.70.0.10 myid=1 zookeeper_heap=3g\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
        "[mesos_agent]\n10.70.0.20\n"
        "[zookeeper:vars]\nzookeeper_heap=2g\n"
        "[all:vars]\nzookeeper_heap=1g\n"
    )
    assert [n.settings.zookeeper_heap for n in cluster.nodes] == ["3g", "2g", "2g", "1g"]


@pytest.mark.parametrize("reached_as", ["web1.example.org", "127.0.0.1"])
def test_a_host_that_ssh_reaches_by_what_is_no_address_keeps_its_own(reached_as: str) -> None:
    (node,) = parse(f"[zookeeper]\n10.70.0.10 myid=1 ansible_host={reached_as}\n").nodes
    assert (node.address, node.ssh.host) == ("10.70.0.10", reached_as)


def test_a_host_settles_what_its_groups_disagree_on() -> None:
    cluster = parse(
        f"{TRIO}[mesos_agent]\n10.70.0.10 ansible_user=c\n[marathon]\n10.70.0.10\n"
        "[mesos_agent:vars]\nansible_user=a\n[marathon:vars]\nansible_user=b\n"
    )
    assert cluster.nodes[0].ssh.user == "c"


def test_a_child_group_overrides_its_parents_as_in_ansible() -> None:
    cluster = parse(
        f"{TRIO}[mesos_master:children]\nzookeeper\n[marathon:children]\nmesos_master\n"
        "[marathon:vars]\nansible_user=c\n[zookeeper:vars]\nansible_user=a\n"
        "[mesos_master:vars]\nansible_user=b\nansible_port=2222\n[marathon:vars]\nansible_port=22\n"
    )
    assert {(node.ssh.user, node.ssh.port) for node in cluster.nodes} == {("a", 2222)}


def test_a_role_of_mesos_may_have_levels() -> None:
    cluster = parse(f"{TRIO}[mesos_agent]\n10.70.0.20 mesos_agent_default_role=eng/web\n")
    assert cluster.having("mesos_agent")[0].settings.mesos_agent_default_role == "eng/web"


def test_another_version_may_know_other_flags() -> None:
    line = "10.70.0.20 mesos_agent_image=mesosphere/mesos-slave:1.9.0 mesos_agent_environment=MESOS_NEW=1"
    assert messages(f"{TRIO}[mesos_agent]\n{line}\n") == []


def test_services_on_one_port_may_be_on_hosts_of_their_own() -> None:
    assert messages(f"{TRIO}[mesos_agent]\n10.70.0.20 mesos_agent_port=2181\n") == []


def test_logs_may_lie_below_the_data() -> None:
    line = "10.70.0.20 mesos_agent_work_dir=/data/mesos mesos_agent_log_dir=/data/mesos/log"
    assert messages(f"{TRIO}[mesos_agent]\n{line}\n") == []


def test_a_file_that_is_wrong_all_over_is_told_briefly() -> None:
    told = messages("[zookeeper\n" + "x" * 1_000_000 + "\n" + "=\n" * 40 + "[all:vars]\n" + "=\n" * 40)
    assert len(told) == 26 and max(map(len, told)) < 500
    assert told[-1] == "hosts.ini: and 17 more like these"


def test_roles_may_be_placed_freely() -> None:
    members = "".join(f"10.70.1.{i} myid={i}\n" for i in range(1, 6))
    agents = "".join(f"10.70.2.{i}\n" for i in range(1, 21))
    cluster = parse(
        f"[zookeeper]\n{members}[mesos_agent]\n{agents}"
        "[mesos_master]\n10.70.3.1 number=1\n[marathon]\n10.70.3.2 number=1\n"
    )
    assert [len(cluster.having(role)) for role in ROLES] == [5, 1, 1, 20]
    assert all(len(node.roles) == 1 for node in cluster.nodes)


def test_comments_and_order_change_nothing_that_is_derived() -> None:
    one = f"{TRIO}[mesos_agent]\n10.70.0.20\n[zookeeper:vars]\nzookeeper_heap=1g\nzookeeper_sync_limit=3\n"
    other = (
        "# turned round\n[zookeeper:vars]\nzookeeper_sync_limit=3\n\nzookeeper_heap=1g\n"
        "[mesos_agent]\n10.70.0.20 # an agent\n"
        "[zookeeper]\n10.70.0.12 myid=3\n; a comment\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n"
    )
    plans = [
        {node.name: from_nothing(CHAPTERS, cluster, node) for node in cluster.nodes}
        for cluster in (parse(one), parse(other))
    ]
    assert plans[0] == plans[1]


# The file itself


def test_a_file_that_is_not_utf_8_is_told_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_bytes(b"# \xe9t\xe9\n")
    with pytest.raises(BadInput, match=r"hosts\.ini: byte 2 is not UTF-8; save the file as UTF-8"):
        inventory.load(tmp_path / "hosts.ini")


def test_a_missing_file_is_told_with_the_way_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"No such file or directory\. INVENTORY=FILE chooses another"):
        inventory.load(tmp_path / "hosts.ini")


# For all inventories

LINES = st.one_of(
    st.builds(
        "[{}{}]".format,
        st.sampled_from((*ROLES, "all", "rack", "")),
        st.sampled_from(("", ":vars", ":children", ":var")),
    ),
    st.builds(
        "{} {}={}".format,
        st.sampled_from(("10.70.0.10", "10.70.0.11", "10.70.0.300", "web1", "web[1:3]", "::1", "rack")),
        st.sampled_from((*VARIABLES, "colour")),
        st.sampled_from(("1", "2", "10.70.0.10", "/opt/zk", "a:1", "", "'", "$x", "yes", "1g", "²")),
    ),
    st.builds("{}={}".format, st.sampled_from((*VARIABLES, "")), st.sampled_from(("1", "/a/b", "2g", "'x"))),
    st.sampled_from(("10.70.0.10", "10.70.0.11 myid=2", "rack", "zookeeper", "# note", "", "\r", "\\", "''")),
)
FRAGMENTS = st.lists(LINES, max_size=12).map("\n".join)


@SOME
@given(
    st.one_of(
        st.text(),
        FRAGMENTS,
        st.text(st.sampled_from("[]=:#\"'\\ \n\raz01.")),
        st.text().map(lambda text: TRIO + text),
    )
)
def test_any_text_is_accepted_or_refused_with_lines_that_exist(text: str) -> None:
    lines = len(text.split("\n"))
    for problem in problems(text):
        assert 1 <= problem.line <= lines
        assert problem.what and problem.mend
    for message in messages(text):
        assert re.match(r"hosts\.ini:\d+: .+; .+", message)


@SOME
@given(
    st.lists(st.integers(1, 255), min_size=1, max_size=7, unique=True).filter(lambda ids: len(ids) % 2),
    st.lists(st.integers(1, 250), min_size=0, max_size=9, unique=True),
    st.sampled_from(("256m", "1g")),
    st.booleans(),
)
def test_a_cluster_written_as_ini_is_read_back(
    ids: list[int], agents: list[int], heap: str, become: bool
) -> None:
    text = "[zookeeper]\n" + "".join(f"zk{i} host_ip=10.70.1.{i} myid={i}\n" for i in ids)
    text += "[mesos_agent]\n" + "".join(f"10.70.2.{i}\n" for i in agents) if agents else ""
    text += f"[all:vars]\nzookeeper_heap={heap}\nansible_become={become}\n"
    cluster = parse(text)
    read = [(n.name, n.address, n.settings.myid, n.roles) for n in cluster.nodes]
    assert read == [
        *((f"zk{i}", f"10.70.1.{i}", i, ("zookeeper",)) for i in ids),
        *((f"10.70.2.{i}", f"10.70.2.{i}", None, ("mesos_agent",)) for i in agents),
    ]
    assert {(n.settings.zookeeper_heap, n.ssh.become) for n in cluster.nodes} == {(heap, become)}


VALUES = st.text(st.sampled_from("abz019./:_-@~ $`;&|<>(){}*?!\\\"'#%=[]\t"), min_size=1, max_size=12)


ALL_ROLES = "[zookeeper]\n10.70.0.10 myid=1\n" + "".join(f"[{role}]\n10.70.0.10\n" for role in ROLES[1:])
LISTS = {
    name
    for name, variable in VARIABLES.items()
    if variable.default == () or variable.kind in (attributes, resources)
}
"""Their values are Mesos' and Marathon's own: spaces, brackets and the like belong there, and get quoted."""


@SOME
@given(
    st.one_of(
        st.tuples(
            st.sampled_from(sorted(VARIABLES.keys() - {"myid", "number", "host_ip"} - LISTS)),
            st.one_of(VALUES, VALUES.map("/opt/".__add__), VALUES.map("zoo:".__add__)),
        ),
        st.tuples(
            st.sampled_from(sorted(LISTS)),
            st.one_of([VALUES.map(word.__add__) for word in ("cpus:", "ports(web):[", "A=", "A='", "--a ")]),
        ),
    )
)
def test_no_accepted_value_but_a_list_needs_quoting_and_docker_gets_the_exact_words(
    chosen: tuple[str, str],
) -> None:
    name, value = chosen
    text = f"{ALL_ROLES}[all:vars]\n{name}={value}\n"
    if problems(text):
        return
    cluster = parse(text)
    (node,) = cluster.nodes
    if VARIABLES[name].kind not in (file_path, secret, user) and name not in LISTS:
        owner = node.ssh if VARIABLES[name].of_ssh else node.settings
        assert not set(str(getattr(owner, VARIABLES[name].attribute))) & METACHARACTERS
    for item in wanted(CHAPTERS, cluster, node):
        if isinstance(item, Container):
            words, variables = docker_gets(shell.docker_run(item))
            assert words[-1 - len(item.arguments) :] == [item.image, *item.arguments]
            words = words[: -1 - len(item.arguments)]
            assert [f"{m.host}:{m.inside}" for m in item.mounts] == after(words, "-v")
            assert [f"{k}={v}" for k, v in item.environment] == variables
            assert [f"{k}={v}" for k, v in item.labels] == after(words, "--label")


def after(words: list[str], option: str) -> list[str]:
    """The words behind each `option`."""
    return [word for before, word in zip(words, words[1:], strict=False) if before == option]


def test_a_password_that_is_only_a_reference_to_one_is_refused() -> None:
    text = "[zookeeper]\n10.70.0.10 myid=1\n[all:vars]\nansible_become_password='{{ vault_sudo }}'\n"
    assert any("is a template of Ansible's" in problem.what for problem in problems(text))
