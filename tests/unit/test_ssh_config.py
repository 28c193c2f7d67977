"""What people have in ssh_config: with an ssh client what ssh itself makes of it, without one a sentence."""

import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fabric import Config
from paramiko import SSHConfig
from samples import stand_in

from lab import waiting
from tasks.engine.ssh import client
from tasks.engine.ssh.access import Access, source
from tasks.engine.ssh.client import Source, ask
from tasks.engine.ssh.routes import Route, Routes
from tasks.engine.ssh.settings import Question, Settings
from tasks.errors import BadInput
from tasks.inventory.parse import parse

needs_ssh = pytest.mark.skipif(not shutil.which("ssh"), reason="there is no ssh client")
HOME = client.here().home
HOSTS = (f"{HOME}/.ssh/known_hosts", f"{HOME}/.ssh/known_hosts2")

Asking = Callable[..., Settings]


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    """Ask for web1 with this text for an ssh_config."""

    def ask_with(text: str | bytes, patience: float = client.PATIENCE) -> Settings:
        file = tmp_path / "ssh_config"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ask(Question("web1"), Source(file), patience)

    return ask_with


@pytest.fixture
def without_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


CASES: dict[str, tuple[str, dict[str, object]]] = {
    "a canonical name without a domain": (
        "CanonicalizeHostname yes\nHost web1\n  User ann\n",
        {"user": "ann"},
    ),
    "a host key that goes to /dev/null": (
        "Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n",
        {"user_known_hosts": ("/dev/null",)},
    ),
    "variables and tokens in paths": (
        "Host *\n  IdentityFile ${HOME}/.ssh/mine\n  UserKnownHostsFile ~/.ssh/known.d/%k\n",
        {
            "keys": (f"{os.environ.get('HOME')}/.ssh/mine",),
            "user_known_hosts": (f"{HOME}/.ssh/known.d/web1",),
        },
    ),
    "an agent to forward by its socket": ("Host *\n  ForwardAgent $SSH_AUTH_SOCK\n", {"host": "web1"}),
    "a bastion that is excepted": (
        "Host bastion\n  ProxyJump none\n  User keeper\nHost *\n  ProxyJump bastion\n  User ann\n",
        {"jump": "bastion", "user": "ann"},
    ),
    "a criterion behind =": ("Match host=web1\n  User ann\n", {"user": "ann"}),
    "a final pass": ("Match final all\n  Ciphers aes256-ctr\nHost *\n  User ann\n", {"user": "ann"}),
    "a final pass that changes the user": ("Match final host web1\n  User ann\n", {"user": "ann"}),
    "a command that decides": ('Match exec "test %n = web1"\n  User ann\n', {"user": "ann"}),
    "a comment behind a value": ("Host *\n  Port 2222 # as usual\n", {"port": 2222}),
    "spaces in quoted paths": (
        'Host *\n  UserKnownHostsFile "~/.ssh/my hosts"\n  IdentityFile "~/.ssh/my key"\n',
        {"user_known_hosts": (f"{HOME}/.ssh/my hosts",), "keys": (f"{HOME}/.ssh/my key",)},
    ),
    "a time in minutes": ("Host *\n  ConnectTimeout 1m30s\n", {"timeout": 90}),
    "two files of known hosts": (
        'Host *\n  UserKnownHostsFile "~/.ssh/known_hosts" "~/.ssh/others"\n',
        {"user_known_hosts": (f"{HOME}/.ssh/known_hosts", f"{HOME}/.ssh/others")},
    ),
    "options of other programs, and of shared connections": (
        "IgnoreUnknown UseKeychain\nHost *\n  UseKeychain yes\n  ControlMaster auto\n"
        "  ControlPath ~/.ssh/%C\n  ConnectTimeout=7\n  AddressFamily inet\n  ConnectionAttempts 3\n"
        "  RequestTTY force\n",
        {"timeout": 7, "family": "inet", "attempts": 3},
    ),
    "a pattern with a negation": ("Host web* !web2\n  User ann\n", {"user": "ann"}),
    "an agent that is none": ("Host *\n  IdentityAgent none\n", {"agent": ""}),
    "a name for the host key": ("Host *\n  HostKeyAlias boxy\n", {"known_as": "boxy"}),
    "a certificate": (
        "Host *\n  CertificateFile ~/.ssh/c-cert.pub\n",
        {"certificates": (f"{HOME}/.ssh/c-cert.pub",)},
    ),
    "nothing": ("", {"user_known_hosts": HOSTS, "port": 22}),
}


@needs_ssh
@pytest.mark.parametrize("text, expected", CASES.values(), ids=CASES)
def test_what_ssh_makes_of_a_file_is_what_we_go_by(
    text: str, expected: dict[str, object], asking: Asking
) -> None:
    found = asking(text)
    assert {name: getattr(found, name) for name in expected} == expected


