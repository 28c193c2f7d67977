"""Saying once what is true of many hosts."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import Unreachable
from tasks.plan.words import grouped, names, share, verb


def test_addresses_of_one_net_are_named_by_their_last_number() -> None:
    assert names(["10.70.0.10", "10.70.0.11", "10.70.0.12"]) == "10.70.0.10, .11, .12"
    assert names(["10.70.0.10", "10.70.1.11", "10.70.1.12"]) == "10.70.0.10, 10.70.1.11, .12"
    assert names(["10.70.0.10", "zk1", "10.70.0.11"]) == "10.70.0.10, zk1, 10.70.0.11"
    assert names(["zk1.example.org", "zk2.example.org"]) == "zk1.example.org, zk2.example.org"


def test_a_verb_has_the_form_that_fits_how_many_do_it() -> None:
    assert verb(["10.0.0.1"], "does not answer", "do not answer") == "10.0.0.1 does not answer"
    assert verb(["10.0.0.1", "10.0.0.2"], "does not answer", "do not answer") == "10.0.0.1, .2 do not answer"
    assert share(1, 3, "masters", "answers", "answer") == "1 of 3 masters answers"
    assert share(0, 3, "masters", "answers", "answer") == "0 of 3 masters answer"


def test_a_text_is_said_once_in_the_place_where_it_came_first() -> None:
    told = [("10.0.0.1", "a"), ("10.0.0.1", "b"), ("10.0.0.2", "a"), ("10.0.0.1", "a")]
    assert grouped(told) == ["10.0.0.1, .2  a", "10.0.0.1  b"]


def test_an_error_is_told_apart_from_the_host_it_is_of() -> None:
    lost = [Unreachable("no answer", "Is it up?", host, "connect") for host in ("10.0.0.1", "10.0.0.2")]
    assert grouped((each.host, each.text) for each in lost) == ["10.0.0.1, .2  connect: no answer. Is it up?"]
    assert str(lost[0]) == "10.0.0.1  connect: no answer. Is it up?"


ADDRESSES = st.tuples(st.integers(0, 2), st.integers(0, 255)).map(lambda n: f"10.0.{n[0]}.{n[1]}")


@given(st.lists(ADDRESSES | st.sampled_from(["zk1", "10.example.org"]), max_size=8))
def test_every_host_can_be_read_back(hosts: list[str]) -> None:
    net, read = "", []
    for word in names(hosts).split(", ") if hosts else []:
        read.append(net + word if word.startswith(".") else word)
        net = read[-1].rpartition(".")[0]
    assert read == hosts
