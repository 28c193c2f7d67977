"""What Ansible reads from many small INI inventories: tests/unit/recorded_inventories.jsonl is made of this.

`python tests/inventories.py` writes the file with the Ansible that is installed; with a dash as its
argument it prints it. The texts are drawn at random, always the same ones.
"""

import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).resolve().parent / "unit/recorded_inventories.jsonl"
HOW_MANY = 200

GROUPS = ("zookeeper", "mesos_agent", "rack-1", "dc.eu", "B", "a1", "zoo", "web")
HOSTS = (
    "h1",
    "h2",
    "h3.example.net",
    "10.70.0.9",
    "h[1:3]",
    "h[01:11:5].example.net",
    "[1:3].example.net",
    "10.70.0.[8:10]",
    "n-[a:c]",
    "n-[y:B]",
    "r[1:2]-[a:b]x",
    "p1:2222",
    "p[2:3]-[a:b]:2200",
    "r[0:4:2]",
    "q[:3]",
    "h[1:2][0:1]",
)
BAD_HOSTS = ("h[3:", "h[01:100]", "h[a:5]", "h:", "h[1]", "h[1:5:0]", "h[]", "h]1[", "h[x:]")
VALUES = (
    "1",
    "007",
    "0x10",
    "1e3",
    "1.50",
    "True",
    "false",
    "yes",
    "None",
    "a=b=c",
    "a-b",
    "/opt/x",
    "it's",
    "'two words'",
    '"two words"',
    "'#1 ; x'",
    '"a#b"',
    "[1, 'a']",
    "['x','y']",
    '{"a": 1}',
    "'{\"a\":[1,null]}'",
    "'[{\"k\":1}]'",
    "(1,2)",
    "'\\'q\\''",
    '"\\"q\\""',
    "\"'q'\"",
    "DOM\\\\user",
    "'DOM\\user'",
    "user@example.net",
    "''",
    "$x",
    "!x",
    "...",
    "-3",
    "3j",
    "b'x'",
    "1_000",
    "é",
)
NOT_ON_A_HOST = ("it's", "[1, 'a']", '{"a": 1}')
"""What a shell would split, or not end."""

TAILS = ("", "", "", " ", " # note", "\t# note", " #", " ; note", "#x")
KEYS = ("x", "y", "z_1", "colour", "x", "y", "z_1", "ansible_user", "ansible_group_priority", "some.thing")


def texts() -> list[str]:
    """Return the inventories, small ones that use everything; some of them are wrong."""
    draw = random.Random(12)
    return ["\n".join(_lines(draw)) + "\n" for _ in range(HOW_MANY)]


def _lines(draw: random.Random) -> list[str]:
    groups = draw.sample(GROUPS, draw.randint(1, 5))
    lines = [_host(draw) for _ in range(draw.choice((0, 0, 1, 2)))]
    blocks = [[f"[{group}]{draw.choice(TAILS[:7])}", *_hosts(draw)] for group in groups]
    for place, parent in enumerate(groups):
        if children := draw.sample(groups[place + 1 :], draw.randint(0, min(2, len(groups) - place - 1))):
            blocks.append(
                [f"[{parent}:children]", *(f"{child}{draw.choice(TAILS[:5])}" for child in children)]
            )
    for group in (*groups, "all", "ungrouped"):
        if draw.random() < 0.6:
            blocks.append([f"[{group}:vars]", *(_variable(draw) for _ in range(draw.randint(1, 3)))])
    if draw.random() < 0.1:
        blocks.append(
            [draw.choice(("[all]", "[ungrouped]", "[x:vars]", "[x:children]", "[a b]", "[x:hosts]"))]
        )
        blocks[-1] += _hosts(draw) if ":" not in blocks[-1][0] else []
    draw.shuffle(blocks)
    return lines + [line for block in blocks for line in block]


def _hosts(draw: random.Random) -> list[str]:
    return [_host(draw) for _ in range(draw.randint(0, 3))]


def _host(draw: random.Random) -> str:
    name = draw.choice(HOSTS if draw.random() < 0.99 else BAD_HOSTS)
    values = VALUES if draw.random() < 0.05 else [value for value in VALUES if value not in NOT_ON_A_HOST]
    words = [f"{draw.choice(KEYS[:8])}={draw.choice(values)}" for _ in range(draw.choice((0, 0, 1, 2)))]
    return draw.choice(("", "", "  ")) + " ".join([name, *words]) + draw.choice(TAILS[:7])


def _variable(draw: random.Random) -> str:
    key = draw.choice(KEYS)
    value = draw.choice(VALUES)
    if key == "ansible_group_priority":
        return f"{key}={draw.randint(-3, 12)}"
    return f"{key}{draw.choice(('=', ' = ', '= '))}{value}{draw.choice(TAILS)}"


# Ansible's answer


def answers() -> list[dict[str, Any]]:
    """Return every text with its hosts, their groups and what holds for them; None if Ansible refuses it."""
    os.environ |= {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "ANSIBLE_INVENTORY_ENABLED": "ini"}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ANSIBLE_CONFIG"] = f"{folder}/ansible.cfg"  # none, so that nobody's own counts
        file = Path(folder) / "hosts"
        return [{"text": text, "hosts": _read(file, text)} for text in texts()]


def _read(file: Path, text: str) -> dict[str, Any] | None:
    from ansible.errors import AnsibleError
    from ansible.inventory.helpers import get_group_vars
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    file.write_text(text)
    try:
        inventory = InventoryManager(loader=DataLoader(), sources=[str(file)])
    except (AnsibleError, ValueError):
        return None
    return {
        host.name: {
            "groups": sorted(group.name for group in host.get_groups()),
            "variables": _plain({**get_group_vars(host.get_groups()), **host.vars}),
        }
        for host in inventory.get_hosts("all")
    }


def _plain(values: dict[str, Any]) -> Any:
    own = {key: value for key, value in values.items() if key not in ("inventory_file", "inventory_dir")}
    return json.loads(json.dumps(own))


if __name__ == "__main__":
    told = "\n".join(json.dumps(each, ensure_ascii=False, sort_keys=True) for each in answers()) + "\n"
    if sys.argv[1:] == ["-"]:
        print(told, end="")
    else:
        RECORDED.write_text(told)
