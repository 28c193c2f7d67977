"""What follows from what ZooKeeper's members say."""

from collections.abc import Mapping

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.gate import Standing, Verdict
from tasks.plan.zookeeper.service import Ensemble, member

NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"


def ensemble_of(count: int) -> Cluster:
    hosts = "".join(f"10.0.0.{i} myid={i}\n" for i in range(1, count + 1))
    return parse(f"[zookeeper]\n{hosts}")


def srvr(mode: str) -> str:
    return f"Zookeeper version: 3.4.12-e5259e4, built on 03/27/2018\nMode: {mode}\nNode count: 4\n"


def says(*modes: str, synced: int | None = None) -> dict[str, Mapping[str, str]]:
    """Answers of members 10.0.0.1.. by mode; "-" is silence, "?" is present without a quorum."""
    answers: dict[str, Mapping[str, str]] = {}
    followers = sum(mode == "follower" for mode in modes) if synced is None else synced
    for i, mode in enumerate(modes, start=1):
        word = {"-": "", "?": NOT_SERVING}.get(mode, srvr(mode))
        mntr = f"zk_synced_followers\t{followers}\n" if mode == "leader" else ""
        answers[f"10.0.0.{i}"] = {"srvr": word, "mntr": mntr}
    return answers


ALL = frozenset({"10.0.0.1", "10.0.0.2", "10.0.0.3"})


def test_a_member_of_either_version_is_read() -> None:
    old = member({"srvr": srvr("leader"), "mntr": "zk_followers\t2\nzk_synced_followers\t2\n"})
    new = member({"srvr": srvr("leader"), "mntr": "zk_learners\t2\nzk_synced_followers\t2.0\n"})
    assert (old.mode, old.synced) == (new.mode, new.synced) == ("leader", 2)


def test_a_member_says_what_it_is_and_which_version_it_runs() -> None:
    node = ensemble_of(1).nodes[0]
    said = {"srvr": srvr("follower")}
    assert (Ensemble().role(node, said), Ensemble().version(node, said)) == ("follower", "3.4.12")
    for nothing in ("", NOT_SERVING):
        said = {"srvr": nothing}
        assert (Ensemble().role(node, said), Ensemble().version(node, said)) == ("", "")


def test_a_member_without_a_quorum_is_present_but_has_no_mode() -> None:
    assert member({"srvr": NOT_SERVING}).present
    assert member({"srvr": NOT_SERVING}).mode == ""


def test_one_leader_with_all_followers_in_sync_passes() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("follower", "leader", "follower"), ALL)
    assert verdict.passed
    assert verdict.says == "3 of 3 ZooKeepers serve, 10.0.0.2 leads"


def test_a_follower_out_of_sync_does_not_pass() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("follower", "leader", "follower", synced=1), ALL)
    assert not verdict.passed
    assert "10.0.0.2 has 1 of 2 followers in sync" in verdict.says


def test_two_leaders_and_no_leader_do_not_pass_and_are_told() -> None:
    two = Ensemble().verdict(ensemble_of(3), says("leader", "leader", "follower"), ALL)
    assert two == Verdict(False, "10.0.0.1, .2 lead at the same time")
    none = Ensemble().verdict(ensemble_of(3), says("follower", "follower", "follower"), ALL)
    assert none == Verdict(False, "none of the ZooKeepers that answer leads")


def test_a_standalone_member_does_not_pass_and_is_named() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("leader", "follower", "standalone"), ALL)
    assert not verdict.passed
    assert "10.0.0.3 runs standalone" in verdict.says


def test_a_needed_member_that_is_silent_does_not_pass_and_is_named() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("leader", "follower", "-"), ALL)
    assert not verdict.passed
    assert verdict.says == "2 of 3 ZooKeepers serve, 10.0.0.1 leads; 10.0.0.3 does not answer"


def test_without_a_majority_it_says_how_many_must_serve_and_who_does_not() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("?", "-", "-"), ALL)
    assert verdict.says == (
        "0 of 3 ZooKeepers serve, 2 must; 10.0.0.1 runs but does not serve; 10.0.0.2, .3 do not answer"
    )


def test_members_that_wait_for_the_same_one_wait_in_the_plural() -> None:
    five = Ensemble().verdict(ensemble_of(5), says("?", "?", "-", "-", "-"), frozenset({"10.0.0.1"}))
    assert five.says.startswith("10.0.0.1, .2 run and wait: 3 of 5 members must run before any serves; ")


def test_a_needed_member_that_does_not_serve_is_told_from_a_silent_one() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("leader", "follower", "?"), ALL)
    assert verdict.says == "2 of 3 ZooKeepers serve, 10.0.0.1 leads; 10.0.0.3 runs but does not serve"


def test_a_member_that_is_not_needed_may_be_missing_but_is_mentioned() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("leader", "follower", "-"), ALL - {"10.0.0.3"})
    assert verdict.passed
    assert "not serving: 10.0.0.3" in verdict.says


def test_the_first_of_three_hosts_is_done_when_it_waits_for_the_others() -> None:
    verdict = Ensemble().verdict(ensemble_of(3), says("?", "-", "-"), frozenset({"10.0.0.1"}))
    assert verdict.passed
    assert "waits: 2 of 3 members must run" in verdict.says


def test_nobody_running_is_not_waiting() -> None:
    assert not Ensemble().verdict(ensemble_of(3), says("-", "-", "-"), frozenset({"10.0.0.1"})).passed


def test_an_ensemble_of_one_serves_standalone() -> None:
    assert Ensemble().verdict(ensemble_of(1), says("standalone"), frozenset({"10.0.0.1"})).passed
    assert not Ensemble().verdict(ensemble_of(1), says("?"), frozenset({"10.0.0.1"})).passed


def test_whoever_has_a_mode_serves_and_a_majority_must() -> None:
    standing = Ensemble().standing(ensemble_of(3), says("leader", "follower", "?"))
    assert standing == Standing(3, 2, frozenset({"10.0.0.1", "10.0.0.2"}), "10.0.0.1")
