"""What shuts agents, frameworks or mesofab itself out is refused, with line, reason and remedy."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO, messages, refusal

from tasks.inventory.kinds import Kind
from tasks.inventory.lockout import NO_TLS
from tasks.inventory.mesos_values import (
    agent_environment,
    marathon_arguments,
    marathon_environment,
    master_environment,
)

YET = "remove it: mesofab does not support that yet; it will be a setting of its own"
OWN = "remove it: security=permissive does that in the right order, with secrets_file"
GATES = "remove it: security=strict does that in the right order, with secrets_file"


# Authentication


@pytest.mark.parametrize(
    "text",
    """MESOS_AUTHENTICATE_AGENTS=true MESOS_AUTHENTICATE_SLAVES=1 MESOS_authenticate_agents=true
    MESOS_AUTHENTICATE_FRAMEWORKS=true MESOS_AUTHENTICATE=true MESOS_AUTHENTICATE_HTTP_FRAMEWORKS=1
    MESOS_AUTHENTICATE_HTTP_READONLY=true MESOS_AUTHENTICATE_HTTP_READWRITE=true MESOS_AUTHENTICATE_HTTP=true
    MESOS_CREDENTIALS=/etc/c MESOS_CREDENTIALS=file:///etc/c MESOS_CREDENTIAL=/etc/c""".split(),
)
def test_a_master_takes_nothing_of_authentication(text: str) -> None:
    assert refusal(master_environment, text).endswith((YET, OWN, GATES))


@pytest.mark.parametrize(
    "text",
    """MESOS_CREDENTIAL=/etc/c MESOS_CREDENTIAL=file:///etc/c MESOS_HTTP_CREDENTIALS=/etc/c
    MESOS_AUTHENTICATE_HTTP_READONLY=true MESOS_AUTHENTICATE_HTTP_READWRITE=1
    MESOS_AUTHENTICATE_HTTP_EXECUTORS=true""".split(),
)
def test_an_agent_takes_nothing_of_authentication(text: str) -> None:
    assert refusal(agent_environment, text).endswith((YET, OWN, GATES))


@pytest.mark.parametrize("value", ["false", "0"])
def test_what_says_that_nobody_is_asked_is_accepted_for_it_is_the_default(value: str) -> None:
    for name in ("AGENTS", "FRAMEWORKS", "HTTP_READONLY", "HTTP_READWRITE", "HTTP_FRAMEWORKS"):
        assert refusal(master_environment, f"MESOS_AUTHENTICATE_{name}={value}") == ""


@pytest.mark.parametrize(
    "words",
    [
        "--mesos_authentication",
        "--disable_mesos_authentication",
        "--mesos_authentication_principal marathon",
        "--mesos_authentication_secret=hunter2",
        "--mesos_authentication_secret_file /etc/secret",
    ],
)
def test_marathon_takes_nothing_of_authentication(words: str) -> None:
    told = refusal(marathon_arguments, words)
    assert told.startswith("sets --") and told.endswith(OWN) and "hunter2" not in told


def test_marathon_takes_it_as_no_variable_either() -> None:
    for name in ("_PRINCIPAL", "_SECRET", "_SECRET_FILE"):
        assert refusal(marathon_environment, f"MARATHON_MESOS_AUTHENTICATION{name}=hunter2").endswith(OWN)


# TLS


@pytest.mark.parametrize("kind", [master_environment, agent_environment, marathon_environment])
@pytest.mark.parametrize(
    "name",
    ["LIBPROCESS_SSL_ENABLED", "LIBPROCESS_SSL_KEY_FILE", "SSL_ENABLED", "SSL_KEY_FILE", "SSL_enabled"],
)
def test_nobody_talks_tls(kind: Kind, name: str) -> None:
    told = f"sets {name}, which is TLS; {NO_TLS}"
    assert refusal(kind, f"TZ=UTC {name}=1") == told


@pytest.mark.parametrize("kind", [master_environment, agent_environment, marathon_environment])
def test_whom_curl_trusts_may_be_said(kind: Kind) -> None:
    assert refusal(kind, "SSL_CERT_FILE=/etc/ca.pem SSL_CERT_DIR=/etc/ssl LIBPROCESS_PORT=9000") == ""


# ACLs: without authentication nobody has a principal, and only rules for ANY count

