"""Marathon's options: their defaults, and parsing as strict as the real one's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import left_out

Options = Mapping[str, Any]

# kind, default, names. A toggle is also there as --disable_<name>; `-` is no default.
_TABLE = """
flag off disable_http leader_proxy_ssl_ignore_hostname
int - http_max_concurrent_requests max_apps
int 100 launch_tokens
int 10000 leader_proxy_read_timeout local_port_min max_actor_startup_time zk_connection_timeout
int 10000 zk_session_timeout zk_timeout
int 1024 event_stream_max_outstanding_messages
int 1024000 zk_max_node_size
int 120000 decline_offer_duration
int 15000 mesos_heartbeat_interval reconciliation_initial_delay scale_apps_initial_delay
int 180000 on_elected_prepare_timeout
int 20000 local_port_max task_reservation_timeout
int 3 revive_offers_repetitions
int 30 metrics_averaging_window
int 3000 offer_matching_timeout
int 30000 launch_token_refresh_interval task_lost_expunge_interval
int 300000 scale_apps_interval task_launch_confirm_timeout task_launch_timeout
int 300000 task_lost_expunge_initial_delay
int 5 max_instances_per_offer mesos_heartbeat_failure_threshold
int 50 zk_max_versions
int 5000 leader_proxy_connection_timeout min_revive_offers_interval
int 600000 reconciliation_interval
int 604800 failover_timeout
int 65536 zk_compression_threshold
int 8080 http_port
int 8443 https_port
text - access_control_allow_origin backup_location default_accepted_resource_roles default_network_name
text - enable_features env_vars_prefix hostname http_address http_credentials https_address logging_level
text - logstash master mesos_authentication_principal mesos_authentication_secret
text - mesos_authentication_secret_file mesos_leader_ui_url mesos_role plugin_conf plugin_dir
text - reporter_datadog reporter_graphite sentry ssl_keystore_password ssl_keystore_path webui_url
text //cmd executor
text Mesosphere http_realm
text marathon framework_name
text mesos-bridge mesos_bridge_name
text root mesos_user
text zk://localhost:2181/marathon zk
toggle off mesos_authentication metrics
toggle on checkpoint ha http_compression revive_offers_for_new_apps store_cache zk_compression
"""
ZK_URL = re.compile(
    r"^zk://(?:(?P<auth>[^/:@]+:[^/@]+)@)?(?P<hosts>[^/@,]+(?:,[^/@,]+)*)(?P<path>(?:/[^/]+)+)$"
)
FEATURES = ("vips", "task_killing", "external_volumes", "secrets", "gpu_resources")
ONE = "you should provide exactly one argument for this option"


class BadOptions(Exception):
    """The arguments are wrong: Marathon says so on standard output and exits with 1."""


def _default(kind: str, text: str) -> Any:
    if kind in ("toggle", "flag"):
        return text == "on"
    return None if text == "-" else int(text) if kind == "int" else text


_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
KINDS = {name: kind for kind, _, *names in _ROWS for name in names}
DEFAULTS = {name: _default(kind, text) for kind, text, *names in _ROWS for name in names}


def parse(arguments: Sequence[str]) -> Options:
    """Return every option with its value; BadOptions with Marathon's own text if that can't be."""
    given = _collect(arguments)
    options = DEFAULTS | {name: _value(name, values) for name, values in given.items()}
    if options["master"] is None:
        raise BadOptions("Required option 'master' not found")
    _validate(options, given)
    return options


def _collect(arguments: Sequence[str]) -> dict[str, list[str]]:
    """Sort the words to their options; a word that belongs to none is one too many."""
    given: dict[str, list[str]] = {}
    left, excess = list(arguments), []
    while left:
        word, inline, value = left.pop(0).partition("=")
        if not word.startswith("-"):
            excess.append(word + inline + value)
            continue
        name, kind, meant = _known(word.lstrip("-"))
        if kind in ("toggle", "flag"):
            given.setdefault(name, []).append(meant)
            left[:0] = [value] if inline else []
        elif inline or (left and not left[0].startswith("--")):
            given.setdefault(name, []).append(value if inline else left.pop(0))
        else:
            raise BadOptions(f"Bad arguments for option '{name}': '' - {ONE}")
    if excess:
        raise BadOptions(f"Excess arguments provided: '{' '.join(excess)}'")
    return given


def _known(word: str) -> tuple[str, str, str]:
    if word in KINDS:
        return word, KINDS[word], "on"
    enabled = word.removeprefix("disable_")
    if enabled != word and enabled in KINDS and KINDS[enabled] == "toggle":
        return enabled, "toggle", ""
    raise BadOptions(f"Unknown option '{word}'")


def _value(name: str, values: list[str]) -> Any:
    if len(values) > 1:
        raise BadOptions(f"Bad arguments for option '{name}': '{' '.join(values)}' - {ONE}")
    kind, value = KINDS[name], values[0]
    if kind in ("toggle", "flag"):
        return bool(value)
    if kind == "int" and not re.fullmatch(r"-?\d+", value):
        raise BadOptions(f"Bad arguments for option '{name}': '{value}' - wrong arguments format")
    return int(value) if kind == "int" else value


def _validate(options: Options, given: Mapping[str, list[str]]) -> None:
    zk, features, roles = (
        options[name] for name in ("zk", "enable_features", "default_accepted_resource_roles")
    )
    allowed = {"*", options["mesos_role"]}
    if not ZK_URL.match(zk):
        _fail("zk", zk)
    if features and not set(features.split(",")) <= set(FEATURES):
        _fail("enable_features", features)
    if roles and not set(roles.split(",")) <= allowed:
        _fail("default_accepted_resource_roles", roles)
    if "mesos_authentication" in given and not options["mesos_authentication_principal"]:
        raise BadOptions("When specifying 'mesos_authentication', 'mesos_authentication_principal' is needed")
    secrets = [name for name in given if name.startswith("mesos_authentication_secret")]
    if len(secrets) > 1:
        raise BadOptions(f"There should be only one or zero of the following options: {', '.join(secrets)}")
    for name in given:
        if name in left_out.OPTIONS and options[name]:
            raise BadOptions(f"the stand-in for Marathon does not have --{name}: {left_out.OPTIONS[name]}")


def _fail(name: str, value: str) -> None:
    raise BadOptions(f"Validation failure for '{name}' option parameters: {value}")
