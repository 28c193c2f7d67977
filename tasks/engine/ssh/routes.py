"""Which hosts a connection goes through: every hop by its own settings, as ssh does it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

from ...errors import BadInput
from . import jump
from .settings import Question, Settings

MOST_HOPS = 8
"""Hosts that one connection may go through; a ProxyJump with %h in it may make up ever more."""


@dataclass(frozen=True)
class Route:
    """How one host is reached, and through which other one, if any; a bastion is one of the others."""

    settings: Settings
    via: "Route | None" = None
    to_bastion: bool = False


class Routes:
    """The routes of a run. Each distinct question is put once, whoever else waits for its answer."""

    def __init__(self, ask: Callable[[Question], Settings]) -> None:
        self._ask = ask
        self._answers: dict[Question, Future[Settings]] = {}
        self._lock = Lock()

    def to(self, question: Question, behind: tuple[Settings, ...] = ()) -> Route:
        """Give the route to a host. Raises BadInput."""
        settings = self._answer(question)
        _refuse_circles((*behind, settings))
        if not settings.jump:
            return Route(settings, to_bastion=bool(behind))
        try:
            hop, rest = jump.last(settings.jump)
        except jump.BadJump as error:
            raise BadInput(
                f"ssh_config: ProxyJump {settings.jump!r} for {settings.name}: {str(error)!r} is no host. "
                "Write [user@]host[:port] or ssh://[user@]host[:port], with commas between hosts."
            ) from None
        onward = Question(hop.host, hop.user, hop.port, shared_keys=question.shared_keys, jump=rest)
        return Route(settings, self.to(onward, (*behind, settings)), bool(behind))

    def _answer(self, question: Question) -> Settings:
        with self._lock:
            asked = question in self._answers
            future = self._answers.setdefault(question, Future())
        if not asked:
            try:
                future.set_result(self._ask(question))
            except BaseException as error:
                future.set_exception(error)
        return future.result()


def _refuse_circles(way: tuple[Settings, ...]) -> None:
    """Refuse a way that comes to one host twice, or that grows without an end. Raises BadInput.

    Names are compared, as ssh does it: one address may be two machines, as 127.0.0.1 is behind a bastion.
    """
    ends = [(each.name, each.port, each.user) for each in way]
    circle = ends[-1] in ends[:-1]
    if circle or len(way) > MOST_HOPS + 1:
        names = " -> ".join(each.name for each in way[: MOST_HOPS + 2])
        what = "goes in a circle" if circle else f"leads through more than {MOST_HOPS} hosts"
        raise BadInput(
            f"ssh_config: ProxyJump {what}: {names}. Give the bastion a block of its own before the others, "
            "with `ProxyJump none`."
        )
