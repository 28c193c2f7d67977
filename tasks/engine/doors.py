"""Close the cluster's ports to strangers on trial, see that all that must pass does, then keep that."""

from collections.abc import Collection
from contextlib import suppress

from ..errors import OperatorError, StepFailed
from ..inventory.cluster import Node
from ..plan.compare.firewall import OPEN, TRIAL
from ..plan.look import sections
from ..plan.names import Id
from ..plan.preflight import flows
from ..plan.preflight.flows import Ends
from ..plan.schedule import Steps
from ..plan.step import Action, Step
from .hosts import Hosts, Inquiry

CLOSED = ("timed out", "no route to host")
"""How an attempt ends that a firewall, ours or another one, does not let through."""


def see_to(hosts: Hosts, steps: Steps) -> None:
    """Carry out these steps; whatever does not pass, the ports are open again when this ends.

    If it is cut short, they are so within a minute. Raises StepFailed or Unreachable.
    """
    keeping = {name: [s for s in own if s.action is Action.KEEP_DOORS] for name, own in steps.items()}
    closing = hosts.among([name for name, own in keeping.items() if own])
    asking = hosts if closing.nodes else closing
    before = _tried(asking)
    hosts.act({name: [s for s in own if s not in keeping[name]] for name, own in steps.items()})
    try:
        hosts.each(closing.nodes, hosts.connect_anew)
        _refuse_closed(asking, before, {node.address for node in closing.nodes})
        hosts.act(keeping)
    except OperatorError:
        with suppress(OperatorError):  # who cannot be told opens its ports by itself
            hosts.act({node.name: [_opening()] for node in closing.nodes})
        raise


def _opening() -> Step:
    return Step(Id.FIREWALL, Action.OPEN_DOORS, "open the ports again", "not all has passed", OPEN, "doors")


def _tried(hosts: Hosts) -> dict[str, Ends]:
    """Have every host try the flows that it needs."""

    def inquiry(node: Node) -> Inquiry[Ends]:
        needed = flows.needed(hosts.cluster, node, node.roles)
        return Inquiry.of(
            "try flows",
            lambda mark: sections.script(mark, sections.LIMIT, flows.asking(needed)),
            lambda text, mark: flows.read(sections.split(text, mark).get("flows", "")),
        )

    return hosts.each(hosts.nodes, lambda node: hosts.inquire(node, inquiry(node)))


def _refuse_closed(hosts: Hosts, before: dict[str, Ends], closing: Collection[str]) -> None:
    """Raise StepFailed if a flow to one of these addresses does not pass that did before."""
    for name, ends in _tried(hosts).items():
        shut = [at for at, end in ends.items() if end in CLOSED and before[name].get(at) not in CLOSED]
        if told := _named(shut, closing):
            seen = f"with the firewall it does not reach {told}, so the ports of all hosts are open again"
            remedy = (
                "Does it go there with another address than hosts.ini gives it? Name that in firewall_allow."
            )
            raise StepFailed(seen, remedy, name, f"{Id.FIREWALL} firewall, within {TRIAL} s")


def _named(shut: Collection[tuple[str, int]], closing: Collection[str]) -> str:
    return ", ".join(f"{address}:{port}" for address, port in shut if address in closing)
