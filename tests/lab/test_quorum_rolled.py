"""ZooKeeper's members come to authenticate each other under a writer, and back; who cannot is put back."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from operators import TRIO, Inventory, Run, inside
from test_cluster import kill_at
from test_credentials_rolled import SHOWN, assert_unseen, secrets
from writer import writing

from verify.four_letter_words import ask

HOME = "/etc/mesofab-secure/zookeeper"
FILE = f"{HOME}/jaas.conf"
PROVEN = "Successfully completed the authentication using SASL"
STAGE = "ZooKeeper's members authenticate each other, stage {} of 3"
SPOIL = """
tries=600; until docker inspect zookeeper.next >/dev/null 2>&1 || [ $((tries -= 1)) = 0 ]; do sleep 0.1; done
"""
"""Waits until a successor is made, which is before the member ends."""

Secured = Callable[[str], Path]


def stages() -> list[int]:
    """Say with how many of the three lines of zoo.cfg each member runs."""
    return [
        int(inside(node, "docker exec zookeeper grep -c ^quorum.auth /conf/zoo.cfg || :")) for node in TRIO
    ]


@pytest.fixture
def secured(inventory: Inventory, tmp_path: Path) -> Secured:
    """Write an inventory with that security."""

    def write(security: str) -> Path:
        return inventory(
            f"security={security}\nsecrets_file=s.yml\ngate_timeout=30\nzookeeper_gap_budget=120"
        )

    return write


def test_members_come_to_authenticate_each_other_and_back_under_a_writer(
    ensemble: None, fab: Run, secured: Secured, tmp_path: Path
) -> None:
    known, said = secrets(tmp_path / "s.yml"), []

    def typed(*words: str, security: str) -> str:
        done = fab(*words, inventory=secured(security))
        assert done.code == 0, done.said
        said.append(done.said)
        return done.said

    with writing() as written:
        typed("deploy-zookeeper", security="permissive")
        assert stages() == [1, 1, 1]
        assert "Nothing to do" in typed("deploy-zookeeper", security="permissive")
        rights = f"stat -c '%a %u' {HOME} {FILE}"
        assert all(inside(node, rights) == "700 0\n400 1000" for node in TRIO)
        plan = typed("plan", security="strict")
        assert plan.index(STAGE.format(2)) < plan.index(STAGE.format(3))
        kill_at(STAGE.format(3), secured("strict"), "deploy-zookeeper")
        assert STAGE.format(2) not in typed("deploy-zookeeper", security="strict")
        assert stages() == [3, 3, 3]
        assert all(PROVEN in inside(node, "docker logs zookeeper 2>&1") for node in TRIO)
        said += [inside(node, f"{SHOWN}:") for node in TRIO]
        back = typed("deploy-zookeeper", security="open")
        assert [STAGE.format(number) in back for number in (3, 2, 1, 0)] == [False, True, True, True]
        assert stages() == [0, 0, 0] and all(
            not inside(node, f"ls {HOME} 2>&1 || :").count("jaas") for node in TRIO
        )
    written.must_be_there(TRIO[0])
    for text in said:
        assert_unseen(text, known)


@pytest.mark.parametrize(
    ("security", "spoil"),
    [("permissive", f"chown 0 {FILE}.next {FILE}"), ("strict", f"sed -i 's/password=./&x/' {FILE}")],
    ids=["unreadable", "another secret"],
)
def test_a_member_that_cannot_authenticate_is_put_back_and_the_others_serve_on(
    ensemble: None, fab: Run, secured: Secured, tmp_path: Path, security: str, spoil: str
) -> None:
    secrets(tmp_path / "s.yml")
    if security == "strict":
        assert fab("deploy-zookeeper", inventory=secured("permissive")).code == 0
    before, first = stages(), next(node for node in TRIO if "Mode: follower" in ask(node, 2181, "srvr"))
    spoiling = Thread(target=inside, args=(first, f"{SPOIL}{spoil} 2>&1 || :"))
    spoiling.start()
    done = fab("deploy-zookeeper", inventory=secured(security))
    spoiling.join()
    assert done.code == 10, done.said
    assert f"it cannot read {FILE}, or has another secret there than the others" in done.said
    assert "the previous container is back and serves" in done.said and stages() == before
    mended = fab("deploy-zookeeper", inventory=secured(security))
    assert mended.code == 0, mended.said
    assert fab("deploy-zookeeper", inventory=secured("open")).code == 0
