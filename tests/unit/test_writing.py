"""How root writes on a host, run for real: whatever umask it has, whatever others have put in its way."""

import os
import shutil
import stat
from pathlib import Path

import pytest
import testinfra
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SHELLS, first_node, run

from tasks.plan.compare.remedy import explain
from tasks.plan.names import Id
from tasks.plan.runbook import ZOOKEEPER, from_nothing
from tasks.plan.shell import FUNCTIONS, STATE, directories, stage, write
from verify.test_zookeeper import (
    test_all_may_read_what_root_made_and_root_alone_may_change_it as check_rights,
)

WITH_OWN_PROGRAMS = [["busybox", "sh"]] if shutil.which("busybox") and ["busybox", "sh"] not in SHELLS else []
KINDS = [*SHELLS, *WITH_OWN_PROGRAMS]
"""The shells of this machine, and one that brings its own cat, mv and sync where that is at hand."""

SERVICE = 1000
"""The user to whom the image of ZooKeeper gives its data."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users")

LINE = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\n")),
    st.sampled_from(("END", "END_", "END__", " END", "\\", "$(touch hit)", "`touch hit`", "${HOME}", "'\"")),
    st.just("\x01\x7f\x81\\\x01"),
)
TEXT = st.lists(LINE, max_size=8).map(lambda lines: "".join(line + "\n" for line in lines))


@pytest.fixture(params=KINDS, ids=lambda words: words[0])
def sh(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def plain(request: pytest.FixtureRequest) -> list[str]:
    """A shell in which a function may stand in for a program."""
    words: list[str] = request.param
    return words


def carry_out(text: str, where: Path, shell: list[str] | None = None, first: str = "") -> str:
    """Carry shell out as a step is, behind `first`; give the sentence if it fails, "" if it does not."""
    script = f"set -eu\n{FUNCTIONS}{first}\n{text}".replace(STATE, f"{where}-state")
    done = run(script, where, shell=shell)
    seen, mend = explain(done.returncode, done.stdout.decode("utf-8", "backslashreplace").split("\n"))
    return f"{seen} {mend}".strip() if done.returncode else ""


def in_place(where: Path, text: str = "new\n") -> str:
    """The shell that writes zoo.cfg in a directory of root's."""
    return write(f"{where}/zoo.cfg", text, f"{where}/zoo.cfg.next")


def from_above(where: Path) -> str:
    """The shell that writes myid into a directory which the image gives to its own user."""
    return made_first(where, Id.ZOOKEEPER_MYID)


def made_first(home: Path, *ids: Id) -> str:
    """The shell of these steps of a first deploy to a directory."""
    cluster, node = first_node(f"zookeeper_dir={home}")
    return "".join(step.shell for step in from_nothing([ZOOKEEPER], cluster, node).steps if step.id in ids)


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


# Whole or not at all


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
@settings(max_examples=25, deadline=None)
@given(text=TEXT)
def test_any_text_is_written_literally(
    text: str, sh: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    where = tmp_path_factory.mktemp("literal", numbered=True)
    assert carry_out(write(f"{where}/a file", text, f"{where}/new"), where, sh) == ""
    assert {file.name: file.read_bytes() for file in where.iterdir()} == {"a file": text.encode()}


def test_the_old_text_stays_until_the_new_one_is_complete(tmp_path: Path, plain: list[str]) -> None:
    recording = 'mv() { cat zoo.cfg > old; cat zoo.cfg.next > new; command mv "$@"; }'
    (tmp_path / "zoo.cfg").write_text("old\n")
    assert carry_out(in_place(tmp_path), tmp_path, plain, recording) == ""
    texts = [(tmp_path / name).read_text() for name in ("old", "new", "zoo.cfg")]
    assert texts == ["old\n", "new\n", "new\n"]


def test_a_disk_that_gets_full_leaves_the_old_text_and_the_next_run_ends_it(
    tmp_path: Path, plain: list[str]
) -> None:
    full = "cat() { command head -c 2; echo 'cat: write error: No space left on device' >&2; return 1; }"
    (tmp_path / "zoo.cfg").write_text("old\n")
    assert "No space left" in carry_out(in_place(tmp_path), tmp_path, plain, full)
    assert (tmp_path / "zoo.cfg").read_text() == "old\n"
    assert carry_out(in_place(tmp_path), tmp_path, plain) == ""
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"zoo.cfg": "new\n"}


