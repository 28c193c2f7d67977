"""What the last lines of a log mean: one cause for every known text, and never a stack frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.compare.endings import KNOWN, cause, last_word, shown

# As ZooKeeper 3.4 and 3.8, Mesos 1.5.0, Marathon 1.5.8 and Java write them.
SAID = {
    "E1130 slave.cpp:6500] Failed to perform recovery: Incompatible agent info detected.": "work_dir",
    "E1130 slave.cpp:922] Agent asked to shut down because 'Agent has been marked gone'": "gone",
    "Failed to load unknown flag 'colour'": "flags",
    "[scallop] Error: Unknown option 'xyz'": "flags",
    "Invalid maximum heap size: -Xmx64q": "heap",
    "Too small maximum heap": "heap",
    "java.net.BindException: Address already in use (Bind failed)": "address",
    "F1130 process.cpp:1082] Failed to bind on 10.0.0.1:5050: Address already in use": "address",
    "java.net.UnknownHostException: zk-1: Name or service not known": "resolved",
    "java.lang.IllegalStateException: Migration is already in progress": "migration",
    "Migration from 1.6.0 is not supported as it is newer": "state",
    "java.io.IOException: No snapshot found, but there are log entries. Something is broken!": "snapshot",
    "java.lang.IllegalArgumentException: myid file is missing": "myid",
    "My id 9 not in the peer list": "myid",
    "ERROR Unable to load database on disk": "data",
    "\tat org.apache.zookeeper.server.persistence.FileHeader.deserialize(FileHeader.java:66)": "data",
    "write: No space left on device": "full",
    "java.io.IOException: Read-only file system": "read-only",
    "java.lang.OutOfMemoryError: Java heap space": "memory",
    "java.io.FileNotFoundException: /data/log.1 (Permission denied)": "file",
    "EXIT with status 1: Failed to contend: Failed to create ephemeral node: not authenticated": "accept",
    "EXIT with status 1: Failed to initialize systemd: Failed to locate systemd runtime directory": "cgroups",
}


@pytest.mark.parametrize(("line", "word"), SAID.items())
def test_a_known_text_is_told_with_its_meaning(line: str, word: str) -> None:
    found = cause(["INFO starting", line, "\tat java.base/java.net.Bind(Native Method)"])
    assert found is not None
    meaning, remedy = found
    assert word in meaning and shown(line) in meaning and remedy[0].islower() and not remedy.endswith(".")


def test_every_meaning_is_tried() -> None:
    found = {told[0].partition(" (")[0] for line in SAID if (told := cause([line]))}
    assert len(found) >= len(KNOWN) - 1  # of the platform, no log is written


def test_a_log_that_says_nothing_known_has_no_cause() -> None:
    assert cause(["all is quiet", ""]) is None
    assert last_word(["\tat a.b(C.java:1)", "... 7 more", "    @     0x7f2 google::Fail()"]) == ""
    assert last_word(["F1130 oh no", "*** Check failure stack trace: ***"]) == "F1130 oh no"


def test_the_end_of_a_connection_is_no_trouble_with_data() -> None:
    """As a follower writes it whenever its leader goes."""
    frames = (
        "DataInputStream.readInt(Unknown Source)",
        "BinaryInputArchive.readInt(BinaryInputArchive.java:96)",
    )
    stack = [
        f"\tat {each}" for each in (*frames, "server.quorum.QuorumPacket.deserialize(QuorumPacket.java:86)")
    ]
    assert cause(["WARN Exception when following the leader", "java.io.EOFException", *stack]) is None


def test_a_secret_in_a_log_is_not_shown() -> None:
    line = "--zk zk://operator:hush@10.0.0.1:2181/mesos --reporter_password=hush it ended"
    assert "hush" not in last_word([line])


@pytest.mark.parametrize(
    "quiet",
    [
        "[2026-11-30 12:01:07,123] INFO  All services up and running. (mesosphere.marathon.Main$:main)",
        "2026-11-30 12:01:07,123 [myid:1] - INFO  [main:QuorumPeer@1] - FOLLOWING",
        "I1130 12:01:07.123456     1 main.cpp:1] Starting",
    ],
)
def test_a_line_that_complains_of_nothing_is_no_cause(quiet: str) -> None:
    assert last_word([quiet]) == ""
    assert last_word(["ERROR oh no, INFO is lost", quiet]) == "ERROR oh no, INFO is lost"


@given(st.lists(st.text(max_size=300), max_size=5))
def test_whatever_a_log_says_is_told_in_one_short_printable_line(lines: list[str]) -> None:
    told = [last_word(lines), *(cause(lines) or ())]
    assert all(text.isprintable() and len(text) < 600 for text in told)
