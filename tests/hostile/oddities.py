"""What odd hosts answer: each part with the exit codes with which `fab status` may end over it."""

import json
import re
import socket
import threading
from collections.abc import Callable
from random import Random
from typing import Any

from paramiko import Channel
from sound_hosts import joined
from sshd import end
from stage import Part, Scene, say, soundly

DEEP = "[" * 10_000 + "]" * 10_000
HUGE = "9" * 400
ESCAPE = "\x1b[31m\x1b]0;evil\x07\x9b2J\r"
SEPARATORS = "\x1e\x1c\x85\u2028\u2029\x0c"
MARKUP = "[/evil][bold red]x[link=http://evil]"
OK = "HTTP/1.1 200 OK\r\n\r\n"


def http(*values: dict[str, object], **more: object) -> str:
    """Return an answer over HTTP with these keys."""
    told = {key: value for each in (*values, more) for key, value in each.items()}
    return OK + json.dumps(told).replace("Infinity", f"1e{HUGE}")


def tells(text: str, *names: str) -> Part:
    """All parts of an answer whose names begin so are this text."""

    def part(channel: Channel, scene: Scene) -> None:
        scene.told |= {name: text for name in scene.told if name.startswith(names) and name != "end"}
        soundly(channel, scene)

    return part


def reports(edit: Callable[[dict[str, Any]], object]) -> Part:
    """Docker's reports are edited; what is no JSON of Python's stands in them as a text."""

    def part(channel: Channel, scene: Scene) -> None:
        told = [json.loads(line) for line in scene.told.get("objects", "").splitlines()]
        for one in told:
            edit(one)
        text = "".join(f"{json.dumps(one)}\n" for one in told)
        scene.told |= {"objects": text.replace('"DEEP"', DEEP).replace('"HUGE"', HUGE)}
        soundly(channel, scene)

    return part


def sets(section: str, name: str, value: object) -> Part:
    """One field of docker's reports is another value."""

    def edit(told: dict[str, Any]) -> None:
        if "State" in told:
            (told[section] if section else told)[name] = value

    return reports(edit)


def sends(change: Callable[[str], str | bytes], code: int = 0) -> Part:
    """The whole answer is changed on its way."""

    def part(channel: Channel, scene: Scene) -> None:
        say(channel, scene, change(scene.answer()), code)

    return part


def floods_standard_error(channel: Channel, scene: Scene) -> None:
    """Write much to standard error before, within and after the answer."""
    text = scene.answer().encode()
    for piece in (text[:100], text[100:300], text[300:]):
        channel.sendall_stderr(b"E: \x1b[31mwarning\n" * 20_000)
        channel.sendall(piece)
    end(channel)


def drips(channel: Channel, scene: Scene) -> None:
    """Answer its first bytes one by one."""
    text, pause = scene.answer(), threading.Event()
    for byte in text[:20]:
        channel.sendall(byte.encode())
        pause.wait(0.1)
    say(channel, scene, text[20:])


def closes(channel: Channel, scene: Scene) -> None:
    """Close the channel after half of the answer, without an exit code."""
    channel.sendall(scene.answer()[:500].encode())
    channel.close()


def hangs_up(channel: Channel, scene: Scene) -> None:
    """End the connection in the middle of the answer."""
    channel.sendall(scene.answer()[:500].encode())
    channel.get_transport().sock.close()


def falls_silent(channel: Channel, scene: Scene) -> None:
    """Say no more after the first bytes."""
    channel.sendall(scene.answer()[:500].encode())


def keeps_its_exit_code(channel: Channel, scene: Scene) -> None:
    """Answer whole, but never say how the command ended."""
    channel.sendall(scene.answer().encode())
    channel.shutdown_write()


def goes_on_for_ever(channel: Channel, scene: Scene) -> None:
    """Answer, but never come to the answer's end."""
    channel.sendall(scene.answer()[:500].encode())
    while True:
        channel.sendall(b"x" * 1_000_000)


SHOWN, LOST, WELL = frozenset({7, 8}), frozenset({3}), frozenset({0})

