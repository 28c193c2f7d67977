"""All that is made of what hosts told, once it has passed the border: plans, status, preflight, documents."""

import json
from collections.abc import Mapping

from tasks.inventory.cluster import Cluster
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.outlook import Outlook
from tasks.plan.preflight import Look, judge
from tasks.plan.preflight.facts import Facts
from tasks.plan.report import document, saved, status
from tasks.plan.runbook import CHAPTERS


def everything(cluster: Cluster, seen: Mapping[str, Observed], facts: Mapping[str, Facts]) -> str:
    """Return it as one text, which can be printed and written."""
    nodes = [node for node in cluster.nodes if node.name in seen]
    plans = runbook.plans(CHAPTERS, cluster, nodes, seen)
    runbook.stages(CHAPTERS, cluster, seen, plans)
    runbook.suspicious(CHAPTERS, cluster, seen)
    strangers = tuple(runbook.strangers(CHAPTERS, cluster, seen))
    drained = [chapter.arrange(cluster, seen, plans) for chapter in CHAPTERS]
    answers = {
        chapter: {node.name: seen[node.name].said(chapter.role) for node in nodes}
        for chapter in CHAPTERS
        if chapter.members
    }
    services = [status.service(each, cluster, said, frozenset(seen)) for each, said in answers.items()]
    found = status.Status(
        "hosts.ini",
        "2026-11-22T20:00:00Z",
        tuple(status.host(CHAPTERS, cluster, node, seen[node.name], plans[node.name]) for node in nodes),
        tuple(services),
        status.leading_master(answers[runbook.MESOS_MASTER]),
        strangers,
    )
    report = judge(CHAPTERS, cluster, {name: Look(seen[name], facts[name], 0, 1) for name in seen}, {})
    documents = [
        saved.made(CHAPTERS, cluster, plans, seen, Outlook()),
        document.status(found),
        document.preflight(report),
    ]
    text = "".join([*map(str, report.findings), *map(json.dumps, documents), str(plans), str(drained)])
    assert text.encode()
    return text
