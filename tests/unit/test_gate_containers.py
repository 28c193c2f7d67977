"""How the gate reads what docker tells of a container."""

import json
from typing import cast

from samples import TRIO
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tasks.inventory.parse import parse
from verify.containers import inspect


class Told:
    """A host on which docker tells of one container."""

    def __init__(self, binds: list[str]) -> None:
        options = {
            "Binds": binds,
            "RestartPolicy": {"Name": "always"},
            "NetworkMode": "host",
            "Privileged": False,
            "PidMode": "",
        }
        config = {"Image": "zookeeper:3.4.12", "Env": [], "Entrypoint": None, "Cmd": None}
        self._said = f"{json.dumps({'State': {}, 'Config': config, 'HostConfig': options})}\n{{}}\n"

    def run(self, *words: str) -> CommandResult:
        return CommandResult(cast("object", None), 0, "", self._said, "")  # type: ignore[arg-type]


def test_a_mount_is_the_same_whether_its_default_mode_is_written_out_or_not() -> None:
    (node, *_) = parse(TRIO).nodes
    written, left_out, other = (
        inspect(cast(Host, Told(binds)), node, "zookeeper").binds
        for binds in (["/a:/b:rw"], ["/a:/b"], ["/a:/b:ro"])
    )
    assert written == left_out != other
