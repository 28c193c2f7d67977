"""Shell text that a person can read as the runbook it carries out. Every value is quoted."""

import shlex
from collections.abc import Iterable, Sequence
from string import ascii_uppercase

from .desired import DIRECTORY_MODE, FILE_MODE, ROOT, Container, File, Image

quote = shlex.quote

STATE = "/var/lib/mesofab"
"""What mesofab itself keeps on a host."""

LEDGER = f"{STATE}/made"
"""What it has pulled there and which directories it has made, those above them, too; for `fab retire`."""

REBOOTING = f"{STATE}/rebooting"
"""The note of a run that reboots hosts, on the host whose turn it is."""

REFUSAL = "mesofab: "
"""Begins the sentence by which a step itself says why it failed and what to do."""

FUNCTIONS = f"""\
refuse() {{ printf '{REFUSAL}%s\\n' "$1"; exit 1; }} # refuse SENTENCE, without its full stop
guard() ( # guard PATH...: refuse where others than root can put something in the place of PATH, or above it
  for path; do
    set -- /; above=${{path%/*}}
    until [ -d "$above/" ]; do above=${{above%/*}}; done
    for place in "$above" "$(cd -P "$above/" && pwd -P)"; do
      while [ -n "${{place%/}}" ]; do set -- "$@" "$place"; place=${{place%/*}}; done
    done
    [ ! -L "$path" ] || set -- "$@" "$path"
    others="! -user 0 ! -user $(id -u) -o ! -type l -perm -002 ! -perm -1000"
    found=$(find "$@" -prune \\( $others \\) -print | head -n 1)
    [ -z "$found" ] || refuse "others than root can change $found, and with it where root writes $path. \\
Give it to root and let nobody else write there (ls -ld tells who can)"
  done
)
flush() {{ sync "$@" 2>/dev/null || sync; }} # flush PATH: have it on the disk; an old sync writes everything
stage() {{ # stage FILE MODE: make FILE anew of standard input; it is read by nobody until it is complete
  guard "$1"
  rm -f "$1"
  ( umask 077; set -C; cat > "$1" )
  chmod "$2" "$1"
}}
swap() {{ # swap NEW FILE: put NEW in the place of FILE; a link there goes, and what it leads to stays
  if [ -L "$2" ]; then rm -f "$2"; elif [ -d "$2" ]; then rmdir "$2"; fi # docker makes one of what is missing
  flush "$1"
  copies=$(stat -c %d "$1" "${{2%/*}}" | uniq -u) # to another disk
  mv -fT "$1" "$2"
  flush ${{copies:+-f}} "${{2%/*}}"
}}
note() {{ # note LINE: keep in {LEDGER} what is about to be made, for `fab retire` to remove
  ! grep -sqxF "$1" {LEDGER} || return 0
  guard {LEDGER}
  [ -d {STATE} ] || ( umask 077; mkdir -p {STATE} )
  printf '%s\n' "$1" >> {LEDGER}
  flush {LEDGER}
}}
note_missing() {{ # note_missing PATH...: note directories that are not there, and what is missing above them
  for path; do
    [ -d "$path" ] || note "directory $path"
    above=${{path%/*}}
    until [ -d "$above/" ]; do note "above $above"; above=${{above%/*}}; done
  done
}}
"""
"""What the shell of steps uses.

A new file is made where root alone can make names, and takes its place by a rename. So it does not matter
what stands in a directory that belongs to a service's user, and a power cut leaves the old file or the new.
"""

SOCKET = "/var/run/docker.sock"
"""Where a host's own engine listens; agents are given the same one."""

OWN_ENGINE = f"""\
unset DOCKER_CONTEXT DOCKER_API_VERSION DOCKER_DEFAULT_PLATFORM DOCKER_CUSTOM_HEADERS
unset DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH
export DOCKER_HOST=unix://{SOCKET} # it also beats a context that config.json names
"""
"""Has docker's client ask the host's own engine, whatever the host's environment and config.json say."""

WITHOUT_CONFIG = "DOCKER_CONFIG=/nonexistent"
"""Keeps the `proxies` of config.json out of a container: docker would make variables of them."""


