"""Which boot of a host it is, what a run notes there before it reboots it, and how the next run goes on."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SHELLS, environment, run, stand_in

from tasks.plan.look import boot
from tasks.plan.look.boot import Boot, Note, Order
from tasks.plan.look.sections import Unreadable
from tasks.plan.names import Id
from tasks.plan.script import runnable
from tasks.plan.shell import FUNCTIONS, REBOOTING
from tasks.plan.step import Action, Step

A, B, C = HOSTS = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
BOUNDARY = "f" * 32


def asked(where: Path, shell: Sequence[str]) -> Boot:
    """Ask this machine, with the note in the directory `where`."""
    script = boot.asking(BOUNDARY).replace(REBOOTING, str(where / "rebooting"))
    return boot.read(run(script, where, shell=[*shell]).stdout.decode(), BOUNDARY)


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_note_is_read_back_and_gone_when_it_is_dropped(sh: list[str], tmp_path: Path) -> None:
    def carry_out(shell: str) -> None:
        text = f"set -eu\n{FUNCTIONS}guard() {{ :; }}\n{shell}".replace(
            REBOOTING, str(tmp_path / "rebooting")
        )
        done = run(text.replace("/var/lib/mesofab", str(tmp_path)), tmp_path, shell=sh)
        assert done.returncode == 0, done.stdout

    before = asked(tmp_path, sh)
    assert before.note is None and before == asked(tmp_path, sh)
    note = Note(before.id, HOSTS, (C,))
    carry_out(boot.noting(note))
    assert asked(tmp_path, sh) == Boot(before.id, note)
    carry_out(boot.FORGETTING)
    assert asked(tmp_path, sh) == before and [*tmp_path.iterdir()] == []


def test_a_boot_is_that_of_the_machine_and_of_its_first_process(tmp_path: Path) -> None:
    machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    began = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]
    assert asked(tmp_path, SHELLS[0]).id == f"{machine}/{began}"


@given(st.text() | st.from_type(dict[str, int]).map(json.dumps))
def test_whatever_stands_in_a_note_it_is_a_note_or_none(text: str) -> None:
    found = boot.read(f"\n{BOUNDARY} boot\nid 1\n\n{BOUNDARY} note\n{text}\n{BOUNDARY} end\n", BOUNDARY)
    assert found.id == "id/1" and (found.note is None or found.note.hosts)


def test_a_host_that_does_not_tell_its_boot_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        boot.read(f"\n{BOUNDARY} boot\n\n{BOUNDARY} end\n", BOUNDARY)


def boots(**notes: Note) -> dict[str, Boot]:
    """Hosts that are in their boots `now`, some with a note."""
    return {name: Boot("now", notes.get(key)) for name, key in zip(HOSTS, "abc", strict=True)}


@pytest.mark.parametrize(
    ("seen", "course"),
    [
        (boots(), Order(HOSTS)),
        (boots(a=Note("now", HOSTS, (B, C))), Order(HOSTS)),
        (boots(a=Note("old", HOSTS, (B, C))), Order((B, C), A)),
        (boots(b=Note("now", HOSTS, (C,))), Order((B, C), done=(A,))),
        (boots(a=Note("old", HOSTS, (B, C)), b=Note("now", HOSTS, (C,))), Order((B, C), done=(A,))),
        (boots(c=Note("old", HOSTS, ())), Order((), C, (A, B))),
        (boots(b=Note("old", (B, C), (C,))), Order(HOSTS)),
        (boots(b=Note("old", HOSTS, ("192.0.2.1", B))), Order((), B, (A, C))),
    ],
    ids=["new", "not begun", "rebooted", "second drained", "two notes", "last one", "other hosts", "a lie"],
)
def test_a_run_goes_on_with_the_newest_note_of_one_over_the_same_hosts(
    seen: dict[str, Boot], course: Order
) -> None:
    assert boot.course(HOSTS, seen) == course


def test_the_order_of_a_run_that_is_continued_is_that_of_the_note() -> None:
    assert boot.course((C, B, A), boots(a=Note("old", HOSTS, (B, C)))) == Order((B, C), A)


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_host_is_rebooted_when_its_step_has_told_its_end(sh: list[str], tmp_path: Path) -> None:
    """The program that reboots it is started by nobody who waits, and never before the last line is out."""
    done = tmp_path / "rebooted"
    stand_in(tmp_path / "bin", "reboot", f"echo now >{done}")
    step = Step(Id.SET_IP, Action.REBOOT, "reboot", "why", boot.REBOOT)
    script = runnable([step]).replace("/run/mesofab.lock", str(tmp_path / "lock"))
    with subprocess.Popen(
        sh, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(tmp_path / "bin"), text=True
    ) as shell:
        said, _ = shell.communicate(script, timeout=60)
        assert said.endswith("\x1eend 0\n") and shell.returncode == 0
    wait = f"until [ -s {done} ]; do sleep 0.1; done"
    subprocess.run(["timeout", "60", "sh", "-c", wait], check=True)


def test_where_nothing_reboots_a_host_its_step_says_so(tmp_path: Path) -> None:
    without = "command() { case $2 in reboot|systemctl) return 1;; esac; }\n"
    done = run(f"set -eu\n{FUNCTIONS}{without}{boot.REBOOT}", tmp_path)
    assert done.returncode == 1 and b"mesofab: no program there reboots it" in done.stdout
