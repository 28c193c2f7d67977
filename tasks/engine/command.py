"""What stands between a task that was typed and the run it starts: hosts, errors, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from json import dumps
from typing import TYPE_CHECKING

from fabric import Connection
from fabric.connection import derive_shorthand
from invoke.context import Context
from invoke.exceptions import Exit

from .. import inventory
from ..errors import BadInput, Interrupted, OperatorError, OutputLost, OverBudget
from ..inventory.cluster import Cluster, Node
from ..inventory.printable import printable
from ..plan.words import counted
from ..version import VERSION
from .connections import Connections
from .console import STYLES, Console, Row
from .output import put_out
from .ssh.access import Access, source

if TYPE_CHECKING:
    from ..plan.report.document import Document
    from ..plan.report.last_words import Progress
    from .deploy import Result
    from .hosts import Hosts
    from .journal import Journal


def carry_out(
    context: Context,
    names: Sequence[str],
    *ids: str,
    where: str | None = None,
    preflight: bool = False,
    plan: str | None = None,
    drain: bool = False,
) -> None:
    """Carry out these chapters, or only their steps `ids`; with `preflight` not before that is passed.

    On the hosts of -H, or on all that `where` (the last chapter, if not given) concerns; with
    `plan` just what this file says. With `drain`, agents whose work_dir does not take a change end
    their tasks and become new ones.
    """
    if is_repetition(context):
        return
    console = Console()
    with operators_errors():
        promise = None
        if plan is not None:
            from . import saving

            promise = saving.read(plan)
        with open_hosts(context, where or names[-1], console) as hosts:
            from .deploy import deploy
            from .run import Run

            if preflight:
                warn_of_overruling(hosts.cluster, console)
            tell(hosts, lambda: deploy(Run.of(hosts, names, ids, drain), preflight, promise))


def hand_over(context: Context, name: str, to: str | None) -> None:
    """Have another member of a chapter's service lead, the one on host `to` if that is given.

    With -H only if one of those hosts leads. Raises BadInput.
    """
    if is_repetition(context):
        return
    with operators_errors(), open_hosts(context, name, Console()) as hosts:
        from .run import Run
        from .succession import succeed

        successor = _named(hosts.cluster, to, f"--to {to}") if to else None
        tell(hosts, lambda: succeed(Run.of(hosts, [name]), successor))


def tell(hosts: Hosts, act: Callable[[], Result]) -> None:
    """Show a run as it goes, and tell what it did, how far it ever came. Raises OverBudget, too."""
    with closing_table(hosts.console, hosts.journal):
        with hosts.console.live():
            result = act()
        _report(hosts.console, hosts.journal.progress, result)
    if result.over_budget:
        raise OverBudget("\n".join(f"{each}." for each in result.over_budget))


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
def open_hosts(context: Context, where: str, console: Console, serviced: str = "") -> Iterator[Hosts]:
    """Read the inventory, and have those hosts dialled that `where` concerns. Raises BadInput.

    To have one `serviced` they are that and those of all services that its tasks and leaders are moved by.
    Raises OutputLost at the end of a block that not everything could be told of.
    """
    config = context.config
    if config.run.dry:
        raise BadInput("fab --dry would still act on the hosts; `fab plan` is the preview")
    cluster = inventory.load()
    inventory.check_keys()
    typed = named_hosts(context)
    nodes = _around(cluster, serviced, typed) if serviced else choose(cluster, where, typed)
    ssh_config = source(_typed("ssh-config"), config, cluster)
    access = Access(ssh_config, config, lambda text: console.say(text, STYLES["warning"]))
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
        console.say(told, STYLES["warning"])


def choose(cluster: Cluster, where: str, names: Sequence[str]) -> list[Node]:
    """Choose the nodes that chapter `where` concerns, among `names` if any are given."""
    concerned = [node for node in cluster.nodes if where in ("host", *node.roles)]
    if not names:
        if not concerned:
            raise BadInput(f"{cluster.source} has no host in [{where}]; add one")
        return concerned
    nodes, known = [_typed_node(cluster, name) for name in names], [each.name for each in concerned]
    for node in nodes:
        if node.name not in known:
            having = ", ".join(known) or "no host"
            raise BadInput(f"-H {node.name}: {cluster.source} has in [{where}] only {having}")
    return list({node.name: node for node in nodes}.values())


def _around(cluster: Cluster, name: str, typed: Sequence[str]) -> list[Node]:
    """Choose the host that is to be serviced, and all that have a member which can lead."""
    if typed:
        raise BadInput("-H has no meaning here: the host is named behind the task")
    node = _named(cluster, name, name)
    leading = {"zookeeper", "mesos_master", "marathon"}
    others = (each for each in cluster.nodes if each.name != node.name and leading & set(each.roles))
    return [node, *others]


def _typed_node(cluster: Cluster, text: str) -> Node:
    """Give the node that `[user@]host[:port]` of -H means, with the user and port that were typed."""
    try:
        typed = derive_shorthand(text)
    except ValueError:
        raise BadInput(f"-H {text}: write [user@]host[:port]") from None
    node = _named(cluster, typed["host"], f"-H {text}")
    return replace(
        node,
        ssh=replace(node.ssh, user=typed["user"] or node.ssh.user, port=typed["port"] or node.ssh.port),
    )


def _named(cluster: Cluster, name: str, typed: str) -> Node:
    """Give the node of this name, which was `typed` in some option. Raises BadInput."""
    node = cluster.called(name)
    if node is None:
        known = ", ".join(node.name for node in cluster.nodes)
        raise BadInput(f"{typed}: {cluster.source} has no such host; it has {known}")
    return node


def named_hosts(context: Context) -> list[str]:
    """Give the whole list of -H; empty if it was not given. Raises BadInput if it is given empty.

    Fabric calls a task once for each of them, so the list is asked of fab itself.
    """
    typed = _typed_hosts(context)
    names = _split(typed or "")
    if typed is not None and not names:
        raise BadInput("-H is empty; name hosts, or leave it out for all of the inventory")
    return names


def _typed_hosts(context: Context) -> str | None:
    typed = _typed("hosts")
    if typed is None and isinstance(context, Connection):  # called by something other than fab
        return str(context.original_host)
    return typed


def _typed(option: str) -> str | None:
    """Give what was typed for one of fab's own options, None if it was not given or nobody typed at all."""
    from fabric.main import program

    return program.args[option].value if hasattr(program, "core") else None


