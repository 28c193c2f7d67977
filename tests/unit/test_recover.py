"""After an outage of all: who has the newest data, who may start when, and that no empty majority wins."""

import subprocess
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import adler32

import pytest
from fake_ensemble import FakeEnsemble
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted

from tasks.engine import recover
from tasks.engine.hosts import Inquiry
from tasks.engine.run import Run
from tasks.errors import BadInput, Blocked
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan.look.observed import Observed
from tasks.plan.look.sections import Unreadable
from tasks.plan.mesos_master import outage as masters
from tasks.plan.mesos_master.desired import data as log
from tasks.plan.step import Action, Step
from tasks.plan.zookeeper import endings, outage
from tasks.plan.zookeeper.desired import data
from tasks.plan.zookeeper.endings import Ending

FILES = ("log.300000001", "snapshot.300000007")


def ensemble(size: int) -> Cluster:
    return parse("[zookeeper]\n" + "".join(f"10.0.0.{id} myid={id}\n" for id in range(1, size + 1)))


def holding(cluster: Cluster, files: Mapping[int, Sequence[str]]) -> dict[str, Observed]:
    return {
        node.name: Observed(holdings={data(node): tuple(files[node.myid])})
        for node in cluster.ensemble
        if node.myid in files
    }


def refused(cluster: Cluster, seen: Mapping[str, Observed], **epochs: int) -> str:
    told = {f"10.0.0.{name[1:]}": Ending(epoch) for name, epoch in epochs.items()}
    return ": ".join(outage.refusal(cluster, outage.left(cluster, seen, told), seen))


THREE = ensemble(3)


def test_the_newest_is_told_by_epoch_and_then_by_its_last_transaction() -> None:
    seen = holding(THREE, {1: ["log.200000001"], 2: ["log.200000001"], 3: []})
    ends = {"10.0.0.1": Ending(2, 0x20000000A), "10.0.0.2": Ending(2, 0x200000007)}
    assert list(outage.told(outage.left(THREE, seen, ends))) == [
        ("10.0.0.1", "ZooKeeper: epoch 2, last transaction 0x20000000a, the newest"),
        ("10.0.0.2", "ZooKeeper: epoch 2, last transaction 0x200000007, older"),
        ("10.0.0.3", "ZooKeeper: no data"),
    ]
    ends["10.0.0.2"] = Ending(3, 0x200000007)
    assert [one.node.name for one in outage.left(THREE, seen, ends)] == ["10.0.0.2", "10.0.0.1", "10.0.0.3"]
    alike = holding(THREE, dict.fromkeys((1, 2, 3), ["snapshot.300000007"]))
    assert [text for _, text in outage.told(outage.left(THREE, alike, {}))] == [
        "ZooKeeper: epoch unknown, last transaction 0x300000007, the newest"
    ] * 3


def test_if_one_last_transaction_cannot_be_read_all_are_compared_by_names_of_files() -> None:
    seen = holding(THREE, {1: ["log.200000001"], 2: ["log.200000009"]})
    ends = {"10.0.0.1": Ending(2, 0x20000000A), "10.0.0.2": Ending(2)}
    assert list(outage.told(outage.left(THREE, seen, ends))) == [
        (
            "10.0.0.2",
            "ZooKeeper: epoch 2, newest file from 0x200000009 (its last transaction could not be read), "
            "the newest",
        ),
        ("10.0.0.1", "ZooKeeper: epoch 2, newest file from 0x200000001, older"),
    ]


def logged(*zxids: int, size: int = 40) -> bytes:
    """A log with these transactions."""
    text = b"ZKLG" + (2).to_bytes(4) + bytes(8)
    for zxid in zxids:
        body = bytes(12) + zxid.to_bytes(8) + bytes([zxid % 251] * size)
        text += adler32(body).to_bytes(8) + len(body).to_bytes(4) + body + b"B"
    return text


def read_from(where: Path, **files: bytes) -> Ending:
    """What is read from a member's directory with these files, by a real shell."""
    node = parse(f"[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nzookeeper_dir={where}").ensemble[0]
    Path(data(node)).mkdir(parents=True)
    for name, content in files.items():
        Path(data(node), name.replace("_", ".")).write_bytes(content)
    names = [name.replace("_", ".") for name in files]
    done = subprocess.run(
        ["sh"], input=endings.asking(node, names, "m"), capture_output=True, text=True, check=True, timeout=60
    )
    return endings.read(done.stdout, "m")


