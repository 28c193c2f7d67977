"""The documents of --json: their field names are promised, so every one of them stands here."""

import json
import re
from pathlib import Path
from typing import Any

from tasks.inventory.parse import parse
from tasks.plan import roll
from tasks.plan.availability.turns import Expected
from tasks.plan.gate import Standing, Verdict
from tasks.plan.look.lease import Lease
from tasks.plan.membership import Stranger
from tasks.plan.mesos_master.service import Master
from tasks.plan.names import Id
from tasks.plan.outlook import Outlook, Turn
from tasks.plan.preflight import CHECKS, Finding, Report
from tasks.plan.report import document
from tasks.plan.report.status import Component, HostStatus, Service, Status
from tasks.plan.runbook import CHAPTERS, from_nothing
from tasks.plan.step import Action, Blocker, HostPlan, Step

ROOT = Path(__file__).resolve().parents[2]
FOUR = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[mesos_agent]\n10.0.0.9\n"
STEP = Step(
    Id.ZOOKEEPER_RUN,
    Action.REPLACE,
    "replace zookeeper",
    "zoo.cfg: syncLimit 2 -> 5",
    "docker run --env TOKEN=geheim zookeeper\n",
    phase="replace",
    risk="restart",
    effect="restarts zookeeper, a follower",
    after=frozenset({Id.ZOOKEEPER_CFG}),
)
CHECK = Step(Id.CHECK_IP, Action.CHECK_IP, "HOST_IP in a login shell", "it says ''", "true\n")
BLOCKER = Blocker(Id.ZOOKEEPER_MYID, "myid", "it says '7'", "set myid", "myid")

OUTLOOK = Outlook(
    (
        Turn("stage", ("a",), "prepares in 1 step"),
        Turn(
            "replace",
            ("a",),
            "restarts zookeeper, the leader",
            "zookeeper",
            Standing(3, 2, frozenset("bc")),
            leads=True,
            besides="every Marathon restarts with it",
            expected=Expected(2, {"ZooKeeper": 1.2}),
        ),
    ),
    {roll.Member("zookeeper", "b"): "2 of 3 members serve"},
)

PLANS = {
    "a": HostPlan("a", (Id.CHECK_IP, Id.ZOOKEEPER_RUN), (CHECK, STEP)),
    "b": HostPlan("b", (Id.ZOOKEEPER_MYID,), (), (BLOCKER,)),
}
LEADER = Component(
    "zookeeper", "zookeeper", "running", "2026-11-22T08:30:00Z", "3.4.12", "leader", ("zoo.cfg: a -> b",)
)
AT_WORK = Lease("ann@desk", "2026-11-22T19:59:00Z", "fab deploy-cluster")
STATUS = Status(
    source="hosts.ini",
    looked_at="2026-11-22T20:00:00Z",
    hosts=(
        HostStatus("a", (LEADER,), drift=("HOST_IP: missing",), at_work=AT_WORK),
        HostStatus("b", (Component("mesos_agent", "mesos-slave", "unreachable"),), trouble="b  is off"),
    ),
    services=(Service("zookeeper", "ZooKeeper", Verdict(True, "1 of 1 serves"), 1, 1, "a"),),
    master=Master(present=True, elected=True, agents=1, frameworks=2, tasks=3),
    strangers=(Stranger("mesos_agent", "10.0.0.8", "it is there", "stop it", by="a"),),
)


def through_json(found: Any) -> Any:
    """What a program reads that is given the document."""
    return json.loads(json.dumps(found))


def test_an_error_has_its_code_its_kind_and_its_messages() -> None:
    assert through_json(document.error(3, "unreachable", ["10.0.0.1  connect: no", "10.0.0.2  no"])) == {
        "error": {
            "exit_code": 3,
            "kind": "unreachable",
            "messages": ["10.0.0.1  connect: no", "10.0.0.2  no"],
        }
    }


def test_a_plan_has_its_steps_and_blockers_by_host_and_their_sums() -> None:
    assert through_json(document.plan(PLANS, OUTLOOK)) == {
        "hosts": {
            "a": {
                "steps": [
                    {
                        "id": "1.2",
                        "title": "HOST_IP in a login shell",
                        "reason": "it says ''",
                        "risk": "none",
                        "effect": "",
                        "phase": "stage",
                        "changes": False,
                    },
                    {
                        "id": "2.5",
                        "title": "replace zookeeper",
                        "reason": "zoo.cfg: syncLimit 2 -> 5",
                        "risk": "restart",
                        "effect": "restarts zookeeper, a follower",
                        "phase": "replace",
                        "changes": True,
                    },
                ],
                "blockers": [],
                "troubles": [],
            },
            "b": {
                "steps": [],
                "blockers": [
                    {
                        "id": "2.3",
                        "title": "myid",
                        "seen": "it says '7'",
                        "remedy": "set myid",
                        "check": "myid",
                    }
                ],
                "troubles": [],
            },
        },
        "order": [
            {
                "phase": "stage",
                "hosts": ["a"],
                "what": "prepares in 1 step",
                "service": None,
                "members": None,
                "must_serve": None,
                "serve_meanwhile": None,
                "moves_leader": False,
                "besides": None,
                "expected": None,
            },
            {
                "phase": "replace",
                "hosts": ["a"],
                "what": "restarts zookeeper, the leader",
                "service": "zookeeper",
                "members": 3,
                "must_serve": 2,
                "serve_meanwhile": 2,
                "moves_leader": True,
                "besides": "every Marathon restarts with it",
                "expected": {"runs": 2, "worst": {"ZooKeeper": 1.2}},
            },
        ],
        "refused": [{"host": "b", "service": "zookeeper", "reason": "2 of 3 members serve"}],
        "summary": {"hosts": 2, "steps": 2, "changed": 1, "restarts": 1, "blockers": 1},
    }


