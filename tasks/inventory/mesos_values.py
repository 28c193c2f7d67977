"""What Mesos 1.5 and Marathon 1.5 refuse of their settings, refused here first, with the reason.

Sources: stout/flags of Mesos 1.5.0 (parsing), Marathon 1.5.8's launcher (extra-defines.bash) and scallop.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from . import flags as known
from . import lockout
from .flags import Flag, Program
from .kinds import Wrong
from .secret import piece, quoted
from .words import arguments, assignments

DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|secs|mins|hrs|days|weeks)")
SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "secs": 1,
    "mins": 60,
    "hrs": 3600,
    "days": 86400,
    "weeks": 604800,
}

MASTER_OWN = frozenset("port hostname ip zk quorum registry log_dir work_dir".split())
AGENT_OWN = frozenset(
    "port hostname ip master log_dir work_dir containerizers resources attributes default_role "
    "docker_mesos_image systemd_enable_support".split()
)
MARATHON_OWN = frozenset("http_address http_port hostname master zk".split())

REFUSED = {
    "http_credentials": lockout.NO_PASSWORD,
    **dict.fromkeys(lockout.MARATHONS, lockout.MARATHON_FAILS),
    "disable_http": "mesofab asks over http, so no gate would ever be reached: remove it",
    "disable_ha": "every Marathon would lead: remove it",
}
"""Flags that work, but not together with the runbook."""


# Mesos


def master_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for mesos-master."""
    return _mesos(text, known.MASTER, MASTER_OWN)


def agent_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for the agent."""
    return _mesos(text, known.AGENT, AGENT_OWN)


def _mesos(text: str, program: Program, own: Collection[str]) -> tuple[tuple[str, str], ...]:
    pairs = assignments(text, lambda name: program.kind(_flag(name)) == "json")
    lockout.check_tls(dict(pairs))
    flags = {name: _flag(name) for name, _ in pairs if name.startswith("MESOS_")}
    given = {name: program.flags.get(flag, Flag(flag, "")) for name, flag in flags.items()}
    for name, value in pairs:
        if name in given:
            _check_flag(name, given[name], value, own)
            lockout.check_flag(name, given[name], value, program)
    twice = _repeated([flag.name for flag in given.values()])
    if twice:
        names = " and ".join(name for name, flag in given.items() if flag.name == twice)
        raise Wrong(f"sets {names}, which are one flag", "give it once")
    return pairs


def _flag(name: str) -> str:
    return name.removeprefix("MESOS_").lower() if name.startswith("MESOS_") else ""


def _check_flag(name: str, flag: Flag, value: str, own: Collection[str]) -> None:
    if flag.name in ("version", "help"):
        raise Wrong(f"sets {name}", f"remove it: Mesos takes it for --{flag.name} and exits")
    if flag.name in own:
        raise Wrong(
            f"sets {name}, which mesofab sets itself", "use the setting of hosts.ini for it, or remove it"
        )
    if flag.kind == "boolean" and value not in ("true", "false", "1", "0"):
        raise Wrong(f"sets {name} to {quoted(name, value)}", "Mesos reads true, false, 1 and 0 only")
    if flag.kind == "path" and value.startswith(("{", "[")):
        raise Wrong(f"gives {name} JSON", "Mesos takes the path of a file there")
    if flag.kind == "duration":
        _check_duration(name, flag, value)


def _check_duration(name: str, flag: Flag, value: str) -> None:
    if not DURATION.fullmatch(value):
        raise Wrong(
            f"sets {name} to {quoted(name, value)}", "write a number with secs, mins, hrs, days or weeks"
        )
    if flag.least and _seconds(value) < _seconds(flag.least):
        raise Wrong(f"sets {name} to {quoted(name, value)}", f"Mesos refuses less than {flag.least}")
    if flag.most and _seconds(value) > _seconds(flag.most):
        raise Wrong(f"sets {name} to {quoted(name, value)}", f"Mesos refuses more than {flag.most}")


def _seconds(duration: str) -> float:
    match = DURATION.fullmatch(duration)
    return float(match[1]) * SECONDS[match[2]] if match else 0.0


# Marathon


def marathon_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for Marathon; its launcher turns MARATHON_X=value into `--x value`."""
    pairs = assignments(text, lambda name: False)
    if "MESOSPHERE_HTTP_CREDENTIALS" in dict(pairs):
        raise Wrong("sets MESOSPHERE_HTTP_CREDENTIALS", lockout.NO_PASSWORD)
    lockout.check_tls(dict(pairs))
    for name, value in pairs:
        if _is_flag(name):
            _check_marathon_flag(name, name.removeprefix("MARATHON_").lower(), value)
    _once(flags_of(pairs, ()))
    return pairs


