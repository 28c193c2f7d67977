"""Which inventory is meant, and reading it: for fab and for pytest alike."""

import os
from pathlib import Path
from shlex import quote

from ..errors import BadInput
from .cluster import Cluster
from .parse import InventoryError, assignments, parse
from .secret import holds_secret

ROOT = Path(__file__).resolve().parents[2]
PRIVATE_KEY = "ansible_ssh_private_key_file"


def path() -> Path:
    """Give the inventory's path: what INVENTORY names, else hosts.ini beside the fabfile.

    A relative name is looked up here first, then in the checkout, so that both fab and pytest
    find it from a subdirectory.
    """
    named = Path(os.environ.get("INVENTORY") or ROOT / "hosts.ini")
    return (named if named.exists() else ROOT / named).absolute()


def beside(name: str) -> Path:
    """Resolve a path that stands in the inventory: `~` is home, relative means beside the file."""
    return path().parent / Path(name).expanduser()


def load(file: Path | None = None) -> Cluster:
    """Read an inventory file. Raises BadInput with every problem, each with its line and remedy."""
    file = file or path()
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{_name(file)}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        made = " `fab lab.up` makes it." if file == ROOT / "lab/hosts.ini" else ""
        raise BadInput(
            f"{_name(file)}: {error.strerror}. INVENTORY=FILE chooses another one.{made}"
        ) from None
    try:
        cluster = parse(text, _name(file))
    except InventoryError as error:
        raise BadInput(str(error)) from None
    _refuse_open_secrets(file, text)
    return cluster


def place(key: str) -> str:
    """Give `FILE:LINE` of the first place where the inventory sets a variable that it does set."""
    return next(
        f"{_name(path())}:{each.line}" for name, each in assignments(path().read_text()) if name == key
    )


def check_keys() -> None:
    """Raise BadInput for every private key that the inventory names and ssh would not use."""
    file = path()
    found = [
        f"{_name(file)}:{each.line}: {PRIVATE_KEY} names {beside(each.value)}, {trouble}"
        for key, each in assignments(file.read_text())
        if key == PRIVATE_KEY and (trouble := _key_trouble(beside(each.value)))
    ]
    if found:
        raise BadInput("\n".join(found))


def _key_trouble(key: Path) -> str:
    try:
        key.read_bytes()
    except FileNotFoundError:
        return f"which does not exist; correct the path, or make the key: ssh-keygen -f {quote(str(key))}"
    except OSError as error:
        return f"which cannot be read ({error.strerror}); name a private key that you may read"
    if _is_open(key):
        return f"which others than its owner can read, so ssh refuses it; chmod 600 {quote(str(key))}"
    return ""


def _refuse_open_secrets(file: Path, text: str) -> None:
    secret = next(((key, each) for key, each in assignments(text) if holds_secret(key, each.value)), None)
    if secret and _is_open(file):
        key, each = secret
        raise BadInput(
            f"{_name(file)}:{each.line}: {key} holds a secret, and others than its owner can read the file; "
            f"chmod 600 {quote(_name(file))}"
        )


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o077)


def _name(file: Path) -> str:
    return os.path.relpath(file) if file.is_relative_to(Path.cwd()) else str(file)
