"""A lease, kept by a real shell: it lasts while the run gives signs of life, and not much longer."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, TypeVar

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from paramiko import Channel
from samples import TRIO, as_wanted

from tasks.engine import lease, preflight, preview
from tasks.engine.deploy import deploy
from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.errors import Blocked, OperatorError, Unreachable
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.preflight import Look
from tasks.plan.preflight.facts import Facts
from tasks.plan.runbook import ZOOKEEPER, Chapter
from tasks.plan.step import Step


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """The file of a lease of our own."""
    return tmp_path / "lease"


@pytest.fixture(params=["sh", "bash"])
def holder(locked: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Somebody who holds the lease; dash reads a script in blocks, bash byte by byte."""
    with start("ann", locked, request.param) as process:
        assert said(process) == "held"
        yield process
        process.kill()


def start(who: str, file: Path, shell: str = "sh") -> subprocess.Popen[str]:
    """Take a lease that ends after two seconds of silence."""
    process = subprocess.Popen(
        [shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    script = lease.script(who, "deploy-cluster", "r1", "echo asked; exit 0\n", str(file), silence=2)
    pipe(process.stdin).write(script)
    pipe(process.stdin).flush()
    return process


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream
    return stream


def said(process: subprocess.Popen[str]) -> str:
    return pipe(process.stdout).readline().strip()


def is_free(file: Path) -> bool:
    return subprocess.run(["flock", "-n", file, "true"], check=False).returncode == 0


def test_whoever_comes_second_is_told_who_was_first(holder: subprocess.Popen[str], locked: Path) -> None:
    with start("bob", locked) as second:
        assert said(second).startswith("busy ann, since ")


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_whoever_comes_second_asks_all_the_same_and_does_not_stay(
    holder: subprocess.Popen[str], locked: Path, shell: str
) -> None:
    with start("bob", locked, shell) as second:
        told = pipe(second.stdout).read()
        assert second.wait(60) == 0
    assert re.fullmatch(r"busy ann, since .*: fab deploy-cluster\nasked\n", told)
    assert locked.read_text().startswith("ann, since ")


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_where_no_lease_can_be_taken_the_reason_comes_first_and_it_is_asked_all_the_same(
    tmp_path: Path, shell: str
) -> None:
    with start("ann", tmp_path / "nowhere/lease", shell) as process:
        first, *others = pipe(process.stdout).read().splitlines()
        assert process.wait(60) == 0
    assert first not in ("held", "asked")
    assert others[-1] == "asked"


def test_nobody_but_its_owner_can_open_a_lease(holder: subprocess.Popen[str], locked: Path) -> None:
    assert locked.stat().st_mode & 0o777 == 0o600


def test_a_lease_ends_with_its_connection(holder: subprocess.Popen[str], locked: Path) -> None:
    pipe(holder.stdin).close()
    assert (holder.wait(60), is_free(locked)) == (0, True)


def test_signs_of_life_keep_a_lease_and_silence_ends_it(tmp_path: Path) -> None:
    leases = {tmp_path / shell: shell for shell in ("sh", "bash")}
    with ExitStack() as stack:
        holders = []
        for file, shell in leases.items():
            holders.append(stack.enter_context(start("ann", file, shell)))
            assert said(holders[-1]) == "held"
        for holder in holders * 6:
            pipe(holder.stdin).write(".")
            pipe(holder.stdin).flush()
            with pytest.raises(subprocess.TimeoutExpired):
                holder.wait(0.2)
        assert not any(is_free(file) for file in leases)
        assert [holder.wait(60) for holder in holders] == [0, 0]
        assert all(is_free(file) for file in leases)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_whoever_holds_a_lease_asks_more_when_told_to_and_keeps_it(tmp_path: Path, shell: str) -> None:
    locked = tmp_path / "lease"
    with start("ann", locked, shell) as process:
        to = pipe(process.stdin)
        assert [said(process), said(process)] == ["held", "asked"]
        to.write("...")
        to.flush()
        to.write(lease.more('read -r line; echo "more $line"\n'.replace("line;", "line </dev/null;")))
        to.flush()
        assert said(process) == "more"
        to.write(".")
        to.flush()
        assert not is_free(locked)
        to.close()
        assert process.wait(60) == 0
    assert is_free(locked) and locked.read_text() == ""


@pytest.mark.parametrize("said", ["busy ann, since 12:00\n", "flock: not found\n"])
@pytest.mark.parametrize("known", [True, False])
def test_a_preflight_may_know_why_a_host_could_not_be_leased(said: str, known: bool) -> None:
    cluster = parse("[zookeeper]\n10.0.0.1 myid=1\n")
    seen = Observed(addresses=frozenset({"10.0.0.1"}), engine=True)
    facts = Facts(clock=0, lacking=("flock",) if known else ())
    hosts = FakeHosts(
        cluster, *[{"10.0.0.1": seen}] * 2, locked=said, preflight={"10.0.0.1": Look(seen, facts, 0, 0)}
    )
    kind = Blocked if known or said.startswith("busy") else Unreachable
    with pytest.raises(kind, match="flock" if known else "at work here" if kind is Blocked else "locked"):
        deploy(Run(hosts, [ZOOKEEPER]), check=True)
    assert hosts.done == []


# When a run takes and leaves its leases, and how many commands that costs a host

CLUSTER = parse(TRIO)
CHANGED = parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
LEADS = {"zookeeper srvr": "Mode: leader\n", "zookeeper mntr": "zk_synced_followers\t2\n"}
WELL = {node.name: as_wanted(CLUSTER, node) for node in CLUSTER.nodes}
WELL |= {CLUSTER.nodes[0].name: replace(WELL[CLUSTER.nodes[0].name], answers=LEADS)}
FACTS = {name: Look(seen, Facts(clock=0), 0, 0) for name, seen in WELL.items()}
FIRST, SECOND, THIRD = WELL
BUSY = "busy ann@desk, since 2026-11-30 12:00:00 UTC: fab deploy-cluster\n"

T = TypeVar("T")


class Counted(FakeHosts):
    """Hosts that note which commands each is sent, and whether leases are held meanwhile."""

    def __init__(
        self, *looks: Mapping[str, Observed], wanted: str = "", locked: str = "held\n", cut: str = ""
    ) -> None:
        says = ensemble_led_by(FIRST)
        cluster = CHANGED if wanted == "changed" else CLUSTER
        super().__init__(cluster, *looks, says=says, preflight=FACTS, locked=locked, cut=cut)
        self.commands: dict[str, list[str]] = {name: [] for name in WELL}
        self.channels: list[Channel] = []

    def look(self, chapters: Sequence[Chapter]) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
        for node in self.nodes:
            self.commands[node.name].append("look")
        return super().look(chapters)

    def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        self.commands[node.name].append("look and lease")
        channel, said = super().hold(node, text, on_line)
        self.channels.append(channel)
        return channel, said

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if staying:
            assert staying.channel in self.channels and not self.free
        else:
            self.commands[node.name].append(self.held(inquiry.what))
        return super().inquire(node, inquiry, staying)

    def ask(self, vantage: Node, *questions: object) -> None:
        self.commands[vantage.name].append(self.held("gate"))
        super().ask(vantage, *questions)  # type: ignore[arg-type]

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        for name in (name for name, own in steps.items() if own):
            self.commands[name].append(self.held("act"))
        return super().act(steps)

    def held(self, what: str) -> str:
        return what if self.channels and not self.free else f"{what}, unleased"

    @property
    def free(self) -> bool:
        return all(channel.closed for channel in self.channels)


def ended(hosts: Counted, kind: type[BaseException], check: bool = False) -> str:
    with pytest.raises(kind) as error:
        deploy(Run(hosts, [ZOOKEEPER]), check)
    assert hosts.free and hosts.done == []
    return str(error.value)


def test_a_run_that_has_nothing_to_do_is_one_command_a_host() -> None:
    hosts = Counted(WELL)
    assert not deploy(Run(hosts, [ZOOKEEPER]), check=True).changed
    assert hosts.commands == dict.fromkeys(WELL, ["look and lease"])
    assert hosts.free


def test_a_run_that_has_nothing_to_do_holds_nobody_while_it_waits_for_a_service() -> None:
    answers = {name: replace(seen, answers={}) for name, seen in WELL.items()}
    hosts = Counted(answers)
    deploy(Run(hosts, [ZOOKEEPER]))
    assert hosts.commands[FIRST] == ["look and lease", "gate, unleased"]


def test_a_change_is_one_look_with_the_lease_and_then_its_steps() -> None:
    hosts = Counted(WELL, wanted="changed")
    deploy(Run(hosts, [ZOOKEEPER]))
    assert [each for each in hosts.commands[THIRD] if each != "gate"] == ["look and lease", *["act"] * 3]
    assert hosts.free


def test_a_preflight_is_no_command_more_and_asks_what_the_look_did_not() -> None:
    hosts = Counted(WELL, wanted="changed")
    deploy(Run(hosts, [ZOOKEEPER]), check=True)
    assert hosts.commands[THIRD][:2] == ["look and lease", "act"]
    script = preflight.inquiry(Run(hosts), CLUSTER.nodes[0], WELL[FIRST]).script
    assert "docker inspect" not in script and "docker info" in script


def test_a_run_that_only_asks_takes_no_lease() -> None:
    hosts = Counted(WELL)
    deploy(Run(hosts, [ZOOKEEPER], frozenset({Id.ZOOKEEPER_ASK})))
    assert hosts.commands == dict.fromkeys(WELL, ["look"])


def test_a_plan_takes_no_lease() -> None:
    hosts = Counted(WELL)
    preview.plan_and_strangers(Run(hosts, [ZOOKEEPER]))
    preflight.survey(Run(hosts, [ZOOKEEPER]))
    assert hosts.commands == dict.fromkeys(WELL, ["look", "preflight, unleased"])


def test_a_host_that_is_lost_leaves_no_lease_on_the_others() -> None:
    hosts = Counted({name: WELL[name] for name in (FIRST, SECOND)}, wanted="changed")
    assert "it is gone" in ended(hosts, Unreachable)
    assert len(hosts.channels) == 2


def test_a_run_that_is_refused_lets_go_of_its_leases() -> None:
    foreign = {name: replace(seen, user=1000) for name, seen in WELL.items()}
    assert "not as root" in ended(Counted(foreign, wanted="changed"), Blocked)
    down = {name: replace(FACTS[name], facts=Facts(clock=None, lacking=("flock",))) for name in WELL}
    hosts = Counted(WELL, wanted="changed")
    hosts._preflight = down
    assert "flock" in ended(hosts, Blocked, check=True)


def test_a_lease_that_is_taken_refuses_a_change_alone() -> None:
    hosts = Counted(WELL, locked=BUSY)
    assert not deploy(Run(hosts, [ZOOKEEPER])).changed
    hosts = Counted(WELL, WELL, wanted="changed", locked=BUSY)
    assert ended(hosts, Blocked).count("ann@desk has been at work here") == 1
    assert hosts.commands == dict.fromkeys(WELL, ["look and lease"] * 2)


def test_a_lease_that_is_taken_is_told_without_warnings_of_hosts_that_somebody_else_is_changing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hosts = Counted(WELL, WELL, wanted="changed", locked=BUSY)
    hosts._preflight = {
        name: replace(look, facts=replace(look.facts, name_is=("127.0.1.1",))) for name, look in FACTS.items()
    }
    assert "ann@desk has been at work here" in ended(hosts, Blocked, check=True)
    assert "warning" not in capsys.readouterr().out


def test_a_lease_that_was_let_go_of_meanwhile_is_taken_and_what_was_changed_is_no_more_to_do() -> None:
    class Ending(Counted):
        """Somebody else's run is ending: only the first look finds its leases."""

        def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
            self._locked = "held\n" if self.commands[node.name] else BUSY
            return super().hold(node, text, on_line)

    done = {node.name: as_wanted(CHANGED, node) for node in CHANGED.nodes}
    hosts = Ending(WELL, done, wanted="changed")
    assert not deploy(Run(hosts, [ZOOKEEPER])).changed
    assert (hosts.done, hosts.free) == ([], True)


def test_a_host_on_which_no_lease_can_be_taken_refuses_a_change_alone() -> None:
    said = "sh: cannot create /run/mesofab.lease: Read-only file system\n"
    assert not deploy(Run(Counted(WELL, locked=said), [ZOOKEEPER])).changed
    refused = ended(Counted(WELL, WELL, wanted="changed", locked=said), Unreachable)
    assert "could not be locked: sh: cannot create" in refused


def test_ctrl_c_lets_go_of_the_leases() -> None:
    hosts = Counted(WELL, wanted="changed", cut="0.10 zoo.cfg")
    with pytest.raises(KeyboardInterrupt):
        deploy(Run(hosts, [ZOOKEEPER]))
    assert hosts.free


def test_the_other_members_are_leased_when_there_is_something_to_do() -> None:
    hosts = Counted(WELL, WELL, wanted="changed")
    one = hosts.among([FIRST])
    deploy(Run(one, [ZOOKEEPER]))
    assert hosts.commands[THIRD] == ["look", "look and lease"]
    assert hosts.free