def _is_flag(name: str) -> bool:
    return name.startswith("MARATHON_") and not name.startswith("MARATHON_APP")


def _check_marathon_flag(name: str, flag: str, value: str) -> None:
    _check_not_own(name, flag)
    if flag.startswith("cmd_"):
        raise Wrong(f"sets {name}", "its launcher makes an unknown flag of it: leave out CMD_")
    if _takes_none(flag):
        raise Wrong(f"gives {name} a value", f"the flag takes none: put --{flag} into marathon_arguments")
    if "=" in value or re.search(r"[\s*?\[]", value) or "MARATHON_" in value:
        raise Wrong(
            f"gives {name} the value {quoted(name, value)}",
            "its launcher would split or change it: put the flag into marathon_arguments",
        )


def _takes_none(flag: str) -> bool:
    return flag.startswith("disable_") or known.MARATHON.kind(flag) in ("toggle", "switch")


def marathon_arguments(text: str) -> tuple[str, ...]:
    """Read extra arguments for Marathon; a flag given twice makes it exit."""
    words = arguments(text)
    for before, word in zip(("", *words), words, strict=False):
        if not word.startswith("-") and not _takes_value(before):
            raise Wrong(
                f"holds {piece(word, text)} behind no flag that takes it",
                "write --flag value, each flag once",
            )
    for flag in flags_of((), words):
        _check_not_own(f"--{flag}", flag)
    _once(flags_of((), words))
    for word, following in zip(words, (*words[1:], "--"), strict=False):
        _check_value(word, following)
    return words


def _check_value(word: str, following: str) -> None:
    flag, inline, _ = word.partition("=")
    name = flag.removeprefix("--")
    if inline and flag.startswith("--") and _takes_none(name):
        raise Wrong(f"gives {flag} a value", f"the flag takes none: write {flag} alone")
    if word == f"--{name}" and known.MARATHON.kind(name) == "value" and following.startswith("--"):
        raise Wrong(f"gives {flag} no value", f"write {flag} and its value")


def _takes_value(word: str) -> bool:
    return word.startswith("-") and "=" not in word and not _takes_none(word.removeprefix("--"))


def flags_of(environment: Iterable[tuple[str, str]], words: Iterable[str]) -> list[str]:
    """Give the flags that Marathon sees, without their dashes, those of the environment first."""
    variables = [name.removeprefix("MARATHON_").lower() for name, _ in environment if _is_flag(name)]
    return variables + [w.partition("=")[0].removeprefix("--") for w in words if re.match("--.", w)]


def _check_not_own(name: str, flag: str) -> None:
    if flag in REFUSED:
        raise Wrong(f"sets {name}", REFUSED[flag])
    if flag in MARATHON_OWN:
        raise Wrong(
            f"sets {name}, which mesofab sets itself", "a flag given twice makes Marathon exit: remove it"
        )


def _repeated(flags: Sequence[str]) -> str | None:
    return next((flag for flag in flags if flags.count(flag) > 1), None)


def _once(flags: Sequence[str]) -> None:
    twice = _repeated(flags)
    if twice is not None:
        raise Wrong(f"gives --{twice} twice", "Marathon exits at a flag given twice: give it once")
