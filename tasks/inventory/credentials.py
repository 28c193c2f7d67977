"""The cluster's principals with their secrets: a file of the operator's own becomes `Credentials`.

It says so in YAML (of this one form) or JSON:

    agent:
      principal: agent
      secret: 40 letters and digits

Sources: credentials as Mesos 1.5.0 reads them. A secret with a colon passes with agents, but never over HTTP;
ZooKeeper's URL takes neither @ nor /. So a secret has none of them.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .near import near
from .printable import printable
from .secret import HIDDEN

WHO = ("agent", "marathon", "operator", "zookeeper")
"""Who needs a principal: masters know them all, and each of these shows its own."""

SHORTEST, LONGEST = 16, 128
"""Characters of a secret: a digest of what is shorter could be guessed."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SECRET = re.compile(r"[A-Za-z0-9._~+=-]*")
SECTION = re.compile(r"([A-Za-z0-9._-]+):\s*(?:#.*)?")
FIELD = re.compile(r"\s+([A-Za-z0-9._-]+):\s+(\"[^\"]*\"|'[^']*'|[^\s#'\"]\S*)\s*(?:\s#.*)?")

MASTERS_FILE = "(the credentials that masters know: put in when this is sent)"
AGENTS_FILE = "(the credential of agents: put in when this is sent)"
VISITORS_FILE = "(the operator's credential, which agents know: put in when this is sent)"
MARATHONS_FILE = "(the secret of Marathon: put in when this is sent)"
MEMBERS_FILE = "(what ZooKeeper's members show each other: put in when this is sent)"
OPERATORS_LOGIN = "(the operator's name and password: put in when this is sent)"
TREES_OWNER = "(the credential of masters for ZooKeeper: put in when this is sent)"
"""What stands in plans and in the runbook for the text of a file of secrets, or for a part of it."""

OPERATOR = "(who asks, by name and password, if the cluster knows any: put in when this is sent)"
"""What stands in every request of ours for the header by which the operator is known."""

MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule required"


class Secret:
    """A text that is not shown: whoever prints this, in whatever way, sees that it is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        """The secret itself."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is written nowhere")


@dataclass(frozen=True)
class Credential:
    """A principal, by which a program is known, and its secret."""

    principal: str
    secret: Secret


class BadCredentials(ValueError):
    """Credentials that cannot be used; `problems` are sentences of what is wrong and how to mend it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True)
class Credentials:
    """Everybody's principal and secret, by who needs it."""

    of: Mapping[str, Credential]

    @property
    def masters(self) -> Secret:
        """The file by which masters know agents, frameworks and people (`--credentials`)."""
        known = [_entry(self.of[who]) for who in WHO if who != "zookeeper"]
        return Secret(json.dumps({"credentials": known}))

    @property
    def agents(self) -> Secret:
        """The file by which an agent shows who it is (`--credential`)."""
        return Secret(json.dumps(_entry(self.of["agent"])))

    @property
    def members(self) -> Secret:
        """The JAAS file by which ZooKeeper's members know each other: all have one principal."""
        own = self.of["zookeeper"]
        server = f'QuorumServer {{\n  {MODULE}\n  user_{own.principal}="{own.secret.text}";\n}};\n'
        name = f'username="{own.principal}"'
        return Secret(f'{server}QuorumLearner {{\n  {MODULE}\n  {name} password="{own.secret.text}";\n}};')

    @property
    def marathons(self) -> Secret:
        """The file with Marathon's secret alone (`--mesos_authentication_secret_file`)."""
        return self.of["marathon"].secret

    @property
    def visitors(self) -> Secret:
        """The file by which agents know who may ask them over HTTP (`--http_credentials`)."""
        return Secret(json.dumps({"credentials": [_entry(self.of["operator"])]}))

    @property
    def owner(self) -> Secret:
        """Who owns the masters' tree in ZooKeeper, and the secret by which it is proven: `NAME:SECRET`."""
        return _login(self.of["zookeeper"])

    @property
    def texts(self) -> Mapping[str, Secret]:
        """What only hosts are sent, by the words that stand for it in scripts, plans and the runbook."""
        return {
            MASTERS_FILE: self.masters,
            AGENTS_FILE: self.agents,
            VISITORS_FILE: self.visitors,
            MARATHONS_FILE: self.marathons,
            MEMBERS_FILE: self.members,
            TREES_OWNER: self.owner,
            OPERATORS_LOGIN: self.login,
        }

    @property
    def login(self) -> Secret:
        """The operator's name and password, by which Marathon knows who may ask it: `NAME:SECRET`."""
        return _login(self.of["operator"])

    @property
    def operator(self) -> Secret:
        """What HTTP has of the operator (`Authorization: Basic`): to be sent, and never to be shown."""
        return Secret(b64encode(self.login.text.encode()).decode())

    def put_into(self, script: str) -> str:
        """Give a script with the texts of secrets where it only names them; it is for a host alone."""
        for words, secret in self.texts.items():
            script = script.replace(words, secret.text)
        return script


