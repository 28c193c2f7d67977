"""What a new user types or configures wrong, and how mesofab responds: docs/mistakes.md is made of this.

`python tests/mistakes.py` writes the page. What needs no host is tried while it is written; what needs
the lab's hosts is tried by tests/lab/test_mistakes.py.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/mistakes.md"
CHECKOUT = ("conftest.py", "fabfile.py", "pyproject.toml", "lab", "pages", "picture", "tasks", "verify")

TRIO = """\
[zookeeper]
192.0.2.10 myid=1
192.0.2.11 myid=2
192.0.2.12 myid=3
"""
"""Addresses that are nobody's, should a command dial although it must not."""
SERVICES = TRIO + "[mesos_master:children]\nzookeeper\n[marathon:children]\nzookeeper\n"
GOOD = SERVICES + "[mesos_agent]\n192.0.2.20\n"
KEY = "[all:vars]\nansible_ssh_private_key_file=key\n"


def nothing(where: Path) -> None:
    """Prepare nothing."""


def open_key(where: Path) -> None:
    """Put a private key beside hosts.ini that everybody can read."""
    (where / "key").write_text("a private key\n")
    (where / "key").chmod(0o644)


def directory(where: Path) -> None:
    """Make a directory with nothing in it."""
    (where / "inventory").mkdir()


def open_file(where: Path) -> None:
    """Let everybody read hosts.ini."""
    (where / "hosts.ini").chmod(0o644)


@dataclass(frozen=True)
class Mistake:
    """One thing typed, with a whole hosts.ini; `wrong` are the lines of that which are the mistake."""

    title: str
    typed: str = "fab plan"
    inventory: str = GOOD
    prepare: Callable[[Path], None] = nothing

    @property
    def wrong(self) -> Iterator[str]:
        """The lines of hosts.ini that a good one does not have, with their numbers."""
        good = GOOD.split("\n")
        for number, line in enumerate(self.inventory.split("\n"), start=1):
            if line not in good:
                yield f"{number:>4}  {line}".replace("\r", "^M").rstrip()


