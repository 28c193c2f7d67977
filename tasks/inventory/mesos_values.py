"""What Mesos 1.5 and Marathon 1.5 refuse of their settings, refused here first, with the reason.

Sources: stout/flags of Mesos 1.5.0 (parsing), src/master/flags.cpp and src/slave/flags.cpp (names),
Marathon 1.5.8's launcher (extra-defines.bash) and scallop.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from . import flags as known
from .kinds import Wrong, arguments, assignments
from .secret import part, quoted

BOOLEANS = frozenset(
    "authenticate_agents authenticate_frameworks authenticate_http_frameworks authenticate_http_readonly "
    "authenticate_http_readwrite filter_gpu_resources hostname_lookup initialize_driver_logging "
    "log_auto_initialize quiet registry_strict require_agent_domain root_submissions "
    "cgroups_cpu_enable_pids_and_tids_count cgroups_enable_cfs cgroups_limit_swap docker_kill_orphans "
    "disallow_sharing_agent_pid_namespace enforce_container_disk_quota http_command_executor "
    "revocable_cpu_low_priority strict switch_user systemd_enable_support".split()
)
DURATIONS = frozenset(
    "agent_ping_timeout agent_reregister_timeout allocation_interval offer_timeout registry_fetch_timeout "
    "registry_gc_interval registry_max_agent_age registry_store_timeout zk_session_timeout "
    "authentication_backoff_factor container_disk_watch_interval disk_watch_interval docker_remove_delay "
    "docker_stop_timeout executor_registration_timeout executor_reregistration_timeout "
    "executor_shutdown_grace_period gc_delay http_heartbeat_interval recovery_timeout "
    "registration_backoff_factor".split()
)
LIMITS = {
    "agent_ping_timeout": ("1secs", "15mins"),
    "agent_reregister_timeout": ("10mins", ""),
    "executor_reregistration_timeout": ("", "15secs"),
    "offer_timeout": ("1ns", ""),
    "registration_backoff_factor": ("", "1mins"),
}
"""The least and the most that Mesos accepts of a duration; "" for no limit."""

OLD_NAMES = {"authenticate": "authenticate_frameworks", "authenticate_http": "authenticate_http_readwrite"}
"""Old names that Mesos still reads, beside those with `slave` for `agent`."""

DURATION = re.compile(r"[0-9]+(\.[0-9]+)?(ns|us|ms|secs|mins|hrs|days|weeks)")
MASTER_OWN = frozenset("port hostname ip zk quorum registry log_dir work_dir".split())
AGENT_OWN = frozenset(
    "port hostname ip master log_dir work_dir containerizers resources attributes default_role "
    "docker_mesos_image systemd_enable_support".split()
)
MARATHON_OWN = frozenset("http_address http_port hostname master zk".split())
TOGGLES = frozenset(
    "checkpoint ha http_compression leader_proxy_ssl_ignore_hostname mesos_authentication metrics "
    "store_cache zk_compression".split()
)
"""Marathon's flags without a value; each also has a `disable_` form."""

NO_PASSWORD = "mesofab asks without a password, so no gate would ever be reached: remove it"
REFUSED = {
    "http_credentials": NO_PASSWORD,
    "disable_http": "mesofab asks over http, so no gate would ever be reached: remove it",
    "disable_ha": "every Marathon would lead: remove it",
}
"""Flags that work, but not together with the runbook."""


def master_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for mesos-master."""
    return _mesos(text, MASTER_OWN)


def agent_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for the agent."""
    return _mesos(text, AGENT_OWN)


def _mesos(text: str, own: Collection[str]) -> tuple[tuple[str, str], ...]:
    pairs = assignments(text)
    flags = {name: _flag(name) for name, _ in pairs if name.startswith("MESOS_")}
    for name, value in pairs:
        if name in flags:
            _check_flag(name, flags[name], value, own)
    twice = _repeated(list(flags.values()))
    if twice:
        names = " and ".join(name for name, flag in flags.items() if flag == twice)
        raise Wrong(f"sets {names}, which are one flag", "give it once")
    return pairs


def _flag(name: str) -> str:
    flag = name.removeprefix("MESOS_").lower().replace("slave", "agent")
    return OLD_NAMES.get(flag, flag)


