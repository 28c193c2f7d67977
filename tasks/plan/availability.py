"""How the cluster's services fare while it is changed: what to ask them all the time, and what follows.

A service is up if any member answers as it should, since a client tries them all, too:

- ZooKeeper commits a write. A session is opened and closed: both go through the quorum's log
  (PrepRequestProcessor.java: createSession, closeSession), and nothing is left behind. The last reply
  carries the zxid, whose upper half is the epoch: every new leader begins a new one.
- A Mesos master leads and has finished its recovery (/api/v1, GET_HEALTH; the others point elsewhere).
- A Marathon answers /v2/leader. Only the leader does, whoever is asked; standbys forward.

Whether a task was lost needs no watching: its id lives once (Mesos 1.5.0), so it is enough to know
what ran before and what became of it. All times are those of one clock, the asking host's.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..inventory.cluster import Cluster
from . import http
from .shell import quote

PACE = 0.1
"""Seconds between two rounds of questions."""

RESOLUTION = 0.5
"""Seconds between two good answers that are no gap yet, if nothing failed between them."""

ROUNDS = 1_000_000
"""After so many rounds the script ends by itself, even if nobody listens any more."""

OPEN_AND_CLOSE = bytes.fromhex(
    "0000002d"  # the length of a ConnectRequest (zookeeper.jute) of
    "00000000 0000000000000000"  # protocol version 0, no zxid seen
    "00000fa0 0000000000000000"  # a timeout of 4000 ms, a new session
    "00000010 00000000000000000000000000000000"  # without a password
    "00"  # that may write
    "00000008 00000001 fffffff5"  # the length of a RequestHeader: the first one, closeSession
)
SESSION_OPENED = bytes.fromhex("00000025 0000")
"""How a ConnectResponse begins: its length and its protocol version."""

HEALTH = (
    b"POST /api/v1 HTTP/1.0\r\nHost: mesofab\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\nConnection: close\r\n\r\n{"type":"GET_HEALTH"}'
)
OK = b"HTTP/1.1 200"

ASKING = f"""\
ask() {{ # ask MEMBER REQUEST: what comes back, in base64; bash has TCP built in, else nc
  if command -v bash >/dev/null; then
    timeout $patience bash -c 'exec 3<>"/dev/tcp/$0" && printf %b "$1" >&3 && base64 -w0 <&3' "$@" 2>/dev/null
  else
    printf %b "$2" | timeout $patience nc "${{1%/*}}" "${{1#*/}}" | base64 -w0
  fi
}}
watch() {{ # watch SERVICE REQUEST GOOD MEMBER...: ask one after another, first whoever answered last
  service=$1 request=$2 good=$3; shift 3
  while [ $rounds -gt 0 ]; do
    tries=$#
    while [ $tries -gt 0 ]; do
      said=$(ask "$1" "$request")
      case $said in "$good"*) break;; esac
      said= failing=$1 tries=$((tries - 1)); shift; set -- "$@" "$failing"
    done
    read -r now rest </proc/uptime
    echo "$service $now ${{said:+$1 $said}}" || exit 0
    rounds=$((rounds - 1)); sleep {PACE}
  done
}}
"""


@dataclass(frozen=True)
class Service:
    """What to ask a service's members (`address/port`), how a good answer begins, who leads by it.

    `does` says what it does while it is up; `budget` is how many seconds it may fail to at a time,
    which hosts.ini sets as `budget_name`.
    """

    name: str
    does: str
    members: tuple[str, ...]
    request: bytes
    good: bytes
    leader: Callable[[str, bytes], str]
    budget_name: str = ""
    budget: float | None = None


@dataclass(frozen=True)
class Sample:
    """When a round of questions ended, in seconds, and who led then; "" if nobody answered as wanted."""

    at: float
    leader: str


@dataclass(frozen=True)
class Course:
    """How a service fared: its gaps in seconds, how often its leader changed, whether it is up at the end."""

    gaps: tuple[float, ...]
    changes: int
    up: bool

    @property
    def longest(self) -> float:
        """The longest gap, 0 if there was none."""
        return max(self.gaps, default=0.0)


def services(cluster: Cluster) -> tuple[Service, ...]:
    """Give the services that the inventory has."""
    s = cluster.settings
    zookeepers = (f"{n.address}/{n.settings.zookeeper_client_port}" for n in cluster.having("zookeeper"))
    marathons = (f"{n.address}/{n.settings.marathon_port}" for n in cluster.having("marathon"))
    every = (
        Service(
            name="ZooKeeper",
            does="took writes",
            members=tuple(zookeepers),
            request=OPEN_AND_CLOSE,
            good=SESSION_OPENED,
            leader=_epoch,
            budget_name="zookeeper_gap_budget",
            budget=s.zookeeper_gap_budget,
        ),
        Service(
            name="Mesos",
            does="had a leading master",
            members=_masters(cluster),
            request=HEALTH,
            good=OK,
            leader=_whoever_answers,
            budget_name="mesos_gap_budget",
            budget=s.mesos_gap_budget,
        ),
        Service(
            name="Marathon",
            does="answered",
            members=tuple(marathons),
            request=http.get("/v2/leader").encode(),
            good=OK,
            leader=_named,
            budget_name="marathon_gap_budget",
            budget=s.marathon_gap_budget,
        ),
    )
    return tuple(service for service in every if service.members)


def listing(cluster: Cluster) -> Service:
    """Give the question for all tasks that the leading master knows, ended ones with them."""
    request = http.get("/tasks?limit=1000000").encode()
    return Service("Tasks", "ran", _masters(cluster), request, OK, _whoever_answers)


def _masters(cluster: Cluster) -> tuple[str, ...]:
    return tuple(f"{n.address}/{n.settings.mesos_master_port}" for n in cluster.having("mesos_master"))


def _whoever_answers(member: str, answer: bytes) -> str:
    return member


def _epoch(member: str, answer: bytes) -> str:
    """Read the epoch from the reply to closeSession, which follows the 41 bytes of the ConnectResponse."""
    return answer[49:53].hex() if len(answer) >= 61 else ""


def _named(member: str, answer: bytes) -> str:
    said = http.read(answer.decode(errors="replace")).json
    return str(said.get("leader") or "") if isinstance(said, dict) else ""


def script(asked: Sequence[Service], rounds: int = ROUNDS, patience: int = 1) -> str:
    """Give the script that asks all of them at once, so that none has to wait for another.

    A line is `SERVICE SECONDS [MEMBER ANSWER]`: its place among `asked`, the host's own uptime, and
    who answered what, if somebody did within `patience` seconds.
    """
    watches = [
        f"watch {place} {quote(_escaped(service.request))} {b64encode(service.good).decode()} "
        f"{' '.join(map(quote, service.members))} &\n"
        for place, service in enumerate(asked)
    ]
    head = f"export LC_ALL=C\nrounds={rounds} patience={patience}\n"
    return f"{head}{ASKING}{{\n{''.join(watches)}wait\n}} </dev/null\n"


def _escaped(data: bytes) -> str:
    return "".join(f"\\0{byte:03o}" for byte in data)


def read(line: str, asked: Sequence[Service]) -> tuple[Service, Sample, bytes] | None:
    """Read a line of the script: who was asked, what that shows, the answer; None for any other line."""
    try:
        place, at, *answered = line.split()
        service = asked[int(place)]
        member, answer = (answered[0], b64decode(answered[1], validate=True)) if answered else ("", b"")
        return service, Sample(float(at), service.leader(member, answer) if answered else ""), answer
    except (ValueError, IndexError):
        return None


def course(samples: Sequence[Sample]) -> Course | None:
    """Tell how a service fared; None if it was not up at first, so that there is nothing to measure.

    A gap lasts from the last good answer before it to the first one after it.
    """
    if not samples or not samples[0].leader:
        return None
    gaps, changes, last, failed = [], 0, samples[0], False
    for sample in samples[1:]:
        if not sample.leader:
            failed = True
            continue
        if failed or sample.at - last.at > RESOLUTION:
            gaps.append(sample.at - last.at)
        changes += sample.leader != last.leader
        last, failed = sample, False
    if failed:
        gaps.append(samples[-1].at - last.at)
    return Course(tuple(gaps), changes, up=not failed)


def told(service: Service, fared: Course | None) -> str:
    """Say in one line how a service fared."""
    if fared is None:
        return f"{service.name} was not measured: nobody answered when the change began."
    changes = f"{fared.changes or 'no'} change{'s' if fared.changes > 1 else ''} of leader"
    return f"{service.name} {service.does} all the time{_but(fared)}; {changes}."


def _but(fared: Course) -> str:
    if not fared.gaps:
        return ""
    several = f"{len(fared.gaps)} gaps, the longest " if len(fared.gaps) > 1 else ""
    return f" but for {several}{fared.longest:.1f} s{'' if fared.up else ', and not at the end'}"


def excess(service: Service, fared: Course | None) -> str:
    """Say by how much a service's longest gap is over its budget; "" if it is not."""
    if fared is None or service.budget is None or fared.longest <= service.budget:
        return ""
    return (
        f"{service.name}'s longest gap was {fared.longest:.2f} s, "
        f"and {service.budget_name} allows {service.budget:g} s"
    )


