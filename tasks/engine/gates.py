"""Ask services, again and again, until they are well or a stated time is over."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from ..errors import GateNotReached, OperatorError
from ..inventory.cluster import Cluster, Node
from ..plan import roll
from ..plan.gate import Answers, Members, Question, Questionnaire, Standing, Verdict
from ..plan.look.observed import Observed
from ..plan.report.reach import reaching
from ..plan.roll import Member, Standings, Turn
from ..plan.runbook import CHAPTERS, MESOS_AGENT, NAMED, Chapter
from ..plan.words import capitalized, share
from .asking import PAUSE, Heard
from .hosts import Hosts

SETTLING = 30
"""Seconds that members may take to come back before a change that needs them is refused."""

SEARCH = "`fab preflight` looks for what keeps it so, such as a closed port."
"""What to do about a service that is not well although all its members are as wanted."""

Judge = Callable[[Cluster, Mapping[str, Answers], frozenset[str]], Verdict]
"""What makes a verdict of the answers; the members that must be well are named."""

Said = Mapping[Chapter, Mapping[str, Answers]]
"""What the members of several services said, by node name."""


def reach(hosts: Hosts, chapter: Chapter, needed: frozenset[str], judge: Judge | None = None) -> Verdict:
    """Wait until the chapter's service is well; the members in `needed` must be.

    `judge` takes the place of the service's own verdict. Raises GateNotReached with the last thing seen.
    """
    judge = judge or _members(chapter).verdict
    vantage = _vantage(hosts, [chapter])
    verdict = _await(hosts, chapter, vantage, needed, lambda answers: judge(hosts.cluster, answers, needed))
    if not verdict.passed:
        (name,) = chapter.containers(hosts.cluster, vantage)
        look = f"Look at `docker logs {name}` there."
        raise _not_well(hosts, chapter, verdict, f"{_beneath(hosts, chapter) or look} {SEARCH}")
    return verdict


def _beneath(hosts: Hosts, chapter: Chapter) -> str:
    """Ask once what the service leans on; say what of that does not stand and what brings it up, or ""."""
    lower = [each for each in services(hosts) if each.rank < chapter.rank]
    with suppress(OperatorError):
        for service, stands in standings_now(hosts, lower).items():
            if not stands.stands:
                some = share(len(stands.serving), stands.total, "members", "serves", "serve")
                task = f"fab deploy-{service.replace('_', '-')}"
                lame = f"It leans on {NAMED[service].title}, of which {some}"
                return f"{lame}: `{task}` runs what is missing there."
    return ""


def reach_member(hosts: Hosts, chapter: Chapter, node: Node) -> None:
    """Wait until one member serves again, whatever the others do. Raises GateNotReached."""

    def judge(answers: Mapping[str, Answers]) -> Verdict:
        if node.name in _standing(hosts, chapter, answers).serving:
            return Verdict(True, f"{node.name} serves")
        return _members(chapter).verdict(hosts.cluster, answers, frozenset({node.name}))

    verdict = _await(hosts, chapter, node, {node.name}, judge)
    if not verdict.passed:
        raise _not_well(hosts, chapter, verdict, "Its log there shows why.", node.name)


def _not_well(
    hosts: Hosts, chapter: Chapter, verdict: Verdict, remedy: str, host: str = ""
) -> GateNotReached:
    seen = f"not well after {hosts.cluster.settings.gate_timeout} s: {verdict.says}"
    return GateNotReached(seen, _closed(hosts) or remedy, host, f"{chapter.gate} {chapter.title}")


def _closed(hosts: Hosts) -> str:
    """Repeat which ports this run's preflight has found closed: its warnings are far above by now."""
    told = hosts.journal.closed
    return "\n".join(["The preflight of this run has found what may keep it so:", *told]) if told else ""


