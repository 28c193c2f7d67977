"""Records of runs for the tests of their pages: some as the lab's runs left them, some made up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.plan.availability.course import Gap
from tasks.plan.availability.turns import Taken
from tasks.plan.report.record import Done, Ending, Fared, Planned, Record, Tasks, read

RECORDED = Path(__file__).parent / "recorded_runs"
"""What runs of the lab's tests have left on 1 December 2026. Only who typed them is made up; `budget` and
`last_words`, which such a record has today, were added as the settings of these runs have it."""

CHANGE = "MESOS_GC_DELAY=2days added"
REFUSED = (
    "10.70.1.7  5.2 replace mesos-slave: docker: no space left on device. "
    "Make room in `/var/lib/docker` there, then run again."
)
LEFT = (
    "10.70.1.7  5.2 replace mesos-slave was not seen to finish; its container may be stopped.",
    "Mesos agents, when last asked: 49 of 50 members serve. Not serving: 10.70.1.7.",
    "The next run looks at the hosts again and does what is still missing: replace Mesos agents on "
    "10.70.1.7.",
)


GOES_ON = (
    "The next run looks at the hosts again and does what is still missing: replace ZooKeeper on 10.70.0.12."
)


def recorded(name: str) -> Record:
    """Give the record that a run of the lab has left."""
    return read((RECORDED / f"{name}.json").read_text())


def agents(count: int, name: str = "10.70.{}.{}") -> list[str]:
    """Give the names of so many agents."""
    return [name.format(place // 250 + 1, place % 250 + 1) for place in range(count)]


def _rolled(host: str, start: float) -> Iterator[Done]:
    yield Done(host, "5.2 replace mesos-slave", "5.2", CHANGE, "changed", start, start + 0.8)
    yield Done(host, "5.3 check Mesos agents", "5.3", "", "ok", start + 0.8, start + 1.9)


def rolled(count: int, name: str = "10.70.{}.{}") -> Record:
    """Give a run that has replaced so many agents, one after the other."""
    hosts = agents(count, name)
    effect = "restarts mesos-slave, active; loses 1 task: 1 of /cron"
    return Record(
        *(1, "0.1.0", "deploy-mesos-agent", "deploy-mesos-agent", "ann@desk", "hosts.ini", "mesos"),
        hosts=("10.70.0.10", *hosts),
        began="2026-12-01T01:00:00.000Z",
        seconds=2 * count + 3.0,
        planned=tuple(
            Planned(host, "5.2", "replace mesos-slave", CHANGE, "replace", "restart", effect)
            for host in hosts
        ),
        done=tuple(one for place, host in enumerate(hosts) for one in _rolled(host, 2.0 * place + 1)),
        turns=tuple(
            Taken("replace", "mesos_agent", (host,), False, True, 2.0 * place + 1, 2.0 * place + 2.9)
            for place, host in enumerate(hosts)
        ),
        services=(Fared("Mesos", True, (), 0, True), Fared("Marathon", True, (Gap(2.5, 0.9),), 0, True)),
        tasks=Tasks(2 * count, 0, count, f"{count} of /cron", 0),
        ending=Ending(0, "done"),
    )


def started(count: int) -> Record:
    """Give a first deploy of so many agents, all at once, of which some take longer than others."""
    hosts = agents(count)
    steps = [("1.1", "HOST_IP in /etc/profile"), ("5.2", "pull the image"), ("5.2", "run mesos-slave")]
    done = [
        Done(host, f"{id} {title}", id, "", "changed", at + place % 7 / 9, at + 1 + place / count)
        for place, host in enumerate(hosts)
        for at, (id, title) in zip((0.5, 2.5, 4.0), steps, strict=True)
    ]
    planned = [Planned(host, *each, "not there", "start", "none", "") for host in hosts for each in steps]
    return replace(
        rolled(1), hosts=tuple(hosts), seconds=8.0, planned=tuple(planned), done=tuple(done), turns=(),
        services=(), tasks=None,
    )  # fmt: skip


def _cut(run: Record, moment: float) -> Record:
    """Give the same run, which has ended at this moment."""
    services = [
        replace(one, gaps=tuple(gap for gap in one.gaps if gap.at + gap.seconds < moment))
        for one in run.services
    ]
    turns = tuple(turn for turn in run.turns if turn.start < moment)
    return replace(run, seconds=moment, services=tuple(services), turns=turns)


def failed(run: Record, host: str) -> Record:
    """Give the same run, in which a host's last step has failed and nothing was done afterwards."""
    last = next(one for one in reversed(run.done) if one.host == host and one.outcome == "changed")
    kept = [one for one in run.done if one.end <= last.start]
    ending = Ending(4, "step_failed", (REFUSED,), LEFT)
    return replace(_cut(run, last.end + 1), done=(*kept, replace(last, outcome="failed")), ending=ending)


def interrupted(run: Record, moment: float) -> Record:
    """Give the same run, in which Ctrl-C was typed at this moment."""
    done = [
        replace(one, end=min(one.end, moment), outcome="interrupted" if one.end > moment else one.outcome)
        for one in run.done
        if one.start < moment
    ]
    ending = Ending(130, "interrupted", (), (GOES_ON,))
    return replace(_cut(run, moment), done=tuple(done), ending=ending)


THREE_SERVICES = recorded("three-services")

RECORDS = {
    "three services": THREE_SERVICES,
    "rolled back": recorded("rolled-back"),
    "over budget": recorded("over-budget"),
    "interrupted": interrupted(THREE_SERVICES, 27.9),
    "three agents": rolled(3),
    "failed, fifty agents": failed(rolled(50), "10.70.1.7"),
    "first deploy, fifty agents": started(50),
    "two hundred agents": rolled(200),
    "long names": rolled(4, "mesos-agent-{}-{:03}.a-rather-long-name.eu-west-1.compute.example.net"),
    "names of IPv6": interrupted(rolled(30, "2001:db8:85a3:{}::8a2e:370:{}"), 31.2),
}