MISTAKES = (
    Mistake("A task misspelt", "fab deploy-zookeper"),
    Mistake("No task at all", "fab"),
    Mistake("A chapter's name as a task", "fab marathon"),
    Mistake("Hosts behind the task", "fab deploy-zookeeper 192.0.2.10"),
    Mistake("An empty list of hosts", "fab -H '' deploy-cluster"),
    Mistake("A host that hosts.ini does not have", "fab -H 192.0.2.99 deploy-zookeeper"),
    Mistake("A host of another role", "fab -H 192.0.2.20 deploy-zookeeper"),
    Mistake("An option misspelt", "fab plan --jsn"),
    Mistake("fab's own dry run", "fab --dry deploy-cluster"),
    Mistake("An inventory that is not there", "INVENTORY=host.ini fab plan"),
    Mistake("A directory without hosts for an inventory", "INVENTORY=inventory fab plan", prepare=directory),
    Mistake("YAML in a file called .ini", inventory="all:\n  hosts:\n    192.0.2.10: {myid: 1}\n"),
    Mistake("The suite, for an unknown host", "pytest -q verify/ --hosts=ssh://192.0.2.99"),
    Mistake("The suite, without ssh://", "pytest -q verify/ --hosts=192.0.2.10"),
    Mistake("The suite, with a bad hosts.ini", "pytest -q verify/", GOOD.replace("myid=3", "myid=2")),
    Mistake("A group misspelt", inventory=SERVICES + "[mesos_agents]\n192.0.2.20\n"),
    Mistake("A variable misspelt", inventory=GOOD + "[zookeeper:vars]\nzookeeper_dri=/data/zookeeper\n"),
    Mistake(
        "A variable in another group's section", inventory=GOOD + "[marathon:vars]\nmesos_agent_port=5052\n"
    ),
    Mistake("A ZooKeeper host without a myid", inventory=GOOD.replace("192.0.2.12 myid=3", "192.0.2.12")),
    Mistake("Four ZooKeeper hosts", inventory=GOOD.replace("[mesos_m", "192.0.2.13 myid=4\n[mesos_m")),
    Mistake("A group that is called almost like a role", inventory=GOOD.replace("[mesos_m", "[mesos-m")),
    Mistake(
        "A range of hosts without addresses", inventory=SERVICES + "[mesos_agent]\nagent[01:20].example.org\n"
    ),
    Mistake("A host without an address", inventory=SERVICES + "[mesos_agent]\nagent1.example.org\n"),
    Mistake(
        "Options for Ansible's ssh, and a password for it",
        inventory=GOOD
        + "[all:vars]\nansible_ssh_common_args='-o ProxyJump=bastion'\nansible_ssh_pass=a-secret\n",
    ),
    Mistake(
        "A host that Ansible would not reach by SSH",
        inventory=GOOD + "[all:vars]\nansible_connection=local\n",
    ),
    Mistake("Spaces around =", inventory=SERVICES + "[mesos_agent]\n192.0.2.20 ansible_user = admin\n"),
    Mistake("A comment behind a value", inventory=GOOD + "[all:vars]\nansible_user=admin # for now\n"),
    Mistake("A file from Windows", inventory=GOOD.replace("\n", "\r\n")),
    Mistake(
        "An image that is not pinned", inventory=GOOD + "[all:vars]\nmarathon_image=mesosphere/marathon\n"
    ),
    Mistake("Two services on one port", inventory=GOOD + "[all:vars]\nmarathon_port=5050\n"),
    Mistake(
        "A master's and an agent's data in one directory",
        inventory=SERVICES + "[mesos_agent]\n192.0.2.10 mesos_agent_work_dir=/var/lib/mesos/master\n",
    ),
    Mistake(
        "A flag of Mesos misspelt",
        inventory=GOOD + "[mesos_agent:vars]\nmesos_agent_environment=MESOS_GC_DELEY=3days\n",
    ),
    Mistake(
        "A flag that Marathon 1.5 has no more",
        inventory=GOOD + "[marathon:vars]\nmarathon_arguments=--artifact_store file:///var/lib/marathon\n",
    ),
    Mistake(
        "JSON without quotes around the setting",
        inventory=SERVICES
        + '[mesos_agent]\n192.0.2.20 mesos_agent_environment=MESOS_DEFAULT_CONTAINER_INFO={"type":"MESOS"}\n',
    ),
    Mistake(
        "A boolean as Python writes it",
        inventory=GOOD + "[mesos_master:vars]\nmesos_master_environment=MESOS_ROOT_SUBMISSIONS=False\n",
    ),
    Mistake(
        "A secret in a file that everybody can read",
        inventory=GOOD + "[marathon:vars]\nmarathon_environment=MESOSPHERE_KEYSTORE_PASS=a-secret\n",
        prepare=open_file,
    ),
    Mistake("A private key that is not there", inventory=GOOD + KEY),
    Mistake("A private key that everybody can read", inventory=GOOD + KEY, prepare=open_key),
    Mistake("A task of the lab without its option", "fab lab.stop"),
)


@dataclass(frozen=True)
class OnHosts:
    """A mistake that shows only on the hosts: what is wrong, what is typed, and what is answered then."""

    title: str
    wrong: str
    typed: str
    answer: str
    code: int


ONE = "fab -H 10.70.0.11 deploy-zookeeper"
NOTHING_CHANGED = "\nNothing was changed."
ON_HOSTS = {
    "down": OnHosts(
        "A host that is down",
        "10.70.0.11 is shut down.",
        "fab deploy-cluster",
        "10.70.0.11  connect: 10.70.0.11:22 does not answer within 5 s. Is the host up?\n"
        "To go on without 10.70.0.11, name the others: -H 10.70.0.10,10.70.0.12,10.70.0.20",
        3,
    ),
    "stranger": OnHosts(
        "A user whom the host does not let in",
        "There is no user guest on 10.70.0.11.",
        "fab -H guest@10.70.0.11 plan",
        "10.70.0.11  connect: 10.70.0.11:22 accepts no key we have for user guest. Check ansible_user and "
        "ansible_ssh_private_key_file; try: ssh -F ~/ssh_config -p 22 guest@10.70.0.11",
        3,
    ),
    "unknown": OnHosts(
        "A host whose key nobody has looked at yet",
        "There is no ~/.ssh at all.",
        "fab -H 10.70.0.11 plan",
        "10.70.0.11  connect: its host key ssh-ed25519 SHA256:... is not known. Compare it with what the "
        "host's console shows (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub); if it is the same, add it: "
        "mkdir -p -m 700 ~/.ssh && ssh-keyscan -t ed25519 10.70.0.11 >> ~/.ssh/known_hosts",
        3,
    ),
    "engine": OnHosts(
        "Docker does not run",
        "The docker engine of 10.70.0.11 is stopped.",
        ONE,
        "10.70.0.11  error  docker: the docker engine does not run. Start it (systemctl start docker) "
        f"and look at its log; it must listen on /var/run/docker.sock.{NOTHING_CHANGED}",
        6,
    ),
    "port": OnHosts(
        "A port that is taken",
        "Another program listens on port 2181 of 10.70.0.11.",
        ONE,
        "10.70.0.11  error  port: zookeeper: port 2181 is taken by nc (pid 4711). Stop that "
        f"process.{NOTHING_CHANGED}",
        6,
    ),
    "image": OnHosts(
        "An image that the registry does not have",
        "hosts.ini has zookeeper_image=lab/zookeeper:3.8.99.",
        ONE,
        "10.70.0.11  error  image: 10.70.0.2:5000/lab/zookeeper:3.8.99: the registry has no such image "
        "(manifest unknown: manifest unknown). Correct the image in hosts.ini, or push it."
        f"{NOTHING_CHANGED}",
        6,
    ),
}


