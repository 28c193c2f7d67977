"""What means nothing in hosts.ini changes nothing: comments, blank lines, the order of lines and sections."""

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import as_wanted

from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.runbook import CHAPTERS

SECTIONS = {
    "zookeeper": ["10.0.0.1 myid=1", "10.0.0.2 myid=2", "10.0.0.3 myid=3 zookeeper_heap=1g"],
    "mesos_master": ["10.0.0.1", "10.0.0.2", "10.0.0.4 number=4 log_size=7m"],
    "marathon": ["10.0.0.2", "10.0.0.4"],
    "mesos_agent": ["10.0.0.4", "10.0.0.9", "10.0.0.10 mesos_agent_attributes=rack:b"],
    "marathon:vars": ["marathon_heap=1g", "marathon_environment={} {} {}", "marathon_arguments=--ha"],
    "all:vars": ["zookeeper_sync_limit=3", "mesos_agent_attributes=rack:a", "log_files=4"],
}
WORDS = ("TZ=UTC", "MARATHON_MAX_APPS=9", "JAVA_OPTS=-Xmx1g")
MEANS_NOTHING = st.sampled_from(("", "# a comment", "#zookeeper_heap=9g", "   ", "; another = comment"))
WRITTEN = "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in SECTIONS.items()).format(*WORDS)


@st.composite
def shuffled(draw: st.DrawFn) -> str:
    """The same inventory in another order, with lines between that mean nothing."""
    lines: list[str] = []
    for section in draw(st.permutations(list(SECTIONS))):
        for line in (f"[{section}]", *draw(st.permutations(SECTIONS[section]))):
            lines += [*draw(st.lists(MEANS_NOTHING, max_size=2)), line]
    return "\n".join(lines).format(*draw(st.permutations(WORDS))) + "\n"


@settings(max_examples=25, deadline=None)
@given(shuffled())
def test_another_order_and_other_comments_are_no_change_of_any_host(text: str) -> None:
    cluster, other = parse(WRITTEN), parse(text)
    assert {node.name for node in other.nodes} == {node.name for node in cluster.nodes}
    seen = {node.name: as_wanted(cluster, node) for node in cluster.nodes}
    plans = runbook.plans(CHAPTERS, other, other.nodes, seen)
    assert [each for each in plans.values() if each.steps or each.blockers] == []
    for node in other.nodes:
        same = next(each for each in cluster.nodes if each.name == node.name)
        assert runbook.from_nothing(CHAPTERS, other, node) == runbook.from_nothing(CHAPTERS, cluster, same)