@dataclass(frozen=True)
class Fates:
    """What became of the tasks that ran at first: still running, ended as somebody wished, or lost.

    `hope` tells whether some of the lost may turn up yet: their agent may still have to register again.
    """

    running: frozenset[str]
    ended: frozenset[str]
    lost: frozenset[str]
    hope: bool = False

    def __str__(self) -> str:
        total = len(self.running) + len(self.ended) + len(self.lost)
        if not total:
            return "Tasks: none ran when the change began."
        ended = f", {len(self.ended)} finished or killed" if self.ended else ""
        names = f": {', '.join(sorted(self.lost)[:5])}" if self.lost else ""
        return f"Tasks: {len(self.running)} of {total} run on{ended}, {len(self.lost)} lost{names}."


def told_of_tasks(before: Mapping[str, str] | None, fates: Fates | None) -> str:
    """Say in one line what became of the tasks, or that nobody could tell."""
    if before is None or fates is None:
        when = "when the change began" if before is None else "at the end"
        return f"Tasks were not counted: no leading master listed them {when}."
    return str(fates)


def excess_of_tasks(fates: Fates | None, budget: int | None) -> str:
    """Say by how many the lost tasks are over their budget; "" if they are not."""
    if fates is None or budget is None or len(fates.lost) <= budget:
        return ""
    return f"{len(fates.lost)} tasks were lost, and lost_tasks_budget allows {budget}"


def tasks(output: str, asked: Service) -> dict[str, str] | None:
    """Read the state of every task from what the script said of `listing`; None if no leader answered."""
    for line in output.splitlines():
        answer = read(line, [asked])
        if answer and answer[1].leader:
            said = http.read(answer[2].decode(errors="replace")).json
            listed = said.get("tasks") if isinstance(said, dict) else None
            return {
                str(task.get("id")): str(task.get("state")) for task in listed or () if isinstance(task, dict)
            }
    return None


def fates(before: Mapping[str, str], after: Mapping[str, str]) -> Fates:
    """Tell what became of the tasks that ran before.

    One that finished or was killed ended as it or somebody wished. One that no master remembers
    counts as lost.
    """
    ran = [id for id, state in before.items() if state == "TASK_RUNNING"]
    running = frozenset(id for id in ran if after.get(id) == "TASK_RUNNING")
    ended = frozenset(id for id in ran if after.get(id) in ("TASK_FINISHED", "TASK_KILLING", "TASK_KILLED"))
    lost = frozenset(ran) - running - ended
    return Fates(running, ended, lost, any(after.get(id) in (None, "TASK_UNREACHABLE") for id in lost))
