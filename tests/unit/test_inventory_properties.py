"""hosts.ini is never misread: what is written down is read back, and no slip of the pen goes unnoticed."""

import itertools
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import messages

from tasks.inventory.cluster import Cluster
from tasks.inventory.kinds import Wrong
from tasks.inventory.parse import InventoryError, parse
from tasks.inventory.settings import ROLES, VARIABLES

# A cluster as it is meant, written down in one of the many ways that Ansible's form allows

Values = dict[str, str]


@dataclass
class Meant:
    """Groups with their hosts and children, and what is set where; nothing of it knows the parser."""

    hosts: dict[str, Values]
    members: dict[str, list[str]]
    children: dict[str, list[str]]
    group_values: dict[str, Values]
    everywhere: Values = field(default_factory=dict)

    def groups_of(self, host: str) -> set[str]:
        """All groups that a host is in, by itself or as a child's member."""
        found = {group for group, hosts in self.members.items() if host in hosts}
        while more := {g for g, children in self.children.items() if found & set(children)} - found:
            found |= more
        return found

    def depth(self, group: str) -> int:
        """How many groups are above a group, `all` among them."""
        parents = [parent for parent, children in self.children.items() if group in children]
        return 1 + max((self.depth(parent) for parent in parents), default=0)

    def value(self, host: str, key: str) -> str | None:
        """The value of a host's line, else of its deepest group, the alphabet's last, else everybody's."""
        setting = [g for g in self.groups_of(host) if key in self.group_values.get(g, {})]
        nearest = sorted(setting, key=lambda group: (self.depth(group), group))[-1:]
        given = [self.everywhere, *(self.group_values[group] for group in nearest), self.hosts[host]]
        return next((values[key] for values in reversed(given) if key in values), None)


NAMES = {
    "ansible_user": st.sampled_from(("root", "admin", "a-b_c.d")),
    "ansible_port": st.integers(1, 65535).map(str),
    "log_size": st.sampled_from(("7k", "50m", "1g")),
    "log_files": st.integers(1, 1000).map(str),
    "ansible_become": st.sampled_from(("true", "false")),
}
ANYWHERE = st.dictionaries(st.sampled_from(sorted(NAMES)), st.just(""), max_size=2).flatmap(
    lambda keys: st.fixed_dictionaries({key: NAMES[key] for key in keys})
)
WORD = st.text(st.sampled_from("abz09 =;:,./'\"\\$`()[]{}!*?@~é"), min_size=1, max_size=6).filter(
    lambda text: " ;" not in text and "{{" not in text
)
ENVIRONMENT = st.dictionaries(st.sampled_from(("TZ", "A_B", "x")), WORD, min_size=1, max_size=3)
"""Words of any kind, but no comment's or template's beginning: those are refused, not misread."""


@st.composite
def clusters(draw: st.DrawFn) -> Meant:
    """Any cluster: up to seven hosts, their roles given directly, by racks, or by a role that has another."""
    names = [f"10.70.0.{i}" for i in range(1, draw(st.integers(1, 7)) + 1)]
    members = dict.fromkeys(names[: draw(st.sampled_from([n for n in (1, 3, 5) if n <= len(names)]))], "")
    hosts = {name: dict(draw(ANYWHERE)) for name in names}
    for number, name in enumerate(names, start=1):
        hosts[name] |= {"myid": str(number)} if name in members else {}
        hosts[name] |= draw(st.sampled_from(({}, {"ansible_host": f"way{number}.example.org"})))
        hosts[name] |= draw(st.sampled_from(({}, {"host_ip": f"10.71.0.{number}"})))
    meant = Meant(hosts, {"zookeeper": list(members)}, {}, {})
    if agents := [name for name in names if name not in members or draw(st.booleans())]:
        meant.members["mesos_agent"] = agents
    if draw(st.booleans()):  # the ensemble's hosts stand in a rack of their own
        meant.members["rack"] = meant.members.pop("zookeeper")
        meant.children["zookeeper"] = ["rack"]
    if draw(st.booleans()):
        meant.children["mesos_master"] = ["zookeeper"]
    if draw(st.booleans()):
        meant.members["marathon"] = draw(st.lists(st.sampled_from(list(members)), min_size=1, unique=True))
    for group in ("rack", *ROLES):
        if group in meant.members or group in meant.children:
            meant.group_values[group] = draw(ANYWHERE)
    meant.everywhere = draw(ANYWHERE)
    for values in (meant.everywhere, *[hosts[name] for name in agents]):
        if draw(st.booleans()):
            words = draw(ENVIRONMENT).items()
            values["mesos_agent_environment"] = " ".join(f"{name}={shlex.quote(v)}" for name, v in words)
    return meant


