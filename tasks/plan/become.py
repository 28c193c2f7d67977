"""Acting through sudo: the command that starts a root shell, and why sudo did not start it."""

PROMPT = "mesofab asks sudo:"
"""What sudo prints when it wants the password. Our own text, so it is the same in every language."""

READY = "mesofab is root\n"
"""What the shell says as soon as it runs, before it reads anything."""

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


def refusal(said: str) -> str:
    """Say why sudo started nothing, and what to do, from all that it said."""
    if said.count(PROMPT) > 1 or "incorrect password" in said:
        return f"it does not accept the password, which was tried once. Correct it: {GIVE}."
    if "a password is required" in said:
        return f"it asks for a password. Give it with {GIVE}; or allow this user sudo without one."
    if "account is currently not available" in said:  # nologin(8), which has not even begun sudo
        return "this user has no login shell. Give it one (chsh), or set ansible_user to another one."
    if "No such file" in said:
        return "it is not installed. Install it, or set ansible_user=root and ansible_become=false."
    if "must have a tty" in said:
        return "it insists on a terminal. Take `requiretty` from this user in sudoers (visudo)."
    words = last_words(said).rstrip(".") or "it ended without a word"
    return f"{words}. Allow this user sudo for all commands (visudo), or set ansible_user=root."


def last_words(said: str) -> str:
    """Give the last line that is sudo's own."""
    return said.replace(PROMPT, "").strip().rpartition("\n")[2]
