"""The ways in that people really have, each for fab and for the suite; and lines that are bad, or go dead."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from operators import (
    COMMAND_TIMEOUT,
    INVENTORY,
    ROOT,
    SOON,
    TRIO,
    Command,
    Inventory,
    Run,
    environment,
    execute,
    inside,
    lay_bare,
)

from lab import access, faults, hosts, spec, waiting

Fault = Callable[[str], AbstractContextManager[None]]

PROFILES = ROOT / "lab/run/profiles"
EVERYBODY = (*TRIO, spec.BASTION.address)
NODE = TRIO[1]
ALL = "10.70.0.10, .11, .12, .20"
"""How hosts are named together that have the same to tell."""


def way(profile: str) -> Path:
    return PROFILES / profile / "hosts.ini"


def suite_of_chapter_1(inventory: Path, *words: str) -> Command:
    command = [sys.executable, "-m", "pytest", "verify/test_host.py", "-q", "-p", "no:cacheprovider", *words]
    return execute(command, inventory)


@pytest.fixture(scope="module", autouse=True)
def fresh(lab: None) -> None:
    """Bare hosts at first: what tests before have left would be another finding of the suite."""
    lay_bare()


@pytest.fixture
def without_host_ip(lab: None) -> None:
    """Have hosts on which there is something for chapter 1 to do."""
    for node in EVERYBODY:
        inside(node, "sed -i /HOST_IP/d /etc/profile")


# Every way in


@pytest.mark.parametrize("profile", ["sudo", "sudo-password", "port", "bastion"])
def test_every_way_in_is_good_for_a_plan_a_change_and_the_suite(
    without_host_ip: None, fab: Run, profile: str
) -> None:
    planned = fab("plan", inventory=way(profile))
    assert (planned.code, planned.said.count("1.1 HOST_IP in /etc/profile")) == (0, 4), planned.said
    changed = fab("host.set-ip", inventory=way(profile))
    assert changed.code == 0, changed.said
    passed = suite_of_chapter_1(way(profile), "-k", "exports_it")
    assert (passed.code, "4 passed" in passed.said) == (0, True), passed.said


def test_the_suite_logs_in_once_where_ssh_config_shares_no_connection(
    inventory: Inventory, tmp_path: Path
) -> None:
    alone = tmp_path / "ssh_config"
    alone.write_text(re.sub(r" +Control.*\n", "", access.HERE.ssh_config.read_text()))
    text = INVENTORY.read_text().replace("ssh_config=ssh_config", f"ssh_config={alone}")
    logins = "grep -c 'Accepted publickey' /var/log/sshd.log || true"
    sockets = set(Path("/tmp").glob("mesofab-*"))
    before = int(inside(NODE, logins))
    asked = suite_of_chapter_1(inventory(text=text), "-k", "clock")
    assert (asked.code, "4 passed" in asked.said) == (0, True), asked.said
    assert int(inside(NODE, logins)) == before + 1
    new = set(Path("/tmp").glob("mesofab-*")) - sockets  # some may be those of the other lab's suite
    waiting.until("its sockets to be gone", COMMAND_TIMEOUT, lambda: " ".join(map(str, there(new))) or None)


def there(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.exists()]


@pytest.fixture
def agent(lab: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have an ssh-agent of our own; nothing is in it yet."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as process:
        waiting.until("ssh-agent", SOON, lambda: None if socket.exists() else "no socket")
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield
        process.terminate()


def add(key: bytes) -> None:
    subprocess.run(["ssh-add", "-q", "-"], input=key, check=True)


def test_a_key_that_only_the_agent_has_is_enough(agent: None, without_host_ip: None, fab: Run) -> None:
    refused = fab("plan", inventory=way("agent"))
    assert refused.code == 3
    assert f"{NODE}  connect: {NODE}:22 accepts no key we have for user root" in refused.said
    add(access.HERE.key.read_bytes())
    assert fab("host.set-ip", inventory=way("agent")).code == 0
    assert suite_of_chapter_1(way("agent")).code == 0


def test_a_key_with_a_passphrase_is_told_and_works_through_the_agent(
    agent: None, fab: Run, tmp_path: Path
) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(access.HERE.key.read_bytes())
    locked.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", locked], check=True)
    inventory = tmp_path / "hosts.ini"
    text = way("port").read_text().replace(str(access.HERE.key), str(locked))
    inventory.write_text(text.replace("ssh_config=", f"ssh_config={way('port').parent}/"))
    refused = fab("plan", inventory=inventory)
    assert refused.code == 3
    assert "the private key is locked with a passphrase. Add it to ssh-agent: ssh-add" in refused.said
    add(access.HERE.key.read_bytes())
    assert fab("plan", inventory=inventory).code == 0


def test_an_ssh_config_named_on_the_command_line_leads_to_the_hosts(fab: Run, inventory: Inventory) -> None:
    bare = inventory(text=INVENTORY.read_text().replace("ssh_config=ssh_config\n", ""))
    assert fab("plan", inventory=bare).code == 3
    assert fab("-S", str(access.HERE.ssh_config), "plan", inventory=bare).code == 0


# Bastions


def test_the_hosts_behind_the_bastion_refuse_whoever_does_not_come_through_it(lab: None) -> None:
    command = ["ssh", "-F", str(PROFILES / "bastion/ssh_config"), "-o", "BatchMode=yes"]
    for options, node, code in (
        (["-o", "ProxyJump=none"], NODE, 255),
        ([], NODE, 0),
        ([], spec.BASTION.address, 0),
    ):
        done = subprocess.run([*command, *options, f"root@{node}", "true"], capture_output=True, timeout=SOON)
        assert done.returncode == code, (options, node, done.stderr)


def test_a_bastion_that_is_cut_off_is_named(lab: None, fab: Run) -> None:
    with faults.cut_off(spec.BASTION.address):
        failed = fab("plan", inventory=way("bastion"))
    assert failed.code == 3
    told = f"  connect: bastion {spec.BASTION.address}: {spec.BASTION.address}:22"
    assert f"10.70.0.10, .11, .12{told}" in failed.said


def test_an_unknown_key_behind_a_bastion_is_refused_with_the_command_that_adds_it(
    lab: None, fab: Run, tmp_path: Path
) -> None:
    lines = access.HERE.known_hosts.read_text().splitlines(keepends=True)
    (tmp_path / "known_hosts").write_text("".join(line for line in lines if NODE not in line))
    config = (PROFILES / "bastion/ssh_config").read_text()
    (tmp_path / "ssh_config").write_text(
        config.replace(str(access.HERE.known_hosts), f"{tmp_path}/known_hosts")
    )
    (tmp_path / "hosts.ini").write_text(way("bastion").read_text())
    failed = fab("-H", NODE, "plan", inventory=tmp_path / "hosts.ini")
    assert failed.code == 3
    hop = f"ssh -F {tmp_path}/ssh_config -p 22 deploy@{spec.BASTION.address}"
    assert f"{hop} ssh-keyscan -t ed25519 {NODE} >> {tmp_path}" in failed.said


def test_a_host_that_a_bastion_cannot_reach_is_named_and_the_bastion_too(
    lab: None, fab: Run, tmp_path: Path
) -> None:
    (tmp_path / "ssh_config").write_text((PROFILES / "bastion/ssh_config").read_text())
    (tmp_path / "hosts.ini").write_text(way("bastion").read_text() + "ansible_port=23\n")
    failed = fab("-H", NODE, "plan", inventory=tmp_path / "hosts.ini")
    assert failed.code == 3
    assert f"{NODE}  connect: bastion {spec.BASTION.address} cannot reach {NODE}:23" in failed.said


# sudo


SUDO_LOG = "/var/log/sudo.log"


@contextmanager
def sudoers(text: str) -> Iterator[None]:
    """Have these lines in everybody's sudoers."""
    for node in EVERYBODY:
        inside(node, f"umask 227; echo '{text}' > /etc/sudoers.d/zz-test")
    try:
        yield
    finally:
        for node in EVERYBODY:
            inside(node, f"rm -f /etc/sudoers.d/zz-test {SUDO_LOG}")


