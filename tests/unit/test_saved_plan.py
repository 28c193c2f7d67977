"""A saved plan: it says what would be done, holds no secret and no shell, and is kept to or refused."""

import json
import os
import resource
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fake_hosts import FakeHosts, ensemble_led_by
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import any_json, as_wanted

from tasks.engine import saving
from tasks.engine.deploy import deploy
from tasks.engine.preview import Preview
from tasks.engine.run import Run
from tasks.errors import BadInput, Blocked
from tasks.inventory.cluster import Cluster
from tasks.inventory.credentials import WHO, Credential, Credentials, Secret
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.outlook import Outlook
from tasks.plan.report import saved
from tasks.plan.report.document import Document
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER

PASSWORD = "marathon_environment=MESOSPHERE_KEYSTORE_PASS={}"
TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n[marathon]\n10.0.0.1\n10.0.0.2\n"


def trio(line: str = "") -> Cluster:
    return parse(f"{TRIO}[all:vars]\n{line}\n")


def running(cluster: Cluster, mode: str = "follower", ids: str = "a") -> dict[str, Observed]:
    """Every host as `cluster` wants it, its containers with ids of their own."""
    found = {}
    for node in cluster.nodes:
        well = as_wanted(cluster, node)
        containers = {
            name: replace(each, id=f"{ids}{node.name}{name}") for name, each in well.containers.items()
        }
        found[node.name] = replace(well, containers=containers, answers={"zookeeper srvr": f"Mode: {mode}\n"})
    return found


def bare(cluster: Cluster) -> dict[str, Observed]:
    """Every host as freshly installed."""
    return {node.name: Observed(addresses=frozenset({node.address}), engine=True) for node in cluster.nodes}


def made(wanted: Cluster, seen: dict[str, Observed]) -> Document:
    plans = runbook.plans(CHAPTERS, wanted, wanted.nodes, seen)
    return saved.made(CHAPTERS, wanted, plans, seen, Outlook())


def written(found: Document) -> Document:
    """The plan as it is read from its file again."""
    return saved.read(json.dumps({"saved": "2026-11-23T01:00:00Z", **found}))


def told(old: Document, new: Document) -> dict[str, list[str]]:
    """What is different now, by host."""
    by_host: dict[str, list[str]] = {}
    for name, line in saved.differences(written(old), new):
        by_host.setdefault(name, []).append(line)
    return by_host


OLD = trio()
NEW = trio("zookeeper_sync_limit=5")


def test_hosts_that_look_as_they_did_keep_the_plan() -> None:
    for wanted, seen in ((NEW, running(OLD)), (OLD, running(OLD)), (NEW, bare(NEW))):
        assert told(made(wanted, seen), made(wanted, seen)) == {}


def test_another_leader_is_no_other_plan() -> None:
    assert told(made(NEW, running(OLD)), made(NEW, running(OLD, mode="leader"))) == {}


def test_a_plan_to_do_nothing_is_kept_by_doing_nothing_only() -> None:
    found = told(made(OLD, running(OLD)), made(NEW, running(OLD)))
    assert set(found) == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
    assert found["10.0.0.1"][0] == "now: 2.2 zoo.cfg: syncLimit 2 -> 5"


def test_what_was_to_be_done_and_what_is_to_be_done_are_both_told() -> None:
    seen = running(OLD)
    containers = {k: v for k, v in seen["10.0.0.2"].containers.items() if k != "zookeeper"}
    removed = {**seen, "10.0.0.2": replace(seen["10.0.0.2"], containers=containers)}
    assert told(made(NEW, seen), made(NEW, removed)) == {
        "10.0.0.2": [
            "no longer: 2.5 replace zookeeper: zoo.cfg: syncLimit 2 -> 5",
            "no longer: 2.5 remove zookeeper.prev: kept until its successor has passed",
            "now: 2.5 run zookeeper: no such container",
        ]
    }