LENIENT = "1.12 | 1.24"
"""The oldest API of engines before 25, and before 29: no client in an image for Mesos 1.5 is older."""

ASK_CLIENT = f"timeout -s KILL 20 env {WITHOUT_CONFIG} docker run --rm --net none"
"""Begins the command that has the docker client in an image say something, and ends in any case."""


def private(file: str) -> str:
    """Make an empty file that only root can open, if none is there: who can open it can lock it."""
    return f"( umask 077; : >>{file} ); chmod 600 {file}\n"


def here(text: str, then: str = "") -> str:
    """Give the here-document that is `text` (ending in a newline), literally; `then` ends its first line."""
    mark = _end_mark(text)
    return f"<<'{mark}'{then}\n{text}{mark}\n"


def _end_mark(text: str) -> str:
    """Give an end mark that no line of `text` even begins like.

    dash loses a byte where a line begins like the mark and goes on in another alphabet.
    """
    begun = {line[:1] for line in text.split("\n")}
    mark = next((letter for letter in "E" + ascii_uppercase if letter not in begun), "E") + "ND"
    while mark in text.split("\n"):
        mark += "_"
    return mark


def noted(image: Image) -> str:
    """Give the shell that pulls an image which is not there, and keeps in mind that mesofab did."""
    return f"note {quote(f'image {image.reference}')}\n{pull(image)}"


def directories(paths: Sequence[str], mode: str = DIRECTORY_MODE) -> str:
    """Give the shell that makes directories, with what lacks above them."""
    places = " ".join(quote(path) for path in paths)
    return f"guard {places}\nnote_missing {places}\n( umask 022; mkdir -m {mode} -pv {places} )\n"


def stage(path: str, text: str, mode: str = FILE_MODE, owner: str = ROOT) -> str:
    """Give the shell that makes `path` anew of `text`: one that does not end in a newline is one line."""
    command = f"stage {quote(path)} {mode}"
    give = "" if owner == ROOT else f"chown {owner} {quote(path)}\n"
    if text.endswith("\n"):
        return f"{command} {here(text)}{give}"
    return "tr -d '\\n' " + here(text + "\n", f" | {command}") + give


def write(path: str, text: str, beside: str, mode: str = FILE_MODE, owner: str = ROOT) -> str:
    """Give the shell that makes a file beside and renames it, so that no reader sees half of it."""
    return stage(beside, text, mode, owner) + f"swap {quote(beside)} {quote(path)}\n"


def pull(image: Image) -> str:
    """Give the shell that pulls an image, and asks its docker client, if it needs one, for the engine.

    An agent whose client the engine refuses would end at once, for ever. No other failure counts, since
    an image need not have this client.
    """
    reference = quote(image.reference)
    if not image.client:
        return f"docker pull {reference}\n"
    socket = f"-v {SOCKET}:{SOCKET} --entrypoint {quote(image.client)}"
    return (
        f"docker pull {reference}\n"
        f"case $(docker version --format '{{{{.Server.MinAPIVersion}}}}') in {LENIENT}) ;;\n"
        "*) # an engine that refuses old clients may refuse the one in the image\n"
        f"  said=$({ASK_CLIENT} \\\n"
        f"    {socket} {reference} version 2>&1 </dev/null) || true\n"
        '  case $said in *"is too old"*) echo "$said"; exit 1;; esac ;;\n'
        "esac\n"
    )


def docker_run(container: Container, verb: str = "run -d", name: str | None = None) -> str:
    """Give the docker command line that makes `container`, an option a line.

    Its variables travel on docker's standard input: as options, everybody on the host could read them in ps.
    """
    words = [f"{WITHOUT_CONFIG} docker {verb} --name {quote(name or container.name)}"]
    words += ["--net host --restart=always"]
    words += [f"--log-driver json-file {_log_options(container)}"]
    words += ["--privileged"] if container.privileged else []
    words += ["--pid=host"] if container.host_pids else []
    words += ["--init"] if container.init else []
    words += [f"--entrypoint {quote(container.entrypoint)}"] if container.entrypoint else []
    words += [f"--label {quote(f'{key}={value}')}" for key, value in container.labels]
    words += ["--env-file /dev/stdin"] if container.environment else []
    words += [f"-v {quote(mount.bind)}" for mount in container.mounts]
    words += [" ".join(quote(word) for word in (container.image, *container.arguments))]
    command = " \\\n  ".join(words)
    variables = "".join(f"{key}={value}\n" for key, value in container.environment)
    return f"{command} {here(variables)}" if variables else f"{command}\n"


