"""What goes wrong on real hosts: a sentence with host, step and remedy, an exit code, nothing half done."""

import getpass
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import points
import pytest
from operators import INVENTORY, ROOT, SOON, TRIO, Inventory, Run, inside, lay_bare, start

from lab import faults, waiting

BAD = "10.70.0.11"
EVERY_MEMBER = "10.70.0.10, .11, .12"


@pytest.fixture
def untouched(bare: None) -> Iterator[None]:
    """Bare hosts, on none of which any container may have been made when the test is over."""
    yield
    for node in TRIO:
        assert inside(node, "docker ps -aq") == "", node


def test_a_host_that_is_down_is_named_and_no_host_is_changed(untouched: None, fab: Run) -> None:
    with faults.stopped(BAD):
        failed = fab("deploy-zookeeper")
        inside(TRIO[0], "[ ! -e /opt/zookeeper ]")
    assert failed.code == 3
    assert re.search(rf"^{BAD}  connect: {BAD}:22.*Is the host up", failed.said, re.MULTILINE), failed.said
    assert "Traceback" not in failed.said


def test_a_host_that_is_frozen_is_given_up_after_a_stated_time(untouched: None, fab: Run) -> None:
    with faults.frozen(BAD):
        failed = fab("deploy-zookeeper")
    assert failed.code == 3
    assert re.search(rf"{BAD}  .*does not talk SSH in time", failed.said), failed.said


def test_a_host_that_is_cut_off_is_named(untouched: None, fab: Run) -> None:
    with faults.cut_off(BAD):
        failed = fab("deploy-zookeeper")
    assert failed.code == 3
    assert f"{BAD}  connect: " in failed.said


def test_a_wrong_private_key_is_told_with_user_and_what_to_check(
    untouched: None, fab: Run, inventory: Inventory, tmp_path: Path
) -> None:
    import paramiko

    paramiko.RSAKey.generate(2048).write_private_key_file(str(tmp_path / "wrong"))
    config = (ROOT / "lab/ssh_config").read_text()
    (tmp_path / "ssh_config").write_text(re.sub(r"IdentityFile .*", f"IdentityFile {tmp_path}/wrong", config))
    text = INVENTORY.read_text()
    file = tmp_path / "hosts.ini"
    file.write_text(text)
    failed = fab("deploy-zookeeper", inventory=file)
    assert failed.code == 3
    assert f"{BAD}  connect: {BAD}:22 accepts no key we have for user root" in failed.said
    assert "Check ansible_user and ansible_ssh_private_key_file" in failed.said


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    """A known_hosts of our own, used by an ssh_config and inventory beside it."""
    config = (ROOT / "lab/ssh_config").read_text()
    own = tmp_path / "known_hosts"
    own.write_text((ROOT / "lab/run/known_hosts").read_text())
    (tmp_path / "ssh_config").write_text(
        re.sub(r"UserKnownHostsFile .*", f"UserKnownHostsFile {own}", config)
    )
    (tmp_path / "hosts.ini").write_text(INVENTORY.read_text())
    return own


def test_an_unknown_host_key_is_refused_with_the_command_that_adds_it(
    untouched: None, fab: Run, known_hosts: Path
) -> None:
    lines = known_hosts.read_text().splitlines(keepends=True)
    known_hosts.write_text("".join(line for line in lines if BAD not in line))
    failed = fab("deploy-zookeeper", inventory=known_hosts.parent / "hosts.ini")
    assert failed.code == 3
    assert f"{BAD}  connect: its host key ssh-ed25519 SHA256:" in failed.said
    assert f"ssh-keyscan -t ed25519 {BAD} >> {known_hosts}" in failed.said


def test_a_changed_host_key_is_refused(untouched: None, fab: Run, known_hosts: Path) -> None:
    text = known_hosts.read_text()
    other = next(line.split()[2] for line in text.splitlines() if "10.70.0.12" in line)
    mine = next(line.split()[2] for line in text.splitlines() if BAD in line)
    known_hosts.write_text(text.replace(mine, other))
    failed = fab("deploy-zookeeper", inventory=known_hosts.parent / "hosts.ini")
    assert failed.code == 3
    assert f"{BAD}  connect: its host key is " in failed.said
    assert f"ssh-keygen -R {BAD}" in failed.said


def test_a_stopped_docker_engine_is_told_before_anything_is_changed(untouched: None, fab: Run) -> None:
    with faults.engine_stopped(BAD):
        failed = fab("deploy-zookeeper")
        inside(TRIO[0], "[ ! -e /opt/zookeeper ]")
    assert failed.code == 6
    assert (
        f"{BAD}  error  docker: the docker engine does not run. Start it (systemctl start docker)"
        in failed.said
    )
    assert "Nothing was changed." in failed.said


