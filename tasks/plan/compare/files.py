"""What is missing of /etc/profile, directories and files."""

import re
from collections.abc import Iterable

from .. import shell
from ..desired import Directories, File, Identity, LoginCheck, ProfileLine
from ..host import profile_line as host_ip_line
from ..look.observed import LOGIN_HOST_IP
from ..shell import quote
from ..step import Blocker, Step
from .compared import Found, Host


def profile_line(host: Host, item: ProfileLine) -> Found:
    """Compare the HOST_IP line of /etc/profile."""
    if item.address not in host.seen.addresses:
        yield Blocker(
            item.step,
            "HOST_IP",
            f"{item.address} is not an address of this host (it has {_list(host.seen.addresses)})",
            "correct the address in hosts.ini, or set host_ip",
            "address",
        )
        return
    line = host_ip_line(item.address)
    lines = host.seen.path(item.path).text.splitlines()
    setting = [other for other in lines if _sets_host_ip(other)]
    if setting != [line]:
        reason = "missing" if not setting else f"{setting[-1].strip()!r} is not the wanted line"
        if len(setting) > 1:
            reason = f"it is set {len(setting)} times"
        yield Step(item.step, f"HOST_IP in {item.path}", reason, _set_profile_line(item.path, line))


def _sets_host_ip(line: str) -> bool:
    return re.match(r"\s*(export\s+)?HOST_IP=", line) is not None


def _set_profile_line(path: str, line: str) -> str:
    beside = quote(path + ".next")
    return (
        f"[ ! -e {quote(path)} ] || cp -p {quote(path)} {beside}\n"
        f"touch {beside}\n"
        f"sed -i -E '/^[[:space:]]*(export[[:space:]]+)?HOST_IP=/d' {beside}\n"
        f'[ -z "$(tail -c 1 {beside})" ] || echo >> {beside}  # the last line may lack its end\n'
        + shell.heredoc(path + ".next", line + "\n", append=True)
        + f"mv {beside} {quote(path)}\n"
    )


def login_check(host: Host, item: LoginCheck) -> Found:
    """Compare what a login shell says of HOST_IP."""
    said = host.seen.login_host_ip
    if said != item.address:
        yield Step(
            item.step,
            "HOST_IP in a login shell",
            f"it says {said!r}, not {item.address}",
            f"said=$({LOGIN_HOST_IP})\n"
            f'[ "$said" = {quote(item.address)} ] || {{ echo "it says \'$said\'"; exit 1; }}\n',
            changes=False,
            after=frozenset({"1.1"}),
        )


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
        yield Step(item.step, "directories", f"missing: {', '.join(missing)}", mkdir)


def file(host: Host, item: File) -> Found:
    """Compare a file; while a container mounts it, a new version is only put beside it."""
    below = frozenset(i.step for i in host.items if isinstance(i, Directories))
    if not host.differs(item):
        for leftover in (item.beside, item.path + ".prev"):
            if host.seen.path(leftover).kind != "absent":
                yield _tidy_file(item, leftover)
        return
    reason = host.how_differs(item)
    if not host.mounted_now(item):
        yield Step(item.step, item.name, reason, shell.write_file(item.path, item.text), after=below)
    elif host.seen.path(item.beside).text != item.text:
        yield Step(
            item.step,
            item.name,
            reason,
            shell.heredoc(item.beside, item.text),
            effect=host.restarts(item.mounted_by or ""),
            after=below,
        )


def _tidy_file(item: File, path: str) -> Step:
    name = path.rpartition("/")[2]
    return Step(item.step, name, "left over by an earlier run", f"rm -f {quote(path)}\n", phase="settle")


def identity(host: Host, item: Identity) -> Found:
    """Compare a file that is written once and never overwritten."""
    seen = host.seen.path(item.path)
    if seen.kind == "absent" or (seen.kind == "regular empty file"):
        needs = frozenset(i.step for i in host.items if isinstance(i, Directories))
        text = shell.write_file(item.path, item.value + "\n")
        yield Step(item.step, f"{item.name} {item.value}", "missing", text, after=needs)
    elif seen.text.strip() != item.value:
        yield Blocker(
            item.step,
            item.name,
            f"{item.path} says {seen.text.strip()[:40]!r}, hosts.ini says {item.value!r}",
            item.remedy,
            item.name,
        )


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
