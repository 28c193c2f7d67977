"""/ping, /v2/info, /v2/leader, /metrics: what a node says of itself."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from standin import web
from standin.web import Request, Response

from . import VERSION, clock, process
from .options import ZK_URL, Options
from .web import Problem, Routes, answer, asked
from .world import World

BUILDREF = "unknown-stand-in"
ABDICATION = 0.5
_CONFIG = """
    access_control_allow_origin checkpoint decline_offer_duration default_network_name env_vars_prefix
    executor failover_timeout framework_name ha hostname launch_token_refresh_interval local_port_max
    local_port_min master max_instances_per_offer mesos_bridge_name mesos_heartbeat_failure_threshold
    mesos_heartbeat_interval mesos_role mesos_user min_revive_offers_interval offer_matching_timeout
    on_elected_prepare_timeout reconciliation_initial_delay reconciliation_interval
    revive_offers_for_new_apps revive_offers_repetitions scale_apps_initial_delay scale_apps_interval
    store_cache task_launch_confirm_timeout task_launch_timeout task_lost_expunge_initial_delay
    task_lost_expunge_interval task_reservation_timeout
""".split()
_ZOOKEEPER = """
    zk_compression zk_compression_threshold zk_connection_timeout zk_max_node_size zk_max_versions
    zk_session_timeout zk_timeout
""".split()


class System:
    """Answers for the node as such. Only a leader answers, so it always says that it is elected."""

    def __init__(self, options: Options, address: str, framework: World, linger: float = 0) -> None:
        self._options, self._address, self._framework = options, address, framework
        self._linger = linger

    def add_to(self, routes: Routes) -> None:
        """Register the paths."""
        for path, place in {"/": "ui/", "/help": "api-console/index.html"}.items():
            routes.add("GET", path, partial(_found, place))
        routes.add("GET", "/ping", self.ping)
        routes.add("GET", "/v2/info", self.info)
        routes.add("GET", "/v2/leader", lambda _: answer({"leader": self._address}))
        routes.add("DELETE", "/v2/leader", self.abdicate)
        routes.add("GET", "/metrics", self.metrics)

    def ping(self, request: Request) -> Response:
        """Answer pong, in the form that is accepted."""
        accept = request.headers.get("accept") or "*/*"
        vary = {"Vary": "Accept"}
        if request.method == "HEAD":
            return Response(headers={"Content-Type": "text/plain", **vary})
        if re.search(r"text/(plain|\*)|\*/\*", accept):
            return Response(200, b"pong", {"Content-Type": "text/plain", **vary}, chunked=True)
        return answer("pong", 200, {**web.JSON, **vary}) if "application/json" in accept else Response(204)

    def info(self, _: Request) -> Response:
        """Say what this is, how it is configured and what it is connected to."""
        body = {
            "name": "marathon",
            "version": VERSION,
            "buildref": BUILDREF,
            "elected": True,
            "leader": self._address,
            "frameworkId": self._framework.framework_id,
            "marathon_config": self._config(),
            "zookeeper_config": self._zookeeper(),
            "http_config": {name: self._options[name] for name in ("http_port", "https_port")},
        }
        return answer(body)

    def _config(self) -> dict[str, Any]:
        options, features = self._options, self._options["enable_features"]
        return {
            **{name: options[name] for name in _CONFIG},
            "features": features.split(",") if features else [],
            "launch_token": options["launch_tokens"],
            "leader_proxy_connection_timeout_ms": options["leader_proxy_connection_timeout"],
            "leader_proxy_read_timeout_ms": options["leader_proxy_read_timeout"],
            "mesos_leader_ui_url": options["mesos_leader_ui_url"] or self._framework.master_url,
            "webui_url": options["webui_url"],
        }

    def _zookeeper(self) -> dict[str, Any]:
        match = ZK_URL.match(self._options["zk"])
        assert match, "the options were validated"
        url = f"zk://{match['hosts']}{match['path']}"
        return {"zk": url, **{name: self._options[name] for name in _ZOOKEEPER}}

    def abdicate(self, request: Request) -> Response:
        """Give up leadership half a second after the answer, and end."""
        if asked(request, "backup", "restore"):
            raise Problem(422, "The stand-in for Marathon has no backups")
        end = partial(process.die, "Leadership was abdicated", linger=self._linger)
        asyncio.get_running_loop().call_later(ABDICATION, end)
        return answer({"message": "Leadership abdicated"})

    def metrics(self, _: Request) -> Response:
        """Give Kamon's shape, without a number in it."""
        kinds = ("counters", "gauges", "histograms", "min-max-counters", "system-metric")
        return answer({"start": clock.now(), "end": clock.now(), **dict.fromkeys(kinds, {})})


def _found(place: str, _: Request) -> Response:
    return Response(302, headers={"Location": place})
