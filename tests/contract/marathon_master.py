"""A master of the smallest kind: the v1 scheduler conversation as a real Mesos 1.5.0 leads it.

Framing, events and answers have the shape of a recorded conversation. Tasks are only said to run.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
AGENT = {"value": "b2d0c7a1-58b3-4c55-9f6f-000000000000-S0"}
HOST = "127.0.0.1"


def resource(name: str, amount: float) -> Json:
    """Return a scalar resource."""
    return {"name": name, "type": "SCALAR", "scalar": {"value": amount}, "role": "*"}


def an_offer(number: int, framework: Json, cpus: float = 4.0, hostname: str = HOST) -> Json:
    """Return an offer of one agent, in the recorded form."""
    ports = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 32000}]}}
    return {
        "id": {"value": f"offer-O{number}"},
        "framework_id": framework,
        "agent_id": AGENT,
        "hostname": hostname,
        "url": {"scheme": "http", "address": {"hostname": hostname, "ip": HOST, "port": 5051}},
        "resources": [resource("cpus", cpus), resource("mem", 4096.0), resource("disk", 9999.0), ports],
    }


class FakeMaster:
    """Listens on loopback. `calls` is what schedulers said; `running` what they believe to run."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.calls: list[Json] = []
        self.running: dict[str, Json] = {}
        self._offers = 0
        self._framework: Json | None = None
        self._stream: _Conversation | None = None
        self._server = ThreadingHTTPServer((HOST, 0), _Conversation)
        self._server.daemon_threads = True
        self._server.master = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"{HOST}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop, as a master does that is killed."""
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def hang_up(self) -> None:
        """Cut the stream."""
        with self.lock:
            if self._stream:
                self._stream.over.set()

    def said(self, kind: str) -> list[Json]:
        """Return the calls of a kind."""
        with self.lock:
            return [call for call in self.calls if call["type"] == kind]

    def subscribe(self, conversation: _Conversation, call: Json) -> None:
        """Greet a framework and make it an offer."""
        with self.lock:
            known = call.get("framework_id") or {"value": f"{uuid.uuid4()}-0000"}
            self._framework, self._stream = known, conversation
            address = {"hostname": HOST, "ip": HOST, "port": int(self.address.split(":")[1])}
            info: Json = {"id": str(uuid.uuid4()), "hostname": HOST, "version": "1.5.0", "address": address}
            info |= {"ip": 16777343, "port": address["port"], "pid": f"master@{self.address}"}
            told = {"framework_id": known, "heartbeat_interval_seconds": 15.0, "master_info": info}
            conversation.tell({"type": "SUBSCRIBED", "subscribed": told})
            conversation.tell({"type": "HEARTBEAT"})
        self.offer()

    def offer(self) -> None:
        """Make an offer to who is subscribed."""
        with self.lock:
            self._offers += 1
            if self._stream and self._framework:
                offer = an_offer(self._offers, self._framework)
                self._stream.tell({"type": "OFFERS", "offers": {"offers": [offer]}})

    def take(self, call: Json) -> None:
        """Do what a call asks for."""
        with self.lock:
            kind = call["type"]
            if kind == "ACCEPT":
                for operation in call["accept"]["operations"]:
                    for info in operation["launch"]["task_infos"]:
                        self._launch(info)
            elif kind == "KILL" and (task := self.running.get(call["kill"]["task_id"]["value"])):
                self.end(task["task_id"]["value"], "TASK_KILLED")
            elif kind == "RECONCILE":
                self._reconcile(call["reconcile"].get("tasks", []))
            elif kind == "REVIVE":
                self.offer()

    def _launch(self, info: Json) -> None:
        self.running[info["task_id"]["value"]] = info
        self._tell(info, "TASK_STARTING")
        self._tell(info, "TASK_RUNNING")

    def _reconcile(self, asked: list[Json]) -> None:
        ids = [task["task_id"]["value"] for task in asked] or list(self.running)
        for each in ids:
            info = self.running.get(each, {"task_id": {"value": each}})
            state = "TASK_RUNNING" if each in self.running else "TASK_GONE"
            more = {"source": "SOURCE_MASTER", "reason": "REASON_RECONCILIATION"}
            self._tell(info, state, acknowledge=False, **more)

    def error(self, message: str) -> None:
        """Send a framework away."""
        with self.lock:
            if self._stream:
                self._stream.tell({"type": "ERROR", "error": {"message": message}})

    def end(self, task_id: str, state: str, message: str = "") -> None:
        """Let a task end."""
        with self.lock:
            self._tell(self.running.pop(task_id), state, message=message)

    def update(self, task_id: str, state: str, **more: Any) -> None:
        """Tell something about a task that goes on."""
        with self.lock:
            self._tell(self.running[task_id], state, **more)

    def _tell(self, info: Json, state: str, acknowledge: bool = True, **more: Any) -> None:
        addresses = [{"protocol": "IPv4", "ip_address": HOST}]
        status = {
            "task_id": info["task_id"],
            "state": state,
            "source": "SOURCE_EXECUTOR",
            "agent_id": AGENT,
            "timestamp": 1795365629.19487,
            "container_status": {"network_infos": [{"ip_addresses": addresses}]},
            **more,
        }
        if acknowledge:
            status["uuid"] = base64.b64encode(uuid.uuid4().bytes).decode()
        if self._stream:
            self._stream.tell({"type": "UPDATE", "update": {"status": status}})


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take one call; SUBSCRIBE is answered with a stream that lasts."""
        master: FakeMaster = self.server.master  # type: ignore[attr-defined]
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if call["type"] == "SUBSCRIBE":
            with master.lock:
                master.calls.append(call)
            self._stream(master, call)
        else:
            self._accepted()
            with master.lock:  # whoever sees that it was said sees what came of it, too
                master.calls.append(call)
                master.take(call)

    def _accepted(self) -> None:
        self.send_response(202 if self.headers["Mesos-Stream-Id"] == "stream-1" else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self, master: FakeMaster, call: Json) -> None:
        self.over = threading.Event()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Mesos-Stream-Id", "stream-1")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        master.subscribe(self, call)
        self.over.wait()
        self.close_connection = True

    def tell(self, event: Json) -> None:
        """Send one record, cut in two chunks: framing and chunks have nothing to do with each other."""
        data = json.dumps(event).encode()
        record = b"%d\n%s" % (len(data), data)
        try:
            for piece in (record[:20], record[20:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        except OSError:
            self.over.set()
