"""What a host's shells make of its profile: whether they can read it, and what a login says of HOST_IP."""

import re
from dataclasses import dataclass

from ...inventory.printable import printable
from ..desired import ProfileLine
from ..shell import quote

LIMIT = 10
"""Seconds that a login shell has to come to its end."""

UNREADABLE = """\
unreadable() { # unreadable FILE: succeeds if a shell of this host cannot read it, and says why
  for shell in sh bash; do
    command -v $shell >/dev/null || continue
    # bash ends with 0 behind some errors, and only warns of a here-document without an end.
    why=$($shell -n "$1" 2>&1 | grep -v ' warning: ' | head -n 1)
    [ -n "$why" ] || continue
    at=$(printf '%s\\n' "$why" | sed -n 's/^[^:]*: \\(line \\)*\\([0-9][0-9]*\\): .*/\\2/p')
    printf '%s\\n' "$shell cannot read it ($why; line ${at:-1} is: $(sed -n "${at:-1}p" "$1"))"
    return 0
  done
  return 1
}
"""

_WHOLE = """\
above() { # above LINE FILE: what is above that line, with an end to its last one
  head -n $(($1 - 1)) "$2"
  [ $1 -le $(wc -l <"$2") ] || [ -z "$(tail -c 1 "$2")" ] || echo
}
begins() { # begins LINE FILE: a command begins on that line, as what is above it is complete
  # Only where a command may begin is } an error: in a text or behind an open line it is a word.
  above $1 "$2" | sh -n && ! { above $1 "$2"; echo '}'; } | sh -n
} 2>/dev/null
profile() { # profile FILE: can it be read, which lines that set HOST_IP stand by themselves, is its end open
  [ -f "$1" ] || return 0
  ! unreadable "$1" || return 0
  for line in $(sed -n '/^[[:blank:]]*export[[:blank:]].*HOST_IP=/=' "$1"); do
    ! begins $line "$1" || ! begins $((line + 1)) "$1" || echo "whole $line"
  done
  begins 1000000 "$1" || echo open
}
"""

_SAYS = (
    "set +eu; set -f; unset IFS; set -- ${HOST_IP-}; "  # more than one word or line shows as several words
    'printf "says %s\\n" "$*" >&9; (HOST_IP=x) 2>/dev/null || echo readonly yes >&9; '
    'for each in ip awk; do command -v $each >/dev/null || echo "lacks $each in $PATH" >&9; done'
)

LOGIN = f"""\
says='{_SAYS}'
answer() {{ # answer SHELL WORD...: what it says on channel 9, which only the question knows, and how it ended
  {{ {{
    code=0
    env -i HOME=/ PATH="$PATH" MESOFAB_LOGIN=$$. "$@" </dev/null >/dev/null 2>&1 9>&3 3>&- 7<&- || code=$?
    echo "ended $code" >&3
  }} & }} 3>&1 | timeout {LIMIT} sed '/^ended/q'
}}
login() {{ # login SHELL FILE: what a login does, a line for each thing; it fails if that takes too long
  told=$(answer "$1" -lc "$says") || told=
  case $told in
  says* | '') ;;
  *) # it ended in its profile: what is HOST_IP at that place?
    then=$(answer "$1" -c "trap '$says' EXIT; . $2" | sed -n /^says/p)
    told=$(printf '%s\\nearly yes\\n%s\\n' "$told" "$then") ;;
  esac
  printf 'shell %s\\n%s\\n' "$1" "$told"
  [ -n "$told" ]
}}
end_leftovers() {{ # names and ends all that logins have left at work: it has our mark in its environment
  for try in 1 2 3; do
    left=$(grep -Fls "MESOFAB_LOGIN=$$." /proc/[0-9]*/environ | sed 's/[^0-9]//g') || :
    [ -n "$left" ] || break
    for pid in $left; do
      words=$(tr '\\0\\n' '  ' </proc/$pid/cmdline | sed 's/ $//' | cut -c -200)
      case $try$words in *"says %s"*) ;; 1?*) printf 'left %s\\n' "$words" ;; esac # not the login itself
      kill -KILL $pid || :
    done
  done 2>/dev/null
}}
"""
"""Asks a login shell for HOST_IP within a limit, whatever its profile does."""


@dataclass(frozen=True)
class Profile:
    """What the host's shells make of a file.

    `unreadable` says which shell cannot read it, and why. `whole` are the numbers of lines that export
    HOST_IP and are commands by themselves, outside of any other. At an `open` end nothing can be added.
    """

    unreadable: str = ""
    whole: frozenset[int] = frozenset()
    open: bool = False


@dataclass(frozen=True)
class Login:
    """What a login with one shell did.

    `said` is its HOST_IP, also where it ended `early`, in its profile; None if it said nothing. `code` is its
    exit code, None if it took longer than LIMIT. `left` are the programs that it, or
    one before it, left at work.
    """

    shell: str
    said: str | None = None
    code: int | None = 0
    early: bool = False
    readonly: bool = False
    lacks: str = ""
    left: tuple[str, ...] = ()

    def seen(self, address: str) -> str:
        """Say in what way it does not say `address`."""
        if self.code is None:
            return f"{self.shell} does not end within {LIMIT} s"
        ends = f"{self.shell} ends in its profile and " if self.early else "it "
        return f"{ends}says {self.said or ''!r}, not {address}"


def asking(item: ProfileLine, line: str) -> str:
    """Give the shell that asks of logins and of the file; where all is well, its lines are not examined."""
    file, whole = quote(item.path), quote(line)
    return f"""\
part logins; well=yes
for shell in bash sh; do
  command -v $shell >/dev/null || continue
  login $shell {file} || {{ well=; break; }}
  case "$told" in {quote(f"says {item.address}")}"{chr(10)}"*) ;; *) well=; continue ;; esac
  ! sh -n {file} 2>/dev/null || break # it says the same, and a login costs more than all else of a look
done
end_leftovers
part profile
ours=$(grep -nxF {whole} {file} 2>/dev/null | cut -d: -f1)
if [ "$well$(grep -c HOST_IP= {file} 2>/dev/null)" = yes1 ] && [ -n "$ours" ]; then echo "whole $ours"
else profile {file}; fi"""


FUNCTIONS = UNREADABLE + _WHOLE + LOGIN
"""What `asking` needs."""


def read_profile(text: str) -> Profile:
    """Read what was said of the file."""
    whole = re.findall(r"^whole ([0-9]{1,7})$", text, re.MULTILINE)
    unreadable = "" if re.match(r"whole |open$|\Z", text) else printable(" ".join(text.split()))
    return Profile(unreadable, frozenset(map(int, whole)), bool(re.search(r"^open$", text, re.MULTILINE)))


def read_logins(text: str) -> tuple[Login, ...]:
    """Read what was said of each login."""
    return tuple(_login(one) for one in re.split(r"^shell ", text, flags=re.MULTILINE)[1:])


def _login(text: str) -> Login:
    shell, *lines = text.splitlines()
    told: dict[str, list[str]] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        told.setdefault(word, []).append(rest)
    code = told.get("ended", [""])[0]
    return Login(
        shell,
        said=told["says"][-1] if "says" in told else None,
        code=int(code) if re.fullmatch(r"[0-9]{1,3}", code) else None,
        early="early" in told,
        readonly="readonly" in told,
        lacks=told.get("lacks", [""])[0],
        left=tuple(dict.fromkeys(filter(None, map(printable, told.get("left", []))))),
    )
