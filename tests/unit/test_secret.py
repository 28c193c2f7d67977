"""What is a secret is never shown, wherever it stands: one rule for names, URLs and what JSON holds."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import IMAGE, inspect

from tasks.errors import BadInput
from tasks.inventory.file import load
from tasks.inventory.parse import parse
from tasks.inventory.secret import HIDDEN, is_secret, redacted, shown, shown_words
from tasks.plan import runbook, script, shell
from tasks.plan.compare import remedy
from tasks.plan.compare.differences import container as differences
from tasks.plan.compare.endings import shown as log_line
from tasks.plan.desired import Container
from tasks.plan.look import docker
from tasks.plan.look.sections import Unreadable
from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, Step
from verify.containers import Container as SuitesContainer
from verify.containers import otherwise_configured
from verify.findings import finding
from verify.wanted import Wanted

SECRETS = {
    "a docker login": (
        "MESOS_DOCKER_CONFIG",
        '{"auths":{"registry.example.net":{"auth":"b3BzOmh1bnRlcjI="}}}',
    ),
    "a docker login elsewhere": ("MY_CONFIG", '{"auths": {"r": {"auth": "b3Bz"}}}'),
    "one whose quotes are lost": ("MY_CONFIG", "{auths:{r:{auth:b3Bz}}}"),
    "one with backslashes": ("MY_CONFIG", r"{\"auth\": \"b3Bz\"}"),
    "a token in JSON": ("MY_CONFIG", '{"identitytoken": "x"}'),
    "credentials in ACLs": ("MESOS_ACLS", '{"credentials": [{"principal": "a", "secret": "x"}]}'),
    "a module's parameter": ("MESOS_MODULES", '{"parameters": [{"key": "db_password", "value": "x"}]}'),
    "a variable's name in JSON": ("MESOS_DEFAULT_CONTAINER_INFO", '{"name": "DB_PASSWORD", "value": "x"}'),
    "variables of executors": ("MESOS_EXECUTOR_ENVIRONMENT_VARIABLES", '{"AWS_SECRET_ACCESS_KEY": "x"}'),
    "a password in ZooKeeper's URL": ("A_URL", "zk://mesos:hunter2@10.0.0.1:2181,10.0.0.2:2181/mesos"),
    "one with a slash in it": ("A_URL", "zk://mesos:hunt/er2@10.0.0.1:2181/mesos"),
    "a property of Java's": ("JAVA_OPTS", "-Xmx1g -Dx.password=hunter2"),
    "one in camel case": ("JAVA_OPTS", "-Djavax.net.ssl.keyStorePassword=hunter2"),
    "an API's key": ("REPORTER", "https://example.net/in?apiKey=hunter2&x=1"),
    "a secret key": ("SOMETHING", "id=a secret_key=hunter2"),
    "a header": ("HEADER", "Authorization: Basic b3Bz"),
    "a short password": ("DB_PW", "x"),
    "a hook": ("SLACK_WEBHOOK_URL", "https://hooks.example.net/services/T0/B0/x"),
    "a password by name": ("MESOSPHERE_KEYSTORE_PASS", "x"),
}
OPEN = {
    "ACLs": ("MESOS_ACLS", '{"permissive":true,"register_frameworks":[{"principals":{"type":"ANY"}}]}'),
    "a file of credentials": ("MESOS_CREDENTIALS", "/etc/mesos/credentials"),
    "a file of a login": ("MESOS_DOCKER_CONFIG", "file:///etc/docker.json"),
    "a file of a key": ("MESOS_JWT_SECRET_KEY", "/etc/mesos/key"),
    "a file's property": ("JAVA_OPTS", "-Dpassword.file=/etc/x -Xmx1g"),
    "a word that ends so": ("RAWPW", "x"),
    "an interval": ("MARATHON_LAUNCH_TOKEN_REFRESH_INTERVAL", "30000"),
    "a switch": ("MESOS_AUTHENTICATE_AGENTS", "true"),
    "authenticators": ("MESOS_HTTP_AUTHENTICATORS", "basic"),
    "a digest": ("AN_IMAGE", "https://r.example.net:5000/a@sha256:abc"),
    "ZooKeeper's URL": ("A_URL", "zk://10.0.0.1:2181,10.0.0.2:2181/mesos"),
    "a domain": ("MESOS_DOMAIN", '{"fault_domain":{"region":{"name":"eu"},"zone":{"name":"a"}}}'),
    "resources": ("MESOS_RESOURCES", '[{"name":"cpus","type":"SCALAR","scalar":{"value":8}}]'),
}


@pytest.mark.parametrize("name, value", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_is_not_shown(name: str, value: str) -> None:
    assert is_secret(name, value) and shown(name, value) == HIDDEN
    assert is_secret("mesos_agent_environment", f"{name}='{value}'")


@pytest.mark.parametrize("name, value", OPEN.values(), ids=OPEN.keys())
def test_what_is_none_is_shown(name: str, value: str) -> None:
    assert shown(name, value) == value


def test_of_arguments_only_the_secret_is_not_shown() -> None:
    words = [
        "-Dx.password=hunter2",
        "--max_apps",
        "5",
        "--mesos_authentication_secret",
        "hunter2",
        "-J-Xmx1g",
    ]
    hidden = [HIDDEN, "--max_apps", "5", "--mesos_authentication_secret", HIDDEN, "-J-Xmx1g"]
    assert shown_words(words) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60_000,
        "a:" * 30_000,
        '"name":' * 8_000,
        "://:" * 15_000,
        " " * 60_000,
        "--a " * 15_000,
        "a=" * 30_000,
        "a:b@" * 15_000,
        "'" * 60_000,
    ],
)
def test_a_long_value_is_judged_in_steps_that_grow_with_its_length(text: str) -> None:
    assert not is_secret("x", text)  # one that grew with its square would take minutes


# Every form, with secrets that have any character in them

SEPARATORS = st.text(st.sampled_from("/@:=,;+-_%&?!#$*(){}[]<>|~ '\"\\"), max_size=3)
PLAIN = st.text(st.sampled_from("/@:=,;+-_%&?!#$*(){}[]<>|~"), max_size=3)


def hush(separators: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A secret of which no part may be seen."""
    return st.builds(lambda one, two: f"hush{one}hush{two}hush", separators, separators)


