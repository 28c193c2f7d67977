"""How far a run came, and the last words of one that did not do everything: what serves, what comes next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..gate import Standing, Verdict
from ..membership import Plans
from ..names import SERVICES
from ..step import Action, Phase, Step
from ..words import names, share

VERBS: Mapping[Phase, str] = {
    "doors": "close or open the ports of",
    "stage": "prepare",
    "start": "start",
    "replace": "replace",
    "introduce": "replace or hand over",
    "hand over": "hand over",
    "settle": "tidy up on",
}
"""What the next run does in each phase, in their order."""


@dataclass(frozen=True)
class Progress:
    """The plans of a run, which steps were done or are under way by node, and how services stood last.

    A standing is what was heard, without the members that were taken down since; `members` names all
    nodes of each service, none for a run after which there is to be no service. `planned` counts the steps
    that were carried out of any plan, `added` the others, with which a run hands over. `rest` says what goes
    on with it, where no plan tells that. `unwell` is what a gate saw last of a service, until it passes it.
    """

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plans: Plans = field(default_factory=dict)
    done: frozenset[tuple[str, Step]] = frozenset()
    begun: Mapping[str, Step] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    unwell: Mapping[str, str] = field(default_factory=dict)
    acted: bool = False
    planned: int = 0
    added: int = 0
    rest: str = ""

    def begin(self, node: str, step: Step) -> "Progress":
        """Give the progress when `node` begins a step."""
        down = {each: _less(self.standings[each], node) for each in self.standings if _ends(step, each)}
        standings = {**self.standings, **down}
        return replace(self, begun={**self.begun, node: step}, standings=standings, acted=True)

    def end(self, node: str, idle: bool = False) -> "Progress":
        """Give the progress when `node` has carried out the step it began, maybe with nothing to do."""
        step = self.begun[node]
        begun = {name: each for name, each in self.begun.items() if name != node}
        done = self.done | {(node, step)}
        if step.action is Action.PUT_BACK:
            undone = {each for each in self.done if each[0] == node and each[1].id == step.id}
            done -= undone  # but the step that puts back: the run has changed something
        planned = node in self.plans and step in self.plans[node].steps
        counts = self.planned + planned, self.added + (not planned and not idle)
        return replace(self, begun=begun, done=done, planned=counts[0], added=counts[1])

    def hear(self, standings: Mapping[str, Standing]) -> "Progress":
        """Give the progress when services were asked."""
        return replace(self, standings={**self.standings, **standings})

    def judge(self, service: str, verdict: Verdict) -> "Progress":
        """Give the progress when a gate has judged a service."""
        return replace(self, unwell={**self.unwell, service: "" if verdict.passed else verdict.says})

    @property
    def changed(self) -> bool:
        """Tell whether anything was begun that does more than check."""
        return any(step.changes for _, step in self.done) or any(s.changes for s in self.begun.values())

    @property
    def missing(self) -> list[tuple[str, Step]]:
        """What was planned and is not done, by node."""
        planned = [(name, step) for name, plan in self.plans.items() for step in plan.steps]
        return [each for each in planned if each not in self.done]


def _ends(step: Step, service: str) -> bool:
    """Tell whether a step takes its host's member of a service down."""
    own = step.id.service == service and (step.risk != "none" or step.action is Action.STOP)
    return own or step.action is Action.REBOOT


def _less(standing: Standing, node: str) -> Standing:
    leader = None if standing.leader == node else standing.leader
    return replace(standing, serving=standing.serving - {node}, leader=leader)


def last_words(progress: Progress) -> list[str]:
    """Say what state a run has left behind; nothing if it has begun nothing."""
    if not progress.acted:
        return []
    return [
        *_under_way(progress),
        *(_service(progress, service) for service in SERVICES if _concerns(progress, service)),
        _next_run(progress),
    ]


def _under_way(progress: Progress) -> Iterator[str]:
    for node, step in progress.begun.items():
        stopped = "; its container may be stopped" if step.phase not in ("stage", "settle") else ""
        yield f"{node}  {step.id} {step.title} was not seen to finish{stopped}."


def _concerns(progress: Progress, service: str) -> bool:
    """Tell whether a run had something to do for a service, or has left it with members missing."""
    standing = progress.standings.get(service)
    short = standing is not None and len(standing.serving) < standing.total
    planned = (step.id.service for plan in progress.plans.values() for step in plan.steps)
    return short or (service in progress.members and service in planned)


def _service(progress: Progress, service: str) -> str:
    standing = progress.standings.get(service)
    told = [_standing(progress, service, standing)] if standing else [f"{SERVICES[service]} was not asked."]
    for phase in ("start", "replace", "introduce", "hand over"):
        text = "not started" if phase == "start" else "not replaced"
        if waiting := _only_prepared(progress, service, phase):
            told.append(f"Only prepared, {text}: {names(waiting)}.")
    return " ".join(told)


def _standing(progress: Progress, service: str, standing: Standing) -> str:
    if (unwell := progress.unwell.get(service)) and len(standing.serving) == standing.total:
        count = share(standing.total, standing.total, "members", "answers", "answer")
        return f"{SERVICES[service]}, when last asked: {count}, but it is not well: {unwell}."
    count = share(len(standing.serving), standing.total, "members", "serves", "serve")
    leads = f", {standing.leader} leads" if standing.leader in standing.serving else ""
    absent = [name for name in progress.members.get(service, ()) if name not in standing.serving]
    silent = f" Not serving: {names(absent)}." if absent else ""
    return f"{SERVICES[service]}, when last asked: {count}{leads}{_margin(standing)}.{silent}"


def _margin(standing: Standing) -> str:
    """Say what one more failure would cost a service whose members need each other."""
    spare = len(standing.serving) - standing.majority
    if not standing.majority:
        return ""
    if spare < 0:
        return f"; {standing.majority} must, so the service is down"
    if spare == 0:
        return "; one more failure stops the service"
    return f"; the service survives {spare} more failure{'' if spare == 1 else 's'}"


def _only_prepared(progress: Progress, service: str, phase: Phase | str) -> list[str]:
    """Give the nodes whose member has its steps of the phase before it, and still waits for this one."""
    staged = {node for node, step in progress.done if step.phase == "stage" and step.id.service == service}
    waits = [node for node, step in progress.missing if step.phase == phase and step.id.service == service]
    return [node for node in dict.fromkeys(waits) if node in staged and node not in progress.begun]


def _next_run(progress: Progress) -> str:
    if progress.rest:
        return progress.rest
    missing = progress.missing
    rest = [
        f"{verb} {what} on {names(nodes)}" if what else f"{verb} {names(nodes)}"
        for phase, verb in VERBS.items()
        for what, nodes in _by_service(missing, phase)
    ]
    if not rest:
        again = "; the next run checks again that all services are well" if progress.members else ""
        return f"Every step was carried out{again}."
    return f"The next run looks at the hosts again and does what is still missing: {'; '.join(rest)}."


def _by_service(missing: Iterable[tuple[str, Step]], phase: Phase) -> list[tuple[str, list[str]]]:
    """Group what is missing of a phase: by service where members change, all together elsewhere."""
    found: dict[str, dict[str, None]] = {}
    for node, step in missing:
        if step.phase == phase:
            what = "" if phase in ("stage", "settle") else SERVICES.get(step.id.service, "")
            found.setdefault(what, {})[node] = None
    return [(what, list(nodes)) for what, nodes in found.items()]
