"""A watch looks until Ctrl-C, whatever a look comes to, and ends as the last one did."""

from collections.abc import Iterator, Sequence

import pytest
from fake_hosts import FakeHosts
from samples import as_wanted

from tasks.engine.watch import NewestLook, watch
from tasks.errors import OperatorError, Unreachable
from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import Chapter

GONE = Unreachable("it is gone", host="10.0.0.1")
Seen = tuple[dict[str, Observed], dict[str, OperatorError]]


class Watched(FakeHosts):
    """Hosts of which every look comes to the next of these."""

    def __init__(self, cluster: Cluster, *looks: Seen | OperatorError) -> None:
        super().__init__(cluster)
        self._each: Iterator[Seen | OperatorError] = iter(looks)

    def look(self, chapters: Sequence[Chapter]) -> Seen:
        each = next(self._each, None)
        if each is None:
            raise KeyboardInterrupt
        if isinstance(each, OperatorError):
            raise each
        return each


@pytest.fixture
def cluster() -> Cluster:
    return parse("[zookeeper]\n10.0.0.1 myid=1\n")


@pytest.fixture
def well(cluster: Cluster) -> Seen:
    return {"10.0.0.1": as_wanted(cluster, cluster.nodes[0])}, {}


LOST: Seen = {}, {"10.0.0.1": GONE}


def test_every_look_is_shown_and_the_last_status_given(cluster: Cluster, well: Seen) -> None:
    shown: list[NewestLook] = []
    last = watch(Watched(cluster, LOST, well, LOST), shown.append, pause=0)
    assert [look.status.state for look in shown if look.status] == ["unreachable", "degraded", "unreachable"]
    assert last is shown[-1].status


def test_a_look_that_fails_ends_nothing_and_what_was_seen_before_is_kept(
    cluster: Cluster, well: Seen
) -> None:
    shown: list[NewestLook] = []
    watch(Watched(cluster, well, GONE, well), shown.append, pause=0)
    assert [look.failure for look in shown] == [None, GONE, None]
    assert shown[1].status is shown[0].status


def test_a_watch_whose_last_look_failed_ends_with_why(
    cluster: Cluster, well: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unreachable) as raised:
        watch(Watched(cluster, well, GONE), pause=0)
    assert raised.value is GONE
    assert "The last look failed; the next one follows. 10.0.0.1  it is gone" in capsys.readouterr().out


def test_ctrl_c_before_the_first_look_has_ended_is_an_interruption(cluster: Cluster) -> None:
    with pytest.raises(KeyboardInterrupt):
        watch(Watched(cluster), pause=0)