def password() -> str:
    return (access.HERE.key.parent / "password").read_text()


@pytest.fixture
def asked(inventory: Inventory) -> Callable[[str], Path]:
    """Write the profile `sudo-password` with another password, or with none."""
    text = way("sudo-password").read_text()

    def write(line: str) -> Path:
        file = inventory(text=text.replace(f"ansible_become_password={password()}", line))
        file.chmod(0o600)
        return file

    return write


def test_a_wrong_password_for_sudo_is_one_sentence_and_one_failure_on_the_host(
    lab: None, fab: Run, asked: Callable[[str], Path]
) -> None:
    with sudoers(f"Defaults logfile={SUDO_LOG}"):
        failed = fab("deploy-cluster", inventory=asked("ansible_become_password=wrong"))
        logs = [
            inside(node, f"grep -c incorrect {SUDO_LOG}; grep incorrect {SUDO_LOG}") for node in EVERYBODY
        ]
    assert failed.code == 3
    assert f"{ALL}  sudo: it does not accept the password, which was tried once" in failed.said
    assert "Traceback" not in failed.said
    for log in logs:
        assert log.startswith("1\n") and "1 incorrect password attempt" in log, log


def test_without_the_password_for_sudo_the_ways_to_give_it_are_told(
    lab: None, fab: Run, asked: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = asked("")
    failed = fab("plan", inventory=inventory)
    assert failed.code == 3
    assert f"{ALL}  sudo: it asks for a password. Give it with fab --prompt-for-sudo-password" in failed.said
    unproven = suite_of_chapter_1(inventory, "--hosts=ssh://operator@10.70.0.11", "--sudo")
    assert "FABRIC_SUDO_PASSWORD in the environment" in unproven.said
    monkeypatch.setenv("FABRIC_SUDO_PASSWORD", password())
    assert fab("plan", inventory=inventory).code == 0


def test_a_password_typed_at_fabs_own_prompt_is_used(lab: None, asked: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fabric", "--prompt-for-sudo-password", "plan"],
        cwd=ROOT,
        env=environment(asked("")),
        input=f"{password()}\n",
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT,
        check=False,
        start_new_session=True,  # without a terminal, the prompt reads standard input
    )
    assert done.returncode == 0, done.stderr
    assert password() not in done.stdout + done.stderr


def test_a_password_where_sudo_asks_for_none_does_no_harm(
    lab: None, fab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIC_SUDO_PASSWORD", "touch /tmp/typed-by-mistake")
    assert fab("plan", inventory=way("sudo")).code == 0
    assert suite_of_chapter_1(way("sudo"), "-k", "exports_it").code in (0, 1)
    for node in EVERYBODY:
        inside(node, "[ ! -e /tmp/typed-by-mistake ]")


@pytest.mark.parametrize(
    "line, told",
    [
        ("Defaults:deploy requiretty", "sudo: it insists on a terminal. Remove `requiretty` for this user"),
        ("deploy ALL=(ALL) !ALL", "sudo: "),
    ],
)
def test_a_sudoers_that_does_not_let_us_is_told(lab: None, fab: Run, line: str, told: str) -> None:
    with sudoers(line):
        failed = fab("plan", inventory=way("sudo"))
    assert failed.code == 3
    assert f"{ALL}  {told}" in failed.said


@contextmanager
def spied_on(node: str) -> Iterator[Callable[[], str]]:
    """Have somebody on a host look for the password in every process; give what they found."""
    inside(node, "cut -d: -f2 /etc/lab-passwords > /root/pattern; : > /root/found; touch /run/spying")
    look = "grep -laFf /root/pattern /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null >> /root/found"
    inside(node, f"(while [ -e /run/spying ]; do {look}; done) >/dev/null 2>&1 </dev/null &")
    try:
        yield lambda: inside(node, "cat /root/found")
    finally:
        inside(node, "rm -f /run/spying")


def test_the_password_is_in_no_process_no_log_and_no_output(
    without_host_ip: None, fab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sudoers(f"Defaults logfile={SUDO_LOG}"), spied_on(NODE) as found:
        changed = fab("-d", "host.set-ip", inventory=way("sudo-password"))
        proven = suite_of_chapter_1(way("sudo-password"), "-v", "--hosts=ssh://operator@10.70.0.11", "--sudo")
        assert found() == ""
        places = "/var/log /run/sudo /tmp /home /etc/profile"
        assert inside(NODE, f"grep -rlFf /root/pattern {places} || true") == ""
    assert (changed.code, proven.code) == (0, 0), changed.said + proven.said
    assert password() not in changed.said + proven.said


# Lines that are bad


def test_a_host_far_away_on_a_bad_line_is_only_slow(without_host_ip: None, fab: Run) -> None:
    with faults.slowed(NODE, delay=200, loss=2):
        assert next(one.state for one in hosts.status() if one.host.address == NODE) == "slow"
        changed = fab("-H", NODE, "host.set-ip")
        passed = suite_of_chapter_1(INVENTORY, f"--hosts=ssh://root@{NODE}", "-k", "address")
    assert changed.code == 0, changed.said
    assert "1 passed" in passed.said, passed.said
    assert next(one.state for one in hosts.status() if one.host.address == NODE) == "running"


# Hosts that are lost in the midst of something

WAIT = "touch /run/mid-step; while [ -e /run/mid-step ]; do sleep 0.1; done"
PULL = f'#!/bin/sh\n[ "$1" = pull ] || exec /usr/bin/docker "$@"\n{WAIT}\n'
"""Takes the place of docker: its pull lasts until somebody removes the file."""


def fab_on(node: str, *words: str) -> Command:
    """Run fab on a host of a service of its own: runs on hosts of one service exclude each other."""
    variables = INVENTORY.read_text().partition("[all:vars]")[2]
    with TemporaryDirectory() as directory:
        alone = Path(directory) / "hosts.ini"
        variables = variables.replace("ssh_config=", f"ssh_config={INVENTORY.parent}/")
        alone.write_text(f"[zookeeper]\n{node} myid=1\n[all:vars]{variables}")
        return execute([sys.executable, "-m", "fabric", *words], alone)


def lose_in_a_look(node: str) -> Command:
    hold = f"flock /run/mesofab.lock sh -c '{WAIT}' >/dev/null 2>&1 </dev/null &"
    inside(node, f"{hold} until [ -e /run/mid-step ]; do sleep 0.05; done")
    return lose(faults.frozen, node, "pgrep -f 'flock [-]s'", lambda: fab_on(node, "plan"))


def lose_in_a_step(node: str) -> Command:
    inside(node, "docker rmi -f 10.70.0.2:5000/lab/zookeeper:3.8.0")
    inside(node, f"cat > /usr/local/bin/docker <<'END'\n{PULL}END\nchmod +x /usr/local/bin/docker")
    return lose(faults.cut_off, node, "ls /run/mid-step", lambda: fab_on(node, "zookeeper.pull"))


def lose_while_its_service_is_awaited(node: str) -> Command:
    """Pause ZooKeeper as it begins, so that it is waited for until the host is lost."""
    pause = "until docker pause zookeeper; do sleep 0.05; done"
    inside(node, f"timeout {SOON} sh -c '{pause}' >/dev/null 2>&1 </dev/null &")
    awaited = "docker ps -q --filter status=paused | grep -q . && pgrep -f 'sleep 0[.]15|dev/[t]cp'"
    return lose(faults.frozen, node, awaited, lambda: fab_on(node, "deploy-zookeeper"))


def lose_in_a_test(node: str) -> Command:
    inside(node, f"echo '{WAIT}' > /etc/profile.d/wait.sh")
    work = ["--hosts", f"ssh://root@{node}", "-k", "address"]
    return lose(faults.frozen, node, "ls /run/mid-step", lambda: suite_of_chapter_1(INVENTORY, *work))


def lose(fault: Fault, node: str, begun: str, run: Callable[[], Command]) -> Command:
    """Start a run, lose its host as soon as `begun` succeeds there, and give what the run said at last."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        waiting.until(f"{begun} on {node}", SOON, lambda: None if running.done() else trouble(node, begun))
        with fault(node):
            ended = running.result()
    unplant = "rm -f /run/mid-step /usr/local/bin/docker /etc/profile.d/wait.sh"
    inside(node, f"{unplant}; docker ps -q --filter status=paused | xargs -r docker unpause")
    return ended


def trouble(node: str, script: str) -> str | None:
    code, said = hosts.exec(node, ["sh", "-c", script])
    return None if code == 0 else f"exit code {code} {said}"


LOSSES = (lose_in_a_look, lose_in_a_step, lose_while_its_service_is_awaited, lose_in_a_test)


@pytest.fixture(scope="module")
def lost(lab: None) -> Iterator[dict[str, Command]]:
    """Lose four bare hosts at once, and give what the run that worked on each said."""
    lay_bare()
    with ThreadPoolExecutor() as pool:
        said = pool.map(lambda loss, node: loss(node), LOSSES, EVERYBODY)
    yield dict(zip(EVERYBODY, said, strict=True))
    lay_bare()  # a member that was deployed alone would be refused in an ensemble


@pytest.mark.parametrize("node", EVERYBODY[:3])
def test_a_run_that_loses_a_host_ends_with_a_sentence(lost: dict[str, Command], node: str) -> None:
    told = f"{node}  it has been silent for 30 s: frozen, or cut off. It is safe to run this again."
    assert lost[node].code == 3, lost[node].said
    assert told in lost[node].said
    assert "Traceback" not in lost[node].said


def test_the_step_in_which_a_host_was_lost_is_named(lost: dict[str, Command]) -> None:
    assert "It was at 2.4 pull" in lost[EVERYBODY[1]].said


def test_a_suite_that_loses_a_host_fails_and_says_which(lost: dict[str, Command]) -> None:
    failed = lost[EVERYBODY[3]]
    assert failed.code == 1
    assert f"{EVERYBODY[3]}: it was reached, and is lost since: " in failed.said
    assert failed.said.count("expected it to answer; see whether it is up") == 1


def test_hosts_that_were_lost_can_be_worked_on_again(lost: dict[str, Command], fab: Run) -> None:
    def still_held() -> str | None:
        again = fab("host.set-ip")
        assert again.code == 0 or " at work here" in again.said, again.said
        return again.said if again.code else None

    waiting.until("the lease of a run that was cut off to end", SOON, still_held)
    assert suite_of_chapter_1(INVENTORY).code == 0