def test_a_new_obstacle_is_told() -> None:
    seen = running(OLD)
    path = "/opt/zookeeper/data/myid"
    other = replace(seen["10.0.0.3"], paths={**seen["10.0.0.3"].paths, path: Seen("regular file", "9\n")})
    (line,) = told(made(NEW, seen), made(NEW, {**seen, "10.0.0.3": other}))["10.0.0.3"]
    knows = "the other members know this address as 3"
    assert line == f"now: 2.3 myid: {path} says '9', hosts.ini says '3'; {knows}"


def test_other_hosts_are_told_both_ways() -> None:
    all_three = made(NEW, running(OLD))
    two = {**all_three, "hosts": {k: v for k, v in all_three["hosts"].items() if k != "10.0.0.3"}}
    assert told(two, all_three) == {"10.0.0.3": ["it is not in the plan"]}
    assert told(all_three, two) == {
        "10.0.0.3": ["it is in the plan, but not among the hosts of this run"],
    }


# Secrets


def test_a_secret_that_was_changed_again_is_noticed_though_no_reason_tells_it() -> None:
    seen = running(trio(PASSWORD.format("one")))
    old, new = made(trio(PASSWORD.format("two")), seen), made(trio(PASSWORD.format("three")), seen)
    assert told(old, old) == {}
    assert told(old, new) == {name: [saved.OTHER_COMMANDS] for name in ("10.0.0.1", "10.0.0.2")}


def secured(salt: str) -> Cluster:
    """The cluster with a master and secrets of its own, of which no step tells more than where they go."""
    text = TRIO.replace("[marathon]", "[mesos_master]\n10.0.0.1\n[marathon]")
    found = parse(f"{text}[all:vars]\nsecurity=permissive\nsecrets_file=/s\n")
    secrets = {who: Credential(who, Secret(f"{salt}-secret-of-{who}")) for who in WHO}
    return replace(found, credentials=Credentials(secrets))


def test_a_file_of_secrets_that_was_changed_again_is_noticed_where_it_would_be_written() -> None:
    plain = parse(TRIO.replace("[marathon]", "[mesos_master]\n10.0.0.1\n[marathon]"))
    one, two = secured("one"), secured("two")
    old, new = made(one, running(plain)), made(two, running(plain))
    assert told(old, made(one, running(plain))) == {}
    assert told(old, new)["10.0.0.1"] == [saved.OTHER_COMMANDS]
    assert "secret-of" not in json.dumps([old, new])
    # Without its containers' ids nobody could tell the two apart, whatever they try.
    assert old["hosts"]["10.0.0.1"] != made(one, running(plain, ids="b"))["hosts"]["10.0.0.1"]
    assert told(made(one, bare(one)), made(two, bare(two))) == {}


def test_the_digest_of_a_secret_cannot_be_found_again_without_the_ids_of_the_containers() -> None:
    wanted = trio(PASSWORD.format("two"))
    old = trio(PASSWORD.format("one"))
    one, other = made(wanted, running(old, ids="a")), made(wanted, running(old, ids="b"))
    for name in ("10.0.0.1", "10.0.0.2"):
        assert one["hosts"][name]["digest"] != other["hosts"][name]["digest"]
    # Where there are none, the digest is the same for all passwords.
    assert made(wanted, bare(wanted)) == made(old, bare(old))


@pytest.mark.parametrize("seen", [bare(OLD), running(trio(PASSWORD.format("geheim1")))])
def test_neither_a_secret_nor_any_shell_stands_in_a_saved_plan(seen: dict[str, Observed]) -> None:
    wanted = trio(PASSWORD.format("geheim2") + "\nmarathon_arguments=--ssl_keystore_password geheim3")
    found = made(wanted, seen)
    text = json.dumps(found)
    assert found["summary"]["steps"] > 0
    assert "geheim" not in text and "docker" not in text
    labels = [
        dict(each.labels)["mesofab.digest"] for node in wanted.nodes for each in containers(wanted, node)
    ]
    assert not [label for label in labels if label in text]


