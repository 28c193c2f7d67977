"""JSON in a setting keeps its quotes on its way to the container, or is refused with the right spelling."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from samples import docker_gets, messages

from tasks.inventory.kinds import Wrong
from tasks.inventory.mesos_values import agent_environment, marathon_environment, master_environment
from tasks.inventory.parse import parse
from tasks.inventory.resources import entries, resources
from tasks.plan import shell
from tasks.plan.mesos_agent.desired import container

ACLS = '{"permissive":true,"register_frameworks":[{"principals":{"type":"ANY"},"roles":{"values":["*"]}}]}'
SPACED = '{"permissive": true, "note": "it\'s #1; a = b", "x": [1, 2]}'
HEAD = "[zookeeper]\n10.70.0.10 myid=1\n[mesos_agent]\n"
OBJECTS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


def reaches(lines: str) -> list[str]:
    """The variables that docker is given for the agent, with these lines behind [mesos_agent]."""
    cluster = parse(HEAD + lines)
    (node,) = cluster.having("mesos_agent")
    return docker_gets(shell.docker_run(container(cluster, node)))[1]


# Ways to write it that arrive


WRITTEN = {
    "all of it in single quotes": ("X", f"E='MESOS_ACLS={ACLS}'", ACLS),
    "spaces in it": (
        "X",
        """E='MESOS_ACLS={"a": [1, 2], "b": {"c": "d e"}}'""",
        '{"a": [1, 2], "b": {"c": "d e"}}',
    ),
    "others beside it": ("X", f"""E='MESOS_ACLS={ACLS} MESOS_FRAMEWORKS_HOME="a b"'""", ACLS),
    "others before it": ("X", f"""E='MESOS_QUIET=1 MESOS_ACLS={ACLS}'""", ACLS),
    "bare, in vars": ("vars", f"E=MESOS_ACLS={ACLS}", ACLS),
    "bare, with spaces, quotes and hashes in it": (
        "vars",
        'E=MESOS_ACLS={"a": "it\'s", "b": 1}',
        '{"a": "it\'s", "b": 1}',
    ),
    "the value in single quotes": ("vars", f"E=MESOS_ACLS='{ACLS}'", ACLS),
    "each word in single quotes": ("vars", f"E='MESOS_ACLS={ACLS}' 'MESOS_QUIET=1'", ACLS),
    "backslashes before its quotes": ("vars", r"E=MESOS_ACLS={\"a\":{\"b\":1}}", '{"a":{"b":1}}'),
    "backslashes before its quotes, and spaces": (
        "X",
        r"""E="MESOS_ACLS={\"a\": {\"b\": \"c d\"}} MESOS_QUIET=1" """,
        '{"a": {"b": "c d"}}',
    ),
    "a backslash of its own": ("host", r"""E='MESOS_ACLS={"a": "b\\c \"d\""}'""", r'{"a": "b\\c \"d\""}'),
    "quotes within quotes, on a host's line": ("host", r"""E="MESOS_ACLS='{\"a\": 1}'" """, '{"a": 1}'),
    "backslashes before its quotes, beside a word that has its own": (
        "vars",
        r"""E=MESOS_ACLS={\"a\":\"b\\\\c\"} TZ='=[\"'""",
        r'{"a":"b\\c"}',
    ),
    "a file": ("vars", "E=MESOS_ACLS=file:///etc/mesos/acls.json", "file:///etc/mesos/acls.json"),
    "a file in the old way": ("vars", "E=MESOS_ACLS=/etc/mesos/acls.json", "/etc/mesos/acls.json"),
    "an empty object": ("X", "E='MESOS_ACLS={}'", "{}"),
}


@pytest.mark.parametrize("where, line, value", WRITTEN.values(), ids=WRITTEN.keys())
def test_json_arrives_as_it_was_meant(where: str, line: str, value: str) -> None:
    setting = line.replace("E=", "mesos_agent_environment=", 1)
    on_the_host, in_vars = f"10.70.0.20 {setting}\n", f"10.70.0.20\n[mesos_agent:vars]\n{setting}\n"
    for lines in {"X": (on_the_host, in_vars), "host": (on_the_host,), "vars": (in_vars,)}[where]:
        assert f"MESOS_ACLS={value}" in reaches(lines)


@given(OBJECTS, st.booleans())
def test_any_object_arrives_however_it_is_spaced_and_beside_whatever(
    value: dict[str, Any], wide: bool
) -> None:
    text = json.dumps(value, indent=None, separators=(", ", ": ") if wide else (",", ":"))
    for form in (text, shlex.quote(text)):
        pairs = dict(agent_environment(f"A='b c' MESOS_ACLS={form} MESOS_QUIET=1"))
        assert pairs == {"A": "b c", "MESOS_ACLS": text, "MESOS_QUIET": "1"}


