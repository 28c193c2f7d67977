"""Which hosts a typed command means, and what its errors and exit codes are. No network."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fabric.main import program
from fake_hosts import FakeHosts, ensemble_led_by
from invoke.exceptions import Exit
from samples import as_wanted

from tasks.cluster import show_plan
from tasks.engine.chosen import choose
from tasks.engine.command import operators_errors, warn_of_overruling
from tasks.engine.console import Console
from tasks.errors import BadInput
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.gate import Question
from tasks.plan.look.lease import Lease
from tasks.plan.look.observed import Observed
from tasks.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
FOUR = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\nzk3 myid=3 host_ip=10.0.0.3\n[mesos_agent]\n10.0.0.9\n"


@pytest.fixture
def four() -> Cluster:
    return parse(FOUR)


@dataclass(frozen=True)
class Run:
    """How one fab command ended and what it printed."""

    code: int
    stdout: str
    stderr: str


Fab = Callable[..., Run]


@pytest.fixture
def fab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fab:
    """Run fab's own program with the words an operator would type, and another inventory."""

    def run(*words: str, inventory: Path | None = None) -> Run:
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("INVENTORY", str(inventory or ROOT / "hosts.ini"))
        code = 0
        try:
            program.run(["fab", *words])
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Run(code, printed.out, printed.err)

    return run


def test_without_names_a_chapter_means_all_hosts_of_its_role(four: Cluster) -> None:
    assert [node.name for node in choose(four, "zookeeper", [])] == ["10.0.0.1", "10.0.0.2", "zk3"]
    assert len(choose(four, "host", [])) == 4


@pytest.mark.parametrize("typed", ["zk3", "10.0.0.3", "admin@zk3", "admin@10.0.0.3:2222"])
def test_a_host_may_be_named_by_name_or_address_with_user_and_port(four: Cluster, typed: str) -> None:
    (node,) = choose(four, "zookeeper", [typed])
    assert node.name == "zk3"
    assert node.ssh.user == ("admin" if "@" in typed else None)
    assert node.ssh.port == (2222 if ":" in typed else None)


def test_a_host_named_twice_is_one_host(four: Cluster) -> None:
    assert len(choose(four, "zookeeper", ["zk3", "10.0.0.3"])) == 1


def test_an_unknown_host_is_refused_with_the_known_ones(four: Cluster) -> None:
    with pytest.raises(BadInput, match=r"-H 10\.0\.0\.7: hosts.ini has no such host; it has 10\.0\.0\.1, "):
        choose(four, "zookeeper", ["10.0.0.7"])


def test_a_host_that_does_not_play_the_role_is_refused(four: Cluster) -> None:
    with pytest.raises(BadInput, match=r"-H 10\.0\.0\.9: hosts.ini has in \[zookeeper\] only 10"):
        choose(four, "zookeeper", ["10.0.0.9"])


def test_a_role_without_hosts_is_refused() -> None:
    with pytest.raises(BadInput, match=r"no host in \[mesos_agent\]"):
        choose(parse("[zookeeper]\n10.0.0.1 myid=1\n"), "mesos_agent", [])


def test_runbook_prints_the_shell_of_every_host_without_a_connection(fab: Fab) -> None:
    run = fab("runbook")
    assert run.code == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if line.startswith("####")] == [
        "#### 10.70.0.10: zookeeper, mesos_master, marathon",
        "#### 10.70.0.11: zookeeper, mesos_master, marathon",
        "#### 10.70.0.12: zookeeper, mesos_master, marathon",
        "#### 10.70.0.20: mesos_agent",
    ]
    assert run.stdout.count("docker run -d --name zookeeper") == 3


def test_runbook_narrows_to_the_hosts_of_h_and_prints_each_once(fab: Fab) -> None:
    run = fab("-H", "10.70.0.11,10.70.0.12", "runbook")
    assert run.stdout.count("####") == 2
    assert "#### 10.70.0.10" not in run.stdout


