"""What stands between a task that was typed and the run it starts: hosts, errors, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from json import dumps
from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from .. import inventory
from ..errors import BadInput, Interrupted, OperatorError, OutputLost, OverBudget
from ..inventory.cluster import Cluster
from ..inventory.printable import printable
from ..plan.words import counted
from ..version import VERSION
from .chosen import around, choose, is_repetition, named, named_hosts, option
from .connections import Connections
from .console import Console, Row
from .output import put_out
from .ssh.access import Access, source

if TYPE_CHECKING:
    from ..plan.report.document import Document
    from ..plan.report.last_words import Progress
    from .hosts import Hosts
    from .journal import Journal
    from .performing import Result
    from .run import Run
    from .saving import Promise

Keep = Callable[["Hosts", BaseException | None], None]
"""What keeps the record of a run, given how it failed, if it did."""


def carry_out(
    context: Context,
    names: Sequence[str],
    *ids: str,
    where: str | None = None,
    preflight: bool = False,
    plan: str | None = None,
    drain: bool = False,
    keep: Keep | None = None,
) -> None:
    """Carry out these chapters, or only their steps `ids`; with `preflight` not before that is passed.

    On the hosts of -H, or on all that `where` (the last chapter, if not given) concerns; with
    `plan` just what this file says. With `drain`, agents whose work_dir does not take a change end
    their tasks and become new ones. `keep` leaves a record.
    """
    if is_repetition(context):
        return
    console = expectant()
    with operators_errors():
        promise = None
        if plan is not None:
            from . import saving

            promise = saving.read(plan)
        with open_hosts(context, where or names[-1], console) as hosts:
            from .run import Run

            if preflight:
                warn_of_overruling(hosts.cluster, console)
            tell(hosts, lambda: _deploy(Run.of(hosts, names, ids, drain), preflight, promise), keep)


def _deploy(run: Run, preflight: bool, promise: Promise | None) -> Result:
    """Deploy; then empty the hosts that leave, if this run may do that: a saved plan says nothing of them."""
    from .deploy import deploy

    done = deploy(run, preflight, promise)
    if not run.cluster.removed:
        return done
    from . import removing

    if not removing.concerns(run):
        return done
    return removing.remove(run, done) if promise is None else removing.left(run, done)


def hand_over(context: Context, name: str, to: str | None, keep: Keep | None) -> None:
    """Have another member of a chapter's service lead, the one on host `to` if that is given.

    With -H only if one of those hosts leads. Raises BadInput.
    """
    if is_repetition(context):
        return
    with operators_errors(), open_hosts(context, name, expectant()) as hosts:
        from .run import Run
        from .succession import succeed

        successor = named(hosts.cluster, to, f"--to {to}") if to else None
        tell(hosts, lambda: succeed(Run.of(hosts, [name]), successor), keep)


def stop(context: Context, name: str, keep: Keep | None) -> None:
    """Stop the members of a chapter's service until the next deploy."""
    if is_repetition(context):
        return
    with operators_errors(), open_hosts(context, name, expectant()) as hosts:
        from .run import Run
        from .stopping import stop

        tell(hosts, lambda: stop(Run.of(hosts, [name])), keep)


def expectant() -> Console:
    """Give a console that tells how long steps usually take, as far as records of runs are there."""

    def usual() -> Mapping[str, float]:
        from . import recording

        return recording.usual(inventory.runs())

    return Console(usual=usual)


def tell(hosts: Hosts, act: Callable[[], Result], keep: Keep | None = None) -> None:
    """Show a run as it goes, and tell what it did, how far it ever came. Raises OverBudget, too."""
    with recorded(hosts, keep):
        with closing_table(hosts.console, hosts.journal):
            with hosts.console.live(lambda: hosts.console.now(hosts.journal.progress)):
                result = act()
            _report(hosts.console, hosts.journal.progress, result)
        if result.over_budget:
            raise OverBudget("\n".join(f"{each}." for each in result.over_budget))


@contextmanager
def recorded(hosts: Hosts, keep: Keep | None) -> Iterator[None]:
    """Have a record kept of the run in the block, if it has changed anything, however it ends."""
    failure: BaseException | None = None
    try:
        yield
        hosts.console.raise_if_lost()
    except BaseException as error:
        failure = error
        raise
    finally:
        if keep and hosts.journal.progress.changed:
            keep(hosts, failure)


