"""The firewall: who is let in, what is done in which order, and that nothing stays closed unproven."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar, cast

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from hypothesis import given
from hypothesis import strategies as st
from samples import as_wanted, refusal

from tasks.engine.deploy import deploy
from tasks.engine.doors import see_to
from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.errors import OperatorError, StepFailed, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.doors import callback, doors, exposure
from tasks.inventory.kinds import networks
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.compare.firewall import TRIAL, digest, rules
from tasks.plan.desired import Firewall, of
from tasks.plan.look import firewall
from tasks.plan.look.firewall import CHANGED, TRIED, SeenFirewall
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.preflight import flows
from tasks.plan.runbook import CHAPTERS
from tasks.plan.schedule import schedule, steps
from tasks.plan.step import Action, HostPlan
from verify import walls

A, B, C, AGENT, OTHER, LEAVER = (f"10.0.0.{n}" for n in (1, 2, 3, 9, 10, 11))
STRANGER = "10.0.0.77"
THREE = f"{A}\n{B}\n{C}\n"
TEXT = (
    f"[zookeeper]\n{A} myid=1\n{B} myid=2\n{C} myid=3\n[mesos_master]\n{THREE}[marathon]\n{THREE}"
    f"[mesos_agent]\n{AGENT}\n{OTHER}\n[all:vars]\n"
)
WALLED = f"{TEXT}firewall=true\n"
T = TypeVar("T")


def let_in(text: str, port: int, source: str, interface: str = "eth0", seconds: int = 0) -> bool:
    """Read rules as the kernel does, so many seconds after they were loaded, for a new connection."""
    elements = re.search(r"set closed \{.*elements = \{ (.*) \}; \}", text)
    assert elements
    closed = {}
    for one in elements[1].split(", "):
        number, _, limit = one.partition(" timeout ")
        closed[int(number)] = int(limit.rstrip("s")) if limit else None
    for line in map(str.strip, text.splitlines()):
        if rule := re.fullmatch(r'iifname "(\w+)" accept', line):
            if rule[1] == interface:
                return True
        elif rule := re.fullmatch(r"tcp dport (\d+) ip saddr \{ (.*) \} accept", line):
            guests = map(IPv4Network, rule[2].split(", "))
            if int(rule[1]) == port and any(IPv4Address(source) in each for each in guests):
                return True
        elif line.startswith("tcp dport @closed reject"):
            limit = closed.get(port, 0)
            if limit is None or limit > seconds:
                return False
    assert "policy accept;" in text
    return True


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Clusters with a firewall, with any hosts in any roles, and some networks that are let in."""
    hosts = draw(st.lists(st.integers(1, 60), min_size=3, max_size=8, unique=True).map(sorted))
    names = [f"10.0.0.{each}" for each in hosts]
    masters = names[: draw(st.sampled_from((1, 3)))]
    members = names[-3:]
    others = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    allow = draw(st.sampled_from(("", "firewall_allow=192.0.2.0/24", "firewall_allow=10.0.0.2,10.0.0.0/29")))
    text = "[zookeeper]\n" + "".join(f"{name} myid={n}\n" for n, name in enumerate(members, 1))
    text += "[mesos_master]\n" + "".join(f"{name} number={n}\n" for n, name in enumerate(masters, 10))
    text += "[mesos_agent]\n" + "".join(f"{name}\n" for name in others)
    return parse(f"{text}[all:vars]\nfirewall=true\n{allow}\n")


@given(clusters())
def test_every_flow_that_the_cluster_needs_is_let_through(cluster: Cluster) -> None:
    of_host = {node.name: rules(doors(cluster, node)) for node in cluster.nodes}
    for node in cluster.nodes:
        for flow in flows.needed(cluster, node, node.roles):
            assert let_in(of_host[flow.to.name], flow.port, node.address)


@given(clusters(), st.integers(1, 65535), st.sampled_from((STRANGER, "192.0.2.9", "10.0.0.5")))
def test_no_other_port_is_closed_to_anybody_and_ssh_to_nobody(
    cluster: Cluster, port: int, source: str
) -> None:
    for node in cluster.nodes:
        text = rules(doors(cluster, node))
        assert let_in(text, 22, source)
        if port not in {door.port for door in doors(cluster, node)}:
            assert let_in(text, port, source)