ONLY_OPENSSH = {
    "a canonical name without a domain",
    "a criterion behind =",
    "a final pass",
    "a command that decides",
    "a comment behind a value",
    "two files of known hosts",
}
"""What paramiko cannot read, or would read as something else."""


@pytest.mark.parametrize("name", CASES)
def test_without_a_client_a_file_means_the_same_or_is_refused_with_its_line(
    name: str, asking: Asking, without_client: None, tmp_path: Path
) -> None:
    text, expected = CASES[name]
    if name in ONLY_OPENSSH:
        with pytest.raises(BadInput, match="without OpenSSH's own client.*apt-get install openssh-client"):
            asking(text)
        return
    found = asking(text)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    "text, place",
    [
        ("Host *\n  IdentitiesOnly\n", "ssh_config:2: `IdentitiesOnly`"),
        ("Match tagged prod\n  User ann\n", "ssh_config:1: `Match tagged prod`"),
        ("Tag prod\n", "ssh_config:1: `Tag prod`"),
        ("Match localnetwork 10.0.0.0/8\n", "ssh_config:1: `Match localnetwork 10.0.0.0/8`"),
        ('Host "web1\n  User ann\n', 'ssh_config:1: `Host "web1`'),
        ("\n\nPort ssh\n", "ssh_config:3: `Port ssh`"),
        ("Match Host web1\n  User ann\n", "ssh_config:1: `Match Host web1`"),
        ("Host *\n  IdentityFile /k/a~b\n", "ssh_config:2: `IdentityFile /k/a~b`"),
        ("Host *\n  User ann # caf\xe9\n", r"ssh_config:2: `User ann # caf\xe9`"),
        ("Host *\n  User caf\xe9\n", r"ssh_config:2: `User caf\xe9`"),
        ("ConnectTimeout soon\n", "ssh_config:1: `ConnectTimeout soon`"),
    ],
)
def test_without_a_client_what_cannot_be_read_is_told_with_file_and_line(
    text: str, place: str, asking: Asking, without_client: None
) -> None:
    with pytest.raises(BadInput) as caught:
        asking(text.encode("latin-1"))
    assert place in str(caught.value)


def test_without_a_client_an_include_is_refused_if_there_is_something_to_include(
    asking: Asking, without_client: None, tmp_path: Path
) -> None:
    (tmp_path / "more").write_text("User bob\n")
    with pytest.raises(BadInput, match="ssh_config:1: `Include "):
        asking(f"Include {tmp_path}/more\nUser ann\n")
    assert asking(f"Include {tmp_path}/no*\nUser ann\n").user == "ann"


def test_without_a_client_latin_1_in_a_comment_harms_nothing(asking: Asking, without_client: None) -> None:
    assert asking("# caf\xe9\nHost web1\n  User ann\n".encode("latin-1")).user == "ann"


def test_without_a_client_what_was_typed_wins(tmp_path: Path, without_client: None) -> None:
    file = tmp_path / "ssh_config"
    file.write_text("Host *\n  User bob\n  Port 23\n  IdentityFile /k/bob\n")
    found = ask(Question("web1", "ann", 2222, ("/k/ann",), ("/k/shared",), "bastion"), Source(file))
    assert (found.user, found.port, found.jump) == ("ann", 2222, "bastion")
    assert found.keys == ("/k/shared", "/k/ann", "/k/bob")


@needs_ssh
def test_what_was_typed_wins_and_is_seen_by_the_file(tmp_path: Path) -> None:
    for name in ("shared", "100% mine"):
        (tmp_path / name).touch()
    file = tmp_path / "ssh_config"
    file.write_text("Match user ann\n  IdentityFile /k/anns\nHost *\n  User bob\n  Port 23\n")
    mine, shared = str(tmp_path / "100% mine"), str(tmp_path / "shared")
    found = ask(Question("web1", "ann", 2222, (mine,), (shared,), "bastion"), Source(file))
    assert (found.user, found.port, found.jump) == ("ann", 2222, "bastion")
    assert found.keys == (shared, mine, "/k/anns")


