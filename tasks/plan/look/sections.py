"""How a host answers a script: in named parts behind a boundary, those of services among them."""

from collections.abc import Mapping

from ...inventory.secret import redacted
from ..gate import Question
from ..shell import quote

PATIENCE = 12
"""Seconds more for a vital question: a Marathon that passes it on to one that hangs answers after 10."""

LIMIT = f"""\
# Seconds to wait for an answer: 2, and more where it takes more than a moment to start three programs.
read -r began _ </proc/uptime; for one in 1 2 3; do sh -c :; done; read -r ended _ </proc/uptime
limit=$((2 + (${{ended%.*}}${{ended#*.}} - ${{began%.*}}${{began#*.}}) * 2)); [ $limit -le 20 ] || limit=20
more=$((27 - limit)); [ $more -le {PATIENCE} ] || more={PATIENCE} # a host that is silent for 30 s is given up
"""
"""Sets `$limit` by what the machine shows: a fixed one gives up on services that only are slow.

The kernel counts in hundredths of a second, so a machine in order shows none or one.
"""

ASK = """\
ask() { # ask ADDRESS PORT WORD [SECONDS]: one line out, everything back; bash has TCP built in, else nc
  # WORD may hold a password, so no program is given it as an argument.
  late=
  if command -v bash >/dev/null; then
    said=$(printf %s "$3" |
      timeout ${4:-$limit} bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "$1" "$2" 2>/dev/null) ||
      [ $? -ne 124 ] || [ -n "$said" ] || late=yes
  else
    said=$(printf '%s' "$3" | nc -w ${4:-$limit} "$1" "$2")
  fi
  printf %s "$said"
}
"""

HANGS = "hangs"
"""Begins the name of the part that tells of a vital question which was taken and not answered."""


class Unreadable(ValueError):
    """An answer that does not have the agreed form; the text says which part."""


def asking(words: Mapping[str, Question], prefix: str = "", vital: frozenset[str] = frozenset()) -> list[str]:
    """Give the shell that asks services, a piece for each: every answer in a part of the question's name.

    If one that is `vital` is taken and not answered, it is asked again and given more time.
    """
    pieces: dict[tuple[str, int], list[str]] = {}
    for name, question in words.items():
        ask = f"ask {quote(question.address)} {question.port} {quote(question.word)}"
        if name in vital:
            again = f'{ask} $more; [ -z "$late" ] || part {quote(f"{HANGS} {name}")}'
            ask = f'{ask}; [ -z "$late" ] || {{ {again}; }}'
        if question.behind:
            ask = f"case $said in *{quote(question.behind)}*) {ask};; esac"
        its = pieces.setdefault((question.address, question.port), [])
        its.append(f"part {quote(prefix + name)}; {ask}")
    return ["\n".join(lines) for lines in pieces.values()]


def part_function(boundary: str) -> str:
    """Give the shell function that begins a named part of an answer; `split` takes them apart."""
    return f"part() {{ printf '\\n%s %s\\n' {quote(boundary)} \"$1\"; }}\n"


def script(boundary: str, functions: str, body: str) -> str:
    """Give the script whose `body` answers in parts, by these functions."""
    head = f"export LC_ALL=C\n{part_function(boundary)}{functions}"
    return f"{head}{{\n{body}\npart end\nexit 0\n}} </dev/null\n"


def last_line(boundary: str) -> str:
    """Give the line that ends an answer."""
    return f"{boundary} end"


def split(output: str, boundary: str) -> dict[str, str]:
    """Split an answer at its boundaries: part name -> text. Raises Unreadable if it is cut short."""
    parts: dict[str, str] = {}
    for chunk in output.split(f"\n{boundary} ")[1:]:
        name, _, text = chunk.partition("\n")
        parts[name] = text
    if not parts:
        raise Unreadable(
            f"its shell did not run what it was sent, and said: {_brief(output)}. "
            "Does this user have a login shell there? ansible_user names another one"
        )
    if "end" not in parts:
        raise Unreadable(f"the answer is incomplete: it ends in its part {[*parts][-1][:60]!r}")
    return parts


def _brief(output: str) -> str:
    return redacted(" ".join(output[-2000:].split()))[-200:].rstrip(".") or "nothing"