@given(clusters())
def test_strangers_are_refused_at_every_door_and_who_is_allowed_is_not(cluster: Cluster) -> None:
    for node in cluster.nodes:
        text = rules(doors(cluster, node))
        for door in doors(cluster, node):
            assert not let_in(text, door.port, STRANGER)
            assert let_in(text, door.port, STRANGER, interface="lo")
        asked = {2181, 5050, 5051} & {door.port for door in doors(cluster, node)}
        for each in cluster.settings.firewall_allow:
            assert all(let_in(text, port, str(IPv4Network(each)[0])) for port in asked)


@given(clusters())
def test_the_suite_expects_the_same_of_rules_though_it_derives_it_by_itself(cluster: Cluster) -> None:
    for node in cluster.nodes:
        wanted, text = walls.wanted(cluster, node), rules(doors(cluster, node))
        assert wanted.keys() == {door.port for door in doors(cluster, node)} == walls.closed_ports(text)
        told = walls.guests(text)
        assert not any(walls.beyond(told[port], guests) for port, guests in wanted.items())
        assert all(walls.beyond(f"{told[port]}, {STRANGER}", guests) for port, guests in wanted.items())


def test_the_suite_takes_no_port_for_closed_that_is_so_on_trial() -> None:
    (node, *_), cluster = parse(WALLED).nodes, parse(WALLED)
    assert walls.closed_ports(rules(doors(cluster, node), TRIAL)) == set()


@given(clusters())
def test_what_is_on_trial_lets_everybody_in_after_a_minute(cluster: Cluster) -> None:
    for node in cluster.nodes:
        text = rules(doors(cluster, node), TRIAL)
        for door in doors(cluster, node):
            assert not let_in(text, door.port, STRANGER, seconds=1)
            assert let_in(text, door.port, STRANGER, seconds=60)


def test_agents_are_reached_by_masters_members_by_each_other_and_the_rest_by_all() -> None:
    cluster = parse(WALLED)
    first, *_, agent, _ = cluster.nodes
    everybody = ("10.0.0.1", "10.0.0.2/31", "10.0.0.9", "10.0.0.10")
    trio = ("10.0.0.1", "10.0.0.2/31")
    assert [(door.port, door.guests) for door in doors(cluster, first)] == [
        (2181, everybody),
        (2888, trio),
        (3888, trio),
        (5050, everybody),
        (8080, everybody),
    ]
    assert [(door.port, door.guests) for door in doors(cluster, agent)] == [(5051, trio)]


def test_a_host_that_leaves_comes_in_until_it_has_left() -> None:
    text = WALLED.replace(f"{OTHER}\n[all", f"{OTHER}\n{LEAVER}\n[removed]\n{LEAVER}\n[all")
    cluster = parse(text)
    text = rules(doors(cluster, cluster.nodes[0]))
    assert [node.name for node in cluster.removed] == [LEAVER] and let_in(text, 5050, LEAVER)


def test_the_port_on_which_masters_call_back_is_a_door_only_where_it_is_fixed() -> None:
    cluster = parse(f'{WALLED}marathon_environment="LIBPROCESS_PORT=9090"\n')
    node = cluster.nodes[0]
    text = rules(doors(cluster, node))
    assert callback(node) == 9090 and callback(parse(WALLED).nodes[0]) is None
    assert let_in(text, 9090, B) and not let_in(text, 9090, AGENT)
    assert let_in(rules(doors(parse(WALLED), parse(WALLED).nodes[0])), 9090, STRANGER)


@pytest.mark.parametrize(
    "text, said",
    [
        ("10.0.0.256", "has '10.0.0.256', not an IPv4 address or network; write addresses and networks"),
        ("10.0.0.1/24", "has '10.0.0.1/24', not an IPv4 address or network"),
        ("fe80::1", "has 'fe80::1', not an IPv4 address or network"),
        ("", "has '', not an IPv4 address or network"),
        ("10.0.0.1,0.0.0.0/0", "has 0.0.0.0/0, which is everybody; leave it out, or write firewall=false"),
        ("$(id)", "shell metacharacter"),
    ],
)
def test_what_is_no_network_is_refused(text: str, said: str) -> None:
    assert said in refusal(networks, text)


def test_networks_have_commas_between_them() -> None:
    assert networks("192.0.2.7, 198.51.100.0/24") == ("192.0.2.7", "198.51.100.0/24")


