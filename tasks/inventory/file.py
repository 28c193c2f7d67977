"""Which inventory is meant, and reading it: for fab and for pytest alike."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from shlex import quote

from . import credentials, forms, ini, parse, rules
from .cluster import Cluster, Node
from .credentials import BadCredentials, Credentials
from .errors import BadInput
from .raw import Assignment, InventoryError, Raw
from .raw import place as place_of
from .secret import is_secret

ROOT = Path(__file__).resolve().parents[2]
PRIVATE_KEY = "ansible_ssh_private_key_file"


def path() -> Path:
    """Give the inventory's path: what INVENTORY names, else hosts.ini beside the fabfile.

    A relative name is looked up here first, then in the checkout, so that both fab and pytest
    find it from a subdirectory.
    """
    named = Path(os.environ.get("INVENTORY") or ROOT / "hosts.ini")
    return (named if os.path.exists(named) else ROOT / named).absolute()


def beside(name: str) -> Path:
    """Resolve a path that stands in the inventory: `~` is home, relative means beside it or inside of it."""
    own = path()
    return (own if os.path.isdir(own) else own.parent) / Path(name).expanduser()


def runs() -> Path:
    """Give where records of runs are: beside the inventory, even if that is a directory: Ansible reads it."""
    return path().parent / "runs"


@cache  # the suite asks again for each host
def _ask_ansible(file: Path, name: str, why: str) -> Raw:
    from . import ansible  # it and what it needs are no business of an INI file

    return ansible.ask(file, name, why)


def load(file: Path | None = None, ask: Callable[[Path, str, str], Raw] = _ask_ansible) -> Cluster:
    """Read an inventory file; `ask` reads it where only Ansible can, see `ansible.ask`.

    Raises BadInput with every problem, each with its line and remedy.
    """
    file = file or path()
    raw = _read(file, ask)
    try:
        cluster = parse.cluster(raw, _name(file))
    except InventoryError as error:
        raise BadInput(str(error)) from None
    _refuse_open_secrets(file, raw)
    _READ[file] = raw, cluster
    if cluster.settings.security != "open":
        kept = _credentials(cluster)
        return replace(cluster, credentials=kept, kept=kept)
    given = cluster.settings.secrets_file
    return replace(cluster, kept=_credentials(cluster)) if given and beside(given).exists() else cluster


_READ: dict[Path, tuple[Raw, Cluster]] = {}
"""What was read, for the questions that follow: it may have been another program that read it."""


def hosts() -> list[str]:
    """Name the hosts of an INI inventory, also of a broken one; of any other none, as Ansible is slow."""
    file = path()
    try:
        if forms.beyond_ini(file, _name(file)):
            return []
        raw = ini.read(_text(file))
    except BadInput:
        return []
    try:
        return [node.name for node in parse.cluster(raw, _name(file)).nodes]
    except InventoryError:
        return [*raw.hosts]


def _in_force(key: str) -> tuple[Raw, list[tuple[Node, Assignment]]]:
    if path() not in _READ:
        load()
    raw, cluster = _READ[path()]
    return raw, parse.in_force(raw, cluster, key)


def _read(file: Path, ask: Callable[[Path, str, str], Raw]) -> Raw:
    name = _name(file)
    if why := forms.beyond_ini(file, name):
        return ask(file, name, why)
    raw = ini.read(_text(file))
    why = forms.variables_beside(file)
    if why and raw.problems:  # told with their lines; the rest only Ansible knows
        raise BadInput(str(InventoryError(name, raw.problems)))
    return ask(file, name, why) if why else raw


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{_name(file)}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        made = " `fab lab.up` makes it." if file == ROOT / "lab/hosts.ini" else ""
        raise BadInput(
            f"{_name(file)}: {error.strerror}. INVENTORY=FILE chooses another one.{made}"
        ) from None


def place(key: str) -> str:
    """Return `FILE:LINE` of the first place where the inventory sets a variable that it does set."""
    raw, found = _in_force(key)
    return place_of(_name(path()), found[0][1].line, raw.places)


def _credentials(cluster: Cluster) -> Credentials:
    """Read the file of secrets that the inventory names. Raises BadInput."""
    secrets = beside(cluster.settings.secrets_file or "")
    told = f"{place('secrets_file')}: secrets_file names {secrets}"
    if trouble := secrets_trouble(secrets):
        raise BadInput(f"{told}, {trouble}")
    try:
        text = secrets.read_bytes().decode()
        if text.startswith("$ANSIBLE_VAULT;"):
            text = _decrypt(secrets, _name(secrets))
        return credentials.read(text)
    except UnicodeDecodeError:
        raise BadInput(f"{told}, which is not UTF-8; save it as UTF-8") from None
    except BadCredentials as error:
        raise BadInput("\n".join(f"{_name(secrets)}: {each}" for each in error.problems)) from None


def secrets_place() -> Path:
    """Return the file of secrets that the inventory names, be it there or not. Raises BadInput."""
    try:
        raw = _read(path(), _ask_ansible)
        given = rules.common_variables(raw).get("secrets_file")
    except InventoryError as error:
        raise BadInput(str(error)) from None
    if given is None:
        raise BadInput(f"{_name(path())} names no secrets_file; say where to: fab secrets.make --out FILE")
    return beside(given.value)


@cache
def _decrypt(file: Path, name: str) -> str:
    from . import ansible

    return ansible.decrypt(file, name)


def secrets_trouble(file: Path) -> str:
    """Say what is wrong with the place of a file of secrets, and what to do; "" if nothing is."""
    try:
        found = file.stat()
    except OSError as error:
        mend = f"correct the path, or make it: fab secrets.make --out {quote(str(file))}"
        return f"which cannot be read ({error.strerror}); {mend}"
    if not file.is_file():
        return "which is not a file; name one"
    if found.st_uid != os.getuid():
        return "which belongs to somebody else; have a copy of your own"
    return f"which others than you can read; chmod 600 {quote(str(file))}" if _is_open(file) else ""


def ssh_config(cluster: Cluster) -> Path | None:
    """Return the ssh_config file that the inventory names, if it does. Raises BadInput if there is none."""
    if cluster.settings.ssh_config is None:
        return None
    file = beside(cluster.settings.ssh_config)
    if not os.path.isfile(file):
        trouble = "is not a file" if os.path.exists(file) else "does not exist"
        raise BadInput(f"{place('ssh_config')}: ssh_config names {file}, which {trouble}")
    return file


def check_keys() -> None:
    """Raise BadInput for every private key that the inventory names and ssh would not use."""
    raw, found = _in_force(PRIVATE_KEY)
    keys = dict.fromkeys((each.line, node.ssh.key) for node, each in found if node.ssh.key)
    troubles = [
        f"{place_of(_name(path()), line, raw.places)}: {PRIVATE_KEY} names {beside(key)}, {trouble}"
        for line, key in sorted(keys)
        if (trouble := _key_trouble(beside(key)))
    ]
    if troubles:
        raise BadInput("\n".join(troubles))


def _key_trouble(key: Path) -> str:
    try:
        if key.exists() and not (key.is_file() or key.is_dir()):  # a pipe may never end
            return "which is not a file; name a private key"
        key.read_bytes()
    except FileNotFoundError:
        return f"which does not exist; correct the path, or make the key: ssh-keygen -f {quote(str(key))}"
    except OSError as error:
        return f"which cannot be read ({error.strerror}); name a private key that you may read"
    if _is_open(key) and key.suffix != ".pub":  # ssh takes a public key for one of its agent
        return f"which others than its owner can read, so ssh refuses it; chmod 600 {quote(str(key))}"
    return ""


def _refuse_open_secrets(file: Path, raw: Raw) -> None:
    """Raise BadInput if others can read a secret in an INI file; of Ansible's we do not know the file."""
    if raw.places or not _is_open(file):
        return
    given = [*raw.hosts.values(), *(group.variables for group in raw.groups.values())]
    secrets = [
        (each.line, key) for owner in given for key, each in owner.items() if is_secret(key, each.value)
    ]
    for line, key in sorted(secrets)[:1]:
        raise BadInput(
            f"{_name(file)}:{line}: {key} holds a secret, and others than its owner can read the file; "
            f"chmod 600 {quote(_name(file))}"
        )


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o077)


def _name(file: Path) -> str:
    return os.path.relpath(file) if file.is_relative_to(Path.cwd()) else str(file)
