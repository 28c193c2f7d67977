"""Ask who takes part that hosts.ini does not name, where a look makes somebody suspect."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import OperatorError
from ..plan import runbook
from ..plan.look import candidates, peers
from ..plan.look.observed import Observed
from ..plan.look.sections import last_line
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
    boundary = secrets.token_hex(16)
    port = node.settings.zookeeper_peer_port
    script = peers.script(candidates.connections(hosts.cluster), port, boundary)
    inquiry = Inquiry(
        "look for strangers", script, last_line(boundary), lambda text: peers.read(text, boundary)
    )
    try:
        return {**seen, name: replace(seen[name], peers=hosts.inquire(node, inquiry))}
    except OperatorError:
        return dict(seen)
