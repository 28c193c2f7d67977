"""A change of zoo.cfg, one member at a time, the leader last: SYNC_LIMIT=5 pyinfra -y inventory.py roll.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import asking, bring_gates, settle, zookeeper_files
from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import server

bring_gates()
if "servers" in host.groups:
    leads = "Mode: leader" in host.get_fact(Command, command=f"printf srvr | nc -w 2 {host.name} 2181")
    changed = zookeeper_files()
    for turn in (False, True):
        server.shell(
            name=f"Restart {'the leader' if turn else 'a follower'}",
            commands=["docker restart zookeeper", asking("zookeeper", "3")],
            _if=lambda turn=turn: changed.did_change() and leads == turn,
            _serial=True,
        )

settle()