def _check_flag(name: str, flag: str, value: str, own: Collection[str]) -> None:
    if flag in ("version", "help"):
        raise Wrong(f"sets {name}", f"remove it: Mesos takes it for --{flag} and exits")
    if flag in own:
        raise Wrong(
            f"sets {name}, which mesofab sets itself", "use the setting of hosts.ini for it, or remove it"
        )
    if flag in BOOLEANS and value not in ("true", "false", "1", "0"):
        raise Wrong(f"sets {name} to {value!r}", "Mesos reads true, false, 1 and 0 only")
    if flag == "authenticate_http_readonly" and value in ("true", "1"):
        raise Wrong(f"sets {name}", NO_PASSWORD)
    if flag in DURATIONS and not DURATION.fullmatch(value):
        raise Wrong(f"sets {name} to {value!r}", "write a number with secs, mins, hrs, days or weeks")
    least, most = LIMITS.get(flag, ("", ""))
    if least and _seconds(value) < _seconds(least):
        raise Wrong(f"sets {name} to {value!r}", f"Mesos refuses less than {least}")
    if most and _seconds(value) > _seconds(most):
        raise Wrong(f"sets {name} to {value!r}", f"Mesos refuses more than {most}")


def _seconds(duration: str) -> float:
    units = {
        "ns": 1e-9,
        "us": 1e-6,
        "ms": 1e-3,
        "secs": 1,
        "mins": 60,
        "hrs": 3600,
        "days": 86400,
        "weeks": 604800,
    }
    match = re.fullmatch(r"([0-9.]+)([a-z]+)", duration)
    return float(match[1]) * units[match[2]] if match else 0.0


def marathon_environment(text: str) -> tuple[tuple[str, str], ...]:
    """Read extra variables for Marathon; its launcher turns MARATHON_X=value into `--x value`."""
    pairs = assignments(text)
    if "MESOSPHERE_HTTP_CREDENTIALS" in dict(pairs):
        raise Wrong("sets MESOSPHERE_HTTP_CREDENTIALS", NO_PASSWORD)
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
    if _is_toggle(flag):
        raise Wrong(f"gives {name} a value", f"the flag takes none: put --{flag} into marathon_arguments")
    if "=" in value or re.search(r"[\s*?\[]", value) or "MARATHON_" in value:
        raise Wrong(
            f"gives {name} the value {quoted(name, value)}",
            "its launcher would split or change it: put the flag into marathon_arguments",
        )


def _is_toggle(flag: str) -> bool:
    return flag.startswith("disable_") or flag in TOGGLES


def marathon_arguments(text: str) -> tuple[str, ...]:
    """Read extra arguments for Marathon; a flag given twice makes it exit."""
    words = arguments(text)
    for before, word in zip(("", *words), words, strict=False):
        if not word.startswith("-") and not _takes_value(before):
            raise Wrong(
                f"holds {part(word, text)} behind no flag that takes it", "write --flag value, each flag once"
            )
    for flag in flags_of((), words):
        _check_not_own(f"--{flag}", flag)
    _once(flags_of((), words))
    return words


def _takes_value(word: str) -> bool:
    return word.startswith("-") and "=" not in word and not _is_toggle(word.removeprefix("--"))


def flags_of(environment: Iterable[tuple[str, str]], words: Iterable[str]) -> list[str]:
    """Give the flags that Marathon sees, without their dashes, those of the environment first."""
    variables = [name.removeprefix("MARATHON_").lower() for name, _ in environment if _is_flag(name)]
    return variables + [w.partition("=")[0].removeprefix("--") for w in words if w.startswith("--")]


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


def unknown_to_mesos(names: Iterable[str], flags: Collection[str]) -> tuple[str, str] | None:
    """Give the first variable that Mesos would silently ignore, and how to mend it."""
    for name in names:
        if not name.startswith("MESOS_"):
            meant = known.closest(name.upper(), [f"MESOS_{flag.upper()}" for flag in flags])
            if meant:
                return name, f"did you mean {meant}?"
        elif _flag(name).removeprefix("no_") not in flags:
            meant = known.closest(_flag(name), flags)
            return name, f"did you mean MESOS_{meant.upper()}?" if meant else "it would be ignored: remove it"
    return None


def unknown_to_marathon(flags: Iterable[str]) -> tuple[str, str] | None:
    """Give the first flag that is a misspelt one, and how to mend it; Marathon exits at it."""
    for flag in flags:
        meant = known.closest(flag, known.MARATHON)
        if meant and flag.removeprefix("disable_") not in known.MARATHON:
            return f"--{flag}", f"did you mean --{meant}?"
    return None
