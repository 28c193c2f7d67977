"""A backup is made, tried out and restored: whole runs over hosts that are not there."""

import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from fake_tree import FakeTree
from samples import TRIO, as_wanted

from tasks.engine import archive as archives
from tasks.engine import backup, restore
from tasks.engine.run import Run
from tasks.errors import BadInput, Blocked, StepFailed, Unreachable
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.look.election import Candidacy
from tasks.plan.look.observed import Observed
from tasks.plan.look.rights import Right
from tasks.plan.zookeeper.backup import told
from tasks.plan.zookeeper.backup.archive import Backup, Roots
from tasks.plan.zookeeper.backup.picture import Listed, TooLarge
from tasks.plan.zookeeper.backup.tree import OPEN, Znode

TEXT = f"{TRIO}[mesos_master]\n10.70.0.[10:12]\n[marathon]\n10.70.0.[10:12]\n[mesos_agent]\n10.70.0.20\n"
CLUSTER = parse(TEXT)
STATE = {
    "/marathon": Znode(),
    "/marathon/state": Znode(),
    "/marathon/state/framework-id": Znode(b"\x0a\x01f"),
    "/mesos": Znode(),
    "/mesos/log_replicas": Znode(),
}
KEPT = Backup(
    "2026-11-30T23:00:00Z", "1.0", "mesos", Roots("/marathon", "/mesos"), 7, True, "1.5.8", (), STATE
)
LATCH = "/marathon/leader-curator/_c_1-latch-0000000001"


def looks(cluster: Cluster = CLUSTER, marathon: str = "running") -> dict[str, Observed]:
    """Every host as hosts.ini wants it, and its Marathon as docker tells of it."""
    found = {}
    for node in cluster.nodes:
        well = as_wanted(cluster, node)
        containers = {
            name: replace(one, status=marathon if name.startswith("marathon") else one.status)
            for name, one in well.containers.items()
        }
        found[node.name] = replace(well, containers=containers)
    return found