def test_an_image_that_does_not_exist_fails_the_pull_and_nothing_is_started(
    untouched: None, fab: Run, inventory: Inventory
) -> None:
    text = re.sub(
        r"zookeeper_image=.*", "zookeeper_image=10.70.0.2:5000/lab/nosuch:1.0", INVENTORY.read_text()
    )
    failed = fab("deploy-zookeeper", "--no-preflight", inventory=inventory(text=text))
    assert failed.code == 4
    told = f"{EVERY_MEMBER}  2.4 pull 10.70.0.2:5000/lab/nosuch:1.0: the registry has no such image"
    assert failed.said.count(told) == 1


def test_a_registry_that_does_not_answer_fails_the_pull_and_nothing_is_started(
    untouched: None, fab: Run, inventory: Inventory
) -> None:
    text = re.sub(
        r"zookeeper_image=.*", "zookeeper_image=10.70.0.20:5000/lab/zookeeper:3.8.0", INVENTORY.read_text()
    )
    failed = fab("deploy-zookeeper", "--no-preflight", inventory=inventory(text=text))
    assert failed.code == 4
    told = f"{EVERY_MEMBER}  2.4 pull 10.70.0.20:5000/lab/zookeeper:3.8.0: the registry cannot be reached"
    assert failed.said.count(told) == 1


def test_a_port_that_is_taken_is_told_with_the_process_before_anything_is_changed(
    untouched: None, fab: Run
) -> None:
    with faults.port_taken(BAD, 2181):
        failed = fab("deploy-zookeeper")
    assert failed.code == 6
    assert re.search(rf"{BAD}  error  port: zookeeper: port 2181 is taken by nc \(pid \d+\)", failed.said), (
        failed.said
    )


def test_a_full_disk_fails_the_pull_and_the_next_run_goes_through(untouched: None, fab: Run) -> None:
    inside(BAD, "docker rmi -f $(docker images -q)")  # what others pulled shares layers with it
    with faults.disk_full_for_pulls(BAD):
        failed = fab("deploy-zookeeper")
    assert failed.code == 4
    assert re.search(rf"{BAD}  2\.4 pull \S+: the disk is full \(.*no space left on device", failed.said)
    assert fab("zookeeper.pull").code == 0


def test_a_foreign_myid_is_refused_and_kept(untouched: None, fab: Run) -> None:
    inside(BAD, "mkdir -p /opt/zookeeper/data && echo 7 > /opt/zookeeper/data/myid")
    failed = fab("deploy-zookeeper")
    assert failed.code == 6
    assert f"{BAD}  error  myid: /opt/zookeeper/data/myid says '7', hosts.ini says '2'" in failed.said
    assert (
        f"no other member knows this address. Set myid=7 for {BAD} in hosts.ini; or if what this"
        in failed.said
    )
    assert inside(BAD, "cat /opt/zookeeper/data/myid") == "7"


@pytest.fixture
def broken_member(bare: None) -> Iterator[None]:
    """A member whose data no ZooKeeper can start with; all hosts are bare again afterwards."""
    inside(BAD, "mkdir -p /opt/zookeeper/data/version-2")
    inside(BAD, "echo broken > /opt/zookeeper/data/version-2/currentEpoch")
    yield
    lay_bare()


def test_a_member_that_never_serves_fails_the_gate_which_names_it_and_why(
    broken_member: None, fab: Run, inventory: Inventory
) -> None:
    failed = fab("deploy-zookeeper", "--no-preflight", inventory=inventory("gate_timeout=45"))
    assert failed.code == 5
    told = rf"^{BAD}  2\.6 zookeeper: it ends again and again \(.*\): it cannot read its own data"
    assert re.search(told, failed.said, re.MULTILINE), failed.said
    assert "If all other members serve, empty its data/version-2" in failed.said


@pytest.fixture
def somebody_at_work(bare: None) -> Iterator[None]:
    """Another operator's lease on one host, held as a run holds it."""
    told = "echo 'ann@desk, since today: fab deploy-cluster' > /run/mesofab.lease;"
    pid = inside(BAD, f"{told} flock -n /run/mesofab.lease sleep 3600 >/dev/null 2>&1 & echo $!")
    waiting.until("the lease", SOON, lambda: None if inside(BAD, f"pgrep -P {pid} || true") else "it is free")
    yield
    inside(BAD, f"pkill -P {pid}; true")