def _login(one: Credential) -> Secret:
    return Secret(f"{one.principal}:{one.secret.text}")


def _entry(one: Credential) -> dict[str, str]:
    return {"principal": one.principal, "secret": one.secret.text}


def read(text: str) -> Credentials:
    """Read what a file says. Raises BadCredentials, which quotes nothing that may be a secret."""
    found = _of_json(text) if text.lstrip().startswith("{") else _of_yaml(text)
    problems = [*_of_words("", found, WHO)]
    known = {who: own for who, own in found.items() if who in WHO}
    for who, own in known.items():
        problems += [*_of_words(f"{who}: ", own, ("principal", "secret"))]
        if not any(problem.startswith(f"{who}: ") for problem in problems):
            problems += [*_of_principal(who, own["principal"]), *_of_secret(who, own["secret"])]
    names = [own["principal"] for own in known.values() if "principal" in own]
    twice = sorted({printable(name)[:64] for name in names if names.count(name) > 1})
    problems += [f"the principal {name} is there twice; give each a name of its own" for name in twice]
    if problems:
        raise BadCredentials(problems)
    return Credentials(
        {who: Credential(own["principal"], Secret(own["secret"])) for who, own in known.items()}
    )


def _of_json(text: str) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise BadCredentials([f"line {line} is not JSON; correct it"]) from None
    for who, own in found.items():
        if not isinstance(own, dict) or not all(isinstance(value, str) for value in own.values()):
            told = f"{_shown(who)} is not an object with a principal and a secret, both texts; write it so"
            raise BadCredentials([told])
    return {str(who): own for who, own in found.items()}


def _of_yaml(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    problems, own = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#") or line.rstrip() in ("---", "..."):
            continue
        if (section := SECTION.fullmatch(line.rstrip())) and section[1] not in found:
            own = found[section[1]] = {}
        elif (field := FIELD.fullmatch(line)) and own is not None and field[1] not in own:
            own[field[1]] = field[2][1:-1] if field[2][0] in "\"'" else field[2]
        else:
            told = "is none of `agent:`, `  principal: NAME` and `  secret: TEXT`, or is there twice"
            problems.append(f"line {number} {told}; correct it")
    if problems:
        raise BadCredentials(problems)
    return found


def _of_words(where: str, given: Mapping[str, object], known: tuple[str, ...]) -> Iterator[str]:
    """Say which words are missing, and which are none of those that are known."""
    for word in given:
        if word not in known:
            close = near(word, known)
            mend = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
            yield f"{where}{_shown(word)} is not known; {mend}"
    if missing := [word for word in known if word not in given]:
        yield f"{where}{' and '.join(missing)} missing; `fab secrets.make` writes a file that is whole"


def _of_principal(who: str, name: str) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield f"{who}: its principal is not of letters, digits, '.', '_' and '-', at most 64; correct it"


def _of_secret(who: str, secret: str) -> Iterator[str]:
    if ":" in secret:
        yield f"{who}: its secret has a colon, with which no password passes over HTTP; leave it out"
    elif not SECRET.fullmatch(secret):
        odd = "a newline" if "\n" in secret else "a character that is none of letters, digits and ._~+=-"
        yield f"{who}: its secret has {odd}; leave it out"
    elif not SHORTEST <= len(secret) <= LONGEST:
        told = f"has {len(secret)} characters" if secret else "is empty"
        yield f"{who}: its secret {told}; give it {SHORTEST} to {LONGEST}, as `fab secrets.make` does"


def _shown(word: object) -> str:
    """Give a word that should be one of ours; a long one may be a secret in the wrong place."""
    text = printable(str(word))
    return repr(text) if len(text) < SHORTEST else HIDDEN


def written(of: Mapping[str, Credential]) -> str:
    """Give the text of a file, secrets and all, for the operator's own machine."""
    head = "# Secrets of a Mesos cluster (docs/security.md). Keep this file, and show it to nobody.\n"
    parts = (
        f"{who}:\n  principal: {one.principal}\n  secret: {one.secret.text}\n" for who, one in of.items()
    )
    return head + "".join(parts)