def containers(cluster: Cluster, node: Any) -> list[Any]:
    return runbook.containers(CHAPTERS, cluster, node)


# Files that are no plans, or not any more


def test_a_plan_that_was_tampered_with_is_refused() -> None:
    found = made(NEW, running(OLD))
    for field in ("id", "title", "reason", "risk", "phase", "changes"):
        tampered = deepcopy(found)
        tampered["hosts"]["10.0.0.1"]["steps"][0][field] = "something\x1b[2J else"
        assert told(tampered, found)["10.0.0.1"]
        assert "\x1b" not in str(told(tampered, found))
    tampered = deepcopy(found)
    tampered["hosts"]["10.0.0.1"]["digest"] = "0"
    assert told(tampered, found) == {"10.0.0.1": [saved.OTHER_COMMANDS]}


FIELDS = (
    "mesofab_plan",
    "saved",
    "hosts",
    "a",
    "steps",
    "blockers",
    "digest",
    "id",
    "title",
    "reason",
    "seen",
)


@settings(max_examples=200, deadline=None)
@given(any_json(*FIELDS), st.booleans())
def test_a_file_of_any_content_is_read_or_refused(content: object, ours: bool) -> None:
    if ours:
        content = {"mesofab_plan": saved.FORMAT, "saved": "now", "hosts": content}
    try:
        found = saved.read(json.dumps(content))
    except saved.Foreign:
        return
    list(saved.differences(saved.without(found, ["rights"]), as_it_is()))


@cache
def as_it_is() -> Document:
    """The plan for hosts that are as wanted; no example changes it."""
    return made(OLD, running(OLD))


NO_PLANS = {
    "another json": ('{"hosts": {}}', "it is not a plan saved by `fab plan --out`"),
    "no json": ("[zookeeper]", "it is not a plan saved by `fab plan --out`"),
    "nothing": ("", "it is not a plan saved by `fab plan --out`"),
    "a bottomless pit": ("[" * 100_000, "it is not a plan saved by `fab plan --out`"),
    "no text": (b"\xff\xfe", "it is not text"),
    "a plan of tomorrow": ('{"mesofab_plan": 2}', "it was saved in format 2 by another version of mesofab"),
}


@pytest.mark.parametrize("content, sentence", NO_PLANS.values(), ids=NO_PLANS.keys())
def test_a_file_that_is_no_plan_is_a_sentence(content: str | bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=r"--plan .*plan\.json: ") as refused:
        saving.read(str(file))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", ["nowhere/plan.json", "none.json", ".", ""])
def test_a_plan_that_is_not_there_is_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"^--plan .*: (No such file|Is a directory)"):
        saving.read(name)


# Saving


def save(file: Path) -> None:
    seen = running(OLD)
    found = Preview(seen, runbook.plans(CHAPTERS, NEW, NEW.nodes, seen), {})
    saving.save(str(file), Run(FakeHosts(NEW)), found, Outlook())


def test_a_saved_plan_is_its_owners_alone_and_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.touch(0o644)
    for _ in range(2):
        saving.refuse_other_file(str(file))
        save(file)
        assert file.stat().st_mode & 0o777 == 0o600
    assert saving.read(str(file)).document["hosts"]["10.0.0.1"]["steps"][0]["reason"] == "syncLimit 2 -> 5"


@pytest.mark.parametrize(
    "name, content",
    [("hosts.ini", "[zookeeper]\n"), ("a.json", '{"a": 1}'), ("list.json", "[]"), ("an_image", b"\x89\xff")],
)
def test_something_that_is_no_plan_is_not_overwritten(
    name: str, content: str | bytes, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match="not a saved plan and would be lost; name another"):
        saving.refuse_other_file(str(file))


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^--out .*nowhere/plan.json: nothing can be written there"):
        saving.refuse_other_file(str(tmp_path / "nowhere/plan.json"))
    with pytest.raises(BadInput, match="not a saved plan"):
        saving.refuse_other_file(str(tmp_path))
    with pytest.raises(BadInput, match="not a saved plan"):
        save(tmp_path)