@needs_ssh
def test_a_file_that_includes_another_is_read_with_it(asking: Asking, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host web1\n  HostName 10.0.0.9\n  Port 2222\n")
    found = asking(f"Include {tmp_path}/more\nHost *\n  User ann\n")
    assert (found.host, found.port, found.user) == ("10.0.0.9", 2222, "ann")


@needs_ssh
@pytest.mark.parametrize(
    "text, said",
    [
        ("Host *\n  IdentitiesOnly\n", "line 2: no argument after keyword"),
        ("Frobnicate yes\nHost *\n", "line 1: Bad configuration option: frobnicate"),
        ("Port 99999\n", "line 1: Bad port"),
        ("Match tegged prod\n", "line 1: Bad Match condition"),
    ],
)
def test_what_ssh_refuses_is_told_in_its_own_words_with_file_and_line(
    text: str, said: str, asking: Asking
) -> None:
    with pytest.raises(BadInput) as caught:
        asking(text)
    told = str(caught.value)
    assert "ssh cannot use its configuration: " in told and "ssh_config" in told and said in told
    assert "terminating" not in told and "Pseudo-terminal" not in told and "\n" not in told


@needs_ssh
def test_a_match_by_tag_is_what_this_ssh_makes_of_it(asking: Asking, tmp_path: Path) -> None:
    text = "Match tagged prod\n  User bob\nHost *\n  User ann\n"
    (tmp_path / "probe").write_text(text)
    knows = (
        subprocess.run(["ssh", "-F", tmp_path / "probe", "-G", "web1"], capture_output=True).returncode == 0
    )
    if knows:
        assert asking(text).user == "ann"
    else:
        with pytest.raises(BadInput, match="Unsupported Match attribute tagged"):
            asking(text)


@needs_ssh
def test_a_user_that_is_not_utf_8_is_refused_unless_hosts_ini_has_another(
    asking: Asking, tmp_path: Path
) -> None:
    with pytest.raises(
        BadInput, match=r"the user for web1 is 'caf\\xe9', which is not UTF-8. Save the file as"
    ):
        asking("Host web1\n  User caf\xe9\n".encode("latin-1"))
    assert ask(Question("web1", "ann"), Source(tmp_path / "ssh_config")).user == "ann"


@needs_ssh
def test_a_command_that_hangs_is_given_up_with_all_that_it_started(asking: Asking, tmp_path: Path) -> None:
    text = f'Match exec "echo $$ >{tmp_path}/pid; exec sleep 60"\n  User ann\n'
    with pytest.raises(BadInput, match=r"`ssh -G web1` does not end within 5 s\. Does a `Match exec`"):
        asking(text, patience=5)  # a busy machine has begun the command by then
    pid = (tmp_path / "pid").read_text().strip()
    waiting.until("the end of the command", 30, lambda: _lives(Path(f"/proc/{pid}/stat")))


def _lives(state: Path) -> str | None:
    """Say that a process lives; one that nobody has waited for yet does not."""
    try:
        return None if ") Z " in state.read_text() else "it lives"
    except OSError:
        return None


# Programs that are called ssh


@pytest.mark.parametrize(
    "words",
    ["unknown option -- G", "ssh: illegal option -- G", "No user exists for uid 4711", "Invalid option -G"],
)
def test_a_client_that_cannot_be_asked_is_as_none(
    words: str, asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "bin", "ssh", f"echo '{words}' >&2; exit 255")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert asking("Host web1\n  User ann\n").user == "ann"


def test_a_program_that_answers_something_else_is_told(
    asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "bin", "ssh", "echo hello")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    with pytest.raises(BadInput, match="which program is called ssh here"):
        asking("")


def test_a_file_that_others_may_write_is_told_with_the_remedy(
    asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(
        tmp_path / "bin", "ssh", "echo 'Bad owner or permissions on /home/ann/.ssh/config' >&2; exit 255"
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    with pytest.raises(BadInput, match=r"Let nobody else write it: chmod go-w /home/ann/\.ssh/config$"):
        asking("")


# Which file


def test_the_file_of_fab_comes_before_the_inventorys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nssh_config=own\n"
    (tmp_path / "hosts.ini").write_text(text)
    (tmp_path / "own").touch()
    monkeypatch.setenv("INVENTORY", str(tmp_path / "hosts.ini"))
    cluster = parse(text)
    plain = Config(ssh_config=SSHConfig())
    assert source(None, plain, cluster).file == tmp_path / "own"
    assert source("typed", plain, cluster).file == Path("typed").absolute()
    (tmp_path / "own").unlink()
    with pytest.raises(BadInput, match=r"hosts\.ini:4: ssh_config names .*own, which does not exist"):
        source(None, plain, cluster)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_told_as_such(
    make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[zookeeper]\n10.0.0.1 myid=1\n[all:vars]\nssh_config=own\n"
    (tmp_path / "hosts.ini").write_text(text)
    make(tmp_path / "own")
    monkeypatch.setenv("INVENTORY", str(tmp_path / "hosts.ini"))
    with pytest.raises(BadInput, match=r"ssh_config names .*own, which is not a file"):
        source(None, Config(ssh_config=SSHConfig()), parse(text))


@needs_ssh
def test_of_a_file_that_is_none_of_ssh_s_only_the_first_lines_are_told(asking: Asking) -> None:
    with pytest.raises(BadInput) as caught:
        asking("".join(f"nonsense{number} {'x' * 500}\n" for number in range(200)))
    assert "more like these. Correct it" in str(caught.value) and len(str(caught.value)) < 2000


def test_without_a_client_a_long_line_is_not_told_to_its_end(asking: Asking, without_client: None) -> None:
    with pytest.raises(BadInput) as caught:
        asking(f"Match tagged {'x' * 5000}\n")
    assert len(str(caught.value)) < 600


# How often


def test_ssh_is_asked_once_for_each_distinct_host_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "echo hostname $name; echo user ann; echo port 22; [ $name = bastion ] || echo proxyjump bastion"
    log = f'for name; do :; done; echo "$name" >>{tmp_path}/asked'
    stand_in(tmp_path / "bin", "ssh", f"{log}; {answer}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    nodes = parse("[mesos_agent]\n10.0.0.1\n10.0.0.2\n10.0.0.3\n[zookeeper]\n10.0.0.9 myid=1\n").nodes
    way = Access(Source(), Config(ssh_config=SSHConfig()), print)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            ends = [route.via for route in pool.map(way.route, nodes)]
    assert len({*ends}) == 1
    assert sorted((tmp_path / "asked").read_text().split()) == sorted([*(n.name for n in nodes), "bastion"])


# Bastions


def routes(**jumps: str) -> tuple[Routes, list[Question]]:
    """Give the routes where these hosts have these jumps, and what was asked meanwhile."""
    asked: list[Question] = []

    def answer(question: Question) -> Settings:
        asked.append(question)
        jump = question.jump or jumps.get(question.name, "")
        return Settings(question.name, question.name, question.user or "ann", question.port or 22, jump=jump)

    return Routes(answer), asked


def names(route: Route | None) -> list[str]:
    return [route.settings.name, *names(route.via)] if route else []


def test_a_chain_leads_through_its_hosts_in_turn() -> None:
    way, asked = routes(web1="a,bob@b:23,c")
    route = way.to(Question("web1"))
    assert names(route) == ["web1", "c", "b", "a"]
    assert [each.jump for each in asked] == ["", "a,bob@b:23", "a", ""]
    assert route.via and route.via.via and route.via.via.settings.user == "bob"


def test_a_bastion_has_a_bastion_of_its_own() -> None:
    assert names(routes(web1="b", b="a")[0].to(Question("web1"))) == ["web1", "b", "a"]


def test_a_key_from_the_command_line_is_for_bastions_too_and_one_of_a_host_is_not() -> None:
    way, asked = routes(web1="b")
    way.to(Question("web1", keys=("own",), shared_keys=("typed",)))
    assert (asked[1].keys, asked[1].shared_keys) == ((), ("typed",))


def test_hosts_with_one_bastion_ask_for_it_once() -> None:
    way, asked = routes(web1="bastion", web2="bastion")
    ends = [way.to(Question(name)).via for name in ("web1", "web2")]
    assert ends[0] == ends[1]
    assert [each.name for each in asked] == ["web1", "bastion", "web2"]


@pytest.mark.parametrize(
    "jumps, told",
    [
        ({"web1": "a", "a": "b", "b": "a"}, "goes in a circle: web1 -> a -> b -> a."),
        ({"web1": "web1"}, "goes in a circle: web1 -> web1."),
        ({"web1": "a,b,c,d,e,f,g,h,i"}, "leads through more than 8 hosts: web1 -> i"),
        (
            {"web1": "a b:c:d,e@"},
            "ProxyJump 'a b:c:d,e@' for web1: 'e@' is no host. Write [user@]host[:port]",
        ),
    ],
)
def test_a_jump_that_leads_nowhere_is_one_sentence(jumps: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        routes(**jumps)[0].to(Question("web1"))
    assert told in str(caught.value)


def test_one_address_may_be_two_machines() -> None:
    def answer(question: Question) -> Settings:
        return Settings(
            question.name, "127.0.0.1", "ann", 22, jump="bastion" if question.name == "web1" else ""
        )

    assert names(Routes(answer).to(Question("web1"))) == ["web1", "bastion"]


@needs_ssh
def test_a_bastion_for_everybody_that_is_not_excepted_is_told(asking: Asking, tmp_path: Path) -> None:
    asking("Host *\n  ProxyJump bastion\n")
    way = Routes(lambda question: ask(question, Source(tmp_path / "ssh_config")))
    with pytest.raises(
        BadInput, match="goes in a circle: bastion would be reached through itself.*`ProxyJump none`"
    ):
        way.to(Question("web1"))