def test_the_shell_that_runbook_prints_is_valid_sh(fab: Fab) -> None:
    script = fab("-H", "10.70.0.10", "runbook").stdout
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_a_mistake_in_the_inventory_ends_with_its_line_and_exit_code_2(tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[zookeeper]\n10.0.0.1 myid=1 zookeeper_heep=1g\n")
    run = fab("deploy-zookeeper", inventory=inventory)
    assert run.code == 2
    assert f"{inventory}:2: unknown variable zookeeper_heep; did you mean zookeeper_heap?" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_missing_inventory_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    run = fab("plan", inventory=tmp_path / "none.ini")
    assert run.code == 2
    assert "none.ini: No such file or directory. INVENTORY=FILE chooses another one." in run.stderr


def test_an_inventory_that_is_no_text_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_bytes(b"[zookeeper]\n\xff\xfe\n")
    run = fab("plan", inventory=inventory)
    assert (run.code, "not UTF-8" in run.stderr) == (2, True)


TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[all:vars]\nssh_config=its_own\n"


def test_an_ssh_config_that_does_not_exist_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(TRIO)
    run = fab("plan", inventory=inventory)
    assert run.code == 2
    assert f"{inventory}:6: ssh_config names {tmp_path / 'its_own'}, which does not exist" in run.stderr


def test_an_ssh_config_that_cannot_be_used_is_one_sentence_for_all_hosts(tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(TRIO)
    (tmp_path / "its_own").write_text("Host a\nnonsense\n")
    run = fab("plan", inventory=inventory)
    assert run.code == 2
    assert len(run.stderr.strip().splitlines()) == 1
    assert re.search(rf"{tmp_path}/its_own(:2| line 2)?: .*nonsense", run.stderr), run.stderr


@pytest.mark.parametrize("flag", ["-S", "-i"])
def test_a_file_named_with_a_flag_that_does_not_exist_is_a_sentence(fab: Fab, flag: str) -> None:
    for words in ((flag, "/nowhere", "plan"), ("plan", flag, "/nowhere")):
        run = fab(*words)
        assert (run.code, run.stderr) == (2, f"{flag} /nowhere: no such file\n")


def test_a_word_where_fab_wants_a_number_is_a_sentence(fab: Fab) -> None:
    run = fab("plan", "-t", "soon")
    assert run.code == 2
    assert run.stderr.startswith("A value is not a number: ") and "'soon'" in run.stderr


@pytest.mark.parametrize("seconds", ["0", "-3"])
def test_a_time_that_has_passed_is_no_time_to_wait(fab: Fab, seconds: str) -> None:
    run = fab("-t", seconds, "plan")
    assert (run.code, run.stderr) == (2, f"-t {seconds}: give a whole number of seconds, 1 or more\n")


@pytest.mark.parametrize("task", ["runbook", "plan", "deploy-cluster"])
@pytest.mark.parametrize("hosts", [",", " , "])
def test_a_list_of_hosts_with_none_in_it_is_a_sentence(fab: Fab, task: str, hosts: str) -> None:
    run = fab("-H", hosts, task)
    assert (run.code, run.stderr.count("-H is empty"), "Traceback" in run.stderr) == (2, 1, False)


KEYED = "[zookeeper]\n10.0.0.1 myid=1 ansible_ssh_private_key_file=a_key\n"


def test_a_private_key_that_does_not_exist_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    (tmp_path / "hosts.ini").write_text(KEYED)
    run = fab("plan", inventory=tmp_path / "hosts.ini")
    assert run.code == 2
    assert "hosts.ini:2: ansible_ssh_private_key_file names" in run.stderr
    assert f"which does not exist; correct the path, or make the key: ssh-keygen -f {tmp_path}" in run.stderr


def test_a_private_key_that_others_can_read_is_refused_as_ssh_does(tmp_path: Path, fab: Fab) -> None:
    (tmp_path / "hosts.ini").write_text(KEYED)
    (tmp_path / "a_key").write_text("a key")
    (tmp_path / "a_key").chmod(0o640)
    run = fab("plan", inventory=tmp_path / "hosts.ini")
    assert run.code == 2
    assert f"others than its owner can read, so ssh refuses it; chmod 600 {tmp_path}/a_key" in run.stderr


def test_a_pipe_in_place_of_a_private_key_is_not_waited_for(tmp_path: Path, fab: Fab) -> None:
    (tmp_path / "hosts.ini").write_text(KEYED)
    os.mkfifo(tmp_path / "a_key", 0o600)
    run = fab("plan", inventory=tmp_path / "hosts.ini")
    assert run.code == 2
    assert f"names {tmp_path}/a_key, which is not a file; name a private key" in run.stderr


def test_a_private_key_that_cannot_be_read_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    (tmp_path / "hosts.ini").write_text(KEYED)
    (tmp_path / "a_key").mkdir()
    run = fab("plan", inventory=tmp_path / "hosts.ini")
    assert run.code == 2
    assert "which cannot be read (Is a directory); name a private key that you may read" in run.stderr


SECRET = "[zookeeper]\n10.0.0.1 myid=1\n[marathon]\n10.0.0.1\n[marathon:vars]\n"
SECRETS = {
    "a variable": "marathon_environment=TZ=UTC MESOSPHERE_KEYSTORE_PASS=hunter2",
    "an argument": "marathon_arguments=--webui_url http://a --ssl_keystore_password hunter2",
    "an argument with =": "marathon_arguments=--ssl_keystore_password=hunter2",
    "a password that looks like a path": "marathon_environment=MESOSPHERE_KEYSTORE_PASS=/hunter2",
    "a JVM's property": "marathon_environment=JAVA_OPTS=-Dzk.password=hunter2",
    "a key in a URL": "marathon_arguments=--reporter_datadog http://datadog?apiKey=hunter2",
    "a key of a bucket": "marathon_arguments=--backup_location s3://b/k?access_key=a&secret_key=hunter2",
    "a password with a slash": "marathon_environment=HTTP_PROXY=http://me:a/hunter2@proxy:3128",
    "a password in a URL": "marathon_environment=HTTP_PROXY=http://me:hunter2@proxy:3128",
}


@pytest.mark.parametrize("line", SECRETS.values(), ids=SECRETS.keys())
def test_an_inventory_with_a_secret_that_others_can_read_is_refused(
    line: str, tmp_path: Path, fab: Fab
) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text(SECRET + line + "\n")
    file.chmod(0o644)
    run = fab("runbook", inventory=file)
    assert run.code == 2
    assert f"hosts.ini:6: {line.partition('=')[0]} holds a secret" in run.stderr
    assert f"chmod 600 {file}" in run.stderr


@pytest.mark.parametrize("line", SECRETS.values(), ids=SECRETS.keys())
def test_the_runbook_shows_no_secret_and_what_stands_for_it_is_refused(
    line: str, tmp_path: Path, fab: Fab
) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text(SECRET + line + "\n")
    file.chmod(0o600)
    run = fab("runbook", inventory=file)
    assert run.code == 0, run.stderr
    assert "(secret, not shown)" in run.stdout and "hunter2" not in run.stdout
    named = [text for text in run.stdout.splitlines() if "(secret, not shown)" in text]
    syntax = subprocess.run(["sh", "-n"], input=run.stdout, text=True, capture_output=True)
    assert syntax.returncode or all("=" not in text for text in named)  # docker wants NAME or NAME=value


@pytest.mark.parametrize("password", ["hunter2", "hun'ter2", "hun'\"ter2", "hun/t er2}"])
def test_no_debugging_output_of_fab_shows_sudos_password(password: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fabric", "-d", "version"],
        cwd=ROOT,
        env={**os.environ, "FABRIC_SUDO_PASSWORD": password},
        text=True,
        capture_output=True,
    )
    assert run.returncode == 0 and "'password': (secret, not shown)" in run.stderr
    assert "er2" not in run.stdout + run.stderr


def test_a_path_to_a_secret_is_none(tmp_path: Path, fab: Fab) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text(SECRET + "marathon_arguments=--plugin_conf /etc/secret\n")
    file.chmod(0o644)
    assert "/etc/secret" in fab("runbook", inventory=file).stdout


def test_for_machines_a_failed_run_prints_its_error_as_the_one_document(tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[zookeeper]\n10.0.0.1 myid=0\n10.0.0.2 myid=1 zookeeper_heep=1g\n")
    run = fab("plan", "--json", inventory=inventory)
    error = json.loads(run.stdout)["error"]
    assert (run.code, error["exit_code"], error["kind"]) == (2, 2, "bad_input")
    assert error["messages"] == run.stderr.splitlines()
    assert len(error["messages"]) == 3


@pytest.mark.parametrize("chapter", ["zookeeper", "mesos-master", "marathon", "mesos-agent", "cluster"])
def test_every_deploy_may_begin_without_its_preflight(chapter: str, fab: Fab, tmp_path: Path) -> None:
    run = fab(f"deploy-{chapter}", "--no-preflight", inventory=tmp_path / "none.ini")
    assert (run.code, "none.ini: No such file" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    "place, told", [("hosts.ini", "not a saved plan and would be"), ("none/p", "nothing can")]
)
def test_a_plan_is_not_saved_where_it_would_do_harm(place: str, told: str, tmp_path: Path, fab: Fab) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[zookeeper]\n10.0.0.1 myid=1\n")
    run = fab("plan", "--json", f"--out={tmp_path / place}", inventory=inventory)
    assert (run.code, f"--out {tmp_path / place}: " in run.stderr, told in run.stderr) == (2, True, True)
    assert json.loads(run.stdout)["error"]["kind"] == "bad_input"
    assert inventory.read_text() == "[zookeeper]\n10.0.0.1 myid=1\n"


def test_a_plan_that_cannot_be_read_is_a_sentence(tmp_path: Path, fab: Fab) -> None:
    (tmp_path / "p.json").write_text("{}")
    for file, told in (
        ("p.json", "not a plan saved by `fab plan --out`"),
        ("none", "No such file or dir"),
    ):
        run = fab("deploy-cluster", f"--plan={tmp_path / file}")
        assert (run.code, f"--plan {tmp_path / file}: " in run.stderr, told in run.stderr) == (2, True, True)


@pytest.mark.parametrize("endless", ["--watch", "--web"])
def test_a_document_and_a_watch_exclude_each_other(endless: str, fab: Fab) -> None:
    run = fab("status", "--json", endless)
    error = {"exit_code": 2, "kind": "bad_input", "messages": run.stderr.splitlines()}
    assert (run.code, json.loads(run.stdout)) == (2, {"mesofab": VERSION, "error": error})
    assert f"--json is one document and {endless} has no end" in run.stderr


def test_fab_tells_its_version_without_an_inventory(fab: Fab, tmp_path: Path) -> None:
    run = fab("version", inventory=tmp_path / "none")
    assert (run.code, run.stdout) == (0, f"mesofab {VERSION}\n")


def test_fab_lists_every_step_of_a_chapter_in_the_runbooks_order(fab: Fab) -> None:
    lines = fab("--list").stdout.splitlines()
    ids = [line.split()[1] for line in lines if line.strip().startswith("zookeeper.")]
    assert ids == sorted(ids)
    assert ids[0] == "2.1"


def test_fabs_own_dry_run_is_refused_in_favour_of_plan(fab: Fab) -> None:
    run = fab("--dry", "deploy-zookeeper")
    assert (run.code, "`fab plan` is the preview" in run.stderr) == (2, True)


def test_an_empty_h_is_refused_and_does_not_mean_everybody(fab: Fab) -> None:
    run = fab("-H", "", "runbook")
    assert (run.code, run.stderr) == (
        2,
        "-H is empty; name hosts, or leave it out for all of the inventory\n",
    )


def test_blanks_between_hosts_do_not_matter(fab: Fab) -> None:
    run = fab("-H", "10.70.0.10, 10.70.0.11", "runbook")
    assert (run.code, run.stdout.count("####")) == (0, 2)


def test_whoever_reads_only_the_head_sees_no_traceback() -> None:
    command = f"{sys.executable} -m fabric runbook | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_document_that_nobody_reads_to_its_end_ends_without_a_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m fabric plan --json | true; true"
    environment = {**os.environ, "INVENTORY": str(tmp_path / "none.ini")}
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr


# How a plan ends

MEMBERS = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
LEADS = {"zookeeper srvr": "Mode: leader\n", "zookeeper mntr": "zk_synced_followers\t2\n"}
WELL = {node.name: as_wanted(parse(MEMBERS), node) for node in parse(MEMBERS).nodes}
WELL["10.0.0.1"] = replace(WELL["10.0.0.1"], answers=LEADS)
AS_A_GUEST = {**WELL, "10.0.0.2": replace(WELL["10.0.0.2"], user=1000)}
WITHOUT_ONE = {name: seen for name, seen in WELL.items() if name != "10.0.0.3"}
ANN = Lease("ann@desk", "2026-11-30T12:00:00Z", "fab deploy-zookeeper")
HELD = {**WELL, "10.0.0.2": replace(WELL["10.0.0.2"], at_work=ANN)}
IDLE = {
    **WELL,
    "10.0.0.2": replace(WELL["10.0.0.2"], answers={"zookeeper srvr": "not currently serving requests\n"}),
}
ENDS = {
    "a member does not serve, and nobody knows why": ("", IDLE, 7, 7, "degraded"),
    "all is as wanted": ("", WELL, 0, 0, None),
    "something is to be done": ("zookeeper_sync_limit=5", WELL, 8, 0, "drift"),
    "a deploy would be refused": ("zookeeper_sync_limit=5", AS_A_GUEST, 6, 6, "blocked"),
    "somebody else is at work": ("zookeeper_sync_limit=5", HELD, 6, 6, "blocked"),
    "somebody else is at work and nothing is to be done": ("", HELD, 0, 0, None),
    "a host is lost": ("zookeeper_sync_limit=5", WITHOUT_ONE, 3, 3, "unreachable"),
}


def plan_ends(
    line: str,
    seen: Mapping[str, Observed],
    json: bool = False,
    check: bool = False,
    out: str | None = None,
    only: Collection[str] = tuple(WELL),
    says: Callable[[Question], str] | None = None,
) -> int:
    """Plan with one more line in the inventory for hosts that were seen so; give the exit code."""
    cluster = parse(f"{MEMBERS}[all:vars]\n{line}\n")
    says = says or ensemble_led_by("10.0.0.1")
    hosts = FakeHosts(cluster, seen, says=says, console=Console(json), in_vain=True).among(only)
    try:
        with operators_errors(json) as found:
            show_plan(hosts, found, check, out)
    except Exit as end:
        print(end.message, file=sys.stderr)
        return end.code
    return 0


@pytest.mark.parametrize("line, seen, checked, printed, kind", ENDS.values(), ids=ENDS.keys())
def test_a_plan_ends_with_the_worst_that_it_found_saved_or_not(
    line: str,
    seen: dict[str, Observed],
    checked: int,
    printed: int,
    kind: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved = tmp_path / "p.json"
    assert plan_ends(line, seen) == printed
    capsys.readouterr()
    assert plan_ends(line, seen, json=True, check=True, out=str(saved)) == checked
    said = capsys.readouterr()
    found, kept = json.loads(said.out), json.loads(saved.read_text())
    assert found.get("error", {}).get("kind") == kind
    assert found["hosts"].keys() == kept["hosts"].keys() == seen.keys()
    assert found["mesofab"] == kept["mesofab"] == VERSION
    assert ("syncLimit 2 -> 5" in said.err) == bool(line)


def test_a_plan_that_cannot_run_begins_with_why_and_does_not_repeat_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan_ends("zookeeper_sync_limit=5", AS_A_GUEST) == 6
    said = capsys.readouterr()
    first, why, *rest = said.out.splitlines()
    assert first == "A deploy would do nothing of this plan now:"
    assert why.startswith("  10.0.0.2  ") and any("syncLimit 2 -> 5" in line for line in rest)
    assert said.err == "A deploy would end with exit code 6: see the top of this plan.\n"


def test_for_machines_the_error_of_a_plan_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    plan_ends("zookeeper_sync_limit=5", AS_A_GUEST, json=True)
    assert json.loads(capsys.readouterr().out)["error"]["messages"][0].startswith("10.0.0.2  ")


def test_a_plan_without_a_step_says_once_why_it_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_ends("", AS_A_GUEST, only=["10.0.0.2"]) == 6
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("10.0.0.2  ")) == ("", True)


def test_a_plan_of_some_hosts_says_what_it_leaves_out_and_ends_as_the_deploy_would(
    capsys: pytest.CaptureFixture[str],
) -> None:
    two = ["10.0.0.1", "10.0.0.2"]

    def third_is_down(question: Question) -> str:
        return "" if question.address == "10.0.0.3" else "Mode: follower\n"

    assert plan_ends("zookeeper_sync_limit=5", WITHOUT_ONE, only=two, says=third_is_down) == 6
    said = capsys.readouterr().out
    assert "  10.0.0.1  ZooKeeper: 2 of 3 members serve and 2 must: restarting 10.0.0.1 now" in said
    assert "A deploy would leave these as they are, do the rest and end with exit code 6." in said
    left = [line for line in said.splitlines() if line.endswith("(would be left out)")]
    assert [line.split()[:4] for line in left] == [
        [name, "2.5", *done]
        for name in two
        for done in (["replace", "zookeeper:"], ["remove", "zookeeper.prev:"])
    ]
    prepared = [line for line in said.splitlines() if line.endswith("(what it prepares would be left out)")]
    assert [line.split()[:3] for line in prepared] == [[name, "2.2", "zoo.cfg:"] for name in two]


def test_a_plan_with_nothing_to_do_tells_of_a_service_that_is_not_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan_ends("", IDLE) == 7
    said = capsys.readouterr()
    assert "Nothing to do" not in said.out + said.err
    assert said.err.splitlines() == [
        "ZooKeeper: 2 of 3 ZooKeepers serve, 10.0.0.1 leads; 10.0.0.2 runs but does not serve.",
        "A deploy would find nothing to change, and wait for that for 120 s at most. `fab preflight` looks "
        "for what keeps it so, such as a closed port.",
    ]


def test_a_plan_of_some_hosts_judges_no_service_of_which_it_has_not_seen_all() -> None:
    assert plan_ends("", IDLE, only=["10.0.0.1"]) == 0


def test_a_plan_says_which_hosts_it_did_not_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_ends("", WELL, only=["10.0.0.1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Nothing to do: 1 host matches ")
    assert said.endswith("Not in this plan, because -H does not name them: 10.0.0.2, .3.\n")
    assert plan_ends("", WELL) == 0
    assert capsys.readouterr().out == "Nothing to do: all 3 hosts match hosts.ini.\n"


# What fab itself does not understand

TYPED = {
    "a misspelt task": (
        ["deploy-zookeper"],
        "There is no task deploy-zookeper. Did you mean deploy-zookeeper or deploy-cluster? "
        "`fab --list` shows all tasks; name hosts with -H, before the task.",
    ),
    "a host behind the task": (
        ["plan", "10.0.0.1"],
        "There is no task 10.0.0.1. `fab --list` shows all tasks; name hosts with -H, before the task.",
    ),
    "a misspelt option": (
        ["plan", "--jsn"],
        "fab plan has no option --jsn. Did you mean --json? `fab --help plan` shows those it has.",
    ),
    "an option of another task": (
        ["deploy-marathon", "--plan", "p.json"],
        "fab deploy-marathon has no option --plan. `fab --help deploy-marathon` shows those it has.",
    ),
    "a task's option before it": (
        ["--json", "plan"],
        "fab has no option --json here. A task's options go after it, fab's own before it.",
    ),
    "a value for an option that takes none": (
        ["status", "--web=5"],
        "--web takes no value: give --web alone, or leave it out. `fab --help status` shows all options.",
    ),
    "an option without its value": (["lab.stop", "--node"], "--node needs a value: --node=VALUE."),
    "a task without its option": (
        ["lab.stop"],
        "fab lab.stop needs --node=...; `fab --help lab.stop` explains it.",
    ),
    "a quote": (
        ["it's"],
        'No idea what "it\'s" is! `fab --list` shows all tasks, `fab --help TASK` its options.',
    ),
    "nothing": ([], "Which task? `fab --list` shows all tasks; `fab plan` changes nothing."),
}


@pytest.mark.parametrize("words, answer", TYPED.values(), ids=TYPED.keys())
def test_what_fab_does_not_understand_is_bad_input(words: list[str], answer: str, fab: Fab) -> None:
    run = fab(*words)
    assert (run.code, run.stdout, run.stderr) == (2, "", answer + "\n")


def test_the_name_of_a_chapter_is_answered_with_all_its_tasks(fab: Fab) -> None:
    told = (
        "Did you mean deploy-marathon or marathon.run or marathon.ask or marathon.hand-over or marathon.stop?"
    )
    assert told in fab("marathon").stderr


def test_a_run_says_which_checks_its_inventory_overrules(capsys: pytest.CaptureFixture[str]) -> None:
    for overruled in ("", "[all:vars]\npreflight_ignore=cgroups, memory\n"):
        warn_of_overruling(parse(f"[zookeeper]\n10.0.0.1 myid=1\n{overruled}"), Console())
    assert capsys.readouterr().out == "hosts.ini  warning  preflight_ignore overrules cgroups, memory.\n"


def test_a_plan_beside_another_run_begins_with_whose_that_is_and_marks_nothing_without_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan_ends("zookeeper_sync_limit=5", HELD) == 6
    first, why, *rest = capsys.readouterr().out.splitlines()
    assert first == "A deploy would do nothing of this plan now:"
    assert why == f"  10.0.0.2  {ANN}. Wait for that run to end, then run again."
    assert not [line for line in rest if str(ANN) in line or "left out" in line]


def test_a_plan_beside_another_run_that_has_nothing_to_do_says_whose_that_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan_ends("", HELD) == 0
    assert f"10.0.0.2  {ANN}." in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("line", ["zookeeper_sync_limit=5", ""], ids=["something to do", "nothing to do"])
def test_a_plan_that_is_refused_does_not_say_that_it_changed_nothing(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan_ends(line, AS_A_GUEST) == 6
    said = capsys.readouterr()
    assert "was changed" not in said.out + said.err


def test_a_member_that_comes_back_in_a_moment_is_no_reason_to_leave_others_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = "zookeeper_sync_limit=5"
    changed = parse(f"{MEMBERS}[all:vars]\n{line}\n")
    starting = replace(as_wanted(changed, changed.nodes[2]), answers={})
    assert plan_ends(line, {**WELL, "10.0.0.3": starting}) == 0
    said = capsys.readouterr().out
    assert "left out" not in said
    assert "  3. 10.0.0.1      restarts zookeeper" in said


@pytest.mark.parametrize(
    "words, told",
    [
        (
            ["backup", "--out", "/nonexistent"],
            "--out /nonexistent: there is no such directory; mkdir -p /nonexistent makes it\n",
        ),
        (["backup", "--out", "hosts.ini"], "--out hosts.ini: it is not a directory\n"),
        (["backup.check", "/nonexistent"], "/nonexistent: No such file or directory\n"),
        (["restore", "hosts.ini"], "hosts.ini cannot be used: it is not gzip, or it is damaged\n"),
        (["restore"], "fab restore needs --file=...; `fab --help restore` explains it.\n"),
    ],
)
def test_a_backup_without_a_place_or_a_sound_file_is_bad_input(words: list[str], told: str, fab: Fab) -> None:
    run = fab(*words)
    assert (run.code, run.stdout, run.stderr) == (2, "", told)


def test_an_empty_name_between_two_of_h_is_no_host(fab: Fab) -> None:
    as_one = fab("-H", "10.70.0.10,10.70.0.11", "runbook")
    assert fab("-H", "10.70.0.10,,10.70.0.11", "runbook") == as_one
    assert fab("-H", ",10.70.0.10,10.70.0.11,", "runbook") == as_one


@pytest.mark.parametrize("words", [["retire", "--yes", "other"], ["retire", "--dry", "--yes", "other"]])
def test_the_wrong_name_of_a_cluster_is_refused_before_anybody_is_dialled(words: list[str], fab: Fab) -> None:
    run = fab(*words)
    told = "the cluster is called 'mesos', not 'other': nothing was changed\n"
    assert (run.code, run.stdout, run.stderr) == (2, "", told)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("-H", "10.70.0.20", "host.drain", "10.70.0.20"),
            "-H has no meaning here: the host is named behind",
        ),
        (("host.resume", "192.0.2.99"), "192.0.2.99: hosts.ini has no such host; it has 10.70.0.10, "),
        (("host.drain", "10.70.0.20", "--drain-timeout", "soon"), "--drain-timeout soon: give whole seconds"),
        (("reboot", "--within", "ages"), "--within ages: give whole seconds, at most 86400"),
        (("-H", "192.0.2.99", "reboot"), "-H 192.0.2.99: hosts.ini has no such host; it has 10.70.0.10, "),
    ],
)
def test_a_host_to_be_serviced_is_named_behind_the_task(fab: Fab, words: tuple[str, ...], says: str) -> None:
    ended = fab(*words)
    assert ended.code == 2 and says in ended.stderr
