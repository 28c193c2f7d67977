"""Acting through sudo: the command that starts a root shell, and why sudo did not start it."""

import re

PROMPT = "mesofab asks sudo:"
"""What sudo prints when it wants the password. Our own text, so it is the same in every language."""

READY = "mesofab is root\n"
"""What the shell says as soon as it runs, before it reads anything."""

MOST = 20_000
"""So many characters of sudo's are listened to; it has never needed a tenth of them."""

GIVE = (
    "fab --prompt-for-sudo-password, FABRIC_SUDO_PASSWORD in the environment, "
    "or ansible_become_password in hosts.ini"
)


def command(has_password: bool) -> str:
    """Give the command that starts a root shell through sudo.

    Nothing may be sent to it before it says PROMPT, which wants the password, or READY, which wants
    the script. Whether sudo asks depends on the host; sent too early, a password would become the
    script's first line, or the script's lines passwords.
    """
    how = f'-S -p "{PROMPT}"' if has_password else "-n"
    return f"env LC_ALL=C sudo {how} sh -c 'echo {READY.strip()}; exec sh'"


REFUSALS = (
    (
        r"incorrect (password|authentication) attempt|[Ii]ncorrect authentication",
        "it does not accept the password, which was tried once",
        f"Correct it: {GIVE}.",
    ),
    (
        "a password is required|[Ii]nteractive authentication is required|Interaction is required",
        "it asks for a password",
        f"Give it with {GIVE}; or allow this user sudo without one.",
    ),
    (  # nologin(8), which has not even begun sudo
        "account is currently not available",
        "this user has no login shell",
        "Give it one (chsh), or set ansible_user to another one.",
    ),
    (
        "env: .*(No such file|not found)",
        "it is not installed",
        "Install it, or set ansible_user=root and ansible_become=false.",
    ),
    (
        "must have a tty|[Tt]erminal is required",
        "it insists on a terminal",
        "Remove `requiretty` for this user in sudoers (visudo).",
    ),
    (
        "afraid I can't do that",  # sudo-rs
        "this user may not use it at all",
        "Allow this user sudo for all commands (visudo), or set ansible_user=root.",
    ),
    (
        "invalid option provided",
        "it is an early sudo-rs, which knows no prompt of another's (-p)",
        "Upgrade it, allow this user sudo without a password, or install sudo.",
    ),
    (
        "no new privileges",
        "it may not become root in there: the sshd that started it forbids new privileges",
        "Look at NoNewPrivileges of its service, or of the container.",
    ),
)
"""What sudo and sudo-rs say when they start nothing, and what is told of it. The first one found counts."""


def refusal(said: str) -> tuple[str, str]:
    """Say why sudo started nothing, and what to do, from all that it said."""
    for pattern, seen, mend in REFUSALS:
        if said.count(PROMPT) > 1 or re.search(pattern, said):
            return seen, mend
    words = last_words(said).rstrip(".") or "it ended without a word"
    return words, "Allow this user sudo for all commands (visudo), or set ansible_user=root."


def last_words(said: str) -> str:
    """Give the last line that is sudo's own."""
    return said.replace(PROMPT, "").strip().rpartition("\n")[2][:200]
