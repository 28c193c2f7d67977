"""A running cluster gets credentials and loses them again, and nobody notices; secrets are seen nowhere."""

import json
import tarfile
from pathlib import Path
from typing import Any

import requests
from operators import AGENT, INVENTORY, TRIO, Inventory, Run, inside, pid_of_the_app, running_task

from tasks.engine import keys
from tasks.inventory.credentials import Credentials, read

HOME = "/etc/mesofab-secure"
SHOWN = """
docker ps -aq | xargs docker inspect; ps axwwe
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'
for one in $(docker ps -aq); do docker logs $one 2>&1; done
cat /etc/profile /var/lib/mesofab/* /var/log/mesos/*/* 2>/dev/null
"""
"""What people and programs on a host may see."""

PATTERNS = f"""
umask 077; grep -oh '"secret": "[^"]*"' {HOME}/*/*.json | cut -d'"' -f4 > /run/patterns
grep -rlaF -f /run/patterns /etc /opt /root /run /tmp /var/log /var/lib/mesos /var/lib/mesofab \
  /var/lib/docker/containers 2>/dev/null; rm /run/patterns
"""
"""Finds the files of a host with one of the secrets that are there."""


def secrets(place: Path) -> Credentials:
    keys.make(str(place))
    return read(place.read_text())


def flags(address: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"http://{address}:{port}/flags", timeout=15).json()["flags"]
    return found


def assert_unseen(text: str, known: Credentials) -> None:
    for who, one in known.of.items():
        assert one.secret.text not in text, f"the secret of {who} is seen"
    assert known.operator.text not in text, "the operator's password is seen as HTTP has it"


def test_credentials_come_and_go_under_a_running_app_and_are_seen_nowhere(
    docker_app: dict[str, Any], fab: Run, suite: Run, inventory: Inventory, tmp_path: Path
) -> None:
    known, wrong = secrets(tmp_path / "s.yml"), secrets(tmp_path / "wrong.yml")
    task, pid, said = docker_app["id"], pid_of_the_app(), []

    def typed(*words: str, secrets: str = "s.yml", security: str = "permissive", code: int = 0) -> str:
        extra = f"security={security}\nsecrets_file={secrets}\ngate_timeout=60\nlost_tasks_budget=0"
        done = fab(*words, inventory=inventory(extra))
        said.append(done.said)
        assert done.code == code, done.said
        assert running_task()["id"] == task and pid_of_the_app() == pid
        return done.said

    early = typed("deploy-mesos-agent", code=6)
    assert "The masters on 10.70.0.10, .11, .12 do not run with credentials (/flags)" in early
    assert "credential" not in flags(AGENT, 5051)
    typed("runbook")
    saved = tmp_path / "plan.json"
    typed("plan", "--out", str(saved))
    typed("deploy-mesos-master")
    assert all(flags(each, 5050)["credentials"] == f"{HOME}/mesos_master/credentials.json" for each in TRIO)
    refused = typed("deploy-mesos-agent", secrets="wrong.yml", code=10)
    assert "refused authentication" in refused and "the previous container is back and serves" in refused
    whole = typed("deploy-cluster")
    assert "replace mesos-slave  changed" in whole and "Tasks: 1 of 1 run on, 0 lost." in whole
    assert flags(AGENT, 5051)["credential"] == f"{HOME}/mesos_agent/credential.json"
    assert "Nothing to do" in typed("deploy-cluster")
    rights = f"stat -c '%a %u %n' {HOME}/*; stat -c '%a %u' {HOME}/*/*"
    assert inside(AGENT, rights) == f"700 0 {HOME}/mesos_agent\n400 0"
    for words in (["status"], ["preflight"], ["status", "--json"], ["plan", "--json"]):
        typed(*words)
    typed("diagnose", "--out", str(tmp_path / "d.tar.gz"))
    with tarfile.open(tmp_path / "d.tar.gz") as archive:
        files = [archive.extractfile(each) for each in archive.getmembers()]
        said += [file.read().decode(errors="replace") for file in files if file]
    passed = suite(inventory=inventory("security=permissive\nsecrets_file=s.yml"))
    assert passed.code == 0, passed.said

    texts = [*said, passed.said, saved.read_text(), *(inside(each, SHOWN) for each in (*TRIO, AGENT))]
    texts += [json.dumps(flags(each, 5050)) for each in TRIO] + [json.dumps(flags(AGENT, 5051))]
    texts += [file.read_text() for file in (tmp_path / "runs").glob("*")]
    assert list((tmp_path / "runs").glob("*-deploy-cluster.json"))
    for text in texts:
        assert_unseen(text, known)
        assert_unseen(text, wrong)
    for each in (*TRIO, AGENT):
        assert all(file.startswith((HOME, "/run/patterns")) for file in inside(each, PATTERNS).split()), each

    exchanged = typed("plan", secrets="wrong.yml", code=6)
    assert "credentials.json has other secrets than secrets_file" in exchanged
    late = typed("deploy-mesos-master", security="open", code=6)
    assert "The agents on 10.70.0.20 do not say that they run without credentials (/flags)" in late
    typed("deploy-cluster", security="open")
    assert "credentials" not in flags(TRIO[0], 5050) and "credential" not in flags(AGENT, 5051)
    assert not inside(AGENT, f"ls {HOME}") and not inside(TRIO[0], f"ls {HOME}")
    assert "Nothing to do" in fab("deploy-cluster", inventory=INVENTORY).said
