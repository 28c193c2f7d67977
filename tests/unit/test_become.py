"""What sudo says, and what an operator is told of it."""

import shlex

import pytest

from tasks.engine.become import PROMPT, READY, command, refusal


@pytest.mark.parametrize("has_password", [True, False])
def test_the_shell_says_that_it_is_ready_before_it_reads_the_script(has_password: bool) -> None:
    *sudo, shell, option, script = shlex.split(command(has_password))
    assert (shell, option, script) == ("sh", "-c", f"echo {READY.strip()}; exec sh")
    assert sudo[:3] == ["env", "LC_ALL=C", "sudo"]


def test_without_a_password_sudo_is_told_not_to_ask() -> None:
    assert "-n" in shlex.split(command(has_password=False))


def test_with_one_it_asks_in_words_of_our_own() -> None:
    words = shlex.split(command(has_password=True))
    assert words[words.index("-p") + 1] == PROMPT


SAID = {
    "a password it does not take": (f"{PROMPT}Sorry, try again.\n{PROMPT}", "does not accept the password"),
    "the same in German": (f"{PROMPT}Das hat nicht funktioniert.\n{PROMPT}", "does not accept the password"),
    "a sudo that asks only once": (f"{PROMPT}sudo: 1 incorrect password attempt\n", "does not accept"),
    "no password": ("sudo: a password is required\n", "fab --prompt-for-sudo-password"),
    "noise before it": (
        "sudo: unable to resolve host web1: Name or service not known\nsudo: a password is required\n",
        "ansible_become_password in hosts.ini",
    ),
    "requiretty": ("sudo: sorry, you must have a tty to run sudo\n", "Remove `requiretty` for this user"),
    "no sudoer": (f"{PROMPT}ann is not in the sudoers file.\n", "ann is not in the sudoers file. Allow"),
    "no sudo": ("env: 'sudo': No such file or directory\n", "it is not installed"),
    "nologin": ("This account is currently not available.\n", "this user has no login shell"),
    "a wrong password, sudo-rs": (
        f"[sudo: {PROMPT}] Password: sudo: Authentication failed, try again.\n[sudo: {PROMPT}] Password: ",
        "does not accept the password",
    ),
    "the last wrong password, sudo-rs": (
        f"[sudo: {PROMPT}] Password: sudo: maximum 1 incorrect authentication attempts\n",
        "does not accept the password",
    ),
    "no password, sudo-rs": ("sudo: interactive authentication is required\n", "it asks for a password"),
    "no password, sudo-rs and pam": ("sudo: Interaction is required\n", "it asks for a password"),
    "no terminal, sudo-rs": ("sudo: A terminal is required to authenticate\n", "it insists on a terminal"),
    "no sudoer, sudo-rs": (
        f"[sudo: {PROMPT}] Password: sudo: I'm sorry ann. I'm afraid I can't do that\n",
        "this user may not use it at all. Allow this user sudo",
    ),
    "another command only, sudo-rs": (
        "sudo: Sorry, user ann may not run sh on web1.\n",
        "Sorry, user ann may not run sh on web1. Allow this user sudo for all commands",
    ),
    "an early sudo-rs": ("sudo: invalid option provided\n", "an early sudo-rs, which knows no prompt"),
    "no new privileges": (
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\n'
        "sudo: If sudo is running in a container, you may need to adjust the container configuration.\n",
        "NoNewPrivileges of its service",
    ),
    "no sudo, BusyBox": ("env: can't execute 'sudo': No such file or directory\n", "it is not installed"),
    "no shell for sudo": (
        "sudo: 'sh': command not found\n",
        "'sh': command not found. Allow this user sudo for all commands",
    ),
    "silence": ("", "it ended without a word"),
}


@pytest.mark.parametrize("said, told", SAID.values(), ids=SAID)
def test_every_refusal_of_sudo_becomes_a_sentence(said: str, told: str) -> None:
    sentence = ". ".join(refusal(said))
    assert told in sentence
    assert PROMPT not in sentence
