"""The secrets of a cluster: a file of the operator's own machine, which hosts.ini names."""

from __future__ import annotations

from fabric import task
from invoke.context import Context

OUT = {"out": "The file to write; without it, what hosts.ini names in secrets_file."}


@task(auto_shortflags=False, help=OUT)
def make(c: Context, out: str | None = None) -> None:
    """Write a file with fresh secrets for everybody; never over another one. Dials nobody."""
    from .engine.chosen import is_repetition
    from .engine.command import operators_errors
    from .engine.output import put_out

    if is_repetition(c):
        return
    with operators_errors():
        from .engine import keys

        put_out(keys.make(out))
