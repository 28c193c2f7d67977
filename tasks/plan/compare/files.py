"""What is missing of directories and files."""

from .. import shell
from ..desired import Directories, File, Identity, of
from ..shell import quote
from ..step import Action, Blocker, Step
from .compared import Found, Host


def directories(host: Host, item: Directories) -> Found:
    """Compare directories that one step makes together."""
    kinds = {path: host.seen.path(path).kind for path in item.paths}
    for path, kind in kinds.items():
        if kind not in ("absent", "directory"):
            wrong = f"it is a {kind}, not a directory"
            yield Blocker(item.step, path, wrong, "move it out of the way", "path")
    missing = [path for path, kind in kinds.items() if kind == "absent"]
    if missing:
        mkdir = f"mkdir -pv {' '.join(quote(path) for path in missing)}\n"
        yield Step(item.step, Action.MAKE_DIRECTORIES, "directories", f"missing: {', '.join(missing)}", mkdir)


def file(host: Host, item: File) -> Found:
    """Compare a file; while a container mounts it, a new version is only put beside it."""
    below = frozenset(each.step for each in of(Directories, host.items))
    if not host.differs(item):
        if host.seen.at_work:
            return  # what that run has put there, it also takes away
        for leftover in (item.beside, item.path + ".prev"):
            if host.seen.path(leftover).kind != "absent":
                yield _tidy_file(item, leftover)
        return
    why = host.how_differs(item)
    if not host.mounted_now(item):
        text = shell.write_file(item.path, item.text)
        yield Step(item.step, Action.WRITE, item.name, why, text, after=below)
    elif host.seen.path(item.beside).text != item.text:
        text, effect = shell.heredoc(item.beside, item.text), host.restarts(item.mounted_by or "")
        yield Step(item.step, Action.WRITE_BESIDE, item.name, why, text, effect=effect, after=below)


def _tidy_file(item: File, path: str) -> Step:
    name, why = path.rpartition("/")[2], "left over by an earlier run"
    return Step(item.step, Action.REMOVE, name, why, f"rm -f {quote(path)}\n", "settle")


def identity(host: Host, item: Identity) -> Found:
    """Compare a file that is written once and never overwritten."""
    seen = host.seen.path(item.path)
    if seen.kind == "absent" or (seen.kind == "regular empty file"):
        needs = frozenset(each.step for each in of(Directories, host.items))
        text = shell.write_file(item.path, item.value + "\n")
        yield Step(item.step, Action.WRITE, f"{item.name} {item.value}", "missing", text, after=needs)
    elif seen.text.strip() != item.value:
        yield Blocker(
            item.step,
            item.name,
            f"{item.path} says {seen.text.strip()[:40]!r}, hosts.ini says {item.value!r}",
            item.remedy,
            item.name,
        )
