"""Writes docs/suite.md: every exit code, every check of the preflight and of the suite, with its faults.

`make docs` writes the page; a unit test fails if it is stale.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/suite.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests/lab")]

from faults_table import EXEMPT, ROUNDS  # noqa: E402
from planting import EXAMPLE  # noqa: E402
from troubles_table import TROUBLES  # noqa: E402

from tasks.errors import exit_codes  # noqa: E402
from tasks.plan.preflight import CHECKS  # noqa: E402

HEAD = """# Exit codes and checks

This page is made by `make docs`; a test fails if it is stale. What fab does after each of these codes
stands in [troubles.md](troubles.md#exit-codes).

## Exit codes of fab

| code | meaning |
| --- | --- |
"""

PREFLIGHT = """
## Preflight

`fab preflight` looks for what would keep a deploy from going well, and a deploy that would change something
does so by itself. An error stops it (exit code 6, or 3 for a host that cannot be reached), a warning not.

| check | | what must be so |
| --- | --- | --- |
"""

SUITE = """
## The acceptance suite

`pytest verify/` exits with 0 if every check passed, 1 if one failed, 2 if it was interrupted, 4 if it was
called wrongly (hosts.ini included) and 5 if nothing was checked, be it because of `--collect-only`.

Its last line says what was checked. If the whole suite has passed, on every host, it has this form; how many
checks there are depends on the hosts and their roles:

    N checks on N hosts of FILE: all passed

A CI that wants to know that looks for it; this ends with 0 only then:

    pytest verify/ | tee report.txt | grep -E '^[0-9]+ checks? on [0-9]+ hosts of .*: all passed$'

`1 of 4 hosts` stands there where `--hosts` leaves others out. Where options of pytest leave out checks or
files of the suite, the line names these and does not say `all passed`:

    2 checks on 4 hosts of hosts.ini passed; not run: 1 more check, those of 3 more files of verify/

With `--hosts=ssh://NAME,...` it judges these hosts and passes if they are well; with `--complete` as well, a
role of hosts.ini that none of them plays is a failure ([watch.md](watch.md#one-host-at-a-time)).

It ends with every finding once, in one line, and below it the checks that it fails:

    HOST: what was seen; expected what hosts.ini wants; what to do
        fails CHECK, ...

Hosts that cannot be reached over SSH come first. What else was seen of such a host alone most likely
follows from that; it stands below that line, without advice of its own:

    HOST: it cannot be reached over SSH: why; expected it to answer; what to do
        besides: what was seen
        fails CHECK, ...

A member of ZooKeeper, or a master, that does not answer is the finding of every check that needs it; those
that answer are judged without it. Apps are launched through a Marathon that answers.

Launches that failed before a task ran are told there as well, in a line for each app of the suite. A few fail
on a cluster that is well, and Marathon launches another; no check fails unless there are more of one app than
`verify_failed_launches` in hosts.ini allows:

    APP: 1 launch failed on HOST before it ran (verify_failed_launches allows 5): why

What `--hosts` leaves out, and what is wrong there, fails no check and is told at the end:

    not checked: --hosts leaves out HOST (ROLE, ...), ...
    1 skipped, not checked: [ROLE]: --hosts names none of its hosts
    not judged, as --hosts leaves it out: HOST: what was seen; expected what hosts.ini wants; what to do

`pytest verify/ --junitxml=FILE` writes the same for machines. Of each `testcase` these fields are stable:
`name` (up to the bracket), the properties `host` (the host's name in hosts.ini, where the check is about
one host) and `runbook` (the steps it is about), and the text of `failure` or `error`: the findings, a line
each. `error` stands where the check could not even begin, such as on a host that cannot be reached.

## Every check, and the faults that prove it

Each fault is planted in the lab by `tests/lab/test_fault_table.py`, which then finds exactly the checks
failed that are to fail. Hosts are the lab's: 10.70.0.10 leads, 10.70.0.20 is the agent. `...` varies.
"""


STATES = """
## What every command says of a state

These are planted in the lab, too, several at a time; then `fab status`, `fab plan`, `fab preflight` and
`fab deploy-cluster` are run, and the suite. In none do two of them contradict each other. The codes are those
with which they end while all the states of a group are there. Where one of them has nothing to say of a
state, the reason stands there.
"""


@dataclass(frozen=True)
class Check:
    """One test function of the suite: its file, its name, the steps of the runbook it is about."""

    file: str
    name: str
    steps: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The name, read as the sentence it is."""
        return self.name.removeprefix("test_").replace("_", " ")


def checks() -> Iterator[Check]:
    """Yield every check of the suite, chapter by chapter."""
    for file in sorted((ROOT / "verify").glob("test_*.py"), key=_chapter):
        tree = _tree(file)
        whole = [node.value for node in tree.body if isinstance(node, ast.Assign)]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield Check(file.name, node.name, tuple(_steps([*node.decorator_list, *whole])))


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _chapter(file: Path) -> tuple[str, str]:
    """Sort by the first step of the runbook that a file is about; those without one come last."""
    steps = sorted(_steps([_tree(file)]))
    return (steps[0] if steps else "9", file.name)


def _steps(trees: list[ast.AST]) -> Iterator[str]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_mark(node.func):
                yield ast.literal_eval(node.args[0])


def _is_mark(name: ast.expr) -> bool:
    """Tell whether this is `pytest.mark.runbook`; most names end otherwise, and writing one out is slow."""
    return (
        isinstance(name, ast.Attribute)
        and name.attr == "runbook"
        and ast.unparse(name) == "pytest.mark.runbook"
    )


def faults() -> Iterator[tuple[str, str, str]]:
    """Yield check, story and sentence of everything that the fault table proves."""
    for planned in (*ROUNDS, *TROUBLES):
        for fault in planned.faults:
            for check, sentence in fault.proves.items():
                yield check.partition("@")[0], fault.story, sentence.format(**EXAMPLE)


def page() -> str:
    """Return the whole page."""
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes().items())
    preflight = "".join(f"| `{id}` | {check.severity} | {check.what} |\n" for id, check in CHECKS.items())
    suite = "".join(_section(check) for check in checks())
    return HEAD + codes + PREFLIGHT + preflight + SUITE + suite + STATES + "".join(_states())


def _states() -> Iterator[str]:
    """Yield what the commands say, a section for each group of states that are planted together."""
    for planned in (*ROUNDS, *TROUBLES):
        codes = ", ".join(f"{command} {code}" for command, code in planned.codes.items())
        yield f"\n### {planned.name}\n\nExit codes: {codes}; suite 1.\n"
        for fault in planned.faults:
            told = dict(fault.told) | ({"suite": list(fault.proves.values())[0]} if fault.proves else {})
            lines = [f"      {name}: {sentence.format(**EXAMPLE)}\n" for name, sentence in told.items()]
            lines += [f"      {name}: nothing; {why}\n" for name, why in fault.untold.items()]
            yield f"\n- {fault.story}\n\n{''.join(lines)}"


def _section(check: Check) -> str:
    steps = f" ({', '.join(check.steps)})" if check.steps else ""
    lines = [f"\n### {check.sentence}{steps}\n\n`verify/{check.file}::{check.name}`\n"]
    lines += [f"\nNo fault of its own: {EXEMPT[check.name]}.\n"] if check.name in EXEMPT else []
    lines += [
        f"\n- {story}\n\n      {sentence}\n" for name, story, sentence in faults() if name == check.name
    ]
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
