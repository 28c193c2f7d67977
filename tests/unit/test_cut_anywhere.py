"""A deploy that is cut off at any command, and run again, ends as one that was never disturbed.

The planned steps are run for real below a directory. docker is a stand-in that keeps a container as
a directory of files. Before it and every other program that changes something, all is saved as a run
would leave it that is killed there; and each can be told to fail.
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from samples import first_node

from tasks.plan.compare.compared import Host
from tasks.plan.compare.host import compare
from tasks.plan.desired import ProfileLine
from tasks.plan.look.observed import LOCK, questions, read
from tasks.plan.look.observed import script as observation
from tasks.plan.names import Id
from tasks.plan.runbook import ZOOKEEPER, wanted
from tasks.plan.script import runnable
from tasks.plan.shell import STATE
from tasks.plan.step import HostPlan, Phase
from tasks.plan.zookeeper import upgrade

ADDRESS = "10.70.0.10"
BOUNDARY = "5f0c" * 8
PHASES: tuple[Phase, ...] = ("stage", "start", "replace", "settle")

OLD = "zookeeper_image=zookeeper:3.4.12\n"
NEW = "zookeeper_image=zookeeper:3.4.13\nzookeeper_sync_limit=3\nzookeeper_heap=1g\n"
TAKEN = OLD + "zookeeper_adopts=zk1\n"
NEWER = NEW.replace("sync_limit=3", "sync_limit=4")
UPGRADED = OLD.replace("3.4.12", "3.8.0")

CUTTING = """\
tick() { # counts everything that may change something, and saves the host before it; number $FAIL fails
  read -r ticks < "$COUNT"; ticks=$((ticks + 1)); echo $ticks >| "$COUNT"
  [ -z "$SAVE" ] || command cp -Rp "$HOST" "$SAVE/$ticks"
  [ $ticks != "$FAIL" ]
}
sync() { tick; } # what is on the disk is no matter here, and takes its time
""" + "".join(
    f'{name}() {{ tick || return 1; command {name} "$@"; }}\n'
    for name in ("mkdir", "cat", "mv", "cp", "rm", "rmdir", "ln", "chmod", "chown")
)

DOCKER = """\
# a stand-in for docker: containers/NAME holds a container's form, restart policy and status
fail() { echo "Error response from daemon: $1" >&2; exit 1; }
there() { [ -d "containers/$1" ] || fail "No such container: $1"; }
start() {
  there "$1"
  for other in containers/*/status; do
    read -r status < "$other"
    [ "$status" != running ] || [ "$other" = "containers/$1/status" ] || fail "address in use: $other"
  done
  while read -r source; do [ -e "$source" ] || command mkdir -p "$source"; done < "containers/$1/sources"
  echo running > "containers/$1/status"
}
create() {
  environment= labels= binds= sources= log=
  while :; do
    case "$1" in
    -d) shift 1;;
    --restart=*) policy=${1#*=}; shift 1;;
    --name) name=$2; shift 2;;
    --net|--log-driver) shift 2;;
    --log-opt) log="$log${log:+,}\\"${2%%=*}\\":\\"${2#*=}\\""; shift 2;;
    --label) labels="$labels${labels:+,}\\"${2%%=*}\\":\\"${2#*=}\\""; shift 2;;
    --env-file) while read -r each; do environment="$environment\\"$each\\","; done < "$2"; shift 2;;
    -v) binds="$binds${binds:+,}\\"$2\\""; sources="$sources${2%%:*}
"; shift 2;;
    *) break;;
    esac
  done
  [ -e "images/$1" ] || fail "No such image: $1"
  [ ! -e "containers/$name" ] || fail "Conflict. The container name \\"/$name\\" is already in use"
  command mkdir made
  echo "$policy" > made/policy; echo created > made/status; printf %s "$sources" > made/sources
  command cat > made/form <<EOF
"Image":"sha256:$1","Config":{"Image":"$1","Env":[$environment"USER=zk"],"Labels":{$labels},\\
"Entrypoint":["/entry"],"Cmd":["start"],"User":""}
EOF
  echo "\\"Binds\\":[$binds],\\"LogConfig\\":{\\"Type\\":\\"json-file\\",\\"Config\\":{$log}}" > made/binds
  command mv made "containers/$name"
}
ours() {
  for place in containers/*/; do
    [ -e "$place/form" ] || continue
    read -r form < "$place/form"
    case $form in *mesofab.cluster*) ;; *) continue ;; esac
    cluster=${form##*\\"mesofab.cluster\\":\\"}; place=${place%/}
    echo "${place#*/} ${cluster%%\\"*}"
  done
}
inspect() {
  for name; do
    if [ -d "containers/$name" ]; then
      read -r form < "containers/$name/form"; read -r binds < "containers/$name/binds"
      read -r policy < "containers/$name/policy"; read -r status < "containers/$name/status"
      running=false; [ "$status" != running ] || running=true
      echo "{$form,\\"State\\":{\\"Running\\":$running,\\"Status\\":\\"$status\\"},"\\
"\\"HostConfig\\":{$binds,\\"NetworkMode\\":\\"host\\",\\"Privileged\\":false,\\"PidMode\\":\\"\\","\\
"\\"CapAdd\\":null,\\"CapDrop\\":null,\\"ReadonlyRootfs\\":false,\\"Memory\\":0,\\"NanoCpus\\":0,"\\
"\\"RestartPolicy\\":{\\"Name\\":\\"$policy\\"}}}"
    elif [ -e "images/$name" ]; then
      echo "{\\"Id\\":\\"sha256:$name\\",\\"Config\\":{\\"Env\\":[\\"USER=zk\\"],"\\
"\\"Entrypoint\\":[\\"/entry\\"],\\"Cmd\\":[\\"start\\"]}}"
    else
      echo "Error: No such object: $name" >&2
    fi
  done
}
docker() (
  tick || exit 1
  set -eu; cd "$STATE"; verb=$1; shift
  case "$verb" in
  ps) ours;;
  inspect) shift 2; inspect "$@";;
  pull) command touch "images/$1";;
  create) create "$@";;
  run) create "$@"; tick || exit 1; start "$name";;
  start) start "$1";;
  stop) there "$3"; echo exited > "containers/$3/status";;
  update) there "$2"; echo "${1#*=}" > "containers/$2/policy";;
  rename)
    there "$1"; [ ! -e "containers/$2" ] || fail "Conflict: $2"
    command mv "containers/$1" "containers/$2";;
  rm) there "$2"; echo exited > "containers/$2/status"; tick || exit 1; command rm -r "containers/$2";;
  *) fail "no stand-in for docker $verb";;
  esac
)
"""

LOOKING = """\
# stand-ins for programs that only tell; some would do, but are a process for every path of every look
tick() { :; }
timeout() { [ "${4-}" = docker ] || { command timeout "$@"; return; }; shift 4; engine "$@"; }
id() { echo 0; }
ip() { echo '2: eth0    inet 10.70.0.10/24 scope global eth0'; }
stat() {
  if [ "$2" = "%a %u %n" ]; then shift 2; command stat -Lc "%a 0 %n" "$@"; return; fi
  [ "$1 $2" = "-Lc %F" ] || { command stat "$@"; return; }
  if [ -d "$3" ]; then echo directory; return; fi
  if [ -s "$3" ]; then echo 'regular file'; else echo 'regular empty file'; fi
}
ss() {
  for file in "$STATE"/containers/*/status; do
    [ ! -e "$file" ] || read -r word < "$file"
    [ "${word:-}" != running ] || echo 'LISTEN 0 50 *:2181 *:* users:(("java",pid=9,fd=4))'
  done
}
"""


@dataclass
class World:
    """One host below a directory: files, a profile, and docker's state; `count` is outside of it."""

    root: Path
    count: Path

    def reset(self, to: Path | None = None) -> None:
        """Make it as freshly installed, or as it was saved in `to`."""
        shutil.rmtree(self.root, ignore_errors=True)
        if to:
            shutil.copytree(to, self.root)
            return
        for directory in ("containers", "images"):
            (self.root / "docker" / directory).mkdir(parents=True)
        (self.root / "profile").write_text("umask 022\n")

    def plan(self, variables: str) -> HostPlan:
        """Look at the host and give what is missing there."""
        cluster, node = first_node(f"zookeeper_dir={self.root}/zk\n{variables}", ADDRESS)
        profile = ProfileLine(Id.SET_IP, ADDRESS, f"{self.root}/profile")
        items = (profile, *wanted([ZOOKEEPER], cluster, node))
        ask = questions(items, {})
        look = observation(ask, BOUNDARY).replace("login $shell", ": $shell")
        engine = DOCKER.replace("docker() (", "engine() (")  # a look has a function of that name of its own
        seen = read(self._run(LOOKING + engine + look).stdout, BOUNDARY, ask)
        found = {node.name: compare(Host(node.name, items, seen, lambda _: ""))}
        return upgrade.prepared(cluster, {node.name: seen}, found)[node.name]

    def act(
        self, plan: HostPlan, phases: tuple[Phase, ...] = PHASES, fail: int = 0, save: Path | None = None
    ) -> bool:
        """Carry the steps out in the engine's order of phases; tell whether all went well.

        Command number `fail` fails. Before each, the host is saved below `save`, by its number.
        """
        assert not plan.blockers, "\n".join(str(blocker) for blocker in plan.blockers)
        self.count.write_text("0\n")
        steps = [step for phase in phases for step in plan.in_phase(phase)]
        return self._run(CUTTING + DOCKER + runnable(steps), fail, save).returncode == 0

    def deploy(self, variables: str) -> None:
        """Plan and act once; nothing may be missing then."""
        assert self.act(self.plan(variables))
        assert not self.plan(variables).steps

    def reboot(self) -> None:
        """Do what docker does when its host comes up: `always` means always, once it has been started."""
        for container in (self.root / "docker" / "containers").iterdir():
            if (container / "status").read_text() != "created\n":
                always = (container / "policy").read_text() == "always\n"
                (container / "status").write_text("running\n" if always else "exited\n")

    def running(self) -> list[str]:
        """The names of the containers that run."""
        status = (self.root / "docker" / "containers").glob("*/status")
        return [path.parent.name for path in status if path.read_text() == "running\n"]

    def state(self) -> dict[str, str]:
        """All there is, by path: text and mode."""
        files = [path for path in self.root.rglob("*") if path.name != "lock"]
        return {
            str(path.relative_to(self.root)): ("" if path.is_dir() else path.read_text("latin-1"))
            + f"{path.stat().st_mode:o}"
            for path in files
        }

    def _run(self, text: str, fail: int = 0, save: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh"],
            input=text.replace(LOCK, str(self.root / "lock")).replace(
                STATE, str(self.count.with_name("state"))
            ),
            env={
                "PATH": os.environ["PATH"],
                "STATE": str(self.root / "docker"),
                "COUNT": str(self.count),
                "HOST": str(self.root),
                "FAIL": str(fail),
                "SAVE": str(save or ""),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )


def make_world(where: Path) -> World:
    made = World(where / "host", where / "count")
    made.count.write_text("0\n")
    made.reset()
    return made


# How a host may stand when the run that is cut off begins


def bare(world: World) -> None:
    """Nothing is deployed."""


def deployed(world: World) -> None:
    """The old settings are deployed."""
    world.deploy(OLD)


def unsettled(world: World) -> None:
    """The new settings were deployed but did not pass their gate: what they replaced is still there."""
    world.deploy(OLD)
    world.act(world.plan(NEW), ("stage", "start", "replace"))
    assert (world.root / "docker" / "containers" / "zookeeper.prev").exists()


def has_a_log(world: World) -> None:
    """An old ZooKeeper has written little: a log, and no snapshot."""
    world.deploy(OLD)
    (world.root / "zk/data/version-2").mkdir()
    (world.root / "zk/data/version-2/log.100000001").write_text("a few writes\n")


def lost_its_directory(world: World) -> None:
    """The host came back without its files, and docker made directories for what it mounts."""
    world.deploy(OLD)
    shutil.rmtree(world.root / "zk")
    for directory in ("conf/zoo.cfg", "data", "logs"):
        (world.root / "zk" / directory).mkdir(parents=True)


def by_hand(world: World) -> None:
    """Somebody has run a container by another name, with the published mounts."""
    (world.root / "zk" / "data").mkdir(parents=True)
    (world.root / "zk" / "conf").mkdir()
    (world.root / "zk" / "data" / "myid").write_text("1\n")
    (world.root / "zk" / "conf" / "zoo.cfg").write_text("dataDir=/data\nserver.1=10.70.0.10:2888:3888\n")
    (world.root / "docker" / "images" / "zookeeper:3.4.12").touch()
    mounts = f"-v {world.root}/zk/data:/data -v {world.root}/zk/conf/zoo.cfg:/conf/zoo.cfg"
    run = f"docker run -d --name zk1 --net host {mounts} --restart=always zookeeper:3.4.12\n"
    assert world._run(LOOKING + DOCKER + run).returncode == 0
    assert world.running() == ["zk1"]


@dataclass(frozen=True)
class Story:
    """How a host stands, what is then deployed and cut off in these ways, and what is deployed after it."""

    begin: Callable[[World], None]
    first: str
    then: str
    hows: tuple[str, ...] = ("is killed",)


STORIES = {
    "a change": Story(deployed, NEW, NEW, ("is killed", "fails", "loses power")),
    "a change that is then taken back": Story(deployed, NEW, OLD),
    "a change before the last one was settled": Story(unsettled, NEWER, NEWER),
    "a version that wants a snapshot": Story(has_a_log, UPGRADED, UPGRADED),
    "a first deploy": Story(bare, OLD, OLD),
    "a container that was run by hand": Story(by_hand, TAKEN, TAKEN, ("is killed", "loses power")),
    "files made again": Story(lost_its_directory, OLD, OLD),
}


def cut_everywhere(world: World, story: Story) -> None:
    """Cut a story at its n-th command for every n; then deploy what is wanted in the end."""
    story.begin(world)
    begun, killed = world.count.with_name("begun"), world.count.with_name("killed")
    shutil.copytree(world.root, begun)
    killed.mkdir()
    plan = world.plan(story.first)
    assert world.act(plan, save=killed)
    commands = int(world.count.read_text())
    assert commands >= 10
    world.deploy(story.then)
    undisturbed = without_images(world.state())
    met: list[dict[str, str]] = []
    for how, n in itertools.product(story.hows, range(1, commands + 1)):
        world.reset(begun if how == "fails" else killed / str(n))
        if how == "fails":
            world.act(plan, fail=n)
        if how == "loses power":
            world.reboot()
        if (state := world.state()) in met:
            continue
        met.append(state)
        nothing_is_lost(world, begun, n)
        assert world.act(world.plan(story.then))
        different = dict(without_images(world.state()).items() ^ undisturbed.items())
        assert different == {}, f"{how} at {n} of {commands}"


def without_images(state: dict[str, str]) -> dict[str, str]:
    """What may stay: an image that was pulled for settings that were taken back."""
    return {path: text for path, text in state.items() if not path.startswith("docker/images")}


def nothing_is_lost(world: World, begun: Path, n: int) -> None:
    """Wherever it is cut: one container to go back to, never two at work, the profile and myid whole."""
    if list((begun / "docker" / "containers").iterdir()):
        assert list((world.root / "docker" / "containers").iterdir()), f"cut at {n}"
    assert (world.root / "profile").read_text().startswith("umask 022\n"), f"cut at {n}"
    assert len(world.running()) <= 1, f"cut at {n}"
    if (begun / "zk" / "data" / "myid").exists():
        assert (world.root / "zk" / "data" / "myid").read_text() == "1\n", f"cut at {n}"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """All stories, each in a world of its own, two at a time: most of the time they wait for shells."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {
            name: pool.submit(cut_everywhere, make_world(tmp_path_factory.mktemp("world")), story)
            for name, story in STORIES.items()
        }


@pytest.mark.parametrize("story", STORIES)
def test_a_deploy_cut_off_anywhere_and_run_again_ends_as_an_undisturbed_one(
    story: str, told: dict[str, Future[None]]
) -> None:
    told[story].result(timeout=600)


def test_a_deploy_that_nothing_disturbs_leaves_nothing_to_do(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for variables in (OLD, NEW, OLD):
        world.deploy(variables)
        names = [path.name for path in (world.root / "docker" / "containers").iterdir()]
        assert names == ["zookeeper"]
        assert not [path for path in world.state() if path.endswith((".next", ".prev"))]
