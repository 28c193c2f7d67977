"""What is a secret is never shown, wherever it stands: one rule for names, URLs and what JSON holds."""

from dataclasses import replace
from pathlib import Path

import pytest
from samples import IMAGE, inspect

from tasks.errors import BadInput
from tasks.inventory.file import load
from tasks.inventory.parse import parse
from tasks.inventory.secret import HIDDEN, holds_secret, is_secret, shown, shown_words
from tasks.plan import runbook, script, shell
from tasks.plan.compare.differences import container as differences
from tasks.plan.desired import Container
from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS
from tasks.plan.step import Action, Step

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
    assert holds_secret("mesos_agent_environment", f"{name}='{value}'")


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
    "text", ["a" * 60_000, "a:" * 30_000, '"name":' * 8_000, "://:" * 15_000, " " * 60_000]
)
def test_a_long_value_is_judged_in_steps_that_grow_with_its_length(text: str) -> None:
    assert not is_secret("x", text)  # one that grew with its square would take minutes


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