def hosts(
    tree: FakeTree | None, *seen: Mapping[str, Observed], locked: str = "held\n", cluster: Cluster = CLUSTER
) -> FakeHosts:
    says = ensemble_led_by("10.70.0.10")
    return FakeHosts(cluster, *(seen or (looks(cluster),)), says=says, tree=tree, locked=locked, in_vain=True)


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory of its own, with variables beside it."""
    file = tmp_path / "inventory/hosts.ini"
    (file.parent / "group_vars").mkdir(parents=True)
    file.write_text(TEXT)
    (file.parent / "group_vars/all").write_text("a: b\n")
    monkeypatch.setenv("INVENTORY", str(file))
    return file


def written(directory: Path) -> tuple[Path, dict[str, bytes]]:
    """The one backup in a directory, and what is in it."""
    (file,) = directory.glob("backup-*")
    return file, archives.unpack(file.read_bytes())


# Made


def test_a_backup_has_the_tree_the_inventory_and_what_runs_where(inventory: Path, tmp_path: Path) -> None:
    made = backup.make(hosts(FakeTree(STATE)), str(tmp_path))
    file, files = written(tmp_path)
    assert file == made.file and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.name.startswith("backup-mesos-20")
    found = archives.read(str(file))
    assert (found.tree, found.cluster, found.roots, found.settled) == (STATE, "mesos", KEPT.roots, True)
    assert files["inventory/hosts.ini"] == inventory.read_bytes()
    assert files["inventory/group_vars/all"] == b"a: b\n"
    kept = json.loads(files["hosts.json"])
    assert kept["10.70.0.10"]["myid"] == 1 and kept["10.70.0.20"]["myid"] is None
    assert kept["10.70.0.11"]["containers"]["zookeeper"]["image"] == "zookeeper:3.4.12"
    lines = list(told.made(str(file), made.size, made.backup, made.others))
    assert "5 nodes of ZooKeeper's below /marathon and /mesos, as of zxid 0x1" in lines[0]
    assert lines[1].startswith("It holds secrets") and f"backup.check {file}" in lines[2]


def test_what_nobody_told_is_left_out_and_said(inventory: Path, tmp_path: Path) -> None:
    without = {name: seen for name, seen in looks().items() if name != "10.70.0.11"}
    made = backup.make(hosts(FakeTree(STATE), without), str(tmp_path))
    assert list(told.warnings(made.backup)) == [
        "Not in the backup: what Marathon says of itself. None leads that could be asked.",
        "Not in the backup: Marathon's apps as JSON. None leads that could be asked.",
        "Not in the backup: the masters' registry. None leads that could be asked.",
        "Not in the backup: what runs there. 10.70.0.11  it is gone",
    ]
    assert json.loads(written(tmp_path)[1]["hosts.json"])["10.70.0.11"]["containers"] is None
    assert archives.read(str(made.file)).left_out == made.backup.left_out


def test_without_any_host_of_zookeeper_it_says_why_none_can_be_asked(inventory: Path, tmp_path: Path) -> None:
    agent = {"10.70.0.20": looks()["10.70.0.20"]}
    with pytest.raises(Unreachable, match="10.70.0.12  it is gone"):
        backup.make(hosts(FakeTree(STATE), agent), str(tmp_path))


def test_a_tree_that_never_held_still_is_kept_and_said(inventory: Path, tmp_path: Path) -> None:
    made = backup.make(hosts(FakeTree(STATE, changes="/marathon/state")), str(tmp_path))
    assert not archives.read(str(made.file)).settled
    assert any("never held still" in line for line in told.warnings(made.backup))


@pytest.mark.parametrize(
    "tree, why",
    [
        (None, "10.70.0.10  ZooKeeper's tree cannot be read: nobody is dialled"),
        (FakeTree({}), "10.70.0.10  ZooKeeper has nothing below /marathon/state"),
        (FakeTree({"/marathon": Znode(), "/mesos": Znode()}), "ZooKeeper has nothing below /marathon/state"),
    ],
)
def test_nothing_is_written_where_there_is_no_state_to_keep(
    inventory: Path, tmp_path: Path, tree: FakeTree | None, why: str
) -> None:
    """Else a cron job would put empty backups in the place of those from before a loss."""
    with pytest.raises(Blocked, match=why):
        backup.make(hosts(tree), str(tmp_path))
    assert not list(tmp_path.glob("backup-*"))


def test_a_directory_of_an_inventory_is_kept_with_what_is_in_it(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVENTORY", str(inventory.parent))
    backup.make(hosts(FakeTree(STATE)), str(tmp_path))
    names = {name for name in written(tmp_path)[1] if name.startswith("inventory/")}
    assert names == {"inventory/hosts.ini", "inventory/group_vars/all"}


def test_an_inventory_beyond_all_bounds_is_refused(inventory: Path, tmp_path: Path) -> None:
    (inventory.parent / "group_vars/large").write_bytes(bytes(backup.SIZE + 1))
    with pytest.raises(BadInput, match="a backup keeps up to 100 files of an inventory"):
        backup.make(hosts(FakeTree(STATE)), str(tmp_path))


# Tried out


def test_a_backup_is_restored_into_a_scratch_zookeeper_and_read_back() -> None:
    tree = FakeTree()
    says = restore.check(hosts(tree, locked="serves 21810\n"), KEPT)
    assert says == "10.70.0.10  5 nodes restored into a scratch ZooKeeper and read back the same."
    assert tree.nodes == STATE


def test_a_host_on_which_no_scratch_zookeeper_comes_up_says_why() -> None:
    with pytest.raises(Blocked, match="10.70.0.10  scratch ZooKeeper: its image is not here. Pull it"):
        restore.check(hosts(None, locked="mesofab: its image is not here. Pull it\n"), KEPT)
    with pytest.raises(StepFailed, match="the scratch ZooKeeper cannot be used: nobody is dialled"):
        restore.check(hosts(None, locked="waits\nserves 21810\n"), KEPT)


# Restored


def restored(tree: FakeTree | None, kept: Backup = KEPT, marathon: str = "exited") -> str:
    return restore.restore(Run.of(hosts(tree, looks(marathon=marathon))), kept)


def test_an_empty_zookeeper_gets_all_of_it_and_one_that_masters_have_come_to_the_rest() -> None:
    for there, says in (
        ({}, "5 nodes in ZooKeeper as the backup has them."),
        ({"/mesos": Znode()}, "5 nodes, of which 1 were there before in ZooKeeper as the backup has them."),
    ):
        tree = FakeTree(there)
        assert restored(tree) == says
        assert tree.nodes == STATE


@pytest.mark.parametrize("breaks", range(5))
def test_a_restore_that_was_cut_short_anywhere_is_continued(breaks: int) -> None:
    tree = FakeTree(breaks=breaks)
    with pytest.raises(Blocked, match="ZooKeeper's tree cannot be read or written: /.*: ConnectionLoss"):
        restored(tree)
    assert len(tree.nodes) == breaks
    again = FakeTree(tree.nodes)
    restored(again)
    assert again.nodes == STATE


def test_a_restore_is_a_change_for_the_record_unless_all_was_there() -> None:
    for there, steps in (({}, ["restore 5 nodes"]), (STATE, [])):
        place = hosts(FakeTree(there), looks(marathon="exited"))
        restore.restore(Run.of(place), KEPT)
        assert [step.title for _, step in place.journal.progress.done] == steps
        assert place.journal.progress.changed is bool(steps)


def test_a_restore_over_another_state_is_refused_and_writes_nothing() -> None:
    for there, why in (
        ({"/marathon": Znode(b"x")}, r"ZooKeeper has 1 node \(/marathon\) that the backup has otherwise"),
        (
            {"/marathon": Znode(), "/marathon/a": Znode(), "/marathon/b": Znode()},
            r"has 2 nodes \(/marathon/a, /marathon/b\) that the backup does not have. .* rmr /marathon`",
        ),
    ):
        tree = FakeTree(there)
        with pytest.raises(Blocked, match=why):
            restored(tree)
        assert tree.nodes == there


class Huge(FakeTree):
    """A ZooKeeper with more than a backup can have."""

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        raise TooLarge("ZooKeeper has more than 9 nodes there")


def test_a_tree_beyond_all_limits_is_refused_by_backup_and_restore(inventory: Path, tmp_path: Path) -> None:
    with pytest.raises(
        Blocked, match="10.70.0.10  ZooKeeper has more than 9 nodes there, which is more than"
    ):
        backup.make(hosts(Huge()), str(tmp_path))
    with pytest.raises(Blocked, match="10.70.0.10  ZooKeeper has more than 9 nodes there, which no backup"):
        restored(Huge())


def test_other_nodes_of_the_masters_are_no_hindrance() -> None:
    restored(FakeTree({"/mesos": Znode(), "/mesos/more": Znode()}))


@pytest.mark.parametrize("status", ["running", "restarting", "paused"])
def test_a_restore_beside_a_marathon_is_refused(status: str) -> None:
    tree = FakeTree()
    with pytest.raises(Blocked, match=r"10.70.0.10, .11, .12 run Marathons, .* `fab marathon.stop` stops it"):
        restored(tree, marathon=status)
    assert tree.nodes == {}


def test_a_restore_beside_a_marathon_that_hosts_ini_does_not_name_is_refused() -> None:
    tree = FakeTree(standing=[Candidacy(LATCH, "10.9.9.9:8080", 5, 1)])
    with pytest.raises(Blocked, match="10.9.9.9:8080 stands for election"):
        restored(tree)


@pytest.mark.parametrize(
    "other, why",
    [
        (replace(KEPT, cluster="other"), "it is a backup of the cluster 'other', hosts.ini is of 'mesos'"),
        (replace(KEPT, roots=Roots("/m", "/mesos")), "it was taken from /m, /mesos in ZooKeeper"),
    ],
)
def test_a_backup_of_another_cluster_is_refused(other: Backup, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        restored(FakeTree(), other)


def test_nodes_with_rights_of_their_own_are_refused_but_for_the_masters() -> None:
    own = Znode(acl=(Right(31, "digest", "ann:x"),))
    with pytest.raises(Blocked, match=r"the backup has 1 node \(/marathon\) that not everybody may change"):
        restored(FakeTree(), replace(KEPT, tree={**STATE, "/marathon": own}))
    tree = FakeTree()
    restored(tree, replace(KEPT, tree={**STATE, "/mesos": own}))
    assert tree.nodes["/mesos"].acl == OPEN, "a deploy sees to who owns it"


def test_a_restore_needs_every_host_of_zookeeper_and_marathon() -> None:
    with pytest.raises(BadInput, match="leave out -H"):
        restore.restore(Run.of(hosts(FakeTree()).among(["10.70.0.10"])), KEPT)
