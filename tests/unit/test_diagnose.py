"""What a diagnosis finds and keeps: sentences first, one archive of its owner's, no secret in it."""

import json
import tarfile
from pathlib import Path
from typing import TypeVar

import pytest
import sound_hosts
from fake_hosts import FakeHosts
from hypothesis import given
from hypothesis import strategies as st
from samples import SHELLS, any_json, as_wanted, run, stand_in, with_container

from tasks.engine import diagnose
from tasks.engine.hosts import Inquiry
from tasks.engine.remote import Staying
from tasks.engine.run import Run
from tasks.errors import BadInput, Unreachable
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from tasks.inventory.secret import HIDDEN
from tasks.plan.look import collection
from tasks.plan.report import diagnosis

T = TypeVar("T")
PASSWORD = "v3ry-s3cret"
CLUSTER = parse(
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[marathon:children]\nzookeeper\n"
    f"[all:vars]\nmarathon_environment=MESOSPHERE_KEYSTORE_PASS={PASSWORD}\n"
)
FIRST = CLUSTER.nodes[0]
FULL = "2026-11-30T12:00:00Z java.io.IOException: No space left on device"


class Answering(FakeHosts):
    """Sound hosts that answer whatever they are asked, but for one that is down; one's disk was full."""

    def __init__(self, down: str = "", deaf: str = "", advice: str = "") -> None:
        super().__init__(CLUSTER, {}, in_vain=True)
        self._down, self._deaf, self._advice = down, deaf, advice

    def connect(self, node: Node) -> None:
        pass

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if node.name == self._down or (node.name == self._deaf and inquiry.what == "collect"):
            raise Unreachable("it does not answer", self._advice, node.name)
        known = sound_hosts.parts(CLUSTER, node)
        if inquiry.what != "collect":
            told = sound_hosts.asked(inquiry.script, CLUSTER, known)
        else:
            log = f"{FULL}\n" if node == FIRST else "all is well\n"
            told = {"clock": "12:00\n", "log zookeeper": f"{log}keystore {PASSWORD}\n", "end": ""}
        for line in (text := sound_hosts.joined(told, sound_hosts.boundary(inquiry.script))).split("\n"):
            inquiry.over(line)
        return inquiry.answer(node, text)


def test_a_diagnosis_says_what_is_wrong_and_keeps_what_may_tell_why() -> None:
    found = diagnose.diagnose(Run(Answering()))
    assert (
        found.findings[0].startswith("the inventory, 3 hosts, looked at 20") or "3 hosts" in found.findings[0]
    )
    (told,) = [line for line in found.findings if "the log of zookeeper" in line]
    assert told == (
        f"10.0.0.1  the log of zookeeper says that the disk is full ({FULL}). If that is not over: "
        "free some space."
    )
    assert found.files["findings.txt"].splitlines()[0] == found.findings[0]
    assert {"status.json", "plan.json", "preflight.json", "10.0.0.2/look.json"} <= found.files.keys()
    assert found.files["10.0.0.2/log-zookeeper.txt"] == f"all is well\nkeystore {HIDDEN}\n"
    for name in ("status.json", "plan.json", "10.0.0.1/look.json"):
        assert json.loads(found.files[name])


def test_no_file_of_it_has_a_secret() -> None:
    found = diagnose.diagnose(Run(Answering()))
    assert "MESOSPHERE_KEYSTORE_PASS" in found.files["10.0.0.1/look.json"]
    assert not [name for name, text in found.files.items() if PASSWORD in text]


def test_a_host_that_is_down_is_one_sentence_in_it_and_the_others_are_there() -> None:
    found = diagnose.diagnose(Run(Answering(down="10.0.0.2")))
    assert [line for line in found.findings if "it does not answer" in line] == [
        "10.0.0.2  it does not answer."
    ]
    assert "10.0.0.1/look.json" in found.files and "10.0.0.2/look.json" not in found.files
    asked = diagnose.diagnose(Run(Answering(down="10.0.0.2", advice="Is the host up?")))
    assert "10.0.0.2  it does not answer. Is the host up?" in asked.findings


def test_a_host_that_is_lost_while_it_tells_is_named_and_its_look_is_kept() -> None:
    found = diagnose.diagnose(Run(Answering(deaf="10.0.0.2")))
    assert "10.0.0.2  its logs could not be collected: it does not answer." in found.findings
    assert "10.0.0.2/look.json" in found.files