NAMES = st.sampled_from(
    "DB_PASSWORD zk.password apiKey secret_key MESOSPHERE_KEYSTORE_PASS http_credentials auth token".split()
)
QUOTERS: list[Callable[[str], str]] = [json.dumps, repr, lambda text: json.dumps(json.dumps(text))]
FORMS = st.one_of(
    st.builds(lambda user, secret: f"zk://{user}:{secret}@10.0.0.1:2181/mesos", NAMES, hush(PLAIN)),
    st.builds(lambda name, secret: f"https://example.net/in?a=1&{name}={secret}", NAMES, hush(PLAIN)),
    st.builds(lambda name, secret: f"-Xmx1g -D{name}={secret}", NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: f"--a 1 --{name} {secret}", NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: f"--a 1 --{name} {shlex.quote(secret)} -b", NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: f"--a 1 --{name}={shlex.quote(secret)} -b", NAMES, hush(SEPARATORS)),
    st.builds(
        lambda name, secret, quote: f'{{"{name}": {quote(secret)}, "b": 1}}',
        NAMES,
        hush(SEPARATORS),
        st.sampled_from(QUOTERS),
    ),
    st.builds(lambda name, secret: json.dumps(json.dumps({name: secret, "b": 1})), NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: json.dumps({name: [secret, secret]}), NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: json.dumps([{"name": name, "value": secret}]), NAMES, hush(SEPARATORS)),
    st.builds(lambda name, secret: json.dumps([{"value": secret, "key": name}]), NAMES, hush(SEPARATORS)),
    st.builds(lambda secret: f"Authorization: Basic {secret}", hush(SEPARATORS)),
    st.builds(lambda secret: f"-----BEGIN RSA PRIVATE KEY----- {secret}", hush(SEPARATORS)),
)
"""Values that hold a secret by a name inside of them, or as a URL."""


@given(FORMS)
def test_no_part_of_a_secret_is_shown_of_a_text(text: str) -> None:
    assert is_secret("", text) and shown("X", text) == HIDDEN
    for said in (redacted(text), redacted(f"W1130 main.cpp:1] with {text}"), log_line(f"with {text} and 1")):
        assert "hush" not in said and HIDDEN in said
    assert "hush" not in str(finding("10.0.0.1", f"SERVER is {text}", text, "look"))
    assert redacted(redacted(text)) == redacted(text)


@given(FORMS)
def test_no_part_of_it_is_shown_of_a_container(text: str) -> None:
    environment = (("A_VARIABLE", text),)
    wanted = replace(agent(), environment=environment, arguments=("--one_flag", text, "run", text))
    step = Step(Id.AGENT_RUN, Action.RUN, "run", "absent", shell.docker_run(wanted))
    other = replace(wanted, environment=(("A_VARIABLE", f"{text}2"),), arguments=("--one_flag", f"{text}2"))
    plan = differences(wanted, inspect(other), IMAGE) + differences(other, inspect(wanted), IMAGE)
    suite = list(map(str, otherwise_configured(told(other), expected(wanted))))
    assert len(plan) == 4 and len(suite) == 2
    for said in (script.readable([step], [wanted]), *plan, *suite):
        assert "hush" not in said and HIDDEN in said


@given(NAMES, hush(SEPARATORS))
def test_nor_of_what_its_own_name_makes_a_secret(name: str, secret: str) -> None:
    for words in (
        [f"--{name}={secret}"],
        [f"--{name}", secret],
        [f"--{name}", f"--{secret}"],
        ["Authorization:", secret],
    ):
        assert "hush" not in " ".join(shown_words(words))
    wanted = replace(agent(), environment=((name, secret),), arguments=(f"--{name}", secret))
    step = Step(Id.AGENT_RUN, Action.RUN, "run", "absent", shell.docker_run(wanted))
    bare = expected(replace(wanted, environment=(), arguments=()))
    suite = list(map(str, otherwise_configured(told(wanted), bare)))
    for said in (script.readable([step], [wanted]), *suite):
        assert "hush" not in said and HIDDEN in said


