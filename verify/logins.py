"""What a login shell on a host says of HOST_IP, or does instead, asked within a limit."""

from testinfra.host import Host

from tasks.inventory.cluster import Node

from .findings import fail, require

LIMIT = 10
"""Seconds that a login shell has to come to its end."""

SET_IP = "`fab host.set-ip` writes the line"

# Only the question writes to channel 9; the last line comes from us, whoever else keeps the pipe open.
ASK = f"""\
question='set +eu; unset IFS; set -f; set -- ${{HOST_IP-}}; printf "says %s\\n" "$*" >&9'
shell=$(command -v bash || command -v sh)
asked() {{
  {{ {{
    env -i HOME=/root PATH="$PATH" VERIFY_LOGIN=$$. "$@" </dev/null >/dev/null 2>&1 9>&3 3>&-
    echo "ended $?" >&3
  }} & }} 3>&1 | timeout {LIMIT} sed '/^ended/q'
}}
told=$(asked "$shell" -lc "$question") || told=
case $told in ended*) told="$told
early
$(asked "$shell" -c "trap '$question' EXIT; . /etc/profile" | grep '^says')" ;; esac
printf '%s\\n' "$told"
for each in sh bash; do
  command -v $each >/dev/null || continue
  why=$($each -n /etc/profile 2>&1 | grep -v ' warning: ' | head -n 1)
  [ -n "$why" ] || continue
  echo "broken $each cannot read it ($why)"; asked $each -lc "$question" | sed -n 's/^says/then/p'
  break
done
for try in 1 2 3; do
  left=$(grep -Fls "VERIFY_LOGIN=$$." /proc/[0-9]*/environ | tr -dc '0-9\\n')
  [ -n "$left" ] || break
  for pid in $left; do
    [ $try != 1 ] || echo "left $(tr '\\0\\n' '  ' </proc/$pid/cmdline | grep -v 'says %s')"
    kill -KILL $pid
  done
done 2>/dev/null
"""


def check(host: Host, node: Node) -> None:
    """Fail unless a login shell says the node's own address."""
    told = [line.partition(" ")[::2] for line in host.run(ASK).stdout.splitlines()]
    said = [rest.strip() for word, rest in told if word == "says"]
    words = {word for word, _ in told}
    if "ended" not in words:
        at = ", ".join(rest.strip() for word, rest in told if word == "left" and rest.strip())
        seen = f"a login shell does not come to its end within {LIMIT} s" + (f"; it is at {at}" if at else "")
        fail(node.name, seen, "its prompt", "have /etc/profile wait for nothing")
    broken = next((rest for word, rest in told if word == "broken"), "")
    if broken and [rest.strip() for word, rest in told if word == "then"] != [node.address]:
        seen = f"/etc/profile breaks logins: {broken}"
        fail(
            node.name, seen, "shells to read it", "correct that line; `fab host.set-ip` leaves the file alone"
        )
    if "early" in words and said != [node.address]:
        seen = f"a login shell ends in /etc/profile, where it has HOST_IP={said[0] if said else ''!r}"
        remedy = "move the line that sets HOST_IP above the one that ends it"
        fail(node.name, seen, node.address, remedy)
    require(
        said == [node.address],
        node.name,
        f"a login shell says HOST_IP={said[0] if said else ''!r}",
        node.address,
        SET_IP,
    )
