"""Settings that Mesos takes, and by which agents, frameworks or mesofab itself are shut out.

Sources: runs of Mesos 1.5.0 and Marathon 1.5.8 with authentication; for ACLs authorizer/local/authorizer.cpp
of Mesos 1.5.0.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .flags import MASTER, Flag, Program
from .kinds import Wrong

UNSUPPORTED = "remove it: mesofab does not support that yet; it will be a setting of its own"

BY_SETTING = "remove it: security=permissive does that in the right order, with secrets_file"

NO_PASSWORD = "mesofab asks without a password, so no gate would ever be reached: remove it"

STRICT = "remove it: security=strict does that in the right order, with secrets_file"

LOSES_TASKS = "at which every agent without a credential ends all its tasks"
REFUSES_FRAMEWORKS = "at which masters refuse Marathon and every framework without a credential"
LOOPS = "and agents or frameworks with a credential end at once while one master has none"
AUTHENTICATION = {
    "authenticate_agents": LOSES_TASKS,
    "authenticate_frameworks": REFUSES_FRAMEWORKS,
    "authenticate_http_frameworks": REFUSES_FRAMEWORKS,
    "authenticate_http_executors": "at which agents refuse the executors that run",
    "credential": LOOPS,
    "credentials": LOOPS,
    "http_credentials": "which only counts where agents ask for a password",
}
"""Flags of Mesos, and what becomes of a cluster in which not everybody got them in the right order."""

OF_STRICT = ("authenticate_agents", "http_credentials")
"""Those of them that security=strict sets."""

MARATHONS = frozenset(
    """
    mesos_authentication disable_mesos_authentication mesos_authentication_principal
    mesos_authentication_secret mesos_authentication_secret_file
    """.split()
)
MARATHON_FAILS = (
    "masters without its credential refuse Marathon, and one that gets it under a living leading master "
    f"can end that master: {BY_SETTING}"
)

HOOK = "HOOK_MARATHON_START"
"""Names a program that Marathon's launcher runs first; it then reads NAME.env in its own directory."""

NO_TLS = (
    "remove it: a Mesos whose build has no TLS ignores it without a word, one whose build has it answers "
    "nobody who asks over http, as mesofab and its neighbours do. firewall=true keeps strangers out instead"
)

TLS = ("LIBPROCESS_SSL_", "SSL_")
"""How libprocess's variables of TLS begin; SSL_ is their old form."""

OPENSSL = frozenset(("SSL_CERT_FILE", "SSL_CERT_DIR"))
"""Whom OpenSSL and curl trust, too: harmless as long as TLS itself is off."""

ASKED = {True: ("/metrics/snapshot", "/state-summary", "/health", "/tasks"), False: ("/state", "/health")}
"""What mesofab asks of a master, and of an agent."""

NEEDED = {
    "register_agents": "register, and ends all their tasks",
    "get_endpoints": "ask for /metrics/snapshot, so that no gate would ever be reached",
}
"""What a caller without a principal must be allowed by masters, and what becomes of it if not."""


def check_tls(names: Iterable[str]) -> None:
    """Refuse variables of libprocess that have a program talk TLS, which no other of the cluster does."""
    name = next((each for each in names if each.startswith(TLS) and each.upper() not in OPENSSL), None)
    if name:
        raise Wrong(f"sets {name}, which is TLS", NO_TLS)


def switches_tls_on(environment: Mapping[str, str]) -> str:
    """Give the variable by which a program built with TLS answers nobody over http; "" if none does."""
    names = ("LIBPROCESS_SSL_ENABLED", "SSL_ENABLED")
    return next((name for name in names if environment.get(name) in ("1", "true")), "")


def check_flag(name: str, flag: Flag, value: str, program: Program) -> None:
    """Refuse a flag of Mesos that shuts somebody out; `false` is the default of all that are switches."""
    if flag.name in ("authenticate_http_readonly", "authenticate_http_readwrite") and value in ("true", "1"):
        raise Wrong(f"sets {name}, at which nobody is answered without a password", STRICT)
    is_one = flag.name in AUTHENTICATION or flag.name.startswith("authenticate_")
    if is_one and value not in ("false", "0"):
        why = AUTHENTICATION.get(flag.name, "at which others are refused")
        own = BY_SETTING if flag.name in ("credential", "credentials") else UNSUPPORTED
        raise Wrong(f"sets {name}, {why}", STRICT if flag.name in OF_STRICT else own)
    if flag.name == "firewall_rules":
        _check_firewall(name, _object(value), ASKED[program is MASTER])
    if flag.name == "acls" and program is MASTER:
        _check_acls(name, _object(value))


def _object(value: str) -> Mapping[str, Any]:
    """Read an object of JSON; what a file holds is not known, so nothing is said about it."""
    found = {} if value.startswith(("/", "file://")) else json.loads(value)
    return found if isinstance(found, dict) else {}


def _check_firewall(name: str, rules: Mapping[str, Any], asked: Iterable[str]) -> None:
    disabled = rules.get("disabled_endpoints")
    paths = disabled.get("paths") if isinstance(disabled, dict) else None
    path = next((each for each in asked if isinstance(paths, list) and each in paths), None)
    if path:
        raise Wrong(f"disables {path} by {name}", f"mesofab asks for it: remove {path} from its paths")


def _check_acls(name: str, acls: Mapping[str, Any]) -> None:
    """Refuse ACLs that surely shut out agents or mesofab, which have no principal; others are useful.

    On an agent none does: its /state stays open, with fewer tasks in it.
    """
    for action, effect in NEEDED.items():
        if _denies_anybody(acls, action):
            mend = f'allow it: add "{action}": [{{"principals": {{"type": "ANY"}}, ...}}], or permissive'
            raise Wrong(f"has {name} let nobody without a principal {effect}", mend)


def _denies_anybody(acls: Mapping[str, Any], action: str) -> bool:
    """Tell whether a caller without a principal is surely denied: the first rule about it decides."""
    for principals, objects in _rules(acls.get(action)):
        if principals == "ANY" and objects != "NONE":
            return False  # for some objects at least it is allowed
        if principals in ("ANY", "NONE") and objects in ("ANY", "NONE"):
            return True
    return acls.get("permissive") is False


def _rules(rules: object) -> Iterator[tuple[str, str]]:
    """Give of each rule the types of its principals and of its objects; "" for named ones."""
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict):
            others = [value for key, value in rule.items() if key != "principals"]
            yield _type(rule.get("principals")), _type(others[0] if others else None)


def _type(entity: object) -> str:
    return str(entity.get("type", "")) if isinstance(entity, dict) else ""
