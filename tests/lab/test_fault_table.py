"""No check of the suite can be fooled: every fault of the table turns those checks red that it should."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import planting
import pytest
from faults_table import ROUNDS, Fault, Round
from operators import INVENTORY, SOON, Command, Inventory, execute
from planting import Who
from troubles_table import TROUBLES

from lab import hosts, waiting

Reds = dict[str, str]
"""What every failed check said, by NAME or NAME@HOST."""

FOUR_PARTS = re.compile(r"(\d+\.\d+\.\d+\.\d+(, )?)+: \S.*; expected \S.*; \S.*")


@pytest.fixture(scope="module")
def deployed(lab: None) -> Iterator[None]:
    """Have the whole cluster deployed, and whatever the faults have left made good at the end."""
    deploy()
    yield
    deploy()


def heal(planned: Round, who: Who) -> Command:
    """Undo what no deploy can undo, then deploy and give how that went."""
    try:
        for fault in planned.faults:
            if fault.heal:
                fault.heal(who)
    finally:
        healed = deploy()
    return healed


def deploy() -> Command:
    """Deploy and give how that went; hosts that this cannot mend are made as freshly installed first."""
    words = [sys.executable, "-m", "fabric", "deploy-cluster"]
    done = execute(words, INVENTORY)
    if done.code != 0:
        hosts.reset()
        assert execute(words, INVENTORY).code == 0
    return done


@pytest.mark.parametrize("planned", (*ROUNDS, *TROUBLES), ids=lambda planned: planned.name)
def test_the_suite_says_what_is_wrong_and_nothing_else(
    planned: Round, deployed: None, inventory: Inventory, tmp_path: Path
) -> None:
    waiting.until("a cluster that is well", SOON, lambda: planting.not_yet(planting.WELL))
    who = planting.who_is_what()
    file = inventory(text=planned.edit(INVENTORY.read_text()))
    try:
        for fault in planned.faults:
            fault.plant(who)
        waiting.until("the faults to bear", SOON, lambda: planting.not_yet(planned.shows, who))
        seen, said = suite(planned, file, tmp_path / "report.xml")
        answers = ask(planned, file)
        print(logs())  # pytest shows it if this fails; what heals removes them
    finally:
        healed = heal(planned, who)
    assert healed.code == 0, healed.said
    wanted = {named(check, who) for fault in planned.faults for check in (*fault.proves, *fault.follow)}
    may = {named(check, who) for fault in planned.faults for check in fault.may}
    assert wanted <= seen.keys() <= wanted | may, said
    for fault in planned.faults:
        says_so(fault, seen, who)
        is_told(fault, answers, who)
    assert {name: done.code for name, done in answers.items()} == planned.codes, answers
    assert not [
        line for text in seen.values() for line in text.splitlines() if not FOUR_PARTS.fullmatch(line)
    ]


COMMANDS = {"status": "status", "plan": "plan", "preflight": "preflight", "deploy": "deploy-cluster"}


def ask(planned: Round, file: Path) -> dict[str, Command]:
    """Ask fab's own commands, all at once but for the deploy."""

    def run(name: str) -> Command:
        return execute([sys.executable, "-m", "fabric", COMMANDS[name]], file)

    reads = [name for name in planned.codes if name != "deploy"]
    with ThreadPoolExecutor() as pool:
        answers = dict(zip(reads, pool.map(run, reads), strict=True))
    return answers | ({"deploy": run("deploy")} if "deploy" in planned.codes else {})


def suite(planned: Round, file: Path, report: Path) -> tuple[Reds, str]:
    """Run what a round has of the suite and give its failures as JUnit tells them, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = execute([*command, *planned.suite], file)
    assert done.code in (0, 1), done.said
    assert "Traceback" not in done.said
    red: defaultdict[str, list[str]] = defaultdict(list)
    for case in ElementTree.parse(report).iter("testcase"):
        wrong = [*case.findall("failure"), *case.findall("error")]
        host = [each.get("value") for each in case.iter("property") if each.get("name") == "host"]
        name = "@".join([str(case.get("name")).partition("[")[0], *map(str, host)])
        red[name] += [str(each.text) for each in wrong]
    return {name: "\n".join(texts) for name, texts in red.items() if texts}, done.said


def logs() -> str:
    """Return the end of every container's log."""
    names = "$(timeout -s KILL 9 docker ps -a --format '{{.Names}}')"
    ask = f"for name in {names}; do echo $name; docker logs -n 40 $name 2>&1; done"
    return "\n".join(f"{one.address}\n{_said(one.address, ask)}" for one in hosts.present())


def _said(host: str, ask: str) -> str:
    try:
        return hosts.exec(host, ["sh", "-c", ask])[1]
    except docker.errors.APIError as error:  # it is powered off
        return str(error.explanation)


def named(check: str, who: Who) -> str:
    """Give a check's name with the host that is meant at this time."""
    return check.format(**who)


def is_told(fault: Fault, answers: Mapping[str, Command], who: Who) -> None:
    """Check that fab's own commands name what this fault is about."""
    for name, sentence in fault.told.items():
        assert re.search(pattern(sentence, who), answers[name].said), f"{name}: {answers[name].said}"


def pattern(sentence: str, who: Who) -> str:
    """Make a pattern of a sentence of the table."""
    return re.escape(sentence.format(**who)).replace(re.escape("..."), ".*")


def says_so(fault: Fault, seen: Reds, who: Who) -> None:
    """Check that what was said names what this fault is about."""
    for check, sentence in fault.proves.items():
        told = seen[named(check, who)]
        assert re.search(pattern(sentence, who), told), f"{check}: {told}"