AGENT: dict[str, tuple[Part, frozenset[int]]] = {
    # Whole answers
    "no answer": (sends(lambda text: ""), LOST),
    "no answer and an exit code": (sends(lambda text: "", code=127), LOST),
    "an answer and a wrong exit code": (sends(str, code=77), WELL),
    "half an answer": (sends(lambda text: text[: len(text) // 2]), LOST),
    "a motd before it": (sends(lambda text: f"Welcome to \x1b[1mhost{MARKUP}\n{text}"), WELL),
    "a menu instead": (sends(lambda text: f"{ESCAPE}1) shell 2) exit {MARKUP}", code=1), LOST),
    "no UTF-8": (sends(lambda text: text.encode().replace(b"e", b"\xff\xfe\x00")), LOST),
    "zero bytes": (sends(lambda text: b"\0" * 100_000), LOST),
    "only its end": (sends(lambda text: text[text.rindex("\n", 0, -1) - 0 :]), LOST),
    "every line twice": (
        sends(lambda text: "".join(line * 2 for line in text.splitlines(True))),
        SHOWN | LOST | WELL,
    ),
    "lines that end as in DOS": (sends(lambda text: text.replace("\n", "\r\n")), LOST),
    "a flood of standard error": (floods_standard_error, LOST | WELL),
    "the first bytes one by one": (drips, WELL),
    "a channel that closes": (closes, LOST),
    "a connection that ends": (hangs_up, LOST),
    # Parts of it
    **{
        f"everything is {name}": (tells(text, ""), LOST)
        for name, text in {
            "empty": "",
            "escapes": ESCAPE,
            "markup": MARKUP,
            "a number of 400 digits": HUGE,
            "nested": DEEP,
            "separators": SEPARATORS,
        }.items()
    },
    "no docker": (
        tells(f"{ESCAPE}{MARKUP} is the docker daemon running?", "clusters", "trouble"),
        SHOWN | LOST,
    ),
    "reports that are no JSON": (tells(f"{{{MARKUP}{ESCAPE}\n", "objects"), LOST),
    "reports that are lists": (tells("[]\n" * 4, "objects"), LOST),
    "reports without keys": (tells("{}\n{}\n", "objects"), LOST),
    "reports that are nested": (tells(f'{{"Id":{DEEP}}}\n' * 2, "objects"), LOST),
    "more reports than were asked for": (reports(lambda told: told.update(More=["\n"])), WELL),
    "a lease of nobody's": (tells(f"{ESCAPE}{MARKUP}, since {HUGE}", "lease"), WELL),
    "a user of 400 digits": (tells(HUGE, "user"), SHOWN | LOST),
    "files with escapes": (tells(f"regular file\n{ESCAPE}{MARKUP}\0", "path "), SHOWN | LOST),
    "kinds of files with escapes": (tells(ESCAPE + MARKUP, "path "), SHOWN | LOST),
    "a login with escapes": (
        tells(f"shell {ESCAPE}\nsays {MARKUP}{ESCAPE}\nleft {ESCAPE}\nended {HUGE}", "logins"),
        SHOWN | LOST,
    ),
    "a profile with escapes": (tells(f"{ESCAPE}{MARKUP} cannot read it", "profile"), SHOWN | LOST),
    "listeners with escapes": (
        tells(f'LISTEN 0 50 *:{HUGE} *:* users:(("{ESCAPE}",pid=1,fd=1))', "listeners"),
        SHOWN | LOST | WELL,
    ),
    "containers of a strange cluster": (tells(f"mesos-slave {ESCAPE}{MARKUP}\n", "clusters"), SHOWN | LOST),
}

FIELDS: dict[str, Part] = {
    f"{field} is {name}": sets(section, field, value)
    for section, field in (
        ("State", "Status"),
        ("State", "Pid"),
        ("", "Image"),
        ("Config", "Image"),
        ("Config", "Env"),
        ("HostConfig", "CapAdd"),
    )
    for name, value in {
        "a lone surrogate": "\udfff",
        "markup": MARKUP,
        "an escape": ESCAPE,
        "a list of escapes": [ESCAPE, f"X={ESCAPE}"],
        "separators": SEPARATORS,
        "nested": "DEEP",
        "a number of 400 digits": "HUGE",
        "null": None,
    }.items()
}
"""One field of docker's report on the agent is another one."""

MEMBER: dict[str, tuple[Part, frozenset[int]]] = {
    "modes with markup": (tells(f"Mode: [/evil]\nMode: {MARKUP}\n", "answer zookeeper"), SHOWN),
    "modes with escapes": (
        tells(f"Zookeeper version: 3{ESCAPE}\nMode: {ESCAPE}\n", "answer zookeeper"),
        SHOWN,
    ),
    **{
        f"services say what is {name}": (tells(text, "answer "), SHOWN)
        for name, text in {
            "nothing": "",
            "no JSON": f"{OK}{{",
            "nested": OK + DEEP,
            "a number": OK + HUGE,
            "a status of 400 digits": f"HTTP/1.1 {HUGE} OK\r\n\r\n",
            "escapes": ESCAPE * 100,
            "separators": SEPARATORS * 100,
            "a lone surrogate": http(
                leader="\udfff", version="\udfff", slaves=[{"pid": "\udfff", "active": True}]
            ),
            "keys without values": http(
                {"master/elected": None}, leader=None, slaves=None, frameworkId=None, frameworks=None
            ),
            "a leader with markup": http(
                leader=MARKUP + ESCAPE, frameworkId=MARKUP, marathon_config={"mesos_leader_ui_url": ESCAPE}
            ),
            "numbers of 400 digits": http(
                {"master/elected": 1, "master/slaves_active": 10**400, "registrar/log/recovered": 1},
                {"registrar/log/ensemble_size": float("inf")},
            ),
            "agents with escapes": http(
                slaves=[
                    {"pid": f"slave@{ESCAPE}", "active": True, "version": ESCAPE, "hostname": ESCAPE},
                    {"pid": "slave(1)@10.9.9.9:5051", "active": True, "hostname": MARKUP},
                ]
            ),
        }.items()
    },
}


# Mutants

NASTY = (
    "\0",
    "\x1b[2J",
    "\x1e",
    "\u2028",
    "\udfff",
    "[/evil]",
    HUGE,
    DEEP,
    "{",
    '"',
    "\n",
    "-1",
    "null",
    "1e999",
    "\\ud800",
)


def mutant(seed: int) -> Part:
    """The answer of a sound host with one to four mutations, which depend on the seed alone."""

    def part(channel: Channel, scene: Scene) -> None:
        random = Random(seed)
        for _ in range(random.randint(1, 4)):
            name = random.choice([*scene.told])
            scene.told[name] = mutated(scene.told[name], random)
        say(channel, scene, scene.answer())

    return part


def mutated(text: str, random: Random) -> str:
    """Return a text with something cut out, put in, replaced, said twice, or said of somebody else."""
    begin, end = sorted(random.randint(0, len(text)) for _ in range(2))
    words = re.findall(r"[\w.:/-]+|[^\w\s]", text) or [""]
    word, other = random.choice(words), random.choice([*words, *NASTY])
    return random.choice(
        [
            text[:begin] + text[end:],
            text[:begin] + random.choice(NASTY) + text[begin:],
            text[:begin] + text[begin:end] * 2 + text[end:],
            text.replace(word, other, 1),
            text.replace(word, other),
            "\n".join(random.sample(text.split("\n"), text.count("\n") + 1)),
        ]
    )


# What acts


def empty(scene: Scene) -> None:
    """Have the host lack its container, as it tells."""
    lines = scene.told.get("objects", "").splitlines()
    images = [line for line in lines if '"State"' not in line]
    scene.told |= {"objects": "\n".join([*images, "Error: No such object: mesos-slave"]), "clusters": ""}


def lacks_its_container(acts: Part) -> Part:
    """The host has no container yet; `acts` is what it does for a script that makes one."""

    def part(channel: Channel, scene: Scene) -> None:
        if scene.steps:
            acts(channel, scene)
            return
        empty(scene)
        soundly(channel, scene)

    return part


def leases(said: str, looks: bool = True) -> Part:
    """Whoever wants the lease of a host that lacks its container is told this, and how the host looks."""

    def part(channel: Channel, scene: Scene) -> None:
        empty(scene)
        if scene.is_lease:
            channel.sendall((said + joined(scene.told, scene.boundary) * looks).encode())
            end(channel)
        else:
            soundly(channel, scene)

    return part


def gates(asked: Part) -> Part:
    """The host gets its container, and `asked` is what it does when it is to ask services."""

    def part(channel: Channel, scene: Scene) -> None:
        is_round = "0" in scene.told
        (asked if is_round else lacks_its_container(soundly))(channel, scene)

    return part


def rounds_of_nothing(channel: Channel, scene: Scene) -> None:
    """End one round after the other, in which nobody answered."""
    waiting = threading.Event()
    while not waiting.wait(0.1):
        channel.sendall(f"\n{scene.boundary} 0\n{ESCAPE}\n{scene.boundary} end\n".encode())


def cut_in_a_step(channel: Channel, scene: Scene) -> None:
    """Begin a step, and close the channel."""
    channel.sendall(f"{scene.steps[0]}\n{ESCAPE}\n".encode())
    channel.close()


def floods_a_step(channel: Channel, scene: Scene) -> None:
    """Say more within a step than a terminal's history holds, then end it."""
    channel.sendall(f"\n{scene.steps[0]}\n".encode())
    channel.sendall_stderr(f"E: {ESCAPE}{MARKUP}\n".encode() * 20_000)
    say(channel, scene, "".join(f"\n{line}\n" for line in scene.steps[1:]))


NOISE = f"\x1ebegin 7\n\x1eend 0\n\x1ebegin {'9' * 5000}\n\x1eend\n\x1e\n{SEPARATORS}\n"

ACTS: dict[str, tuple[Part, int]] = {
    "what was asked": (lacks_its_container(soundly), 0),
    "progress that is none": (lacks_its_container(sends(lambda text: NOISE + text + NOISE)), 0),
    "much on standard error": (lacks_its_container(floods_a_step), 0),
    "nothing": (lacks_its_container(sends(lambda text: "")), 4),
    "words that are no progress": (lacks_its_container(sends(lambda text: ESCAPE + MARKUP, code=255)), 4),
    "half of it": (lacks_its_container(sends(lambda text: text[: len(text) // 2])), 4),
    "a failure with escapes": (
        lacks_its_container(sends(lambda text: f"\n\x1ebegin 0\n{ESCAPE}{MARKUP}\n", code=1)),
        4,
    ),
    "a wrong exit code": (lacks_its_container(sends(str, code=77)), 4),
    "that it is busy": (lacks_its_container(sends(lambda text: "", code=75)), 4),
    "a channel that closes": (lacks_its_container(cut_in_a_step), 3),
    "a connection that ends": (lacks_its_container(hangs_up), 3),
    "no round of questions": (gates(sends(lambda text: "")), 5),
    "no words in a round": (gates(sends(lambda text: ESCAPE + MARKUP + SEPARATORS, code=1)), 5),
    "rounds of nothing": (gates(rounds_of_nothing), 5),
    "a round that is cut": (gates(closes), 3),
    "a lease of somebody else": (leases(f"busy {ESCAPE}{MARKUP}, since {HUGE}\n"), 6),
    "no lease": (leases(f"sh: {ESCAPE}{MARKUP}{'x' * 100_000}\n"), 3),
    "no word of a lease": (leases(""), 3),
    "a lease and no look": (leases("held\n", looks=False), 3),
}
"""What the host of an agent does when it is to get its container, and the exit code of the deploy."""


# What is no SSH


def repeats(data: bytes, pause: float = 0) -> Callable[[socket.socket], None]:
    """Send the same again and again, until nobody is there."""

    def act(connection: socket.socket) -> None:
        waiting = threading.Event()
        while not waiting.wait(pause):
            connection.sendall(data)

    return act


NO_SSH: dict[str, Callable[[socket.socket], object]] = {
    "silence": lambda connection: connection.recv(1 << 20) and connection.recv(1),
    "the end": lambda connection: None,
    "a banner with escapes": lambda connection: connection.sendall(f"{ESCAPE}{MARKUP}\r\n".encode() * 200),
    "a version with escapes": lambda connection: connection.sendall(
        f"SSH-2.0-{ESCAPE}{MARKUP}\r\nx".encode()
    ),
    "another version": lambda connection: connection.sendall(f"SSH-1.0-{ESCAPE}\r\n".encode()),
    "HTTP": lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a line without end": repeats(b"x" * 100),
    "lines without end": repeats(b"SS\x1b[2J\n"),
    "a byte now and then": repeats(b"S", pause=0.5),
    "packets that are none": lambda connection: connection.sendall(b"SSH-2.0-x\r\n" + b"\xff" * 100_000),
}
"""What may listen where an sshd should."""
