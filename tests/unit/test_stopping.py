"""A service is stopped until the next deploy: those of its members that run, and nothing else."""

from fake_hosts import FakeHosts
from samples import TRIO, as_wanted

from tasks.engine.run import Run
from tasks.engine.stopping import stop
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import CHAPTERS

CLUSTER = parse(f"{TRIO}[marathon]\n10.70.0.[10:12]\n[mesos_agent]\n10.70.0.20\n")


def host(name: str, status: str) -> Observed:
    """A host as wanted, but for what docker says of its Marathon."""
    node = CLUSTER.called(name)
    assert node
    seen = as_wanted(CLUSTER, node)
    marathons = {
        name: SeenContainer(**{**vars(one), "status": status, "options": {**one.options, **stopped(status)}})
        for name, one in seen.containers.items()
        if name.startswith("marathon")
    }
    return Observed(**{**vars(seen), "containers": {**seen.containers, **marathons}})


def stopped(status: str) -> dict[str, str]:
    """What `docker update --restart=no` has changed."""
    return {"RestartPolicy.Name": "no"} if status == "exited" else {}


def test_every_marathon_that_runs_is_stopped_and_no_other_service() -> None:
    states = {"10.70.0.10": "running", "10.70.0.11": "restarting", "10.70.0.12": "exited", "10.70.0.20": ""}
    hosts = FakeHosts(CLUSTER, {name: host(name, status) for name, status in states.items()})
    result = stop(Run.of(hosts.among([*states][:3]), ["marathon"]))
    assert sorted(hosts.done) == ["0.10 stop marathon-1", "0.11 stop marathon-2"]
    assert result.says == ("Marathon is stopped until the next deploy",)
    shells = [step.shell for plan in result.plans.values() for step in plan.steps]
    assert all("docker update --restart=no" in shell and "docker stop -t 30" in shell for shell in shells)


def test_the_next_deploy_starts_it_again() -> None:
    node = CLUSTER.nodes[0]
    plan = runbook.plans(CHAPTERS, CLUSTER, [node], {node.name: host(node.name, "exited")})[node.name]
    assert [step.title for step in plan.steps] == ["restart policy of marathon-1", "start marathon-1"]
