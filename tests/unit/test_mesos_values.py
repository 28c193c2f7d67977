"""What Mesos and Marathon would refuse of their settings is refused first, with the reason."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO, messages, refusal

from tasks.inventory import flags
from tasks.inventory.kinds import Kind
from tasks.inventory.mesos_values import (
    agent_environment,
    marathon_arguments,
    marathon_environment,
    master_environment,
)

BOOLEANS, DURATIONS = (
    sorted(flag.name for flag in flags.AGENT.lines if flag.kind == kind) for kind in ("boolean", "duration")
)

READS_ONLY = "Mesos reads true, false, 1 and 0 only"
UNITS = "write a number with secs, mins, hrs, days or weeks"
OWN = "which mesofab sets itself; use the setting of hosts.ini for it, or remove it"
LAUNCHER = "its launcher would split or change it: put the flag into marathon_arguments"
TWICE = "a flag given twice makes Marathon exit: remove it"


# Mesos

REFUSED_BY_MESOS = {
    "a boolean as Python writes it": ("MESOS_QUIET=True", f"sets MESOS_QUIET to 'True'; {READS_ONLY}"),
    "yes": ("MESOS_QUIET=yes", f"sets MESOS_QUIET to 'yes'; {READS_ONLY}"),
    "on": ("MESOS_QUIET=on", f"sets MESOS_QUIET to 'on'; {READS_ONLY}"),
    "seconds as s": ("MESOS_ZK_SESSION_TIMEOUT=10s", f"sets MESOS_ZK_SESSION_TIMEOUT to '10s'; {UNITS}"),
    "one minute": ("MESOS_ZK_SESSION_TIMEOUT=1min", f"sets MESOS_ZK_SESSION_TIMEOUT to '1min'; {UNITS}"),
    "five sec": ("MESOS_ZK_SESSION_TIMEOUT=5sec", f"sets MESOS_ZK_SESSION_TIMEOUT to '5sec'; {UNITS}"),
    "a bare number": ("MESOS_ZK_SESSION_TIMEOUT=10", f"sets MESOS_ZK_SESSION_TIMEOUT to '10'; {UNITS}"),
    "a space in a duration": (
        "MESOS_ZK_SESSION_TIMEOUT='10 secs'",
        f"sets MESOS_ZK_SESSION_TIMEOUT to '10 secs'; {UNITS}",
    ),
    "a name half in lower case": (
        "MESOS_zk_session_timeout=10s",
        f"sets MESOS_zk_session_timeout to '10s'; {UNITS}",
    ),
    "its version": (
        "MESOS_VERSION=1.5.0",
        "sets MESOS_VERSION; remove it: Mesos takes it for --version and exits",
    ),
    "its help": ("MESOS_HELP=1", "sets MESOS_HELP; remove it: Mesos takes it for --help and exits"),
    "an empty value": (
        "MESOS_CLUSTER=",
        "gives MESOS_CLUSTER an empty value; remove it: an empty value is a value to Mesos",
    ),
    "a variable twice": ("MESOS_CLUSTER=a MESOS_CLUSTER=b", "gives a variable twice; give each once"),
    "a flag in two forms": (
        "MESOS_QUIET=1 MESOS_quiet=1",
        "sets MESOS_QUIET and MESOS_quiet, which are one flag; give it once",
    ),
    "an open quote": (
        "MESOS_CLUSTER='a",
        "cannot be split into words (No closing quotation); close the quote",
    ),
    "a word": ("MESOS_CLUSTER", "holds 'MESOS_CLUSTER'; write NAME=value words"),
    "a value with spaces": (
        "MESOS_CLUSTER=a -b",
        "holds '-b'; write NAME=value words, in quotes where a value has spaces",
    ),
    "a flag": ("--cluster=a", "holds '--cluster=a'; write NAME=value words"),
    "what mesofab sets": ("MESOS_IP=10.0.0.1", f"sets MESOS_IP, {OWN}"),
    "what mesofab sets, in lower case": ("MESOS_work_dir=/x", f"sets MESOS_work_dir, {OWN}"),
}


@pytest.mark.parametrize("kind", [master_environment, agent_environment])
@pytest.mark.parametrize("text, sentence", REFUSED_BY_MESOS.values(), ids=REFUSED_BY_MESOS.keys())
def test_what_mesos_would_refuse_is_refused_first(kind: Kind, text: str, sentence: str) -> None:
    assert refusal(kind, text) == sentence


REFUSED_BY_A_MASTER = {
    "an old name's boolean": (
        "MESOS_AUTHENTICATE_SLAVES=no",
        f"sets MESOS_AUTHENTICATE_SLAVES to 'no'; {READS_ONLY}",
    ),
    "less than ten minutes to come back": (
        "MESOS_AGENT_REREGISTER_TIMEOUT=599secs",
        "sets MESOS_AGENT_REREGISTER_TIMEOUT to '599secs'; Mesos refuses less than 10mins",
    ),
    "the same under its old name": (
        "MESOS_SLAVE_REREGISTER_TIMEOUT=9.9mins",
        "sets MESOS_SLAVE_REREGISTER_TIMEOUT to '9.9mins'; Mesos refuses less than 10mins",
    ),
    "pings too far apart": (
        "MESOS_AGENT_PING_TIMEOUT=1hrs",
        "sets MESOS_AGENT_PING_TIMEOUT to '1hrs'; Mesos refuses more than 15mins",
    ),
    "a flag under two names": (
        "MESOS_AGENT_PING_TIMEOUT=5secs MESOS_SLAVE_PING_TIMEOUT=5secs",
        "sets MESOS_AGENT_PING_TIMEOUT and MESOS_SLAVE_PING_TIMEOUT, which are one flag; give it once",
    ),
    "credentials themselves, where their file is wanted": (
        """MESOS_CREDENTIALS='{"credentials": []}'""",
        "gives MESOS_CREDENTIALS JSON; Mesos takes the path of a file there",
    ),
}


@pytest.mark.parametrize("text, sentence", REFUSED_BY_A_MASTER.values(), ids=REFUSED_BY_A_MASTER.keys())
def test_what_a_master_would_refuse_is_refused_first(text: str, sentence: str) -> None:
    assert refusal(master_environment, text) == sentence


@pytest.mark.parametrize("name", ["ZK", "QUORUM", "REGISTRY", "PORT", "HOSTNAME", "LOG_DIR"])
def test_a_master_keeps_what_mesofab_sets(name: str) -> None:
    assert refusal(master_environment, f"MESOS_{name}=1") == f"sets MESOS_{name}, {OWN}"


@pytest.mark.parametrize(
    "name", ["MASTER", "CONTAINERIZERS", "RESOURCES", "ATTRIBUTES", "DEFAULT_ROLE", "DOCKER_MESOS_IMAGE"]
)
def test_an_agent_keeps_what_mesofab_sets(name: str) -> None:
    assert refusal(agent_environment, f"MESOS_{name}=a:1") == f"sets MESOS_{name}, {OWN}"


@given(st.sampled_from(BOOLEANS), st.text(min_size=1, max_size=6) | st.sampled_from(["true", "0"]))
def test_a_boolean_is_one_of_four_words(flag: str, value: str) -> None:
    accepted = not refusal(agent_environment, f"MESOS_{flag.upper()}={shlex.quote(value)}")
    refused_anyway = flag in ("systemd_enable_support", "version", "help") or (
        flag.startswith("authenticate_") and value in ("true", "1")
    )
    assert accepted == (value in ("true", "false", "1", "0") and not refused_anyway)


@given(
    st.sampled_from(DURATIONS),
    st.integers(0, 99),
    st.text(st.sampled_from("secmhrdaywk"), max_size=5),
)
def test_a_duration_needs_one_of_mesos_own_units(flag: str, number: int, unit: str) -> None:
    if unit not in ("secs", "mins", "hrs", "days", "weeks", "ms"):
        assert refusal(agent_environment, f"MESOS_{flag.upper()}={number}{unit}").endswith(UNITS)


GOOD_FOR_MESOS = {
    "": (),
    "MESOS_OFFER_TIMEOUT=1hrs MESOS_MAX_COMPLETED_FRAMEWORKS=10": (
        ("MESOS_OFFER_TIMEOUT", "1hrs"),
        ("MESOS_MAX_COMPLETED_FRAMEWORKS", "10"),
    ),
    "MESOS_QUIET=1 MESOS_LOG_AUTO_INITIALIZE=false": (
        ("MESOS_QUIET", "1"),
        ("MESOS_LOG_AUTO_INITIALIZE", "false"),
    ),
    "MESOS_AGENT_REREGISTER_TIMEOUT=10mins": (("MESOS_AGENT_REREGISTER_TIMEOUT", "10mins"),),
    "MESOS_AGENT_PING_TIMEOUT=1secs": (("MESOS_AGENT_PING_TIMEOUT", "1secs"),),
    "MESOS_EXECUTOR_REGISTRATION_TIMEOUT=2.5mins": (("MESOS_EXECUTOR_REGISTRATION_TIMEOUT", "2.5mins"),),
    "MESOS_CLUSTER='a b = c'": (("MESOS_CLUSTER", "a b = c"),),
    """MESOS_ACLS='{"permissive": true}'""": (("MESOS_ACLS", '{"permissive": true}'),),
    "LIBPROCESS_PORT=9000 GLOG_v=True": (("LIBPROCESS_PORT", "9000"), ("GLOG_v", "True")),
}


@pytest.mark.parametrize("text, pairs", GOOD_FOR_MESOS.items())
def test_what_mesos_accepts_passes_through_unchanged(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert master_environment(text) == tuple(sorted(pairs))
    assert agent_environment(text) == tuple(sorted(pairs))


def test_an_agent_may_be_told_another_registration_timeout_and_user() -> None:
    text = "MESOS_EXECUTOR_REGISTRATION_TIMEOUT=10mins MESOS_SWITCH_USER=1"
    assert refusal(agent_environment, text) == ""


# Marathon's variables, of which its launcher makes flags

REFUSED_OF_THE_ENVIRONMENT = {
    "an equals sign": (
        "MARATHON_REPORTER_GRAPHITE=tcp://h:1?prefix=x",
        f"gives MARATHON_REPORTER_GRAPHITE the value 'tcp://h:1?prefix=x'; {LAUNCHER}",
    ),
    "a space": (
        "MARATHON_FRAMEWORK_NAME='my marathon'",
        f"gives MARATHON_FRAMEWORK_NAME the value 'my marathon'; {LAUNCHER}",
    ),
    "a star": (
        "MARATHON_DEFAULT_ACCEPTED_RESOURCE_ROLES=*",
        f"gives MARATHON_DEFAULT_ACCEPTED_RESOURCE_ROLES the value '*'; {LAUNCHER}",
    ),
    "its own prefix": (
        "MARATHON_MESOS_ROLE=MARATHON_1",
        f"gives MARATHON_MESOS_ROLE the value 'MARATHON_1'; {LAUNCHER}",
    ),
    "a flag that takes no value": (
        "MARATHON_DISABLE_CHECKPOINT=true",
        "gives MARATHON_DISABLE_CHECKPOINT a value; "
        "the flag takes none: put --disable_checkpoint into marathon_arguments",
    ),
    "a toggle": (
        "MARATHON_CHECKPOINT=true",
        "gives MARATHON_CHECKPOINT a value; the flag takes none: put --checkpoint into marathon_arguments",
    ),
    "a form that only Marathon itself knows": (
        "MARATHON_CMD_MAX_APPS=5",
        "sets MARATHON_CMD_MAX_APPS; its launcher makes an unknown flag of it: leave out CMD_",
    ),
    "a flag twice": (
        "MARATHON_MAX_APPS=5 MARATHON_max_apps=6",
        "gives --max_apps twice; Marathon exits at a flag given twice: give it once",
    ),
    "what mesofab sets": (
        "MARATHON_HOSTNAME=web1",
        f"sets MARATHON_HOSTNAME, which mesofab sets itself; {TWICE}",
    ),
    "what mesofab gives as an argument": (
        "MARATHON_ZK=zk://a/b",
        f"sets MARATHON_ZK, which mesofab sets itself; {TWICE}",
    ),
    "an empty value": (
        "MARATHON_MESOS_ROLE=",
        "gives MARATHON_MESOS_ROLE an empty value; remove it: an empty value is a value to Mesos",
    ),
    "an open quote": (
        'MARATHON_MESOS_ROLE="a',
        "cannot be split into words (No closing quotation); close the quote",
    ),
}


@pytest.mark.parametrize(
    "text, sentence", REFUSED_OF_THE_ENVIRONMENT.values(), ids=REFUSED_OF_THE_ENVIRONMENT.keys()
)
def test_what_marathons_launcher_would_spoil_is_refused_first(text: str, sentence: str) -> None:
    assert refusal(marathon_environment, text) == sentence


def test_variables_of_which_the_launcher_makes_no_flags_may_hold_anything() -> None:
    text = "MARATHON_TASK_LAUNCH_TIMEOUT=600000 MARATHON_APP_NOTE='a = *' JAVA_OPTS='-Xmx1g -Dx=y'"
    assert marathon_environment(text) == (
        ("JAVA_OPTS", "-Xmx1g -Dx=y"),
        ("MARATHON_APP_NOTE", "a = *"),
        ("MARATHON_TASK_LAUNCH_TIMEOUT", "600000"),
    )


# Marathon's arguments

REFUSED_OF_THE_ARGUMENTS = {
    "a flag twice, once with =": (
        "--max_apps 5 --max_apps=6",
        "gives --max_apps twice; Marathon exits at a flag given twice: give it once",
    ),
    "what mesofab gives": ("--zk zk://a/b", f"sets --zk, which mesofab sets itself; {TWICE}"),
    "what mesofab sets, with =": ("--http_port=1", f"sets --http_port, which mesofab sets itself; {TWICE}"),
    "a word without its flag": (
        "max_apps 5",
        "holds 'max_apps' behind no flag that takes it; write --flag value, each flag once",
    ),
    "a second value": (
        "--max_apps 5 6",
        "holds '6' behind no flag that takes it; write --flag value, each flag once",
    ),
    "a value behind a flag that has one": (
        "--max_apps=5 6",
        "holds '6' behind no flag that takes it; write --flag value, each flag once",
    ),
    "a value behind = for a flag that takes none": (
        "--checkpoint=true",
        "gives --checkpoint a value; the flag takes none: write --checkpoint alone",
    ),
    "no value, and another flag": (
        "--max_apps --disable_checkpoint",
        "gives --max_apps no value; write --max_apps and its value",
    ),
    "no value at the end": ("--max_apps", "gives --max_apps no value; write --max_apps and its value"),
    "a value for a flag that takes none": (
        "--disable_checkpoint true",
        "holds 'true' behind no flag that takes it; write --flag value, each flag once",
    ),
    "an open quote": (
        "--framework_name 'a",
        "cannot be split into words (No closing quotation); close the quote",
    ),
}


@pytest.mark.parametrize(
    "text, sentence", REFUSED_OF_THE_ARGUMENTS.values(), ids=REFUSED_OF_THE_ARGUMENTS.keys()
)
def test_what_marathon_would_refuse_is_refused_first(text: str, sentence: str) -> None:
    assert refusal(marathon_arguments, text) == sentence


def test_arguments_of_spaces_alone_are_none() -> None:
    assert marathon_arguments(" ") == marathon_arguments("\t ") == ()


def test_arguments_that_marathon_accepts_pass_through_unchanged() -> None:
    text = "--access_control_allow_origin '*' --framework_name='a b' --disable_checkpoint -J-Xss2m"
    assert marathon_arguments(f"{text} --reporter_graphite 'tcp://h?a=b'") == (
        "--access_control_allow_origin",
        "*",
        "--framework_name=a b",
        "--disable_checkpoint",
        "-J-Xss2m",
        "--reporter_graphite",
        "tcp://h?a=b",
    )


def test_a_flag_in_both_the_environment_and_the_arguments_is_told_with_its_line() -> None:
    text = (
        f"{TRIO}[marathon]\n10.70.0.10\n[marathon:vars]\n"
        "marathon_environment=MARATHON_MAX_APPS=5\nmarathon_arguments=--max_apps 5\n"
    )
    assert messages(text) == [
        "hosts.ini:9: --max_apps is given here and in marathon_environment; "
        "Marathon exits at a flag given twice: remove one of the two"
    ]


@given(st.text(max_size=20))
def test_any_text_is_accepted_or_refused_with_a_reason(text: str) -> None:
    for kind in (master_environment, agent_environment, marathon_environment, marathon_arguments):
        sentence = refusal(kind, text)
        assert not sentence or all(sentence.split("; ", 1))
