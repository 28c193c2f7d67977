"""Whose run is at work on a host: then it is as that run needs it for now, and there is nothing to judge."""

import re

LEASE = "/run/mesofab.lease"
"""Locked by a run for as long as it lives; its first line tells whose it is."""

# A run that has just ended keeps it for a moment. What flock does not understand (BusyBox), nobody knows.
ASK = f"""\
if [ -s {LEASE} ] && [ -r {LEASE} ]; then
  {{ flock -s -w 2 6 || [ $? != 1 ] || head -n 1 {LEASE}; }} 2>/dev/null 6<{LEASE}
fi
true"""
"""Prints the first line of a lease that is held."""

WANTED = "no run at work there"
WAIT = "wait for it to end, then run the suite again; remove nothing there meanwhile"


def told(said: str) -> str:
    """Say who is at work, since when and with what; "" if nobody is."""
    line = said.strip()[:200]
    if not re.search(", since .* UTC: ", line):
        return line and f"another run is at work here ({line})"
    return re.sub("(.+?), since (.* UTC: )", r"\1 has been at work here since \2", line, count=1)
