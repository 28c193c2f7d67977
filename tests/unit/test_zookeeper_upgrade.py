"""Another version of ZooKeeper: every member can read its data, and nobody ever costs the quorum."""

import os
import struct
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest
from fake_hosts import FakeHosts
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted, first_node

from tasks.engine.preview import previewed
from tasks.engine.run import Run
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.gate import Standing
from tasks.plan.look.observed import Observed
from tasks.plan.names import Id
from tasks.plan.roll import next_turn
from tasks.plan.runbook import ZOOKEEPER
from tasks.plan.schedule import schedule
from tasks.plan.script import runnable
from tasks.plan.shell import STATE
from tasks.plan.step import Action, HostPlan, Step
from tasks.plan.zookeeper import snapshot, upgrade
from tasks.plan.zookeeper.desired import CONTAINER, data

OLD, NEW = "zookeeper:3.4.13", "zookeeper:3.8.0"
DATA = "/opt/zookeeper/data/version-2"
LOG, LATER = "log.100000001", "log.200000001"
SNAPSHOT = "snapshot.100000042"


@cache
def members(image: str, count: int = 3) -> Cluster:
    hosts = "".join(f"10.0.0.{id} myid={id}\n" for id in range(1, count + 1))
    return parse(f"[zookeeper]\n{hosts}[all:vars]\nzookeeper_image={image}\n")


@dataclass
class Member:
    """One member: what it was made from, what lies in its directory, whether it runs."""

    names: frozenset[str]
    image: str = OLD
    up: bool = True


