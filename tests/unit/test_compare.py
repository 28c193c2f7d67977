"""What is missing on a host: from nothing, from as wanted, and from everything in between."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import IMAGE, as_wanted, with_container, with_options

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.compare.profile import Edit, edit
from tasks.plan.desired import File
from tasks.plan.desired.every_host import profile_line
from tasks.plan.look.engine import HANGS
from tasks.plan.look.observed import Observed, Path
from tasks.plan.look.profile import Profile
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER
from tasks.plan.step import HostPlan

TRIO = "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"


def trio(variables: str = "") -> Cluster:
    return parse(f"{TRIO}[zookeeper:vars]\n{variables}\n" if variables else TRIO)


def plan(cluster: Cluster, seen: Observed, node: Node | None = None) -> HostPlan:
    return runbook.missing(CHAPTERS, cluster, node or cluster.nodes[0], seen)


def with_path(seen: Observed, path: str, what: Path) -> Observed:
    return replace(seen, paths={**seen.paths, path: what})


@pytest.fixture
def cluster() -> Cluster:
    return trio()


@pytest.fixture
def well(cluster: Cluster) -> Observed:
    return as_wanted(cluster, cluster.nodes[0])


def test_a_host_that_is_as_wanted_needs_nothing(cluster: Cluster, well: Observed) -> None:
    assert plan(cluster, well).steps == ()
    assert plan(cluster, well).blockers == ()


def test_a_bare_host_needs_every_step_in_the_runbooks_order(cluster: Cluster) -> None:
    steps = runbook.from_nothing(CHAPTERS, cluster, cluster.nodes[0]).steps
    assert [s.id for s in steps] == ["1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"]
    assert {s.risk for s in steps} == {"none"}


def test_a_changed_setting_is_told_by_key_and_staged_beside_the_file_in_use(well: Observed) -> None:
    steps = plan(trio("zookeeper_sync_limit=5"), well).steps
    assert str(steps[0]) == "2.2 zoo.cfg: syncLimit 2 -> 5  (restarts zookeeper, a follower)"
    assert "zoo.cfg.next" in steps[0].shell
    assert " /opt/zookeeper/conf/zoo.cfg\n" not in steps[0].shell
    assert [s.phase for s in steps] == ["stage", "replace", "settle"]
    assert steps[1].risk == "restart"


def test_a_file_that_is_staged_already_is_not_staged_again_but_still_taken_in(well: Observed) -> None:
    wanted = trio("zookeeper_sync_limit=5")
    text = next(i.text for i in ZOOKEEPER.desired(wanted, wanted.nodes[0]) if isinstance(i, File))
    staged = with_path(well, "/opt/zookeeper/conf/zoo.cfg.next", Path("regular file", text))
    steps = plan(wanted, staged).steps
    assert [s.phase for s in steps] == ["replace", "settle"]
    assert "swap /opt/zookeeper/conf/zoo.cfg.next /opt/zookeeper/conf/zoo.cfg\n" in steps[0].shell


def test_a_file_edited_by_hand_and_back_without_a_restart_is_noticed_by_the_digest(
    cluster: Cluster, well: Observed
) -> None:
    labels = {"mesofab.role": "zookeeper", "mesofab.digest": "of another form"}
    (step, _) = plan(cluster, with_container(well, labels=labels)).steps
    assert step.reason == "it was started with other settings or files than those wanted now"


def test_a_container_edited_by_hand_is_noticed_although_its_label_is_right(
    cluster: Cluster, well: Observed
) -> None:
    (step, _) = plan(cluster, with_options(well, Privileged="on")).steps
    assert step.reason == "edited by hand: privileged on -> off"


def test_a_variable_that_hosts_ini_has_changed_is_not_said_to_be_edited_by_hand(well: Observed) -> None:
    both = with_options(well, Privileged="on")
    assert plan(trio("zookeeper_heap=1g"), both).steps[0].reason == (
        "SERVER_JVMFLAGS -Xmx512m -> -Xmx1g, privileged on -> off"
    )


def test_a_file_edited_by_hand_is_told_from_one_that_hosts_ini_has_changed(
    cluster: Cluster, well: Observed
) -> None:
    file = "/opt/zookeeper/conf/zoo.cfg"
    text = well.path(file).text.replace("syncLimit=2", "syncLimit=9")
    edited = with_path(well, file, Path("regular file", text))
    assert [s.reason for s in plan(cluster, edited).steps[:2]] == [
        "edited by hand: syncLimit 9 -> 2",
        "zoo.cfg: edited by hand: syncLimit 9 -> 2",
    ]
    cut_short = with_path(edited, f"{file}.prev", Path("regular file", "syncLimit=2\n"))
    assert plan(cluster, cut_short).steps[0].reason == "syncLimit 9 -> 2"
    both = with_options(edited, Memory="7")
    assert plan(cluster, both).steps[1].reason == (
        "edited by hand: memory limit 7 -> none, zoo.cfg: edited by hand: syncLimit 9 -> 2"
    )
    assert [s.reason for s in plan(trio("zookeeper_sync_limit=5"), edited).steps[:2]] == [
        "syncLimit 9 -> 5",
        "zoo.cfg: syncLimit 9 -> 5",
    ]


def test_an_image_pulled_again_under_its_tag_is_no_edit_by_hand(cluster: Cluster, well: Observed) -> None:
    pulled = replace(well, images={"zookeeper:3.4.12": replace(IMAGE, id="sha256:2")})
    (step, _) = plan(cluster, pulled).steps
    assert step.reason == "image zookeeper:3.4.12 is another one now"


@pytest.mark.parametrize("labels", [{}, {"maintainer": "me"}])
def test_a_container_without_our_label_was_run_by_hand(
    cluster: Cluster, well: Observed, labels: dict[str, str]
) -> None:
    (step, _) = plan(cluster, with_container(well, labels=labels)).steps
    assert step.reason == "it was run by hand: no label of mesofab tells from which settings"


def test_another_restart_policy_is_mended_without_a_restart(cluster: Cluster, well: Observed) -> None:
    (step,) = plan(cluster, with_options(well, **{"RestartPolicy.Name": "no"})).steps
    assert step.shell == "docker update --restart=always zookeeper\n"
    assert step.risk == "none"


def test_a_stopped_container_that_is_as_wanted_is_only_started(cluster: Cluster, well: Observed) -> None:
    (step,) = plan(cluster, with_container(well, status="exited")).steps
    assert (step.shell, step.phase) == ("docker start zookeeper\n", "start")


def test_a_container_that_is_down_is_replaced_without_waiting_for_its_turn(well: Observed) -> None:
    down = with_container(well, status="exited")
    steps = plan(trio("zookeeper_heap=1g"), down).steps
    assert [(s.phase, s.risk) for s in steps] == [("start", "none"), ("settle", "none")]


def test_the_previous_container_is_kept_only_if_there_is_no_older_one(well: Observed) -> None:
    wanted = trio("zookeeper_heap=1g")
    assert "docker rename zookeeper zookeeper.prev" in plan(wanted, well).steps[0].shell
    kept = replace(well, containers={**well.containers, "zookeeper.prev": well.containers["zookeeper"]})
    assert "docker rename zookeeper zookeeper.prev" not in plan(wanted, kept).steps[0].shell


def test_leftovers_of_an_interrupted_run_are_tidied_up(cluster: Cluster, well: Observed) -> None:
    seen = replace(well, containers={**well.containers, "zookeeper.prev": well.containers["zookeeper"]})
    seen = with_path(seen, "/opt/zookeeper/conf/zoo.cfg.prev", Path("regular file", "x"))
    steps = plan(cluster, seen).steps
    assert {s.phase for s in steps} == {"settle"}
    assert [s.shell for s in steps] == [
        "rm -f /opt/zookeeper/conf/zoo.cfg.prev\n",
        "docker rm -f zookeeper.prev\n",
    ]


def test_a_directory_that_docker_made_in_place_of_zoo_cfg_is_recognised(
    cluster: Cluster, well: Observed
) -> None:
    seen = with_path(well, "/opt/zookeeper/conf/zoo.cfg", Path("directory"))
    steps = plan(cluster, seen).steps
    assert "docker makes one where a mounted file is missing" in steps[0].reason
    assert "swap /opt/zookeeper/conf/zoo.cfg.next /opt/zookeeper/conf/zoo.cfg\n" in steps[1].shell


HOME = "/opt/zookeeper"


def with_rights(seen: Observed, path: str, mode: str = "", owner: str = "") -> Observed:
    return with_path(seen, path, replace(seen.path(path), mode=mode, owner=owner))


def test_a_file_that_others_cannot_read_is_told_and_gets_its_mode_without_a_restart(
    cluster: Cluster, well: Observed
) -> None:
    (step,) = plan(cluster, with_rights(well, f"{HOME}/conf/zoo.cfg", "600", "1000")).steps
    assert str(step) == "2.2 zoo.cfg: mode 600 -> 644"
    assert (step.phase, step.risk) == ("stage", "none")
    assert step.shell == f"guard {HOME}/conf/zoo.cfg\nchmod 644 {HOME}/conf/zoo.cfg\n"
    assert plan(cluster, with_rights(well, f"{HOME}/conf/zoo.cfg", "644", "1000")).steps == ()


def test_a_myid_of_another_mode_is_made_anew_as_its_directory_is_another_users(
    cluster: Cluster, well: Observed
) -> None:
    (step,) = plan(cluster, with_rights(well, f"{HOME}/data/myid", "600", "1000")).steps
    assert str(step) == "2.3 myid 1: mode 600 -> 644"
    assert "chmod" not in step.shell
    assert f"swap {HOME}/myid.next {HOME}/data/myid\n" in step.shell


def test_directories_get_their_mode_and_those_in_which_root_writes_their_owner(
    cluster: Cluster, well: Observed
) -> None:
    seen = with_path(well, HOME, Path("directory", "", "775", "1000"))
    seen = with_rights(seen, f"{HOME}/conf", "755", "1000")
    seen = with_rights(seen, f"{HOME}/data", "700", "1000")
    seen = with_path(with_rights(seen, f"{HOME}/logs", "755", "1000"), f"{HOME}/logs", Path("absent"))
    (step,) = plan(cluster, seen).steps
    assert str(step) == (
        f"2.1 directories: missing: {HOME}/logs, {HOME}: owner 1000 -> 0, mode 775 -> 755, "
        f"{HOME}/conf: owner 1000 -> 0, {HOME}/data: mode 700 -> 755"
    )
    assert step.shell.startswith(
        f"guard {HOME}\nchown 0 {HOME}\nchmod 755 {HOME}\n"
        f"guard {HOME}/conf\nchown 0 {HOME}/conf\nchmod 755 {HOME}/conf\n"
        f"guard {HOME}/data\nchmod 755 {HOME}/data\nguard {HOME}/logs\n"
    )


@pytest.mark.parametrize("kind", ["symbolic link", "directory", "fifo"])
def test_what_is_no_file_in_the_place_of_myid_is_refused(cluster: Cluster, well: Observed, kind: str) -> None:
    result = plan(cluster, with_path(well, f"{HOME}/data/myid", Path(kind)))
    assert [str(each) for each in result.blockers] == [
        f"2.3 myid: {HOME}/data/myid is a {kind}, not a file. Move it out of the way."
    ]
    assert result.steps == ()


def test_what_is_left_over_of_writing_myid_is_tidied_up(cluster: Cluster, well: Observed) -> None:
    (step,) = plan(cluster, with_path(well, f"{HOME}/myid.next", Path("regular file", "1"))).steps
    assert (step.title, step.phase, step.shell) == ("remove myid.next", "settle", f"rm -f {HOME}/myid.next\n")


@pytest.mark.parametrize("text", ["7\n", "garbage", "1 \nx"])
def test_a_foreign_myid_is_refused_and_never_overwritten(cluster: Cluster, well: Observed, text: str) -> None:
    seen = with_path(well, "/opt/zookeeper/data/myid", Path("regular file", text))
    result = plan(cluster, seen)
    assert not [s for s in result.steps if s.id == "2.3"]
    (blocker,) = result.blockers
    assert blocker.id == "2.3"
    assert "hosts.ini says '1'" in blocker.seen


def test_a_taken_port_blocks_the_first_start_and_names_the_process(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    bare = Observed(
        addresses=frozenset({node.address}), engine=True, listeners={2181: "java (pid 42)", 22: "sshd"}
    )
    (blocker,) = plan(cluster, bare).blockers
    assert str(blocker).startswith("2.5 zookeeper: port 2181 is taken by java (pid 42). Stop that process")


def test_a_port_that_our_own_running_container_holds_is_not_taken(cluster: Cluster, well: Observed) -> None:
    assert plan(cluster, replace(well, listeners={2181: "java (pid 42)"})).blockers == ()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("sh: 1: docker: not found", "there is no docker"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "engine does not run"),
        (f"{HANGS} 20 s", "the docker engine hangs: it has not answered within 20 s"),
        ("permission denied", "docker says 'permission denied'"),
        ("", "docker says nothing"),
    ],
)
def test_an_engine_that_cannot_be_used_blocks_the_steps_that_need_it(
    cluster: Cluster, error: str, words: str
) -> None:
    seen = Observed(addresses=frozenset({"10.0.0.1"}), engine_error=error)
    blockers = plan(cluster, seen).blockers
    assert {b.id for b in blockers} == {"2.4", "2.5"}
    assert all(words in b.seen for b in blockers)


def test_an_address_that_the_host_does_not_have_is_refused(cluster: Cluster, well: Observed) -> None:
    (blocker,) = plan(cluster, replace(well, addresses=frozenset({"10.0.0.9"}))).blockers
    assert "10.0.0.1 is not an address of this host (it has 10.0.0.9)" in blocker.seen


def test_a_user_who_is_not_root_is_told_what_to_set(cluster: Cluster, well: Observed) -> None:
    blockers = plan(cluster, replace(well, user=1000)).blockers
    assert blockers
    assert all("ansible_become=true" in b.remedy for b in blockers)


def test_a_host_that_another_run_is_changing_is_left_alone(cluster: Cluster, well: Observed) -> None:
    result = plan(cluster, replace(well, busy=True))
    assert result.steps == ()
    assert "another run is changing this host" in result.blockers[0].seen
    assert result.only(["2.5"]).blockers == result.blockers


def with_profile(seen: Observed, text: str, *whole: int) -> Observed:
    seen = with_path(seen, "/etc/profile", Path("regular file", text))
    return replace(seen, profile=Profile(whole=frozenset(whole)))


@pytest.mark.parametrize("lines", ["export HOST_IP=1.2.3.4\n", "HOST_IP=x\n", "  export HOST_IP=y\n"])
def test_any_other_host_ip_line_is_noticed(cluster: Cluster, well: Observed, lines: str) -> None:
    assert [s.id for s in plan(cluster, with_profile(well, lines, 1)).steps] == ["1.1"]


def test_a_doubled_host_ip_line_is_noticed(cluster: Cluster, well: Observed) -> None:
    line = profile_line("10.0.0.1")
    seen = with_profile(well, f"{line}\n{line}\n", 1, 2)
    assert plan(cluster, seen).steps[0].reason == "it is set 2 times"


def test_a_line_of_somebody_else_below_is_said_to_stay_with_ours_behind_it(
    cluster: Cluster, well: Observed
) -> None:
    by_hand = "HOST_IP=10.9.9.9; HOST_IP=10.9.9.8"
    seen = with_profile(well, f"{profile_line('10.0.0.1')}\n{by_hand}\n", 1, 2)
    assert plan(cluster, seen).steps[0].reason == (
        f"it is set again below; a line is added behind line 2: {by_hand}, which stays"
    )
    above = with_profile(well, f"{by_hand}\nexport HOST_IP=10.9.9.9\n", 1, 2)
    assert plan(cluster, above).steps[0].reason.endswith(f"; left alone: line 1: {by_hand}")


@settings(max_examples=200)
@given(
    lines=st.lists(
        st.sampled_from([profile_line("10.0.0.1"), "export HOST_IP=1", "HOST_IP=1 x", "a", "# HOST_IP=1"])
    ),
    nested=st.sets(st.integers(1, 8)),
)
def test_no_line_but_whole_ones_is_touched_and_ours_is_the_last(lines: list[str], nested: set[int]) -> None:
    line = profile_line("10.0.0.1")
    whole = [n for n, text in enumerate(lines, 1) if n not in nested and text.startswith("export")]
    wanted = edit(lines, whole, line)
    assert set(wanted.lines) <= set(whole)
    texts = [
        (n, line if wanted.lines.get(n) else text)
        for n, text in enumerate(lines, 1)
        if wanted.lines.get(n, True)
    ]
    texts += [(0, line)] * wanted.append
    assert [text for n, text in texts if text != "a" and text[0] != "#"][-1] == line
    again = [i for i, (n, _) in enumerate(texts, 1) if n in whole or n == 0]
    assert edit([text for _, text in texts], again, line) == Edit({}, append=False)


def test_a_missing_directory_is_the_only_step(cluster: Cluster, well: Observed) -> None:
    (step,) = plan(cluster, with_path(well, "/opt/zookeeper/logs", Path("absent"))).steps
    assert step.shell.endswith("mkdir -m 755 -pv /opt/zookeeper/logs )\n")


def test_a_file_where_a_directory_should_be_is_refused(cluster: Cluster, well: Observed) -> None:
    seen = with_path(well, "/opt/zookeeper/logs", Path("regular file"))
    assert "not a directory" in plan(cluster, seen).blockers[0].seen


def test_a_single_step_is_refused_while_what_it_builds_on_is_missing(cluster: Cluster) -> None:
    bare = runbook.from_nothing(CHAPTERS, cluster, cluster.nodes[0])
    (blocker,) = bare.only(["2.5"]).blockers
    assert (
        str(blocker) == "2.5 run zookeeper: 2.1 has not been carried out. Run `fab zookeeper.mkdirs` first."
    )
    assert bare.only(["2.4"]).blockers == ()


def test_a_single_step_leaves_all_others_out(cluster: Cluster) -> None:
    bare = runbook.from_nothing(CHAPTERS, cluster, cluster.nodes[0])
    assert {s.id for s in bare.only(["2.1"]).steps} == {"2.1"}


def test_other_ports_are_refused_while_the_service_runs(well: Observed) -> None:
    moved = trio("zookeeper_client_port=2182")
    (blocker,) = plan(moved, well).blockers
    assert blocker.seen == "it runs on the ports 2181,2888,3888, hosts.ini wants 2182,2888,3888"
    down = with_container(well, status="exited")
    assert plan(moved, down).blockers == ()


def test_asking_a_service_that_was_never_started_is_refused_at_once(cluster: Cluster) -> None:
    bare = runbook.from_nothing(CHAPTERS, cluster, cluster.nodes[0])
    (blocker,) = bare.only(["2.6"]).blockers
    assert str(blocker) == "2.6 ask: 2.5 has not been carried out. Run `fab zookeeper.run` first."
