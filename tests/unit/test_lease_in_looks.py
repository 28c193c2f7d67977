"""Who is at work on a host, as looks see it: a real lease, read by the real script of a look."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_hosts import FakeHosts
from samples import SHELLS, as_wanted, run

from tasks.engine import lease
from tasks.engine.run import Run
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look import lease as look
from tasks.plan.look.lease import LEASE, Lease
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.preflight import Look, judge
from tasks.plan.preflight.facts import Facts
from tasks.plan.report import status
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER

ANN = "ann@desk, since 2026-11-30 12:00:00 UTC: fab deploy-cluster"
READ = Lease("ann@desk", "2026-11-30T12:00:00Z", "fab deploy-cluster")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lease"


def seen(file: Path, shell: list[str]) -> Lease | None:
    """Look at the lease as a host would, but at that file."""
    script = f"part() {{ :; }}\n{look.ASK}\n".replace(LEASE, str(file))
    done = run(script, file.parent, shell=shell)
    assert done.returncode == 0
    return look.read(done.stdout.decode())


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that holds the lease, its text Ann's."""
    file.write_text(f"{ANN}\n")
    hold = ["flock", str(file), "sh", "-c", "echo held; exec cat"]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_lease_that_is_held_tells_whose_run_it_is(
    holder: subprocess.Popen[bytes], file: Path, sh: list[str]
) -> None:
    assert seen(file, sh) == READ


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_what_a_dead_run_has_left_is_nobody_at_work(file: Path, sh: list[str]) -> None:
    file.write_text(f"{ANN}\n")
    assert seen(file, sh) is None
    assert file.read_text() == f"{ANN}\n"


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_look_makes_no_lease_where_there_is_none(file: Path, sh: list[str]) -> None:
    assert seen(file, sh) is None
    assert not file.exists()


def test_a_host_without_flock_tells_of_nobody(file: Path) -> None:
    file.write_text(f"{ANN}\n")
    script = f"part() {{ :; }}\nPATH=/nowhere\n{look.ASK}\n".replace(LEASE, str(file))
    assert look.read(run(script, file.parent).stdout.decode()) is None


def test_a_lease_is_told_as_a_sentence_and_nothing_in_it_is_obeyed() -> None:
    assert str(READ) == "ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster"
    assert str(look.read("an older\x1b[31m form\nof it")) == r"an older\x1b[31m form is at work here"
    assert look.read("\n") is None


# What follows from it

TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
CLUSTER = parse(TRIO)
NODE = CLUSTER.nodes[0]


def amid(seen: Observed) -> Observed:
    """The same host while a run has a new container and a new zoo.cfg there beside the old ones."""
    left = Seen("regular file", "x")
    return replace(
        seen,
        paths={**seen.paths, "/opt/zookeeper/conf/zoo.cfg.prev": left},
        containers={**seen.containers, "zookeeper.prev": seen.container("zookeeper")},
    )


def test_what_a_live_run_has_put_there_is_no_left_over_and_a_dead_runs_is() -> None:
    well = as_wanted(CLUSTER, NODE)
    left = runbook.missing(CHAPTERS, CLUSTER, NODE, amid(well)).steps
    assert [step.title for step in left] == ["remove zoo.cfg.prev", "remove zookeeper.prev"]
    plan = runbook.missing(CHAPTERS, CLUSTER, NODE, replace(amid(well), at_work=READ))
    assert (plan.steps, plan.blockers) == ((), ())


def test_what_differs_beside_it_is_told_all_the_same() -> None:
    other = parse(f"{TRIO}[zookeeper:vars]\nzookeeper_sync_limit=5\n")
    seen = replace(amid(as_wanted(CLUSTER, NODE)), at_work=READ)
    plan = runbook.missing(CHAPTERS, other, other.nodes[0], seen)
    assert "replace zookeeper" in [step.title for step in plan.steps]


def test_status_tells_who_is_at_work_and_calls_that_no_difference() -> None:
    seen = replace(as_wanted(CLUSTER, NODE), at_work=READ)
    plan = runbook.missing(CHAPTERS, CLUSTER, NODE, seen)
    found = status.host(CHAPTERS, CLUSTER, NODE, seen, plan)
    assert (found.at_work, found.drifts) == (READ, False)


def test_a_run_does_not_take_its_own_lease_for_somebody_elses() -> None:
    looks = [{"10.0.0.1": replace(Observed(), at_work=READ)}] * 4
    hosts = FakeHosts(parse("[zookeeper]\n10.0.0.1 myid=1\n"), *looks)
    assert hosts.look([ZOOKEEPER])[0]["10.0.0.1"].at_work == READ
    with lease.held(Run(hosts, [ZOOKEEPER])) as leases:
        seen, _ = leases.look()
        assert seen["10.0.0.1"].at_work is None
        assert hosts.among(["10.0.0.1"]).look([ZOOKEEPER])[0]["10.0.0.1"].at_work is None
    assert hosts.look([ZOOKEEPER])[0]["10.0.0.1"].at_work == READ


def test_a_preflight_says_whose_run_would_refuse_a_deploy_and_says_it_once() -> None:
    seen = replace(as_wanted(CLUSTER, NODE), at_work=READ, busy=True)
    report = judge(CHAPTERS, CLUSTER, {NODE.name: Look(seen, Facts(clock=0), 0, 0)}, {})
    told = [str(one) for one in report.findings if one.check == "lock"]
    assert told == [f"10.0.0.1  error  lock: {READ}. Wait for that run to end."]
    unfit = Facts(clock=0, unfit={"flock": "usage"})  # then nobody knows
    report = judge(CHAPTERS, CLUSTER, {NODE.name: Look(seen, unfit, 0, 0)}, {})
    assert "lock" not in {one.check for one in report.findings}


def test_a_run_that_ends_leaves_an_empty_lease(tmp_path: Path) -> None:
    file = tmp_path / "lease"
    done = run(lease.script("ann", "deploy-cluster", "r1", f"cat {file}\n", str(file)), tmp_path)
    assert b"ann, since" in done.stdout
    assert file.read_text() == ""
