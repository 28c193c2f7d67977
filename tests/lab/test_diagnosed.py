"""A diagnosis of real hosts, one of them down: findings first, each log, and nothing is changed."""

import tarfile
from pathlib import Path

from operators import AGENT, TRIO, Run, inside

from lab import faults


def test_an_archive_tells_of_all_hosts_and_what_is_wrong(cluster: None, fab: Run, tmp_path: Path) -> None:
    up = [node for node in (*TRIO, AGENT) if node != TRIO[1]]
    files = "find /opt /etc/profile* -type f ! -path '*/version-2/*' | sort"  # there ZooKeeper itself writes
    ask = f"docker ps -a --no-trunc --format '{{{{.ID}}}} {{{{.State}}}}'; {files}"
    inside(TRIO[0], "docker kill zookeeper; docker start zookeeper")
    faults.stop(TRIO[1])
    try:
        before = [inside(node, ask) for node in up]
        done = fab("diagnose", "--out", str(tmp_path / "d.tar.gz"))
        assert [inside(node, ask) for node in up] == before
    finally:
        faults.start(TRIO[1])
    assert done.code == 0 and f"{TRIO[1]}  " in done.said and "All of it is in " in done.said, done.said
    with tarfile.open(tmp_path / "d.tar.gz") as archive:
        names = set(archive.getnames())
        found = archive.extractfile("d/findings.txt")
        assert found and TRIO[1] in found.read().decode()
    assert {"d/status.json", "d/plan.json", "d/preflight.json"} <= names
    for node in up:
        assert {f"d/{node}/look.json", f"d/{node}/clock.txt", f"d/{node}/disks.txt"} <= names
    assert {f"d/{TRIO[0]}/log-zookeeper.txt", f"d/{AGENT}/log-mesos-slave.txt"} <= names
    assert [name for name in names if name.startswith(f"d/{TRIO[0]}/around-zookeeper-")]
