"""What a retirement plans, refuses and leaves; its steps run for real below a directory, cut anywhere."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import sound_hosts
from fake_hosts import FakeHosts, Silent
from hypothesis import given, settings
from hypothesis import strategies as st
from paramiko import Channel
from samples import SHELLS, any_json, as_wanted, first_node, run, stand_in

from tasks.engine import retire as engine
from tasks.engine.hearing import INQUIRY, Bounds
from tasks.engine.hosts import Hosts, Inquiry
from tasks.engine.remote import Outcome, Staying
from tasks.engine.run import Run
from tasks.errors import BadInput, Blocked, Unreachable
from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.desired import Image, of
from tasks.plan.desired.every_host import profile_line
from tasks.plan.look.firewall import CHANGED, TRIED, SeenFirewall
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.look.profile import Profile
from tasks.plan.look.sections import Unreadable, part_function, split
from tasks.plan.names import Id
from tasks.plan.report.last_words import last_words
from tasks.plan.retire import leavings, profile
from tasks.plan.retire.leavings import Held, Leavings
from tasks.plan.retire.places import places
from tasks.plan.retire.plan import Retiring, between, plan, stays
from tasks.plan.runbook import CHAPTERS, ZOOKEEPER, Chapter
from tasks.plan.shell import FUNCTIONS, STATE
from tasks.plan.step import Blocker, HostPlan, Step

T = TypeVar("T")

FOUR = """\
[zookeeper]
10.0.0.1 myid=1
10.0.0.2 myid=2
10.0.0.3 myid=3
[mesos_master:children]
zookeeper
[marathon:children]
zookeeper
[mesos_agent]
10.0.0.9
"""
CLUSTER = parse(FOUR)
SERVER, AGENT = CLUSTER.nodes[0], CLUSTER.nodes[-1]
TASK = "mesos-0a1b2c3d-0000-4000-8000-0123456789ab"
SANDBOX = "/var/lib/mesos/agent/slaves/S0/frameworks/F/executors/e/runs/r"


def deployed(node: Node, cluster: Cluster = CLUSTER) -> Leavings:
    """What a first deploy leaves on a host that had nothing."""
    wanted = runbook.wanted(CHAPTERS, cluster, node)
    images = {each.reference: f"sha256:{each.reference}" for each in of(Image, wanted)}
    containers = [
        Held(one.name, images[one.image], one.image, "mesos", one.role, tuple(m.host for m in one.mounts))
        for one in runbook.containers(CHAPTERS, cluster, node)
    ]
    homes = ("/opt/zookeeper",)
    made = tuple(place.path for place in places(node) if place.path not in homes)
    return Leavings(
        containers=tuple(containers),
        images=images,
        pulled=tuple(images),
        made=made,
        above=(*homes, "/var/lib/mesos", "/var/log/mesos"),
        there=frozenset({*made, STATE}),
        kept="umask 022\n",
    )


def retiring(node: Node = SERVER, keep_data: bool = False, **changes: object) -> Retiring:
    """A host as a deploy leaves it, with changes of what it has."""
    left = replace(deployed(node), **changes)  # type: ignore[arg-type]
    return Retiring(CLUSTER, node, as_wanted(CLUSTER, node), left, keep_data)


def titles(host: Retiring) -> list[str]:
    return [f"{step.id} {step.title}" for step in plan(host, ()).steps]


def refused(host: Retiring, *objections: Blocker) -> str:
    return "\n".join(map(str, plan(host, objections).blockers))


def test_all_that_a_deploy_has_made_is_removed_and_whoever_needs_others_goes_first() -> None:
    assert titles(retiring()) == [
        "4.1 remove marathon-1",
        "3.2 remove mesos-master-01",
        "2.5 remove zookeeper",
        "2.4 remove image zookeeper:3.4.12",
        "3.1 remove image mesosphere/mesos-master:1.5.0",
        "4.1 remove image mesosphere/marathon:v1.5.8",
        "2.1 remove /opt/zookeeper/conf, /opt/zookeeper/data",
        "2.1 remove /opt/zookeeper/logs",
        "3.2 remove /var/lib/mesos/master",
        "3.2 remove /var/log/mesos/master, /etc/mesofab-secure/mesos_master",
        "4.1 remove /etc/mesofab-secure/marathon",
        "1.1 put /etc/profile back",
        f"1.1 remove {STATE}",
    ]
    assert list(stays(retiring())) == []
    turns = [step.turn for step in plan(retiring(), ()).steps]
    assert turns == sorted(turns)


def test_the_rules_of_a_firewall_go_whether_they_were_kept_or_not() -> None:
    for rules in ("0123456789abcdef", TRIED, CHANGED):
        host = retiring()
        seen = replace(host.seen, firewall=SeenFirewall(rules))
        assert "1.3 remove the firewall" in titles(replace(host, seen=seen))


def test_a_host_of_which_nothing_is_left_has_nothing_to_do() -> None:
    seen = replace(as_wanted(CLUSTER, SERVER), containers={}, paths={})
    assert plan(Retiring(CLUSTER, SERVER, seen, Leavings()), ()) == HostPlan("10.0.0.1", ())


def test_data_are_kept_with_what_was_noted_of_them_and_the_rest_goes() -> None:
    host = retiring(keep_data=True)
    told = " ".join(titles(host))
    assert "zookeeper/data" not in told and "lib/mesos/master" not in told and STATE not in told
    assert "/opt/zookeeper/conf" not in told  # it tells whose data they are
    assert "/opt/zookeeper/logs" in told and "/var/log/mesos/master" in told
    kept = "/opt/zookeeper/conf, /opt/zookeeper/data, /var/lib/mesos/master"
    assert list(stays(host)) == [f"{kept}: --keep-data"]


def test_an_image_that_mesofab_has_not_pulled_or_that_others_use_stays_and_is_told() -> None:
    other = Held("web", "sha256:zookeeper:3.4.12", "zookeeper:3.4.12")
    left = deployed(SERVER)
    host = retiring(pulled=left.pulled[:2], containers=(*left.containers, other))
    assert [each for each in titles(host) if "image" in each] == [
        "3.1 remove image mesosphere/mesos-master:1.5.0"
    ]
    marathon = "mesosphere/marathon:v1.5.8"
    assert list(stays(host)) == [
        f"image {marathon}: it was there before mesofab needed it (docker rmi {marathon} removes it)",
        "image zookeeper:3.4.12: web uses it",
    ]


def test_of_a_directory_that_somebody_else_made_only_what_is_the_services_own_is_removed() -> None:
    there = frozenset({"/opt/zookeeper/data", "/opt/zookeeper/data/version-2", "/opt/zookeeper/data/mine"})
    host = retiring(made=(), there=there)
    (step,) = [step for step in plan(host, ()).steps if step.id is Id.ZOOKEEPER_MKDIRS]
    assert step.title == "remove /opt/zookeeper/data/version-2"
    (told,) = stays(host)
    assert told == "/opt/zookeeper/data: mesofab did not make it; only what was put there is removed"


def test_a_directory_of_an_older_hosts_ini_is_removed_too_as_mesofab_made_it() -> None:
    host = retiring(made=("/data/old/data",), there=frozenset({"/data/old/data"}))
    assert "1.1 remove /data/old/data" in titles(host)
    assert "1.1 remove /data/old/data" not in titles(replace(host, keep_data=True))


def test_an_agent_leaves_with_its_tasks_whose_containers_are_known_by_their_sandboxes() -> None:
    task = Held(TASK, "sha256:t", "busybox:1", mounts=(SANDBOX,))
    host = retiring(AGENT, containers=(*deployed(AGENT).containers, task))
    first, second = plan(replace(host, loses="ends its 1 task: 1 of /web"), ()).steps[:2]
    assert str(first) == (
        "5.2 remove mesos-slave: Mesos agents of the cluster mesos  (ends its 1 task: 1 of /web)"
    )
    assert "--signal=USR1" in first.shell and "docker rm -fv mesos-slave" in first.shell
    assert second.title == "remove containers of tasks" and second.turn == first.turn


@pytest.mark.parametrize(
    "other, told",
    [
        (Held("zookeeper", "i", "zk:1"), "zookeeper (of zk:1) was not made by mesofab. Remove or rename it"),
        (Held("copy", "i", "cp:1", mounts=("/opt/zookeeper/data/version-2",)), "copy (of cp:1) uses /opt/z"),
        (Held(TASK, "i", "t:1"), ""),
        (Held("web", "i", "web:1", mounts=("/opt/zookeeper2",)), ""),
    ],
)
def test_a_container_of_somebody_elses_is_not_touched_and_refused_only_where_it_would_be_hit(
    other: Held, told: str
) -> None:
    own = [one for one in deployed(SERVER).containers if one.name != other.name]
    host = retiring(containers=(*own, other))
    assert told in refused(host) and bool(refused(host)) == bool(told)
    assert not any(other.name in step.title.split() for step in plan(host, ()).steps)


def test_what_stops_a_deploy_for_its_settings_does_not_stop_a_retirement_and_a_wrong_host_does() -> None:
    wrong = Blocker("", "cluster_name", "zookeeper belongs to 'other'", "use its hosts.ini", "cluster")
    assert refused(retiring(), Blocker(Id.ZOOKEEPER_MYID, "myid", "it is 2", "compare", "myid")) == ""
    assert "belongs to 'other'" in refused(retiring(), wrong)


def test_servers_go_together_and_agents_may_go_alone() -> None:
    up = {"10.0.0.2": replace(as_wanted(CLUSTER, CLUSTER.nodes[1]), clusters={"zookeeper": "mesos"})}
    ((name, blocker),) = between({"10.0.0.1": retiring()}, up)
    assert name == "10.0.0.2" and "it is up, still has zookeeper, and -H does not name it" in str(blocker)
    assert not list(between({"10.0.0.1": retiring()}, {"10.0.0.2": Observed()}))
    assert not list(between({"10.0.0.9": retiring(AGENT)}, up))


# The profile

LINE = profile_line("10.0.0.1")


def of_profile(text: str, kept: str | None, whole: set[int]) -> tuple[list[str], list[str]]:
    """What is done about a profile, and what is left of it."""
    seen = Observed(
        paths={"/etc/profile": Seen("regular file", text)}, profile=Profile(whole=frozenset(whole))
    )
    return [step.title for step in profile.steps(seen, kept)], list(profile.stays(seen, kept))


@pytest.mark.parametrize(
    "text, kept, whole, done, left",
    [
        (f"a\n{LINE}\n", "a", {2}, "put /etc/profile back", ""),
        (f"a\n{LINE}\nb\n", "a\nexport HOST_IP=1.2.3.4\nb\n", {2}, "put /etc/profile back", ""),
        (f"a\n{LINE}\nnew\n", "a\n", {2}, "HOST_IP in /etc/profile", ""),
        (f"{LINE}\nnew\n", "export HOST_IP=1.2.3.4\n", {1}, "HOST_IP in /etc/profile", "HOST_IP=1.2.3.4"),
        (f"{LINE}\n", None, {1}, "HOST_IP in /etc/profile", ""),
        ("a\n", "a\n", set(), "remove /etc/profile.before-mesofab", ""),
        ("a\n", None, set(), "", ""),
        (f"if x; then\n{LINE}\nfi\n", None, set(), "", "line 2 of /etc/profile: it is a part of another"),
    ],
)
def test_the_profile_is_as_it_was_or_loses_our_line_alone(
    text: str, kept: str | None, whole: set[int], done: str, left: str
) -> None:
    steps, stay = of_profile(text, kept, whole)
    assert steps == [done] * bool(done)
    assert (left in "".join(stay)) and bool(stay) == bool(left)


# The answer of a host


def test_what_a_host_answers_is_read() -> None:
    line = json.dumps(["/web", "sha256:1", "web:1", {"mesofab.cluster": "mine"}, [{"Source": "/srv"}]])
    ours = json.dumps(["/zk", "sha256:2", "zk:1", {"mesofab.digest": "d", "mesofab.cluster": "m"}, None])
    found = leavings.read(
        {
            "retire containers": f"{line}\n{ours}\n",
            "retire images": "zk:1 sha256:2\n",
            "retire ledger": "image zk:1\ndirectory /opt/zk/data\nabove /opt/zk\ndirectory /../etc\nwhat\n",
            "retire there": "/opt/zk/data\n",
            "retire profile": "kept\numask 022\n",
        }
    )
    assert found == Leavings(
        containers=(Held("web", "sha256:1", "web:1", mounts=("/srv",)), Held("zk", "sha256:2", "zk:1", "m")),
        images={"zk:1": "sha256:2"},
        pulled=("zk:1",),
        made=("/opt/zk/data",),
        above=("/opt/zk",),
        there=frozenset({"/opt/zk/data"}),
        kept="umask 022\n",
    )


@given(st.lists(any_json("mesofab.digest", "Source"), max_size=6), st.text(max_size=40))
@settings(deadline=None)
def test_whatever_a_host_answers_is_read_or_unreadable(told: list[object], words: str) -> None:
    names = ("containers", "images", "ledger", "there", "profile")
    for text in (json.dumps(told), words):
        try:
            leavings.read({f"retire {name}": text for name in names})
        except Unreadable:
            continue


# The steps, run for real

BOUNDARY = "5f0c" * 8
CUTTING = """\
tick() {
  read -r ticks < "$COUNT"; ticks=$((ticks + 1)); echo $ticks >| "$COUNT"
  [ $ticks != "$FAIL" ] || kill -9 $$
}
""" + "".join(
    f'{name}() {{ tick || return 1; command {name} "$@"; }}\n' for name in ("find", "rm", "rmdir", "mv")
)


class Machine:
    """A host below a directory, without docker."""

    def __init__(self, root: Path, shell: list[str]) -> None:
        self.root, self.shell = root / "host", shell
        self.cluster, self.node = first_node(f"zookeeper_dir={self.root}/opt/zk", "10.0.0.1")
        self.root.mkdir(parents=True)
        (self.root / "profile").write_text("umask 022\n")

    def run(self, text: str, first: str = "", fail: int = 0) -> tuple[int, str]:
        """Run shell with its paths below the directory; it is killed at command number `fail`."""
        for path in ("/etc/profile", STATE):
            text = text.replace(path, f"{self.root}/{path.rpartition('/')[2]}")
        count = self.root.with_name("count")
        count.write_text("0\n")
        done = run(f"COUNT={count} FAIL={fail}\n{first}{text}", self.root.parent, shell=self.shell)
        return done.returncode, done.stdout.decode()

    def deploy(self) -> None:
        steps = runbook.from_nothing([ZOOKEEPER], self.cluster, self.node).steps
        files = (Id.ZOOKEEPER_MKDIRS, Id.ZOOKEEPER_CFG, Id.ZOOKEEPER_MYID)
        text = "".join(step.shell for step in steps if step.id in files)
        assert self.run(f"set -eu\n{FUNCTIONS}{text}")[0] == 0
        (self.root / "opt/zk/data/version-2").mkdir()
        (self.root / "opt/zk/data/version-2/log.1").write_text("x")

    def plan(self, keep_data: bool = False) -> HostPlan:
        ask = leavings.asking(places(self.node), [])
        _, told = self.run(f"{part_function(BOUNDARY)}{ask}\npart end\n")
        left = leavings.read(split(told, BOUNDARY))
        there = {path.replace(f"{self.root}/mesofab", STATE) for path in left.there}
        left = replace(left, there=frozenset(there))
        return plan(Retiring(self.cluster, self.node, Observed(), left, keep_data), ())

    def act(self, found: HostPlan, fail: int = 0) -> bool:
        text = "".join(step.shell for step in found.steps)
        return self.run(f"set -eu\n{FUNCTIONS}{text}", CUTTING, fail)[0] == 0

    @property
    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return Machine(tmp_path, request.param)


def test_after_it_a_host_has_the_files_it_had_before_the_first_deploy(machine: Machine) -> None:
    before = machine.files
    machine.deploy()
    (machine.root / "mesofab/rebooting.next").write_text("{}")  # as a reboot leaves it that is killed
    assert machine.act(machine.plan())
    assert machine.files == before
    assert machine.plan().steps == ()


def test_what_somebody_else_has_put_above_stays_and_what_was_there_before_is_only_emptied(
    machine: Machine,
) -> None:
    (machine.root / "opt/zk/data").mkdir(parents=True)
    (machine.root / "opt/zk/data/mine").write_text("x")
    before = machine.files
    machine.deploy()
    (machine.root / "opt/zk/notes").write_text("x")
    assert machine.act(machine.plan())
    assert machine.files == before | {"opt/zk/notes"}


def test_kept_data_can_be_removed_later(machine: Machine) -> None:
    before = machine.files
    machine.deploy()
    (machine.root / "opt/zk/myid.next").write_text("1")  # as a deploy leaves it that is killed
    assert machine.act(machine.plan(keep_data=True))
    assert machine.files - before == {
        *("opt", "opt/zk", "opt/zk/conf", "opt/zk/conf/zoo.cfg"),
        *("opt/zk/data", "opt/zk/data/myid", "opt/zk/data/version-2"),
        *("opt/zk/data/version-2/log.1", "mesofab", "mesofab/made"),
    }
    assert machine.plan(keep_data=True).steps == ()
    assert machine.act(machine.plan())
    assert machine.files == before


def test_a_retirement_that_is_cut_at_any_command_and_run_again_leaves_nothing(tmp_path: Path) -> None:
    fail, is_cut = 0, True
    while is_cut:
        fail += 1
        machine = Machine(tmp_path / str(fail), SHELLS[0])
        before = machine.files
        machine.deploy()
        is_cut = not machine.act(machine.plan(), fail)
        assert machine.act(machine.plan())
        assert machine.files == before, f"cut at {fail}"
    assert fail > 4


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_of_containers_that_are_called_as_tasks_only_those_with_our_sandbox_are_removed(
    tmp_path: Path, sh: list[str]
) -> None:
    other = TASK.replace("0a1b", "ffff")
    stand_in(
        tmp_path / "bin",
        "docker",
        f"""case "$1 $*" in
        ps*) printf '%s\\n' web {TASK} {other} mesos-slave ;;
        inspect*{TASK}) printf '%s\\n' /etc {SANDBOX} ;;
        inspect*) echo /var/lib/another/slaves/S0 ;;
        *) echo "$*" >> removed ;;
        esac""",
    )
    (step,) = [step for step in plan(retiring(AGENT), ()).steps if step.title == "remove containers of tasks"]
    done = run(f"set -eu\n{step.shell}", tmp_path, tmp_path / "bin", sh)
    assert (done.returncode, (tmp_path / "removed").read_text()) == (0, f"rm -fv {TASK}\n")


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_an_agent_that_does_not_leave_in_time_is_removed_all_the_same(tmp_path: Path, sh: list[str]) -> None:
    stand_in(tmp_path / "bin", "docker", '[ "$1" != wait ] && echo "$1 $2" >> calls')
    stand_in(tmp_path / "bin", "rm", "exit 0")
    (step, *_) = plan(retiring(AGENT), ()).steps
    assert run(f"set -eu\n{step.shell}", tmp_path, tmp_path / "bin", sh).returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == [
        "update --restart=no",
        "kill --signal=USR1",
        "stop -t",
        "rm -fv",
    ]


# Whole runs


class Living(FakeHosts):
    """Hosts that answer whatever they are asked, and where acting on them removes all that a deploy made."""

    def __init__(self, *lost: str, cut: str = "") -> None:
        super().__init__(CLUSTER, {}, in_vain=True, cut=cut)
        self._gone_for_good = lost
        self.retired: set[str] = set()
        self.executed: list[tuple[str, str]] = []

    def _told(self, node: Node, text: str) -> str:
        known = sound_hosts.parts(CLUSTER, node) | parts(deployed(node))
        if node.name in self.retired:
            known |= parts(Leavings()) | {"clusters": "", "objects": missing(node)}
        boundary = sound_hosts.boundary(text)
        return sound_hosts.joined(sound_hosts.asked(text, CLUSTER, known), boundary)

    def looking(self, chapters: Sequence[Chapter], node: Node) -> Inquiry[Observed]:
        return Hosts.looking(self, chapters, node)

    def inquire(self, node: Node, inquiry: Inquiry[T], staying: Staying | None = None) -> T:
        if node.name in self._gone_for_good:
            raise Unreachable("it is gone", host=node.name)
        return inquiry.answer(node, self._told(node, inquiry.script))

    def look_at_fellows(self, chapters: Sequence[Chapter]) -> dict[str, Observed]:
        return {}

    def hold(self, node: Node, text: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        if node.name in self._gone_for_good:
            raise Unreachable("it is gone", host=node.name)
        return Silent(), f"held\n{self._told(node, text)}"

    def act(self, steps: Mapping[str, Sequence[Step]]) -> dict[str, str]:
        self.retired |= steps.keys()
        return super().act(steps)

    def execute(
        self,
        node: Node,
        text: str,
        on_line: Callable[[str], bool] = lambda line: False,
        bounds: Bounds = INQUIRY,
    ) -> Outcome:
        self.executed.append((node.name, text))
        return Outcome(0, "")


def missing(node: Node) -> str:
    names = runbook.ask(CHAPTERS, CLUSTER, node)
    return "".join(f"Error: No such object: {n}\n" for n in (*names.containers, *names.images))


def parts(left: Leavings) -> dict[str, str]:
    """The parts of an answer that tell of these leavings."""
    containers = [
        [f"/{one.name}", one.image_id, one.image, labels(one), [{"Source": m} for m in one.mounts]]
        for one in left.containers
    ]
    ledger = [f"image {each}" for each in left.pulled] + [f"directory {each}" for each in left.made]
    return {
        "retire containers": "".join(f"{json.dumps(one)}\n" for one in containers),
        "retire images": "".join(f"{name} {id}\n" for name, id in left.images.items()),
        "retire ledger": "".join(f"{line}\n" for line in ledger),
        "retire there": "".join(f"{path}\n" for path in left.there),
        "retire profile": "" if left.kept is None else f"kept\n{left.kept}",
    }


def labels(one: Held) -> dict[str, str]:
    return {"mesofab.digest": "d", "mesofab.cluster": one.cluster, "mesofab.role": one.role}


def retire(hosts: FakeHosts, keep_data: bool = False) -> list[str]:
    """Preview and retire; give the lines of the preview."""
    run = Run(hosts)
    shown = engine.preview(run, keep_data)
    engine.retire(run, shown, keep_data)
    return list(engine.lines(run, shown))


def test_a_whole_cluster_is_retired_in_turns_and_what_runs_leave_goes_last() -> None:
    hosts = Living()
    told = retire(hosts)
    first = [line.partition(" ")[2] for line in hosts.done[:8]]
    assert first[0] == "remove mesos-slave" and first[2:5] == [f"remove marathon-{n}" for n in (1, 2, 3)]
    assert sorted(hosts.executed) == [(node.name, engine.SWEEP) for node in CLUSTER.nodes]
    assert told[-1] == "47 steps on 4 hosts."
    assert any("ends its tasks; it did not say which" in line for line in told)


def test_a_host_that_is_down_is_named_and_the_rest_only_done_if_h_names_it() -> None:
    hosts = Living("10.0.0.2")
    with pytest.raises(Unreachable, match=r"10.0.0.2  it is gone\n.*-H 10.0.0.1,10.0.0.3,10.0.0.9"):
        retire(hosts)
    assert hosts.done == []
    assert retire(hosts.among(["10.0.0.1", "10.0.0.3", "10.0.0.9"]))[-1].endswith(
        " on 3 hosts. Not retired, because -H does not name them: 10.0.0.2."
    )


def test_what_was_not_shown_is_not_done() -> None:
    hosts = Living()
    with pytest.raises(Blocked, match="remove zookeeper: this was not shown before"):
        engine.retire(Run(hosts), engine.Retirement({}, {}, {}), False)
    assert hosts.done == []


def test_a_run_that_was_interrupted_says_what_the_next_one_does_and_asks_no_service() -> None:
    hosts = Living(cut=".0.2 remove marathon-2")
    with pytest.raises(KeyboardInterrupt):
        retire(hosts)
    assert last_words(hosts.journal.progress) == [
        "10.0.0.2  4.1 remove marathon-2 was not seen to finish.",
        "The next run looks at the hosts again and does what is still missing: "
        "tidy up on 10.0.0.1, .2, .3, .9.",
    ]


class Typed(io.StringIO):
    """What is typed at a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_name_of_the_cluster_is_given_or_typed() -> None:
    engine.agree("mesos", "mesos")
    engine.agree("mesos", None, Typed("mesos\n"))
    for yes, typed, told in (
        ("other", Typed(), "the cluster is called 'mesos', not 'other': nothing was changed"),
        (None, Typed("\n"), "not ''"),
        (None, io.StringIO("mesos\n"), "nobody is there to be asked .* --yes mesos"),
    ):
        with pytest.raises(BadInput, match=told):
            engine.agree("mesos", yes, typed)
