"""What `ssh -G` prints becomes settings. Recorded answers of OpenSSH 9.2 and 7.4; no ssh is run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.ssh.settings import Local, NotAnAnswer, Question, Settings, files, read

LOCAL = Local(
    home="/home/ann",
    user="ann",
    uid=1000,
    hostname="desk.example.org",
    environment={"SSH_AUTH_SOCK": "/run/agent", "FOO": "/run/foo", "HOME": "/home/ann"},
)
ANSWER = """\
host web1
user deploy
hostname 10.0.0.1
port 22
addressfamily any
identitiesonly no
pubkeyauthentication true
connectionattempts 1
hostkeyalgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-512
identityfile ~/.ssh/id_rsa
identityfile ~/.ssh/id_ecdsa
identityfile ~/.ssh/id_ed25519
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile /home/ann/.ssh/known_hosts /home/ann/.ssh/known_hosts2
connecttimeout none
"""
THERE = {"/home/ann/my hosts", "/dev/null"}


def settings(**said: str | list[str]) -> Settings:
    """Read the answer with these keywords in place of those that it has."""
    lines = [line for line in ANSWER.splitlines() if line.partition(" ")[0] not in said]
    for key, value in said.items():
        lines += [f"{key} {each}" for each in ([value] if isinstance(value, str) else value)]
    return read("\n".join(lines), Question("web1"), LOCAL, THERE.__contains__)


def test_an_answer_is_taken_as_it_is() -> None:
    found = settings()
    assert (found.user, found.where, found.timeout, found.agent) == (
        "deploy",
        "10.0.0.1:22",
        None,
        "/run/agent",
    )
    assert found.known_as == "10.0.0.1"
    assert found.user_known_hosts[0] == "/home/ann/.ssh/known_hosts"
    assert found.global_known_hosts[-1] == "/etc/ssh/ssh_known_hosts2"
    assert not (found.jump or found.command or found.alias or found.only_these_keys)


def test_keys_that_ssh_only_looks_for_are_told_from_those_that_were_named() -> None:
    assert settings().keys == ()
    assert settings().default_keys[0] == "/home/ann/.ssh/id_rsa"
    assert settings(identityfile="~/.ssh/id_rsa").keys == ("/home/ann/.ssh/id_rsa",)
    assert settings(identityfile=["~/.ssh/id_rsa", "/etc/deploy"]).default_keys == ()
    assert settings(identityfile="none").keys == ()


@pytest.mark.parametrize(
    "text, path",
    [
        ("~/my key", "/home/ann/my key"),
        ("${HOME}/x", "/home/ann/x"),
        ("%d/%r@%h:%p", "/home/ann/deploy@10.0.0.1:22"),
        ("/k/%n-%k-%u-%i-%L-%l", "/k/web1-web1-ann-1000-desk-desk.example.org"),
        ("/k/100%%", "/k/100%"),
        ("/k/${NOWHERE}", "/k/${NOWHERE}"),
        ("/k/%z", "/k/%z"),
        ("/k/~", "/k/~"),
    ],
)
def test_a_path_is_completed_as_ssh_does_it(text: str, path: str) -> None:
    assert settings(identityfile=text).keys == (path,)


@pytest.mark.parametrize(
    "said, socket",
    [
        ("none", ""),
        ("SSH_AUTH_SOCK", "/run/agent"),
        ("$FOO", "/run/foo"),
        ("$BAR", ""),
        ("~/a", "/home/ann/a"),
    ],
)
def test_the_agent_is_the_one_that_ssh_would_ask(said: str, socket: str) -> None:
    assert settings(identityagent=said).agent == socket


@pytest.mark.parametrize(
    "text, names",
    [
        ("/a /b", ["/a", "/b"]),
        ("/home/ann/my hosts", ["/home/ann/my hosts"]),
        ("/home/ann/my hosts /b", ["/home/ann/my hosts", "/b"]),
        ("/nobody has/this one /b", ["/nobody has/this one", "/b"]),
        ("~/a ~/b", ["~/a", "~/b"]),
        ("/dev/null /a", ["/dev/null", "/a"]),
        ("", []),
    ],
)
def test_a_list_of_files_keeps_names_with_spaces_whole(text: str, names: list[str]) -> None:
    assert files(text, THERE.__contains__) == names


@given(st.lists(st.from_regex(r"/[a-z]{1,5}( [a-z]{1,5}){0,2}", fullmatch=True), max_size=4))
def test_every_word_of_a_list_of_files_is_in_one_of_them(names: list[str]) -> None:
    assert files(" ".join(names), lambda name: False) == names


def test_no_file_at_all_is_none() -> None:
    assert settings(userknownhostsfile="none").user_known_hosts == ()


@pytest.mark.parametrize(
    "said, name",
    [
        ({"port": "2222"}, "[10.0.0.1]:2222"),
        ({"hostname": "2001:DB8::1"}, "2001:db8::1"),
        ({"hostname": "Web1.Example.Org"}, "web1.example.org"),
        ({"hostkeyalias": "Boxy", "port": "2222"}, "boxy"),
    ],
)
def test_the_name_in_known_hosts_is_the_one_that_ssh_looks_for(said: dict[str, str], name: str) -> None:
    assert settings(**said).known_as == name


def test_a_way_through_others_is_kept_with_its_tokens_replaced() -> None:
    assert settings(proxyjump="ann@bastion-%h").jump == "ann@bastion-10.0.0.1"
    assert settings(proxycommand="exec nc %h %p").command == "nc 10.0.0.1 22"
    assert settings(proxycommand="none").command == ""


@pytest.mark.parametrize("word", ["no", "false"])
def test_both_words_for_no_are_understood(word: str) -> None:
    assert not settings(pubkeyauthentication=word).offers_keys
    assert not settings(identitiesonly=word).only_these_keys
    assert settings(identitiesonly="yes").only_these_keys


def test_an_answer_of_an_older_ssh_with_fewer_keywords_is_enough() -> None:
    text = "user ann\nhostname web1\nport 22\nconnecttimeout -1\nuserknownhostsfile ~/.ssh/a ~/.ssh/b\n"
    found = read(text, Question("web1"), LOCAL, lambda name: False)
    assert (found.user, found.host, found.attempts, found.family) == ("ann", "web1", 1, "any")
    assert (found.timeout, found.user_known_hosts) == (None, ("/home/ann/.ssh/a", "/home/ann/.ssh/b"))


@pytest.mark.parametrize(
    "text", ["", "usage: ssh host", "user ann\nhostname web1\nport ssh\n", "hostname web1\n"]
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(NotAnAnswer):
        read(text, Question("web1"), LOCAL, bool)
