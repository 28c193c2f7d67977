"""The lists of flags are data: whole, of a known form, and what is in none is refused with a way out."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO, messages

from tasks.inventory import flags
from tasks.inventory.flags import AGENT, MARATHON, MASTER, Program
from tasks.inventory.mesos_values import AGENT_OWN, MARATHON_OWN, MASTER_OWN, REFUSED

KINDS = {
    MASTER: {"boolean", "duration", "json", "number", "path", "text"},
    AGENT: {"boolean", "bytes", "duration", "json", "number", "path", "text"},
    MARATHON: {"toggle", "switch", "value", "removed"},
}
STAND_INS = Path(__file__).parents[2] / "lab/images/mesos-stand-in/mesos_standin"


def master(variable: str, more: str = "") -> list[str]:
    """What is wrong with a variable of the masters."""
    return messages(
        f"{TRIO}[mesos_master:children]\nzookeeper\n[all:vars]\n{more}mesos_master_environment={variable}\n"
    )


def agent(variable: str) -> list[str]:
    """What is wrong with a variable of the agents."""
    return messages(
        f"{TRIO}[mesos_agent]\n10.70.0.20\n[mesos_agent:vars]\nmesos_agent_environment={variable}\n"
    )


def marathon(arguments: str = "", environment: str = "", more: str = "") -> list[str]:
    """What is wrong with Marathon's arguments or variables."""
    setting = f"marathon_arguments={arguments}" if arguments else f"marathon_environment={environment}"
    return messages(f"{TRIO}[marathon:children]\nzookeeper\n[all:vars]\n{more}{setting}\n")


@pytest.mark.parametrize("program", KINDS, ids=str)
def test_every_line_of_a_list_is_of_a_known_form_and_no_flag_stands_twice(program: Program) -> None:
    assert {flag.kind for flag in program.lines} == KINDS[program]
    names = [name for flag in program.lines for name in (flag.name, flag.old) if name]
    assert len(names) == len(set(names))
    assert all(flag.instead in program.flags for flag in program.lines if flag.instead)


@pytest.mark.parametrize("program", KINDS, ids=str)
def test_a_list_says_which_version_it_is_of_and_where_it_was_read(program: Program) -> None:
    text = (Path(flags.__file__).parent / f"{program.name}-{program.version}.txt").read_text()
    head = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert program.version in head and re.search(r"Source: \S+, tag v?" + re.escape(program.version), head)


@pytest.mark.parametrize("room, program", [("master", MASTER), ("agent", AGENT)])
def test_every_flag_that_the_lab_knows_is_known_here(room: str, program: Program) -> None:
    lines = (STAND_INS / room / "flags.txt").read_text().splitlines()
    names = {name for line in lines if not line.startswith("#") for name in line.split()[2:]}
    known = {part for name in names for part in name.split("/")}
    assert known <= program.flags.keys()


def test_every_flag_that_is_ours_or_refused_is_one_that_its_program_has() -> None:
    assert MASTER.flags.keys() >= MASTER_OWN and AGENT.flags.keys() >= AGENT_OWN
    assert MARATHON.flags.keys() >= MARATHON_OWN
    assert {
        name.removeprefix("disable_") for name in REFUSED if name != "disable_http"
    } <= MARATHON.flags.keys()


@given(st.sampled_from(sorted(MARATHON.flags)), st.booleans())
def test_every_flag_of_marathons_is_taken_unless_mesofab_gives_it(flag: str, disabled: bool) -> None:
    kind = MARATHON.kind(flag)
    name = f"disable_{flag}" if disabled and kind == "toggle" else flag
    found = marathon(f"--{name} 1" if kind == "value" else f"--{name}")
    assert bool(found) == (name in REFUSED or name in MARATHON_OWN), found


@given(st.sampled_from(sorted(AGENT.flags)))
def test_every_flag_of_an_agents_is_known_under_its_name_and_its_old_one(flag: str) -> None:
    assert not [one for one in agent(f"MESOS_{flag.upper()}=x") if "no flag of" in one]


NO_FLAGS_OF_MARATHON = {
    "removed in 1.5": (
        "--artifact_store file:///var/lib/marathon",
        "artifact_store",
        "Marathon exits at it: remove it",
    ),
    "removed, and another has its place": (
        "--max_tasks_per_offer 5",
        "max_tasks_per_offer",
        "did you mean --max_instances_per_offer?",
    ),
    "misspelt": (
        "--max_instance_per_offer=5",
        "max_instance_per_offer",
        "did you mean --max_instances_per_offer?",
    ),
    "near no other": ("--colour red", "colour", "Marathon exits at it: remove it"),
    "a form that only toggles have": (
        "--disable_max_apps",
        "disable_max_apps",
        "Marathon exits at it: remove it",
    ),
    "hyphens": ("--max-apps 5", "max-apps", "did you mean --max_apps?"),
    "one of Mesos": ("--offer_timeout 1", "offer_timeout", "Marathon exits at it: remove it"),
}