def test_a_second_operator_is_told_who_is_at_work_and_changes_nothing(
    somebody_at_work: None, fab: Run
) -> None:
    refused = fab("deploy-zookeeper")
    assert refused.code == 6
    assert f"{BAD}  ann@desk, since today: fab deploy-cluster is at work here." in refused.said
    for node in TRIO:
        inside(node, "[ ! -e /opt/zookeeper ]")
    planned = fab("plan")
    assert planned.code == 6
    assert "A deploy would do nothing of this plan now:" in planned.said


@pytest.fixture
def first_run(bare: None) -> Iterator[subprocess.Popen[str]]:
    """A deploy that waits in mid-step on one host, and has done its steps on the others."""
    points.watch(TRIO[0], wait="^docker run")
    points.arm(TRIO[0], ())
    with start(["deploy-zookeeper"], INVENTORY, stdout=subprocess.PIPE) as run:
        try:
            waiting.until("its last step", SOON, lambda: None if points.held(TRIO[0]) else "it goes on")
            yield run
        finally:
            points.release(TRIO[0])  # else it would be waited for in vain
    points.unwatch(TRIO[0])


def test_a_second_deploy_is_told_whose_the_first_is_and_reads_are_not_held_up(
    first_run: subprocess.Popen[str], fab: Run, inventory: Inventory
) -> None:
    refused = fab("-H", BAD, "deploy-zookeeper", inventory=inventory("zookeeper_sync_limit=7"))
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    whose = rf"{who} has been at work here since [\d: -]+ UTC: fab deploy-zookeeper"
    assert refused.code == 6
    assert re.search(rf"^{BAD}  {whose}\. Wait for that run to end", refused.said, re.M)
    planned = fab("-H", BAD, "plan")
    assert planned.code == 6
    assert re.search(rf"^  {BAD}(, \S+)*  {whose}\. Wait for that run to end", planned.said, re.M)
    told = fab("-H", BAD, "preflight")
    assert told.code == 6
    assert re.search(rf"^{BAD}  error  lock: {whose}\. Wait for that run to end", told.said, re.M)
    assert '"doing": "fab deploy-zookeeper"' in fab("-H", BAD, "status", "--json").said
    assert first_run.poll() is None
    points.release(TRIO[0])
    assert first_run.wait(SOON) == 0
    assert "syncLimit=2" in inside(BAD, "cat /opt/zookeeper/conf/zoo.cfg")


def test_a_run_on_other_hosts_of_the_same_service_is_told_too(somebody_at_work: None, fab: Run) -> None:
    refused = fab("-H", TRIO[0], "deploy-zookeeper")
    assert refused.code == 6
    assert f"{BAD}  ann@desk, since today: fab deploy-cluster is at work here." in refused.said
    inside(TRIO[0], "[ ! -e /opt/zookeeper ]")


def test_a_run_that_is_interrupted_tells_what_it_did_and_can_be_run_again(bare: None, fab: Run) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with start(["deploy-zookeeper"], INVENTORY, **pipes) as run:
        assert run.stdout is not None
        first = next(line for line in run.stdout if re.search("  (changed|prepared)  ", line))
        run.send_signal(signal.SIGINT)
        said = run.stdout.read()
    assert run.returncode == 130, said
    done, _, interrupted = said.partition("\nhost ")
    host, step = first.split("  ")[:2]
    assert re.search(rf"^{host} +{re.escape(step)} +(changed|prepared)", interrupted, re.MULTILINE), (
        first + said
    )
    assert re.search(r"^Time, in seconds: .*; \d+\.\d in all\.$", interrupted, re.MULTILINE), said
    assert "\nThe next run looks at the hosts again and does what is still missing: " in interrupted, said
    assert said.endswith("Interrupted. It is safe to run this again.\n")
    assert "Traceback" not in done + interrupted
    assert fab("deploy-zookeeper").code == 0


def test_two_deploys_at_once_end_in_one_well_ensemble(bare: None, fab: Run) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(fab, "deploy-zookeeper") for _ in range(2)]
    codes = sorted(run.result().code for run in runs)
    assert codes[0] in (0, 6), [run.result().said for run in runs]
    assert codes[1] in (0, 6), [run.result().said for run in runs]
    assert fab("deploy-zookeeper").code == 0
    assert "3 of 3 ZooKeepers serve" in fab("status").said


def test_status_shows_the_others_when_a_host_is_down(ensemble: None, fab: Run) -> None:
    with faults.stopped(BAD):
        seen = fab("status")
    assert seen.code == 3
    assert re.search(rf"{BAD} +zookeeper +unreachable", seen.said)
    assert re.search(rf"{TRIO[0]} +zookeeper +running", seen.said)
    assert f"{BAD} does not answer" in seen.said
