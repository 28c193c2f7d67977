"""The `lab` namespace of fab: hosts to try a deployment on, and faults to try it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from subprocess import SubprocessError
from typing import TYPE_CHECKING, Any

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from . import console
from .errors import LabError

if TYPE_CHECKING:
    from .hosts import Status

_LAB_FAILED = 9
_NODE = {"node": "address or host name, as in 10.70.0.11 or node-11"}


def _lab_task(help: dict[str, str] | None = None) -> Callable[[Callable[..., None]], Any]:
    """Make a task whose failures are one sentence and exit code 9."""

    def decorate(work: Callable[..., None]) -> Any:
        @wraps(work)
        def guarded(*arguments: Any, **options: Any) -> None:
            try:
                work(*arguments, **options)
            except LabError as error:
                raise Exit(str(error), _LAB_FAILED) from None
            except (OSError, SubprocessError) as error:
                # What Docker's SDK raises is an OSError too.
                raise Exit(f"The lab cannot go on: {error}", _LAB_FAILED) from None

        return task(guarded, help=help or {})

    return decorate


@_lab_task(
    {
        "agents": "how many agent hosts; by default as many as there are, or one; hosts beyond are removed",
        "images": "stand-ins (made here) or hub (the real ones); by default as the last time",
    }
)
def up(c: Context, agents: int = 0, images: str = "") -> None:
    """Bring up hosts with sshd and Docker, a registry and the images."""
    from . import hosts

    _show(hosts.up(agents, images))


@_lab_task({"volumes": "also remove the hosts' image layers and the registry's images"})
def down(c: Context, volumes: bool = False) -> None:
    """Remove hosts, registry and network."""
    from . import hosts

    hosts.down(volumes)


@_lab_task()
def reset(c: Context) -> None:
    """Make every host as freshly installed, keeping image layers; lifts all faults."""
    from . import hosts

    hosts.reset()


@_lab_task()
def status(c: Context) -> None:
    """Show what runs where."""
    from . import hosts

    _show(hosts.status())


@_lab_task(_NODE)
def stop(c: Context, node: str) -> None:
    """Shut a host down."""
    from . import faults

    faults.stop(node)
    console.say(f"{node}: stopped")


@_lab_task(_NODE)
def start(c: Context, node: str) -> None:
    """Start a stopped host."""
    from . import faults

    faults.start(node)
    console.say(f"{node}: running")


@_lab_task(_NODE)
def freeze(c: Context, node: str) -> None:
    """Freeze every process of a host."""
    from . import faults

    faults.freeze(node)
    console.say(f"{node}: frozen")


@_lab_task(_NODE)
def thaw(c: Context, node: str) -> None:
    """Let a frozen host go on."""
    from . import faults

    faults.thaw(node)
    console.say(f"{node}: running")


@_lab_task(_NODE)
def cut(c: Context, node: str) -> None:
    """Cut a host off the network, with all that runs there going on."""
    from . import faults

    faults.cut(node)
    console.say(f"{node}: cut off")


@_lab_task(_NODE)
def reconnect(c: Context, node: str) -> None:
    """Put a host that was cut off back on the network."""
    from . import faults

    faults.reconnect(node)
    console.say(f"{node}: on the network")


@_lab_task({**_NODE, "delay": "ms that a round trip takes longer", "loss": "percent of all frames, each way"})
def slow(c: Context, node: str, delay: int = 200, loss: int = 2) -> None:
    """Put a host far away, on a bad line."""
    from . import faults

    faults.slow(node, delay, loss)
    console.say(f"{node}: slow")


@_lab_task(_NODE)
def unslow(c: Context, node: str) -> None:
    """Put a host that was slow near again."""
    from . import faults

    faults.unslow(node)
    console.say(f"{node}: near")


@_lab_task({**_NODE, "times": "how many of them; 0 for none any more"})
def fail_launch(c: Context, node: str, times: int = 1) -> None:
    """Have the next docker tasks on an agent fail to be launched, as a real one does now and then."""
    from . import faults

    faults.fail_launches(node, times)
    console.say(f"{node}: the next {times} launches of docker tasks fail")


def _show(statuses: Iterable[Status]) -> None:
    from . import registry, spec

    rows = [(one.host.address, one.host.hostname, one.state, one.engine, one.listed) for one in statuses]
    rows.append((spec.REGISTRY_ADDRESS, "registry", registry.state(), "", spec.REGISTRY))
    console.table(("address", "host", "state", "docker", "containers"), rows)