@given(OBJECTS, st.integers(0, 200), st.sampled_from(['"', "{", "}", ",", ":", "'", "\\", ""]))
def test_json_with_one_character_changed_is_json_or_refused(
    value: dict[str, Any], at: int, character: str
) -> None:
    text = json.dumps(value)
    broken = text[: at % len(text)] + character + text[at % len(text) + 1 :]
    try:
        (pair,) = agent_environment(f"MESOS_ACLS={broken}")
    except Wrong as wrong:
        assert wrong.what and wrong.mend
    else:
        assert isinstance(json.loads(pair[1]), dict) or pair[1].startswith(("/", "file://"))


WORD = st.text(st.sampled_from("ab=:,'\"\\\\[[]{{} #;é"), min_size=1, max_size=8)
BESIDE = {"nothing": "", "JSON": 'Z={"z": 1} ', "JSON with backslashes": r"Z={\"z\": 1} "}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE.keys())
@given(st.dictionaries(st.sampled_from("ABC"), WORD, min_size=1))
@example({"A": r"=[\""})
def test_any_quoted_value_keeps_each_of_its_characters(beside: str, values: dict[str, str]) -> None:
    text = beside + " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
    assert dict(agent_environment(text)) == values | ({"Z": '{"z": 1}'} if beside else {})


# Ways to write it that do not