@st.composite
def texts(draw: st.DrawFn, meant: Meant) -> str:
    """One of the ways to write a cluster down."""
    blocks = []
    written: set[str] = set()
    for group in draw(st.permutations([g for g in ("rack", *ROLES) if g in meant.members])):
        lines = []
        for host in draw(st.permutations(meant.members[group])):
            lines.append(_host_line(draw, host, {} if host in written else meant.hosts[host]))
            written.add(host)
        cut = draw(st.integers(0, len(lines)))  # a group may stand in two parts
        blocks += [[f"[{group}]", *part] for part in (lines[:cut], lines[cut:]) if part]
    blocks += [[f"[{g}:children]", *children] for g, children in meant.children.items()]
    for group, values in {**meant.group_values, "all": meant.everywhere}.items():
        lines = [_variable_line(draw, key, value) for key, value in values.items()]
        blocks += [[f"[{group}:vars]", *lines]] if lines else []
    noise = st.sampled_from(("", "", "", "# a note\n", "; another = one\n", "\n", "  \t\n"))
    lines = [draw(noise) + line for block in draw(st.permutations(blocks)) for line in block]
    return "\n".join(lines) + draw(st.sampled_from(("", "\n", "\n\n# the end")))


def _host_line(draw: st.DrawFn, host: str, values: Values) -> str:
    gaps = st.sampled_from((" ", "  ", "\t", " \t "))
    words = "".join(draw(gaps) + _word(draw, key, value) for key, value in draw(_shuffled(values)))
    return draw(st.sampled_from(("", " ", "\t"))) + host + words + draw(st.sampled_from(("", " ", " # mine")))


def _word(draw: st.DrawFn, key: str, value: str) -> str:
    forms = [shlex.quote(f"{key}={value}"), f"{key}={shlex.quote(value)}"]
    if not set(value) & set('"\\$`#'):
        forms.append(f'{key}="{value}"')
    return draw(st.sampled_from(forms))


def _shuffled(values: Values) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.permutations(list(values.items()))


def _variable_line(draw: st.DrawFn, key: str, value: str) -> str:
    equals = draw(st.sampled_from(("=", " = ", "= ", "\t=")))
    quotes = draw(st.sampled_from(("", "'", '"'))) if value.isalnum() else ""
    return f"{key}{equals}{quotes}{value}{quotes}{draw(st.sampled_from(('', ' ')))}"


@given(st.data())
def test_what_is_written_down_is_read_back(data: st.DataObject) -> None:
    meant = data.draw(clusters())
    text = data.draw(texts(meant))
    cluster = parse(text)
    assert {node.name for node in cluster.nodes} == set(meant.hosts)
    for node in cluster.nodes:
        assert set(node.roles) == meant.groups_of(node.name) & set(ROLES)
        assert node.address == meant.hosts[node.name].get("host_ip", node.name)
        assert node.ssh.host == meant.hosts[node.name].get("ansible_host")
        assert node.settings.myid == (int(meant.hosts[node.name].get("myid", 0)) or None)
        value = {key: meant.value(node.name, key) for key in [*NAMES, "mesos_agent_environment"]}
        assert node.ssh.user == value["ansible_user"]
        assert node.ssh.port == (int(value["ansible_port"]) if value["ansible_port"] else None)
        assert node.ssh.become == (value["ansible_become"] == "true")
        assert node.settings.log_size == (value["log_size"] or "50m")
        assert node.settings.log_files == int(value["log_files"] or 5)
        words = shlex.split(value["mesos_agent_environment"] or "")
        assert node.settings.mesos_agent_environment == tuple(sorted(tuple(w.split("=", 1)) for w in words))