# The archive


def test_the_archive_is_its_owners_alone_and_takes_the_place_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.tar.gz"
    diagnose.write(str(file), diagnose.Diagnosis((), {"findings.txt": "well\n", "a/b.txt": "\udc80"}))
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["mine/findings.txt", "mine/a/b.txt"]
        assert {each.mode for each in archive} == {0o600}
    for there in (file, tmp_path / "nowhere" / "x.tar.gz"):
        with pytest.raises(BadInput, match="--out "):
            diagnose.refuse(str(there))
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(BadInput, match="it is there already"):
        diagnose.write(str(tmp_path / "link"), diagnose.Diagnosis((), {}))
    assert not (tmp_path / "victim").exists()


# Secrets


@pytest.mark.parametrize(
    "text, clean",
    [
        ("password=abc def\nnext\n", f"password={HIDDEN}\nnext\n"),
        ("the token:\n  abc\nnext\n", f"the token:{HIDDEN}\n{HIDDEN}\nnext\n"),
        ("zk://u:pw@a:2181/x\n", f"zk://{HIDDEN}@a:2181/x\n"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nx\n", None),
        ("tab\tand \x1b[1m\n", "tab\tand \\x1b[1m\n"),
        ("say known-one twice: known-one\n", f"say {HIDDEN} twice: {HIDDEN}\n"),
    ],
)
def test_whatever_a_line_calls_a_secret_is_not_kept(text: str, clean: str | None) -> None:
    said = diagnosis.cleaned(text, {"known-one"})
    assert said == clean if clean else "MIIE" not in said and "abc" not in said and said.endswith("x\n")


@given(st.text(), st.text(min_size=diagnosis.LEAST, max_size=20))
def test_a_known_secret_is_nowhere_in_what_is_kept(text: str, secret: str) -> None:
    if secret not in HIDDEN and not secret.isspace() and secret.isprintable():
        assert secret not in diagnosis.cleaned(f"{text}{secret}{text}", {secret}).replace(HIDDEN, "")


@given(any_json("MESOS_SECRET", "environment"))
def test_whatever_was_seen_can_be_written_as_json(seen: object) -> None:
    json.dumps(diagnosis.plain(seen))


def test_secrets_of_containers_are_known_by_their_names() -> None:
    seen = with_container(
        as_wanted(CLUSTER, FIRST),
        environment={"DB_PASSWORD": "hidden-1", "PATH": "/bin"},
        arguments=("--token", "hidden-2", "--zk", "zk://a"),
    )
    assert {"hidden-1", "hidden-2"} <= diagnosis.secrets([seen])
    assert not diagnosis.secrets([seen]) & {"/bin", "zk://a", "--zk"}
    assert "hidden" not in json.dumps(diagnosis.plain(seen))


# What a host is asked


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_what_is_collected_has_an_end_and_a_part_for_each_log(tmp_path: Path, sh: list[str]) -> None:
    stand_in(
        tmp_path / "bin",
        "docker",
        """case "$*" in
        "ps -a --filter"*) echo zookeeper ;;
        "events"*event=die*) echo 1000; echo 2000 ;;
        "logs"*--since*) echo "$*" ;;
        "logs"*) head -c 300000 /dev/zero | tr '\\0' x; echo; echo last >&2 ;;
        *) echo "$1" ;;
        esac""",
    )
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mesos-master.INFO").write_text("I1130 begun\n")
    done = run(collection.script([str(tmp_path / "logs")], "5f0c"), tmp_path, tmp_path / "bin", sh)
    found = collection.read(done.stdout.decode(errors="replace"), "5f0c")
    assert found.keys() >= {*collection.PROGRAMS, "state zookeeper", "log zookeeper"}
    assert found["log zookeeper"].endswith("x\nlast\n")
    assert len(found["log zookeeper"]) == collection.BYTES
    assert "--since 1880 --until 2120 zookeeper" in found["around zookeeper 2000"]
    assert found[f"file {tmp_path}/logs/mesos-master.INFO"] == "I1130 begun\n"
    assert collection.logs(found) == {"zookeeper": found["log zookeeper"].splitlines()}


def test_of_dockers_report_nothing_is_asked_that_may_hold_a_secret() -> None:
    asked = collection.script([], "5f0c")
    assert ".Env" not in asked and "json .}}" not in asked and ".Args" not in asked