SINGLE = """put the whole setting into single quotes, as in 'MESOS_ACLS={"key": "value"}'"""
EXPECTED = "Expecting property name enclosed in double quotes at character 2"
BROKEN = {
    "its quotes taken by the line's own splitting": (
        f"10.70.0.20 mesos_agent_environment=MESOS_ACLS={ACLS}",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        f"{EXPECTED}, near 'permissive:true,regi'; {SINGLE}",
    ),
    "all of it in double quotes": (
        f'10.70.0.20 mesos_agent_environment="MESOS_ACLS={ACLS}"',
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        f"{EXPECTED}, near 'permissive:true,regi'; {SINGLE}",
    ),
    "the value in double quotes": (
        f'10.70.0.20\n[mesos_agent:vars]\nmesos_agent_environment=MESOS_ACLS="{ACLS}"',
        "6: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        f"{EXPECTED}, near 'permissive:true,regi'; {SINGLE}",
    ),
    "spaces and no quotes": (
        "10.70.0.20\n[mesos_agent:vars]\nmesos_agent_environment=MESOS_ACLS={permissive: true} MESOS_QUIET=1",
        f"6: mesos_agent_environment gives MESOS_ACLS broken JSON: {EXPECTED}, "
        f"near 'permissive: true}} ME'; {SINGLE}",
    ),
    "as Python writes it": (
        "10.70.0.20\n[mesos_agent:vars]\nmesos_agent_environment=MESOS_ACLS={'permissive': True}",
        "6: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        f"""{EXPECTED}, near "'permissive': True}}"; {SINGLE}""",
    ),
    "a comma too many": (
        """10.70.0.20 mesos_agent_environment='MESOS_ACLS={"a": 1,}'""",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        "Expecting property name enclosed in double quotes at character 9, near '}'; correct it there",
    ),
    "a bracket too many": (
        """10.70.0.20 mesos_agent_environment='MESOS_ACLS={"a": 1}} MESOS_QUIET=1'""",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        "Extra data at character 9, near '} MESOS_QUIET=1'; correct it there",
    ),
    "its end is missing": (
        """10.70.0.20 mesos_agent_environment='MESOS_ACLS={"a": {"b": 1}'""",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        "Expecting ',' delimiter at character 15; correct it there",
    ),
    "a number that is none": (
        """10.70.0.20 mesos_agent_environment='MESOS_ACLS={"a": NaN}'""",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: NaN is no number; correct it there",
    ),
    "a list": (
        """10.70.0.20 mesos_agent_environment='MESOS_ACLS=[1, 2]'""",
        "4: mesos_agent_environment gives MESOS_ACLS JSON that is not an object; "
        'write {"key": ...}, or file:// and a path',
    ),
    "a word": (
        "10.70.0.20 mesos_agent_environment=MESOS_ACLS=permissive",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: "
        f"Expecting value at character 1, near 'permissive'; {SINGLE}",
    ),
    "nested too deeply": (
        "10.70.0.20 mesos_agent_environment='MESOS_ACLS=" + '{"a":' * 5000 + "'",
        "4: mesos_agent_environment gives MESOS_ACLS broken JSON: it is nested too deeply; correct it there",
    ),
    "a secret in what is broken": (
        """10.70.0.20 mesos_agent_environment='MESOS_DOCKER_CONFIG={"auths":{"r":{"auth":"hunter2",}}}'""",
        "4: mesos_agent_environment gives MESOS_DOCKER_CONFIG broken JSON: "
        "Expecting property name enclosed in double quotes at character 33; correct it there",
    ),
}


@pytest.mark.parametrize("lines, message", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_is_refused_with_its_place_and_the_right_spelling(lines: str, message: str) -> None:
    assert messages(f"{HEAD}{lines}\n") == [f"hosts.ini:{message}"]


def test_what_is_no_flag_with_json_may_begin_with_a_bracket() -> None:
    for text, value in {"A=[x]": "[x]", "A={a,b}": "{a,b}", 'A={"b": "c d"}': '{"b": "c d"}'}.items():
        for kind in (master_environment, agent_environment, marathon_environment):
            assert kind(text) == (("A", value),)


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "MESOS_ACLS={" * 5_000, "MESOS_ACLS={" + "[" * 60_000, "A={} " + "b " * 30_000]
)
def test_a_long_setting_is_read_or_refused_in_steps_that_grow_with_its_length(text: str) -> None:
    with pytest.raises(Wrong):  # a reading that grew with its square would take minutes
        agent_environment(text)


# Resources


JSON_RESOURCES = (
    '[{"name":"cpus","type":"SCALAR","scalar":{"value":8},"role":"*"},'
    '{"name":"mem","type":"SCALAR","scalar":{"value":4096}}]'
)


def test_resources_may_be_json() -> None:
    lines = f"10.70.0.20 mesos_agent_resources='{JSON_RESOURCES}'\n"
    assert f"MESOS_RESOURCES={JSON_RESOURCES}" in reaches(lines)
    assert f"MESOS_RESOURCES={JSON_RESOURCES}" in reaches(
        f"10.70.0.20\n[mesos_agent:vars]\nmesos_agent_resources={JSON_RESOURCES}\n"
    )


def test_resources_mean_the_same_in_either_form() -> None:
    text = "cpus:8;ports(web):[1-5,7-9];zones:{a,b}"
    ranges = {"range": [{"begin": 1, "end": 5}, {"begin": 7, "end": 9}]}
    form = [
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 8}},
        {"name": "ports", "type": "RANGES", "ranges": ranges, "role": "web"},
        {"name": "zones", "type": "SET", "set": {"item": ["a", "b"]}},
    ]
    assert entries(json.dumps(form)) == entries(text)


SHAPE = 'write a list such as [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 4}}]'
BAD_RESOURCES = {
    "an object": ('{"cpus": 4}', f"is JSON, but not a list of resources; {SHAPE}"),
    "nothing": ("[]", f"is JSON, but not a list of resources; {SHAPE}"),
    "no type": (
        '[{"name": "cpus", "scalar": {"value": 4}}]',
        'holds {"name": "cpus", "scalar": {"value": 4}}, '
        f"which Mesos would not take for a resource; {SHAPE}",
    ),
    "a text for a number": (
        '[{"name": "cpus", "type": "SCALAR", "scalar": {"value": "4"}}]',
        'holds {"name": "cpus", "type": "SCALAR", "scalar": {"value": "4"}}, '
        f"which Mesos would not take for a resource; {SHAPE}",
    ),
    "no object": ("[4]", f"holds 4, which Mesos would not take for a resource; {SHAPE}"),
    "revocable ones": (
        '[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 4}, "revocable": {}}]',
        "makes cpus revocable, which Mesos refuses here; remove `revocable`",
    ),
    "its quotes lost": (
        "[{name:cpus}]",
        "is broken JSON: Expecting property name enclosed in double quotes at character 3, "
        "near 'name:cpus}]'; "
        """put the whole setting into single quotes, as in '[{"name": "cpus", ...}]'""",
    ),
    "a file": (
        "file:///etc/resources.json",
        "is 'file:///etc/resources.json', which the agent's container does not hold; "
        "write the resources themselves",
    ),
}


@pytest.mark.parametrize("text, sentence", BAD_RESOURCES.values(), ids=BAD_RESOURCES.keys())
def test_resources_that_mesos_would_refuse_are_refused_first(text: str, sentence: str) -> None:
    with pytest.raises(Wrong) as told:
        resources(text)
    assert f"{told.value.what}; {told.value.mend}" == sentence


@given(
    st.recursive(
        st.integers() | st.text(max_size=3) | st.none(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "type", "scalar", "value", "ranges", "range", "set", "item", "role"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_resources_or_refused(value: object) -> None:
    try:
        resources(json.dumps(value))
    except Wrong as wrong:
        assert wrong.what and wrong.mend