# A good file, and one slip of the pen anywhere in it

GOOD = """\
# a comment
[zookeeper]
10.70.0.10 myid=1
10.70.0.11 myid=2 ansible_port=2222
10.70.0.12 myid=3

[mesos_master:children]
zookeeper

[mesos_agent]
web1 host_ip=10.70.0.20 mesos_agent_resources="cpus:4;mem:8192"

[zookeeper:vars]
zookeeper_heap=1g
zookeeper_tick_time = 3000

[all:vars]
ansible_user=admin
mesos_zk_path=/mesos
"""


def read(text: str) -> Cluster | None:
    """The cluster that a text is read as, None if it is refused: then with lines that it has."""
    try:
        return replace(parse(text), source="")
    except InventoryError as error:
        lines = len(text.split("\n"))
        assert all(1 <= problem.line <= lines and problem.mend for problem in error.problems)
        return None


def names() -> Iterator[int]:
    """Where in GOOD sections and the names of roles and variables stand, character by character."""
    for match in re.finditer(r"^\[.*\]$|^[a-z_]+$|[a-z_]+(?=\s*=)", GOOD, re.MULTILINE):
        yield from range(*match.span())


SLIPS: dict[str, Callable[[str, int], str]] = {
    "a character is missing": lambda text, i: text[:i] + text[i + 1 :],
    "a character is doubled": lambda text, i: text[: i + 1] + text[i:],
    "two characters changed places": lambda text, i: text[:i] + text[i : i + 2][::-1] + text[i + 2 :],
    "another character": lambda text, i: text[:i] + ("x" if text[i] != "x" else "y") + text[i + 1 :],
    "a line breaks": lambda text, i: text[:i] + "\n" + text[i:],
}


@pytest.mark.parametrize("turn, slip", list(enumerate(SLIPS.values())), ids=SLIPS.keys())
def test_a_slip_in_a_name_is_refused_or_changes_nothing(turn: int, slip: Callable[[str, int], str]) -> None:
    good = read(GOOD)
    wrong = {i: slip(GOOD, i) for i in [*names()][turn % 2 :: 2]}
    misread = [GOOD[:i].count("\n") + 1 for i, text in wrong.items() if read(text) not in (None, good)]
    assert good and len(wrong) > 75 and misread == []


def test_a_slip_anywhere_is_read_or_refused_but_never_crashes() -> None:
    slips = zip(range(len(GOOD)), itertools.cycle(SLIPS.values()), strict=False)
    assert None in [read(slip(GOOD, i)) for i, slip in slips]


STRANGE = (
    "\0",
    "\x1b",
    "\x7f",
    "\u00a0",
    "\u200b",
    "\u202e",
    "\ufeff",
    "\u2028",
    "²",
    "é",
    "٣",
    "\U0001f600",
)


def is_in_comment(i: int) -> bool:
    return GOOD[:i].rpartition("\n")[2].startswith("#")


def test_a_strange_character_is_refused_wherever_it_is_no_comment() -> None:
    good = read(GOOD)
    for i, character in zip(range(len(GOOD) + 1), itertools.cycle(STRANGE), strict=False):
        expected = good if is_in_comment(i) and character.isprintable() else None
        assert read(GOOD[:i] + character + GOOD[i:]) == expected, (i, character)