SOME = range(0x200000001, 0x200000BB8)
"""More transactions than are read of a log."""


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (logged(*SOME), SOME[-1]),
        (logged(*SOME) + bytes(1 << 20), SOME[-1]),
        (logged(0x200000001) + bytes(1 << 23), 0x200000001),
        (logged(*SOME) + logged(0x300000001)[16:60] + bytes(1 << 20), SOME[-1]),
        (logged(0x200000001) + bytes(512 - len(logged(0x200000001))), 0x200000001),
        (logged(0x200000001, size=1 << 17), None),
        (logged(), None),
        (b"", None),
    ],
    ids=["full", "padded", "short", "torn", "a line", "too large", "without any", "empty"],
)
def test_the_last_transaction_is_read_from_the_end_of_the_newest_log(
    tmp_path: Path, content: bytes, last: int | None
) -> None:
    files = {"log_200000001": content, "log_f": logged(0xF), "currentEpoch": b"2"}
    assert read_from(tmp_path, **files) == Ending(2, last)


def test_without_files_nothing_is_read(tmp_path: Path) -> None:
    assert read_from(tmp_path) == Ending()


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({1: FILES, 2: FILES, 3: ()}, ""),
        ({1: FILES, 2: FILES}, ""),
        ({1: FILES, 2: (), 3: ()}, "10.0.0.1 has data, and 2 members must"),
        ({1: FILES, 2: ()}, "bring 10.0.0.3 back, which may have data"),
        ({1: (), 2: (), 3: ()}, "`fab restore` a backup"),
    ],
)
def test_too_few_with_data_never_start(files: Mapping[int, Sequence[str]], why: str) -> None:
    told = refused(THREE, holding(THREE, files))
    assert why in told if why else told == ": "


def test_one_whose_epoch_is_older_than_its_files_is_named() -> None:
    seen = holding(THREE, {1: FILES, 2: FILES, 3: FILES})
    assert "10.0.0.2: its epoch 2 is older than its files, which are of epoch 3" in refused(THREE, seen, n2=2)
    assert refused(THREE, seen, n2=3) == ": "


@given(st.text(max_size=30), st.text(max_size=30) | st.binary().map(lambda each: b64encode(each).decode()))
def test_whatever_a_host_says_an_epoch_and_a_transaction_are_numbers_or_unknown(said: str, log: str) -> None:
    with suppress(Unreadable):
        found = endings.read(f"\nm epoch\n{said}\nm log\n{log}\nm end\n", "m")
        assert found.epoch is None or 0 <= found.epoch < 10**10
        assert found.last is None or 0 <= found.last < 1 << 64


# Masters


def of_masters(having: Collection[int], seen: Collection[int] = (1, 2, 3)) -> str:
    cluster = parse(
        "[zookeeper]\n10.0.1.1 myid=1\n[mesos_master]\n"
        + "".join(f"10.0.0.{n} number={n}\n" for n in (1, 2, 3))
    )
    looks = {
        node.name: Observed(holdings={log(node): ("CURRENT", "000005.log") if node.number in having else ()})
        for node in cluster.having("mesos_master")
        if node.number in seen
    }
    told = dict(masters.told(cluster, looks))
    assert all(("newest file 000005" in told[f"10.0.0.{n}"]) is (n in having) for n in seen)
    return ": ".join(masters.refusal(cluster, masters.holding(cluster, looks), looks))


def test_masters_start_if_a_quorum_has_its_log_and_else_it_is_said_what_helps() -> None:
    assert of_masters([1, 2]) == ": "
    assert "10.0.0.1 has a log, and 2 of 3 masters must" in of_masters([1])
    assert "bring 10.0.0.3 back" in of_masters([1], [1, 2])
    assert "begins a new one" in of_masters([])


# Whole runs


@dataclass
class State:
    """Which members have all writes, or any data at all, which are up; `cut` steps are done before Ctrl-C."""

    cluster: Cluster
    newest: set[str]
    lagging: set[str]
    up: set[str]
    lost: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    cut: int = -1

    @property
    def having(self) -> set[str]:
        return self.newest | self.lagging

    def settle(self) -> None:
        """Have those that are up elect the newest of them, if they are a majority: all others follow it."""
        size = len(self.cluster.ensemble)
        if len(self.up) > size // 2:
            assert self.up & self.newest, f"a majority without the last writes after {self.done}"
            self.newest |= self.up
            self.lagging -= self.up

    @property
    def serves(self) -> bool:
        return len(self.up) > len(self.cluster.ensemble) // 2