def test_no_shell_text_stands_in_the_document_of_a_plan() -> None:
    cluster = parse(FOUR)
    plans = {node.name: from_nothing(CHAPTERS, cluster, node) for node in cluster.nodes}
    text = json.dumps(document.plan({**plans, "a": HostPlan("a", (Id.ZOOKEEPER_RUN,), (STEP,))}, OUTLOOK))
    assert "docker run" not in text
    assert "geheim" not in text
    assert text.count('"title"') == sum(len(plan.steps) for plan in plans.values()) + 1


def test_a_status_has_the_whole_every_service_and_every_component_by_host() -> None:
    assert through_json(document.status(STATUS)) == {
        "looked_at": "2026-11-22T20:00:00Z",
        "state": "unreachable",
        "cluster": {"agents_active": 1, "frameworks_active": 2, "tasks_running": 3},
        "strangers": [
            {"service": "mesos_agent", "host": "10.0.0.8", "seen": "it is there", "remedy": "stop it"}
        ],
        "services": {
            "zookeeper": {"well": True, "says": "1 of 1 serves", "members": 1, "serving": 1, "leader": "a"}
        },
        "hosts": {
            "a": {
                "reachable": True,
                "trouble": None,
                "at_work": {
                    "who": "ann@desk",
                    "since": "2026-11-22T19:59:00Z",
                    "doing": "fab deploy-cluster",
                },
                "drift": ["HOST_IP: missing"],
                "components": {
                    "zookeeper": {
                        "container": "zookeeper",
                        "state": "running",
                        "since": "2026-11-22T08:30:00Z",
                        "version": "3.4.12",
                        "role": "leader",
                        "drift": ["zoo.cfg: a -> b"],
                        "troubles": [],
                    }
                },
            },
            "b": {
                "reachable": False,
                "trouble": "b  is off",
                "at_work": None,
                "drift": [],
                "components": {
                    "mesos_agent": {
                        "container": "mesos-slave",
                        "state": "unreachable",
                        "since": None,
                        "version": None,
                        "role": None,
                        "drift": [],
                        "troubles": [],
                    }
                },
            },
        },
    }


def fields(found: Any) -> set[str]:
    """The names of all fields of a document, and those of its hosts and roles."""
    if isinstance(found, dict):
        return set(found).union(*map(fields, found.values()))
    return set().union(*map(fields, found)) if isinstance(found, list) else set()


def test_every_field_stands_in_the_docs() -> None:
    found = [document.plan(PLANS, OUTLOOK), document.status(STATUS), document.error(3, "unreachable", [])]
    promised = set().union(*map(fields, found)) - {"a", "b", "zookeeper", "mesos_agent", "ZooKeeper"}
    docs = (ROOT / "docs/watch.md").read_text().partition("## For programs and cron")[2]
    assert promised - set(re.findall(r"`(\w+)`", docs)) == set()


def test_what_no_leading_master_counts_is_unknown() -> None:
    found = document.status(Status("hosts.ini", "2026-11-22T20:00:00Z", (), (), None))
    assert set(found["cluster"].values()) == {None}


def test_a_preflight_has_its_findings_by_host_and_their_sums() -> None:
    findings = (Finding("a", "port", "2181 is taken", "free it"), Finding("b", "hostname", "loopback", "no"))
    assert through_json(document.preflight(Report(("a", "b", "c"), ("c",), findings))) == {
        "hosts": {
            "a": {
                "findings": [
                    {
                        "check": "port",
                        "severity": "error",
                        "evidence": "2181 is taken",
                        "remedy": "free it",
                    }
                ]
            },
            "b": {
                "findings": [
                    {"check": "hostname", "severity": "warning", "evidence": "loopback", "remedy": "no"}
                ]
            },
            "c": {"findings": []},
        },
        "summary": {"hosts": 3, "checks": len(CHECKS), "errors": 1, "warnings": 1},
    }