def _split(typed: str) -> list[str]:
    return [name.strip() for name in typed.split(",") if name.strip()]


def is_repetition(context: Context) -> bool:
    """Tell whether this is fab's call for the second or a later host of -H: the first did them all."""
    if not isinstance(context, Connection):
        return False
    names = _split(_typed_hosts(context) or "")
    return bool(names) and derive_shorthand(names[0])["host"] != context.original_host.strip()


def _report(console: Console, progress: Progress, result: Result) -> None:
    acted = {(row.host, row.id) for row in console.rows}
    rows = []
    for name, plan in result.plans.items():
        fine = " ".join(id for id in plan.wanted if (name, id) not in acted)
        rows += [Row(name, f"{fine} as wanted", "ok", console.looks.get(name, 0.0))] if fine else []
        rows += [row for row in console.rows if row.host == name]
    if rows:
        console.say()
        console.table(rows)
    console.say()
    for says in result.says:
        console.say(f"{says}.", "green")
    for line in console.measured:
        console.say(line)
    what = f"{counted(progress.planned, 'step')} carried out" if result.changed else "Nothing to do"
    more = f", and {progress.added} more to hand over" if progress.added else ""
    console.say(f"{what} on {counted(len(result.plans), 'host')}{more}, {console.elapsed:.1f} s.")
