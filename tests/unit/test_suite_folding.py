"""In which order findings are told, and which are told with their cause."""

from hypothesis import given
from hypothesis import strategies as st

from verify.folding import told

DOWN = "10.0.0.2: it cannot be reached over SSH: timed out; expected it to answer; see"
CHECKS = {
    "10.0.0.1: it goes by the id 3; expected 1; compare": ["id"],
    "10.0.0.1, 10.0.0.2: none is elected; expected one; look": ["elected"],
    "10.0.0.2: no answer to POST; expected one; look": ["journey"],
    DOWN: ["clock"],
}


def name(called: str) -> str:
    """Take an address and a name for the same host."""
    return called.replace("two.example.net", "10.0.0.2")


def test_what_is_said_of_a_lost_host_alone_is_told_with_it_and_first() -> None:
    first, *others = told(CHECKS, {DOWN: "two.example.net"}, name)
    assert (first.sentence, first.checks) == (DOWN, ["clock", "journey"])
    assert first.besides == ["no answer to POST"]
    assert [one.sentence[:20] for one in others] == ["10.0.0.1, 10.0.0.2: ", "10.0.0.1: it goes by"]


def test_a_lost_host_of_which_no_check_has_failed_takes_nothing_with_it() -> None:
    seen = {one: names for one, names in CHECKS.items() if one != DOWN}
    assert [one.sentence for one in told(seen, {DOWN: "10.0.0.2"}, name)] == sorted(seen)


@given(
    st.dictionaries(st.from_regex(r"[ab](, [ab])?: x[0-9]; expected y; z", fullmatch=True), st.just(["t"])),
    st.sets(st.sampled_from("ab")),
)
def test_nothing_that_was_found_is_lost(checks: dict[str, list[str]], lost: set[str]) -> None:
    causes = {f"{host}: lost; expected y; z": host for host in lost}
    found = list(told({**checks, **dict.fromkeys(causes, ["t"])}, causes, name))
    assert sum(1 + len(one.besides) for one in found) == len(checks) + len(causes)
    assert {one.sentence for one in found[: len(lost)]} == causes.keys()