class Members(FakeEnsemble[State]):
    """ZooKeepers after an outage; each look and each answer is that of now."""

    def __init__(self, state: State) -> None:
        super().__init__(state.cluster, state)
        self._lost = state.lost

    def inquire(self, node: Node, inquiry: Inquiry[object], staying: object = None) -> object:  # type: ignore[override]
        assert inquiry.what == "look at its last transaction"
        epoch = 3 if node.name in self.state.newest else 2 if node.name in self.state.lagging else None
        return Ending(epoch, epoch and epoch << 32 | 7)

    def _seen(self, node: Node) -> Observed:
        state, seen = self.state, as_wanted(self.state.cluster, node)
        status = "running" if node.name in state.up else "exited"
        containers = {name: replace(one, status=status) for name, one in seen.containers.items()}
        files = (
            FILES if node.name in state.newest else ("log.200000001",) if node.name in state.lagging else ()
        )
        answers = self.answers_of(node.address)
        return replace(seen, containers=containers, answers=answers, holdings={data(node): files})

    def leader(self) -> str:
        return min(self.state.up)

    def says_of(self, address: str, word: str) -> str:
        if address in self.state.up and not self.state.serves:
            return "This ZooKeeper instance is not currently serving requests\n"
        return super().says_of(address, word)

    def do(self, name: str, step: Step) -> None:
        state, short = self.state, name.rpartition(".")[2]
        if step.action is Action.STOP:
            assert name not in state.having, "one with data was stopped"
            state.up.discard(name)
            state.done.append(f"stop {short}")
        elif step.action is Action.START:
            state.up.add(name)
            state.done.append(f"start {short}")
            state.settle()


def state(size: int, newest: Collection[int], lagging: Collection[int], up: Collection[int]) -> State:
    named = [{f"10.0.0.{id}" for id in those} for those in (newest, lagging, up)]
    return State(ensemble(size), named[0], named[1], named[2])


def test_the_newest_starts_before_others_that_could_be_a_majority_without_it() -> None:
    now = state(3, [3], [1, 2], [])
    recover.recover(Run(Members(now)))
    assert now.done == ["start 3", "start 1", "start 2"]


def test_those_with_data_start_together_and_one_without_waits_even_if_it_ran() -> None:
    now = state(3, [1], [2], [3])
    recover.recover(Run(Members(now)))
    assert now.done == ["stop 3", "start 1", "start 2", "start 3"] and len(now.newest) == 3


def test_two_of_five_without_data_start_one_at_a_time() -> None:
    now = state(5, [1, 2], [3], [4])
    recover.recover(Run(Members(now)))
    assert now.done == ["stop 4", "start 1", "start 2", "start 3", "start 4", "start 5"]


def test_a_host_that_is_lost_is_told_and_left_out_if_there_are_enough_without_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = state(3, [1, 2], [], [])
    now.lost = {"10.0.0.3"}
    recover.recover(Run(Members(now)))
    assert now.done == ["start 1", "start 2"]
    assert "10.0.0.3 not seen: it is gone" in " ".join(capsys.readouterr().out.split())
    few = state(3, [1], [], [])
    few.lost = {"10.0.0.3"}
    with pytest.raises(Blocked, match=r"Bring 10.0.0.3 back, .* Nothing was started."):
        recover.recover(Run(Members(few)))
    assert few.done == []


def test_a_preview_changes_nothing_and_says_who_starts_when() -> None:
    now = state(3, [1], [2], [3])
    lines = [*recover.preview(Run(Members(now))).lines()]
    assert now.done == []
    assert lines[-1] == "ZooKeeper starts: 10.0.0.1, .2, then 10.0.0.3, one at a time."
    with pytest.raises(BadInput, match="leave out -H"):
        recover.preview(Run(Members(now).among(["10.0.0.1"])))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_is_left_and_wherever_a_run_is_cut_no_write_that_a_majority_has_is_lost(
    data: st.DataObject,
) -> None:
    """Last writes are on some, as others may have lost their disks since; the rest lags or has nothing."""
    size = data.draw(st.sampled_from([3, 5, 7]))
    ids = st.integers(1, size)
    newest = data.draw(st.sets(ids, min_size=1))
    others = {*range(1, size + 1)} - newest
    lagging = data.draw(st.sets(st.sampled_from(sorted(others)))) if others else set()
    empty = others - lagging
    up = data.draw(st.sets(st.sampled_from(sorted(empty)))) if empty else set()
    up |= data.draw(st.sets(st.sampled_from(sorted(lagging)))) if lagging else set()
    now = state(size, newest, lagging, up if len(up) <= size // 2 else [])
    enough = len(newest | lagging) > size // 2
    for now.cut in (data.draw(st.integers(0, 2 * size)), -1):
        with suppress(KeyboardInterrupt, *([] if enough else [Blocked])):
            recover.recover(Run(Members(now)))
    assert (len(now.up) == size) is enough
    assert enough or not [each for each in now.done if each.startswith("start")]
