"""What is missing: the desired items of a host held against what was observed there."""

from ...inventory.edits import Change, Set
from ..desired import (
    Checkpoint,
    Container,
    Directories,
    File,
    Firewall,
    Identity,
    Image,
    Item,
    LoginCheck,
    ProfileLine,
    Unsealed,
    of,
)
from ..look.engine import HANGS
from ..look.observed import LOCK
from ..shell import SOCKET
from ..step import Blocker, HostPlan, Step
from .compared import Found, Host
from .condition import troubles
from .containers import container, image
from .files import directories, file, identity, unsealed
from .firewall import firewall
from .profile import login_check, profile_line


def compare(host: Host) -> HostPlan:
    """Say which steps a host lacks, or what stands in the way; nothing if it is as wanted."""
    if host.seen.busy:
        remedy = f"wait for it to end; if nothing runs, see who holds {LOCK} with fuser"
        blocker = Blocker("", "lock", "another run is changing this host", remedy, "lock")
        return HostPlan(host.node, host.ids, (), (blocker,))
    walls = firewall(host, next(iter(of(Firewall, host.items)), None))
    items = (entry for item in host.items for entry in _item(host, item))
    found = [*_rights(host), *_engine(host), *items, *walls]
    steps = tuple(entry for entry in found if isinstance(entry, Step))
    blockers = tuple(entry for entry in found if isinstance(entry, Blocker))
    return HostPlan(host.node, host.ids, steps, blockers, troubles(host, steps))


def _rights(host: Host) -> Found:
    if host.seen.user != 0:
        yield Blocker(
            "",
            "rights",
            f"commands run as user id {host.seen.user}, not as root",
            "log in as root (ansible_user=root), or as somebody who becomes root (ansible_become=true)",
            "rights",
            (Change((Set("ansible_become", "true", host.node),)),),
        )


def _engine(host: Host) -> Found:
    if not host.seen.engine:
        for item in host.items:
            if isinstance(item, Image | Container):
                yield Blocker(item.step, "docker", *_engine_trouble(host.seen.engine_error), "docker")


def _engine_trouble(error: str) -> tuple[str, str]:
    if "not found" in error:
        return "there is no docker on this host", "install it (on Debian: apt-get install docker.io)"
    if "annot connect to the Docker daemon" in error or "failed to connect to the docker API" in error:
        return "the docker engine does not run", (
            f"start it (systemctl start docker) and look at its log; it must listen on {SOCKET}"
        )
    if error.startswith(HANGS):
        return f"the docker engine hangs: {error}", (
            "look at its log (journalctl -u docker); systemctl restart docker ends it, and its containers "
            "start again with it"
        )
    if "is too old" in error:
        return f"its own docker client is too old for the engine: docker says {error.splitlines()[-1]!r}", (
            "upgrade the client (docker-ce-cli, docker-cli or docker.io)"
        )
    return f"docker says {error.splitlines()[-1]!r}" if error else "docker says nothing", (
        "make `docker version` work on the host"
    )


def _item(host: Host, item: Item) -> Found:
    match item:
        case ProfileLine():
            return profile_line(host, item)
        case LoginCheck():
            return login_check(host, item)
        case Directories():
            return directories(host, item)
        case File():
            return file(host, item)
        case Unsealed():
            return unsealed(host, item)
        case Identity():
            return identity(host, item)
        case Checkpoint() | Firewall():
            return iter(())
        case Image():
            return image(host, item)
        case Container():
            return container(host, item) if host.seen.engine else iter(())
