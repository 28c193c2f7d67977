"""What the suite's tests share: the node behind a host, and a report in sentences."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.printable import printable

from .arrival import BUSY, UNJUDGED, Why, arrive, at_work, lost
from .chosen import Chosen
from .evidence import MEASURED, NOTED, WITNESS, kept
from .findings import fail, refuse, sentences
from .folding import told
from .journeys import JOURNEYS
from .plugin import cluster_of
from .reach import Lost
from .selection import hosts_of, told_left_out

# It warns of every connection that fails, which is what the suite's own sentences are about.
logging.getLogger("kazoo").setLevel(logging.CRITICAL)


@pytest.fixture(scope="session", autouse=True)
def unjudged(request: pytest.FixtureRequest, cluster: Cluster) -> dict[str, Why]:
    """Log in to every host that a check asks, before the first; fails if a run is at work on one of them."""
    hosts = hosts_of(request.session.items)
    found = arrive(hosts, min(len(hosts), cluster.settings.parallel) or 1)
    request.config.stash[UNJUDGED] = found
    busy = list(at_work(found))
    request.config.stash[BUSY] = tuple(printable(str(one)) for one in busy)
    refuse(busy)
    return found


@pytest.fixture
def node(host: Host, cluster: Cluster, unjudged: Mapping[str, Why]) -> Node:
    """The inventory's node that `host` is; fails if it cannot be judged."""
    name = host.backend.get_hostname()
    if why := unjudged.get(name):
        fail(name, why.seen, why.wanted, why.remedy)
    found = cluster.called(name)
    assert found is not None, f"{name} is not in {cluster.source}"
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Have a host that is lost while something is prepared be a finding."""
    with _losses_told(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Have a host that is lost in mid-test be a finding."""
    with _losses_told(item.config):
        return (yield)


@contextmanager
def _losses_told(config: pytest.Config) -> Iterator[None]:
    """Make a finding of a host that is lost, now and for every test to come."""
    try:
        yield
    except Lost as error:
        why = Why(f"it was reached, and is lost since: {error.why}")
        config.stash.setdefault(UNJUDGED, {})[error.host] = why
        fail(error.host, why.seen, why.wanted, why.remedy)


@pytest.fixture(scope="session", autouse=True)
def journeys(
    request: pytest.FixtureRequest, cluster: Cluster, chosen: Chosen, unjudged: Mapping[str, Why]
) -> Iterator[Mapping[str, Future[None]]]:
    """Begin the chosen journeys, all at once, before the first check; give them by their tests' names.

    One that no agent could run is left out.
    """
    named = [item.name for item in request.session.items if item.get_closest_marker("journey")]
    possible = [name for name in named if not JOURNEYS[name].obstacle(cluster)]
    witness = request.config.stash.get(WITNESS, None)

    def travel(name: str) -> None:
        with kept(witness, name):
            JOURNEYS[name].travel(chosen)

    with ThreadPoolExecutor(max_workers=len(JOURNEYS)) as pool:
        yield {name: pool.submit(travel, name) for name in possible}


@pytest.fixture
def measured(pytestconfig: pytest.Config) -> Callable[[str, float], None]:
    """Keep a time that was measured, to be printed at the end."""
    times = pytestconfig.stash.setdefault(MEASURED, [])
    return lambda what, seconds: times.append((what, seconds))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Print every finding once, with the checks that it fails; then notes, what was left out, and times."""
    checks: dict[str, list[str]] = {}
    for outcome in ("failed", "error"):
        for report in terminalreporter.getreports(outcome):
            check = report.nodeid.rpartition("::")[2].partition("[")[0]
            for sentence in sentences(report):
                checks.setdefault(printable(sentence), []).append(check)
    if checks:
        terminalreporter.section("what is wrong")
        _write_findings(terminalreporter, config, checks)
    for line in config.stash.get(NOTED, {}):
        terminalreporter.write_line(printable(line), yellow=True)
    asked = exitstatus != pytest.ExitCode.USAGE_ERROR
    if asked and (told := told_left_out(config, cluster_of(config))):
        terminalreporter.write_line(told, yellow=True)
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    for why, count in sorted(skipped.items()):
        told = f"{count} skipped, not checked: {printable(why.removeprefix('Skipped: '))}"
        terminalreporter.write_line(told, yellow=True)
    for what, seconds in config.stash.get(MEASURED, []):
        terminalreporter.write_line(f"{what}: {seconds:.1f} s")


def _write_findings(
    terminal: pytest.TerminalReporter, config: pytest.Config, checks: Mapping[str, Sequence[str]]
) -> None:
    unjudged = config.stash.get(UNJUDGED, dict[str, Why]())
    for one in told(checks, lost(unjudged), cluster_of(config).called):
        terminal.write_line(one.sentence)
        for seen in one.besides:
            terminal.write_line(f"    besides: {seen}")
        names = ", ".join(dict.fromkeys(one.checks))
        which = "every check" if one.sentence in config.stash.get(BUSY, ()) else names
        terminal.write_line(f"    fails {which}", cyan=True)
