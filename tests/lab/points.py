"""Points of a run on a lab host: every command that changes something is logged, or waits there to be struck.

A stand-in goes before each program and counts only what a run does under its lock. A point is named
by its program, its verb and its last word, so that it is the same one in every run.
"""

import shlex
from collections.abc import Iterable

from operators import inside

PROGRAMS = ("docker", "cp", "ln", "mkdir", "mv", "rm")
PLACE = "/root/points"
HELD = f"{PLACE}/held"
FREE = f"{PLACE}/free"

STAND_IN = f"""#!/bin/sh
# A script of mesofab has its lock open as 9, and so have the programs it starts.
if [ /proc/$$/fd/9 -ef /run/mesofab.lock ]; then
  for last; do :; done
  case "${{0##*/}} $1" in "rm -f") # what is not there is not removed
    [ -e "$last" ] || [ -L "$last" ] || exec /usr/bin/rm "$@" ;;
  esac
  point="${{0##*/}} $1 $last"
  if [ ! -e {FREE} ] && echo "$point" | grep -qEf {PLACE}/wait && ! grep -qxF "$point" {PLACE}/met; then
    echo "$point" >> {PLACE}/met
    printf '%s\\n' $$ "$point" > {HELD}
    while [ -e {HELD} ]; do sleep 0.05; done
  fi
  echo "$point" >> {PLACE}/passed
fi
exec /usr/bin/${{0##*/}} "$@"
"""


def watch(node: str, wait: str = "^$") -> None:
    """Log what runs do on a host from now on, and have them wait at points that match `wait`."""
    install = f"""set -e
        mkdir -p {PLACE}; cd {PLACE}; rm -f *
        : > passed; touch {FREE}; echo '{wait}' > wait
        cat > program <<'END'\n{STAND_IN}END\n
        chmod +x program
        for name in {" ".join(PROGRAMS)}; do ln -sf {PLACE}/program /usr/local/bin/$name; done"""
    inside(node, install)


def unwatch(node: str) -> None:
    """Give the programs back."""
    inside(node, f"cd /usr/local/bin; /usr/bin/rm -rf {' '.join(PROGRAMS)} {PLACE}")


def arm(node: str, met: Iterable[str]) -> None:
    """Have the next run wait, but not at points in `met`; what still runs comes to its end first."""
    lines = shlex.quote("".join(f"{point}\n" for point in met))
    inside(node, f"flock /run/mesofab.lock true; printf %s {lines} > {PLACE}/met; /usr/bin/rm -f {FREE}")


def release(node: str) -> None:
    """Let whatever runs on a host go on to its end."""
    inside(node, f"touch {FREE}; /usr/bin/rm -f {HELD}")


def held(node: str) -> str:
    """Give the point at which a run waits on a host, "" if none does for a moment.

    The moment is spent in the host: to look into it again and again takes a whole processor.
    """
    look = f"[ ! -s {HELD} ] || {{ tail -n 1 {HELD}; exit; }}"
    return inside(node, f"for _ in 1 2 3 4 5 6; do {look}; sleep 0.05; done")


def passed(node: str) -> list[str]:
    """Give the points that runs have passed on a host, in their order."""
    return inside(node, f"cat {PLACE}/passed").splitlines()


def hang_up(node: str) -> None:
    """Kill the sshd of the run that waits on a host: its connection is gone, its script is not."""
    inside(
        node,
        f"""p=$(head -n 1 {HELD})
        while [ "$(cat /proc/$p/comm)" != sshd ]; do p=$(sed -n 's/^PPid:\t//p' /proc/$p/status); done
        kill -9 $p""",
    )
