"""What to ask the cluster's services all the time while it is changed, and how their answers are read."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from ...inventory.credentials import OPERATOR
from .. import http
from ..shell import quote

PACE = 0.1
"""Seconds between two rounds of questions."""

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

HEALTH = http.post("/api/v1", '{"type":"GET_HEALTH"}').encode()
OK = b"HTTP/1.1 200"

ASKING = f"""\
ask() {{ # ask MEMBER REQUEST, which no program is given as an argument: what comes back, in base64
  if command -v bash >/dev/null; then
    printf %b "$2" |
      timeout $patience bash -c 'exec 3<>"/dev/tcp/$0" && cat >&3 && base64 -w0 <&3' "$1" 2>/dev/null
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
    budget: float | None = None

    @property
    def budget_name(self) -> str:
        """The setting of its budget."""
        return f"{self.name.lower()}_gap_budget"


@dataclass(frozen=True)
class Sample:
    """When a round of questions ended, in seconds, and who led then; "" if nobody answered as wanted."""

    at: float
    leader: str


def services(cluster: Cluster, foretold: Collection[str] = ()) -> tuple[Service, ...]:
    """Give the services that the inventory has; those with a gap `foretold` have no budget by default."""
    s = cluster.settings
    zookeepers = (f"{n.address}/{n.settings.zookeeper_client_port}" for n in cluster.having("zookeeper"))
    marathons = (f"{n.address}/{n.settings.marathon_port}" for n in cluster.having("marathon"))
    every = (
        Service(
            name="ZooKeeper",
            does="accepted writes",
            members=tuple(zookeepers),
            request=OPEN_AND_CLOSE,
            good=SESSION_OPENED,
            leader=_epoch,
            budget=s.zookeeper_gap_budget,
        ),
        Service(
            name="Mesos",
            does="had a leading master",
            members=_masters(cluster),
            request=HEALTH,
            good=OK,
            leader=_whoever_answers,
            budget=s.mesos_gap_budget,
        ),
        Service(
            name="Marathon",
            does="answered",
            members=tuple(marathons),
            request=http.get("/v2/leader").encode(),
            good=OK,
            leader=_named,
            budget=s.marathon_gap_budget,
        ),
    )
    return tuple(
        service if service.name in foretold else _with_budget(service) for service in every if service.members
    )


BUDGETS = {"ZooKeeper": 3.0, "Mesos": 3.0, "Marathon": 8.0}
"""What hosts.ini allows, in seconds, where it says nothing and another member can take over meanwhile."""


def _with_budget(service: Service) -> Service:
    if service.budget is not None or len(service.members) == 1:
        return service
    return replace(service, budget=BUDGETS[service.name])


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
    return http.text(http.table(http.read(answer.decode(errors="replace")).json).get("leader"))


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
    """Leave the words that stand for a password as they are: they are replaced where this is sent."""
    words = OPERATOR.encode()
    parts = ("".join(f"\\0{byte:03o}" for byte in part) for part in data.split(words))
    return OPERATOR.join(parts)


LINE = re.compile(r"([0-9]{1,3}) ([0-9]{1,12}(?:\.[0-9]{1,6})?)(?: (\S+) (\S+)| ?)", re.ASCII)


def read(line: str, asked: Sequence[Service]) -> tuple[Service, Sample, bytes] | None:
    """Read a line of the script: who was asked, what that shows, the answer; None for any other line."""
    told = LINE.fullmatch(line)
    if told is None:
        return None
    place, at, member, answered = told.groups(default="")
    try:
        service, answer = asked[int(place)], b64decode(answered, validate=True)
        return service, Sample(float(at), service.leader(member, answer) if member else ""), answer
    except (ValueError, IndexError):
        return None
