"""A lease, kept by a real shell: it lasts while the run gives signs of life, and not much longer."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest
from fake_hosts import FakeHosts

from tasks.engine import lease
from tasks.engine.deploy import deploy
from tasks.engine.run import Run
from tasks.errors import Blocked, Unreachable
from tasks.inventory.parse import parse
from tasks.plan.look.observed import Observed
from tasks.plan.preflight import Look
from tasks.plan.preflight.facts import Facts
from tasks.plan.runbook import ZOOKEEPER


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
    process = subprocess.Popen([shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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


@pytest.mark.parametrize("said", ["busy ann, since 12:00\n", "flock: not found\n"])
@pytest.mark.parametrize("known", [True, False])
def test_a_preflight_may_know_why_a_host_could_not_be_leased(said: str, known: bool) -> None:
    cluster = parse("[zookeeper]\n10.0.0.1 myid=1\n")
    seen = Observed(addresses=frozenset({"10.0.0.1"}), engine=True)
    facts = Facts(clock=0, lacking=("flock",) if known else ())
    hosts = FakeHosts(
        cluster, {"10.0.0.1": seen}, locked=said, preflight={"10.0.0.1": Look(seen, facts, 0, 0)}
    )
    kind = Blocked if known or said.startswith("busy") else Unreachable
    with pytest.raises(kind, match="flock" if known else "at work here" if kind is Blocked else "locked"):
        deploy(Run(hosts, [ZOOKEEPER]), check=True)
    assert hosts.done == []
