"""A scratch ZooKeeper on a host, for a backup to be tried in: nobody but that host reaches it.

It lives as long as the command that started it, which ends with its connection, however that ends. What
survives all the same, as when the host loses its power, the next one removes.
"""

import re

from ....inventory.cluster import Cluster, Node
from ...compare.remedy import explain
from ...look.sections import ASK
from ...shell import FUNCTIONS, OWN_ENGINE, WITHOUT_CONFIG, here, private, quote

NAME = "mesofab-scratch"
PLACE = "/run/mesofab.scratch"
"""Where its configuration lies on the host; what keeps others from it meanwhile lies beside that."""

LIFE = 1800
"""Seconds after which it ends in any case: a host that was cut off is not told that we have gone."""

BOOT = 60
"""Seconds that it may take to serve."""

SERVES = re.compile(r"serves ([0-9]{1,5})")
"""What the script says when it serves, with its port."""

WAITS = "waits"
"""What it says while it does not, as a sign of life."""


def script(cluster: Cluster, node: Node, place: str = PLACE) -> str:
    """Give the script that starts it, says so, and removes it when nobody listens any more."""
    lock = f"{place}.lock"
    image = quote(cluster.image(node.settings.zookeeper_image))
    heap = quote(f"SERVER_JVMFLAGS=-Xmx{node.settings.zookeeper_heap}")
    return (
        f"set -u\nexport LC_ALL=C\n{OWN_ENGINE}{FUNCTIONS}{ASK}"
        "exec 2>&1\n"
        "trap '' PIPE HUP # who started it may have gone: that ends the input, and nothing else ends this\n"
        f"gone() {{ docker rm -f -v {NAME}; rm -rf {place}; }}\n"
        "scratch() {\n"
        f"{private(lock)}"
        f"exec 9>{lock}\n"
        "flock -n 9 || refuse 'somebody else tries a backup here just now. Wait for that run to end'\n"
        "gone >/dev/null 2>&1\n"
        f"docker inspect --type image {image} >/dev/null 2>&1 || refuse 'its image is not here. "
        "Pull it with `fab zookeeper.pull`'\n"
        "trap 'gone >/dev/null 2>&1' EXIT\n"
        "port=21810\n"
        'taken() { case $(ss -ltn "sport = :$port") in *LISTEN*) ;; *) false;; esac; }\n'
        "while taken; do port=$((port + 1)); done\n"
        f"guard {place}\nmkdir -m 755 {place} || exit 1\n"
        f"stage {place}/zoo.cfg 644 {here(_CFG)}"
        f'echo "clientPort=$port" >>{place}/zoo.cfg\n'
        f"{WITHOUT_CONFIG} docker run -d --name {NAME} --net host -e {heap} "
        f"-v {place}/zoo.cfg:/conf/zoo.cfg {image} >/dev/null || exit 1\n"
        f"limit=2; tries={BOOT * 2}\n"
        "until case $(ask 127.0.0.1 $port srvr) in *Mode:*) ;; *) false;; esac; do\n"
        "  tries=$((tries - 1))\n"
        "  [ $tries -gt 0 ] ||\n"
        f'    refuse "it does not serve after {BOOT} s: $(docker logs --tail 1 {NAME} 2>&1)"\n'
        f"  sleep 0.5; echo {WAITS}\n"
        "done\n"
        'echo "serves $port"\n'
        "}\n"
        # On one line with its exit: what follows on standard input is its end, and no script.
        f"scratch </dev/null; timeout {LIFE} cat >/dev/null; exit 0\n"
    )


_CFG = """\
tickTime=2000
dataDir=/data
clientPortAddress=127.0.0.1
4lw.commands.whitelist=srvr
admin.enableServer=false
"""


def port(said: str) -> int | None:
    """Read at which port it serves; None if it does not."""
    found = [match for line in said.splitlines() if (match := SERVES.fullmatch(line))]
    return int(found[0][1]) if found else None


def trouble(said: str) -> tuple[str, str]:
    """Say why it does not serve and what to do, by what its script said."""
    return explain(1, [line for line in said.splitlines() if line != WAITS])