@pytest.mark.parametrize("text, flag, mend", NO_FLAGS_OF_MARATHON.values(), ids=NO_FLAGS_OF_MARATHON.keys())
def test_a_flag_that_marathon_does_not_have_is_refused(text: str, flag: str, mend: str) -> None:
    (told,) = marathon(text)
    head = f"hosts.ini:8: marathon_arguments sets --{flag}, not a flag of marathon 1.5.8; {mend}"
    assert told.startswith(head) and told.endswith(f"f your build has it, add extra_flags={flag}")


def test_a_variable_of_marathons_is_a_flag_too() -> None:
    (told,) = marathon(environment="MARATHON_ARTIFACT_STORE=file:///var/lib/marathon")
    assert "sets --artifact_store, not a flag of marathon 1.5.8" in told


@pytest.mark.parametrize("flag", ["artifact_store", "colour"])
def test_a_build_of_ones_own_may_have_more_flags(flag: str) -> None:
    assert not marathon(f"--{flag} x", more=f"extra_flags=my_flag, {flag}\n")
    assert marathon(f"--{flag} x --other y", more=f"extra_flags={flag}\n")
    assert not master("MESOS_MY_FLAG=1", more="extra_flags=my_flag\n")


@pytest.mark.parametrize("tag", ["v1.6.335", "1.50.0", "build-7"])
def test_an_image_of_another_version_is_not_held_against_this_ones_list(tag: str) -> None:
    assert not marathon("--artifact_store x", more=f"marathon_image=mesosphere/marathon:{tag}\n")


@pytest.mark.parametrize("tag", ["v1.5.11", "1.5.8-rc1", "v1.5.8@sha256:" + "0" * 64])
def test_another_patch_of_this_version_is(tag: str) -> None:
    assert marathon("--artifact_store x", more=f"marathon_image=mesosphere/marathon:{tag}\n")


def test_what_may_be_no_name_of_a_flag_is_refused_as_one() -> None:
    (told,) = marathon("--a 1", more="extra_flags=--a\n")[:1]
    assert told == (
        "hosts.ini:8: extra_flags is '--a'; "
        "write flags without dashes, commas between them, as in my_flag,other_flag"
    )


def test_every_unknown_flag_of_a_setting_is_told() -> None:
    told = master('"MESOS_COLOUR=red MESOS_OFER_TIMEOUT=1hrs"')
    assert ["MESOS_COLOUR" in told[0], "MESOS_OFER_TIMEOUT" in told[1]] == [True, True]


NO_FLAGS_OF_MESOS = {
    "a negation, which only arguments may have": (
        "MESOS_NO_HOSTNAME_LOOKUP=1",
        "write MESOS_HOSTNAME_LOOKUP=false",
    ),
    "an agent's": ("MESOS_DOCKER_SOCKET=/x", "it is one of mesos-agent: move it to mesos_agent_environment"),
    "a later version's": ("MESOS_MAX_OPERATOR_EVENT_STREAM_SUBSCRIBERS=5", "it would be ignored: remove it"),
    "misspelt": ("MESOS_ALLOCATION_INTERVALL=1secs", "did you mean MESOS_ALLOCATION_INTERVAL?"),
}


@pytest.mark.parametrize("text, mend", NO_FLAGS_OF_MESOS.values(), ids=NO_FLAGS_OF_MESOS.keys())
def test_a_variable_that_a_master_would_ignore_is_refused(text: str, mend: str) -> None:
    (told,) = master(text)
    assert f"sets {text.partition('=')[0]}, not a flag of mesos-master 1.5.0; {mend}" in told


@pytest.mark.parametrize(
    "variable",
    "JAVA_OPTS TZ GLOG_v GLOG_max_log_size LD_LIBRARY_PATH HTTP_PROXY https_proxy NO_PROXY PATH HOME LANG "
    "LC_ALL LIBPROCESS_IP LIBPROCESS_PORT LIBPROCESS_ADVERTISE_IP LIBPROCESS_ADVERTISE_PORT "
    "LIBPROCESS_NUM_WORKER_THREADS SSL_CERT_FILE SSL_CERT_DIR SASL_PATH MALLOC_ARENA_MAX "
    "JAVA_HOME HADOOP_CONF_DIR DOCKER_HOST KRB5_CONFIG MARATHON_APP_ID".split(),
)
def test_a_variable_that_is_no_flag_passes(variable: str) -> None:
    assert not master(f"{variable}=1") and not agent(f"{variable}=1")
