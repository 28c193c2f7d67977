"""The flows between hosts: which are needed, tried by a real sh on the loopback, judged over all hosts."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SHELLS, stand_in
from samples import run as run_script
from test_preflight_checks import AGENT, TEXT, A, B, C, World

from tasks.engine.preflight import lines
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.look.lease import Lease
from tasks.plan.look.sections import split
from tasks.plan.preflight.flows import MOST, End, Flow, asking, needed, read

WHOLE = parse(f"{TEXT}[all:vars]\nmesos_master_port=5055\n")
EVERY = ("zookeeper", "mesos_master", "marathon", "mesos_agent")


def node(cluster: Cluster, name: str) -> Node:
    found = cluster.called(name)
    assert found
    return found


def wanted(cluster: Cluster, name: str, *roles: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for flow in needed(cluster, node(cluster, name), roles or EVERY):
        found.setdefault(flow.to.name, set()).add(flow.port)
    return found


# Which are needed


def test_each_role_needs_the_ports_that_it_dials_and_no_other() -> None:
    assert wanted(WHOLE, A, "zookeeper") == dict.fromkeys((B, C), {2181, 2888, 3888})
    assert wanted(WHOLE, A, "mesos_master") == {B: {2181, 5055}, C: {2181, 5055}, AGENT: {5051}}
    assert wanted(WHOLE, A, "marathon") == dict.fromkeys((B, C), {2181, 5055, 8080})
    assert wanted(WHOLE, AGENT) == dict.fromkeys((A, B, C), {2181, 5055})


def test_a_flow_that_several_roles_need_is_tried_once_and_none_to_itself() -> None:
    ports = [2181, 2888, 3888, 5055, 8080]
    found = needed(WHOLE, node(WHOLE, A), EVERY)
    assert [(each.to.name, each.port) for each in found if each.to.name == B] == [(B, port) for port in ports]
    assert A not in wanted(WHOLE, A)


def test_a_run_as_another_user_needs_the_same() -> None:
    one = node(WHOLE, A)
    other = replace(one, ssh=replace(one.ssh, user="somebody"))
    assert needed(WHOLE, other, EVERY) == needed(WHOLE, one, EVERY)


def many(count: int) -> Cluster:
    agents = "".join(f"10.0.1.{number}\n" for number in range(1, count + 1))
    return parse(TEXT.replace(f"[mesos_agent]\n{AGENT}\n", f"[mesos_agent]\n{agents}"))


def test_of_many_agents_each_master_tries_others_and_each_only_so_many() -> None:
    cluster = many(50)
    tried = [
        {name for name, ports in wanted(cluster, master, "mesos_master").items() if 5051 in ports}
        for master in (A, B, C)
    ]
    assert [len(each) for each in tried] == [MOST] * 3
    assert len(set.union(*tried)) == 50


@given(st.integers(1, 200))
def test_however_many_agents_there_are_a_host_tries_a_bounded_number(count: int) -> None:
    cluster = many(count)
    assert all(len(needed(cluster, each, EVERY)) <= MOST + 3 * 5 for each in cluster.nodes)


# Tried by a shell, on the loopback


@contextmanager
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def dropping() -> Iterator[int]:
    """Have a port that is silent, as behind a firewall: Linux drops what a full queue has no place for."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(8):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def closed_port() -> int:
    with listening() as port:
        return port


def flows(*ports: int) -> list[Flow]:
    local = replace(node(WHOLE, A), address="127.0.0.1")
    return [Flow(local, "zookeeper", port) for port in ports]


def script(*ports: int) -> str:
    part = "part() { printf '\\nXYZ %s\\n' \"$1\"; }\n"
    return f"export LC_ALL=C\n{part}limit=1\n{{\n{asking(flows(*ports))}part end\n}} </dev/null\n"


def heard(said: str) -> Mapping[int, End]:
    return {port: end for (_, port), end in read(split(said, "XYZ")["flows"]).items()}


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_shell_tells_an_open_a_refused_and_a_silent_port_apart(sh: list[str], tmp_path: Path) -> None:
    refused = closed_port()
    with listening() as open_, dropping() as silent:
        done = run_script(script(open_, refused, silent), tmp_path, shell=sh)
    assert heard(done.stdout.decode()) == {open_: "open", refused: "refused", silent: "timed out"}