@pytest.mark.parametrize("text, part", [(TEXT, "The cluster is open: "), (WALLED, "Whoever is on its")])
def test_one_line_says_who_owns_the_cluster_and_whether_credentials_are_demanded(
    text: str, part: str
) -> None:
    reach = exposure(parse(text)).removeprefix("security=open: ")
    assert reach.startswith(part)
    known = exposure(parse(f"{text}\nsecurity=permissive\nsecrets_file=s\n"))
    assert known == f"security=permissive: {reach} Masters know credentials, and demand none."
    strict = exposure(parse(f"{text}\nsecurity=strict\nsecrets_file=s\n"))
    assert strict.startswith(f"security=strict: {reach} Masters, agents and Marathons demand passwords; ")


# What a look tells


@pytest.mark.parametrize(
    "text, seen",
    [
        ("from 10.0.0.77 4711 10.0.0.1 22\n", SeenFirewall("", STRANGER)),
        ("from \n", SeenFirewall()),
        ("from x; rm -rf / 1 2\nkept tried\nnow abc\n", SeenFirewall(TRIED)),
        (f"from \nkept {'0' * 16} {'a' * 64}\nnow {'a' * 64}\n", SeenFirewall("0" * 16)),
        (f"from \nkept {'0' * 16} {'a' * 64}\nnow {'b' * 64}\n", SeenFirewall(CHANGED)),
        ("from \nkept anything\nnow \n", SeenFirewall(CHANGED)),
        ("", SeenFirewall()),
    ],
)
def test_rules_count_only_as_they_were_kept(text: str, seen: SeenFirewall) -> None:
    assert firewall.read(text) == seen


@given(st.text(max_size=200))
def test_any_answer_is_read(text: str) -> None:
    assert len(firewall.read(text).rules) <= 16


# What is to be done


def looks(cluster: Cluster, rules: Mapping[str, str] | str = "", operator: str = "") -> dict[str, object]:
    """Every host as wanted but for its rules."""
    of_host = rules if isinstance(rules, Mapping) else dict.fromkeys((n.name for n in cluster.nodes), rules)
    return {
        node.name: replace(
            as_wanted(cluster, node), firewall=SeenFirewall(of_host.get(node.name, ""), operator)
        )
        for node in cluster.nodes
    }


def planned(text: str, **seen: object) -> HostPlan:
    """The plan of the first host."""
    cluster = parse(text)
    node = cluster.nodes[0]
    return runbook.missing(CHAPTERS, cluster, node, looks(cluster, **seen)[node.name])  # type: ignore[arg-type]


def kept(cluster: Cluster, node: Node) -> str:
    (item,) = of(Firewall, runbook.wanted(CHAPTERS, cluster, node))
    return digest(item)


@pytest.mark.parametrize("rules", ["", TRIED, CHANGED, "0123456789abcdef"])
def test_rules_that_are_not_those_of_hosts_ini_are_tried_and_kept_before_all_else(rules: str) -> None:
    plan = planned(WALLED, rules=rules)
    assert [step.action for step in plan.steps] == [Action.CLOSE_DOORS, Action.KEEP_DOORS]
    assert {step.phase for step in plan.steps} == {"doors"} and plan.steps[0].id == Id.FIREWALL
    first = next(iter(schedule(CHAPTERS, {A: plan}, ())))
    assert first.steps == {A: plan.steps}


def test_rules_that_are_those_of_hosts_ini_are_left() -> None:
    cluster = parse(WALLED)
    assert planned(WALLED, rules=kept(cluster, cluster.nodes[0])).steps == ()


@pytest.mark.parametrize("rules", [TRIED, CHANGED, "0123456789abcdef"])
def test_without_the_setting_rules_go(rules: str) -> None:
    assert [step.action for step in planned(TEXT, rules=rules).steps] == [Action.OPEN_DOORS]
    assert planned(TEXT).steps == () and Id.FIREWALL not in planned(TEXT).wanted


def test_whoever_runs_it_is_never_shut_out() -> None:
    (refused,) = planned(WALLED, operator=STRANGER).blockers
    assert str(refused).startswith(f"1.3 firewall: this run comes from {STRANGER}, which neither")
    assert [str(change) for change in refused.changes] == [f"set firewall_allow={STRANGER} in hosts.ini"]
    for operator in (A, AGENT, ""):
        assert planned(WALLED, operator=operator).blockers == ()
    assert planned(f"{WALLED}firewall_allow=10.0.0.64/26\n", operator=STRANGER).blockers == ()


