"""What the suite prints of a cluster that is not there: every finding once, in one line."""

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tasks.inventory.secret import HIDDEN
from verify.findings import finding

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "[zookeeper]\nnobody.invalid host_ip=10.0.0.1 myid=1\n"


QUIET = "-q -p no:cacheprovider -p no:unraisableexception".split()
Report = tuple[int, str, "ElementTree.ElementTree[ElementTree.Element]"]


def suite(inventory: str, folder: Path, *words: str, plugins: Sequence[object] = ()) -> Report:
    """Run the suite in this process, for starting another takes seconds."""
    (folder / "hosts.ini").write_text(inventory)
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setenv("INVENTORY", str(folder / "hosts.ini"))
        patch.chdir(ROOT)
        code = pytest.main([*QUIET, f"--junitxml={folder}/report.xml", *words], plugins)
    return int(code), said.getvalue(), ElementTree.parse(folder / "report.xml")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The suite against a host on which nobody listens: its exit code, output and JUnit report."""
    folder = tmp_path_factory.mktemp("suite")
    return suite(NOBODY, folder, "verify/test_zookeeper.py", "verify/test_host.py")


def test_a_host_that_cannot_be_reached_is_one_line_that_names_the_checks_it_fails(
    run: Report,
) -> None:
    code, said, _ = run
    assert code == 1
    assert said.count("nobody.invalid: it cannot be reached over SSH") == 1
    assert "expected it to answer; see whether it is up" in said
    assert "test_the_container_runs" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 15


def test_junit_names_the_check_its_host_and_its_step(
    run: Report,
) -> None:
    cases = {str(case.get("name")).partition("[")[0]: case for case in run[2].iter("testcase")}
    properties = [
        (each.get("name"), each.get("value")) for each in cases["test_the_container_runs"].iter("property")
    ]
    assert properties == [("host", "nobody.invalid"), ("runbook", "2.5")]
    told = cases["test_the_container_runs"].find("error")
    assert told is not None and "nobody.invalid: it cannot be reached" in str(told.text)


def test_a_host_that_is_lost_in_mid_test_is_one_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = f"""#!/bin/sh
[ -e {tmp_path}/asked ] && {{ echo "Connection reset by peer" >&2; exit 255; }}
touch {tmp_path}/asked
"""
    (tmp_path / "ssh").write_text(ssh)
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    code, said, _ = suite("[zookeeper]\n10.0.0.1 myid=1\n", tmp_path, "verify/test_host.py")
    told = "10.0.0.1: it was reached, and is lost since: Connection reset by peer; expected it to answer; see"
    assert (code, said.count(told), said.count("10.0.0.1: ")) == (1, 1, 1), said
    assert "test_no_other_container_of_ours_is_there" in said


def test_what_a_host_says_reaches_no_terminal_as_an_escape_sequence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\nprintf 'no\\033]0;owned\\007 \\033[2J' >&2\nexit 255\n")
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    _, said, _ = suite("[zookeeper]\n10.0.0.9 myid=1\n", tmp_path, "verify/test_host.py", "--tb=short")
    assert r"over SSH: no\x1b]0;owned\x07 \x1b[2J; expected it to answer" in said
    assert "\x1b" not in said and "\x07" not in said


def test_a_finding_is_one_line_whatever_was_seen() -> None:
    said = str(finding("10.0.0.1", "two\nlines", "one", "look"))
    assert said == "10.0.0.1: two lines; expected one; look"


@pytest.mark.parametrize(
    "text",
    [
        "arguments is --ssl_keystore_password 'two hush' --zk zk://10.0.0.1:2181/marathon",
        "A_PASSWORD=two hush",
        "--x-token=hush",
        "zk is zk://user:hush@10.0.0.1:2181/mesos",
        "zk is zk://user:a/b@hush@10.0.0.1:2181/mesos",
        "Authorization: Basic hush",
        'docker says {"auths": {"r": {"auth": "hush"}}}',
    ],
)
def test_what_may_be_secret_is_never_said(text: str) -> None:
    said = str(finding("10.0.0.1", text, text, "look"))
    assert "hush" not in said
    assert said.count(HIDDEN) == 2


def test_what_is_not_secret_is_said_as_it_is() -> None:
    text = "arguments is --zk zk://10.0.0.1:2181,10.0.0.2:2181/marathon --framework_name other"
    assert str(finding("10.0.0.1", text, text, "look")) == f"10.0.0.1: {text}; expected {text}; look"