@dataclass(frozen=True)
class Answer:
    """What was printed, both streams together, and the exit code."""

    said: str
    code: int

    @property
    def text(self) -> str:
        """As it stands on the page."""
        return "\n".join(
            f"    {line}".rstrip() for line in [*self.said.split("\n"), f"[exit code {self.code}]"]
        )


def answers(mistakes: Sequence[Mistake]) -> list[Answer]:
    """Make the mistakes, each in a checkout of its own below a directory that is removed again."""
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(2) as pool:
        rooms = [Path(directory) / str(number) for number in range(len(mistakes))]
        return list(pool.map(_answer, mistakes, rooms))


def _answer(mistake: Mistake, where: Path) -> Answer:
    for name in CHECKOUT:
        (where / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, where / name, ignore=shutil.ignore_patterns("run", "__pycache__", "images")
            )
        else:
            shutil.copy(ROOT / name, where / name)
    (where / "hosts.ini").write_text(mistake.inventory, newline="")
    (where / "hosts.ini").chmod(0o600)
    mistake.prepare(where)
    programs = {
        "fab": f"{sys.executable} -m fabric",
        "pytest": f"{sys.executable} -m pytest -p no:cacheprovider",
    }
    words = mistake.typed.split(" ")
    command = " ".join(programs.get(word, word) for word in words)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=where,
        env={**{k: v for k, v in os.environ.items() if k != "INVENTORY"}, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return Answer(tidy(done.stdout, where), done.returncode)


def tidy(said: str, where: Path) -> str:
    """Take out what is another one every time: where the checkout is, how long it took, empty lines."""
    said = said.replace(f"{where.resolve()}/", "/home/you/mesofab/").replace(
        f"{where}/", "/home/you/mesofab/"
    )
    said = re.sub(r" in [0-9.]+s\b", "", said)
    return "\n".join(
        line for line in said.splitlines() if line.strip() and not line.startswith(("=====", "no tests ran"))
    )


HEAD = """\
# How mesofab responds to each mistake

Made by `make docs` from `tests/mistakes.py`: every answer is what was really printed. What is wrong in
hosts.ini is shown with its line numbers. The last ones were made on the lab's hosts, by
`tests/lab/test_mistakes.py`. The exit codes are [these](troubles.md#exit-codes); pytest's own is 4 for
what it cannot use.
"""


def page(found: Sequence[Answer]) -> str:
    """Return docs/mistakes.md."""
    sections = [HEAD]
    for number, (mistake, answer) in enumerate(zip(MISTAKES, found, strict=True), start=1):
        sections.append(f"\n## {number}. {mistake.title}\n\n")
        wrong = "\n".join(f"    {line}" for line in mistake.wrong)
        sections.append(f"In hosts.ini:\n\n{wrong}\n\nThen:\n\n" if wrong else "")
        sections.append(f"    $ {mistake.typed}\n{answer.text}\n")
    for number, each in enumerate(ON_HOSTS.values(), start=len(MISTAKES) + 1):
        wrong = f"{each.wrong}\n\n" if each.wrong else ""
        text = Answer(each.answer, each.code).text
        sections.append(f"\n## {number}. {each.title}\n\n{wrong}    $ {each.typed}\n{text}\n")
    return "".join(sections)


if __name__ == "__main__":
    PAGE.write_text(page(answers(MISTAKES)))
