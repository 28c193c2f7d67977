"""A lease, kept by a real shell: it lasts while the run gives signs of life, and not much longer."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import pytest

from tasks.engine import deploy, lease, preflight, preview
from tasks.errors import Blocked, OperatorError
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.preflight import Finding, Report
from tasks.plan.runbook import ZOOKEEPER


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have leases of our own, which end after two seconds of silence."""
    monkeypatch.setattr(lease, "LEASE", str(tmp_path / "lease"))
    monkeypatch.setattr(lease, "SILENCE", 2)
    return tmp_path / "lease"


@pytest.fixture(params=["sh", "bash"])
def holder(locked: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Somebody who holds the lease; dash reads a script in blocks, bash byte by byte."""
    with start("ann", request.param) as process:
        assert said(process) == "held"
        yield process
        process.kill()


def start(who: str, shell: str = "sh") -> subprocess.Popen[str]:
    process = subprocess.Popen([shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    script = lease._script(who, "deploy-cluster", "echo asked; exit 0\n")
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


def test_whoever_comes_second_is_told_who_was_first(holder: subprocess.Popen[str]) -> None:
    with start("bob") as second:
        assert said(second).startswith("busy ann, since ")


def test_a_lease_ends_with_its_connection(holder: subprocess.Popen[str], locked: Path) -> None:
    pipe(holder.stdin).close()
    assert (holder.wait(60), is_free(locked)) == (0, True)


def test_signs_of_life_keep_a_lease_and_silence_ends_it(
    tmp_path: Path, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = {tmp_path / shell: shell for shell in ("sh", "bash")}
    with ExitStack() as stack:
        holders = []
        for file, shell in leases.items():
            monkeypatch.setattr(lease, "LEASE", str(file))
            holders.append(stack.enter_context(start("ann", shell)))
            assert said(holders[-1]) == "held"
        for holder in holders * 6:
            pipe(holder.stdin).write(".")
            pipe(holder.stdin).flush()
            with pytest.raises(subprocess.TimeoutExpired):
                holder.wait(0.2)
        assert not any(is_free(file) for file in leases)
        assert [holder.wait(60) for holder in holders] == [0, 0]
        assert all(is_free(file) for file in leases)


@pytest.mark.parametrize("kind", [lease.Taken, lease.NotLocked])
@pytest.mark.parametrize("known", [True, False])
def test_a_preflight_may_know_why_a_host_could_not_be_leased(
    kind: type[OperatorError], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = parse("[zookeeper]\n10.0.0.1 myid=1\n")
    seen = {"10.0.0.1": Observed(addresses=frozenset({"10.0.0.1"}), engine=True)}
    plans = runbook.plans([ZOOKEEPER], cluster, cluster.nodes, seen)
    finding = Finding("10.0.0.1", "tool", "flock is missing", "apt-get install util-linux")

    def held(*_: Any) -> Any:
        raise kind("10.0.0.1  it could not be locked.")

    monkeypatch.setattr(lease, "held", held)
    monkeypatch.setattr(deploy, "plan", lambda *_: preview.Preview(seen, plans, {}))
    monkeypatch.setattr(
        preflight, "survey", lambda *_: Report(("10.0.0.1",), (), (finding,) if known else ())
    )
    with pytest.raises(Blocked if known else kind, match="flock is missing" if known else "could not be"):
        deploy.deploy(None, [ZOOKEEPER], check=True)  # type: ignore[arg-type]
