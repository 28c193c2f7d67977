"""What OpenSSH knows of the way to a host, read from what `ssh -G` prints. No effects."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from . import algorithms

DEFAULT_IDENTITY = re.compile(r"~/\.ssh/id_\w+")
"""What ssh looks for when no key is named; it prints the whole list then."""

Said = Mapping[str, list[str]]
"""Every keyword in lower case, with its values."""

NO = frozenset({"no", "false"})


class NotAnAnswer(ValueError):
    """A program called ssh has printed something that is no configuration."""


@dataclass(frozen=True)
class Question:
    """A host as it stands on ssh's command line: what is given here wins over ssh_config.

    `shared_keys` are those of fab -i, which are for the bastions on the way, too.
    """

    name: str
    user: str | None = None
    port: int | None = None
    keys: tuple[str, ...] = ()
    shared_keys: tuple[str, ...] = ()
    jump: str = ""


@dataclass(frozen=True)
class Local:
    """Who asks, and where: what `~`, `%d` and their like stand for."""

    home: str
    user: str
    uid: int
    hostname: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """How a host is reached: values as ssh itself would use them, paths without `~` and tokens.

    `keys` were named by somebody, `default_keys` are those that ssh looks for otherwise. Of `jump`
    and `command`, at most one is not empty. `agent` is a socket, "" for none.
    """

    name: str
    host: str
    user: str
    port: int
    keys: tuple[str, ...] = ()
    default_keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    only_these_keys: bool = False
    offers_keys: bool = True
    agent: str = ""
    jump: str = ""
    command: str = ""
    user_known_hosts: tuple[str, ...] = ()
    global_known_hosts: tuple[str, ...] = ()
    revoked_keys: str = ""
    alias: str = ""
    host_key_types: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    timeout: int | None = None
    attempts: int = 1
    family: str = "any"
    source: str = ""

    @property
    def known_as(self) -> str:
        """The name that known_hosts has this host under."""
        if self.alias:
            return self.alias.lower()
        return self.host.lower() if self.port == 22 else f"[{self.host.lower()}]:{self.port}"

    @property
    def where(self) -> str:
        """Address and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read(text: str, question: Question, local: Local, exists: Callable[[str], bool]) -> Settings:
    """Read what `ssh -G` printed for a host; `exists` tells whether there is such a file.

    Raises NotAnAnswer.
    """
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        said.setdefault(key.lower(), []).append(value.strip())
    return understood(said, question, local, exists)


def understood(said: Said, question: Question, local: Local, exists: Callable[[str], bool]) -> Settings:
    """Make settings of every keyword's values. Raises NotAnAnswer."""
    try:
        base = Settings(
            question.name,
            host=said["hostname"][0],
            user=said["user"][0],
            port=int(_one(said, "port", "22")),
            alias=_one(said, "hostkeyalias"),
            timeout=max(int(_one(said, "connecttimeout", "0")), 0) or None,  # older ssh says -1 for none
            attempts=max(int(_one(said, "connectionattempts", "1")), 1),
        )
    except (KeyError, ValueError) as error:
        raise NotAnAnswer(str(error)) from None
    expand = partial(_expand, tokens=_tokens(base, local), local=local)
    jump = expand(_one(said, "proxyjump"))
    settings = replace(
        base,
        jump=jump,
        command="" if jump else expand(_one(said, "proxycommand").removeprefix("exec ")),
        user_known_hosts=tuple(map(expand, files(_one(said, "userknownhostsfile"), exists))),
        global_known_hosts=tuple(map(expand, files(_one(said, "globalknownhostsfile"), exists))),
        revoked_keys=expand(_one(said, "revokedhostkeys")),
        host_key_types=tuple(filter(None, _one(said, "hostkeyalgorithms").split(","))),
        ciphers=algorithms.names(_one(said, "ciphers")),
        macs=algorithms.names(_one(said, "macs")),
        family=_one(said, "addressfamily", "any"),
        source=_one(said, "bindaddress"),
    )
    return _with_keys(settings, said, [*question.shared_keys, *question.keys], local, expand)


def _with_keys(
    settings: Settings, said: Said, given: list[str], local: Local, expand: Callable[[str], str]
) -> Settings:
    """Add what there is to log in with; as with ssh -i, defaults are left out where a key is given."""
    keys = [key for key in said.get("identityfile", []) if key != "none"]
    default = len(keys) > 1 and all(map(DEFAULT_IDENTITY.fullmatch, keys))
    paths = tuple(dict.fromkeys(map(expand, keys)))
    return replace(
        settings,
        keys=(*given, *(() if default else paths)),
        default_keys=paths if default and not given else (),
        certificates=tuple(map(expand, said.get("certificatefile", []))),
        only_these_keys=_one(said, "identitiesonly", "no") not in NO,
        offers_keys=_one(said, "pubkeyauthentication", "yes") not in NO,
        agent=_agent(said.get("identityagent", ["SSH_AUTH_SOCK"])[0], local, expand),
    )


def _one(said: Said, key: str, default: str = "") -> str:
    value = said.get(key, [default])[0]
    return default if value == "none" else value


def files(text: str, exists: Callable[[str], bool]) -> list[str]:
    """Take a list of files apart in which nothing is quoted, so that a space may belong to a name.

    A name is as many words as name a file that there is; else all up to the next that begins as a path does.
    """
    words, found = text.split(), []
    while words:
        lengths = [n for n in range(len(words), 0, -1) if exists(" ".join(words[:n]))]
        starts = (n for n, word in enumerate(words) if n and word.startswith(("/", "~")))
        length = lengths[0] if lengths else next(starts, len(words))
        found.append(" ".join(words[:length]))
        words = words[length:]
    return found


def _agent(named: str, local: Local, expand: Callable[[str], str]) -> str:
    """Give the agent's socket as ssh finds it: `$NAME` and SSH_AUTH_SOCK are variables, none is none."""
    if named == "none":
        return ""
    if named == "SSH_AUTH_SOCK" or re.fullmatch(r"\$\w+", named):
        return local.environment.get(named.removeprefix("$"), "")
    return expand(named)


def _tokens(base: Settings, local: Local) -> dict[str, str]:
    ends = f"{local.hostname}{base.host}{base.port}{base.user}"
    return {
        "%": "%",
        "C": hashlib.sha1(ends.encode(errors="surrogateescape")).hexdigest(),
        "d": local.home,
        "h": base.host,
        "i": str(local.uid),
        "k": base.alias or base.name,
        "L": local.hostname.partition(".")[0],
        "l": local.hostname,
        "n": base.name,
        "p": str(base.port),
        "r": base.user,
        "u": local.user,
    }


def _expand(text: str, tokens: Mapping[str, str], local: Local) -> str:
    """Replace `~`, tokens and variables; what ssh would not know stays as it is."""

    def value(match: re.Match[str]) -> str:
        token, variable = match.groups()
        return tokens.get(token, match[0]) if token else local.environment.get(variable, match[0])

    if text == "~" or text.startswith("~/"):
        text = f"{local.home.replace('%', '%%')}{text[1:]}"
    return re.sub(r"%(.)|\$\{(\w+)\}", value, text)