def test_an_empty_directory_that_docker_made_is_replaced_by_the_file(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "zoo.cfg").mkdir()
    assert carry_out(in_place(tmp_path), tmp_path, sh) == ""
    assert (tmp_path / "zoo.cfg").read_text() == "new\n"


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "zoo.cfg").mkdir()
    (tmp_path / "zoo.cfg" / "mine").write_text("keep")
    assert "not empty" in carry_out(in_place(tmp_path), tmp_path, sh)
    assert [path.name for path in (tmp_path / "zoo.cfg").iterdir()] == ["mine"]


# On the disk


STORY = 'mv() { echo "mv ${3##*/}" >> story; command mv "$@"; }; sync() { echo "sync $*" >> story; }'


def story(where: Path) -> list[str]:
    return (where / "story").read_text().replace(f"{where}/", "").replace(str(where), ".").splitlines()


def test_a_file_is_on_the_disk_before_its_name_is_and_then_the_name(tmp_path: Path, plain: list[str]) -> None:
    assert carry_out(in_place(tmp_path), tmp_path, plain, STORY) == ""
    assert story(tmp_path) == ["sync zoo.cfg.next", "mv zoo.cfg", "sync ."]


def test_a_sync_that_takes_no_file_writes_everything(tmp_path: Path, plain: list[str]) -> None:
    old = f'{STORY}; sync() {{ echo "sync $*" >> story; [ $# -eq 0 ]; }}'
    assert carry_out(in_place(tmp_path), tmp_path, plain, old) == ""
    assert story(tmp_path) == ["sync zoo.cfg.next", "sync ", "mv zoo.cfg", "sync .", "sync "]


def test_what_was_copied_to_another_disk_is_on_that_disk(tmp_path: Path, plain: list[str]) -> None:
    (tmp_path / "data").mkdir()
    two = f"{STORY}; stat() {{ printf '1\\n2\\n'; }}"
    assert carry_out(from_above(tmp_path), tmp_path, plain, two) == ""
    assert story(tmp_path) == ["sync myid.next", "mv myid", "sync -f data"]


# Rights


@pytest.mark.parametrize("umask", ["077", "000", "022"])
def test_all_that_is_made_has_its_rights_under_every_umask(umask: str, tmp_path: Path, sh: list[str]) -> None:
    made = (Id.ZOOKEEPER_MKDIRS, Id.ZOOKEEPER_CFG, Id.ZOOKEEPER_MYID)
    text = made_first(tmp_path / "opt/zookeeper", *made)
    assert carry_out(text, tmp_path, sh, f"umask {umask}") == ""
    modes = {str(path.relative_to(tmp_path)): mode(path) for path in tmp_path.rglob("*")}
    home = "opt/zookeeper"
    directories = dict.fromkeys(["opt", home, f"{home}/conf", f"{home}/data", f"{home}/logs"], "755")
    assert modes == directories | dict.fromkeys([f"{home}/conf/zoo.cfg", f"{home}/data/myid"], "644")


@as_root
def test_the_suite_passes_what_is_made_and_names_what_has_other_rights(tmp_path: Path) -> None:
    cluster, node = first_node(f"zookeeper_dir={tmp_path}/zookeeper")
    host, home = testinfra.get_host("local://"), tmp_path / "zookeeper"
    assert (
        carry_out(made_first(home, Id.ZOOKEEPER_MKDIRS, Id.ZOOKEEPER_CFG), tmp_path, None, "umask 077") == ""
    )
    check_rights(host, node)
    (home / "conf/zoo.cfg").chmod(0o600)
    (home / "data").chmod(0o1755)
    (home / "logs").rmdir()
    os.chown(home / "conf", SERVICE, SERVICE)
    with pytest.raises(pytest.fail.Exception) as failed:
        check_rights(host, node)
    assert [line.partition("; `fab plan`")[0] for line in str(failed.value).splitlines()] == [
        f"10.70.0.10: {home}/conf has mode 755, owner {SERVICE}; expected mode 755, owner 0",
        f"10.70.0.10: {home}/conf/zoo.cfg has mode 600; expected mode 644",
    ]


def test_nobody_can_open_a_file_before_it_has_its_rights(tmp_path: Path, plain: list[str]) -> None:
    watching = "umask 000; cat() { command stat -c %a zoo.cfg.next > was; command cat; }"
    assert carry_out(in_place(tmp_path), tmp_path, plain, watching) == ""
    assert (tmp_path / "was").read_text() == "600\n"


# What others put in the way