def _await(
    hosts: Hosts,
    chapter: Chapter,
    vantage: Node,
    needed: Collection[str],
    judge: Callable[[Mapping[str, Answers]], Verdict],
) -> Verdict:
    """Ask until the judgement is good or the time is over; GateNotReached if waiting cannot help."""
    from .dead_ends import DeadEnds

    last, dead = Verdict(False, "nothing was seen yet"), None
    ends = DeadEnds(hosts, chapter, needed)

    def enough(said: Said) -> bool:
        nonlocal last, dead
        last = judge(said[chapter])
        hosts.journal.judge(chapter.service, last)
        hosts.console.alive(vantage.name, last.says)
        dead = None if last.passed else ends.found()
        return last.passed or dead is not None

    hosts.console.begin(vantage.name, f"{chapter.gate} check {chapter.title}", chapter.gate)
    _ask(hosts, [chapter], vantage, hosts.cluster.settings.gate_timeout, enough)
    hosts.console.end(vantage.name, "ok" if last.passed else "failed")
    if dead:
        name, trouble = dead
        remedy = f"{capitalized(trouble.remedy)}."
        raise GateNotReached(trouble.seen, remedy, name, f"{chapter.gate} {trouble.container}")
    return last


def judge_by(hosts: Hosts, chapter: Chapter, seen: Mapping[str, Observed], needed: frozenset[str]) -> Verdict:
    """Judge a service by what its members say."""
    verdict = _members(chapter).verdict(hosts.cluster, answers(hosts, chapter, seen), needed)
    return verdict if verdict.passed or chapter is not MESOS_AGENT else reaching(hosts.cluster, seen, verdict)


def answers(hosts: Hosts, chapter: Chapter, seen: Mapping[str, Observed]) -> Mapping[str, Answers]:
    """Give what a look heard of a service; if only some of its hosts are in this run, ask them all."""
    if not hosts.has_all(chapter):
        return ask_once(hosts, [chapter])[chapter]
    return {node.name: seen[node.name].said(chapter.role) for node in chapter.nodes(hosts.cluster)}


def ask_once(hosts: Hosts, chapters: Sequence[Chapter]) -> Said:
    """Ask every member of these services once, those that -H does not name, too."""
    heard: dict[Chapter, Mapping[str, Answers]] = {chapter: {} for chapter in chapters}

    def enough(said: Said) -> bool:
        heard.update(said)
        return True

    ask_until(hosts, chapters, enough)
    return heard


def ask_until(hosts: Hosts, chapters: Sequence[Chapter], enough: Callable[[Said], bool]) -> None:
    """Ask every member of these services until it is enough, or for as long as they may take to come back."""
    _ask(hosts, chapters, _vantage(hosts, chapters), settling(hosts), enough)


def settling(hosts: Hosts) -> int:
    """Say how many seconds members may take to come back; never more than a gate may."""
    return min(SETTLING, hosts.cluster.settings.gate_timeout)


def ask_member(hosts: Hosts, node: Node, question: Question) -> str:
    """Have a node ask its own member something once; "" if nobody answers, or the node is lost."""
    heard = ""

    def enough(answers: Heard) -> bool:
        nonlocal heard
        heard = answers[question]
        return True

    with suppress(OperatorError):
        hosts.ask(node, [question], PAUSE, enough)  # which is one round
    return heard


def ask_one(hosts: Hosts, vantage: Node, asked: Questionnaire) -> dict[str, str]:
    """Have a node ask questions once, of whomever; give the answers by the questions' names."""
    said: dict[str, str] = {}
    if not asked:
        return said

    def enough(heard: Heard) -> bool:
        said.update({word: heard[question] for word, question in asked.items()})
        return True

    hosts.ask(vantage, tuple(asked.values()), PAUSE, enough)  # which is one round
    return said


def standings(hosts: Hosts, said: Said) -> dict[str, Standing]:
    """Say how services stand that were asked."""
    return {chapter.service: _standing(hosts, chapter, answers) for chapter, answers in said.items()}


def standings_now(hosts: Hosts, chapters: Sequence[Chapter]) -> dict[str, Standing]:
    """Ask every member of these services once, and say how they stand; nobody is asked if there are none."""
    return standings(hosts, ask_once(hosts, chapters)) if chapters else {}


