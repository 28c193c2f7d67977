"""The real fab on a terminal: what is drawn while a deploy goes on, and the lines that stay."""

import sys
from pathlib import Path

import pyte
import pytest
from oddities import lacks_its_container
from record import output
from stage import Stage, agent, soundly


@pytest.mark.parametrize("columns", [100, 40])
def test_a_deploy_leaves_each_line_once_on_a_terminal(columns: int, tmp_path: Path) -> None:
    stage = Stage(tmp_path, {agent(1): lacks_its_container(soundly)})
    screen = pyte.HistoryScreen(columns, 24, history=1000)
    stream = pyte.ByteStream(screen)
    fab = [sys.executable, "-m", "fabric", "deploy-cluster", "--no-record"]
    for chunk in output(fab, columns, 24, INVENTORY=str(tmp_path / "hosts.ini")):
        stream.feed(chunk)
    stage.close()
    above = ["".join(row[column].data for column in range(columns)) for row in screen.history.top]
    told = " ".join(line.rstrip() for line in (*above, *screen.display))
    assert told.count(f"{agent(1)}  5.2 run mesos-slave") == 1 and "1 step carried out on 5 hosts" in told
    assert not screen.cursor.hidden and "next:" not in told
