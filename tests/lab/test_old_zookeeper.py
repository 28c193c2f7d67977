"""ZooKeeper 3.4: its members change and are replaced as those of 3.8 are, and it is upgraded."""

import re
from collections.abc import Iterator

import pytest
from operators import INVENTORY, SOON, TRIO, Inventory, Run, inside, instead, lay_bare, leaving, without
from writer import writing

from lab import hosts, images, registry, waiting
from lab.errors import LabError
from tasks.engine.removing import OUT

MORE = ("10.70.0.21", "10.70.0.22")

DATA = "/opt/zookeeper/data/version-2"


@pytest.fixture
def old_zookeeper(lab: None) -> str:
    """Have the registry hold a ZooKeeper 3.4, unless Debian 11 is gone from the mirrors."""
    try:
        images.build_missing([images.OLD_ZOOKEEPER])
    except LabError as error:
        pytest.skip(str(error))
    registry.push_missing([images.OLD_ZOOKEEPER.tag])
    return images.OLD_ZOOKEEPER.tag


def has_snapshot() -> dict[str, bool]:
    return {node: "snapshot." in inside(node, f"ls {DATA}") for node in TRIO}


def srvr(node: str) -> str:
    """What a ZooKeeper says of itself; none that serves leaves out its `Mode:`."""
    return inside(node, f"bash -c 'exec 3<>/dev/tcp/{node}/2181 && printf srvr >&3 && cat <&3' || :")


def transferred(node: str) -> None:
    """Have a member lose its data and get them all from its leader, which makes a snapshot."""
    inside(node, f"docker stop zookeeper && rm -rf {DATA} && docker start zookeeper")
    waiting.until("it to follow", SOON, lambda: None if "Mode:" in srvr(node) else "it does not")


def test_zookeeper_3_4_goes_to_3_8_in_one_run_under_writes_also_without_snapshots(
    bare: None, old_zookeeper: str, fab: Run, inventory: Inventory
) -> None:
    text = INVENTORY.read_text().replace(f"={images.ZOOKEEPER.tag}", f"={old_zookeeper}")
    done = fab("deploy-zookeeper", inventory=inventory(text=text))
    assert done.code == 0, done.said
    with writing() as written:
        waiting.until("some writes", SOON, lambda: None if len(written.names) > 9 else "too few")
        transferred(TRIO[0])
        # Of the two that were there first none has one; whoever came later may.
        lacking = {node for node, has in has_snapshot().items() if not has}
        assert lacking and TRIO[0] not in lacking
        done = fab("deploy-zookeeper")
        assert done.code == 0, done.said
    assert "ZooKeeper 3.4.13 -> 3.8.0: 3.4 does not know all that 3.5 and later write" in done.said
    made = re.findall(r"^(10\S+)  2\.5 snapshot\.0.*changed", done.said, re.MULTILINE)
    assert {*made} == lacking
    assert all(has_snapshot().values())
    assert ["version: 3.8.0" in srvr(node) for node in TRIO] == [True] * 3
    written.must_be_there(*TRIO)
    assert "Nothing to do on 3 hosts" in fab("deploy-zookeeper").said


@pytest.fixture
def five(bare: None, old_zookeeper: str, fab: Run, inventory: Inventory) -> Iterator[str]:
    """An ensemble of five on 3.4; its hosts.ini, which has nothing else."""
    hosts.up(agents=3)
    _, _, variables = INVENTORY.read_text().partition("[all:vars]")
    members = "".join(f"{node} myid={id}\n" for id, node in enumerate((*TRIO, *MORE), start=1))
    variables = variables.replace(f"={images.ZOOKEEPER.tag}", f"={old_zookeeper}")
    text = f"[zookeeper]\n{members}\n[all:vars]{variables}"
    done = fab("deploy-cluster", inventory=inventory(text=text))
    assert done.code == 0, done.said
    yield text
    lay_bare()
    hosts.up(agents=1)


def test_members_of_3_4_leave_and_are_replaced_under_a_writer_and_no_write_is_lost(
    five: str, fab: Run, inventory: Inventory
) -> None:
    three = without(five, *MORE)
    with writing() as written:
        done = fab("deploy-cluster", inventory=inventory(text=leaving(five, *MORE)))
        assert done.code == 0 and done.said.count(OUT) == 2, done.said
        written.must_be_there(*TRIO)

        low = fab("plan", inventory=inventory(text=instead(three, TRIO[0], MORE[0])))
        assert low.code == 6 and "have higher ids and 3.4.13" in low.said, low.said
        high = fab("deploy-cluster", inventory=inventory(text=instead(three, TRIO[2], MORE[0])))
        assert high.code == 0 and f"{TRIO[2]}: {OUT}" in high.said, high.said
        now = (*TRIO[:2], MORE[0])
        written.must_be_there(*now)

        # What the refusal says instead: a new machine at the old address.
        inside(TRIO[0], "docker rm -f zookeeper && rm -rf /opt/zookeeper /var/lib/mesofab*")
        last = inventory(text=without(three.replace(TRIO[2], MORE[0]), "[removed]"))
        filled = fab("deploy-cluster", inventory=last)
        assert filled.code == 0, filled.said
    written.must_be_there(*now)
    assert ["version: 3.4.13" in srvr(node) for node in now] == [True] * 3
    again = fab("deploy-cluster", inventory=last)
    assert "Nothing to do on 3 hosts" in again.said, again.said