@dataclass
class World:
    """An ensemble as it is; whoever leads does so as long as it runs, and then the last of those that do."""

    members: dict[str, Member]
    leader: str | None = None
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.elect()

    @property
    def serving(self) -> list[str]:
        up = [name for name, one in self.members.items() if one.up]
        return up if len(up) > len(self.members) // 2 else []

    def elect(self) -> None:
        if self.leader not in self.serving:
            self.leader = max(self.serving, default=None)

    def seen(self) -> dict[str, Observed]:
        return {node.name: self._host(node) for node in members(OLD, len(self.members)).nodes}

    def _host(self, node: Node) -> Observed:
        one = self.members[node.name]
        here = members(one.image, len(self.members))
        seen = as_wanted(here, next(each for each in here.nodes if each.name == node.name))
        status = replace(seen.container(CONTAINER), status="running" if one.up else "exited")
        images = {**seen.images, NEW: replace(seen.images[one.image], id="sha256:8")}
        if one.image == NEW:
            status = replace(status, made_of=("sha256:8",))
        return replace(
            seen,
            images=images,
            containers={CONTAINER: status},
            holdings={data(node): tuple(one.names)},
            answers=self._says(node.name),
        )

    def _says(self, name: str) -> dict[str, str]:
        if name not in self.serving:
            return {"zookeeper srvr": "", "zookeeper mntr": ""}
        mode = "leader" if name == self.leader else "follower"
        version = self.members[name].image.partition(":")[2]
        synced = f"zk_synced_followers\t{len(self.serving) - 1}\n" if mode == "leader" else ""
        return {
            "zookeeper srvr": f"Zookeeper version: {version}-1, built on x\nMode: {mode}\n",
            "zookeeper mntr": synced,
        }

    def plans(self, image: str = NEW) -> Mapping[str, HostPlan]:
        cluster = members(image, len(self.members))
        return runbook.plans([ZOOKEEPER], cluster, cluster.nodes, self.seen())

    def run(self, cut: int | None) -> None:
        """Upgrade as a deploy does; cut it off before that command, or after a member was stopped by it."""
        commands = self._commands(cut)
        for count, _ in enumerate(commands):
            if count == cut:
                commands.close()  # type: ignore[attr-defined]
                return

    def _commands(self, cut: int | None) -> Iterator[None]:
        plans = self.plans()
        assert not any(plan.blockers for plan in plans.values())
        before = {"zookeeper": self.standing()}
        for entry in schedule([ZOOKEEPER], plans, [ZOOKEEPER]):
            if entry.kind in ("stage", "start", "settle"):
                for name, steps in entry.steps.items():
                    for step in steps:
                        yield from self.act(name, step)
            waiting = list(entry.members)
            while waiting:
                turn = next_turn({"zookeeper": self.standing()}, before, waiting)
                assert turn.members, turn
                for member in turn.members:
                    waiting.remove(member)
                    for step in plans[member.node].in_phase("replace"):
                        yield from self.act(member.node, step)

    def standing(self) -> Standing:
        return Standing(len(self.members), len(self.members) // 2 + 1, frozenset(self.serving), self.leader)

    def act(self, name: str, step: Step) -> Iterator[None]:
        """Do what a step does, and what ZooKeeper does then; each point may be the last one."""
        yield
        one, stood = self.members[name], bool(self.serving)
        if step.action is Action.WRITE and step.id is Id.ZOOKEEPER_RUN:
            one.names |= {snapshot.NAME}
        if step.action is Action.REPLACE:
            one.up = False
            self.elect()
            assert not stood or self.serving or len(self.members) < 3, "the quorum was lost"
            yield
            one.image = NEW
        if step.action in (Action.REPLACE, Action.START, Action.RUN):
            new = one.image == NEW
            assert not (new and snapshot.lacks(one.names)), f"{name} would end: no snapshot"
            one.up = True
            self.elect()
        self.done.append(f"{name} {step.action.name}")


def three(*names: set[str], leader: str = "10.0.0.2") -> World:
    return World({f"10.0.0.{id}": Member(frozenset(own)) for id, own in enumerate(names, start=1)}, leader)


MIXED = ({LOG}, {LOG, LATER, SNAPSHOT}, {LOG, LATER})


def texts(world: World, image: str = NEW) -> list[str]:
    return [f"{name} {step}" for name, plan in world.plans(image).items() for step in plan.steps]


def refusals(world: World, image: str = NEW) -> list[str]:
    return [f"{name} {one}" for name, plan in world.plans(image).items() for one in plan.blockers]


def test_a_member_with_a_log_alone_gets_a_snapshot_before_anything_is_stopped() -> None:
    world = three(*MIXED)
    world.run(None)
    assert world.done[:2] == ["10.0.0.1 WRITE", "10.0.0.3 WRITE"]
    replaced = [line for line in world.done if line.endswith("REPLACE")]
    assert replaced == ["10.0.0.1 REPLACE", "10.0.0.3 REPLACE", "10.0.0.2 REPLACE"]
    assert not texts(world)


def test_the_plan_says_so_and_why() -> None:
    (line,) = [each for each in texts(three(*MIXED)) if each.startswith("10.0.0.1 2.5 snap")]
    assert line == (
        "10.0.0.1 2.5 snapshot.0: its data are a log alone, on which ZooKeeper 3.5 and later do not start; "
        "this one, of the empty tree, changes nothing of them"
    )


@pytest.mark.parametrize("image", [OLD, "zookeeper:3.4.14"])
def test_nobody_gets_one_who_stays_with_3_4(image: str) -> None:
    assert not [line for line in texts(three(*MIXED), image) if "snapshot" in line]


def test_an_image_whose_tag_tells_nothing_may_be_one_that_needs_it() -> None:
    assert [line for line in texts(three(*MIXED), "zookeeper:stable") if "2.5 snapshot.0" in line]


holdings = st.sampled_from([{LOG}, {LOG, LATER}, {LOG, SNAPSHOT}, {LATER, SNAPSHOT}, {snapshot.NAME, LOG}])


@settings(max_examples=50, deadline=None)
@given(
    own=st.lists(holdings, min_size=1, max_size=5).filter(lambda own: len(own) % 2),
    upgraded=st.sets(st.integers(0, 4)),
    leader=st.integers(0, 4),
    cuts=st.lists(st.integers(0, 20), max_size=4),
)
def test_an_upgrade_cut_off_anywhere_and_run_again_ends_with_all_in_the_new_version(
    own: list[set[str]], upgraded: set[int], leader: int, cuts: list[int]
) -> None:
    world = three(*own, leader=f"10.0.0.{leader % len(own) + 1}")
    for place, member in enumerate(world.members.values()):
        if place in upgraded and not snapshot.lacks(member.names):
            member.image = NEW
    for cut in [*cuts, None]:
        world.run(cut)
    assert {member.image for member in world.members.values()} == {NEW}
    assert all(member.up for member in world.members.values())
    assert not texts(world)


# What is told and refused


def test_crossing_the_border_is_told_with_what_it_means() -> None:
    world = three(*MIXED)
    world.members["10.0.0.1"].image = "zookeeper:3.4.12"
    assert list(upgrade.told(members(NEW), world.seen(), world.plans())) == [
        "ZooKeeper 3.4.12 and 3.4.13 -> 3.8.0: 3.4 does not know all that 3.5 and later write, so there is "
        "no way back but a backup from before: `fab backup` makes one. Members of both serve together "
        "meanwhile."
    ]
    patch = "zookeeper:3.4.14"
    told = list(upgrade.told(members(patch), world.seen(), world.plans(patch)))
    assert told == ["ZooKeeper 3.4.12 and 3.4.13 -> 3.4.14: it rolls."]
    assert not list(upgrade.told(members(OLD), three(*MIXED).seen(), three(*MIXED).plans(OLD)))


def test_other_settings_are_no_other_version_although_the_tag_tells_none() -> None:
    stable = parse("[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nzookeeper_image=zookeeper:stable\n")
    seen = {node.name: as_wanted(stable, node) for node in stable.nodes}
    answers = {"zookeeper srvr": "Zookeeper version: 3.4.13-1, built on x\nMode: standalone\n"}
    seen = {name: replace(one, answers=answers, holdings={DATA: (LOG,)}) for name, one in seen.items()}
    other = parse(
        "[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nzookeeper_image=zookeeper:stable\nzookeeper_heap=1g\n"
    )
    plans = runbook.plans([ZOOKEEPER], other, other.nodes, seen)
    titles = [step.title for plan in plans.values() for step in plan.steps]
    assert titles == ["replace zookeeper", "remove zookeeper.prev"]
    assert not list(upgrade.told(other, seen, plans))


def test_a_way_back_over_the_border_is_refused_while_there_are_data() -> None:
    world = three(*MIXED)
    world.members["10.0.0.2"].image = NEW
    (line,) = refusals(world, OLD)
    assert line.startswith(
        "10.0.0.2 2.5 zookeeper: its data are of 3.8.0, hosts.ini wants 3.4.13: 3.4 does not know all that"
    )
    assert "docker stop zookeeper there and empty /opt/zookeeper/data/version-2" in line
    world.members["10.0.0.2"] = Member(frozenset(), NEW, up=False)
    world.elect()
    assert not refusals(world, OLD)


def test_a_way_back_can_be_overruled_by_name_by_who_knows_better() -> None:
    world = three(*MIXED)
    world.members["10.0.0.2"].image = NEW
    cluster = members(OLD)
    knowing = replace(
        cluster, settings=replace(cluster.settings, preflight_ignore=("zookeeper-version",)), raw=None
    )
    found = {
        each: previewed(Run(FakeHosts(each), [ZOOKEEPER]), world.seen(), {}).plans
        for each in (cluster, knowing)
    }
    assert any(plan.blockers for plan in found[cluster].values())
    assert not any(plan.blockers for plan in found[knowing].values())
    assert found[knowing]["10.0.0.2"].in_phase("replace")


@pytest.mark.parametrize("log", ["log.10000a001", LATER])
def test_a_log_that_has_lost_its_beginning_is_not_taken_for_a_whole_one(log: str) -> None:
    world = three({log}, {LOG, SNAPSHOT}, {SNAPSHOT})
    (line,) = refusals(world)
    assert line.startswith("10.0.0.1 2.5 zookeeper: its data are a log that does not begin at the beginning")
    assert not [line for line in texts(world) if "2.5 snapshot.0" in line]
    assert not refusals(world, OLD)


# The file itself


def text(told: bytes) -> tuple[str, bytes]:
    (size,) = struct.unpack_from(">i", told)
    return told[4 : 4 + size].decode(), told[4 + size :]


def read(told: bytes) -> list[str]:
    """Read a snapshot as FileSnap and DataTree do; give the paths in it, with its checksum compared."""
    assert struct.unpack_from(">4siqii", told) == (b"ZKSN", 2, -1, 0, 0)
    rest, paths = told[24:], []
    path, rest = text(rest)
    while path != "/":
        paths.append(path)
        assert struct.unpack_from(">iq4q3i2q", rest) == (0, -1, *[0] * 9)
        path, rest = text(rest[72:])
    assert struct.unpack_from(">q", rest) == (zlib.adler32(told[: -len(rest)]),)
    assert text(rest[8:]) == ("/", b"")
    return paths


def test_the_snapshot_is_what_every_zookeeper_begins_with(tmp_path: Path) -> None:
    home = tmp_path / "zk/data/version-2"
    home.mkdir(parents=True)
    _, node = first_node(f"zookeeper_dir={tmp_path}/zk")
    for _ in range(2):  # whoever was cut off does it again
        script = runnable([snapshot.step(node)]).replace(STATE, str(tmp_path / "state"))
        done = subprocess.run(
            ["sh"],
            input=script.replace("/run/mesofab.lock", str(tmp_path / "lock")),
            env={"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout
    assert [path.name for path in (tmp_path / "zk").rglob("*") if path.is_file()] == ["snapshot.0"]
    assert read((home / "snapshot.0").read_bytes()) == ["", "/zookeeper", "/zookeeper/quota"]


def test_root_writes_it_through_no_link(tmp_path: Path) -> None:
    _, node = first_node(f"zookeeper_dir={tmp_path}/zk")
    (tmp_path / "zk/data").mkdir(parents=True)
    (tmp_path / "zk/data/version-2").symlink_to(tmp_path)
    script = runnable([snapshot.step(node)]).replace("/run/mesofab.lock", str(tmp_path / "lock"))
    done = subprocess.run(
        ["sh"], input=script, env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "version-2 is a link" in done.stdout
    assert not (tmp_path / "snapshot.0").exists()
