"""ProxyJump in every form that people write it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.ssh.jump import BadJump, Hop, last, parse


@pytest.mark.parametrize(
    "text, hop",
    [
        ("bastion", Hop("bastion")),
        ("ann@bastion", Hop("bastion", "ann")),
        ("bastion:2022", Hop("bastion", None, 2022)),
        ("ann@bastion.example.org:2022", Hop("bastion.example.org", "ann", 2022)),
        ("ann@example.org@bastion", Hop("bastion", "ann@example.org")),
        ("[2001:db8::1]", Hop("2001:db8::1")),
        ("ann@[2001:db8::1]:2022", Hop("2001:db8::1", "ann", 2022)),
        ("2001:db8::1", Hop("2001:db8::1")),
        ("fe80::1%eth0", Hop("fe80::1%eth0")),
        ("ssh://bastion", Hop("bastion")),
        ("ssh://ann@bastion:2022", Hop("bastion", "ann", 2022)),
        ("ssh://ann@bastion:2022/", Hop("bastion", "ann", 2022)),
        ("SSH://ann%40example.org@[2001:db8::1]:2022", Hop("2001:db8::1", "ann@example.org", 2022)),
    ],
)
def test_every_form_names_a_host(text: str, hop: Hop) -> None:
    assert parse(text) == hop


@pytest.mark.parametrize(
    "text", ["", "ann@", "bastion:", "bastion:ssh", "bastion:0", "bastion:70000", "[::1", "a:b@"]
)
def test_what_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadJump):
        parse(text)


def test_a_chain_is_taken_apart_from_its_end() -> None:
    assert last("ann@a:1,b,[::1]:2") == (Hop("::1", None, 2), "ann@a:1,b")
    assert last("b") == (Hop("b"), "")


NAME = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True)


@given(
    st.one_of(NAME, st.ip_addresses(v=6).map(str)),
    st.one_of(st.none(), NAME),
    st.one_of(st.none(), st.integers(1, 65535)),
    st.booleans(),
)
def test_what_is_written_is_read(host: str, user: str | None, port: int | None, uri: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    text = f"{'ssh://' if uri else ''}{f'{user}@' if user else ''}{shown}{f':{port}' if port else ''}"
    assert parse(text) == Hop(host, user, port)