def test_all_are_tried_at_once(tmp_path: Path) -> None:
    """Each that is tried waits for the others: one after the other, the first would wait in vain."""
    count = "ls tried-* | wc -l"
    tries = f': > "tried-$$"; until [ "$({count})" = 3 ]; do :; done; echo x: Connection refused; exit 1'
    stand_in(tmp_path / "bin", "timeout", tries)
    done = run_script(script(1, 2, 3), tmp_path, tmp_path / "bin")
    assert heard(done.stdout.decode()) == dict.fromkeys((1, 2, 3), "refused")


SAID = {
    "bash": ("bash: connect: No route to host\nbash: line 1: /dev/tcp/10.0.0.1/1: No route to host", 1),
    "OpenBSD's nc": ("nc: connect to 10.0.0.1 port 1 (tcp) failed: No route to host", 1),
    "the traditional nc": ("(UNKNOWN) [10.0.0.1] 1 (?) : No route to host", 1),
}
UNKNOWN = {
    "BusyBox's nc, without -z": ("nc: invalid option -- 'z'\nUsage: nc [OPTIONS] HOST PORT", 1),
    "no timeout": ("sh: timeout: not found", 127),
    "nothing": ("", 1),
}


def nc(where: Path, said: str, code: int) -> str:
    """Try a port in a shell that finds no bash, and an nc that says this."""
    where.joinpath("said").write_text(said)
    stand_in(where / "bin", "nc", f'echo "$*" > {where}/asked; /bin/cat {where}/said >&2; exit {code}')
    timeout = shutil.which("timeout")
    assert timeout
    (where / "bin/timeout").symlink_to(timeout)
    sh = shutil.which("sh")
    assert sh
    done = subprocess.run(
        [sh], input=script(1), text=True, capture_output=True, env={"PATH": str(where / "bin")}, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("said, code", SAID.values(), ids=SAID)
def test_a_way_that_is_rejected_is_known_by_the_words_of(said: str, code: int, tmp_path: Path) -> None:
    assert heard(nc(tmp_path, said, code)) == {1: "no route to host"}
    assert (tmp_path / "asked").read_text() == "-n -z -v 127.0.0.1 1\n"


@pytest.mark.parametrize("said, code", UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_is_known_after(said: str, code: int, tmp_path: Path) -> None:
    assert heard(nc(tmp_path, said, code)) == {}


@given(st.text(max_size=60) | st.from_regex(r"\A[0-9. ]{0,9}[0-9]{0,9} [0-9]{1,5} .{0,20}\Z"))
def test_whatever_a_host_says_of_its_flows_is_read(text: str) -> None:
    assert all(isinstance(port, int) for _, port in read(text))


# Judged


Tried = tuple[str, str, int, End]
"""A connection that was tried: from which host, to which, at which port, and how it ended."""


def closed(world: World, *found: Tried) -> list[str]:
    """What a preflight prints of hosts whose connections ended so."""
    for source in dict.fromkeys(source for source, *_ in found):
        world.facts(source, flows={(to, port): end for each, to, port, end in found if each == source})
    return [line for _, line in lines(world.report())]


OPEN_THEM = "Open these ports in the firewalls of both hosts and of the network between them."


def test_one_closed_port_is_one_line() -> None:
    sources = (A, C, AGENT)
    assert closed(World(), *((source, B, 5050, "timed out") for source in sources)) == [
        f"{A}, .3, .9  warning  flow: it cannot reach {B}:5050 (timed out): a firewall drops it. {OPEN_THEM}"
    ]


def test_a_host_that_is_cut_off_is_one_line_for_what_leaves_it_and_one_for_what_should_come() -> None:
    leaves: list[Tried] = [(AGENT, to, port, "timed out") for port in (2181, 5050) for to in (A, B, C)]
    comes: list[Tried] = [(master, AGENT, 5051, "no route to host") for master in (A, B, C)]
    ports = ", ".join(f"{to}:{port}" for port in (2181, 5050) for to in (A, B, C))
    assert closed(World(), *leaves, *comes) == [
        f"{A}, .2, .3  warning  flow: it cannot reach {AGENT}:5051 (no route to host): a firewall rejects "
        f"it, or a route is missing. {OPEN_THEM}",
        f"{AGENT}  warning  flow: it cannot reach {ports} (timed out): a firewall drops it. {OPEN_THEM}",
    ]


def test_many_closed_ports_are_counted() -> None:
    ports = (2181, 2888, 3888, 5050, 8080)
    (line,) = closed(World(), *((A, to, port, "timed out") for to in (B, C) for port in ports))
    assert f"{B}:3888, {C}:2181, {C}:2888, {C}:3888 and 4 more (timed out)" in line


def test_a_host_that_is_down_is_no_firewall() -> None:
    world = World()
    world.lose(B, "connect", f"{B}:22 does not answer", "Is it up?")
    found = closed(world, *((source, B, 5050, "timed out") for source in (A, C, AGENT)))
    assert not [line for line in found if " flow: " in line]


@pytest.mark.parametrize(
    "state", [{"at_work": Lease("ann@desk")}, {"busy": True}], ids=["leased", "in a step"]
)
def test_where_somebody_is_at_work_no_flow_is_judged_in_either_direction(state: dict[str, Any]) -> None:
    """The other run may just be restarting what listens there."""
    world = serving("zookeeper", 3888)
    world.seen(B, **state)
    to_and_from: list[Tried] = [(A, B, 3888, "refused"), (A, B, 2888, "timed out"), (B, A, 2181, "timed out")]
    found = closed(world, *to_and_from, (C, A, 2181, "timed out"))
    (told,) = (line for line in found if " flow: " in line)
    assert told.startswith(f"{C}  warning  flow: it cannot reach {A}:2181 (timed out)")


def test_where_nobody_listens_yet_a_refusal_shows_that_the_way_is_open() -> None:
    assert closed(World(), (A, B, 2888, "refused"), (A, B, 5050, "refused")) == []


def serving(role: str, port: int, status: str = "running", since: str = "1970-01-01T00:00:00Z") -> World:
    world = World()
    world.container(B, role)
    (name,) = world.looks[B].seen.containers
    world.change(B, name, status=status, since=since)
    world.seen(B, listeners={port: "java (pid 7)"})
    return world


def test_a_refusal_where_a_service_of_ours_listens_is_a_firewall_or_another_address() -> None:
    found = closed(serving("zookeeper", 3888), (A, B, 3888, "refused"), (C, B, 2888, "refused"))
    assert [line for line in found if " flow: " in line] == [
        f"{A}  warning  flow: it cannot reach {B}:3888 (refused, although its service runs and listens): a "
        f"firewall rejects it, or the service listens on another address. {OPEN_THEM}"
    ]


def test_a_refusal_by_a_service_on_the_loopback_is_told_as_that_and_no_firewall_is_blamed() -> None:
    world = serving("mesos_master", 5050)
    world.seen(B, loopback=frozenset({5050}))
    found = closed(world, (A, B, 5050, "refused"))
    assert [line for line in found if " flow: " in line] == [
        f"{A}  warning  flow: it cannot reach {B}:5050 (refused): its service listens on the loopback "
        "address alone. Have it listen on its host's own address: `fab plan` shows whether a deploy does "
        "that."
    ]


def test_a_port_that_somebody_else_has_taken_is_no_firewalls_doing() -> None:
    world = World()
    world.seen(B, listeners={5050: "nc (pid 7)"})
    found = closed(world, (A, B, 5050, "timed out"), (C, B, 5050, "refused"))
    assert not [line for line in found if " flow: " in line]


def test_a_refusal_by_a_service_that_has_just_been_started_is_none() -> None:
    young = serving("zookeeper", 3888, since="1970-01-01T00:16:35Z")  # the clocks are at 1000 s
    assert closed(young, (A, B, 3888, "refused")) == []


@pytest.mark.parametrize("status", ["restarting", "exited"])
def test_a_refusal_by_a_service_that_comes_and_goes_is_none(status: str) -> None:
    found = closed(serving("zookeeper", 3888, status), (A, B, 3888, "refused"))
    assert not [line for line in found if " flow: " in line]


def test_what_is_open_is_no_finding_and_what_nobody_could_tell_is_none() -> None:
    assert closed(World(), (A, B, 5050, "open")) == []
    assert closed(World()) == []


def test_a_flow_that_no_role_needs_is_not_judged_whatever_a_host_says() -> None:
    assert closed(World(), (AGENT, B, 3888, "timed out"), (A, AGENT, 22, "timed out")) == []


def test_it_stops_no_deploy_and_may_be_overruled() -> None:
    world = World(parse(f"{TEXT}[all:vars]\npreflight_ignore=flow\n"))
    closed(world, (A, B, 5050, "timed out"))
    (found,) = world.report().findings
    assert found.severity == "warning" and found.overruled
