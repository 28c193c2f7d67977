"""Which variables are ours, by whichever of Ansible's names, and what becomes of Ansible's other ones."""

import re
import shlex
from collections.abc import Callable, Collection

from .kinds import Wrong, yes_or_no
from .near import near
from .settings import VARIABLES

ALIASES = {
    "ansible_ssh_host": "ansible_host",
    "ansible_ssh_port": "ansible_port",
    "ansible_ssh_user": "ansible_user",
    "ansible_private_key_file": "ansible_ssh_private_key_file",
    "ansible_become_pass": "ansible_become_password",
    "ansible_sudo_pass": "ansible_become_password",
    "ansible_sudo": "ansible_become",
}
"""Ansible's other names, older ones most of them, for what is ours."""

WITHOUT_EFFECT = frozenset(
    "ansible_python_interpreter ansible_pipelining ansible_ssh_pipelining ansible_ssh_retries "
    "ansible_shell_executable ansible_timeout ansible_ssh_timeout ansible_ssh_executable "
    "ansible_ssh_transfer_method ansible_ssh_use_tty ansible_control_path ansible_control_path_dir "
    "ansible_scp_if_ssh ansible_scp_executable ansible_scp_extra_args ansible_sftp_executable "
    "ansible_sftp_extra_args ansible_sftp_batch_mode ansible_remote_tmp ansible_async_dir "
    "ansible_group_priority ansible_become_exe ansible_sudo_exe ansible_ssh_verbosity".split()
)
"""What says how Ansible works, and means nothing here, or what we do anyway."""

FOREIGN = frozenset({"host_id", "log_file", "my_ip"})
"""Words of other tools that only look like a slip of one of ours."""

HARMLESS_OPTIONS = re.compile(
    r"-C|-o *(Control\w+|ServerAlive\w+|Compression|TCPKeepAlive|LogLevel)[ =].*", re.I
)
"""Options of ssh that change neither whom it asks nor what it trusts."""


def _only(words: Collection[str], mend: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text.rpartition(".")[2] not in words:
            raise Wrong(f"is {text!r}", mend)

    return check


def _connection(text: str) -> None:
    if text.rpartition(".")[2] not in ("ssh", "smart", "paramiko", "paramiko_ssh"):
        here = ", the machine it runs on too" if text.rpartition(".")[2] == "local" else ""
        raise Wrong(f"is {text!r}", f"remove it: mesofab reaches every host through SSH{here}")


def _sudo_flags(text: str) -> None:
    if not all(re.fullmatch("-[HSnE]+", word) for word in text.split()):
        raise Wrong(f"is {text!r}", "remove it: mesofab has its own flags for sudo")


def _ssh_arguments(text: str) -> None:
    if not all(HARMLESS_OPTIONS.fullmatch(option) for option in _options(text)):
        checked = "; host keys are always checked" if "stricthostkeychecking" in text.lower() else ""
        raise Wrong(
            "holds options for Ansible's own ssh",
            f"write them into an ssh_config file, below `Host *`, and name it with ssh_config=FILE{checked}",
        )


def _options(text: str) -> list[str]:
    """Return the options of a command line of ssh, each with its value."""
    try:
        words = shlex.split(text)
    except ValueError:
        return [text]
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "-o":
            joined[-1] = f"-o {word}"
        else:
            joined.append(word)
    return joined


def _password(text: str) -> None:
    raise Wrong(
        "is a password for SSH, which mesofab never sends",
        "remove it and log in with a key; ssh-copy-id USER@HOST installs yours",
    )


def _key_itself(text: str) -> None:
    raise Wrong(
        "holds a secret that only Ansible can use", "remove it: load the key with ssh-add, or name its file"
    )


def _host_keys(text: str) -> None:
    if not yes_or_no(text):
        raise Wrong(
            f"is {text!r}, but mesofab always checks host keys",
            "remove it, and add the keys you trust to known_hosts: ssh-keyscan HOST >> ~/.ssh/known_hosts",
        )


def _shell(text: str) -> None:
    if text.rpartition(".")[2] in ("powershell", "cmd"):
        raise Wrong(f"is {text!r}", "remove it: mesofab needs hosts with an ordinary Linux shell")


SUDO_ALONE = "write sudo: mesofab becomes root in no other way"
ROOT_ALONE = "remove it: the runbook needs root"
JUDGED: dict[str, Callable[[str], None]] = {
    "ansible_connection": _connection,
    "ansible_shell_type": _shell,
    "ansible_become_method": _only(("sudo",), SUDO_ALONE),
    "ansible_become_user": _only(("root",), ROOT_ALONE),
    "ansible_sudo_user": _only(("root",), ROOT_ALONE),
    "ansible_become_flags": _sudo_flags,
    "ansible_sudo_flags": _sudo_flags,
    "ansible_ssh_args": _ssh_arguments,
    "ansible_ssh_common_args": _ssh_arguments,
    "ansible_ssh_extra_args": _ssh_arguments,
    "ansible_paramiko_proxy_command": _ssh_arguments,
    "ansible_password": _password,
    "ansible_ssh_pass": _password,
    "ansible_ssh_password": _password,
    "ansible_private_key": _key_itself,
    "ansible_ssh_private_key": _key_itself,
    "ansible_private_key_passphrase": _key_itself,
    "ansible_ssh_private_key_passphrase": _key_itself,
    "ansible_host_key_checking": _host_keys,
    "ansible_ssh_host_key_checking": _host_keys,
    "ansible_paramiko_host_key_checking": _host_keys,
    "host_key_checking": _host_keys,
}
"""Ansible's variables that are taken where they mean what we do anyway; each raises Wrong if not."""

KNOWN = tuple(dict.fromkeys([*VARIABLES, *ALIASES, *JUDGED, *sorted(WITHOUT_EFFECT)]))


def is_ours(key: str) -> bool:
    """Tell whether a variable means something to us; what does not is not our business."""
    return key in VARIABLES or key in ALIASES or key in JUDGED


def meant(key: str) -> str:
    """Return the variable that a name is a slip of, "" if it is one of another tool's."""
    return "" if key in KNOWN or key in FOREIGN else near(key, KNOWN)
