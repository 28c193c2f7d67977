"""A command that is killed where its steps end, again and again, until a run of it ends by itself.

With hypothesis' profile `nightly` it is killed at the end of every step, else at that of every few.
"""

import re
import subprocess
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import settings
from operators import COMMAND_TIMEOUT, SOON, Command, start

from lab import host, hosts, waiting
from lab.spec import Host

AT_WORK = "! flock -n /run/mesofab.lock true || ! flock -n /run/mesofab.lease true || pgrep -fa 'sleep [5]'"
"""Succeeds while anything of a run is left on a host: its script, its lease or its heartbeat."""

ENDED = re.compile(r"([\d.]+  \d\.\d .*?)  (?:changed|prepared|ok)\b.*  [\d.]+ s$")
"""A line that tells of the end of a step."""

KILLED = -9

MOST = 200
"""More kills than any command has steps: a walk that needs them goes round in circles."""


def throughout(
    words: Sequence[str], inventory: Path, every: int, again: Collection[int] = ()
) -> tuple[Command, int]:
    """Run a command until it ends by itself, and kill each run before; give how it ended, and the kills.

    What is said is that of all runs. A run is killed behind the `every`-th step that no run before had come
    to. One that ends with a code of `again`, as a host is still away, counts for none.
    """
    every = 1 if settings.get_current_profile_name() == "nightly" else every
    met, said, kills, given_up = set[str](), list[str](), 0, time.monotonic() + COMMAND_TIMEOUT
    while True:
        code = _killed(words, inventory, every, met, said)
        if code != KILLED and not (code in again and time.monotonic() < given_up):
            return Command(code, "".join(said)), kills
        kills += code == KILLED
        assert kills < MOST, f"it never ends: {''.join(said)}"
        nothing_is_left_at_work()


def _killed(words: Sequence[str], inventory: Path, every: int, met: set[str], said: list[str]) -> int:
    """Run it once; give how it ended."""
    new = set[str]()
    with start([*words], inventory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            if (ended := ENDED.match(line)) and ended[1] not in met:
                new.add(ended[1])
            if len(new) == every:
                print(f"killed behind {line}", end="")
                run.kill()
                break
        met |= new
        code = run.wait(COMMAND_TIMEOUT)
    said.append(f"-> {code}\n")
    return code


def nothing_is_left_at_work() -> None:
    """Wait until nothing of a run is left on any host that is up."""
    nodes = hosts.present()
    with ThreadPoolExecutor(len(nodes)) as pool:
        [*pool.map(_at_rest, nodes)]


def _at_rest(node: Host) -> None:
    def trouble() -> str | None:
        if host.state(node) != "running":
            return None
        code, said = host.execute(node, ["sh", "-c", AT_WORK])
        return f"{said} on {node.address}" if code == 0 else None

    waiting.until("what a killed run has left to end", SOON, trouble)
