"""The live picture as pages: what every look has come to, and who is shown it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pages.rendering import environment
from picture import TEMPLATES
from picture.layout import layout
from picture.topology import ROLES

from ...inventory.cluster import Cluster
from ...plan.mesos_master.service import Master
from ...plan.report import pictured
from ...plan.report.status import Status
from ...plan.words import counted
from ..console import Console
from ..status import outcome
from ..watch import NewestLook
from .board import Board
from .server import serving

TONES = {"ok": "passed", "drift": "partly", "degraded": "failed", "unreachable": "failed"}


class Pages:
    """The templates, and what they are filled in with."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._templates = environment(Path(__file__).parent / "templates", TEMPLATES)

    def page(self, now: str) -> str:
        """Return the page as it opens; without scripts it is fetched again and again."""
        return self._templates.get_template("page.html").render(source=self._cluster.source, now=now)

    def file(self, name: str) -> str:
        """Return something that the page loads."""
        return self._templates.get_template(name).render()

    def now(self, look: NewestLook) -> str:
        """Return what changes with every look."""
        tone, state, sentence = verdict(look, self._cluster)
        told = {"tone": tone, "state": state, "sentence": sentence, "source": self._cluster.source}
        drawn = _drawn(look.status, self._cluster) if look.status else {}
        return self._templates.get_template("now.html").render(**told, **drawn, status=look.status)


def verdict(look: NewestLook, cluster: Cluster) -> tuple[str, str, str]:
    """Return how a look is shown (passed, partly, failed), the state in a word, and a sentence."""
    if look.failure:
        since = "; what stands below is older" if look.status else ""
        return "failed", "look failed", f"The last look failed{since}. {look.failure}"
    if look.status is None:
        return "partly", "looking", "The first look at all hosts is under way."
    state, error = look.status.state, outcome(look.status)
    well = f"Every service is well, and nothing differs from {cluster.source}."
    return TONES[state], state, str(error) if error else well


def _drawn(status: Status, cluster: Cluster) -> dict[str, object]:
    findings = pictured.findings(status)
    machines = tuple(pictured.machines(status, cluster, findings))
    return {
        "findings": findings,
        "machines": machines,
        "picture": layout(machines),
        "numbers": pictured.numbers(findings),
        "roles": ROLES,
        "counts": _counts(status.master),
        "at_work": [(host.name, str(host.at_work)) for host in status.hosts if host.at_work],
    }


def _counts(master: Master | None) -> str:
    if master is None:
        return ""
    things = (master.agents, "active agent"), (master.frameworks, "framework"), (master.tasks, "task")
    return ", ".join(counted(*each) for each in things)


@contextmanager
def served(console: Console, cluster: Cluster) -> Iterator[Callable[[NewestLook], None]]:
    """Serve the live picture while the block runs, say where, and give what shows a look there."""
    with published(cluster) as (url, show):
        console.say(f"The live picture, until Ctrl-C: {url}")
        yield show


@contextmanager
def published(cluster: Cluster) -> Iterator[tuple[str, Callable[[NewestLook], None]]]:
    """Serve the live picture while the block runs; give its URL, and what shows a look there."""
    pages = Pages(cluster)
    board = Board(pages.now(NewestLook()))
    style, script = pages.file("live.css"), pages.file("live.js")
    files = {
        "": ("text/html", lambda: pages.page(board.text)),
        "live.css": ("text/css", lambda: style),
        "live.js": ("text/javascript", lambda: script),
    }
    with serving(files, board) as server:
        yield server.url, lambda look: board.put(pages.now(look))