def test_what_is_no_regular_file_is_never_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="it is a link; name .*/nowhere itself, or another file"):
        save(tmp_path / "link")
    with pytest.raises(BadInput, match="not a saved plan and would be lost"):
        save(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not a saved plan and would be lost"):
        saving.refuse_other_file(os.devnull)
    assert not (tmp_path / "nowhere").exists() and (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("is_there", [False, True])
def test_a_full_disk_leaves_the_plan_that_was_there_whole_and_nothing_else(
    is_there: bool, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    if is_there:
        save(file)
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(BadInput, match="--out .*/plan.json: File too large"):
            save(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


# Keeping


def run_with(promise: Document, *looks: dict[str, Observed], wanted: Cluster = NEW) -> list[str]:
    """Deploy with a saved plan while the hosts look as given, look by look; give what was done on them."""
    hosts = FakeHosts(wanted, *looks, says=ensemble_led_by("10.0.0.1"))
    deploy(Run(hosts, [ZOOKEEPER]), promise=saving.Promise("p.json", written(promise)))
    return hosts.done


def test_a_run_carries_out_the_plan_that_holds() -> None:
    seen = running(OLD)
    hosts = (".0.2", ".0.3", ".0.1")  # the leader last
    assert run_with(made(NEW, seen), seen, seen) == [
        *(f"{host} zoo.cfg" for host in sorted(hosts)),
        *(f"{host} replace zookeeper" for host in hosts),
        *(f"{host} remove zookeeper.prev" for host in sorted(hosts)),
    ]


def test_a_plan_that_does_not_hold_is_refused_by_host_and_nothing_is_done() -> None:
    with pytest.raises(Blocked) as refused:
        run_with(made(OLD, running(OLD)), running(OLD))
    assert str(refused.value).splitlines() == [
        "10.0.0.1, .2, .3  now: 2.2 zoo.cfg: syncLimit 2 -> 5",
        "10.0.0.1, .2, .3  now: 2.5 replace zookeeper: zoo.cfg: syncLimit 2 -> 5",
        "10.0.0.1, .2, .3  now: 2.5 remove zookeeper.prev: kept until its successor has passed",
        "p.json, saved 2026-11-23T01:00:00Z, no longer applies: nothing was changed. "
        "`fab plan --out p.json` makes a new plan.",
    ]


def test_a_plan_of_other_hosts_is_refused_with_the_way_back_to_them() -> None:
    promise = made(NEW, running(OLD))
    del promise["hosts"]["10.0.0.3"]
    with pytest.raises(Blocked, match="It was made with another -H: give that one, or else `fab plan --out"):
        run_with(promise, running(OLD))


def test_a_plan_is_held_against_what_is_seen_as_the_hosts_are_leased() -> None:
    with pytest.raises(Blocked, match=r"10\.0\.0\.1, \.2, \.3  no longer: 2\.2 zoo\.cfg"):
        run_with(made(NEW, running(OLD)), running(NEW))


def test_an_obstacle_that_was_in_the_plan_may_be_overruled_when_it_is_carried_out() -> None:
    seen = {name: replace(each, user=1000) for name, each in running(OLD).items()}
    old, now = made(NEW, seen), made(NEW, running(OLD))
    assert set(told(old, now)) == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
    assert list(saved.differences(saved.without(written(old), ["rights"]), now)) == []
    assert list(saved.differences(saved.without(written(old), ["lock"]), now)) != []


def test_an_obstacle_that_was_in_the_plan_is_one_still() -> None:
    seen = {name: replace(each, user=1000) for name, each in running(OLD).items()}
    with pytest.raises(Blocked, match=r"rights: commands run as user id 1000, not as root"):
        run_with(made(NEW, seen), seen)
