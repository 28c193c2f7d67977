"""Steps 1.1 and 1.2 run for real, on a file that real shells read in place of /etc/profile as they log in."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SHELLS, at_work, logging_in, run, stand_in

from lab import waiting
from tasks.errors import StepFailed
from tasks.plan.compare.compared import Host
from tasks.plan.compare.host import compare
from tasks.plan.compare.remedy import explain
from tasks.plan.desired import LoginCheck, ProfileLine
from tasks.plan.desired.every_host import profile_line
from tasks.plan.look.observed import LOCK, Observed, questions, read, script
from tasks.plan.names import Id
from tasks.plan.script import runnable
from tasks.plan.step import Blocker, Step

ADDRESS = "10.70.0.10"
LINE = profile_line(ADDRESS)
BOUNDARY = "5f0c" * 8
PUBLISHED = "export HOST_IP=`ip a|awk -F'/| '+ '/10.70.0/{print $3}'`"
FOREVER = f"71.{os.getpid()}"
"""Seconds that programs of a profile sleep here: a word by which they are found again."""


@dataclass
class Machine:
    """A host whose profile is a file below a directory."""

    root: Path
    limit: float = 10
    logs_in: bool = True

    @property
    def profile(self) -> Path:
        return self.root / "profile"

    def has(self, text: str | bytes) -> "Machine":
        """Give it this profile."""
        self.profile.write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def look(self, shell: list[str] | None = None) -> Observed:
        ask = questions((self.line,), {})
        text = self._quick(script(ask, BOUNDARY)).replace(LOCK, str(self.root / "lock"))
        done = run(text, self.root, self.root / "bin", shell)
        return read(done.stdout.decode("utf-8", "backslashreplace"), BOUNDARY, ask)

    @property
    def line(self) -> ProfileLine:
        return ProfileLine(Id.SET_IP, ADDRESS, str(self.profile))

    def missing(self, shell: list[str] | None = None) -> list[Step | Blocker]:
        """What the comparison finds."""
        items = (self.line, LoginCheck(Id.CHECK_IP, ADDRESS, str(self.profile)))
        plan = compare(Host("node", items, self.look(shell), lambda _: ""))
        return [*(step for step in plan.steps), *plan.blockers]

    def carry_out(self, step: Step, shell: list[str] | None = None) -> str:
        """Carry a step out as a run does; give the sentence if it fails, "" if it does not."""
        text = self._quick(runnable([step])).replace(LOCK, str(self.root / "lock"))
        done = run(text, self.root, self.root / "bin", shell)
        words = done.stdout.decode("utf-8", "backslashreplace").split("\n")
        return "" if done.returncode == 0 else StepFailed(*explain(done.returncode, words)).text

    def deploy(self, ids: tuple[str, ...] = ("1.1", "1.2"), shell: list[str] | None = None) -> str:
        """Carry out what is missing of these ids; give the first sentence of what fails."""
        found = self.missing(shell)
        blocked = [str(each) for each in found if isinstance(each, Blocker)]
        steps = [each for each in found if isinstance(each, Step) and each.id in ids]
        return next(filter(None, blocked or [self.carry_out(step, shell) for step in steps]), "")

    def says(self, shell: str) -> str:
        """What a shell says of HOST_IP once it has read the profile."""
        text = f'. {self.profile} >/dev/null 2>&1\nprintf %s "$HOST_IP"\n'
        return run(text, self.root, self.root / "bin", [shell]).stdout.decode()

    def _quick(self, text: str) -> str:
        text = text.replace("timeout 10 ", f"timeout {self.limit} ")
        return text if self.logs_in else text.replace("login $shell", ": $shell")


def make(root: Path) -> Machine:
    logging_in(root / "bin", root / "profile")
    stand_in(root / "bin", "ip", f"echo '2: eth0    inet {ADDRESS}/24 scope global eth0'")
    return Machine(root)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    yield make(tmp_path)
    # What was killed is still listed for a moment where the machine is slow.
    waiting.until("no program of a profile", 60, lambda: ", ".join(at_work(f"sleep {FOREVER}")) or None)


def of(found: list[Step | Blocker], id: str) -> list[Step | Blocker]:
    return [each for each in found if each.id == id]


# The line


SIMPLE = {
    "the published line": PUBLISHED,
    "a plain address": "export HOST_IP=10.70.0.99",
    "an indented one": "   export  HOST_IP=10.70.0.99",
    "in quotes": "export HOST_IP='10.70.0.99'",
    "ours of another address": profile_line("10.70.0.99"),
    "a substitution in quotes": """export HOST_IP="$(hostname -I | awk '{print $1}')" """.rstrip(),
    "nothing": "export HOST_IP=",
}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("old", SIMPLE.values(), ids=SIMPLE.keys())
def test_a_line_of_its_own_is_replaced_where_it_stands(old: str, shell: list[str], machine: Machine) -> None:
    machine.logs_in = False
    machine.has(f"umask 022\n{old}\nexport ZK=$HOST_IP:2181\n")
    assert machine.deploy(("1.1",), shell) == ""
    assert machine.profile.read_text() == f"umask 022\n{LINE}\nexport ZK=$HOST_IP:2181\n"
    assert of(machine.missing(shell), "1.1") == []


def test_of_several_lines_of_their_own_one_stays(machine: Machine) -> None:
    machine.has(f"{PUBLISHED}\nPATH=$PATH\n{LINE}\n{LINE}\n")
    assert machine.deploy() == ""
    assert machine.profile.read_text() == f"{LINE}\nPATH=$PATH\n"


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_a_new_profile_is_for_everybody_and_an_old_one_keeps_its_rights(umask: int, machine: Machine) -> None:
    machine.logs_in = False
    before = os.umask(umask)
    try:
        assert machine.deploy(("1.1",)) == ""
        assert machine.profile.stat().st_mode & 0o777 == 0o644
        machine.has(f"{PUBLISHED}\n").profile.chmod(0o640)
        assert machine.deploy(("1.1",)) == ""
    finally:
        os.umask(before)
    assert machine.profile.stat().st_mode & 0o777 == 0o640


def test_a_profile_that_leads_where_others_can_make_names_is_left_alone(machine: Machine) -> None:
    machine.logs_in = False
    (machine.root / "open").mkdir()
    (machine.root / "open").chmod(0o777)
    (machine.root / "open/profile").write_text("umask 022\n")
    machine.profile.symlink_to(machine.root / "open/profile")
    assert f"others than root can change {machine.root}/open," in machine.deploy(("1.1",))
    assert [file.name for file in (machine.root / "open").iterdir()] == ["profile"]


LEFT_ALONE = {
    "in an if": 'if [ -z "$HOST_IP" ]; then\n    export HOST_IP=10.70.0.99\nfi\necho welcome\n',
    "in an if, without indentation": "if true; then\nexport HOST_IP=10.70.0.99\nfi\n",
    "in an if on one line": "if true; then export HOST_IP=10.70.0.99; fi\n",
    "in a function": "set_ip() {\nexport HOST_IP=10.70.0.99\n}\nset_ip\n",
    "in a function of bash": "set_ip () (\nexport HOST_IP=10.70.0.99\n)\nset_ip\n",
    "in a case": "case x in\nx)\nexport HOST_IP=10.70.0.99\n;;\nesac\n",
    "in a loop": "for each in 1 2; do\nexport HOST_IP=10.70.0.99\ndone\n",
    "in a while": "while true; do\nexport HOST_IP=10.70.0.99\nbreak\ndone\n",
    "in braces": "{\nexport HOST_IP=10.70.0.99\n}\n",
    "in a subshell": "(\nexport HOST_IP=10.70.0.99\n)\n",
    "in a here-document": "cat <<EOF\nexport HOST_IP=10.70.0.99\nEOF\n",
    "in a here-document with tabs": "cat <<-'EOF'\n\texport HOST_IP=10.70.0.99\n\tEOF\n",
    "in a text": "TEXT='\nexport HOST_IP=10.70.0.99\n'\n",
    "in a substitution": "TEXT=$(\nexport HOST_IP=10.70.0.99\n)\n",
    "continued behind a pipe": "export HOST_IP=$(echo 10.70.0.99 \\\n  | cut -d/ -f1)\necho welcome\n",
    "continued within quotes": 'export HOST_IP="10.70.0\n.99"\n',
    "continued within a substitution": "export HOST_IP=$(echo 10.70.0.99\n)\n",
    "continued by a backslash": "export HOST_IP=10.70\\\n.0.99\n",
    "the end of a continued line": "echo \\\nexport HOST_IP=10.70.0.99\n",
    "the end of a continued assignment": "A=1 \\\nexport HOST_IP=10.70.0.99\n",
    "the line behind an and": "true &&\nexport HOST_IP=10.70.0.99\n",
    "behind an and": "true && export HOST_IP=10.70.0.99\n",
    "behind an or": "false || export HOST_IP=10.70.0.99\n",
    "before another command": "export HOST_IP=10.70.0.99; echo welcome\n",
    "with another variable": "export HOST_IP=10.70.0.99 ZK=1\n",
    "with a comment": "export HOST_IP=10.70.0.99 # by hand\n",
    "exported on another line": "HOST_IP=10.70.0.99\nexport HOST_IP\n",
    "of one command": "HOST_IP=10.70.0.99 true\n",
    "added to": "HOST_IP=1\nHOST_IP=${HOST_IP}0\n",
    "unset": f"{LINE}\nunset HOST_IP\n",
    "read": "read HOST_IP <<EOF\n10.70.0.99\nEOF\n",
    "declared": "declare -x HOST_IP=10.70.0.99\n",
    "typeset": "typeset -x HOST_IP=10.70.0.99\n",
    "a loop's variable": "for HOST_IP in 1 2; do :; done\n",
    "evaluated": "eval HOST_IP=10.70.0.99\n",
    "in a comment": "# export HOST_IP=10.70.0.99\n",
    "beside another name": "export MY_HOST_IP=10.70.0.99\n",
    "with Windows' line ends": "PS1=x\r\nexport HOST_IP=10.70.0.99\r\n",
    "behind a set -eu": "set -eu\nHOST_IP=10.70.0.99\n",
}


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_any_other_line_is_left_alone_and_ours_wins(text: str, machine: Machine) -> None:
    machine.logs_in = False
    machine.has(f"umask 022\n{text}")
    assert machine.deploy(("1.1",)) == ""
    assert machine.profile.read_bytes().decode() == f"umask 022\n{text}{LINE}\n"
    assert [machine.says(shell) for shell in ("sh", "bash")] == [ADDRESS] * 2
    assert of(machine.missing(), "1.1") == []


def test_a_line_that_is_left_alone_is_shown(machine: Machine) -> None:
    machine.has("if true; then\n  export HOST_IP=10.70.0.99\nfi\n")
    (step, _) = machine.missing()
    assert str(step) == (
        f"1.1 HOST_IP in {machine.profile}: missing; a line is added behind line 2: export "
        "HOST_IP=10.70.0.99, which stays"
    )


def test_ours_comes_once_more_below_what_may_set_it_again(machine: Machine) -> None:
    machine.has(f"export HOST_IP=1\nexport ZK=$HOST_IP\nHOST_IP=2\n{LINE} \n{LINE}\n")
    assert machine.deploy() == ""
    assert machine.profile.read_text() == f"{LINE}\nexport ZK=$HOST_IP\nHOST_IP=2\n{LINE}\n"
    assert machine.missing() == []


NEVER_ENDS = [text for text in LEFT_ALONE.values() if "set -e" not in text]  # declare ends sh under set -e
PIECES = st.one_of(
    st.sampled_from([*NEVER_ENDS, *(f"{line}\n" for line in SIMPLE.values()), f"{LINE}\n"]).map(str.encode),
    st.sampled_from([b"# caf\xe9 \xff\n", b"PS1=x\r\n", b"\n", b"# a\0b\n", b"PS1='> '\n"]),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(PIECES, max_size=5), end=st.sampled_from([b"", b"# no end", b"true"]))
def test_whatever_stands_there_logins_work_and_a_second_run_does_nothing(
    pieces: list[bytes], end: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    machine = make(tmp_path_factory.mktemp("profile")).has(b"umask 022\n" + b"".join(pieces) + end)
    machine.logs_in = False
    before = machine.profile.read_bytes()
    assert machine.deploy(("1.1",)) == ""
    assert of(machine.missing(), "1.1") == []
    after = machine.profile.read_bytes()
    assert subprocess.run(["sh", "-n", machine.profile], check=False).returncode == 0
    ours = {line.encode() for line in (LINE, *SIMPLE.values())}
    assert [line for line in after.split(b"\n") if line and line not in ours] == [
        line for line in before.split(b"\n") if line and line not in ours
    ]
    assert [machine.says(shell) for shell in ("sh", "bash")] == [ADDRESS] * 2


UNREADABLE = {
    "no end of an if": "umask 022\nif true; then\n",
    "an end of no if": "umask 022\nfi\n",
    "a quote that is open": "umask 022\nPS1='\n",
    "Windows' line ends": "if true; then\r\n:\r\nfi\r\n",
    "half a command": "umask 022\ntrue &&\n",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_profile_that_breaks_logins_already_is_told_and_left_alone(text: str, machine: Machine) -> None:
    machine.has(text)
    told = machine.deploy()
    assert f"{machine.profile} breaks logins already: sh cannot read it (" in told
    assert "Correct that line; mesofab leaves the file alone until then." in told
    assert machine.profile.read_bytes().decode() == text


def test_the_line_that_a_shell_cannot_read_is_shown(machine: Machine) -> None:
    assert "line 2 is: fi please)" in machine.has("umask 022\nfi please\n").deploy()


def test_what_only_bash_cannot_read_is_told_of_bash(machine: Machine) -> None:
    told = machine.has("umask 022\n[[ a b ]]\n").deploy()
    assert "bash cannot read it (" in told and "line 2 is: [[ a b ]])" in told


@pytest.mark.parametrize("end", ["echo \\\n", "echo \\", "cat <<EOF\n"])
def test_at_an_open_end_nothing_is_added(end: str, machine: Machine) -> None:
    machine.has(f"umask 022\n{end}")
    told = machine.deploy()
    assert f"is open: a line below it would be part of line 2: {end.strip()}. Complete that." in told
    assert machine.profile.read_text() == f"umask 022\n{end}"


FROZEN = ("readonly HOST_IP=10.70.0.99", "declare -rx HOST_IP=10.70.0.99", "typeset -r HOST_IP=10.70.0.99")


@pytest.mark.parametrize("line", FROZEN)
def test_a_readonly_host_ip_is_refused_as_ours_would_end_logins(line: str, machine: Machine) -> None:
    machine.has(f"umask 022\n{line}\n")
    assert f"(line 2: {line}). Remove `readonly` there." in machine.deploy()
    assert machine.profile.read_text() == f"umask 022\n{line}\n"


def test_a_readonly_host_ip_of_another_file_is_refused_too(machine: Machine) -> None:
    (machine.root / "other.sh").write_text("readonly HOST_IP=10.70.0.99\n")
    machine.has(f". {machine.root}/other.sh\n")
    assert "(not in this file). Remove `readonly` there." in machine.deploy()


def test_a_readonly_host_ip_that_is_right_is_left_so(machine: Machine) -> None:
    assert machine.has(f"{LINE}\nreadonly HOST_IP\n").missing() == []


def test_a_directory_in_its_place_is_told(machine: Machine) -> None:
    machine.profile.mkdir()
    assert f"{machine.profile} is a directory, not a file. Move it out of the way." in machine.deploy()


# The file


def test_a_link_stays_one_and_what_it_names_is_changed(machine: Machine) -> None:
    (machine.root / "elsewhere").mkdir()
    target = machine.root / "elsewhere" / "profile.real"
    target.write_text("umask 022\n")
    machine.profile.symlink_to("elsewhere/profile.real")
    assert machine.deploy() == ""
    assert machine.profile.is_symlink() and not target.is_symlink()
    assert target.read_text() == f"umask 022\n{LINE}\n"
    assert (machine.root / "elsewhere/profile.real.before-mesofab").read_text() == "umask 022\n"


def test_a_link_that_leads_nowhere_is_told(machine: Machine) -> None:
    machine.profile.symlink_to("nowhere/profile")
    assert machine.deploy() == f"{machine.profile} leads nowhere. Correct that link; then run again."


def test_mode_owner_and_attributes_stay(machine: Machine) -> None:
    machine.has("umask 022\n")
    machine.profile.chmod(0o640)
    if os.getuid() == 0:
        os.chown(machine.profile, 7, 8)
    try:
        os.setxattr(machine.profile, "user.of", b"ours")
    except OSError:
        pytest.skip("this file system knows no attributes")
    before = machine.profile.stat()
    assert machine.deploy() == ""
    after = machine.profile.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(machine.profile, "user.of") == b"ours"


def test_the_file_is_kept_as_it_was_before_the_first_change_and_never_again(machine: Machine) -> None:
    machine.has("umask 022\n")
    assert machine.deploy() == ""
    machine.has("umask 077\n")
    assert machine.deploy() == ""
    files = {file.name: file.read_text() for file in machine.root.iterdir() if file.is_file()}
    assert files | {"lock": ""} == {
        "profile": f"umask 077\n{LINE}\n",
        "profile.before-mesofab": "umask 022\n",
        "lock": "",
    }


def test_a_new_file_can_be_read_by_all_and_nothing_is_kept(machine: Machine) -> None:
    assert machine.deploy() == ""
    assert machine.profile.stat().st_mode & 0o777 == 0o644
    assert not list(machine.root.glob("profile.*"))


@pytest.mark.parametrize("program", ["cp", "cat", "ln", "mv"])
def test_where_the_disk_is_full_the_old_file_stays_and_nothing_else(program: str, machine: Machine) -> None:
    (step, _) = machine.has("umask 022\n").missing()
    assert isinstance(step, Step)
    stand_in(machine.root / "bin", program, f"echo '{program}: No space left on device' >&2; exit 1")
    (machine.root / "profile.next").write_text("half a")
    assert machine.carry_out(step).startswith("the disk is full")
    assert machine.profile.read_text() == "umask 022\n"
    assert not (machine.root / "profile.next").exists()


def test_what_would_break_logins_does_not_take_the_place(machine: Machine) -> None:
    (step, _) = machine.has("umask 022\n").missing()
    assert isinstance(step, Step)
    told = machine.carry_out(replace(step, shell=step.shell.replace(LINE, "then export HOST_IP")))
    assert told.startswith("it would break logins: sh cannot read it (") and "line 2 is: then export" in told
    assert machine.profile.read_text() == "umask 022\n"
    assert not list(machine.root.glob("profile.*"))


def test_a_file_that_changed_since_it_was_seen_is_not_overwritten(machine: Machine) -> None:
    (step, _) = machine.has(f"{PUBLISHED}\numask 022\n").missing()
    assert isinstance(step, Step)
    machine.has(f"umask 022\n{PUBLISHED}\n")
    assert machine.carry_out(step).startswith(f"somebody is changing {machine.profile} right now.")
    assert machine.profile.read_text() == f"umask 022\n{PUBLISHED}\n"


# Logins


def test_a_program_that_a_login_leaves_is_ended_and_keeps_nobody_waiting(machine: Machine) -> None:
    machine.has(f"( while :; do sleep {FOREVER}; done ) &\n")
    assert machine.deploy() == ""
    begun = time.monotonic()
    logins = machine.look().logins
    assert time.monotonic() - begun < machine.limit
    assert [(one.shell, one.said) for one in logins] == [("bash", ADDRESS)]
    assert logins[-1].left == (f"sleep {FOREVER}",)


LEAVES = {
    "in a session of its own": f"setsid sh -c 'while :; do sleep {FOREVER}; done' &\n",
    "deaf to signals": f"( trap '' HUP TERM INT; while :; do sleep {FOREVER}; done ) &\n",
    "and ends early": f"sleep {FOREVER} &\nexit 3\n",
    "by nohup": f"nohup sleep {FOREVER} >/dev/null 2>&1 &\n",
}


@pytest.mark.parametrize("text", LEAVES.values(), ids=LEAVES.keys())
def test_whatever_way_a_program_is_left_it_is_ended(text: str, machine: Machine) -> None:
    assert machine.has(text).look().logins[-1].left
    assert at_work(f"sleep {FOREVER}") == []


WAITS = {
    "sleeps": f"sleep {FOREVER}\n",
    "sleeps and is deaf": f"trap '' TERM HUP\nsleep {FOREVER}\n",
    "becomes another program": f"exec sleep {FOREVER}\n",
    "sleeps in a substitution": f"A=$(sleep {FOREVER})\n",
}


@pytest.mark.parametrize("text", WAITS.values(), ids=WAITS.keys())
def test_a_profile_that_waits_is_told_within_the_limit(text: str, machine: Machine) -> None:
    machine.has(text)
    machine.limit = 0.5
    begun = time.monotonic()
    told = machine.deploy()
    assert time.monotonic() - begun < 20
    assert told == (
        f"sh does not come to the end of {machine.profile} within 10 s. It is at: sleep {FOREVER}. "
        "Have it wait for nothing; then run again."
    )


def test_a_profile_that_turns_round_for_ever_is_told_too(machine: Machine) -> None:
    machine.has("while :; do :; done\n")
    machine.limit = 0.5
    assert "It is at: its own commands." in machine.deploy()
    (one,) = machine.look().logins
    assert (one.code, one.said, one.left) == (None, None, ())


def test_a_profile_that_reads_from_a_terminal_does_not_wait(machine: Machine) -> None:
    machine.has("read answer\nread answer < /dev/tty\n")
    assert machine.deploy() == ""
    assert machine.missing() == []


def test_a_profile_that_ends_early_is_told_with_the_line_and_is_right_once_ours_is_above(
    machine: Machine,
) -> None:
    ends = '[ -n "$SSH_TTY" ] || exit 7'
    told = machine.has(f"umask 022\n{ends}\n").deploy()
    assert told == (
        f"sh ends in {machine.profile} (code 7), where HOST_IP is ''. Move the line that sets HOST_IP above "
        f"the one that ends it; it may be line 2: {ends}; then run again."
    )
    assert machine.profile.read_text() == f"umask 022\n{ends}\n{LINE}\n"
    assert [each.id for each in machine.missing()] == ["1.2"]
    assert machine.has(f"umask 022\n{LINE}\n{ends}\n").missing() == []


def test_a_profile_that_returns_early_is_told_with_the_line(machine: Machine) -> None:
    told = machine.has("umask 022\nreturn 0\n").deploy()
    assert told.startswith(f"sh says '', not {ADDRESS}. ") and "it may be line 2: return 0;" in told


def test_what_another_file_ends_is_told(machine: Machine) -> None:
    (machine.root / "other.sh").write_text("exit 1\n")
    told = machine.has(f". {machine.root}/other.sh\n").deploy()
    assert "it may be in a file that it reads (`sh -lxc true` shows it); then run again." in told


def test_a_path_without_the_programs_is_told(machine: Machine) -> None:
    told = machine.has("PATH=/nowhere\nexport PATH\n").deploy()
    assert told.startswith("sh says '': PATH is without ") and "ip in /nowhere" in told
    assert "keep the directories of ip and awk in PATH" in told


PRINTS = {
    "a banner": f"echo HOST_IP={ADDRESS}; echo says {ADDRESS}; echo >&2 says {ADDRESS}\nreturn\n",
    "much": "yes | head -c 300000\nreturn\n",
    "no line end": f"printf 'says {ADDRESS}'\nreturn\n",
}


@pytest.mark.parametrize("text", PRINTS.values(), ids=PRINTS.keys())
def test_what_a_profile_prints_is_not_taken_for_an_answer(text: str, machine: Machine) -> None:
    assert [one.said for one in machine.has(text).look().logins] == ["", ""]


SETTINGS = {
    "errors end it": "set -e\n",
    "unset variables end it": "set -u\n",
    "no output": "exec >/dev/null 2>&1\n",
    "another separator": "IFS=.\n",
    "no patterns": "set -f\n",
    "no channels": "exec 3>&- 4>&-\n",
    "a trap": "trap 'echo bye' EXIT\n",
    "a trace": "set -x\n",
}


@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS.keys())
def test_whatever_a_profile_sets_its_host_ip_is_heard(text: str, machine: Machine) -> None:
    assert machine.has(text).deploy() == ""  # 1.2 asks every shell
    assert [(one.shell, one.said) for one in machine.look().logins] == [("bash", ADDRESS)]


def test_a_look_asks_sh_too_where_bash_says_something_else_or_sh_cannot_read_the_file(
    machine: Machine,
) -> None:
    for text in (f"{LINE}0\n", f"{LINE}\nwords=(a b)\n"):
        assert [one.shell for one in machine.has(text).look().logins] == ["bash", "sh"]


def test_two_words_or_lines_are_no_address(machine: Machine) -> None:
    machine.has(f'export HOST_IP="{ADDRESS}\n{ADDRESS}"\n')
    assert [one.said for one in machine.look().logins] == [f"{ADDRESS} {ADDRESS}"] * 2


def test_the_lock_of_a_run_does_not_go_to_what_a_login_leaves(machine: Machine) -> None:
    machine.has("env -i sleep 3 &\n")  # it has nothing by which it could be known as ours
    (check,) = of(machine.missing(), "1.2")
    assert isinstance(check, Step)
    machine.carry_out(check)
    assert subprocess.run(["flock", "-n", machine.root / "lock", "true"], check=False).returncode == 0
