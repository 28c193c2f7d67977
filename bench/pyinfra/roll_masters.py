"""A change of the masters' flags, one at a time, the leader last: pyinfra -y inventory.py roll_masters.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import asking, bring_gates, master, settle
from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import server

ASK = f"printf 'GET /redirect HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {host.name} 5050"

bring_gates()
if "servers" in host.groups:
    leads = f"Location: //{host.name}:" in host.get_fact(Command, command=ASK)
    for turn in (False, True):
        master(force=True, _if=lambda turn=turn: leads == turn, _serial=True)
        server.shell(
            name=f"Wait for {'the leader' if turn else 'a follower'}",
            commands=[asking("masters", "3")],
            _if=lambda turn=turn: leads == turn,
            _serial=True,
        )

settle()
