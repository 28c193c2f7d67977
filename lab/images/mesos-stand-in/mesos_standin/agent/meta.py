"""What an agent keeps below work_dir/meta: who it is, and what it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from standin import web

from .. import daemon, resources
from ..resources import Json

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_COMPARED = ("hostname", "port", "resources", "attributes")


class Incompatible(Exception):
    """The agent that was here is another one."""


class Meta:
    """An agent's checkpoints. The places are the real agent's, the contents are JSON."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir.absolute()
        self._meta = self.work_dir / "meta"
        self._latest = self._meta / "slaves" / "latest"

    def recover(self, info: Json, policy: str) -> str:
        """Return the id the agent had, "" if none; fails if it has changed in what may not change."""
        boot_id, known = _BOOT_ID.read_text().strip(), self._meta / "boot_id"
        rebooted = not known.exists() or known.read_text().strip() != boot_id
        daemon.write(known, boot_id.encode())
        if not (self._latest / "slave.info").exists():
            return ""
        old = json.loads((self._latest / "slave.info").read_text())
        if _compatible(old, info, policy):
            return str(old["id"]["value"])
        if rebooted:
            return ""
        raise Incompatible(_incompatible(old, info, self.work_dir))

    def admitted(self, info: Json) -> None:
        """Keep who the agent is."""
        directory = self._meta / "slaves" / info["id"]["value"]
        daemon.write(directory / "slave.info", web.compact(info))
        link = self._latest.with_name("latest.next")
        link.unlink(missing_ok=True)
        link.symlink_to(directory)
        link.replace(self._latest)

    @property
    def reserved(self) -> list[Json]:
        """Return what is reserved on the agent, whichever id it has."""
        kept = self._meta / "resources" / "resources.info"
        return list(json.loads(kept.read_text())) if kept.exists() else []

    def reserve(self, reserved: list[Json]) -> None:
        """Keep what is reserved on the agent."""
        daemon.write(self._meta / "resources" / "resources.info", web.compact(reserved))

    def forget(self) -> None:
        """Be a new agent the next time."""
        self._latest.unlink(missing_ok=True)

    def keep(self, agent_id: str, place: str, run: Json) -> None:
        """Keep what is run, and how far its updates have come."""
        daemon.write(self._file(agent_id, place), web.compact(run))

    def drop(self, agent_id: str, place: str) -> None:
        """Forget what was run."""
        self._file(agent_id, place).unlink(missing_ok=True)

    def runs(self, agent_id: str) -> Iterator[Json]:
        """Yield what was run when the agent ended."""
        for path in sorted(self._meta.glob(f"slaves/{agent_id}/frameworks/*/executors/*/runs/*/run.json")):
            yield json.loads(path.read_text())

    def _file(self, agent_id: str, place: str) -> Path:
        return self._meta / "slaves" / agent_id / place / "run.json"


def _compatible(old: Json, new: Json, policy: str) -> bool:
    if policy == "equal":
        return all(_in_order(old.get(name)) == _in_order(new.get(name)) for name in _COMPARED)
    if old["hostname"] != new["hostname"] or old["port"] != new["port"]:
        return False
    more = resources.contains(resources.load(new["resources"]), resources.load(old["resources"]))
    return more and all(one in new.get("attributes", []) for one in old.get("attributes", []))


def _in_order(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else value


def _incompatible(old: Json, new: Json, work_dir: Path) -> str:
    line = "-" * 60
    return (
        f"Incompatible agent info detected.\n{line}\nOld agent info:\n{json.dumps(old)}\n{line}\n"
        f"New agent info:\n{json.dumps(new)}\n{line}\n"
        f"To restart this agent with a new agent id instead, do as follows:\n"
        f"rm -f {work_dir}/meta/slaves/latest\n"
        "This ensures that the agent does not recover old live executors."
    )