def told(container: Container) -> SuitesContainer:
    """The container as the suite sees it."""
    return SuitesContainer(
        where="10.0.0.1",
        name=container.name,
        state={},
        image=container.image,
        environment=dict(container.environment),
        entrypoint=(),
        arguments=container.arguments,
        image_entrypoint=(),
        image_arguments=(),
        user="",
        image_user="",
        binds=frozenset(),
        restart_policy="",
        network="",
        privileged=False,
        pid_mode="",
        init=False,
        beyond={},
    )


def expected(container: Container) -> Wanted:
    """The container as the suite wants it."""
    return Wanted(container.name, container.image, dict(container.environment), arguments=container.arguments)


def test_nor_of_what_a_failed_step_has_said() -> None:
    for said in ("sh: A_PASSWORD=hush: not found", "toomanyrequests: see https://me:hu/sh@example.net/"):
        seen, _ = remedy.explain(1, [said])
        assert HIDDEN in seen and "hush" not in seen and "hu/sh" not in seen


def test_nor_of_what_docker_should_not_have_said() -> None:
    for variables in ({"A_PASSWORD": "hush"}, ["A_PASSWORD=hush", 1]):
        with pytest.raises(Unreadable, match="its Env is") as error:
            docker.container(
                {
                    "Image": "sha256:1",
                    "State": {"Status": "running"},
                    "HostConfig": {},
                    "Config": {"Image": "x", "Env": variables},
                }
            )
        assert "hush" not in str(error.value)


PIECES = {
    "all behind a name": ("with DB_PASSWORD=one two", f"with DB_PASSWORD={HIDDEN}"),
    "only what is in quotes": ('x --a_token="one two" --b=1', f"x --a_token={HIDDEN} --b=1"),
    "only user and password of a URL": (
        "join zk://me:a/b@c@10.0.0.1:2181/mesos now",
        f"join zk://{HIDDEN}@10.0.0.1:2181/mesos now",
    ),
    "a token for both": (
        "pull https://ghp0123456789abcdef@example.net/x",
        f"pull https://{HIDDEN}@example.net/x",
    ),
    "no user": ("ssh://root@10.0.0.1", "ssh://root@10.0.0.1"),
    "what Python has for nothing": ("{'password': None, 'user': 'me'}", "{'password': None, 'user': 'me'}"),
    "a file": ("--a_password_file /etc/x", "--a_password_file /etc/x"),
    "talk about secrets": ("No credentials provided", "No credentials provided"),
}


@pytest.mark.parametrize("text, left", PIECES.values(), ids=PIECES.keys())
def test_of_a_text_is_hidden(text: str, left: str) -> None:
    assert redacted(text) == left


# On its way


LOGIN = '{"auths":{"r.example.net":{"auth":"b3BzOmh1bnRlcjI="}}}'
WITH_LOGIN = (
    "[zookeeper]\n10.70.0.10 myid=1\n[mesos_agent]\n10.70.0.20\n[mesos_agent:vars]\n"
    f"mesos_agent_environment='MESOS_DOCKER_CONFIG={LOGIN}'\n"
)


def agent() -> Container:
    """The agent's container with a docker login."""
    cluster = parse(WITH_LOGIN)
    items = runbook.wanted(CHAPTERS, cluster, cluster.having("mesos_agent")[0])
    return next(item for item in items if isinstance(item, Container))


def test_a_docker_login_reaches_the_container_whole() -> None:
    assert dict(agent().environment)["MESOS_DOCKER_CONFIG"] == LOGIN
    assert f"\nMESOS_DOCKER_CONFIG={LOGIN}\n" in shell.docker_run(agent())


def test_neither_the_runbook_nor_a_difference_shows_it() -> None:
    wanted = agent()
    step = Step(Id.AGENT_RUN, Action.RUN, "run", "absent", shell.docker_run(wanted))
    text = script.readable([step], [wanted])
    assert "b3Bz" not in text and f"MESOS_DOCKER_CONFIG {HIDDEN}" in text
    other = replace(wanted, environment=(("MESOS_DOCKER_CONFIG", LOGIN.replace("b3Bz", "b3Bw")),))
    told = " ".join(differences(wanted, inspect(other), IMAGE))
    assert "b3B" not in told and f"MESOS_DOCKER_CONFIG changed {HIDDEN}" in told


def test_a_file_with_a_docker_login_must_be_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text(WITH_LOGIN)
    file.chmod(0o644)
    with pytest.raises(BadInput, match=r":6: mesos_agent_environment holds a secret, .*; chmod 600 "):
        load(file)
    file.chmod(0o600)
    assert load(file).having("mesos_agent")
