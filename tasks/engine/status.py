"""What runs where and whether it is well, asked once."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..errors import Degraded, Drift, OperatorError, Unreachable
from ..plan import runbook
from ..plan.compare.listening import as_it_runs
from ..plan.gate import Answers
from ..plan.look.observed import Observed
from ..plan.report import status
from ..plan.report.differing import REFUSED, differences, how_many
from ..plan.report.reach import reaching
from ..plan.report.status import Service, Status
from ..plan.runbook import CHAPTERS, MESOS_AGENT, MESOS_MASTER, Chapter
from ..plan.words import capitalized, names
from . import gates, moments
from .hosts import Hosts
from .strangers import asked


def look_around(hosts: Hosts) -> Status:
    """Look at every host once and judge each service by what its members said."""
    looked_at = moments.now()
    return judged(hosts, *hosts.look(CHAPTERS), looked_at)


def judged(
    hosts: Hosts, seen: Mapping[str, Observed], lost: Mapping[str, OperatorError], looked_at: str
) -> Status:
    """Judge what was seen of the hosts that are not lost, and what their services say."""
    looked = [node for node in hosts.nodes if node.name in seen]
    plans = runbook.plans(CHAPTERS, hosts.cluster, looked, seen)
    hosts, seen = _as_they_run(hosts, seen)
    seen = asked(hosts, CHAPTERS, seen)
    found = [
        status.unreachable(CHAPTERS, hosts.cluster, node, str(lost[node.name]))
        if node.name in lost
        else status.host(CHAPTERS, hosts.cluster, node, seen[node.name], plans[node.name])
        for node in hosts.nodes
    ]
    services = [chapter for chapter in CHAPTERS if chapter.members and hosts.members(chapter)]
    with ThreadPoolExecutor() as pool:  # a host that is lost costs every question its time
        heard = dict(
            zip(services, pool.map(lambda chapter: _ask(hosts, chapter, seen), services), strict=True)
        )
    masters = heard[MESOS_MASTER][1] if MESOS_MASTER in heard else {}
    return Status(
        source=hosts.cluster.source,
        looked_at=looked_at,
        hosts=tuple(found),
        services=tuple(service for service, _ in heard.values()),
        master=status.leading_master(masters),
        strangers=tuple(runbook.strangers(CHAPTERS, hosts.cluster, seen)),
    )


def _as_they_run(hosts: Hosts, seen: Mapping[str, Observed]) -> tuple[Hosts, Mapping[str, Observed]]:
    """Ask services where they listen, if hosts.ini has other ports for them by now: that is no failure."""
    cluster = hosts.cluster
    running = as_it_runs(cluster, seen, lambda node: runbook.containers(CHAPTERS, cluster, node))
    if running is cluster:
        return hosts, seen
    there = hosts.under(running)
    try:
        said = gates.ask_once(there.among(seen), gates.services(there))
    except OperatorError:
        return there, seen
    return there, {
        name: replace(each, answers={**each.answers, **_heard(said, name)}) for name, each in seen.items()
    }


def _heard(said: gates.Said, name: str) -> dict[str, str]:
    return {
        f"{chapter.role} {word}": text
        for chapter, answers in said.items()
        for word, text in answers.get(name, {}).items()
    }


def _ask(
    hosts: Hosts, chapter: Chapter, seen: Mapping[str, Observed]
) -> tuple[Service, Mapping[str, Answers]]:
    """Judge a service by what its members say; a host that is lost meanwhile is part of the answer."""
    needed = hosts.members(chapter)
    if not needed & seen.keys():
        return status.unheard(chapter, hosts.cluster, "no host of it can be reached"), {}
    try:
        said = gates.answers(hosts.among(seen), chapter, seen)
    except OperatorError as error:
        return status.unheard(chapter, hosts.cluster, str(error)), {}
    service = status.service(chapter, hosts.cluster, said, needed)
    if chapter is MESOS_AGENT:
        service = replace(service, verdict=reaching(hosts.cluster, seen, service.verdict))
    return service, said


def raise_unless_ok(seen: Status) -> None:
    """Raise what the status amounts to, or nothing if all is as wanted."""
    if error := outcome(seen):
        raise error


def outcome(seen: Status) -> OperatorError | None:
    """Give what the status amounts to: Unreachable, Degraded, Drift, or None if all is as wanted."""
    match seen.state:
        case "unreachable":
            return Unreachable("\n".join(host.trouble for host in seen.hosts if host.trouble))
        case "degraded":
            return Degraded(_degraded(seen))
        case "drift":
            return Drift(" ".join(_drift(seen)))
        case "ok":
            return None


def _degraded(seen: Status) -> str:
    """Say what is down, and of each service that is not well what of it still works."""
    down = f": {', '.join(seen.down)}" if seen.down else ""
    ill = "".join(f" {each.title}: {each.verdict.says}." for each in seen.services if not each.verdict.passed)
    return f"The cluster is degraded{down}.{ill} {_what_a_deploy_does(seen)}"


def _what_a_deploy_does(seen: Status) -> str:
    if any(host.blocked for host in seen.hosts):
        return f"{capitalized(REFUSED)}."
    if any(host.drifts for host in seen.hosts):
        return "`fab plan` shows what a deploy would fix."
    return f"A deploy would find nothing to change. {gates.SEARCH}"


def _drift(seen: Status) -> Iterator[str]:
    """Say what differs, the first of it by name, that it stops no service now, and who is not named."""
    if told := differences(seen):
        several = (number := how_many(seen)) > 1
        count = f"{number} things differ" if several else "one thing differs"
        yield f"Every service is well, but {count} from {seen.source}{', the first is' if several else ''}:"
        yield f"{told[0]}. No service is down because of it now; it can matter when something restarts."
        refused = any(host.blocked for host in seen.hosts)
        yield f"{capitalized(REFUSED)}." if refused else "`fab plan` shows what a deploy would change."
    if strangers := names(dict.fromkeys(one.host for one in seen.strangers)):
        yield f"{'A' if told else 'Every service is well, but a'} member that {seen.source} does not name,"
        yield f"or has in [removed], takes part on {strangers}. `fab plan` tells what to do about it."
