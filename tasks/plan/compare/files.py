"""What is missing of directories and files."""

from .. import shell
from ..desired import FILE_MODE, Directories, File, Identity, Unsealed, of
from ..look.observed import Path
from ..shell import quote
from ..step import Action, Blocker, Step
from . import differences
from .compared import Found, Host


def directories(host: Host, item: Directories) -> Found:
    """Compare directories that one step makes together, and those of root's above them."""
    kinds = {path: host.seen.path(path).kind for path in item.paths}
    for path, kind in kinds.items():
        if kind not in ("absent", "directory"):
            wrong = f"it is a {kind}, not a directory"
            yield Blocker(item.step, path, wrong, "move it out of the way", "path")
    missing = [path for path, kind in kinds.items() if kind == "absent"]
    rights = {
        path: told
        for path, owner in item.judged.items()
        if (told := differences.owner_and_mode(host.seen.path(path), item.mode, owner))
    }
    if missing or rights:
        why = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"{p}: {rights[p]}" for p in rights]
        text = "".join(_mend(path, item.judged[path], item.mode) for path in rights)
        text += shell.directories(missing, item.mode) if missing else ""
        yield Step(item.step, Action.MAKE_DIRECTORIES, "directories", ", ".join(why), text)


def _mend(path: str, owner: str, mode: str) -> str:
    place = quote(path)
    give = f"chown {owner} {place}\n" if owner else ""
    return f"guard {place}\n{give}chmod {mode} {place}\n"


def file(host: Host, item: File) -> Found:
    """Compare a file; while a container mounts it, a new version is only put beside it."""
    below = frozenset(each.step for each in of(Directories, host.items))
    if not host.differs(item):
        if why := _wrong_rights(host.seen.path(item.path), item):
            text = _mend(item.path, item.owner if item.sealed else "", item.mode)
            yield Step(item.step, Action.SET_MODE, item.name, why, text, after=below)
        yield from _tidy(host, item, item.beside, item.previous)
        return
    why = host.how_differs(item)
    if not host.mounted_now(item):
        text = shell.write(item.path, item.text, item.beside, item.mode, item.owner)
        yield Step(item.step, Action.WRITE, item.name, why, text, after=below)
    elif _differs_beside(host, item):
        text = shell.stage(item.beside, item.text, item.mode, item.owner)
        effect = host.restarts(item.mounted_by or "")
        yield Step(item.step, Action.WRITE_BESIDE, item.name, why, text, effect=effect, after=below)


def _differs_beside(host: Host, item: File) -> bool:
    staged = host.seen.path(item.beside)
    return staged.text != item.text or bool(_wrong_rights(staged, item))


def _wrong_rights(seen: Path, item: File) -> str:
    return differences.owner_and_mode(seen, item.mode, item.owner if item.sealed else "")


def unsealed(host: Host, item: Unsealed) -> Found:
    """Compare files of secrets that nobody needs any more: they go once no container mounts them."""
    there = [path for path in item.paths if host.seen.path(path).kind != "absent"]
    if there and not host.seen.at_work:
        files, home = " ".join(map(quote, there)), quote(there[0].rpartition("/")[0])
        text = f"guard {files}\nrm -f {files}\nrmdir {home} 2>/dev/null || true\n"
        title, why = f"remove {', '.join(there)}", "nobody needs these secrets any more"
        yield Step(item.step, Action.REMOVE, title, why, text, "settle")


def _tidy(host: Host, item: File | Identity, *leftovers: str) -> Found:
    if host.seen.at_work:
        return  # what that run has put there, it also takes away
    for path in leftovers:
        if host.seen.path(path).kind != "absent":
            title, why = f"remove {path.rpartition('/')[2]}", "left over by an earlier run"
            yield Step(item.step, Action.REMOVE, title, why, f"rm -f {quote(path)}\n", "settle")


def identity(host: Host, item: Identity) -> Found:
    """Compare a file that is written once and never overwritten."""
    seen = host.seen.path(item.path)
    is_missing = seen.kind in ("absent", "regular empty file")
    wrong = "missing" if is_missing else differences.owner_and_mode(seen, FILE_MODE)
    if not is_missing and seen.kind != "regular file":
        told = f"{item.path} is a {seen.kind}, not a file"
        yield Blocker(item.step, item.name, told, "move it out of the way", "path")
    elif not is_missing and seen.text.strip() != item.value:
        yield Blocker(
            item.step,
            item.name,
            f"{item.path} says {seen.text.strip()[:40]!r}, hosts.ini says {item.value!r}",
            item.remedy,
            item.name,
        )
    elif wrong:
        # Made anew for its mode, too: chmod would follow what its directory's user may put in its place.
        needs = frozenset(each.step for each in of(Directories, host.items))
        text = shell.write(item.path, item.value + "\n", item.beside)
        yield Step(item.step, Action.WRITE, f"{item.name} {item.value}", wrong, text, after=needs)
    else:
        yield from _tidy(host, item, item.beside)
