"""Ask who takes part that hosts.ini does not name, where a look makes somebody suspect."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import OperatorError
from ..plan import runbook
from ..plan.look import candidates, peers
from ..plan.look.observed import Observed
from ..plan.runbook import Chapter
from .hosts import Hosts, Inquiry


def asked(hosts: Hosts, chapters: Sequence[Chapter], seen: Mapping[str, Observed]) -> dict[str, Observed]:
    """Give what was seen, and who is connected to ZooKeeper if that is needed to name somebody.

    It is a command more, and only on the host whose member leads. One that is lost meanwhile names nobody.
    """
    name = runbook.suspicious(chapters, hosts.cluster, seen)
    node = next((node for node in hosts.nodes if node.name == name), None)
    if node is None:
        return dict(seen)
    connections, port = candidates.connections(hosts.cluster), node.settings.zookeeper_peer_port
    inquiry = Inquiry.of("look for strangers", lambda mark: peers.script(connections, port, mark), peers.read)
    try:
        return {**seen, name: replace(seen[name], peers=hosts.inquire(node, inquiry))}
    except OperatorError:
        return dict(seen)