# A run


class Walled(FakeHosts):
    """Hosts whose flows end as a test says, before the rules and behind; some refuse a new login."""

    def __init__(
        self,
        cluster: Cluster,
        *ends: flows.Ends,
        refusing: str = "",
        looks: Sequence[Mapping[str, Observed]] = (),
        cut: str = "",
    ) -> None:
        super().__init__(cluster, *looks, cut=cut, says=ensemble_led_by(A), in_vain=True)
        self._ends, self._refusing = list(ends), refusing

    def among(self, names: object) -> "Walled":
        return cast(Walled, super().among(names))  # type: ignore[arg-type]

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if inquiry.what != "try flows":
            return super().inquire(node, inquiry, staying)
        behind = any("close" in each for each in self.done)
        return cast(T, self._ends[behind] if node.name == A else {})

    def connect_anew(self, node: Node) -> None:
        if node.name == self._refusing:
            raise Unreachable("its sshd does not answer", host=node.name)


def run(hosts: Walled) -> list[str]:
    """What is done, each thing once, whichever hosts do it."""
    cluster = hosts.cluster
    plans = {node.name: planned(WALLED) for node in cluster.nodes}
    try:
        see_to(hosts, steps(plans, "doors"))
    finally:
        told = list(dict.fromkeys(each.split(" ")[1] for each in hosts.done))
    return told


OPEN_, SHUT = {(B, 5050): "open"}, {(B, 5050): "no route to host"}


def test_rules_are_kept_when_logins_and_flows_have_passed() -> None:
    assert run(Walled(parse(WALLED), OPEN_, OPEN_)) == ["close", "keep"]  # type: ignore[arg-type]


def test_a_flow_that_was_closed_before_is_not_the_rules_fault() -> None:
    assert run(Walled(parse(WALLED), SHUT, SHUT)) == ["close", "keep"]  # type: ignore[arg-type]


def test_a_flow_that_does_not_pass_any_more_opens_all_hosts_again() -> None:
    hosts = Walled(parse(WALLED), OPEN_, SHUT)  # type: ignore[arg-type]
    with pytest.raises(StepFailed, match=rf"it does not reach {B}:5050, so the ports of all hosts are open"):
        run(hosts)
    assert [each for each in hosts.done if "keep" in each] == []
    assert len([each for each in hosts.done if "open the ports again" in each]) == len(hosts.nodes)


def test_hosts_whose_rules_stay_try_the_flows_to_the_others_too() -> None:
    hosts = Walled(parse(WALLED), OPEN_, SHUT)  # type: ignore[arg-type]
    plan = {B: planned(WALLED).steps}
    with pytest.raises(StepFailed, match=rf"^{A} .*it does not reach {B}:5050"):
        see_to(hosts, plan)


def test_a_host_that_takes_no_new_login_opens_all_hosts_again() -> None:
    hosts = Walled(parse(WALLED), OPEN_, OPEN_, refusing=C)  # type: ignore[arg-type]
    with pytest.raises(Unreachable, match="its sshd does not answer"):
        run(hosts)
    assert [each for each in hosts.done if "keep" in each] == []


def test_who_is_new_is_let_in_by_all_before_it_starts() -> None:
    trio = f"[zookeeper]\n{A} myid=1\n{B} myid=2\n{C} myid=3\n"
    before, after = parse(trio), parse(f"{trio}{AGENT} myid=4\n{OTHER} myid=5\n[all:vars]\nfirewall=true\n")
    seen: dict[str, Observed] = {node.name: as_wanted(before, node) for node in before.nodes}
    new = (node for node in after.nodes if node.name not in seen)
    seen |= {node.name: Observed(addresses=frozenset({node.address}), engine=True) for node in new}
    hosts = Walled(after, {}, {}, looks=[seen] * 4, cut=f"{AGENT[-4:]} pull zookeeper:3.4.12")
    with pytest.raises((KeyboardInterrupt, OperatorError)):
        deploy(Run(hosts))
    kept = max(place for place, each in enumerate(hosts.done) if "keep the firewall" in each)
    started = [place for place, each in enumerate(hosts.done) if "zookeeper" in each]
    assert started and kept < min(started)


def test_without_steps_for_it_nobody_is_asked_anything() -> None:
    assert see_to(Walled(parse(TEXT)), {}) is None  # type: ignore[func-returns-value]