def _standing(hosts: Hosts, chapter: Chapter, answers: Mapping[str, Answers]) -> Standing:
    return _members(chapter).standing(hosts.cluster, answers)


def _members(chapter: Chapter) -> Members:
    assert chapter.members is not None  # nobody asks the chapter of every host
    return chapter.members


def services(hosts: Hosts) -> list[Chapter]:
    """Give the chapters whose services the inventory has."""
    return [each for each in CHAPTERS if each.members is not None and each.nodes(hosts.cluster)]


def next_turn(
    hosts: Hosts, before: Standings, pending: Sequence[Member], here: str, fresh: bool, held: Collection[str]
) -> Turn:
    """Ask every member of every service and choose who of `pending` may be replaced now.

    Only if none may be touched for SETTLING seconds, nobody is chosen; or for as long as a gate may
    take, if this run has just started some (`fresh`). As long has a service to recover that has
    fewer members serving than before the roll; then GateNotReached is raised.
    """
    turn, asked = Turn(shaken="nobody was asked yet"), services(hosts)
    vantage, patience = _vantage(hosts, asked), hosts.cluster.settings.gate_timeout
    settled = time.monotonic() + (patience if fresh else settling(hosts))

    def enough(said: Said) -> bool:
        nonlocal turn
        turn = roll.next_turn(standings(hosts, said), before, pending, here, held)
        hosts.console.alive(vantage.name, turn.shaken or "; ".join(turn.refused.values()))
        return bool(turn.members or (turn.refused and time.monotonic() > settled))

    _ask(hosts, asked, vantage, patience, enough)
    if turn.shaken:
        seen = f"{turn.shaken}. No further member was touched for {patience} s, and it did not recover"
        raise GateNotReached(seen, _closed(hosts) or "Bring it back, then run again.")
    return turn


def recover(hosts: Hosts, before: Standings) -> None:
    """Wait until no service has fewer members serving than `before`. Raises GateNotReached."""
    asked, told = services(hosts), "nobody was asked yet"
    vantage, patience = _vantage(hosts, asked), hosts.cluster.settings.gate_timeout

    def enough(said: Said) -> bool:
        nonlocal told
        told = roll.shaken(standings(hosts, said), before)
        hosts.console.alive(vantage.name, told)
        return not told

    hosts.console.begin(vantage.name, "check that no service lacks a member")
    _ask(hosts, asked, vantage, patience, enough)
    hosts.console.end(vantage.name, "failed" if told else "ok")
    if told:
        raise GateNotReached(f"{told}; not well after {patience} s", _closed(hosts) or SEARCH)


def _vantage(hosts: Hosts, chapters: Sequence[Chapter]) -> Node:
    """The host that asks: a member, if one is in the run, so the network between them is part of the test."""
    members = (node for chapter in chapters for node in hosts.nodes if chapter.concerns(node))
    return next(members, hosts.nodes[0])


def _ask(
    hosts: Hosts, chapters: Sequence[Chapter], vantage: Node, patience: float, enough: Callable[[Said], bool]
) -> None:
    """Ask every question once a round: twenty agents would have the masters asked the same twenty times."""
    asked = {chapter: _questions(hosts, chapter) for chapter in chapters}
    unique = dict.fromkeys(q for own in asked.values() for each in own.values() for q in each.values())

    def hear(heard: Heard) -> bool:
        said = {chapter: _said(own, heard) for chapter, own in asked.items()}
        hosts.journal.hear(standings(hosts, said))
        return enough(said)

    hosts.ask(vantage, tuple(unique), patience, hear)


def _questions(hosts: Hosts, chapter: Chapter) -> dict[str, Questionnaire]:
    return {
        node.name: _members(chapter).questions(hosts.cluster, node) for node in chapter.nodes(hosts.cluster)
    }


def _said(asked: Mapping[str, Questionnaire], heard: Heard) -> Mapping[str, Answers]:
    return {name: {word: heard[question] for word, question in own.items()} for name, own in asked.items()}