ANY = {"type": "ANY"}
REGISTER = {"register_agents": [{"principals": ANY, "agents": ANY}]}
ENDPOINTS = {"get_endpoints": [{"principals": ANY, "paths": ANY}]}
SHUT = {
    "nothing is allowed": ({"permissive": False}, "register, and ends all their tasks"),
    "an agent needs a name": (
        {
            **ENDPOINTS,
            "register_agents": [{"principals": {"values": ["agent"]}, "agents": ANY}],
            "permissive": False,
        },
        "register, and ends all their tasks",
    ),
    "no agent at all": (
        {"register_agents": [{"principals": {"type": "NONE"}, "agents": ANY}]},
        "register, and ends all their tasks",
    ),
    "agents, but no numbers": (
        {**REGISTER, "permissive": False},
        "ask for /metrics/snapshot, so that no gate would ever be reached",
    ),
    "no path for anybody": (
        {"get_endpoints": [{"principals": ANY, "paths": {"type": "NONE"}}]},
        "ask for /metrics/snapshot, so that no gate would ever be reached",
    ),
}
OPEN: dict[str, dict[str, object]] = {
    "permissive ones": {
        "permissive": True,
        "register_frameworks": [{"principals": ANY, "roles": {"values": ["*"]}}],
    },
    "none": {},
    "what both need": {**REGISTER, **ENDPOINTS, "permissive": False},
    "some paths": {
        **REGISTER,
        "get_endpoints": [{"principals": ANY, "paths": {"values": ["/metrics/snapshot"]}}],
        "permissive": False,
    },
    "one closed path": {
        "get_endpoints": [{"principals": {"type": "NONE"}, "paths": {"values": ["/logging/toggle"]}}]
    },
    "no teardown": {"teardown_frameworks": [{"principals": {"type": "NONE"}, "framework_principals": ANY}]},
}


@pytest.mark.parametrize("acls, effect", SHUT.values(), ids=SHUT.keys())
def test_acls_that_shut_out_agents_or_mesofab_are_refused(acls: dict[str, object], effect: str) -> None:
    told = refusal(master_environment, f"MESOS_ACLS='{json.dumps(acls)}'")
    assert told.startswith(f"has MESOS_ACLS let nobody without a principal {effect}; allow it: add ")


@pytest.mark.parametrize("acls", OPEN.values(), ids=OPEN.keys())
def test_other_acls_are_accepted(acls: dict[str, object]) -> None:
    assert refusal(master_environment, f"MESOS_ACLS='{json.dumps(acls)}'") == ""


def test_an_agents_acls_and_those_of_a_file_are_accepted() -> None:
    assert refusal(agent_environment, """MESOS_ACLS='{"permissive": false}'""") == ""
    assert refusal(master_environment, "MESOS_ACLS=file:///etc/acls.json") == ""


# Endpoints


def firewall(*paths: str) -> str:
    return f"MESOS_FIREWALL_RULES='{json.dumps({'disabled_endpoints': {'paths': paths}})}'"


def test_an_endpoint_that_mesofab_asks_cannot_be_closed() -> None:
    told = refusal(master_environment, firewall("/teardown", "/metrics/snapshot"))
    assert told == (
        "disables /metrics/snapshot by MESOS_FIREWALL_RULES; "
        "mesofab asks for it: remove /metrics/snapshot from its paths"
    )
    assert "/state by MESOS" in refusal(agent_environment, firewall("/state"))


def test_any_other_can() -> None:
    assert refusal(master_environment, firewall("/teardown", "/state")) == ""
    assert refusal(agent_environment, "MESOS_FIREWALL_RULES=file:///etc/rules.json") == ""


ODD = st.recursive(
    st.sampled_from([None, "ANY", 1, True]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                "register_agents get_endpoints principals type permissive disabled_endpoints paths".split()
            ),
            inner,
            max_size=3,
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["register_agents", "permissive", "disabled_endpoints"]), ODD))
def test_an_object_of_any_shape_is_accepted_or_refused(value: dict[str, object]) -> None:
    for name in ("MESOS_ACLS", "MESOS_FIREWALL_RULES"):
        told = refusal(master_environment, f"{name}='{json.dumps(value)}'")
        assert not told or name in told


# Where


def test_the_line_is_told() -> None:
    roles = "[mesos_master]\n10.70.0.10\n[mesos_agent]\n10.70.0.12\n[all:vars]\n"
    agents = "mesos_agent_environment=MESOS_CREDENTIAL=/c\n"
    lines = f"{agents}mesos_master_environment=MESOS_AUTHENTICATE_AGENTS=true\n"
    assert messages(f"{TRIO}{roles}{lines}") == [
        "hosts.ini:10: mesos_agent_environment sets MESOS_CREDENTIAL, and agents or frameworks "
        f"with a credential end at once while one master has none; {OWN}",
        "hosts.ini:11: mesos_master_environment sets MESOS_AUTHENTICATE_AGENTS, "
        f"at which every agent without a credential ends all its tasks; {GATES}",
    ]