def keeping(name: str) -> Keep:
    """Give what keeps the record of a run, by the name of its task."""

    def keep(hosts: Hosts, failure: BaseException | None) -> None:
        from . import recording

        recording.keep(hosts, name, failure, inventory.runs())

    return keep


@contextmanager
def operators_errors(json: bool = False) -> Iterator[Document]:
    """Turn an operator's error into a sentence and its exit code; everything else is a bug and shows.

    With `json`, whatever the block puts into the document it is given is printed at the end, alone
    on standard output, with the error beside it if there was one.
    """
    found: Document = {}
    failure: OperatorError | None = None
    try:
        yield found
    except OperatorError as error:
        failure = error
    except KeyboardInterrupt:
        failure = Interrupted("Interrupted. It is safe to run this again.")
    if failure:
        from ..plan.report import document

        found.update(document.error(failure.exit_code, failure.kind, str(failure).splitlines()))
    if json:
        try:
            put_out(dumps({"mesofab": VERSION, **found}, indent=2))
        except OutputLost as error:
            failure = failure or error
    if failure:
        raise Exit(printable(failure.brief or str(failure), keep="\n"), failure.exit_code)


@contextmanager
def closing_table(console: Console, journal: Journal) -> Iterator[None]:
    """Print what a run did before it failed or was interrupted, and what it left behind, above its error."""
    from ..plan.report.last_words import last_words

    try:
        yield
    except (OperatorError, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            console.interrupt()
        if console.rows:
            console.say()
            console.table(console.rows)
            console.say()
        for line in (*console.measured, *last_words(journal.progress)):
            console.say(line)
        raise


@contextmanager
def open_hosts(
    context: Context, where: str, console: Console, serviced: str | None = None
) -> Iterator[Hosts]:
    """Read the inventory, and have those hosts dialled that `where` concerns. Raises BadInput.

    To have hosts `serviced`, one by its name or with "" those of -H or all, they are these and then those
    of all services that their tasks and leaders are moved by.
    Raises OutputLost at the end of a block that not everything could be told of.
    """
    config = context.config
    if config.run.dry:
        raise BadInput("fab --dry would still act on the hosts; `fab plan` is the preview")
    cluster = inventory.load()
    inventory.check_keys()
    typed = named_hosts(context)
    nodes = choose(cluster, where, typed) if serviced is None else around(cluster, serviced, typed)
    ssh_config = source(option("ssh-config"), config, cluster)
    access = Access(ssh_config, config, lambda text: console.say(text, "warning"))
    sys.setswitchinterval(0.0005)  # else a login waits 5 ms for the imports here, at every packet
    with Connections(access, nodes, cluster.settings.parallel) as connections:
        from .hosts import Hosts  # and with it all that plans, which takes as long as to dial

        connections.refuse_bad_routes()
        yield Hosts(cluster, nodes, connections, console)
        console.raise_if_lost()


def warn_of_overruling(cluster: Cluster, console: Console) -> None:
    """Say which checks of the preflight the inventory overrules, if it does."""
    if ignored := cluster.settings.preflight_ignore:
        told = f"{cluster.source}  warning  preflight_ignore overrules {', '.join(ignored)}."
        console.say(told, "warning")


def _report(console: Console, progress: Progress, result: Result) -> None:
    acted = {(row.host, row.id) for row in console.rows}
    rows = []
    for name, plan in result.plans.items():
        fine = " ".join(id for id in plan.wanted if (name, id) not in acted)
        rows += [Row(name, f"{fine} as wanted", "ok", console.looks.get(name, 0.0))] if fine else []
        rows += [row for row in console.rows if row.host == name]
    if rows := rows or console.rows:
        console.say()
        console.table(rows)
    console.say()
    for says in result.says:
        console.say(f"{says}.", "ok")
    for line in console.measured:
        console.say(line)
    console.say(f"{_sum(progress, result)}, {console.elapsed:.1f} s.")


def _sum(progress: Progress, result: Result) -> str:
    """Say how much was done; a run that follows no plan finds out what as it goes."""
    if not result.plans:
        return f"{counted(progress.planned + progress.added, 'step')} carried out"
    what = f"{counted(progress.planned, 'step')} carried out" if result.changed else "Nothing to do"
    more = f", and {progress.added} more to hand over" if progress.added else ""
    return f"{what} on {counted(len(result.plans), 'host')}{more}"