def planted(place: Path, kind: str, victim: Path) -> None:
    """Put something at a place where root is about to write."""
    victim.mkdir(exist_ok=True)
    (victim / "file").write_text("precious\n")
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        place.symlink_to(victim / kind if kind != "link to a directory" else victim)


PLANTED = ("file", "nothing", "link to a directory", "fifo", "directory")


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("name", ["data/myid", "data/myid.next"])
def test_what_a_service_puts_in_the_way_of_its_myid_is_not_followed(
    name: str, kind: str, tmp_path: Path, sh: list[str]
) -> None:
    (tmp_path / "data").mkdir()
    planted(tmp_path / name, kind, tmp_path / "victim")
    assert carry_out(from_above(tmp_path), tmp_path, ["timeout", "60", *sh]) == ""
    assert {file.name: file.read_text() for file in (tmp_path / "victim").iterdir()} == {"file": "precious\n"}
    assert not (tmp_path / "data/myid").is_symlink()
    assert (tmp_path / "data/myid").read_text() == "1\n"
    assert not (tmp_path / "myid.next").exists()


@pytest.mark.parametrize("name", ["zoo.cfg", "zoo.cfg.next"])
@pytest.mark.parametrize("kind", ["file", "nothing", "link to a directory", "fifo"])
def test_no_link_that_is_left_over_is_followed(name: str, kind: str, tmp_path: Path, sh: list[str]) -> None:
    planted(tmp_path / name, kind, tmp_path / "victim")
    assert carry_out(in_place(tmp_path), tmp_path, ["timeout", "60", *sh]) == ""
    assert {file.name: file.read_text() for file in (tmp_path / "victim").iterdir()} == {"file": "precious\n"}
    assert [(tmp_path / "zoo.cfg").read_text(), (tmp_path / "zoo.cfg").is_symlink()] == ["new\n", False]


def test_a_backup_takes_the_place_of_a_link_too(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "zoo.cfg.prev").write_text("old\n")
    planted(tmp_path / "zoo.cfg", "file", tmp_path / "victim")
    assert carry_out("swap $PWD/zoo.cfg.prev $PWD/zoo.cfg", tmp_path, sh) == ""
    assert (tmp_path / "victim/file").read_text() == "precious\n"
    assert (tmp_path / "zoo.cfg").read_text() == "old\n"


def refused(text: str, where: Path, shell: list[str], path: Path) -> None:
    """It is refused because of who can change `path`, and nothing is made."""
    before = sorted(where.rglob("*"))
    assert f"others than root can change {path}, and with it where root writes" in carry_out(
        text, where, shell
    )
    assert sorted(where.rglob("*")) == before


def test_nothing_is_written_where_everybody_can_make_names(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o777)
    for text in (stage(f"{tmp_path}/a/b/c", "x\n"), directories([f"{tmp_path}/a/b/c/d"])):
        refused(text, tmp_path, sh, tmp_path / "a")
    (tmp_path / "a").chmod(0o1777)  # as /tmp: everybody can make names, and none can take root's away
    assert carry_out(directories([f"{tmp_path}/a/b/c/d"]), tmp_path, sh) == ""


@as_root
def test_nothing_is_written_below_what_belongs_to_somebody_else(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    os.chown(tmp_path / "a", SERVICE, SERVICE)
    for text in (stage(f"{tmp_path}/a/b/c", "x\n"), directories([f"{tmp_path}/a/b/c"])):
        refused(text, tmp_path, sh, tmp_path / "a")


@as_root
@pytest.mark.parametrize("leads", ["conf", "conf/more"])
def test_a_link_is_taken_only_from_root(leads: str, tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "elsewhere/more").mkdir(parents=True)
    (tmp_path / "conf").symlink_to(tmp_path / "elsewhere")
    text = stage(f"{tmp_path}/{leads}/zoo.cfg", "x\n")
    assert carry_out(text, tmp_path, sh) == ""
    os.chown(tmp_path / "conf", SERVICE, SERVICE, follow_symlinks=False)
    refused(text, tmp_path, sh, tmp_path / "conf")


@as_root
def test_a_link_of_roots_that_leads_to_somebody_elses_is_refused(tmp_path: Path, sh: list[str]) -> None:
    (tmp_path / "home/conf").mkdir(parents=True)
    os.chown(tmp_path / "home", SERVICE, SERVICE)
    (tmp_path / "conf").symlink_to(tmp_path / "home/conf")
    refused(stage(f"{tmp_path}/conf/zoo.cfg", "x\n"), tmp_path, sh, tmp_path / "home")