def _log_options(container: Container) -> str:
    return f"--log-opt max-size={container.log_size} --log-opt max-file={container.log_files}"


def replace_container(
    container: Container, staged: Iterable[File], *, keep_previous: bool, ending: str = ""
) -> str:
    """Give the shell that puts a new container in the place of one that exists.

    The new one is made first: what docker would refuse is refused while the old one still runs.
    Wherever this is cut short, the names NAME.next and NAME.prev tell how far it came.
    With `keep_previous` the old container stays as NAME.prev until its successor has passed its
    gate; without, there is an older NAME.prev that did pass, and the old one is dropped. `ending` is
    shell that ends the old one in another way than by a plain stop.
    """
    name, following, previous = (quote(container.name + suffix) for suffix in ("", ".next", ".prev"))
    lines = [
        f"docker rm -f {following} >/dev/null 2>&1 || true",
        docker_run(container, "create", container.name + ".next").rstrip("\n"),
        # A stopped container with policy `always` would come back with the engine, beside its successor.
        f"docker update --restart=no {name}",
        ending.rstrip("\n") or f"docker stop -t {container.grace} {name}",
    ]
    for file in staged:
        if keep_previous:
            lines += [f"[ ! -f {quote(file.path)} ] || ln -f {quote(file.path)} {quote(file.previous)}"]
        lines += [f"swap {quote(file.beside)} {quote(file.path)}"]
    lines += [f"docker rename {name} {previous}" if keep_previous else f"docker rm -f {name}"]
    lines += [f"docker rename {following} {name}", f"docker start {name}"]
    return "\n".join(lines) + "\n"


def put_back(container: Container) -> str:
    """Give the shell that puts NAME.prev back into the place of a successor that failed.

    The failed one is kept, stopped, as NAME.failed for its log. However far the replacement came:
    before its predecessor was renamed there is no NAME.prev, and that one is only started again.
    """
    name, following, previous, failed = (
        quote(container.name + suffix) for suffix in ("", ".next", ".prev", ".failed")
    )
    lines = [
        f"docker rm -f {following} {failed} >/dev/null 2>&1 || true",
        f"if docker inspect --type container {previous} >/dev/null 2>&1; then",
        f"  if docker update --restart=no {name} 2>/dev/null; then",
        f"    docker stop -t {container.grace} {name}",
        f"    docker rename {name} {failed}",
        "  fi",
        *(
            f"  [ ! -f {quote(file.previous)} ] || swap {quote(file.previous)} {quote(file.path)}"
            for file in container.files
        ),
        f"  docker rename {previous} {name}",
        "fi",
    ]
    return "\n".join(lines) + "\n" + start_again(container.name)


def at_once(pieces: Sequence[str]) -> str:
    """Give the shell that runs all pieces at the same time; what each prints stays in one piece.

    A pipe keeps the words of one until the next has had its say, and none can read another's: the
    host gets no files for it. What a piece sets is known to itself alone.
    """
    *others, last = pieces
    for piece in reversed(others):
        last = f"{{\n{piece}\n}} | {{\nexec 7<&0 </dev/null\n{last}\ncat <&7\n}}"
    return last


def stop(name: str) -> str:
    """Give the shell that stops a container for as long as nobody starts it, not the engine either."""
    return f"docker update --restart=no {quote(name)}\ndocker stop -t 30 {quote(name)}\n"


def start_again(name: str) -> str:
    """Give the shell that starts a container which was stopped so."""
    return f"docker update --restart=always {quote(name)}\ndocker start {quote(name)}\n"
