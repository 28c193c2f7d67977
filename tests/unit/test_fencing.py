"""A run whose lease has ended changes nothing more: real leases, real scripts, in real shells."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from fake_hosts import FakeHosts, Nobody, Silent, ensemble_led_by
from paramiko import Channel
from samples import SHELLS, as_wanted, run, stand_in

from tasks.engine import lease
from tasks.engine.deploy import deploy
from tasks.engine.hearing import INQUIRY, Bounds
from tasks.engine.hosts import Hosts, Inquiry
from tasks.engine.remote import Outcome
from tasks.engine.run import Run
from tasks.errors import Blocked, OperatorError, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.look.lease import LEASE
from tasks.plan.look.observed import LOCK, WAIT_FOR_OTHERS, Observed
from tasks.plan.names import Id
from tasks.plan.runbook import ZOOKEEPER, Chapter
from tasks.plan.step import Action, Step

ONE = parse("[zookeeper]\n10.0.0.1 myid=1\n")
TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
ENDED = "it was not begun, since the lease of this run has ended: "


class Held(Silent):
    """The channel of a lease that a shell on this machine holds."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self.process = process

    def close(self) -> None:
        super().close()
        self.process.communicate()


class ShellHosts(FakeHosts):
    """Hosts whose leases and steps are real, each below a directory of its own.

    Script number `lapses` that acts finds the leases ended, and what `then` did about that.
    """

    def __init__(
        self,
        where: Path,
        cluster: Cluster,
        *looks: Mapping[str, Observed],
        shell: Sequence[str] = SHELLS[0],
        lapses: int = 0,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(cluster, *looks, says=ensemble_led_by("10.0.0.1"))
        self.where, self.shell, self.lapses, self.then = where, list(shell), lapses, then
        self.held: list[Held] = []
        self.acted: list[str] = []

    def lapse(self) -> None:
        """End the leases as a host does that has heard nothing for a minute."""
        for channel in self.held:
            channel.close()

    def looking(self, chapters: Sequence[Chapter], node: Node) -> Inquiry[Observed]:
        return replace(super().looking(chapters, node), script="true\n")

    def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        process = subprocess.Popen(self.shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert process.stdin and process.stdout
        process.stdin.write(self._there(node, text).encode())
        self.held.append(Held(process))
        return self.held[-1], process.stdout.readline().decode()

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        if "mesofab()" not in text:
            return super().execute(node, text, on_line, bounds)
        self.acted.append(node.name)
        if len(self.acted) == self.lapses:
            self.lapse()
            self.then()
        done = run(self._there(node, text), self.where, self.where / "bin", self.shell)
        for line in done.stdout.decode().split("\n"):
            on_line(line)
        return Outcome(done.returncode, "")

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        return Hosts.act(self, steps)

    def _there(self, node: Node, text: str) -> str:
        place = self.where / node.name
        place.mkdir(exist_ok=True)
        text = text.replace(LOCK, f"{place}/lock").replace(LEASE, f"{place}/lease")
        return text.replace(f"{self.where}/zk", f"{place}/zk")


def step(shell: str, title: str = "x") -> Step:
    return Step(Id.ZOOKEEPER_RUN, Action.RUN, title, "missing", shell)


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


@pytest.fixture
def leased() -> Iterator[Callable[[ShellHosts], ShellHosts]]:
    """Has hosts take their leases until the test ends."""
    with ExitStack() as stack:

        def take(hosts: ShellHosts) -> ShellHosts:
            stack.enter_context(lease.held(Run(hosts, [ZOOKEEPER]))).secure()
            return hosts

        yield take


Leased = Callable[[ShellHosts], ShellHosts]


def ann(where: Path, shell: Sequence[str] = SHELLS[0]) -> ShellHosts:
    return ShellHosts(where, ONE, {"10.0.0.1": Observed()}, shell=shell)


def refused(hosts: ShellHosts, *steps: Step) -> OperatorError:
    with pytest.raises(OperatorError) as refusal:
        hosts.act({"10.0.0.1": steps})
    return refusal.value


def test_a_run_that_holds_its_lease_acts(tmp_path: Path, shell: list[str], leased: Leased) -> None:
    leased(ann(tmp_path, shell)).act({"10.0.0.1": [step("touch one\n"), step("touch two\n")]})
    assert (tmp_path / "one").exists() and (tmp_path / "two").exists()


def test_a_run_whose_host_another_one_has_by_now_changes_nothing_and_says_whose(
    tmp_path: Path, shell: list[str], leased: Leased
) -> None:
    first = leased(ann(tmp_path, shell))
    first.act({"10.0.0.1": [step("touch one\n")]})
    first.lapse()
    second = leased(ann(tmp_path, shell))
    error = refused(first, step("touch two\n", "run zookeeper"))
    assert isinstance(error, Blocked)
    assert str(error).startswith(f"10.0.0.1  2.5 run zookeeper: {ENDED}")
    assert " has been at work here since 20" in str(error) and " UTC: fab " in str(error)
    assert str(error).endswith(". Wait for that run to end, then run again.")
    assert first.run_id not in str(error) and second.run_id not in str(error)
    assert (tmp_path / "one").exists() and not (tmp_path / "two").exists()
    second.act({"10.0.0.1": [step("touch two\n")]})
    assert (tmp_path / "two").exists()


@pytest.mark.parametrize("left", ["", "rm {lease}", "echo 'ann, since today' > {lease}"])
def test_a_run_whose_lease_nobody_holds_changes_nothing(
    left: str, tmp_path: Path, shell: list[str], leased: Leased
) -> None:
    hosts = leased(ann(tmp_path, shell))
    hosts.lapse()
    run(left.format(lease=f"{tmp_path}/10.0.0.1/lease"), tmp_path)
    error = refused(hosts, step("touch one\n"))
    assert isinstance(error, Unreachable)
    assert str(error) == (
        f"10.0.0.1  2.5 x: {ENDED}the host had no sign of life from it for a minute, as when a laptop "
        "sleeps. It is safe to run this again."
    )
    assert not (tmp_path / "one").exists()


def test_a_lease_that_was_removed_and_taken_anew_is_another_one(tmp_path: Path, leased: Leased) -> None:
    first = leased(ann(tmp_path))
    (tmp_path / "10.0.0.1/lease").unlink()
    leased(ann(tmp_path))
    assert isinstance(refused(first, step("touch one\n")), Blocked)
    assert not (tmp_path / "one").exists()


def test_a_script_stops_between_two_steps_if_its_lease_ends_there(
    tmp_path: Path, shell: list[str], leased: Leased
) -> None:
    hosts = leased(ann(tmp_path, shell))
    error = refused(hosts, step(f"rm {LEASE}; touch one\n", "first"), step("touch two\n", "second"))
    assert str(error).startswith(f"10.0.0.1  2.5 second: {ENDED}")
    assert (tmp_path / "one").exists() and not (tmp_path / "two").exists()
    assert [done.title for _, done in hosts.journal.progress.done] == ["first"]


def test_no_run_begins_beside_a_step_that_outlives_its_lease_on_another_member() -> None:
    cluster = parse(TRIO)
    seen = {node.name: Observed(busy=node.name == "10.0.0.3") for node in cluster.nodes}
    one = FakeHosts(cluster, seen).among(["10.0.0.1"])
    lost = pytest.raises(Blocked, match=r"10\.0\.0\.3  another run lost this host in mid-step")
    with lease.held(Run(one, [ZOOKEEPER])) as leases, lost:
        leases.secure()
    others = Hosts(cluster, cluster.nodes[:1], Nobody(), one.console).fellows([ZOOKEEPER])
    assert all(WAIT_FOR_OTHERS in others.looking([ZOOKEEPER], node).script for node in others.nodes)


def test_a_lease_that_cannot_say_whose_it_is_on_a_full_disk_is_none(tmp_path: Path, shell: list[str]) -> None:
    full = "printf() { echo 'printf: write error: No space left on device' >&2; return 1; }\n"
    taking = lease.script("ann", "deploy-cluster", "r1", "true\n", str(tmp_path / "lease"))
    said = run(full + taking, tmp_path, shell=shell).stdout.decode()
    assert said == "printf: write error: No space left on device\n"


def test_a_deploy_that_slept_between_two_members_leaves_the_second_one_and_puts_nothing_back(
    tmp_path: Path, leased: Leased
) -> None:
    stand_in(tmp_path / "bin", "docker", 'echo "$*" >> docker')
    cluster = parse(f"{TRIO}[all:vars]\nzookeeper_dir={tmp_path}/zk\n")
    for node, directory in product(cluster.nodes, ("conf", "data", "logs")):
        (tmp_path / node.name / "zk" / directory).mkdir(parents=True)
    seen = {node.name: as_wanted(cluster, node) for node in cluster.nodes}
    wanted = parse(f"{TRIO}[all:vars]\nzookeeper_dir={tmp_path}/zk\nzookeeper_sync_limit=5\n")
    second = ShellHosts(tmp_path, wanted, seen)
    # Four scripts come before: one that stages for each member, and the replacement of the first one.
    first = ShellHosts(tmp_path, wanted, *[seen] * 3, lapses=5, then=lambda: leased(second))
    with pytest.raises(Blocked) as refusal:
        deploy(Run(first, [ZOOKEEPER]))
    assert f"10.0.0.3  2.5 replace zookeeper: {ENDED}" in str(refusal.value)
    assert first.acted[3:] == ["10.0.0.2", "10.0.0.3"]
    started = [line for line in (tmp_path / "docker").read_text().splitlines() if line.startswith("start")]
    assert started == ["start zookeeper"]