def test_a_tab_or_a_space_too_many_is_refused_or_changes_nothing() -> None:
    good, quoted = read(GOOD), range(GOOD.index('"') + 1, GOOD.rindex('"') + 1)
    places = (i for i in range(len(GOOD) + 1) if i not in quoted)
    for i, blank in zip(places, itertools.cycle("\t  \t"), strict=False):
        assert read(GOOD[:i] + blank + GOOD[i:]) in (None, good)


def test_a_doubled_line_is_refused_or_changes_nothing() -> None:
    lines = GOOD.split("\n")
    for i in range(len(lines)):
        assert read("\n".join([*lines[: i + 1], *lines[i:]])) in (None, read(GOOD))


def test_a_missing_line_is_never_read_as_another_value_of_what_is_left() -> None:
    lines = GOOD.split("\n")
    good = parse(GOOD)
    for i in range(len(lines)):
        cluster = read("\n".join(lines[:i] + lines[i + 1 :]))
        for node in cluster.nodes if cluster else ():
            assert node.address == next(n.address for n in good.nodes if n.name == node.name)


def test_sections_in_any_order_are_the_same_cluster_but_for_the_order_of_its_hosts() -> None:
    blocks = [block.split("\n") for block in GOOD.strip().split("\n\n")]
    expected = sorted(parse(GOOD).nodes, key=lambda node: node.name)
    for order in itertools.permutations(blocks):
        text = "\n".join(line for block in order for line in block) + "\n"
        assert sorted(parse(text).nodes, key=lambda node: node.name) == expected


LONG = {
    "a word": "x" * 1_000_000,
    "words": "10.70.0.20 " + "a=1 " * 250_000,
    "an open quote": "10.70.0.20 a='" + "\\'" * 500_000,
    "a section": "[" * 1_000_000,
    "a value": "ansible_user=" + "a" * 1_000_000,
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("section", ["[mesos_agent]", "[all:vars]"])
def test_a_line_of_a_megabyte_is_refused_by_its_length(line: str, section: str) -> None:
    number, length = len(GOOD.splitlines()) + 2, len(line.strip())
    assert messages(f"{GOOD}{section}\n{line}\n") == [
        f"hosts.ini:{number}: the line has {length} characters; write at most 60000"
    ]


def test_a_comment_may_be_long() -> None:
    assert read(f"{GOOD}#{'x' * 1_000_000}\n") == read(GOOD)


# Values

PIECES = st.lists(
    st.one_of(
        st.text(max_size=4),
        st.sampled_from(
            (
                "1",
                "0.5",
                "/opt/zk",
                "10.70.0.1",
                "cpus:",
                "[1-2]",
                "{a}",
                ";",
                "MESOS_QUIET=",
                "true",
                "10secs",
            )
        ),
        st.sampled_from(
            ("A='b c'", "A_TOKEN=", "--zk_timeout ", "--a=b", "MARATHON_", "zoo:1", "@sha256:", "$x")
        ),
    ),
    max_size=5,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(VARIABLES)), PIECES)
def test_any_value_of_any_variable_is_read_or_refused_with_a_remedy(name: str, text: str) -> None:
    try:
        VARIABLES[name].kind(text)
    except Wrong as wrong:
        assert wrong.what and wrong.mend


@given(st.just("") | PIECES.map("{} ".format), st.text("abc '\"\\", min_size=1, max_size=6), PIECES)
def test_no_secret_is_in_what_is_told_of_a_value_that_cannot_be_used(
    before: str, word: str, behind: str
) -> None:
    hidden = f"A_PASSWORD=x{word}hunter2".replace("=hunter2", "hunter2")
    for name in ("mesos_agent_environment", "mesos_master_environment", "marathon_environment"):
        line = f"{name}={before}{hidden} {behind}".replace("\n", " ")
        for text in (f"{GOOD}{line}\n{line} \n", f"{GOOD}[mesos_agent]\nweb2 {line}\n"):
            assert not [message for message in messages(text) if "hunter2" in message]
